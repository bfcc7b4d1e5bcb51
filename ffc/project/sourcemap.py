"""From a place in rendered SQL back to the characters that a user typed.

Before a template is rendered, marks in private-use characters are put around its literal text and
its `{{ }}` expressions; after rendering they are cut out again, and what they said is the map.
Literal text maps character by character, also inside loops; an expression's output maps to the
whole expression. What is captured (`set` blocks, macros, calls, filters) carries no marks, since a
template may compare or measure it; it maps to the expression that printed it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment

from ffc.core.diagnostics import Position, Span

_TEXT, _EXPRESSION, _SEP, _CLOSE = "\ue000", "\ue001", "\ue002", "\ue003"
_MARK = re.compile(f"{_TEXT}([0-9]+){_SEP}|{_EXPRESSION}([0-9]+):([0-9]+){_SEP}|{_CLOSE}")
_BLANK = re.compile(r"[^\n]")
_NO_CODE: Final = ("data", "comment_begin", "comment", "comment_end", "raw_begin", "raw_end")
_CAPTURES: Final = {"macro", "call", "filter"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of rendered text and the stretch of source that it came from."""

    out: int
    start: int
    end: int
    literal: bool


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Where each character of a rendered text was typed."""

    file: str
    source: str
    pieces: tuple[Piece, ...] = ()

    def span(self, start: int, end: int) -> Span:
        """Return the place in the file of `rendered[start:end]`, in characters."""
        first = self._offsets(start)[0]
        last = self._offsets(max(start, end - 1))[1]
        return self.at(first, max(last, first + 1))

    def at(self, start: int, end: int) -> Span:
        """Return the span between two offsets of the source."""
        return Span(file=self.file, start=self._position(start), end=self._position(end))

    def _offsets(self, offset: int) -> tuple[int, int]:
        index = bisect_right(self.pieces, offset, key=lambda piece: piece.out) - 1
        if index < 0:
            return 0, 1
        piece = self.pieces[index]
        if not piece.literal:
            return piece.start, piece.end
        typed = min(piece.start + offset - piece.out, piece.end)
        return typed, typed + 1

    def _position(self, offset: int) -> Position:
        before = self.source[:offset]
        line = before.count("\n")
        return Position(line + 1, offset - (before.rfind("\n") + 1) + 1)


def mark_template(environment: Environment, source: str) -> str:
    """Return the template with marks around its literal text and its expressions.

    Raises `jinja2.TemplateSyntaxError` where the template can't be cut into tokens.
    """
    out: list[str] = []
    offset = depth = opened = 0
    block: list[str] = []
    for _, kind, text in environment.lex(source):
        start, offset = offset, source.index(text, offset) + len(text)
        if kind == "data":
            out.append(text if depth else f"{_TEXT}{start}{_SEP}{text}{_CLOSE}")
        elif kind == "variable_begin":
            opened = len(out)
            out.append(text)
            block = [str(start)]
        elif kind == "variable_end":
            out.append(text if depth else text + _CLOSE)
            if not depth:
                out[opened] = f"{_EXPRESSION}{block[0]}:{offset}{_SEP}{out[opened]}"
        else:
            out.append(text)
            if kind == "block_begin":
                block = []
            elif kind == "block_end":
                depth += _nesting(block)
            elif kind in ("name", "operator"):
                block.append(text)
    return "".join(out)


def code_of(environment: Environment, source: str) -> str:
    """Return a template with blanks for all but its Jinja code, every place as it was.

    Raises `jinja2.TemplateSyntaxError` where the template can't be cut into tokens.
    """
    out: list[str] = []
    offset = 0
    for _, kind, text in environment.lex(source):
        start, offset = offset, source.index(text, offset) + len(text)
        out.append(_BLANK.sub(" ", source[start : offset - len(text)]))
        out.append(_BLANK.sub(" ", text) if kind in _NO_CODE else text)
    return "".join(out)


def _nesting(block: list[str]) -> int:
    """Tell whether a block tag opens or closes a place whose text is captured."""
    head = block[0] if block else ""
    if head in _CAPTURES or (head == "set" and "=" not in block):
        return 1
    return -1 if head in {f"end{name}" for name in (*_CAPTURES, "set")} else 0


def cut_marks(file: str, source: str, rendered: str) -> tuple[str, SourceMap]:
    """Return the rendered text without marks, and its map."""
    texts: list[str] = []
    pieces: list[Piece] = []
    position = length = 0
    for match in _MARK.finditer(rendered):
        text = rendered[position : match.start()]
        texts.append(text)
        length += len(text)
        position = match.end()
        if match[1]:
            end = len(source)
            pieces.append(Piece(out=length, start=int(match[1]), end=end, literal=True))
        elif match[2]:
            start, end = int(match[2]), int(match[3])
            pieces.append(Piece(out=length, start=start, end=end, literal=False))
    texts.append(rendered[position:])
    return "".join(texts), SourceMap(file, source, tuple(pieces))
