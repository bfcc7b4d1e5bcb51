"""Jinja in transformations: rendered in a sandbox, each reference and setting with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error
from ffc.project.reader import SqlFile
from ffc.project.sourcemap import SourceMap, code_of, cut_marks, mark_template

FUNCTIONS: Final = ("ref", "source", "var", "config")
LATER: Final = ("env_var", "this", "is_incremental", "watermark", "target")
_USAGE: Final = {
    "ref": "`ref('a_transformation')`, or `ref('name@variant')`",
    "source": "`source('group', 'table')`",
    "var": "`var('name')`, or `var('name', default)`",
    "config": "`config(materialized='table')`",
}
# What a template may stumble over while it is rendered: its own mistakes, not ours.
_STUMBLES: Final = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class Unresolved(Exception):
    """A name in a template that stands for nothing; `hints` say what could be meant."""

    def __init__(self, code: str, message: str, hints: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hints = tuple(hints)

    def at(self, span: Span) -> Diagnostic:
        """Return the error at the place where the name was written."""
        return error(self.code, self.message, span, help=self.hints)


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
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
        loader=jinja2.DictLoader({}),
    )
    rendered = Rendered(file=file, sql="", map=SourceMap(file.path, file.text))
    try:
        marked = mark_template(environment, file.text)
        calls = _Calls(file, code_of(environment, file.text), resolver, rendered)
        template = environment.from_string(marked, globals=calls.context())
        rendered.sql, rendered.map = cut_marks(file.path, file.text, template.render())
    except jinja2.TemplateSyntaxError as problem:
        rendered.diagnostics.append(_not_jinja(file, problem))
    except jinja2.UndefinedError as problem:
        rendered.diagnostics.append(_undefined(file, code_of(environment, file.text), problem))
    except _STUMBLES as problem:
        span = _line(file, _line_number(problem.__traceback__))
        rendered.diagnostics.append(error("FF109", f"Jinja: {_words(problem)}", span))
    return rendered


def _not_jinja(file: SqlFile, problem: jinja2.TemplateSyntaxError) -> Diagnostic:
    said = (problem.message or "").rstrip(".")
    opened = file.text.rfind("{{")
    if said.startswith("unexpected end of template") and opened > file.text.rfind("}}"):
        places = SourceMap(file.path, file.text)
        return error("FF109", "Jinja: this `{{` is never closed", places.at(opened, opened + 2))
    return error("FF109", f"Jinja: {said}", _line(file, problem.lineno))


def _words(problem: Exception) -> str:
    if isinstance(problem, jinja2.TemplateNotFound):
        return "a template can't include, import or extend another file"
    if isinstance(problem, RecursionError):
        return "this calls itself without end"
    return str(problem).rstrip(".")


def _line_number(trace: TracebackType | None) -> int:
    """Return the innermost line of the template in a traceback."""
    number = 1
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            number = trace.tb_lineno
        trace = trace.tb_next
    return number


def _line(file: SqlFile, number: int) -> Span:
    lines = file.text.split("\n")
    number = min(max(number, 1), len(lines))
    start = sum(len(line) + 1 for line in lines[: number - 1])
    return SourceMap(file.path, file.text).at(start, start + max(1, len(lines[number - 1])))


def _undefined(file: SqlFile, code: str, problem: jinja2.UndefinedError) -> Diagnostic:
    match = re.match(r"'(\w+)' is undefined", problem.message or "")
    name = match[1] if match else ""
    line = _line(file, _line_number(problem.__traceback__))
    begin = sum(len(text) + 1 for text in code.split("\n")[: line.start.line - 1])
    found = re.compile(rf"(?<!['\"\w.]){name}\b").search(code, begin) if name else None
    span = SourceMap(file.path, file.text).at(found.start(), found.end()) if found else line
    if name in LATER:
        return error("FF107", f"`{name}` in templates is not in this version of ffc yet", span)
    message = f"there is no `{name}` in templates" if name else f"Jinja: {problem.message}"
    hints = did_you_mean(name, FUNCTIONS) if name else ()
    if found and re.search(r"\b(ref|source|var)\s*\([^()]*$", code[: found.start()]):
        hints = (f"a name is text: write `'{name}'` in quotes",)
    return error("FF202", message, span, help=hints)


class _Calls:
    """The functions of a template; each call is looked up at the place where it was typed."""

    def __init__(self, file: SqlFile, code: str, resolver: Resolver, rendered: Rendered) -> None:
        self._file = file
        self._code = code
        self._resolver = resolver
        self._rendered = rendered
        self._places = SourceMap(file.path, file.text)

    def context(self) -> dict[str, Any]:
        return {
            "ref": self._ref,
            "source": self._source,
            "var": self._var,
            "config": self._config,
        }

    def _ref(self, *names: object, **other: object) -> str:
        if not _are_texts(names, 1) or other:
            return self._misused("ref")
        return self._look_up(lambda: self._resolver.ref(str(names[0])), "ref", names)

    def _source(self, *names: object, **other: object) -> str:
        if not _are_texts(names, 2) or other:
            return self._misused("source")
        group, table = map(str, names)
        return self._look_up(lambda: self._resolver.source(group, table), "source", names)

    def _look_up(self, resolve: Callable[[], str], function: str, names: Sequence[object]) -> str:
        spans = self._spans(function, names)
        try:
            node = resolve()
        except Unresolved as problem:
            self._rendered.diagnostics += [problem.at(span) for span in spans]
            return placeholder("?")
        self._rendered.refs.setdefault(node, spans[0])
        return placeholder(node)

    def _var(self, *words: object, **other: object) -> object:
        if not _are_texts(words[:1], 1) or len(words) > 2 or other:
            return self._misused("var")
        name = str(words[0])
        self._rendered.variables.add(name)
        if name in self._resolver.variables:
            return self._resolver.variables[name]
        if len(words) == 2:
            return words[1]
        hints = did_you_mean(name, self._resolver.variables)
        hints = hints or (f"give it a value in ffc.yml (`vars:`), or `var('{name}', default)`",)
        message = f"the variable `{name}` has no value"
        self._rendered.diagnostics += [
            error("FF203", message, span, help=hints) for span in self._spans("var", words)
        ]
        return "null"

    def _config(self, *words: object, **settings: object) -> str:
        if words:
            return self._misused("config")
        for name, value in settings.items():
            spans = self._find(rf"\b({re.escape(name)})\s*=") or [self._file.span]
            self._rendered.settings[name] = (value, spans[0])
        return ""

    def _misused(self, function: str) -> str:
        span = (self._find(rf"\b({function})\s*\(") or [self._file.span])[0]
        message = f"`{function}()` can't be called like this"
        hints = [f"write {_USAGE[function]}"]
        self._rendered.diagnostics.append(error("FF109", message, span, help=hints))
        return ""

    def _spans(self, function: str, words: Sequence[object]) -> list[Span]:
        """Return the places of a call by its words; else of the last word, else of any call."""
        quoted = [rf"['\"]{re.escape(str(word))}['\"]" for word in words]
        listed = r"\s*,\s*".join(quoted)
        found = self._find(rf"\b{function}\s*\(\s*({listed})") or self._find(f"({quoted[-1]})")
        return found or self._find(rf"\b({function})\s*\(") or [self._file.span]

    def _find(self, pattern: str) -> list[Span]:
        found = re.finditer(pattern, self._code)
        return [self._places.at(match.start(1), match.end(1)) for match in found]


def _are_texts(words: Sequence[object], count: int) -> bool:
    for word in words:
        if isinstance(word, jinja2.Undefined):
            str(word)  # raises what Jinja has to say of it
    return len(words) == count and all(isinstance(word, str) for word in words)
