"""SQL cut into tokens, as DuckDB cuts it; what stands between them is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

from ffc.core.diagnostics import Diagnostic, error, shortened
from ffc.project.rendered import Rendered

# How rendered SQL names a node: this, and its id in quotes.
REFERENCE: Final = '"__ffc".'


class Token(NamedTuple):
    """A token and where it stands; `kind` is one of the groups of the pattern below.

    One that was put in by us stands where it would have been written.
    """

    kind: str
    text: str
    start: int
    end: int
    fresh_line: bool = False

    @property
    def word(self) -> str:
        """Return an unquoted word in lower case, a sign as it is, and nothing for a literal."""
        if self.kind == "word":
            return self.text.lower()
        return self.text if self.kind in ("sign", "comma", "open", "close") else ""

    @property
    def plain(self) -> str:
        """Return what a name or a text says without its quotes; of a reference the node's id."""
        if self.kind in ("name", "text"):
            inside = self.text.removeprefix(REFERENCE)[1:-1]
            return inside.replace(self.text[0] * 2, self.text[0])
        return self.text

    @property
    def shown(self) -> str:
        """Return the token as messages name it; nobody typed a reference as it is rendered."""
        return "the table" if self.text.startswith(REFERENCE) else f"`{shortened(self.text)}`"


class Fault(Struct, frozen=True):
    """A mistake in the text of a query, by its offsets; `related` are offsets and a label."""

    code: str
    message: str
    start: int
    end: int
    help: tuple[str, ...] = ()
    related: tuple[tuple[int, int, str], ...] = ()

    def diagnostic(self, rendered: Rendered) -> Diagnostic:
        """Return the mistake at the place where it was typed."""
        related = [rendered.map.span(a, b).labelled(label) for a, b, label in self.related]
        span = rendered.map.span(self.start, self.end)
        return error(self.code, self.message, span, related=related, help=self.help)


# What DuckDB takes for a space; others (a zero-width space, a control character) it doesn't, or
# sqlglot doesn't.
_SPACE: Final = r"[ \t\n\r\f\v\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+"
_HIDDEN: Final = r"\x00-\x08\x0e-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u2060\ufeff"
_CURLED_DOUBLE: Final = "“”„‟«»"
_CURLED_SINGLE: Final = "‘’‚‛"  # noqa: RUF001
_LETTER: Final = (
    rf"(?:[A-Za-z_]|(?![{_CURLED_DOUBLE}{_CURLED_SINGLE}])[\u00a1-\u167f\u1681-\u1fff"
    r"\u2010-\u2027\u2030-\u205e\u2061-\u2fff\u3001-\ufefe\uff00-\U0010ffff])"
)
_PATTERN: Final = re.compile(
    rf"""(?P<space>{_SPACE})
    |(?P<comment>--[^\n]*)
    |(?P<open_comment>/\*)
    |(?P<text>[eE]'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'
        |[xXbBnN]?'[^']*(?:''[^']*)*'
        |\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$)
    |(?P<name>(?:"__ffc"\.)?"[^"]*(?:""[^"]*)*")
    |(?P<backticks>`[^`\n]*`?)
    |(?P<curled_name>[{_CURLED_DOUBLE}][^{_CURLED_DOUBLE}\n]*[{_CURLED_DOUBLE}]?)
    |(?P<curled_text>[{_CURLED_SINGLE}][^{_CURLED_SINGLE}\n]*[{_CURLED_SINGLE}]?)
    |(?P<unclosed>['"]|\$(?:[A-Za-z_]\w*)?\$)
    |(?P<parameter>\$\w+|\?)
    |(?P<number>(?:[0-9][0-9_]*(?:\.(?![.])[0-9_]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
    |(?P<word>{_LETTER}(?:{_LETTER}|[0-9$])*)
    |(?P<hidden>[{_HIDDEN}])
    |(?P<comma>,)
    |(?P<semicolon>;)
    |(?P<open>[(\[{{])
    |(?P<close>[)\]}}])
    |(?P<sign>::|<=>|<=|>=|<>|!=|==|\|\||//|->>|->|\*\*|:=|=>|=<|!~~\*?|~~\*?|!~|\^@|&&|<<|>>|@>|<@
        |[-+*/<>=~!@\#%^&|:.])
    |(?P<stray>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")


def lex(sql: str) -> list[Token]:
    """Cut a query into tokens; a quote or comment without an end is the last of them."""
    return list(_cut(sql))


# Several ask for the tokens of one query after another.
@lru_cache(maxsize=4)
def _cut(sql: str) -> tuple[Token, ...]:
    return tuple(_tokens(sql))


def without_end(sql: str) -> str:
    """Return a query up to its last word: without what may end it, and without later comments."""
    last = next((token for token in reversed(_cut(sql)) if token.kind != "semicolon"), None)
    return sql[: last.end] if last is not None else ""


def _tokens(sql: str) -> Iterator[Token]:
    position, fresh = 0, False
    while match := _PATTERN.match(sql, position):
        kind, position = str(match.lastgroup), match.end()
        # An inner group of the pattern is the last one to match in a text between dollars.
        kind = "text" if kind == "tag" else kind
        if kind in ("space", "comment"):
            fresh = fresh or "\n" in match[0] or kind == "comment"
            continue
        if kind == "open_comment":
            end = _end_of_comment(sql, position)
            if end is None:
                yield Token("unclosed", "/*", match.start(), match.end(), fresh)
                return
            position = end
            continue
        yield Token(kind, match[0], match.start(), match.end(), fresh)
        fresh = False
        if kind == "unclosed":
            return


def _end_of_comment(sql: str, position: int) -> int | None:
    """Return where a comment ends: those of DuckDB hold others."""
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(sql, position)
        if edge is None:
            return None
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position


def written(tokens: Sequence[Token]) -> str:
    """Return tokens as SQL."""
    return "".join(f"\n{t.text}" if t.fresh_line else f" {t.text}" for t in tokens)


def token_at(tokens: Sequence[Token], offset: int) -> int:
    """Return which of the tokens holds an offset in what `written` makes of them."""
    position = 0
    for index, token in enumerate(tokens):
        position += 1 + len(token.text)
        if offset < position:
            return index
    return max(0, len(tokens) - 1)


def depths(tokens: Sequence[Token]) -> list[int]:
    """Return for each token how many brackets it stands in; a bracket stands outside of itself."""
    found, depth = [], 0
    for token in tokens:
        if token.kind == "close":
            depth = max(0, depth - 1)
        found.append(depth)
        if token.kind == "open":
            depth += 1
    return found


def partners(tokens: Sequence[Token]) -> dict[int, int]:
    """Return which bracket closes each that opens, and the other way round."""
    found: dict[int, int] = {}
    open_: list[int] = []
    for i, token in enumerate(tokens):
        if token.kind == "open":
            open_.append(i)
        elif token.kind == "close" and open_:
            first = open_.pop()
            found |= {first: i, i: first}
    return found
