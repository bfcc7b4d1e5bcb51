"""Places as the protocol has them: lines from 0, characters in UTF-16 units."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from lsprotocol import types

from ffc.core.diagnostics import Position, Span
from ffc.core.lines import Lines


class Places:
    """A text, and its places in both ways of counting."""

    __slots__ = ("_lines", "_rows")

    def __init__(self, text: str) -> None:
        self._lines = Lines("", text)
        self._rows = text.split("\n")

    def offset(self, position: types.Position) -> int:
        """Return the offset of a place that an editor names; one beyond the text is its end."""
        if position.line >= len(self._rows):
            return len(self._lines.text)
        row = self._rows[position.line]
        units = row.encode("utf-16-le", "surrogatepass")[: 2 * position.character]
        column = len(units.decode("utf-16-le", "ignore"))
        return self._lines.offset(Position(position.line + 1, column + 1))

    def position(self, place: Position) -> types.Position:
        """Return a place of ours as an editor counts it."""
        line = place.line - 1
        if line >= len(self._rows):
            last = len(self._rows) - 1
            return types.Position(line=last, character=_units(self._rows[last]))
        return types.Position(line=line, character=_units(self._rows[line][: place.column - 1]))

    def range(self, span: Span) -> types.Range:
        """Return a span as a range; one without an end is the word's first character."""
        start, end = self.position(span.start), self.position(max(span.end, span.start))
        if start == end:
            row = self._rows[start.line] if start.line < len(self._rows) else ""
            end = types.Position(line=start.line, character=max(start.character, _units(row)))
        return types.Range(start=start, end=end)

    def between(self, start: int, end: int) -> types.Range:
        """Return the range of `text[start:end]`."""
        span = self._lines.span(start, end)
        return types.Range(start=self.position(span.start), end=self.position(span.end))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def uri_of(path: Path) -> str:
    """Return a file's address."""
    shown = path.as_posix()
    return f"file://{'' if shown.startswith('/') else '/'}{quote(shown, errors='surrogateescape')}"
