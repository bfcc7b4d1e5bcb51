"""Unit tests: what they name is there, and their rows have the columns of what they stand for."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ffc.compiler.catalog import Entry, resolve_relation
from ffc.compiler.compilation import Compilation, missing_column
from ffc.compiler.values import BadValue, default_value
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed, shortened
from ffc.core.names import node_id
from ffc.core.types import known_type
from ffc.manifest.records import Column, FeatureView, Transformation
from ffc.project.resources import Expected, Given, Overrides
from ffc.project.template import RESERVED, Unresolved

# The types whose values YAML can hold, as a JSON document can.
_COMPARED: Final = (
    *("string", "int32", "int64", "float32", "float64", "bool", "timestamp", "date"),
)


def check_unit_tests(state: Compilation) -> None:
    """Check every unit test."""
    for test in state.resources.unit_tests:
        node = node_id("unit_test", test.name)
        place = test.at("of")
        of = state.resolve(node, test.of, place, "transformation", "feature_view")
        if of is not None:
            state.say(node, *_check_rows(state, test.expect, of, f"`{test.of}`"))
            if test.overrides is not None:
                state.say(node, *_check_overrides(state, test.overrides, of))
        first: dict[str, Span] = {}
        for given in test.given:
            entry = _input(state, node, given)
            if entry is None:
                continue
            unread = _unread(state, of, entry, given)
            if unread is not None:
                state.say(node, unread)
                continue
            state.say(node, *_check_rows(state, given, entry, f"`{given.input.strip()}`"))
            before = first.setdefault(entry.id, given.at("input"))
            if before is not given.at("input"):
                message = f"`{given.input.strip()}` is given twice"
                related = [before.labelled("first here")]
                state.say(node, error("FF204", message, given.at("input"), related=related))


def _input(state: Compilation, node: str, given: Given) -> Entry | None:
    try:
        return resolve_relation(state.catalog, given.input)
    except Unresolved as problem:
        state.say(node, problem.at(given.at("input")))
        return None


def _reads(state: Compilation, of: Entry) -> set[str] | None:
    """Return the nodes that a unit test's subject reads; None where an earlier error hides them."""
    made = state.nodes.get(of.id)
    if isinstance(made, FeatureView):
        return {made.source}
    if not isinstance(made, Transformation):
        return None
    following = state.following.get(of.id)
    return {*made.depends_on, *(following.refs if following is not None else ())}


def _unread(state: Compilation, of: Entry | None, entry: Entry, given: Given) -> Diagnostic | None:
    """Return the error for rows of what the subject does not read."""
    reads = _reads(state, of) if of is not None else None
    if of is None or reads is None or entry.id in reads:
        return None
    message = f"`{of.name}` doesn't read `{given.input.strip()}`"
    help_ = f"it reads {listed(map(_called, sorted(reads)))}" if reads else "it reads nothing"
    return error("FF215", message, given.at("input"), help=[help_])


def _called(node: str) -> str:
    kind, _, name = node.partition(".")
    if kind == "source":
        group, _, table = name.partition(".")
        return f"source('{group}', '{table}')"
    return f"ref('{name}')"


def _check_overrides(state: Compilation, overrides: Overrides, of: Entry) -> Iterator[Diagnostic]:
    """Yield what a unit test puts something else for, and its subject doesn't know."""
    renderings = [r for r in (state.rendered.get(of.id), state.following.get(of.id)) if r]
    read = {name for rendered in renderings for name in rendered.variables}
    environment = {name for rendered in renderings for name in rendered.environment}
    for key, names, known, what in (
        ("vars", overrides.vars, read, "variable"),
        ("env_vars", overrides.env_vars, environment, "environment variable"),
    ):
        for name in names:
            if name not in known and of.id not in state.failed:
                message = f"`{of.name}` reads no {what} `{name}`"
                has = f"it reads {listed(sorted(known))}" if known else "it reads none"
                help_ = did_you_mean(name, known) or (has,)
                yield error("FF215", message, overrides.at.key(key, name), help=help_)
    macros = {*state.macro_names, *RESERVED}
    for name in overrides.macros:
        if name not in macros:
            message = f"there is no macro `{name}`"
            place = overrides.at.key("macros", name)
            yield error("FF202", message, place, help=did_you_mean(name, macros))


def _check_rows(
    state: Compilation, written: Given | Expected, entry: Entry, where: str
) -> Iterator[Diagnostic]:
    """Yield what is wrong with rows: their form, and columns that there are not."""
    rows, place = written.rows, written.at("rows")
    columns = state.columns(entry.id)
    if isinstance(rows, str) is (written.format == "dict"):
        shape = "a list of mappings" if written.format == "dict" else "text"
        message = f"rows of the format `{written.format}` are {shape}"
        help_ = "write `rows: |` and the text below, indented"
        if written.format == "dict":
            help_ = "write `- {column: value}`, or say `format: csv` or `format: sql`"
        yield error("FF105", message, place, help=[help_])
    elif written.format == "sql":
        yield from _check_sql(str(rows), place, state.project.dialect, columns, where)
    elif isinstance(rows, str):
        header = next(csv.reader(rows.strip().splitlines()[:1]), [])
        yield from _unknown(((name.strip(), place) for name in header), columns, where)
    else:
        keys = [
            (name, written.at.key("rows", index, name))
            for index, row in enumerate(rows)
            for name in row
        ]
        yield from _unknown(keys, columns, where)
        yield from _unlike(written, rows, columns or {})


def _unlike(
    written: Given | Expected, rows: Sequence[Mapping[str, object]], columns: Mapping[str, Column]
) -> Iterator[Diagnostic]:
    """Yield each value that is not of its column's type."""
    for index, row in enumerate(rows):
        for name, value in row.items():
            column = columns.get(name)
            if column is None or column.type not in _COMPARED:
                continue
            try:
                default_value(value, known_type(column.type))
            except BadValue as problem:
                message = f"the column `{name}` is {column.type}, not `{shortened(str(value))}`"
                place = written.at("rows", index, name)
                yield error("FF406", message, place, help=[str(problem)])


def _unknown(
    names: Iterable[tuple[str, Span]], columns: Mapping[str, Column] | None, where: str
) -> Iterator[Diagnostic]:
    """Yield each column that there is not, at the first row that has it."""
    if columns is None:
        return
    first = {name: span for name, span in reversed(list(names)) if name not in columns}
    for name, span in sorted(first.items(), key=lambda item: item[1].start):
        yield missing_column(name, columns, where, span)


def _check_sql(
    text: str, place: Span, dialect: str, columns: Mapping[str, Column] | None, where: str
) -> Iterator[Diagnostic]:
    try:
        found = [tree for tree in sqlglot.parse(text, read=dialect) if tree is not None]
    except (SqlglotError, RecursionError):
        yield error("FF301", "these rows are not SQL", place)
        return
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        yield error("FF302", "rows of the format `sql` are one SELECT", place)
    elif not found[0].is_star:
        yield from _unknown(((name, place) for name in found[0].named_selects), columns, where)
