"""Rows of unit tests, as mappings, CSV or SQL: their columns and values are such as a table has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import sqlglot
from msgspec import Struct
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ffc.compiler.compilation import missing_column
from ffc.compiler.oracle import Oracle, Refusal
from ffc.compiler.queries.check import check_text
from ffc.compiler.queries.lexing import Fault, lex, without_end
from ffc.compiler.queries.refusals import refused_binding
from ffc.compiler.queries.statements import STATEMENT
from ffc.compiler.values import BadValue, default_value
from ffc.core.decode import part_of
from ffc.core.diagnostics import Diagnostic, Position, Span, error, shortened
from ffc.core.lines import Lines
from ffc.core.types import known_type
from ffc.core.yaml import resolve_plain
from ffc.manifest.records import Column
from ffc.project.resources import Expected, Given

_NUMBERS: Final = ("int32", "int64", "float32", "float64", "decimal")
# The types whose values YAML can hold, as a JSON document can.
_COMPARED: Final = (*_NUMBERS, "string", "bool", "timestamp", "date")
# Types whose values CSV writes as YAML writes text.
_TEXTS: Final = ("string", "timestamp", "date", "decimal")
# A value of CSV: in quotes, where a quote is written twice; or as it is.
_CELL: Final = re.compile(r'[ \t]*(?:"([^"]*(?:""[^"]*)*)"[ \t]*(?=[,\n]|\Z)|([^,\n]*))')
_READS_NOTHING: Final = "rows read no table: write the values, `select 1 as x` for example"


class _Cell(NamedTuple):
    """A value of CSV, and where it stands in the text."""

    text: str
    start: int
    end: int
    quoted: bool


class Table(Struct, frozen=True, kw_only=True):
    """What rows stand for: what messages call it, and its columns if they are known."""

    where: str
    columns: Mapping[str, Column] | None
    dialect: str

    def unknown(self, names: Iterable[tuple[str, Span]]) -> Iterator[Diagnostic]:
        """Yield each column that there is not, where it is first named."""
        if self.columns is None:
            return
        named = reversed(list(names))
        first = {name: span for name, span in named if name not in self.columns}
        for name, span in sorted(first.items(), key=lambda item: item[1].start):
            yield missing_column(name, self.columns, self.where, span)

    def column(self, name: str) -> Column | None:
        """Return a column that values can be compared with."""
        found = (self.columns or {}).get(name)
        known = found is not None and found.type and known_type(found.type).name in _COMPARED
        return found if known else None


class _Text:
    """Rows that were written as text; of a block the last line tells how far it is indented."""

    def __init__(self, text: str, span: Span) -> None:
        self.text = text
        self.span = span
        self._lines = Lines(span.file, text)
        lines = text.rstrip(" \t\n").split("\n")
        block = text.endswith("\n") and span.end.line - span.start.line == len(lines)
        self._indent = span.end.column - 1 - len(lines[-1]) if block else 0

    def part(self, start: int, end: int) -> Span:
        """Return the place of some characters; of all where YAML changed the text."""
        first = self.span.start.line
        if first == self.span.end.line:
            return part_of(self.span, self.text, start, end)
        if self._indent < 1:
            return self.span
        found = (self._lines.position(offset) for offset in (start, end))
        begin, close = (Position(first + at.line, self._indent + at.column) for at in found)
        return Span(file=self.span.file, start=begin, end=close)


def check_rows(
    written: Given | Expected, table: Table, oracle: Oracle | None
) -> Iterator[Diagnostic]:
    """Yield what is wrong with rows: their form, columns that there are not, values."""
    rows, place = written.rows, written.at("rows")
    if isinstance(rows, str) is (written.format == "dict"):
        shape = "a list of mappings" if written.format == "dict" else "text"
        message = f"rows of the format `{written.format}` are {shape}"
        help_ = "write `rows: |` and the text below, indented"
        if written.format == "dict":
            help_ = "write `- {column: value}`, or say `format: csv` or `format: sql`"
        yield error("FF105", message, place, help=[help_])
    elif not isinstance(rows, str):
        keys = [
            (name, written.at.key("rows", index, name))
            for index, row in enumerate(rows)
            for name in row
        ]
        yield from table.unknown(keys)
        for index, row in enumerate(rows):
            for name, value in row.items():
                yield from _unlike(table, name, value, written.at("rows", index, name))
    elif oracle is not None and written.format == "sql":
        yield from _check_sql(_Text(rows, place), table, oracle)
    else:
        yield from _check_csv(_Text(rows, place), table)


def _unlike(table: Table, name: str, value: object, place: Span) -> Iterator[Diagnostic]:
    """Yield the error for a value that is not of its column's type."""
    column = table.column(name)
    if column is None:
        return
    try:
        default_value(value, known_type(column.type))
    except BadValue as problem:
        shown = str(value).lower() if isinstance(value, bool) else shortened(str(value))
        message = f"the column `{name}` is {column.type}, not `{shown}`"
        yield error("FF406", message, place, help=[str(problem)])


def _check_csv(written: _Text, table: Table) -> Iterator[Diagnostic]:
    """Yield what is wrong with rows of CSV: quotes, the names of columns, the rows below."""
    records = list(_records(written.text))
    cells = (cell for record in records for cell in record)
    torn = next((cell for cell in cells if cell.text.startswith('"') and not cell.quoted), None)
    if torn is not None:
        place = written.part(torn.start, torn.end)
        help_ = "put quotes around all of it, and write a quote within twice"
        yield error("FF105", "the quotes of this value don't match", place, help=[help_])
        return
    if not records:
        help_ = "write the names of columns in the first line, with commas between"
        yield error("FF106", "these rows have no header", written.span, help=[help_])
        return
    header, *rows = records
    names = [(cell.text, written.part(cell.start, cell.end)) for cell in header]
    nameless = next((place for name, place in names if not name), None)
    if nameless is not None:
        help_ = "write a name here, or leave the comma out"
        yield error("FF106", "a column of these rows has no name", nameless, help=[help_])
        return
    yield from table.unknown(names)
    yield from _twice(names)
    for row in rows:
        if len(row) != len(header):
            values = "1 value" if len(row) == 1 else f"{len(row)} values"
            message = f"this row has {values}, and the header has {len(header)}"
            help_ = "put a value that has a comma in quotes; leave nothing for a null"
            place = written.part(row[0].start, row[-1].end)
            yield error("FF105", message, place, help=[help_])
            continue
        for (name, _), cell in zip(names, row, strict=True):
            place = written.part(cell.start, cell.end)
            yield from _unlike(table, name, _value(cell, table.column(name)), place)


def _records(text: str) -> Iterator[Sequence[_Cell]]:
    """Yield the values of each line of CSV; empty lines are none."""
    cells: list[_Cell] = []
    position = 0
    while position < len(text) or cells:
        found = _CELL.match(text, position)
        if found is None:  # the pattern fits nothing, too
            return
        quoted = found[1] is not None
        start, end = found.span(1 if quoted else 2)
        inside = found[1].replace('""', '"') if quoted else found[2].rstrip()
        end = end if quoted else start + len(inside)
        cells.append(_Cell(inside, start - quoted, end + quoted, quoted))
        position = found.end() + 1
        if text[found.end() : position] != ",":
            if len(cells) > 1 or inside or quoted:
                yield cells
            cells = []


def _value(cell: _Cell, column: Column | None) -> object:
    """Return what a value of CSV would be in YAML; nothing between commas is a null."""
    if cell.quoted or not cell.text:
        return cell.text if cell.quoted else None
    text = column is None or known_type(column.type).name in _TEXTS
    return cell.text if text else resolve_plain(cell.text)


def _twice(names: Iterable[tuple[str, Span]]) -> Iterator[Diagnostic]:
    """Yield each name that a column before has."""
    first: dict[str, Span] = {}
    for name, place in names:
        before = first.get(name)
        first.setdefault(name, place)
        if before is not None:
            related = [before.labelled("first here")] if before != place else []
            message = f"two columns of one name: `{name}`"
            yield error("FF405", message, place, related=related, help=["leave one out"])


def _check_sql(written: _Text, table: Table, oracle: Oracle) -> Iterator[Diagnostic]:
    """Yield what is wrong with rows of SQL: their text, what they read, their columns."""
    tokens = lex(written.text)
    braces = next((a for a, b in pairwise(tokens) if a.text == "{" and b.text in "{%"), None)
    if braces is not None:
        place = written.part(braces.start, braces.start + 2)
        yield error("FF301", "rows are not a template", place, help=[_READS_NOTHING])
        return
    empty = Fault(STATEMENT, "", 0, 0)
    faults = check_text(written.text, tokens, table.dialect, oracle.parser) if tokens else [empty]
    if not faults:
        found = oracle.describe(without_end(written.text))
        if not isinstance(found, Refusal):
            yield from _check_columns(written, table, found)
            return
        faults = [refused_binding(written.text, tokens, found)]
    for fault in faults:
        if fault.code == STATEMENT:
            yield error(STATEMENT, "rows of the format `sql` are one SELECT", written.span)
            return
        reads = fault.message.startswith("there is no table")
        place = written.part(fault.start, fault.end)
        yield error(
            fault.code, fault.message, place, help=[_READS_NOTHING] if reads else fault.help
        )


def _check_columns(written: _Text, table: Table, found: Sequence[Column]) -> Iterator[Diagnostic]:
    """Yield the columns of rows of SQL that there are not, or that have other values."""
    places = _selected(written, table.dialect)
    exact = len(places) == len(found)
    names = [(c.name, places[at] if exact else written.span) for at, c in enumerate(found)]
    yield from table.unknown(names)
    yield from _twice(names)
    for made, (_, place) in zip(found, names, strict=True):
        column = table.column(made.name)
        if column is not None and made.type and not _alike(column.type, made.type):
            message = f"the column `{made.name}` is {column.type}, not {made.type}"
            help_ = f"convert it: `cast(... as {column.native})`"
            yield error("FF406", message, place, help=[help_])


def _alike(wanted: str, made: str) -> bool:
    """Tell whether values of a type can stand for those of another; times may be texts."""
    of, by = known_type(wanted).name, known_type(made).name
    if of in ("timestamp", "date"):
        return by in ("timestamp", "date", "string")
    return of == by or (of in _NUMBERS and by in _NUMBERS)


def _selected(written: _Text, dialect: str) -> list[Span]:
    """Return where the names of a query's columns stand."""
    try:
        query = sqlglot.parse_one(without_end(written.text), read=dialect)
    except (SqlglotError, RecursionError):
        return []
    places = []
    for column in query.selects if isinstance(query, exp.Query) else []:
        named = column.args.get("alias") or column.this
        meta = named.meta if isinstance(named, exp.Expression) else {}
        known = "start" in meta
        places.append(written.part(meta["start"], meta["end"] + 1) if known else written.span)
    return places
