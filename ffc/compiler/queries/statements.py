"""What kind of statement a file holds: one SELECT, and nothing else, is a transformation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ffc.compiler.queries.lexing import Fault, Token, depths
from ffc.core.diagnostics import closest

ONE_SELECT: Final = "a transformation is one SELECT"
STATEMENT: Final = "FF302"

SELECTS: Final = ("select", "with", "from", "values", "table")
_MAKES_TABLES: Final = "write the SELECT only: ffc makes the table itself"
_TABLE: Final = "`{{ config(materialized='table') }}` makes a table of it, not a view"
_CONNECTIONS: Final = "write the SELECT only: connections and their settings are in `profiles.yml`"
_SELECT_ONLY: Final = "write the SELECT only"
_ROWS: Final = "choose rows with `where` and change values with `case`: each build is made anew"

# What each statement's author wants, and how it is had here.
_HELP: Final = {
    **dict.fromkeys(("create", "insert", "copy", "replace"), (_MAKES_TABLES, _TABLE)),
    **dict.fromkeys(("update", "delete", "merge", "truncate", "upsert"), (_MAKES_TABLES, _ROWS)),
    **dict.fromkeys(("drop", "alter", "comment", "import", "export"), (_MAKES_TABLES,)),
    **dict.fromkeys(
        ("attach", "detach", "pragma", "set", "reset", "install", "load", "use"),
        (_CONNECTIONS,),
    ),
    **dict.fromkeys(("explain", "describe", "desc", "show", "summarize"), (_SELECT_ONLY,)),
    **dict.fromkeys(("call", "execute", "prepare", "deallocate", "declare"), (_SELECT_ONLY,)),
    **dict.fromkeys(("begin", "start", "commit", "rollback", "abort"), (_SELECT_ONLY,)),
    **dict.fromkeys(("grant", "revoke", "vacuum", "analyze", "checkpoint"), (_SELECT_ONLY,)),
    **dict.fromkeys(("pivot", "unpivot"), ("write `select * from ... pivot (...)`",)),
}
# What follows a CTE list, where it is no SELECT.
_CHANGES: Final = ("insert", "update", "delete", "merge")
_CONTINUES: Final = (
    *("where", "group", "having", "qualify", "window", "order", "limit", "offset", "union"),
    *("except", "intersect", "join", "left", "right", "inner", "full", "cross", "and", "or", "on"),
)


def check_statement(tokens: Sequence[Token]) -> Fault | None:
    """Return why the tokens are not one SELECT, as far as that can be seen from their words."""
    if tokens[0].kind == "semicolon":
        message = "this `;` ends nothing"
        return Fault("FF301", message, tokens[0].start, tokens[0].end, ("take it away",))
    tokens = without_ends(tokens)
    ends = [index for index, token in enumerate(tokens) if token.kind == "semicolon"]
    if ends:
        return _several(tokens, ends)
    first = next((token for token in tokens if token.kind != "open"), None)
    if first is None:
        return None
    if first.word in _HELP:
        return _other(first)
    if first.word in _CONTINUES:
        message = f"a query does not begin with `{first.text}`"
        help_ = "write `select ...` or `from ...` before it"
        return Fault("FF301", message, first.start, first.end, (help_,))
    if first.word == "with":
        changing = _after_ctes(tokens, _CHANGES)
        return _other(changing) if changing else None
    if first.word not in SELECTS and first.kind == "word":
        return _misspelt(first)
    return _into(tokens)


def without_ends(tokens: Sequence[Token]) -> Sequence[Token]:
    """Leave out the semicolons after all others, which mean nothing."""
    end = len(tokens)
    while end and tokens[end - 1].kind == "semicolon":
        end -= 1
    return tokens[:end]


def _several(tokens: Sequence[Token], ends: Sequence[int]) -> Fault:
    after = next(t for t in tokens[ends[0] :] if t.kind != "semicolon")
    end = tokens[ends[0]]
    if after.word in _CONTINUES or after.kind in ("comma", "close"):
        message = f"this `;` ends the query before `{after.text}`"
        return Fault("FF301", message, end.start, end.end, ("take it away",))
    groups = 1 + sum(tokens[index + 1].kind != "semicolon" for index in ends)
    message = f"there are {groups} statements in this file"
    return Fault(STATEMENT, message, after.start, after.end, (ONE_SELECT,))


def _other(verb: Token) -> Fault:
    message = f"{ONE_SELECT}, not `{verb.text.upper()}`"
    return Fault(STATEMENT, message, verb.start, verb.end, _HELP[verb.word])


def _misspelt(first: Token) -> Fault | None:
    """Return a misspelt verb that would not do if it were written right; others are syntax."""
    like = closest(first.text, (*SELECTS, *_HELP), 0.75)
    if like is None or like in SELECTS:
        return None
    message = f"{ONE_SELECT}, not `{first.text}`"
    return Fault(STATEMENT, message, first.start, first.end, _HELP[like])


def _after_ctes(tokens: Sequence[Token], words: Iterable[str]) -> Token | None:
    """Return the statement that follows a list of CTEs, if it is one of these."""
    deep = depths(tokens)
    for index in range(1, len(tokens)):
        after = tokens[index - 1].text == ")" and deep[index] == deep[0]
        if after and tokens[index].kind == "word":
            if tokens[index].word in words:
                return tokens[index]
            if tokens[index].word in SELECTS:
                return None
    return None


def _into(tokens: Sequence[Token]) -> Fault | None:
    """Return `select ... into t`; `unpivot` has an `into` of its own."""
    words = [token.word for token in tokens]
    if words[0] != "select" or "into" not in words or "unpivot" in words:
        return None
    index = words.index("into")
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is None or following.kind not in ("word", "name") or following.word == "from":
        return None
    into = tokens[index]
    message = f"{ONE_SELECT}, not `SELECT ... INTO`"
    return Fault(STATEMENT, message, into.start, into.end, (_MAKES_TABLES, _TABLE))
