"""Calls that no function fits: how many arguments it takes, or which types."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ffc.compiler.oracle import Refusal
from ffc.compiler.queries.lexing import Fault
from ffc.core.diagnostics import listed

# Operators as they are typed, by the functions that stand for them.
_TYPED: Final = {"~~": "like", "!~~": "not like", "~~*": "ilike", "!~~*": "not ilike"}
_CALL: Final = re.compile(
    r"(?:No function matches .*? types '|Could not choose .*? call \")(.+)['\"]\."
)
_MACRO: Final = re.compile(r'Macro "(.+)"\(\) does not support')
_SIGNATURE: Final = re.compile(r"\"?([^\"(]+)\"?\((.*)\)(?: -> .*)?$")
_TIMES: Final = ("date", "timestamp", "timestamp with time zone", "time")
_NUMBERS: Final = ("integer", "bigint", "double", "float", "smallint", "hugeint", "tinyint")
_MOST_SIGNATURES: Final = 3


def call_fault(refusal: Refusal, marked: tuple[int, int], sql: str) -> Fault | None:
    """Return what is wrong with a call, if it is a call that is refused."""
    start, end = marked
    if macro := _MACRO.match(refusal.message):
        takes = _signatures(refusal.candidates)
        message = f"`{macro[1]}` takes {_counted({len(takes[0])}) if takes else 'other arguments'}"
        return Fault("FF305", message, start, end)
    call = _CALL.match(refusal.message)
    if call is None:
        return None
    name, _, inside = call[1].partition("(")
    given = [type_words(part) for part in split(inside[:-1])]
    takes = _signatures(refusal.candidates)
    counts = {len(types) for types in takes}
    several = any("..." in types for types in takes)
    if name == "array_extract" and sql[start : start + 1] == "[":
        message = f"`[...]` does not go with {_and(given[:1])}"
        return Fault("FF305", message, start, end, ("only lists, maps and texts have items",))
    operator = not (name[:1].isalpha() or name[:1] == "_")
    if name != "count" and re.search(r"\(\s*\*\s*\)$", sql[start:end]):
        return Fault("FF305", f"`{name}` takes no `*`", start, end, ("only `count(*)` does",))
    if not operator and counts and len(given) not in counts and not several:
        message = f"`{name}` takes {_counted(counts)}, not {len(given)}"
        return Fault("FF305", message, start, end, _accepted(name, takes))
    if operator:
        start, end = _of_operator(name, marked, sql)
        message = f"`{_TYPED.get(name, name)}` does not go with {_and(given)}"
        return Fault("FF305", message, start, end, _operator_help(name, given))
    message = f"`{name}` does not take {_and(given)}"
    fitting = [types for types in takes if len(types) == len(given)]
    return Fault("FF305", message, start, end, _accepted(name, fitting))


def _of_operator(name: str, marked: tuple[int, int], sql: str) -> tuple[int, int]:
    """Return where an operator stands: DuckDB marks it alone, or with what is beside it."""
    start, end = marked
    typed = _TYPED.get(name, name)
    found = re.compile(re.escape(typed).replace(r"\ ", r"\s+"), re.IGNORECASE).search(sql, start)
    return (found.start(), found.end()) if found and found.start() < end else marked


def _operator_help(name: str, given: list[str]) -> tuple[str, ...]:
    times = [type_ for type_ in given if type_ in _TIMES]
    numbers = [type_ for type_ in given if type_ in _NUMBERS or type_.startswith("decimal")]
    if name in ("+", "-") and times and numbers:
        return (f"write how much of what: `{name} interval 1 day`",)
    if "varchar" in given and numbers:
        return ("cast the text: `cast(... as double)`",)
    if name in _TYPED:
        return ("cast it: `cast(... as varchar)`",)
    return ("cast one of them: `cast(... as ...)`",) if len(given) > 1 else ()


def split(text: str) -> list[str]:
    """Split at the commas that stand in no brackets."""
    parts, depth, last = [], 0, 0
    for index, character in enumerate(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(text[last:index].strip())
            last = index + 1
    return [part for part in (*parts, text[last:].strip()) if part]


def type_words(text: str) -> str:
    """Write a type of DuckDB as people write it in SQL."""
    text = re.sub(r"\bSTRING_LITERAL\b", "varchar", text)
    return re.sub(r"\b(\w+)_LITERAL\b", r"\1", text).lower()


def _signatures(candidates: Iterable[str]) -> list[list[str]]:
    """Return the types that each signature takes; `...` stands for any number of them."""
    found = []
    for candidate in candidates:
        match = _SIGNATURE.match(candidate)
        if match is None:
            continue
        types = []
        for parameter in split(match[2]):
            name, _, type_ = parameter.partition(" ")
            if parameter.startswith("*") or "..." in parameter:
                types.append("...")
            elif parameter != "/":
                types.append(type_words(type_ or name))
        found.append(types)
    return found


def _counted(counts: Iterable[int]) -> str:
    numbers = sorted(counts)
    if numbers == [1]:
        return "1 argument"
    if len(numbers) == 1:
        return f"{numbers[0]} arguments"
    return f"{', '.join(map(str, numbers[:-1]))} or {numbers[-1]} arguments"


def _and(types: list[str]) -> str:
    return listed(types) if types else "nothing"


def _accepted(name: str, takes: list[list[str]]) -> tuple[str, ...]:
    forms = list(dict.fromkeys(f"{name}({', '.join(types)})" for types in takes))
    if not forms or len(forms) > _MOST_SIGNATURES:
        return ("cast what it is given: `cast(... as ...)`",) if forms else ()
    return (f"it is called as {listed(forms, 'or')}",)
