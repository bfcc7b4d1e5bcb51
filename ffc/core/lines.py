"""Places in a text: offsets in characters as lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_right

from ffc.core.diagnostics import Position, Span

_END = re.compile(r"\n")


class Lines:
    """A file's text and where its lines begin; only `\\n` ends a line, as in an editor."""

    __slots__ = ("_starts", "file", "text")

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._starts = [0, *(found.end() for found in _END.finditer(text))]

    def position(self, offset: int) -> Position:
        """Return the place of a character."""
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def span(self, start: int, end: int) -> Span:
        """Return the place of `text[start:end]`."""
        return Span(file=self.file, start=self.position(start), end=self.position(end))

    def offset(self, position: Position) -> int:
        """Return the offset of a place."""
        return self._starts[position.line - 1] + position.column - 1

    def begin(self, offset: int) -> int:
        """Return where the line of a character begins."""
        return self._starts[bisect_right(self._starts, offset) - 1]

    def end(self, offset: int) -> int:
        """Return where the line of a character ends."""
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found

    def line(self, offset: int) -> str:
        """Return the line of a character."""
        return self.text[self.begin(offset) : self.end(offset)]
