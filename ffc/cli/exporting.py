"""How far a file is written, on a terminal that somebody looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from ffc.cli.streams import is_live
from ffc.cli.widths import talk_width


@contextmanager
def export_progress(what: str, total: int | None, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Draw how many rows of how many are written, and how many in a second.

    Yields what is to be told of the rows that are done. Nothing is drawn where nobody looks on, and
    nothing stays.
    """
    if quiet or not is_live():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    context = click.get_current_context(silent=True)
    plain = context is not None and context.color is False
    console = Console(stderr=True, highlight=False, width=talk_width(), no_color=plain)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=None))
    counted = TextColumn("{task.fields[counted]}", markup=False)
    with Progress(*columns, counted, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total, counted="")

        def report(rows: int) -> None:
            progress.update(task, completed=rows, counted=counted_text(rows, total, _elapsed()))

        def _elapsed() -> float:
            return progress.tasks[task].elapsed or 0.0

        yield report


def counted_text(rows: int, total: int | None, seconds: float) -> str:
    """Return how many rows are done of how many, and how many come in a second."""
    of = f"{rows:,}/{total:,} rows" if total is not None else f"{rows:,} rows"
    return f"{of}, {rows / seconds:,.0f} rows/s" if seconds > 0 else of
