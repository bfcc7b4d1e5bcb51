"""Mistakes that can be told from a query's tokens alone, whatever stands around them.

Each check returns what it found and the tokens as they would be without it, so that what remains
can be judged by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from ffc.compiler.queries.lexing import Fault, Token, depths
from ffc.core.diagnostics import closest, shortened

NOT_SQL: Final = "FF301"
OUTSIDE: Final = "FF305"

# What ends a list, with what must follow so that it is the clause and not a name.
_CLAUSES: Final = {
    **dict.fromkeys(("from", "where", "having", "qualify", "union", "except", "intersect")),
    "group": "by",
    "order": "by",
    "window": "",
    "limit": "",
    "offset": "",
    "select": "",
}
_BEGINS_A_LIST: Final = ("select", "by", "from", "where", "having", "distinct", "values")
_NO_CLAUSE_AFTER: Final = ("", "comma", "close")
_BEFORE_TABLES: Final = ("from", "join", ",", "(")
_JOIN_WORDS: Final = (
    *("left", "right", "full", "inner", "outer", "cross", "natural", "semi", "anti", "asof"),
    "positional",
)
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_TEMPLATE_WORDS: Final = ("ref", "source", "var", "env_var", "config", "watermark", "this")
_SYSTEM_SCHEMAS: Final = ("information_schema", "pg_catalog")
_SYSTEM_TABLES: Final = re.compile(
    r"(duckdb|pragma)_\w+|sqlite_(temp_)?(master|schema)|pg_(am|attr|cat|class|coll|const|data"
    r"|dep|desc|enum|index|name|prep|proc|seq|sett|tabl|type|view)\w*"
)
_OUTSIDE_FUNCTIONS: Final = re.compile(
    r"(duckdb|pragma|read|parquet|register|deregister|python|sqlite|postgres|mysql|iceberg|delta)"
    r"_\w+|glob|sniff_csv|st_read|query|query_table|json_execute_serialized_sql|which_secret"
    r"|icu_calendar_names|pg_timezone_names|(arrow|pandas|seq)_scan\w*|test_(all|vector)_types"
)


class Checked(NamedTuple):
    """What a check found, and the tokens without it."""

    faults: list[Fault]
    tokens: list[Token]


def certain_mistakes(tokens: Sequence[Token]) -> Checked:
    """Run every check."""
    faults: list[Fault] = []
    left = list(tokens)
    for check in (_strays, _parameters, _commas, _joins):
        found, left = check(left)
        faults += found
    return Checked([*faults, *_outside(left)], left)


def unclosed(tokens: Sequence[Token]) -> Fault | None:
    """Return a quote or a comment that has no end: the last token, if it is one."""
    mark = tokens[-1] if tokens else None
    if mark is None or mark.kind != "unclosed":
        return None
    for quoted, then in pairwise(tokens[:-1]):
        # A word right after a quote: the quote was meant to begin something, or to be one inside.
        if quoted.text[-1:] != mark.text or then.kind != "word" or quoted.end != then.start:
            continue
        if mark.text == "'" and quoted.text[-2] not in " =(,\n":
            message = "this quote ends the text"
            help_ = f"write a quote in a text twice: `{shortened(quoted.text)}'{then.text}...`"
            return Fault(NOT_SQL, message, quoted.end - 1, quoted.end, (help_,))
        mark = quoted._replace(text=mark.text, end=quoted.start + 1)
        break
    message = f"this is not SQL: `{mark.text}` is never closed"
    return Fault(NOT_SQL, message, mark.start, mark.end)


def brackets(tokens: Sequence[Token]) -> list[Fault]:
    """Return a bracket that has no other half, or another bracket's."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close" and not opened:
            message = f"this `{token.text}` closes nothing"
            help_ = "take it away, or open it before"
            return [Fault(NOT_SQL, message, token.start, token.end, (help_,))]
        elif token.kind == "close" and opened.pop().text != _PAIRS[token.text]:
            return [_mismatch(tokens, token)]
    if not opened:
        return []
    last = opened[-1]
    message = f"this is not SQL: `{last.text}` is never closed"
    return [Fault(NOT_SQL, message, last.start, last.end)]


def without_unopened(tokens: Sequence[Token]) -> list[Token]:
    """Leave out closing brackets that close nothing."""
    depth, left = 0, []
    for token in tokens:
        if token.kind == "close" and depth == 0:
            continue
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        left.append(token)
    return left


def _mismatch(tokens: Sequence[Token], wrong: Token) -> Fault:
    opened: list[Token] = []
    for token in tokens[: tokens.index(wrong)]:
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close":
            opened.pop()
    first = opened[-1]
    message = f"`{first.text}` is closed by `{wrong.text}`"
    related = ((first.start, first.end, "opened here"),)
    return Fault(NOT_SQL, message, wrong.start, wrong.end, related=related)


def _strays(tokens: Sequence[Token]) -> Checked:
    """Find characters of other languages and of word processors."""
    faults, left = [], []
    for token in tokens:
        inside = token.text.strip("`“”„‟«»‘’‚‛")  # noqa: RUF001
        if token.kind == "hidden":
            code = ord(token.text)
            control = code < 0xA0
            message = f"{'a control' if control else 'an invisible'} character: U+{code:04X}"
            help_ = "delete it; such characters come with copied text"
        elif token.kind == "backticks":
            message = "names are not put in backticks here"
            help_ = f'write "{shortened(inside)}", with double quotes'
            left.append(token._replace(kind="name", text=f'"{inside or "x"}"'))
        elif token.kind in ("curled_name", "curled_text"):
            double = token.kind == "curled_name"
            quote, what = ('"', "names in double") if double else ("'", "texts in single")
            message = f"`{token.text[0]}` is a quote of word processors, not of SQL"
            help_ = f"write {what} quotes: `{quote}{shortened(inside)}{quote}`"
            kind = "name" if double else "text"
            left.append(token._replace(kind=kind, text=f"{quote}{inside or 'x'}{quote}"))
        elif token.text == '""':
            message, help_ = "a name can't be empty", "write a name between the quotes"
            left.append(token._replace(text='"x"'))
        elif token.text == "=<":
            message, help_ = "`=<` is no operator", "did you mean `<=`?"
            left.append(token._replace(text="<="))
        else:
            left.append(token)
            continue
        faults.append(Fault(NOT_SQL, message, token.start, token.end, (help_,)))
    return Checked(faults, left)


def templates(tokens: Sequence[Token]) -> Checked:
    """Find `{ref('x')}`: Jinja with a brace too few."""
    faults: list[Fault] = []
    left: list[Token] = []
    skip = -1
    for index, token in enumerate(tokens):
        if index <= skip:
            continue
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.text == "{" and following and following.word in _TEMPLATE_WORDS:
            skip = _closing(tokens, index)
            last = tokens[skip]
            inside = "".join(
                t.text if t.kind != "comma" else ", " for t in tokens[index + 1 : skip]
            )
            if ":" not in inside and last.text == "}":
                if skip + 1 < len(tokens) and tokens[skip + 1].text == "}":
                    skip += 1
                    last = tokens[skip]
                help_ = f"write `{{{{ {shortened(inside)} }}}}`"
                message = "Jinja is written in two braces on each side"
                faults.append(Fault(NOT_SQL, message, token.start, last.end, (help_,)))
                left.append(Token("name", '"x"', token.start, last.end, token.fresh_line))
                continue
            skip = -1
        left.append(token)
    return Checked(faults, left)


def _closing(tokens: Sequence[Token], index: int) -> int:
    depth = 0
    for at in range(index, len(tokens)):
        depth += {"open": 1, "close": -1}.get(tokens[at].kind, 0)
        if depth == 0:
            return at
    return len(tokens) - 1


def _parameters(tokens: Sequence[Token]) -> Checked:
    """Find `?`, `$1` and `$name`, which nothing fills in."""
    faults, left = [], []
    for token in tokens:
        if token.kind == "parameter":
            message = f"`{token.text}` is a parameter, and nothing gives it a value"
            help_ = "write the value, or `{{ var('...') }}`"
            faults.append(Fault(NOT_SQL, message, token.start, token.end, (help_,)))
            token = token._replace(kind="number", text="1")
        left.append(token)
    return Checked(faults, left)


def _commas(tokens: Sequence[Token]) -> Checked:
    """Find commas with nothing before or after them."""
    faults: list[Fault] = []
    left: list[Token] = []
    last = -1
    for index, token in enumerate(tokens):
        if token.text != "," or token.kind != "comma":
            left.append(token)
        elif index > last:
            last = index
            while last + 1 < len(tokens) and tokens[last + 1].kind == "comma":
                last += 1
            fault = _comma(tokens, index, last)
            if fault is not None:
                faults.append(fault)
            # Of two commas one stays.
            if fault is None or fault.start > token.start:
                left.append(token)
    return Checked(faults, left)


def _comma(tokens: Sequence[Token], first: int, last: int) -> Fault | None:
    """Return what is wrong with commas in a row."""
    before = tokens[first - 1] if first else None
    start, end = tokens[first].start, tokens[last].end
    help_ = "take it away"
    if before is None or before.kind == "open" or before.word in _BEGINS_A_LIST:
        message = f"nothing stands between `{before.text if before else ''}` and this comma"
        if before is None or before.word == "distinct":
            message = "nothing stands before this comma"
    elif (ends := _end_of_list(tokens, last)) is not None:
        message = f"a comma too many before {ends}" if ends else "the query ends in a comma"
    elif last > first:
        message = "two commas in a row"
        help_ = "take one away, or write what belongs between them"
        start = tokens[first + 1].start
    else:
        return None
    return Fault(NOT_SQL, message, start, end, (help_,))


def _end_of_list(tokens: Sequence[Token], index: int) -> str | None:
    """Return what ends a list right after a comma: empty for the query's end, None for nothing."""
    if index + 1 == len(tokens) or tokens[index + 1].kind == "semicolon":
        return ""
    following = tokens[index + 1]
    then = tokens[index + 2] if index + 2 < len(tokens) else Token("", "", 0, 0)
    if following.kind == "close":
        return f"`{following.text}`"
    if following.word not in _CLAUSES or following.kind != "word":
        return None
    wanted = _CLAUSES[following.word]
    if wanted == "by" and then.word != "by":
        return None
    # A reserved word that is used as a name is another mistake.
    if then.kind in _NO_CLAUSE_AFTER or then.word in ("as", "from", "."):
        return None
    return f"`{following.word} by`" if wanted == "by" else f"`{following.word}`"


def _joins(tokens: Sequence[Token]) -> Checked:
    """Find `t lef join u`: valid, with `lef` as a name for `t` that nothing uses."""
    faults: list[Fault] = []
    left = list(tokens)
    words = [token.word for token in tokens if token.kind == "word"]
    for index in range(1, len(tokens) - 1):
        token, before = tokens[index], tokens[index - 1]
        named = before.kind in ("word", "name") or before.text == ")"
        if tokens[index + 1].word != "join" or token.kind != "word" or not named:
            continue
        like = closest(token.text, _JOIN_WORDS, 0.8) if before.word != "as" else None
        if like is None or token.word in _JOIN_WORDS or words.count(token.word) > 1:
            continue
        message = f"`{token.text}` is no kind of join"
        help_ = f"did you mean `{like} join`?"
        faults.append(Fault(NOT_SQL, message, token.start, token.end, (help_,)))
        left[index] = token._replace(text=like)
    return Checked(faults, left)


def _outside(tokens: Sequence[Token]) -> list[Fault]:
    """Find what reads files, or the database's tables about itself."""
    faults = []
    named = cte_names(tokens)
    listing = in_from(tokens)
    for index, token in enumerate(tokens):
        before = tokens[index - 1].word if index else ""
        then = tokens[index + 1].word if index + 1 < len(tokens) else ""
        starts = listing[index] and before in _BEFORE_TABLES
        word = token.word if token.kind == "word" else ""
        call = then == "(" and before not in (".", "as") and _OUTSIDE_FUNCTIONS.fullmatch(word)
        schema = starts and then == "." and word in _SYSTEM_SCHEMAS
        table = starts and then not in ("(", ".") and _SYSTEM_TABLES.fullmatch(word)
        if starts and token.kind == "text":
            faults.append(_reads_file(token))
        elif call and word.startswith(("read_", "parquet_", "glob", "sniff", "st_")):
            faults.append(_reads_file(_argument(tokens, index)))
        elif call or schema or (table and word not in named):
            last = tokens[index + 2] if schema and index + 2 < len(tokens) else token
            message = "a transformation reads sources and other transformations only"
            help_ = "name them with `{{ ref('...') }}` or `{{ source('...', '...') }}`"
            faults.append(Fault(OUTSIDE, message, token.start, last.end, (help_,)))
    return faults


def cte_names(tokens: Sequence[Token]) -> set[str]:
    """Return the names before `as (`, also those that name their columns: `x (a, b) as (`."""
    found = set()
    deep = depths(tokens)
    for at in range(1, len(tokens) - 1):
        if tokens[at].word != "as" or tokens[at + 1].word not in ("(", "materialized", "not"):
            continue
        before = at - 1
        if tokens[before].text == ")":
            opened = (i for i in range(before - 1, 0, -1) if deep[i] == deep[before])
            before = next(opened, 1) - 1
        found.add(tokens[before].word)
    return found


def in_from(tokens: Sequence[Token]) -> list[bool]:
    """Tell for each token whether it stands in a list of tables."""
    found: list[bool] = []
    # Of each bracket: whether tables are being listed, and whether it holds a query.
    groups = [(False, True)]
    for index, token in enumerate(tokens):
        listing, query = groups[-1]
        before = tokens[index - 1].word if index else ""
        found.append(listing)
        if token.kind == "open":
            groups.append((listing and before in (*_BEFORE_TABLES, "lateral"), False))
        elif token.kind == "close" and len(groups) > 1:
            groups.pop()
        elif token.word in ("select", "with"):
            groups[-1] = (False, True)
        elif token.word == "from" and before != "distinct":
            # Not that of `extract(day from x)`.
            ours = query or before == "("
            groups[-1] = (ours, ours)
        elif token.word == "join":
            groups[-1] = (True, query)
        elif token.word in ("on", "using", "values") or token.word in _CLAUSES:
            groups[-1] = (False, query)
    return found


def _argument(tokens: Sequence[Token], index: int) -> Token:
    """Return the text that a call begins with; the function's name where there is none."""
    first = tokens[index + 2] if index + 2 < len(tokens) else tokens[index]
    return first if first.kind == "text" else tokens[index]


def _reads_file(token: Token) -> Fault:
    message = "a transformation reads files through sources only"
    help_ = "declare the file in `sources/` and read it with `{{ source('...', '...') }}`"
    return Fault(OUTSIDE, message, token.start, token.end, (help_,))
