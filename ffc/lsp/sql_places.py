"""What a place in a file of SQL is about: a call of a template, a column of a relation.

Read by its letters, for a query that somebody types is rarely SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

_CALL: Final = re.compile(
    r"\b(ref|source|var)\s*\(\s*(?:'([^'\n]*)'|\"([^\"\n]*)\")"
    r"(?:\s*,\s*(?:'([^'\n]*)'|\"([^\"\n]*)\"))?"
)
_OPEN: Final = re.compile(
    r"\b(ref|source|var)\s*\(\s*(?:(?:'([^'\n]*)'|\"([^\"\n]*)\")\s*,\s*)?(?:'([^'\n]*)|\"([^\"\n]*))$"
)
_ALIAS: Final = re.compile(r"\)\s*\}\}\s*(?:as\s+)?([A-Za-z_]\w*)", re.IGNORECASE)
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_WORD_BEFORE: Final = re.compile(r"(?:([A-Za-z_]\w*)\.)?([A-Za-z_]\w*)?$")
# What follows a relation and is no name for it.
_KEYWORDS: Final = frozenset(
    (
        "where",
        "join",
        "left",
        "right",
        "full",
        "inner",
        "outer",
        "cross",
        "asof",
        "natural",
        "on",
        "using",
        "group",
        "order",
        "having",
        "limit",
        "qualify",
        "union",
        "except",
        "intersect",
        "window",
        "select",
        "from",
        "as",
        "tablesample",
    )
)
_MACRO: Final = re.compile(r"\{%-?\s*macro\s+([A-Za-z_]\w*)\s*\(([^)]*)\)")

Function = Literal["ref", "source", "var"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call with words: its function, the words, where each stands, what it is named after."""

    function: str
    words: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    end: int
    alias: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A name in a text, and the one before its dot."""

    text: str
    start: int
    end: int
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """A call whose word is being typed: which function, the word before, the word so far."""

    function: str
    first: str
    typed: str
    second: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    """A macro: its name, what it takes, where its name stands."""

    name: str
    arguments: str
    start: int
    end: int


def calls(text: str) -> Iterator[Call]:
    """Yield the calls of ffc's functions, with the name that a relation has in the query."""
    for found in _CALL.finditer(text):
        groups = [i for i in (2, 3, 4, 5) if found[i] is not None]
        after = _ALIAS.match(text, _closing(text, found.end()))
        alias = after[1] if after and after[1].lower() not in _KEYWORDS else ""
        yield Call(
            function=found[1],
            words=tuple(found[i] for i in groups),
            places=tuple(found.span(i) for i in groups),
            end=found.end(),
            alias=alias,
        )


def call_at(text: str, offset: int) -> tuple[Call, int] | None:
    """Return the call in whose words a place is, and which of them."""
    for call in calls(text):
        for number, (start, end) in enumerate(call.places):
            if start <= offset <= end:
                return call, number
    return None


def open_call(before: str) -> OpenCall | None:
    """Return the call whose word a text ends in, as somebody types it."""
    found = _OPEN.search(before)
    if found is None:
        return None
    first = found[2] if found[2] is not None else found[3]
    typed = found[4] if found[4] is not None else found[5]
    return OpenCall(function=found[1], first=first or "", typed=typed, second=first is not None)


def word_at(text: str, offset: int) -> Word | None:
    """Return the name at a place."""
    begin = text.rfind("\n", 0, offset) + 1
    for found in _NAME.finditer(text, begin):
        if found.start() > offset or "\n" in text[begin : found.start()]:
            return None
        if found.end() >= offset:
            before = _WORD_BEFORE.search(text[begin : found.end()])
            owner = before[1] if before and before[1] else ""
            return Word(text=found[0], start=found.start(), end=found.end(), before=owner)
    return None


def typed_word(before: str) -> tuple[str, str]:
    """Return the name before a dot that a text ends in, and the word so far after it."""
    found = _WORD_BEFORE.search(before)
    return (found[1] or "", found[2] or "") if found else ("", "")


def in_template(text: str, offset: int) -> bool:
    """Tell whether a place is inside `{{ }}` or `{% %}`."""
    opened = max(text.rfind("{{", 0, offset), text.rfind("{%", 0, offset))
    closed = max(text.rfind("}}", 0, offset), text.rfind("%}", 0, offset))
    return opened > closed


def is_said(text: str, offset: int) -> bool:
    """Tell whether a place is in a comment or in a text of SQL, where no name means anything."""
    begin = text.rfind("\n", 0, offset) + 1
    line = text[begin:offset]
    inside = any(
        text.rfind(opened, 0, offset) > text.rfind(closed, 0, offset)
        for opened, closed in (("{#", "#}"), ("/*", "*/"))
    )
    return inside or "--" in line or line.count("'") % 2 == 1


def macros(text: str) -> Iterator[Macro]:
    """Yield the macros that a file defines."""
    for found in _MACRO.finditer(text):
        start, end = found.span(1)
        yield Macro(name=found[1], arguments=found[2].strip(), start=start, end=end)


def _closing(text: str, end: int) -> int:
    """Return where the parenthesis of a call stands, if it is the next thing."""
    while end < len(text) and text[end] in " \t\n":
        end += 1
    return end
