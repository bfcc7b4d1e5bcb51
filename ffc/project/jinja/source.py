"""A template's text: places in it, and the tokens that it is cut into."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from jinja2 import Environment, TemplateSyntaxError
from msgspec import Struct

from ffc.core.diagnostics import Position, Span

# What Jinja's lexer calls the tokens that hold no code.
NO_CODE: Final = (
    "data",
    "whitespace",
    "comment_begin",
    "comment",
    "comment_end",
    "raw_begin",
    "raw_end",
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text and where its lines begin; offsets are in characters."""

    file: str
    text: str
    lines: list[int] = field(default_factory=list, compare=False, repr=False)

    def span(self, start: int, end: int) -> Span:
        """Return the place of `text[start:end]`."""
        return Span(file=self.file, start=self._position(start), end=self._position(end))

    def _position(self, offset: int) -> Position:
        if not self.lines:
            self.lines.append(0)
            self.lines.extend(i + 1 for i, letter in enumerate(self.text) if letter == "\n")
        line = bisect_right(self.lines, offset)
        return Position(line, offset - self.lines[line - 1] + 1)


class Token(Struct, frozen=True):
    """A piece of a template as Jinja's lexer cuts it: `text` is `source.text[start:end]`."""

    kind: str
    text: str
    start: int
    end: int


class Uncut(Exception):
    """A template that can't be cut into tokens: what Jinja said, and the tokens up to there."""

    def __init__(self, message: str, offset: int, tokens: list[Token]) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.tokens = tokens


def cut(environment: Environment, text: str) -> list[Token]:
    """Cut a template into tokens, each with its place; raises `Uncut` where that can't be done.

    Jinja's lexer gives lines only. Its tokens follow each other in the text, with nothing but
    stripped white space between them, so each is found where it must be.
    """
    tokens: list[Token] = []
    offset = 0
    # To Jinja a carriage return ends a line; a space and a newline keep every offset.
    text = text.replace("\r\n", " \n").replace("\r", "\n")
    try:
        for _, kind, piece in environment.lex(text):
            start = text.index(piece, offset)
            offset = start + len(piece)
            tokens.append(Token(kind, piece, start, offset))
    except TemplateSyntaxError as problem:
        raise Uncut(problem.message or "", offset, tokens) from None
    return tokens


class Tag(Struct, frozen=True):
    """`{{ ... }}` or `{% ... %}`: its tokens without white space, and where it stands."""

    kind: str
    start: int
    end: int
    tokens: tuple[Token, ...]

    @property
    def word(self) -> str:
        """The word that a `{% ... %}` begins with."""
        return self.tokens[0].text if self.tokens else ""


def tags_of(tokens: list[Token]) -> list[Tag]:
    """Return the tags of a template in order; one that is never closed ends with the text."""
    tags: list[Tag] = []
    begun: Token | None = None
    inside: list[Token] = []
    for token in tokens:
        if token.kind in ("variable_begin", "block_begin"):
            begun, inside = token, []
        elif token.kind in ("variable_end", "block_end") and begun is not None:
            tags.append(Tag(begun.kind[:-6], begun.start, token.end, tuple(inside)))
            begun = None
        elif begun is not None and token.kind != "whitespace":
            inside.append(token)
    if begun is not None:
        tags.append(Tag(begun.kind[:-6], begun.start, tokens[-1].end, tuple(inside)))
    return tags
