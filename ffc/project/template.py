"""Jinja in transformations: rendered, each reference and setting with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from jinja2 import nodes

from ffc.core.diagnostics import Diagnostic, did_you_mean, error
from ffc.project.jinja.budget import MAX_TEXT
from ffc.project.jinja.compiled import compiled, undeclared
from ffc.project.jinja.functions import (
    FUNCTIONS,
    VALUES,
    Functions,
    check_literals,
    literal_site,
    literals,
)
from ffc.project.jinja.literal import LiteralCall, between, literal_calls
from ffc.project.jinja.macros import check_imports, read_macros
from ffc.project.jinja.marks import Origin, Piece, SourceMap
from ffc.project.jinja.parse import Parsed, parse
from ffc.project.jinja.rendering import TOO_LONG, Hidden, Rendering, pieces_of
from ffc.project.jinja.sandbox import Sandbox
from ffc.project.jinja.source import Source
from ffc.project.jinja.words import STUMBLES
from ffc.project.reader import SqlFile
from ffc.project.rendered import Rendered, Resolver, Setting, Unresolved, placeholder

__all__ = [
    "Rendered",
    "Resolver",
    "Setting",
    "Unresolved",
    "check_macros",
    "placeholder",
    "read_macros",
    "render",
]
GLOBALS: Final = ("range", "dict", "namespace")
_NO_CONNECTION: Final = "a template is rendered without a connection: write it in SQL"
_DBT: Final = {
    **dict.fromkeys(("execute", "run_query", "adapter", "statement", "graph"), _NO_CONNECTION),
    "dbt_utils": "there are no packages: write the macro in `macros/`",
    "env": "write `env_var('NAME')`",
}
RESERVED: Final = (*FUNCTIONS, *VALUES, *GLOBALS)


def render(file: SqlFile, node: str, resolver: Resolver, incremental: bool = False) -> Rendered:
    """Render one file; every unknown reference, variable and setting is a diagnostic.

    `incremental` renders what follows the first build: `is_incremental()` is true.
    """
    return render_plainly(file, node, resolver, incremental)[0]


def render_plainly(
    file: SqlFile, node: str, resolver: Resolver, incremental: bool
) -> tuple[Rendered, bool]:
    """Render one file; tell whether that needed neither Jinja nor macros."""
    source = Source(file.path, file.text)
    nothing = SourceMap(None, source, "", list)
    rendered = Rendered(file=file, node=node, map=nothing, incremental=incremental)
    calls = literal_calls(source)
    if calls is not None:
        _put_together(source, calls, resolver, rendered)
    else:
        _render(source, resolver, rendered)
    return rendered, calls is not None


def _put_together(
    source: Source, calls: Sequence[LiteralCall], resolver: Resolver, rendered: Rendered
) -> None:
    """Make the SQL of a template that holds nothing but literal calls."""
    functions = Functions(resolver, rendered, None)
    texts: list[str] = []
    pieces: list[Piece] = []
    length = 0

    def add(text: str, origin: Origin) -> None:
        nonlocal length
        pieces.append(Piece(length, ((origin, 0),)))
        texts.append(text)
        length += len(text)

    for (start, end), call in zip(between(source, calls), [*calls, None], strict=True):
        add(source.text[start:end], Origin(source, start, end, literal=True))
        if call is None:
            break
        site = literal_site(source, call)
        positional = [argument.value for argument in call.positional]
        named = {argument.name: argument.value for argument in call.named}
        value = functions.call(call.function, site, positional, named)
        add(_printed(value), Origin(source, call.start, call.end, literal=False))
        if length > MAX_TEXT:
            place = source.span(call.start, call.end)
            message = f"this makes more than {MAX_TEXT:,} characters"
            rendered.diagnostics.append(error(TOO_LONG, message, place))
            rendered.incomplete = True
            return
    _finish(rendered, "".join(texts), SourceMap(None, source, "".join(texts), lambda: pieces))


def _printed(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _finish(rendered: Rendered, sql: str, places: SourceMap) -> None:
    rendered.sql, rendered.map = sql, places
    try:
        sql.encode()
    except UnicodeEncodeError as problem:
        message = "half of a character is written here, which is no text"
        place = places.span(problem.start, problem.end)
        rendered.diagnostics.append(error("FF109", f"Jinja: {message}", place))
        rendered.incomplete = True


def _render(source: Source, resolver: Resolver, rendered: Rendered) -> None:
    parsed = parse(Sandbox(), source)
    if isinstance(parsed, Diagnostic):
        rendered.diagnostics.append(parsed)
        rendered.incomplete = True
        return
    rendered.map = SourceMap(parsed, source, "", list)
    rendering = Rendering(parsed, resolver, rendered)
    code = compiled(rendering, parsed)
    problems = [code] if isinstance(code, Diagnostic) else list(_static(parsed, resolver, rendered))
    literal = check_literals(parsed, resolver, rendered)
    rendered.diagnostics += [*problems, *literal.diagnostics]
    if problems or rendered.hidden or isinstance(code, Diagnostic):
        rendered.refs, rendered.incomplete = literal.refs, True
        return
    rendering.functions.reported = {(source.file, call.node.lineno) for call, _ in literals(parsed)}
    try:
        sql = rendering.output(code)
    except Hidden:
        rendered.hidden = rendered.incomplete = True
    except STUMBLES as problem:
        found = rendering.stumbled(problem)
        rendered.diagnostics += [found] if found else []
        rendered.hidden, rendered.incomplete = found is None, True
    else:
        drawn = SourceMap(parsed, source, sql, lambda: pieces_of(parsed, resolver, rendered))
        _finish(rendered, sql, drawn)
    if rendered.incomplete:
        rendered.refs = {**literal.refs, **rendered.refs}


def _static(parsed: Parsed, resolver: Resolver, rendered: Rendered) -> Iterator[Diagnostic]:
    """Yield what can be seen to be wrong without rendering: names, imports, `target`."""
    library = resolver.library
    yield from check_imports(library, parsed)
    given = {*RESERVED, *library.macros}
    for name in undeclared(parsed, given):
        if library.hides(name.name):
            rendered.hidden = True
        else:
            yield _no_name(parsed, name, sorted(given), resolver.variables)
    yield from _target(parsed, resolver)


def _no_name(
    parsed: Parsed, node: nodes.Name, given: Sequence[str], variables: Mapping[str, object]
) -> Diagnostic:
    token = parsed.token(node.lineno)
    place = parsed.source.span(node.lineno, token.end if token else node.lineno + 1)
    hints = did_you_mean(node.name, given)
    opened, function = parsed.before(node.lineno, 1), parsed.before(node.lineno, 2)
    if opened and function and opened.text in "(," and function.text in ("ref", "source", "var"):
        hints = (f"a name is text: write `'{node.name}'` in quotes",)
    if node.name in variables:
        hints = (f"write `var('{node.name}')`",)
    if node.name in _DBT:
        hints = (_DBT[node.name],)
    if node.name == "loop":
        hints = ("`loop` is known inside of `{% for %}` only",)
    message = f"there is no `{node.name}` in templates"
    return error("FF202", message, place.labelled("not found"), help=hints)


def _target(parsed: Parsed, resolver: Resolver) -> Iterator[Diagnostic]:
    """Yield what a template asks of `target` that it does not have."""
    for node in parsed.tree.find_all(nodes.Getattr):
        of_target = isinstance(node.node, nodes.Name) and node.node.name == "target"
        if not of_target or node.attr in resolver.target or not resolver.target:
            continue
        tag = parsed.tag(node.lineno)
        token = next((t for t in (tag.tokens if tag else ()) if t.text == node.attr), None)
        place = parsed.rest_of_tag(node.lineno)
        if token is not None:
            place = parsed.source.span(token.start, token.end)
        known = sorted(resolver.target)
        hints = did_you_mean(node.attr, known) or (f"it has {', '.join(known)}",)
        yield error("FF202", f"`target` has no `{node.attr}`", place, help=hints)


def check_macros(resolver: Resolver) -> list[Diagnostic]:
    """Look up what macro files name, whether they are called or not."""
    library = resolver.library
    problems: list[Diagnostic] = []
    for path, file in library.files.items():
        sql = SqlFile(name="", variant="", path=path, text=file.parsed.source.text)
        nothing = SourceMap(file.parsed, file.parsed.source, "", list)
        scratch = Rendered(file=sql, node="", map=nothing)
        found = [
            *_static_of_macros(file.parsed, resolver, scratch),
            *check_literals(file.parsed, resolver, scratch).diagnostics,
        ]
        if found or scratch.hidden:
            library.faulty.add(path)
        problems += found
    return problems


def _static_of_macros(
    parsed: Parsed, resolver: Resolver, rendered: Rendered
) -> Iterator[Diagnostic]:
    """Yield what is wrong with a macro file; its imports were checked when it was read."""
    imports = set(check_imports(resolver.library, parsed))
    for problem in _static(parsed, resolver, rendered):
        if problem not in imports:
            yield problem
