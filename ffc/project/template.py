"""Jinja in transformations: rendered in a sandbox, each reference and setting with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error
from ffc.project.reader import SqlFile
from ffc.project.sourcemap import SourceMap, cut_marks, mark_template

FUNCTIONS: Final = ("ref", "source", "var", "config")
LATER: Final = ("env_var", "this", "is_incremental", "watermark", "target")


class Unresolved(Exception):
    """A name in a template that stands for nothing; `hints` say what could be meant."""

    def __init__(self, code: str, message: str, hints: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hints = tuple(hints)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """What a template may ask for: each function returns a node's id or raises `Unresolved`."""

    ref: Callable[[str], str]
    source: Callable[[str, str], str]
    variables: Mapping[str, object]


@dataclass(slots=True, kw_only=True)
class Rendered:
    """SQL with references as `"__ffc"."node id"`, and how to get back to what was typed."""

    file: SqlFile
    sql: str
    map: SourceMap
    refs: dict[str, Span] = field(default_factory=dict)
    settings: dict[str, tuple[object, Span]] = field(default_factory=dict)
    variables: set[str] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def placeholder(node: str) -> str:
    """Return how rendered SQL names a node; `ffc.sql.binding` puts the real relation there."""
    return f'"__ffc"."{node}"'


def render(file: SqlFile, resolver: Resolver) -> Rendered:
    """Render one file; every unknown reference, variable and setting is a diagnostic."""
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    rendered = Rendered(file=file, sql="", map=SourceMap(file.path, file.text, ()))
    calls = _Calls(file, resolver, rendered)
    try:
        marked = mark_template(environment, file.text)
        template = environment.from_string(marked, globals=calls.context())
        rendered.sql, rendered.map = cut_marks(file.path, file.text, template.render())
    except jinja2.TemplateSyntaxError as problem:
        span = _line(file, problem.lineno)
        rendered.diagnostics.append(error("FF109", f"Jinja: {problem.message}", span))
    except jinja2.UndefinedError as problem:
        rendered.diagnostics.append(_undefined(file, problem))
    except (jinja2.TemplateError, SecurityError, TypeError, ValueError) as problem:
        rendered.diagnostics.append(error("FF109", f"Jinja: {problem}", file.span))
    return rendered


def _line(file: SqlFile, number: int) -> Span:
    lines = file.text.split("\n")
    number = min(max(number, 1), len(lines))
    start = sum(len(line) + 1 for line in lines[: number - 1])
    return SourceMap(file.path, file.text, ()).at(start, start + max(1, len(lines[number - 1])))


def _undefined(file: SqlFile, problem: jinja2.UndefinedError) -> Diagnostic:
    match = re.match(r"'(\w+)' is undefined", problem.message or "")
    name = match[1] if match else ""
    found = re.search(rf"\b{re.escape(name)}\b", file.text) if name else None
    places = SourceMap(file.path, file.text, ())
    span = places.at(found.start(), found.end()) if found else file.span
    if name in LATER:
        return error("FF107", f"`{name}` in templates is not in this version of ffc yet", span)
    message = f"there is no `{name}` in templates" if name else f"Jinja: {problem.message}"
    hints = did_you_mean(name, FUNCTIONS) if name else ()
    return error("FF202", message, span, help=hints)


class _Calls:
    """The functions of a template; each call is looked up at the place where it was typed."""

    def __init__(self, file: SqlFile, resolver: Resolver, rendered: Rendered) -> None:
        self._file = file
        self._resolver = resolver
        self._rendered = rendered
        self._places = SourceMap(file.path, file.text, ())

    def context(self) -> dict[str, Any]:
        return {
            "ref": self._ref,
            "source": self._source,
            "var": self._var,
            "config": self._config,
        }

    def _ref(self, name: str) -> str:
        return self._look_up(lambda: self._resolver.ref(name), "ref", name)

    def _source(self, group: str, table: str) -> str:
        return self._look_up(lambda: self._resolver.source(group, table), "source", group, table)

    def _look_up(self, resolve: Callable[[], str], function: str, *words: str) -> str:
        span = self._span(function, *words)
        try:
            node = resolve()
        except Unresolved as problem:
            self._rendered.diagnostics.append(
                error(problem.code, problem.message, span, help=problem.hints)
            )
            return placeholder("?")
        self._rendered.refs.setdefault(node, span)
        return placeholder(node)

    def _var(self, name: str, *default: object) -> object:
        self._rendered.variables.add(name)
        if name in self._resolver.variables:
            return self._resolver.variables[name]
        if default:
            return default[0]
        hints = did_you_mean(name, self._resolver.variables)
        hints = hints or (f"give it a value in ffc.yml (`vars:`), or `var('{name}', default)`",)
        message = f"the variable `{name}` has no value"
        span = self._span("var", name)
        self._rendered.diagnostics.append(error("FF203", message, span, help=hints))
        return "null"

    def _config(self, **settings: object) -> str:
        for name, value in settings.items():
            span = self._find(rf"\b({re.escape(name)})\s*=") or self._file.span
            self._rendered.settings[name] = (value, span)
        return ""

    def _span(self, function: str, *words: str) -> Span:
        quoted = r"\s*,\s*".join(rf"['\"]{re.escape(str(word))}['\"]" for word in words)
        return self._find(rf"\b{function}\s*\(\s*({quoted})") or self._file.span

    def _find(self, pattern: str) -> Span | None:
        found = re.search(pattern, self._file.text)
        return self._places.at(found.start(1), found.end(1)) if found else None
