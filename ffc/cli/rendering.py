"""Diagnostics and tables as text for people."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import click

from ffc.core.diagnostics import Diagnostic, Span

WIDTH: Final = 80
_COLOURS: Final = {"error": "red", "warning": "yellow"}


def render_diagnostics(diagnostics: Sequence[Diagnostic], texts: Mapping[str, str]) -> str:
    """Return every diagnostic with its source line, colours as ANSI codes."""
    return "\n\n".join(_diagnostic(d, texts) for d in diagnostics)


def render_counts(diagnostics: Sequence[Diagnostic]) -> str:
    """Return `2 errors, 1 warning`."""
    counts = {s: sum(d.severity == s for d in diagnostics) for s in ("error", "warning")}
    return ", ".join(f"{n} {s}{'' if n == 1 else 's'}" for s, n in counts.items() if n)


def _diagnostic(diagnostic: Diagnostic, texts: Mapping[str, str]) -> str:
    colour = _COLOURS[diagnostic.severity]
    code = f"{diagnostic.severity}[{diagnostic.code}]"
    head = click.style(code, fg=colour, bold=True)
    places = [diagnostic.span, *diagnostic.related]
    gutter = max(len(str(span.start.line)) for span in places)
    first, *rest = _wrapped(diagnostic.message, len(code) + 2)
    lines = [f"{head}: {click.style(first, bold=True)}"]
    lines += [" " * (len(code) + 2) + click.style(line, bold=True) for line in rest]
    for index, span in enumerate(places):
        lines += _frame(span, texts, gutter, colour if index == 0 else "blue", index == 0)
    pad = " " * gutter
    for text in diagnostic.help:
        first, *rest = _wrapped(text, gutter + 9)
        lines.append(f"{pad} {click.style('= help:', fg='cyan')} {first}")
        lines += [f"{pad}         {line}" for line in rest]
    return "\n".join(lines)


def _wrapped(text: str, indent: int) -> list[str]:
    """Break a text into lines that fit beside an indent, at least one."""
    return textwrap.wrap(_visible(text), WIDTH - indent, break_on_hyphens=False) or [""]


def _visible(text: str) -> str:
    """Return a text without what a terminal would obey: tabs become spaces."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "\ufffd", re.sub(r"[\t\n]", " ", text))


def _frame(
    span: Span, texts: Mapping[str, str], gutter: int, colour: str, primary: bool
) -> list[str]:
    pad, bar = " " * gutter, click.style("|", fg="blue")
    arrow = click.style("-->" if primary else ":::", fg="blue")
    lines = [f"{pad}{arrow} {span.file}:{span.start.line}:{span.start.column}"]
    source = texts.get(span.file, "").split("\n")
    if span.start.line > len(source) or not any(source):
        return lines
    text = source[span.start.line - 1]
    one_line = span.end.line == span.start.line
    end = span.end.column if one_line else len(text) + 1
    length = max(1, min(end, len(text) + 1) - span.start.column)
    text, start = _window(text, span.start.column - 1)
    marked = text[start : start + max(1, length)]
    marker = ("^" if primary else "-") * max(1, _cells(marked))
    number = click.style(str(span.start.line).rjust(gutter), fg="blue")
    lines += [f"{pad} {bar}", f"{number} {bar} {text}"]
    marks = _beside(" " * _cells(text[:start]), marker, span.label, WIDTH - gutter - 3)
    lines += [f"{pad} {bar} {click.style(line, fg=colour, bold=True)}" for line in marks]
    return lines


def _beside(before: str, marker: str, label: str, room: int) -> list[str]:
    """Return a marker with its label: beside it, or under it where there is no room."""
    line = f"{before}{marker} {label}".rstrip()
    if len(line) <= room:
        return [line]
    indent = max(0, min(len(before), room - len(label)))
    return [before + marker, " " * indent + label]


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(0 if unicodedata.combining(c) else _width_of(c) for c in text)


def _width_of(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _window(text: str, start: int) -> tuple[str, int]:
    """Cut a long line so that the place in question can be seen."""
    text = _visible(text)
    room = WIDTH - 8
    if _cells(text) <= room:
        return text, start
    room //= 2 if _cells(text) > len(text) else 1
    first = max(0, min(start - room // 3, len(text) - room))
    head, tail = ("…" if first else ""), ("…" if first + room < len(text) else "")
    return head + text[first + len(head) : first + room - len(tail)] + tail, start - first


def render_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows under their header, columns aligned, numbers to the right."""
    shown = [[_cell(value) for value in row] for row in rows]
    numeric = [all(_is_number(row[i]) for row in shown) and bool(shown) for i in range(len(header))]
    widths = [max([len(name), *(len(row[i]) for row in shown)]) for i, name in enumerate(header)]
    lines = [_line(header, widths, numeric), "  ".join("-" * width for width in widths)]
    return "\n".join([*lines, *(_line(row, widths, numeric) for row in shown)])


def render_records(rows: Sequence[Mapping[str, object]], width: int = WIDTH) -> str:
    """Return rows as a table on its side, a line a column, in blocks that fit the width."""
    blocks: list[str] = []
    start = 0
    while start < len(rows):
        count = len(rows) - start
        while (block := _sideways(rows, start, count)) and _width(block) > width and count > 1:
            count -= 1
        blocks.append(block)
        start += count
    return "\n\n".join(blocks)


def _sideways(rows: Sequence[Mapping[str, object]], start: int, count: int) -> str:
    shown = rows[start : start + count]
    header = ["column", *(f"row {start + i + 1}" for i in range(count))]
    return render_table(header, [[name, *(row[name] for row in shown)] for name in rows[0]])


def _width(block: str) -> int:
    return max(len(line) for line in block.split("\n"))


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    parts = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    ]
    return "  ".join(parts).rstrip()


def _cell(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == "null"
    return True
