"""How far a long read has come: shown where somebody looks on, a terminal or a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

# Fewer rows are there before anybody has looked.
_SHORT: Final = 200_000

Progress = Callable[[int | None], AbstractContextManager[Callable[[int], None]]]


def progress_of(what: str, wanted: bool | None) -> Progress:
    """Return what shows how far the reading of `what` has come; None: where somebody looks on."""

    @contextmanager
    def show(total: int | None) -> Iterator[Callable[[int], None]]:
        if not _shows(total, wanted):
            yield lambda rows: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True) if not in_notebook() else Console()
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda rows: bar.advance(task, rows)

    return show


def _shows(total: int | None, wanted: bool | None) -> bool:
    if wanted is not None:
        return wanted
    looked_at = sys.stderr.isatty() or in_notebook()
    return looked_at and (total is None or total >= _SHORT)


def in_notebook() -> bool:
    """Tell whether this runs in a notebook's kernel."""
    kernel = sys.modules.get("ipykernel")
    return kernel is not None
