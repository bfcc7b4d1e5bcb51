"""From rendered SQL back to what was typed: marks around literal text and expressions.

The marks are characters of Unicode's private use. A template is rendered with them only when a
place is asked for, and its map is believed only if the text without marks is what was rendered
without: a template that measures or compares its own text is mapped by what stands outside of
macros, where nothing can see the marks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence

from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from msgspec import Struct, field

from ffc.core.diagnostics import Span
from ffc.project.jinja.parse import Parsed
from ffc.project.jinja.source import Source

_OPEN, _LITERAL, _PRINTED, _CLOSE = "\ue000", "\ue001", "\ue002", "\ue003"
_MARK = re.compile(f"{_OPEN}([0-9]+):([0-9]+):([0-9]+)([{_LITERAL}{_PRINTED}])|{_CLOSE}")


class Origin(Struct, frozen=True):
    """A stretch of a source: literal text, or the expression that printed something."""

    source: Source
    start: int
    end: int
    literal: bool

    def at(self, ahead: int, length: int) -> Span:
        """Return the place of characters of its text; an expression is one place."""
        if not self.literal:
            return self.source.span(self.start, self.end)
        first = min(self.start + ahead, max(self.start, self.end - 1))
        return self.source.span(first, min(first + length, max(self.end, first + 1)))


class Piece(Struct, frozen=True):
    """A stretch of rendered text from `out` on: where it comes from, the outermost first."""

    out: int
    origins: tuple[tuple[Origin, int], ...]


class SourceMap(Struct):
    """Where each character of a rendered text was typed.

    `seconds` holds, for a place that was asked for, a second one to look at: what a macro made of
    it, or the text that a loop took it from.
    """

    parsed: Parsed | None
    source: Source
    rendered: str
    draw: Callable[[], Sequence[Piece]]
    seconds: dict[Span, Span] = field(default_factory=dict)
    _pieces: Sequence[Piece] | None = None

    def span(self, start: int, end: int) -> Span:
        """Return the place in the file of `rendered[start:end]`, in characters."""
        if self._pieces is None:
            self._pieces = self.draw()
        end = max(end, start + 1)
        first, last = self._piece(start), self._piece(end - 1)
        if first is None or last is None:
            return self.source.span(0, 1)
        outer, ahead = first.origins[0]
        text = self.rendered[start:end]
        if not outer.literal:
            return self._printed(first, start, text)
        place = outer.at(ahead + start - first.out, 1)
        final, before = last.origins[0]
        until = final.at(before + end - 1 - last.out, 1)
        finish = until.end if until.end > place.start else place.end
        return Span(file=place.file, start=place.start, end=finish)

    def _piece(self, offset: int) -> Piece | None:
        pieces = self._pieces or ()
        index = bisect_right(pieces, offset, key=lambda piece: piece.out) - 1
        return pieces[index] if index >= 0 else None

    def _printed(self, piece: Piece, start: int, text: str) -> Span:
        """Return the place of text that an expression printed: the literal in it, if it is one."""
        outer = piece.origins[0][0]
        literals = self.parsed.texts(text) if self.parsed is not None else []
        own = [t for t in literals if outer.start <= t.start < outer.end]
        place = self.source.span(outer.start, outer.end)
        if own:
            place = self.source.span(own[0].start + 1, own[0].end - 1)
        inner, ahead = piece.origins[-1]
        if len(piece.origins) > 1:
            made = inner.at(ahead + start - piece.out, len(text))
            elsewhere = inner.source is not outer.source
            self.seconds[place] = made.labelled("in this macro" if elsewhere else "written here")
        elif literals and not own:
            written = self.source.span(literals[0].start, literals[0].end)
            self.seconds[place] = written.labelled("written here")
        return place


class Marked(NodeTransformer):
    """Put marks around what a template prints; `inside` also in macros and other captures."""

    def __init__(self, parsed: Parsed, number: int, inside: bool) -> None:
        self._parsed = parsed
        self._number = number
        self._inside = inside

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802 - Jinja's name
        """Mark each text and each expression."""
        self.generic_visit(node)
        marked: list[nodes.Expr] = []
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                start, kind = child.lineno, _LITERAL
                end = start + len(child.data)
            else:
                tag = self._parsed.tag(child.lineno)
                start, end = (tag.start, tag.end) if tag else (child.lineno, child.lineno + 1)
                kind = _PRINTED
            opened = f"{_OPEN}{self._number}:{start}:{end}{kind}"
            marked += [_data(opened, child), child, _data(_CLOSE, child)]
        node.nodes = marked
        return node

    def _captured(self, node: nodes.Node) -> nodes.Node:
        return self.generic_visit(node) if self._inside else node

    def _printing(self, node: nodes.Node) -> list[nodes.Node]:
        """Mark what a block prints as a whole: its own text goes through something first."""
        tag = self._parsed.tag(node.lineno)
        start, end = (tag.start, tag.end) if tag else (node.lineno, node.lineno + 1)
        opened = f"{_OPEN}{self._number}:{start}:{end}{_PRINTED}"
        before, after = (nodes.Output([_data(t, node)]) for t in (opened, _CLOSE))
        before.lineno = after.lineno = node.lineno
        return [before, self._captured(node), after]

    visit_Macro = _captured  # noqa: N815
    visit_AssignBlock = _captured  # noqa: N815
    visit_CallBlock = _printing  # noqa: N815
    visit_FilterBlock = _printing  # noqa: N815


def _data(text: str, node: nodes.Node) -> nodes.TemplateData:
    return nodes.TemplateData(text, lineno=node.lineno)


class _Open(Struct):
    """An origin whose text is being read, and how much of its own text has gone by."""

    origin: Origin
    ahead: int = 0


def cut_marks(rendered: str, sources: Sequence[Source]) -> tuple[str, list[Piece]]:
    """Return the text without marks, and its pieces."""
    texts: list[str] = []
    pieces: list[Piece] = []
    stack: list[_Open] = []
    position = length = 0
    for match in _MARK.finditer(rendered):
        text = rendered[position : match.start()]
        position = match.end()
        texts.append(text)
        length += len(text)
        if stack:
            stack[-1].ahead += len(text)
        if match[1] and int(match[1]) < len(sources):
            source, literal = sources[int(match[1])], match[4] == _LITERAL
            stack.append(_Open(Origin(source, int(match[2]), int(match[3]), literal)))
        elif stack:
            stack.pop()
        if stack:
            pieces.append(Piece(length, tuple((each.origin, each.ahead) for each in stack)))
    texts.append(rendered[position:])
    return "".join(texts), pieces
