"""Which selector holds where nothing is selected: said, or told from the target by a template.

dbt's shape: `default: "{{ target.name == 'prod' | as_bool }}"`. A template sees what those of
transformations see that has nothing to do with nodes: `target`, `var()`, `env_var()`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NoReturn

from msgspec import Struct

from ffc.core.decode import part_of
from ffc.core.diagnostics import Diagnostic, Span, error

MEANINGLESS: Final = "FF216"
EXAMPLE: Final = "default: \"{{ target.name == 'prod' }}\""
# They say of which type a text is; here everything is true or false.
_FILTERS: Final = re.compile(r"\|\s*as_(?:bool|native|number|text)\b")
_WORDS: Final = {"true": True, "false": False}
_NO_VALUE: Final = "FF203"


class Default(Struct, frozen=True, kw_only=True):
    """A selector that is the default: always, or where its template says so."""

    name: str
    template: str = ""
    place: Span


class Surroundings(Struct, frozen=True, kw_only=True):
    """What templates are told."""

    target: Mapping[str, str]
    variables: Mapping[str, object] = {}
    environment: Mapping[str, str] = {}


def default_selector(
    defaults: Iterable[Default], told: Surroundings
) -> tuple[str, list[Diagnostic]]:
    """Return the selector that is the default, if one is; and what is wrong with them."""
    found: list[Default] = []
    problems: list[Diagnostic] = []
    for default in defaults:
        holds, more = _holds(default, told) if default.template else (True, [])
        problems += more
        found += [default] if holds else []
    for other in found[1:]:
        where = f" in the target `{told.target['name']}`" if found[0].template else ""
        problems.append(twice(found[0], other, where))
    return (found[0].name if found else ""), problems


def twice(first: Default, other: Default, where: str = "") -> Diagnostic:
    """Return what is wrong with two selectors that are both the default."""
    message = f"both `{first.name}` and `{other.name}` are the default{where}"
    related = [first.place.labelled("and this")]
    return error(MEANINGLESS, message, other.place, related=related, help=["keep one"])


def is_template(text: str) -> bool:
    """Tell whether a text has anything in it that is to be rendered."""
    return "{{" in text or "{%" in text


def template_problems(default: Default) -> list[Diagnostic]:
    """Return what is wrong with a template whatever the target is, and the variables."""
    told = Surroundings(target=dict.fromkeys(("name", "type", "dialect"), ""))
    problems = _rendered(default, told)[1]
    # What has no value yet may make the rest wrong.
    return [] if any(each.code == _NO_VALUE for each in problems) else problems


def _holds(default: Default, told: Surroundings) -> tuple[bool, list[Diagnostic]]:
    text, problems = _rendered(default, told)
    if problems:
        return False, problems
    holds = _WORDS.get(text.strip().lower())
    if holds is None:
        said = f"`{text.strip()}`" if text.strip() else "nothing"
        message = f"`default` of `{default.name}` becomes {said}, neither true nor false"
        hints = [f"compare it with something: `{EXAMPLE}`"]
        return False, [error(MEANINGLESS, message, default.place, help=hints)]
    return holds, []


def _rendered(default: Default, told: Surroundings) -> tuple[str, list[Diagnostic]]:
    from ffc.project.reader import SqlFile
    from ffc.project.template import Resolver, render

    text = _FILTERS.sub(lambda found: " " * len(found[0]), default.template)
    resolver = Resolver(
        ref=_refuse,
        source=_refuse,
        variables=told.variables,
        environment=told.environment,
        target=told.target,
    )
    file = SqlFile(name=default.name, variant="default", path=default.place.file, text=text)
    rendered = render(file, default.name, resolver)
    return rendered.sql, list(_placed(rendered.diagnostics, default))


def _refuse(*names: str) -> NoReturn:
    from ffc.project.rendered import Unresolved

    raise Unresolved(
        MEANINGLESS, "a default is told from the target, not from nodes", [f"`{EXAMPLE}`"]
    )


def _placed(problems: Sequence[Diagnostic], default: Default) -> Iterator[Diagnostic]:
    """Yield what is wrong with a template at its place in the file."""
    for problem in problems:
        start, end = (
            place.column - 1 if place.line == 1 else 0
            for place in (problem.span.start, problem.span.end)
        )
        place = part_of(default.place, default.template, start, end)
        yield error(problem.code, problem.message, place, help=problem.help)
