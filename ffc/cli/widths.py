"""How wide lines may be: as wide as all that is written, but no wider than a terminal."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import Final, TextIO

from ffc.core.tables import WIDTH

# On a terminal that is narrower lines are as long as these, and it breaks them.
_LEAST: Final = 40


def answer_width() -> int:
    """Return how wide lines of an answer may be."""
    return _width(sys.stdout)


def talk_width() -> int:
    """Return how wide lines of talk may be."""
    return _width(sys.stderr)


def table_width() -> int:
    """Return how wide a table may be: all that a terminal has, and all that it needs elsewhere."""
    return _columns(sys.stdout) or sys.maxsize


def answer_folded(line: str, indent: int = 2) -> str:
    """Return a line of an answer as other programs read it; on a terminal, in lines that fit."""
    return _folded(line, answer_width(), indent) if sys.stdout.isatty() else line


def talk_folded(text: str) -> str:
    """Return lines of talk so that they fit; what is laid out or in colour stays as it is."""
    width = talk_width()
    return "\n".join(
        line if line[:1] in (" ", "") or "\x1b" in line else _folded(line, width, 2)
        for line in text.split("\n")
    )


def _folded(line: str, width: int, indent: int) -> str:
    return textwrap.fill(
        line,
        width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _width(stream: TextIO) -> int:
    columns = _columns(stream)
    return min(WIDTH, columns) if columns else WIDTH


def _columns(stream: TextIO) -> int:
    """Return how many columns a terminal has; 0 where that is not known, or it is none."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (AttributeError, OSError, ValueError):
        return 0
    return max(columns, _LEAST) if columns else 0
