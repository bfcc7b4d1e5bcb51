"""Templates that need no Jinja: text, and calls of ffc's functions with literal arguments.

Most transformations are nothing else. They are put together here, without compiling a template,
every reference and setting with its exact place; whatever is not plain is left to Jinja.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from ffc.project.jinja.source import Source

Value = str | int | float | bool | None

_TAG: Final = re.compile(r"\{[{%#]")
_CALL: Final = re.compile(r"\{\{[ \t\n]*(ref|source|var|config|env_var)[ \t\n]*\(")
_NAME: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)[ \t\n]*=(?!=)")
_VALUE: Final = re.compile(
    r"'(?P<single>[^'\\\n{}]*)'|\"(?P<double>[^\"\\\n{}]*)\""
    r"|(?P<float>-?[0-9]+\.[0-9]+)(?![\w.])|(?P<int>-?(?:0|[1-9][0-9]{0,17}))(?![\w.])"
    r"|(?P<word>true|false|none|True|False|None)(?!\w)"
)
_SPACE: Final = re.compile(r"[ \t\n]*")
_END: Final = re.compile(r"\)[ \t\n]*\}\}")
_WORDS: Final = {"true": True, "false": False, "none": None}


class Argument(Struct, frozen=True):
    """A literal and where it stands; `name` and its place for a keyword."""

    value: Value
    start: int
    end: int
    name: str = ""
    name_start: int = 0


class LiteralCall(Struct, frozen=True):
    """`{{ function(arguments) }}`, from its first brace to its last."""

    function: str
    start: int
    end: int
    at: int
    arguments: tuple[Argument, ...]

    @property
    def positional(self) -> list[Argument]:
        """The arguments without a name."""
        return [argument for argument in self.arguments if not argument.name]

    @property
    def named(self) -> list[Argument]:
        """The arguments with a name."""
        return [argument for argument in self.arguments if argument.name]


def literal_calls(source: Source) -> list[LiteralCall] | None:
    """Return the calls of a template that holds nothing but literal calls, else None."""
    calls: list[LiteralCall] = []
    text, position = source.text, 0
    while found := _TAG.search(text, position):
        begun = _CALL.match(text, found.start())
        call = _call(text, begun) if begun else None
        if call is None:
            return None
        calls.append(call)
        position = call.end
    return calls


def _call(text: str, begun: re.Match[str]) -> LiteralCall | None:
    position = _after_space(text, begun.end())
    arguments: list[Argument] = []
    while (ended := _END.match(text, position)) is None:
        argument = _argument(text, position)
        if argument is None or (arguments and arguments[-1].name and not argument.name):
            return None
        arguments.append(argument)
        position = _after_space(text, argument.end)
        if text[position : position + 1] == ",":
            position = _after_space(text, position + 1)
        elif _END.match(text, position) is None:
            return None
    names = [argument.name for argument in arguments if argument.name]
    if len(names) > len(set(names)):
        return None
    return LiteralCall(begun[1], begun.start(), ended.end(), begun.start(1), tuple(arguments))


def _argument(text: str, position: int) -> Argument | None:
    named = _NAME.match(text, position)
    start = _after_space(text, named.end()) if named else position
    match = _VALUE.match(text, start)
    if match is None:
        return None
    name, at = (named[1], position) if named else ("", 0)
    return Argument(_value(match), start, match.end(), name, at)


def _value(match: re.Match[str]) -> Value:
    kind = str(match.lastgroup)
    text = match[kind]
    if kind in ("single", "double"):
        return text
    if kind == "word":
        return _WORDS[text.lower()]
    return float(text) if kind == "float" else int(text)


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def between(source: Source, calls: Sequence[LiteralCall]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of text around calls: one more than there are calls."""
    position = 0
    for call in calls:
        yield position, call.start
        position = call.end
    yield position, len(source.text)
