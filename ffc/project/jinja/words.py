"""What a template stumbles over while it is rendered, in our words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import jinja2

from ffc.core.diagnostics import did_you_mean
from ffc.project.jinja.budget import Exceeded, Forbidden

# The template's own mistakes; whatever else is raised is ours.
STUMBLES: Final = (
    jinja2.TemplateError,
    Exceeded,
    Forbidden,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_KINDS: Final = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping",
    "NoneType": "nothing",
    "Undefined": "nothing",
    "StrictUndefined": "nothing",
}


def _kind(name: str) -> str:
    return _KINDS.get(name, "this")


_Words = Callable[[re.Match[str]], str]
_SAID: Final[tuple[tuple[str, _Words], ...]] = (
    (r"'?(\w+)'? object is not iterable", lambda m: f"{_kind(m[1])} can't be looped over"),
    (r"'(\w+)' object is not callable", lambda m: f"{_kind(m[1])} can't be called"),
    (
        r"unsupported operand type\(s\) for (\S+)(?: or pow\(\))?: '(\w+)' and '(\w+)'",
        lambda m: f"`{m[1]}` can't be done with {_kind(m[2])} and {_kind(m[3])}",
    ),
    (
        r"can only concatenate (\w+) \(not \"(\w+)\"\) to \w+",
        lambda m: f"`+` can't be done with {_kind(m[1])} and {_kind(m[2])}: write `~` to join them",
    ),
    (
        r"'(\S+)' not supported between instances of '(\w+)' and '(\w+)'",
        lambda m: f"`{m[1]}` can't be done with {_kind(m[2])} and {_kind(m[3])}",
    ),
    (
        r"macro '(\w+)' takes no keyword argument '(\w+)'",
        lambda m: f"the macro `{m[1]}` has no parameter `{m[2]}`",
    ),
    (
        r"macro '(\w+)' takes not more than (\d+) argument\(s\)",
        lambda m: f"the macro `{m[1]}` takes {m[2]} argument{'' if m[2] == '1' else 's'}, not more",
    ),
    (
        r"macro '(\w+)' got multiple values for argument '(\w+)'",
        lambda m: f"`{m[2]}` is given twice to the macro `{m[1]}`",
    ),
    (r"parameter '(\w+)' was not provided", lambda m: f"the macro needs a value for `{m[1]}`"),
    (r"'(?:[\w. ]+)' has no attribute '?(\w+)'?", lambda m: f"there is no `{m[1]}` here"),
    (
        r"(?:\w+ )?(?:list|str|tuple|string) (?:index out of range|object has no element \d+)",
        lambda m: "there are not so many here",
    ),
    (r"access to attribute '(\w+)' of .* is unsafe", lambda m: f"a template can't reach `{m[1]}`"),
    (r"Range too big.*", lambda m: "this range is too long: 100,000 at most"),
    (
        r"not enough values to unpack.*|too many values to unpack.*",
        lambda m: "there are more or fewer values than names here",
    ),
    (
        r"invalid literal for int\(\).*|could not convert string to float.*",
        lambda m: "this text is no number",
    ),
    (r"division by zero|.*modulo by zero", lambda m: "this divides by zero"),
    (
        r"not enough arguments for format string|not all arguments converted.*",
        lambda m: "the format and its values don't fit",
    ),
    (r"unhashable type: '(\w+)'", lambda m: f"{_kind(m[1])} can't be a key"),
)


def words(problem: Exception) -> str:
    """Return what is to be said of a stumble."""
    if isinstance(problem, RecursionError):
        return "this calls itself without end"
    if isinstance(problem, KeyError):
        return f"there is no {problem} here".replace("'", "`")
    said = str(getattr(problem, "message", None) or problem).rstrip(".")
    for pattern, say in _SAID:
        match = re.fullmatch(pattern, said, re.DOTALL)
        if match is not None:
            return say(match)
    return said or "this can't be done"


def hints(problem: Exception, parameters: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return what to do about a stumble; `parameters` are those of the macros, by name."""
    if isinstance(problem, Forbidden) and problem.hint:
        return (problem.hint,)
    if isinstance(problem, Exceeded) and "character" in str(problem):
        return ("what is this long is better kept as a table: a file in `data/`, and a source",)
    match = re.search(r"macro '(\w+)' takes no keyword argument '(\w+)'", str(problem))
    if match is not None:
        known = list(parameters.get(match[1], ()))
        return did_you_mean(match[2], known)
    return ()
