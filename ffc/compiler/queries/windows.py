"""The windows of a query, and whether they look at rows that come later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct

from ffc.compiler.queries.lexing import Token, partners

# Functions that number rows, and those that count them, give no later row's value away.
_RANKS: Final = ("row_number", "rank", "dense_rank", "rank_dense", "percent_rank", "cume_dist")
_HARMLESS: Final = (*_RANKS, "ntile", "count", "lead", "lag")
# Of instants these are the first of all, which no later row changes.
_EARLIEST: Final = ("min", "arg_min", "argmin", "min_by")
_STEPS: Final = ("partition", "order", "rows", "range", "groups")


class Window(Struct, frozen=True, kw_only=True):
    """`function(arguments) over (...)`; `order` is the first thing that rows are ordered by."""

    function: Token
    arguments: Sequence[Token]
    selected: bool
    partition: Sequence[Token] = ()
    order: Sequence[Token] = ()
    frame: Sequence[Token] = ()

    @property
    def name(self) -> str:
        """The function, in lower case."""
        return self.function.plain.lower()

    @property
    def backwards(self) -> bool:
        """Tell whether later rows come first."""
        return any(token.word == "desc" for token in self.order)


class Ahead(NamedTuple):
    """Words that reach later rows, what they do, and where they stand."""

    what: str
    start: int
    end: int


def windows(tokens: Sequence[Token]) -> Iterator[Window]:
    """Yield every window of a query that has no mistakes."""
    pairs = partners(tokens)
    named = dict(_named(tokens, pairs))
    for i, token in enumerate(tokens[:-1]):
        closing = _call(tokens, i, pairs) if token.word == "over" and i else None
        if closing is None:
            continue
        first = pairs[closing]
        function = tokens[first - 1]
        words: Sequence[Token] = [tokens[i + 1]]
        if tokens[i + 1].word == "(" and i + 1 in pairs:
            words = tokens[i + 2 : pairs[i + 1]]
        parts = _parts(words)
        base = named.get(words[0].plain.lower()) if words else None
        parts = {**(_parts(base) if base else {}), **parts}
        yield Window(
            function=function,
            arguments=tokens[first + 1 : closing],
            selected=_selected(tokens, first, pairs),
            partition=parts.get("partition", ()),
            order=_first(parts.get("order", ())),
            frame=parts.get("rows") or parts.get("range") or parts.get("groups") or (),
        )


def _named(
    tokens: Sequence[Token], pairs: Mapping[int, int]
) -> Iterator[tuple[str, Sequence[Token]]]:
    """Yield the windows of a WINDOW clause."""
    for i, token in enumerate(tokens):
        then = [t.word for t in tokens[i + 1 : i + 3]]
        if then == ["as", "("] and tokens[i - 1].word in ("window", ",") and i + 2 in pairs:
            yield token.plain.lower(), tokens[i + 3 : pairs[i + 2]]


def _call(tokens: Sequence[Token], over: int, pairs: Mapping[int, int]) -> int | None:
    """Return the bracket that closes the call before OVER, with what may stand between."""
    i = over - 1
    if tokens[i].word == "nulls":
        i -= 2
    if tokens[i].kind == "close" and i in pairs and tokens[pairs[i] - 1].word == "filter":
        i = pairs[i] - 2
    return i if tokens[i].word == ")" and pairs.get(i, 0) > 0 else None


def _parts(words: Sequence[Token]) -> dict[str, Sequence[Token]]:
    """Cut what stands in a window's brackets at its clauses."""
    pairs, cuts, i = partners(words), [], 0
    while i < len(words):
        then = words[i + 1].word if i + 1 < len(words) else ""
        clause = words[i].word in _STEPS[:2] and then == "by"
        rest = [token.word for token in words[i:]]
        if clause or (words[i].word in _STEPS[2:] and _is_frame(rest)):
            cuts.append(i)
        i = pairs.get(i, i) + 1
    return {words[a].word: words[a:b] for a, b in pairwise([*cuts, len(words)])}


def _is_frame(words: Sequence[str]) -> bool:
    """Tell a frame from a column that is called `range`."""
    return len(words) > 2 and bool({"preceding", "following", "row"} & set(words[1:]))


def _first(order: Sequence[Token]) -> Sequence[Token]:
    """Return the first thing of an ORDER BY, the two words aside."""
    pairs, i = partners(order), 2
    while i < len(order) and order[i].kind != "comma":
        i = pairs.get(i, i) + 1
    return order[2:i]


def _selected(tokens: Sequence[Token], position: int, pairs: Mapping[int, int]) -> bool:
    """Tell whether a call stands in what is selected, not in what chooses rows."""
    i = position - 1
    while i >= 0 and tokens[i].kind != "open":
        if tokens[i].word in ("select", "qualify", "where", "having", "by"):
            return tokens[i].word == "select"
        i = pairs.get(i, i) - 1
    return i < 0 or _selected(tokens, i, pairs)


def looks_ahead(window: Window, times: Set[str], keys: Set[str]) -> Ahead | None:
    """Return how a window reaches rows that come later, if it does.

    `times` are the names that hold instants, `keys` those by which features are asked for. A
    window over all rows of a key has its latest in it, whatever row it stands at.
    """
    if not window.order:
        partition = {t.plain.lower() for t in window.partition if t.kind in ("word", "name")}
        whole = window.selected and partition - {"partition", "by"} <= keys
        earliest = window.name in _EARLIEST and _mentions(window.arguments, times)
        if whole and window.name not in _HARMLESS and not earliest:
            of = " of a key" if partition else ""
            what = f"is over all rows{of}, the later ones too"
            return Ahead(what, window.function.start, window.function.end)
        return None
    if not _mentions(window.order, times):
        return None
    if window.name in ("lead", "lag"):
        later = (window.name == "lag") == window.backwards
        # The end of a row's validity is the next one's beginning.
        if later and not _mentions(window.arguments, times):
            return Ahead("is the value of a later row", window.function.start, window.function.end)
        return None
    ahead = "preceding" if window.backwards else "following"
    if any(token.word == ahead for token in window.frame):
        return Ahead("reaches later rows", window.frame[0].start, window.frame[-1].end)
    if window.backwards and not window.frame and window.name not in _HARMLESS:
        what = "begins with the latest row: each row sees those after it"
        return Ahead(what, window.order[0].start, window.order[-1].end)
    return None


def times_of(tokens: Sequence[Token], columns: Set[str]) -> Set[str]:
    """Return the names that hold instants: columns of what is read, and what is made of them."""
    found = {name.lower() for name in columns}
    pairs = partners(tokens)
    for i, token in enumerate(tokens[:-1]):
        if token.word != "as" or tokens[i + 1].kind not in ("word", "name"):
            continue
        start = i - 1
        while start >= 0 and tokens[start].kind not in ("comma", "open"):
            if tokens[start].word in ("select", "distinct", "with", "from", "join"):
                break
            start = pairs.get(start, start) - 1
        value = tokens[start + 1 : i]
        if _mentions(value, found) and not any(token.word == "over" for token in value):
            found.add(tokens[i + 1].plain.lower())
    return found


def _mentions(tokens: Sequence[Token], names: Set[str]) -> bool:
    return any(t.kind in ("word", "name") and t.plain.lower() in names for t in tokens)
