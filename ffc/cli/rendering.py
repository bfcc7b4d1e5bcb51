"""Diagnostics and tables as text for people."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
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
    return textwrap.wrap(visible(text), WIDTH - indent, break_on_hyphens=False) or [""]


def visible(text: str) -> str:
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
    marker = ("^" if primary else "-") * max(1, cells(marked))
    number = click.style(str(span.start.line).rjust(gutter), fg="blue")
    lines += [f"{pad} {bar}", f"{number} {bar} {text}"]
    marks = _beside(" " * cells(text[:start]), marker, span.label, WIDTH - gutter - 3)
    lines += [f"{pad} {bar} {click.style(line, fg=colour, bold=True)}" for line in marks]
    return lines


def _beside(before: str, marker: str, label: str, room: int) -> list[str]:
    """Return a marker with its label: beside it, or under it where there is no room."""
    line = f"{before}{marker} {label}".rstrip()
    if len(line) <= room:
        return [line]
    indent = max(0, min(len(before), room - len(label)))
    return [before + marker, " " * indent + label]


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(0 if unicodedata.combining(c) else _width_of(c) for c in text)


def _width_of(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _window(text: str, start: int) -> tuple[str, int]:
    """Cut a long line so that the place in question can be seen."""
    text = visible(text)
    room = WIDTH - 8
    if cells(text) <= room:
        return text, start
    room //= 2 if cells(text) > len(text) else 1
    first = max(0, min(start - room // 3, len(text) - room))
    head, tail = ("…" if first else ""), ("…" if first + room < len(text) else "")
    return head + text[first + len(head) : first + room - len(tail)] + tail, start - first
