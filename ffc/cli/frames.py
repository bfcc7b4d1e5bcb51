"""Source lines with what is meant in them marked, at the width of a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import click

from ffc.cli.widths import talk_width
from ffc.core.characters import cells, leading, visible, visible_path
from ffc.core.diagnostics import Span

# Places this many lines apart, or fewer, stand in one frame.
NEAR: Final = 2


class Sources:
    """The lines of a project's files, each file split once."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}

    def line(self, file: str, number: int) -> str | None:
        """Return a line; None where there is no such line, nor anything to see in the file."""
        if file not in self._lines:
            text = self._texts.get(file, "")
            self._lines[file] = text.split("\n") if text.strip("\n") else []
        lines = self._lines[file]
        return lines[number - 1] if number <= len(lines) else None


class Mark(NamedTuple):
    """A stretch of one line: from a character, so many characters."""

    start: int
    length: int
    label: str
    primary: bool


class Cell(NamedTuple):
    """One column of a line of marks."""

    character: str
    colour: str


def render_frames(
    places: Sequence[Span], sources: Sources, gutter: int, colour: str
) -> Iterator[str]:
    """Yield the lines of the frames of a diagnostic's places, of which the first is its own."""
    pad, bar = " " * gutter, click.style("|", fg="blue")
    room = talk_width() - gutter - 4
    for group in _groups(places, sources):
        first = places[0] if 0 in group else places[group[0]]
        arrow = click.style("-->" if 0 in group else ":::", fg="blue")
        where = f"{visible_path(first.file)}:{first.start.line}:{first.start.column}"
        marks = _marks([(places[index], index == 0) for index in group], sources)
        if not marks:
            yield f"{pad}{arrow} {where}{f' ({visible(first.label)})' if first.label else ''}"
            continue
        yield f"{pad}{arrow} {where}"
        yield f"{pad} {bar}"
        for number in range(min(marks), max(marks) + 1):
            text = sources.line(first.file, number) or ""
            shown = click.style(str(number).rjust(gutter), fg="blue")
            for line, under in _marked(text, marks.get(number, []), room, colour):
                yield f"{shown} {bar} {line}".rstrip()
                yield from (f"{pad} {bar} {each}" for each in under)


def last_line(places: Sequence[Span]) -> int:
    """Return the largest number that frames of these places show."""
    return max(place.start.line for place in places)


def _groups(places: Sequence[Span], sources: Sources) -> list[list[int]]:
    """Group places, by index, that can stand in one frame; the order is that of their firsts."""
    groups: list[list[int]] = []
    by_line = sorted(range(len(places)), key=lambda i: (places[i].file, places[i].start.line, i))
    for index in by_line:
        place = places[index]
        before = places[groups[-1][-1]] if groups else None
        near = (
            before is not None
            and before.file == place.file
            and place.start.line - before.start.line <= NEAR
            and sources.line(place.file, place.start.line) is not None
        )
        if near:
            groups[-1].append(index)
        else:
            groups.append([index])
    return sorted(groups, key=min)


def _marks(places: Sequence[tuple[Span, bool]], sources: Sources) -> dict[int, list[Mark]]:
    """Return the marks of each line; a place that goes on marks its first line to the end."""
    found: dict[int, list[Mark]] = {}
    for span, primary in places:
        text = sources.line(span.file, span.start.line)
        if text is None:
            continue
        start = min(span.start.column - 1, len(text))
        end = span.end.column - 1 if span.end.line == span.start.line else len(text)
        length = max(1, min(end, len(text)) - start)
        mark = Mark(start, length, visible(span.label), primary)
        found.setdefault(span.start.line, []).append(mark)
    return found


def _marked(
    text: str, marks: Sequence[Mark], room: int, colour: str
) -> Iterator[tuple[str, list[str]]]:
    """Yield a line as shown, with the lines under it; marks far apart show it again."""
    if not marks:
        yield _window(text, 0, room)[0], []
        return
    marks = sorted(marks)
    fits = len(text) <= 4 * room and cells(visible(text)) <= room
    parts = groupby(marks, key=lambda m: 0 if fits else (m.start - marks[0].start) // (room // 2))
    for _, part in parts:
        near = list(part)
        shown, shift = _window(text, near[0].start, room)
        moved = [mark._replace(start=mark.start + shift) for mark in near]
        yield shown, list(_under(shown, moved, room, colour))


def _window(text: str, start: int, room: int) -> tuple[str, int]:
    """Cut a long line so that a place in it can be seen; return it and how far it moved."""
    if len(text) <= room and cells(shown := visible(text)) <= room:
        return shown, 0
    near = max(0, start - room)
    # Only what can be seen is looked at: a line may be a megabyte.
    text, more = visible(text[near : start + 4 * room]), len(text) > start + 4 * room
    if near == 0 and not more and cells(text) <= room:
        return text, 0
    start -= near
    first = start - leading(text[:start][::-1], room // 3)
    spare = room - cells(text[first:]) if not more else 0
    first -= leading(text[:first][::-1], spare) if spare > 0 else 0
    head = "…" if first or near else ""
    first += len(head)
    taken = leading(text[first:], room - len(head))
    tail = "…" if more or first + taken < len(text) else ""
    taken = leading(text[first:], room - len(head) - len(tail))
    return head + text[first : first + taken] + tail, len(head) - first - near


def _under(shown: str, marks: Sequence[Mark], room: int, colour: str) -> Iterator[str]:
    """Yield the marks under a line: the last one's label beside it, the others' below."""
    row: list[Cell] = []
    for mark in sorted(marks, key=lambda m: m.primary):
        own = Cell("^", colour) if mark.primary else Cell("-", "blue")
        start = cells(shown[: mark.start])
        length = max(1, cells(shown[mark.start : mark.start + mark.length]))
        _put(row, start, [own] * length)
    labelled = [mark for mark in marks if mark.label]
    beside = labelled[-1] if labelled else None
    if beside is not None:
        ends = all(m.start + m.length <= beside.start + beside.length for m in marks)
        alone = sum(m.start == beside.start for m in labelled) == 1
        if ends and alone and len(row) + 1 + cells(beside.label) <= room:
            _put(row, len(row) + 1, _cells(beside.label, beside, colour))
            labelled.pop()
    yield _painted(row)
    yield from _hanging(shown, labelled, room, colour)


def _hanging(shown: str, marks: list[Mark], room: int, colour: str) -> Iterator[str]:
    """Yield labels under their marks, from the right to the left."""

    def bars(pending: Sequence[Mark]) -> list[Cell]:
        row: list[Cell] = []
        for mark in pending:
            _put(row, cells(shown[: mark.start]), _cells("|", mark, colour))
        return row

    if len(marks) > 1:
        yield _painted(bars(marks))
    while marks:
        mark = marks.pop()
        texts = textwrap.wrap(mark.label, room, break_on_hyphens=False)
        indent = max(0, min(cells(shown[: mark.start]), room - max(map(cells, texts))))
        for text in texts:
            row = bars(marks)
            del row[indent:]
            _put(row, indent, _cells(text, mark, colour))
            yield _painted(row)


def _cells(text: str, mark: Mark, colour: str) -> list[Cell]:
    """Return a text as cells; a wide character's second one is empty."""
    colour = colour if mark.primary else "blue"
    return [Cell(part, colour) for c in text for part in (c, *[""] * (cells(c) - 1))]


def _put(row: list[Cell], start: int, put: Sequence[Cell]) -> None:
    """Write cells over a row from a column on."""
    row += [Cell(" ", "")] * (start + len(put) - len(row))
    row[start : start + len(put)] = put


def _painted(row: Sequence[Cell]) -> str:
    """Return cells as text, each run of one colour styled once."""
    runs = (
        (c, "".join(each.character for each in run)) for c, run in groupby(row, lambda x: x.colour)
    )
    return "".join(click.style(text, fg=c, bold=True) if c else text for c, text in runs)
