"""Transformations: rendered, ordered, checked to be one SELECT, and given columns with types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from ffc.compiler.catalog import find_source, resolve_relation
from ffc.compiler.compilation import Compilation
from ffc.compiler.oracle import Oracle, Refusal
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.names import node_id
from ffc.manifest.records import Transformation
from ffc.project.resources import TransformationNotes
from ffc.project.template import Rendered, Resolver, Unresolved, render

MATERIALIZED: Final = ("view", "table")
MATERIALIZED_LATER: Final = ("incremental", "ephemeral", "snapshot")
SETTINGS: Final = ("materialized",)
SETTINGS_LATER: Final = ("time_column", "unique_key", "lookback", "on_schema_change", "dialect")


def render_transformations(state: Compilation) -> None:
    """Render every SQL file."""
    resolver = Resolver(
        ref=lambda name: _id(state, name),
        source=lambda group, table: _source_id(state, group, table),
        variables=state.project.vars,
    )
    for file in state.resources.sql:
        node = node_id("transformation", file.name, file.variant)
        rendered = render(file, resolver)
        state.rendered[node] = rendered
        state.report(node, *rendered.diagnostics, *_check_settings(rendered))


def _id(state: Compilation, name: str) -> str:
    entry = state.catalog.find(name, "transformation", "feature_view")
    return entry.id if entry else "?"


def _source_id(state: Compilation, group: str, table: str) -> str:
    entry = find_source(state.catalog, group, table)
    return entry.id if entry else "?"


def _check_settings(rendered: Rendered) -> list[Diagnostic]:
    problems = []
    for name, (value, span) in rendered.settings.items():
        if name in SETTINGS_LATER:
            message = f"`{name}` in `config()` is not in this version of ffc yet"
            problems.append(error("FF107", message, span))
        elif name not in SETTINGS:
            hints = did_you_mean(name, SETTINGS) or (f"it may have {listed(SETTINGS)}",)
            message = f"`config()` has no setting `{name}`"
            problems.append(error("FF104", message, span, help=hints))
        elif value in MATERIALIZED_LATER:
            message = f"`materialized='{value}'` is not in this version of ffc yet"
            problems.append(error("FF107", message, span))
        elif value not in MATERIALIZED:
            valid = listed(MATERIALIZED)
            message = f"`materialized` must be one of {valid}, not `{value}`"
            hints = did_you_mean(str(value), MATERIALIZED)
            problems.append(error("FF105", message, span, help=hints))
    return problems


def order_relations(state: Compilation) -> None:
    """Order transformations and feature views so that each comes after what it reads."""
    graph: dict[str, dict[str, Span]] = {
        node: {ref: span for ref, span in rendered.refs.items() if not ref.startswith("source.")}
        for node, rendered in state.rendered.items()
    }
    for view in state.resources.feature_views:
        node = node_id("feature_view", view.name, view.variant)
        try:
            entry = resolve_relation(state.catalog, view.source)
        except Unresolved as problem:
            span = view.at("source")
            state.report(node, error(problem.code, problem.message, span, help=problem.hints))
            continue
        reads = entry is not None and entry.kind != "source"
        graph[node] = {entry.id: view.at("source")} if entry and reads else {}
    while True:
        try:
            state.order = tuple(
                TopologicalSorter(
                    {n: sorted(refs) for n, refs in sorted(graph.items())}
                ).static_order()
            )
        except CycleError as problem:
            cycle = list(problem.args[1])[::-1]
            state.report(cycle[0], _cycle(cycle, graph))
            state.failed.update(cycle)
            del graph[cycle[0]][cycle[1]]
        else:
            return


def _cycle(cycle: list[str], graph: Mapping[str, Mapping[str, Span]]) -> Diagnostic:
    """Report a cycle whole: `cycle` begins and ends with one node, each reads the next."""
    start = min(range(len(cycle) - 1), key=lambda i: cycle[i])
    turned = cycle[start:-1] + cycle[: start + 1]
    edges = [graph[node][read].labelled(f"{node} reads {read}") for node, read in pairwise(turned)]
    message = f"a cycle: {' -> '.join(turned)}"
    return error("FF205", message, edges[0], related=edges[1:])


def type_transformation(state: Compilation, node: str, oracle: Oracle) -> None:
    """Check one transformation's SQL and find its columns."""
    rendered = state.rendered[node]
    if any(read in state.failed or read not in state.nodes for read in rendered.refs):
        state.failed.add(node)
    problem = None if node in state.failed else _one_select(rendered, state.project.dialect)
    if problem is not None:
        state.report(node, problem)
    if node in state.failed:
        return
    columns = oracle.describe(rendered.sql)
    if isinstance(columns, Refusal):
        state.report(node, _refused(rendered, columns))
        return
    twice = [n for n, count in Counter(c.name.lower() for c in columns).items() if count > 1]
    if twice:
        message = f"two columns of one name: {listed(twice)} (case aside)"
        help_ = "give one of them another name with `as`"
        state.report(node, error("FF405", message, rendered.file.span, help=[help_]))
        return
    file = rendered.file
    notes = _notes(state, file.name, file.variant)
    state.nodes[node] = Transformation(
        id=node,
        name=file.name,
        variant=file.variant,
        path=file.path,
        line=1,
        description=notes.description if notes else "",
        owner=notes.owner if notes else "",
        tags=notes.tags if notes else (),
        depends_on=tuple(sorted(rendered.refs)),
        columns=columns,
        materialized="table" if _materialized(rendered) == "table" else "view",
        raw=file.text,
        sql=rendered.sql.strip(),
    )


def _materialized(rendered: Rendered) -> object:
    return rendered.settings.get("materialized", ("view", None))[0]


def _notes(state: Compilation, name: str, variant: str) -> TransformationNotes | None:
    for notes in state.resources.transformations:
        if (notes.name, notes.variant) == (name, variant):
            return notes
    return None


def check_notes(state: Compilation) -> None:
    """Report YAML notes on a transformation that has no file."""
    for notes in state.resources.transformations:
        state.resolve("", f"{notes.name}@{notes.variant}", notes.at("name"), "transformation")


def _one_select(rendered: Rendered, dialect: str) -> Diagnostic | None:
    """Check that a file is one query; what sqlglot lets through, the oracle refuses later."""
    span = rendered.file.span
    try:
        statements = [s for s in sqlglot.parse(rendered.sql, read=dialect) if s is not None]
    except ParseError as problem:
        return _syntax(rendered, problem)
    except TokenError as problem:
        return error("FF301", f"this is not SQL: {str(problem).splitlines()[0]}", span)
    if not statements:
        help_ = "a transformation is one SELECT"
        return error("FF302", "there is no SQL in this file", span, help=[help_])
    if len(statements) > 1:
        message = f"there are {len(statements)} statements in this file"
        return error("FF302", message, span, help=["a transformation is one SELECT"])
    if not isinstance(statements[0], exp.Query):
        word = rendered.sql.split(maxsplit=1)[0]
        message = f"a transformation is one SELECT, not a {word.upper()}"
        place = rendered.sql.index(word)
        return error("FF302", message, rendered.map.span(place, place + len(word)))
    return None


def _syntax(rendered: Rendered, problem: ParseError) -> Diagnostic:
    facts = problem.errors[0] if problem.errors else {}
    before, found = facts.get("start_context") or "", facts.get("highlight") or ""
    start = rendered.sql.find(before + found) + len(before) if before + found else 0
    span = rendered.map.span(max(0, start), max(0, start) + max(1, len(found)))
    near = f" at `{found}`" if found else ""
    return error("FF301", f"this is not SQL{near}", span)


_CODES: Final = {
    "SYNTAX_ERROR": "FF301",
    "COLUMN_NOT_FOUND": "FF303",
    "MISSING_ENTRY": "FF304",
}


def _refused(rendered: Rendered, refusal: Refusal) -> Diagnostic:
    span = rendered.map.span(refusal.start, refusal.end)
    typed = rendered.sql[refusal.start : refusal.end]
    code = _CODES.get(refusal.kind, "FF305")
    message = refusal.message
    hints: tuple[str, ...] = ()
    if code == "FF303":
        message = f"there is no column `{typed}` here"
        hints = did_you_mean(typed, refusal.candidates)
        hints = hints or (
            (f"there are {listed(refusal.candidates)}",) if refusal.candidates else ()
        )
    elif code == "FF304" and message.startswith("Table"):
        message = f"there is no table `{typed}` here"
        hints = ("name tables with `{{ ref('...') }}` or `{{ source('...', '...') }}`",)
    elif code == "FF301":
        message = f"this is not SQL at `{typed}`"
    elif refusal.kind == "Permission":
        message = "a transformation reads files through sources only"
        hints = ("declare the file in `sources/` and read it with `{{ source('...', '...') }}`",)
    return error(code, message, span, help=hints)
