"""`{{ env_var('NAME') }}` in profiles.yml: checked as it is written, no variable looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ffc.core.diagnostics import Diagnostic, closest, did_you_mean, error
from ffc.core.lines import Lines
from ffc.core.yaml import Node

CODE: Final = "FF118"
HOW: Final = "write `{{ env_var('NAME') }}` or `{{ env_var('NAME', 'default') }}`"
_FUNCTION: Final = "env_var"
_STORES: Final = ("offline", "online", "state")
# What Jinja has in a transformation, and has not here.
_ELSEWHERE: Final = ("var", "ref", "source", "config", "this", "target", "is_incremental")
_TEXT: Final = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_VALUE: Final = rf"(?:{_TEXT}|-?[0-9]+(?:\.[0-9]+)?|[Tt]rue|[Ff]alse|[Nn]one)"
_WELL: Final = re.compile(
    rf"-?\s*env_var\s*\(\s*(?:name\s*=\s*)?(?:{_TEXT})\s*(?:,\s*(?:default\s*=\s*)?{_VALUE}\s*,?\s*)?\)"
    r"\s*((?:\|\s*\w+\s*(?:\([^()|]*\)\s*)?)*)-?"
)
_NAME: Final = re.compile(r"-?\s*([A-Za-z_]\w*)\s*")
_OPENED: Final = re.compile(r"-?\s*([A-Za-z_]\w*)\s*\(")


def template_problems(profile: Node, lines: Lines) -> Iterator[Diagnostic]:
    """Yield what is wrong with the Jinja of a profile's settings, as they are written."""
    target = profile.get("target")
    if target is not None and "{{" in target.text:
        help_ = "name one of `outputs`; `--target` or FFC_TARGET chooses another one"
        yield error(
            CODE, "`target` can't be a variable: compile reads it", target.span, help=[help_]
        )
    outputs = profile.get("outputs")
    for _, output in outputs.pairs if outputs is not None else ():
        for key, value in output.pairs:
            if key.text == "schema":
                yield from _scalar(value, lines)
            elif key.text in _STORES:
                yield from _store(value, lines)


def _store(node: Node, lines: Lines) -> Iterator[Diagnostic]:
    for key, value in node.pairs:
        if key.text == "type" and "{{" in value.text:
            help_ = "write the type itself; make a target of each type that you have"
            yield error(
                CODE, "`type` can't be a variable: compile reads it", value.span, help=[help_]
            )
        else:
            yield from _store(value, lines)
            yield from _scalar(value, lines)
    for item in node.items:
        yield from _store(item, lines)
        yield from _scalar(item, lines)


def _scalar(node: Node, lines: Lines) -> Iterator[Diagnostic]:
    """Yield the first thing that is wrong with a text."""
    if node.kind != "scalar" or not isinstance(node.value, str):
        return
    found = _mistake(node.text)
    if found is not None:
        start, end, what, hint = found
        at = lines.offset(node.span.start)
        written = lines.text[at : lines.offset(node.span.end)]
        shift = written.find(node.text)
        span = node.span if shift < 0 else lines.span(at + shift + start, at + shift + end)
        yield error(CODE, what, span, help=[hint])


Mistake = tuple[int, int, str, str]


def _mistake(text: str) -> Mistake | None:
    """Return where the first mistake of a text is, what it is and what to do."""
    if "{{" not in text:
        bare = re.search(r"\{?\s*\benv_var\s*\([^)]*\)?\s*\}{0,2}", text)
        if bare is None:
            return None
        return bare.start(), bare.end(), "`env_var()` stands in double braces", HOW
    if "{%" in text:
        start = text.index("{%")
        return start, start + 2, "there are no tags here: only `env_var()`", HOW
    start = text.find("{{")
    while start >= 0:
        end = _closing(text, start + 2)
        found = _call(text[start + 2 : end], start + 2, closed=text.startswith("}}", end))
        if found is not None:
            return found
        start = text.find("{{", end + 2)
    return None


def _closing(text: str, start: int) -> int:
    """Return where `}}` stands outside of quotes; the end of the text where it does not."""
    for found in re.finditer(rf"{_TEXT}|\}}\}}", text[start:]):
        if found[0] == "}}":
            return start + found.start()
    return len(text)


def _call(inner: str, at: int, closed: bool) -> Mistake | None:
    """Return what is wrong with what stands in braces, which begins at an offset."""
    well = _WELL.fullmatch(inner)
    if well is not None and closed:
        return _filters(well, at)
    opened, name = _OPENED.match(inner), _NAME.fullmatch(inner)
    if opened is not None and opened[1] != _FUNCTION:
        return at + opened.start(1), at + opened.end(1), *_function(opened[1])
    if not closed and (opened is None or ")" in inner or "}" not in inner):
        quote = _odd_quote(inner)
        if quote is not None:
            return at + quote, at + quote + 1, "this quote is never closed", HOW
        return at - 2, at, "these braces are never closed", "write `}}` where they end"
    if opened is not None:
        return _arguments(inner, opened.end(), at)
    if not inner.strip("- "):
        return at - 2, at + len(inner) + 2, "there is nothing in these braces", HOW
    start = at + len(inner) - len(inner.lstrip("- "))
    end = max(start + 1, at + len(inner.rstrip("- ")))
    what = "this is a name, not a call" if name else "only `env_var()` can stand in braces"
    return start, end, what, HOW


def _function(name: str) -> tuple[str, str]:
    if name in _ELSEWHERE:
        return f"`{name}()` is for transformations", HOW
    if closest(name, [_FUNCTION]):
        return "there is no such function", did_you_mean(name, [_FUNCTION])[0]
    return "there is no such function", HOW


def _arguments(inner: str, start: int, at: int) -> Mistake:
    """Return what is wrong with what `env_var` is given; its bracket opens before `start`."""
    quote = _odd_quote(inner)
    if quote is not None:
        return at + quote, at + quote + 1, "this quote is never closed", HOW
    end = _bracket(inner, start)
    if end is None:
        return at + start - 1, at + start, "this bracket is never closed", "write `)` where it ends"
    given = inner[start:end]
    if not given.strip():
        return at + start - 1, at + end + 1, "`env_var()` needs the name of a variable", HOW
    first = re.match(rf"\s*(?:({_TEXT})|([^,]*[^,\s]))", given)
    begins = start + len(given) - len(given.lstrip())
    if first is None or first[1] is None:
        stop = start + (first.end() if first else len(given))
        return at + begins, at + stop, "the name of a variable stands in quotes", HOW
    rest = given[first.end() :]
    if re.fullmatch(rf"\s*(?:,\s*(?:default\s*=\s*)?{_VALUE}\s*)?,?\s*", rest):
        behind = len(inner) - len(inner[end + 1 :].lstrip())
        return at + behind, at + len(inner.rstrip()), "this can't stand behind the call", HOW
    what = "`env_var()` takes the name of a variable and a default, nothing else"
    behind = start + first.end() + len(rest) - len(rest.lstrip(", "))
    return at + behind, at + max(behind + 1, end), what, HOW


def _bracket(text: str, start: int) -> int | None:
    """Return where the bracket that opens before an offset is closed."""
    depth = 1
    for found in re.finditer(rf"{_TEXT}|[()]", text[start:]):
        depth += (found[0] == "(") - (found[0] == ")")
        if depth == 0:
            return start + found.start()
    return None


def _filters(well: re.Match[str], at: int) -> Mistake | None:
    """Return the first filter behind a call that there is not."""
    from jinja2.filters import FILTERS

    for found in re.finditer(r"\|\s*(\w+)", well[1]):
        if found[1] not in FILTERS:
            hints = did_you_mean(found[1], FILTERS) or (f"leave it out: {HOW}",)
            start = at + well.start(1) + found.start(1)
            return start, start + len(found[1]), "there is no such filter", hints[0]
    return None


def _odd_quote(text: str) -> int | None:
    """Return the first quote that is not closed."""
    bare = re.sub(_TEXT, lambda quoted: " " * len(quoted[0]), text)
    found = re.search(r"['\"]", bare)
    return found.start() if found is not None else None
