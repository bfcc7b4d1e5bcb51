"""Rows as tables of text that fit a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ffc.core.characters import cells, visible

# The width of all that is written.
WIDTH: Final = 80
_GAP = "  "


def render_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows under their header, columns aligned, numbers to the right."""
    shown = [[_cell(value) for value in row] for row in rows]
    numeric = [all(_is_number(row[i]) for row in shown) and bool(shown) for i in range(len(header))]
    widths = [max([cells(name), *(cells(r[i]) for r in shown)]) for i, name in enumerate(header)]
    lines = [_line(header, widths, numeric), _GAP.join("-" * width for width in widths)]
    return "\n".join([*lines, *(_line(row, widths, numeric) for row in shown)])


def is_within(text: str, width: int) -> bool:
    """Tell whether no line of a text without colours is wider."""
    return all(cells(line) <= width for line in text.splitlines())


def fitted(
    header: Sequence[str], rows: Sequence[Sequence[object]], width: int, title: int = 0
) -> tuple[list[str], list[list[str]]]:
    """Return the head of a table, and the lines of each row.

    Where the table is too wide there is no head: below its `title` stands what else a row has.
    """
    table = render_table(header, rows)
    if not is_within(table, width):
        return [], [list(_told(header, row, width, title)) for row in rows]
    head, rule, *lines = table.split("\n")
    return [head, rule], [[line] for line in lines]


def render_fitted(
    header: Sequence[str], rows: Sequence[Sequence[object]], width: int, title: int = 0
) -> str:
    """Return rows as a table; where that is too wide, in lines that fit."""
    head, shown = fitted(header, rows, width, title)
    return "\n".join([*head, *(line for row in shown for line in row)])


def _told(header: Sequence[str], row: Sequence[object], width: int, title: int) -> Iterator[str]:
    """Yield a row as lines: its title, below it the others that are not empty."""
    shown = [_cell(value) for value in row]
    yield shown[title]
    others = enumerate(zip(header, shown, strict=True))
    text = ", ".join(f"{name} {value}" for at, (name, value) in others if value and at != title)
    lines = textwrap.wrap(text, width - 2, break_long_words=False, break_on_hyphens=False)
    yield from (f"  {line}" for line in lines)


def render_records(
    names: Sequence[str], rows: Sequence[Mapping[str, object]], width: int = WIDTH
) -> str:
    """Return rows as tables on their side, a line a column, in blocks that fit the width."""
    return render_sideways(names, [[row[name] for name in names] for row in rows], width)


def render_sideways(
    names: Sequence[str], rows: Sequence[Sequence[object]], width: int = WIDTH
) -> str:
    """Return the same of rows whose columns may share a name."""
    first = max([len("column"), *map(cells, names)])
    blocks: list[str] = []
    start = end = 0
    while end < len(rows) or not blocks:
        start, room = end, width - first
        while end < len(rows):
            heading = f"row {end + 1}"
            need = max([len(heading), *(cells(_cell(value)) for value in rows[end])])
            room -= len(_GAP) + need
            if room < 0 and end > start:
                break
            end += 1
        header = ["column", *(f"row {i + 1}" for i in range(start, end))]
        table = [[name, *(row[i] for row in rows[start:end])] for i, name in enumerate(names)]
        blocks.append(render_table(header, table))
    return "\n\n".join(blocks)


def _line(parts: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = [
        " " * (width - cells(part)) + part if right else part + " " * (width - cells(part))
        for part, width, right in zip(parts, widths, numeric, strict=True)
    ]
    return _GAP.join(padded).rstrip()


def _cell(value: object) -> str:
    """Write a value on one line; what a terminal would obey is shown, not sent."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return visible(str(value).replace("\n", "\\n").replace("\r", "\\r"))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == "null"
    return True
