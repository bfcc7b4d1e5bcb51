"""Guesses at why a text is not SQL: each a mistake, and the tokens as they would be without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from ffc.compiler.queries.keywords import IN_ORDER, INSERTED, KEYWORDS, ORDER, RESERVED, SETS, WANTS
from ffc.compiler.queries.lexing import Fault, Token, depths
from ffc.compiler.queries.mistakes import NOT_SQL
from ffc.core.diagnostics import shortened

Guess = tuple[Fault, list[Token]]
Guesser = Callable[[Sequence[Token], int], Iterator[Guess]]


def _put(draft: Sequence[Token], at: int, text: str) -> list[Token]:
    """Return the tokens with others put in before one of them."""
    place = draft[at].start if at < len(draft) else draft[-1].end
    made = [_made(word, place) for word in text.replace("(", "( ").replace(")", " )").split()]
    return [*draft[:at], *made, *draft[at:]]


def _made(text: str, place: int) -> Token:
    kind = {"(": "open", ")": "close", ",": "comma"}.get(text, "word")
    return Token(kind, text, place, place)


def _fault(token: Token, message: str, *help_: str) -> Fault:
    return Fault(NOT_SQL, message, token.start, token.end, help_)


def _word(draft: Sequence[Token], at: int) -> str:
    return draft[at].word if 0 <= at < len(draft) else ""


def _twice(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`from from t`."""
    for index in (at, at + 1):
        token = draft[index] if index < len(draft) else None
        if token and token.word in KEYWORDS and token.word == _word(draft, index - 1):
            left = [*draft[:index], *draft[index + 1 :]]
            yield _fault(token, f"`{token.text}` is written twice", "take one away"), left


def out_of_order(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`group by a where b`, `from t from u`: what follows can't be judged."""
    token = draft[at]
    rank = ORDER.get(token.word)
    if not rank or not _begins_clause(draft, at):
        return
    deep = depths(draft)
    for index in range(at - 1, -1, -1):
        before = draft[index]
        if deep[index] < deep[at] or (deep[index] == deep[at] and before.word in SETS):
            return
        if deep[index] > deep[at] or before.word not in ORDER:
            continue
        if not _begins_clause(draft, index):
            continue
        if before.word == token.word and index < at - 1:
            related = ((before.start, before.end, "first here"),)
            message = f"a second `{_named(token)}`"
            help_ = {"where": ("join conditions with `and`",), "from": ()}.get(token.word, ())
            yield Fault(NOT_SQL, message, token.start, token.end, help_, related), []
            return
        if ORDER[before.word] > rank and before.word != "select":
            message = f"`{_named(token)}` comes before `{_named(before)}`"
            help_ = (f"the order is {IN_ORDER}",)
            yield Fault(NOT_SQL, message, token.start, token.end, help_), []
            return
        if before.word == "select":
            return


def _query_inside(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`where exists select 1`: a query in a query, without its brackets."""
    token, before = draft[at], draft[at - 1]
    if token.word == "select" and at and (before.kind == "sign" or before.word in _BEFORE_QUERY):
        message = "a query inside of a query stands in brackets"
        fault = _fault(token, message, f"write `{before.text} (select ...)`")
        yield fault, _put([*draft, _made(")", token.start)], at, "(")
    elif token.word == "select" and at:
        message = "a second `select`"
        help_ = "put an inner query in brackets; between two queries write `union all`"
        yield _fault(token, message, help_), _put(draft, at, "union all")


_BEFORE_QUERY: Final = ("exists", "in", "any", "from", "join", ",", "and", "or", "not", "then")


def _begins_clause(draft: Sequence[Token], at: int) -> bool:
    word, then = draft[at].word, _word(draft, at + 1)
    if word in ("group", "order"):
        return then == "by"
    # A name that is a reserved word stands alone.
    return at + 1 < len(draft) and then not in (",", ")", ".", "as", "from", "where")


def _named(token: Token) -> str:
    return f"{token.word} by" if token.word in ("group", "order") else token.word


def _nothing_after(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`where` with nothing after it; the parser stops at the last token, or at what comes next."""
    for index in (at, at - 1, at - 2):
        token = draft[index] if index >= 0 else None
        wanted = WANTS.get(token.word) if token else None
        if token is None or wanted is None:
            continue
        last = index + 1 == len(draft)
        following = _word(draft, index + 1)
        ends = last or following in ORDER or following in (*SETS, *_ENDS)
        if not ends:
            continue
        double = token.word == "by" or _word(draft, index - 1) in (*SETS, "is")
        name = f"{_word(draft, index - 1)} {token.word}" if double and index else token.text
        if name == "is not":
            wanted = WANTS["is"]
        message = f"`{name}` is followed by nothing"
        if not last:
            message = f"nothing stands between `{name}` and {draft[index + 1].shown}"
        start = draft[index - 1].start if double and index else token.start
        fault = Fault(NOT_SQL, message, start, token.end, (f"write {wanted[0]} after it",))
        yield fault, _put(draft, index + 1, wanted[1])


_ENDS: Final = (")", "]", "}", ",", "and", "or", "then", "when", "else", "end", "on", "=", "join")


def _nothing_before(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`where and a`, `(= 1)`: an operator that nothing stands before."""
    token = draft[at]
    if token.word in ("and", "or", "=", "<", ">", "<=", ">=", "<>", "!=", "/", "||", "%", "like"):
        message = f"nothing stands before `{token.text}`"
        yield _fault(token, message, "write what it compares or joins"), _put(draft, at, "1")


def _misspelt(near: float, far: float) -> Guesser:
    """Return a guesser for words that are like a keyword: `form`, `gruop by`."""

    def guesses(draft: Sequence[Token], at: int) -> Iterator[Guess]:
        for index in (at, at - 1, at - 2, at + 1):
            token = draft[index] if 0 <= index < len(draft) else None
            if token is None or token.kind != "word" or token.word in KEYWORDS:
                continue
            if len(token.text) < 2 or _word(draft, index - 1) == ".":
                continue
            close = get_close_matches(token.word, KEYWORDS, 3, near)
            above = get_close_matches(token.word, KEYWORDS, 3, far) if far <= 1 else []
            for keyword in (word for word in close if word not in above):
                made = token._replace(text=keyword)
                message = f"this is not SQL at `{shortened(token.text)}`"
                fault = _fault(token, message, f"did you mean `{keyword}`?")
                yield fault, [*draft[:index], made, *draft[index + 1 :]]

    return guesses


def _reserved(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`select order from t`: a name that is a reserved word."""
    for index in (at, at - 1, at - 2):
        token = draft[index] if 0 <= index < len(draft) else None
        if token is None or token.kind != "word" or token.word not in RESERVED:
            continue
        if index + 1 == len(draft) and token.word in WANTS and _word(draft, index - 1) != "as":
            continue
        quoted = token._replace(kind="name", text=f'"{token.text}"')
        message = f"`{token.text}` is a reserved word"
        fault = _fault(token, message, f'put it in double quotes to make it a name: "{token.text}"')
        yield fault, [*draft[:index], quoted, *draft[index + 1 :]]


def _bare_cte(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`with x as select 1 select 2`: the next SELECT of the same depth ends it."""
    deep = depths(draft)
    if draft[at].word not in ("select", "from", "values") or _word(draft, at - 1) != "as":
        return
    fault = _fault(draft[at], "the query of a CTE stands in brackets", "write `as (...)` around it")
    for end in range(at + 1, len(draft)):
        if deep[end] == deep[at] and draft[end].word in ("select", ","):
            yield fault, _put(_put(draft, end, ")"), at, "(")


def _join_without_condition(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`from t join u`: the place is the table, whatever the parser stops at."""
    deep = depths(draft)
    for index, token in enumerate(draft):
        if token.word != "join" or index > at + 1:
            continue
        # The table: a name of several parts, or brackets; then perhaps its other name.
        end = index + 1
        while end < len(draft) and not _after_table(draft, end, deep[index], deep):
            end += 1
        if _word(draft, end) in ("on", "using") or end == index + 1:
            continue
        first, last = draft[index + 1], draft[end - 1]
        message = "this join has no condition"
        help_ = ("write `on` or `using` after the table, or `cross join`",)
        yield Fault(NOT_SQL, message, first.start, last.end, help_), _put(draft, end, "on true")


def _after_table(draft: Sequence[Token], index: int, depth: int, deep: Sequence[int]) -> bool:
    word = draft[index].word
    if deep[index] < depth:
        return True
    joins = ("join", "left", "right", "full", "inner", "cross", "natural", "semi", "anti", "asof")
    ends = (*joins, *ORDER, *SETS, "on", "using", "positional", ",", ")")
    return deep[index] == depth and word in ends


def _case_without_end(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`case when a then b`: the place is the `case`."""
    opened: list[Token] = []
    for token in draft[: at + 1]:
        if token.word == "case":
            opened.append(token)
        elif token.word == "end" and opened:
            opened.pop()
    if opened:
        fault = _fault(opened[-1], "this `case` has no `end`", "write `end` after its last value")
        yield fault, _put(draft, at, "end")
        yield fault, _put(draft, at + 1, "end")


def _missing(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`select a b c`, `where a = 1 b = 2`: something small is missing before a token."""
    token = draft[at]
    name = token.shown
    if token.word not in KEYWORDS and not _lists_tables(draft, at):
        yield _fault(token, f"a comma is missing before {name}"), _put(draft, at, ",")
    for text, message in INSERTED:
        if token.word in KEYWORDS or (text == "and" and not _joins_conditions(draft, at)):
            continue
        between = text == "and" and _word(draft, at - 2) == "between"
        said = "`and` is missing before {}" if between else message
        yield _fault(token, said.format(name)), _put(draft, at, text)
    if _word(draft, at - 1) == "(":
        yield _fault(draft[at - 1], "`as` is missing before `(`"), _put(draft, at - 1, "as")
    if token.kind in ("word", "name") and _word(draft, at - 1) == "using":
        bracketed = _put(_put(draft, at, "("), at + 2, ")")
        yield _fault(token, "the columns of `using` stand in brackets"), bracketed


def _lists_tables(draft: Sequence[Token], at: int) -> bool:
    """Tell whether the clause that a token is in is that of the tables."""
    deep = depths(draft)
    for index in range(at - 1, -1, -1):
        if deep[index] < deep[at]:
            return False
        if deep[index] == deep[at] and (draft[index].word in ORDER or draft[index].word == "join"):
            return draft[index].word in ("from", "join")
    return False


def _other_languages(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`top 10`, `=<`, `# a comment`: what other databases and languages have."""
    for index in (at, at - 1):
        token = draft[index] if index >= 0 else None
        if token is None:
            continue
        word, before = token.text.lower(), _word(draft, index - 1)
        if word == "top" and before == "select" and index + 1 < len(draft):
            count = draft[index + 1].text
            help_ = f"write `limit {shortened(count)}` at the end of the query"
            yield _fault(token, "`top` is of another database", help_), _without(draft, index, 2)
        if word in ("#", "//"):
            end = next((i for i in range(index + 1, len(draft)) if draft[i].fresh_line), len(draft))
            fault = _fault(token, f"`{word}` begins no comment", "write `--` before a comment")
            yield fault, _without(draft, index, end - index)
        if word == ",":
            yield from _comma(draft, index)
        if before and _word(draft, index - 2) == "interval":
            fault = _fault(
                draft[index - 1], "what is no number stands in brackets after `interval`"
            )
            yield fault, _put(_put(draft, index, ")"), index - 1, "(")
        if word == ":" and index + 1 < len(draft) and draft[index + 1].kind == "word":
            name = draft[index + 1].text
            message = f"`:{name}` is a parameter, and nothing gives it a value"
            whole = token._replace(end=draft[index + 1].end)
            fault = _fault(whole, message, "write the value, or `{{ var('...') }}`")
            yield fault, [*draft[:index], _made("x", token.start), *draft[index + 2 :]]


def _comma(draft: Sequence[Token], at: int) -> Iterator[Guess]:
    """`cast(a, int)`, `limit 5, 10`, `in 1, 2`, `where a, b`: a comma that is something else."""
    token, deep = draft[at], depths(draft)
    opened = next((i for i in range(at, 0, -1) if deep[i] < deep[at]), 0)
    if _word(draft, opened - 1) in ("cast", "try_cast"):
        fault = _fault(token, "`cast` has `as` before the type, not a comma")
        yield fault, [*draft[:at], _made("as", token.start), *draft[at + 1 :]]
    elif _word(draft, at - 2) == "limit" and at + 1 < len(draft):
        skipped, count = draft[at - 1].text, draft[at + 1].text
        help_ = f"write `limit {shortened(count)} offset {shortened(skipped)}`"
        yield _fault(token, "`limit` has one number", help_), _without(draft, at, 2)
    elif _word(draft, at - 2) == "in":
        fault = _fault(draft[at - 1], "the list of `in` stands in brackets", "write `in (...)`")
        end = next((i for i in range(at, len(draft)) if draft[i].kind == "word"), len(draft))
        yield fault, _put(_put(draft, end, ")"), at - 1, "(")
    elif _conditions(draft, at):
        fault = _fault(token, "conditions are joined by `and` or `or`, not by a comma")
        yield fault, [*draft[:at], _made("and", token.start), *draft[at + 1 :]]


def _without(draft: Sequence[Token], start: int, count: int) -> list[Token]:
    return [*draft[:start], *draft[start + count :]]


def _joins_conditions(draft: Sequence[Token], at: int) -> bool:
    words = {token.word for token in draft[max(0, at - 8) : at]}
    return _conditions(draft, at) or bool(words & {"when", "between", "and", "or"})


def _conditions(draft: Sequence[Token], at: int) -> bool:
    deep = depths(draft)
    for index in range(at - 1, -1, -1):
        if deep[index] == deep[at] and (draft[index].word in ORDER or draft[index].word == "on"):
            return draft[index].word in ("where", "having", "qualify", "on")
    return False


GUESSERS: Final[tuple[Guesser, ...]] = (
    _twice,
    _query_inside,
    out_of_order,
    _misspelt(0.75, 2),
    _other_languages,
    _nothing_after,
    _nothing_before,
    _case_without_end,
    _bare_cte,
    _join_without_condition,
    _reserved,
    _missing,
    _misspelt(0.6, 0.75),
)
