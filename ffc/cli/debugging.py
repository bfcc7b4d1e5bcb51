"""Checks of a target's connections on the terminal."""

from __future__ import annotations

import platform
import textwrap
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final

import click

from ffc import __version__
from ffc.cli.streams import answer, answer_exactly
from ffc.cli.widths import answer_folded, answer_width
from ffc.manifest.files import encode
from ffc.run.looking.debugging import Checked

_LIBRARIES: Final = ("duckdb", "sqlglot", "pyarrow")


def show_versions() -> None:
    """Write what is installed."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    told = f"ffc {__version__}, Python {platform.python_version()}, {libraries}"
    answer(answer_folded(told))


def show_check(quiet: bool) -> Callable[[Checked], None]:
    """Return what writes each check as it is done."""

    def show(checked: Checked) -> None:
        if checked.ok and quiet:
            return
        word, colour = ("ok    ", "green") if checked.ok else ("failed", "red")
        lines = textwrap.wrap(f"{checked.what}: {checked.said}", answer_width() - 8)
        first, *more = lines or [checked.what]
        head = f"{click.style(word, fg=colour)}  {first}"
        answer("\n".join([head, *(f"{'':8}{m}" for m in more)]))
        for hint in checked.help:
            first, *more = textwrap.wrap(hint, answer_width() - 18) or [""]
            answer("\n".join([f"{'':10}= help: {first}", *(f"{'':18}{m}" for m in more)]))

    return show


def write_document(target: str, found: Sequence[Checked]) -> None:
    """Write the `ffc.debug/v1` document."""
    document = {
        "schema": "ffc.debug/v1",
        "target": target,
        "ok": all(checked.ok for checked in found),
        "checks": list(found),
    }
    answer_exactly(encode(document).decode())
