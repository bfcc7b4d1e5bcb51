"""Unit tests: what they name is there, and their rows have the columns of what they stand for."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ffc.compiler.catalog import Entry, resolve_relation
from ffc.compiler.compilation import Compilation, missing_column
from ffc.core.diagnostics import Diagnostic, Span, error
from ffc.core.names import node_id
from ffc.manifest.records import Column
from ffc.project.resources import Expected, Given
from ffc.project.template import Unresolved


def check_unit_tests(state: Compilation) -> None:
    """Check every unit test."""
    for test in state.resources.unit_tests:
        node = node_id("unit_test", test.name)
        place = test.at("of")
        of = state.resolve(node, test.of, place, "transformation", "feature_view")
        if of is not None:
            state.say(node, *_check_rows(state, test.expect, of, f"`{test.of}`"))
        first: dict[str, Span] = {}
        for given in test.given:
            entry = _input(state, node, given)
            if entry is None:
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
        yield from _check_sql(str(rows), place, state.project.dialect)
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


def _unknown(
    names: Iterable[tuple[str, Span]], columns: Mapping[str, Column] | None, where: str
) -> Iterator[Diagnostic]:
    """Yield each column that there is not, at the first row that has it."""
    if columns is None:
        return
    first = {name: span for name, span in reversed(list(names)) if name not in columns}
    for name, span in sorted(first.items(), key=lambda item: item[1].start):
        yield missing_column(name, columns, where, span)


def _check_sql(text: str, place: Span, dialect: str) -> Iterator[Diagnostic]:
    try:
        found = [tree for tree in sqlglot.parse(text, read=dialect) if tree is not None]
    except (SqlglotError, RecursionError):
        yield error("FF301", "these rows are not SQL", place)
        return
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        yield error("FF302", "rows of the format `sql` are one SELECT", place)
