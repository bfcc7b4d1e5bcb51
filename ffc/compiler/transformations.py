"""Transformations: rendered, ordered, checked to be one SELECT, and given columns with types."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import dropwhile, pairwise
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from ffc.compiler.catalog import find_source, resolve_relation
from ffc.compiler.compilation import Compilation
from ffc.compiler.oracle import Oracle, Refusal
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.names import node_id
from ffc.manifest.records import Column, Transformation
from ffc.project.resources import TransformationNotes
from ffc.project.template import Rendered, Resolver, Unresolved, render

MATERIALIZED: Final = ("view", "table")
MATERIALIZED_LATER: Final = ("incremental", "ephemeral", "snapshot")
SETTINGS: Final = ("materialized",)
ONE_SELECT: Final = "a transformation is one SELECT"
_FIRST_WORDS: Final = ("select", "with", "from", "values")
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
            valid = listed(MATERIALIZED, "or")
            message = f"`materialized` must be {valid}, not `{value}`"
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
            state.report(node, problem.at(view.at("source")))
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
    names = [f"`{node.partition('.')[2]}`" for node in turned]
    edges = [
        graph[node][read].labelled(f"{name} reads {other}")
        for (node, read), (name, other) in zip(pairwise(turned), pairwise(names), strict=True)
    ]
    return error("FF205", f"a cycle: {' -> '.join(names)}", edges[0], related=edges[1:])


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
    problem = _check_column_names(rendered, columns, state.project.dialect)
    if problem is not None:
        state.report(node, problem)
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
        tokens = sqlglot.tokenize(rendered.sql, read=dialect)
        statements = [s for s in sqlglot.parse(rendered.sql, read=dialect) if s is not None]
    except ParseError as problem:
        return _syntax(rendered, problem)
    except TokenError as problem:
        return _unclosed(rendered, problem)
    if not statements:
        return error("FF302", "there is no SQL in this file", span, help=[ONE_SELECT])
    if len(statements) > 1:
        message = f"there are {len(statements)} statements in this file"
        after = dropwhile(lambda token: token.text != ";", tokens)
        second = next((token for token in after if token.text != ";"), tokens[0])
        place = rendered.map.span(second.start, second.end + 1)
        return error("FF302", message, place, help=[ONE_SELECT])
    if not isinstance(statements[0], exp.Query):
        message = f"{ONE_SELECT}, not `{tokens[0].text.upper()}`"
        return error("FF302", message, rendered.map.span(tokens[0].start, tokens[0].end + 1))
    return None


def _syntax(rendered: Rendered, problem: ParseError) -> Diagnostic:
    facts = problem.errors[0] if problem.errors else {}
    before, found = facts.get("start_context") or "", facts.get("highlight") or ""
    start = rendered.sql.find(before + found) + len(before) if before + found else 0
    span = rendered.map.span(max(0, start), max(0, start) + max(1, len(found)))
    near = f" at `{found}`" if found else ""
    first = re.match(r"\s*(\w*)", rendered.sql)
    word = first[1].lower() if first else ""
    hints = did_you_mean(word, _FIRST_WORDS) if word not in _FIRST_WORDS else ()
    return error("FF301", f"this is not SQL{near}", span, help=hints)


def _unclosed(rendered: Rendered, problem: TokenError) -> Diagnostic:
    """Report a quote or a comment without an end, where it begins."""
    quote = re.match(r"Missing (\S+) from \d+:(\d+)", str(problem.__cause__))
    mark = quote[1] if quote else "/*"
    start = int(quote[2]) if quote else max(0, rendered.sql.rfind(mark))
    span = rendered.map.span(start, start + len(mark))
    return error("FF301", f"this is not SQL: `{mark}` is never closed", span)


def _check_column_names(
    rendered: Rendered, columns: Sequence[Column], dialect: str
) -> Diagnostic | None:
    """Report the first name that two columns of a query share, case aside."""
    seen: dict[str, str] = {}
    for column in columns:
        first = seen.setdefault(column.name.lower(), column.name)
        if first is not column.name:
            message = f"two columns of one name: {listed(dict.fromkeys((first, column.name)))}"
            help_ = "give one of them another name with `as`"
            span = _second_of(rendered, column.name.lower(), dialect)
            return error("FF405", message, span, help=[help_])
    return None


def _second_of(rendered: Rendered, name: str, dialect: str) -> Span:
    """Return where the second column of a name is written; the file where that can't be told."""
    query = sqlglot.parse_one(rendered.sql, read=dialect)
    selects = query.selects if isinstance(query, exp.Query) else []
    same = [s for s in selects if s.alias_or_name.lower() == name]
    named = (same[1].args.get("alias") or same[1].this) if len(same) > 1 else None
    meta = named.meta if isinstance(named, exp.Expression) else {}
    if "start" not in meta:
        return rendered.file.span
    return rendered.map.span(meta["start"], meta["end"] + 1)


_CODES: Final = {
    "SYNTAX_ERROR": "FF301",
    "COLUMN_NOT_FOUND": "FF303",
    "MISSING_ENTRY": "FF304",
}
_NO_FUNCTION = re.compile(r".*Function with name (\S+) does not exist")
_NO_COLUMN = re.compile(r"(?:Table|Values list) \"(.+)\" does not have a column named \"(.+)\"")
_NO_TABLE = re.compile(r"Referenced table \"(.+)\" not found")


def _refused(rendered: Rendered, refusal: Refusal) -> Diagnostic:
    """Say in our words why DuckDB does not bind a query; where we have none, in its own."""
    typed = rendered.sql[refusal.start : refusal.end]
    code = _CODES.get(refusal.kind, "FF305")
    span = rendered.map.span(refusal.start, refusal.end)
    hints: tuple[str, ...] = ()
    message = refusal.message
    if match := _NO_FUNCTION.match(message):
        span = rendered.map.span(refusal.start, refusal.start + len(match[1]))
        message = f"there is no function `{match[1]}`"
        hints = did_you_mean(match[1], refusal.candidates)
    elif code == "FF304" and message.startswith("Table"):
        message = f"there is no table `{typed}` here"
        hints = ("name tables with `{{ ref('...') }}` or `{{ source('...', '...') }}`",)
    elif code == "FF301":
        message = f"this is not SQL at `{typed}`"
    elif refusal.kind == "Permission":
        message = "a transformation reads files through sources only"
        hints = ("declare the file in `sources/` and read it with `{{ source('...', '...') }}`",)
    elif missing := _missing(code, typed, refusal):
        code, message, hints = missing
    return error(code, message, span, help=hints)


def _missing(code: str, typed: str, refusal: Refusal) -> tuple[str, str, tuple[str, ...]] | None:
    """Return code, message and help for a column or a table's alias that there is not."""
    if code == "FF303":
        name, message = typed, f"there is no column `{typed}` here"
    elif match := _NO_COLUMN.match(refusal.message):
        name, message = match[2], f"there is no column `{match[2]}` in `{match[1]}`"
    elif match := _NO_TABLE.match(refusal.message):
        code, name, message = "FF304", match[1], f"there is no table `{match[1]}` here"
    else:
        return None
    there = (f"there are {listed(refusal.candidates)}",) if refusal.candidates else ()
    code = "FF303" if code == "FF305" else code
    return code, message, did_you_mean(name, refusal.candidates) or there
