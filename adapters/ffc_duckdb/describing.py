"""Which columns files have, by DuckDB's own look at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from glob import escape
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from ffc.adapter import DataError, Format, Type, Unreachable, widens
from ffc.adapter.sql import type_of_native
from ffc_duckdb.json_files import json_form
from ffc_duckdb.loading import csv_header

if TYPE_CHECKING:
    import duckdb

_PADDED: Final = r"^\s*[+-]?0\d"
# So many rows of a file are looked at, as DuckDB does to guess its types.
_LOOKED_AT: Final = 20_480


def file_columns(files: Sequence[str], format: Format) -> list[tuple[str, str, Type | None]]:
    """Return the columns that all files have, in the order of the first; raises DataError.

    A column of several types is of the one that holds the values of all. No database is opened:
    there may be none yet.
    """
    import duckdb

    try:
        with closing(duckdb.connect()) as connection:
            first, *others = (dict(_columns(connection, file, format)) for file in files)
    except OSError as problem:
        raise Unreachable(f"a file of the source can't be read: {problem}") from problem
    for other in others:
        first = {n: _wider(native, other[n], format) for n, native in first.items() if n in other}
    return [(name, native, type_of_native(native)) for name, native in first.items()]


def _columns(
    connection: duckdb.DuckDBPyConnection, file: str, format: Format
) -> Iterator[tuple[str, str]]:
    import duckdb

    name = file.rpartition("/")[2]
    if format == "csv":
        csv_header(file, name)
    query = exp.Describe(this=exp.select("*").from_(_scan(file, format)))
    try:
        rows = connection.execute(query.sql("duckdb")).fetchall()
        numbers = [column for column, native, *_ in rows if native == "BIGINT"]
        padded = _padded(connection, file, numbers) if format == "csv" and numbers else set()
    except duckdb.Error as problem:
        said = str(problem).strip().partition("\n")[0].replace(file, name)
        raise DataError(f"`{name}` can't be read as {format}", help=[said]) from problem
    for column, native, *_ in rows:
        if column in padded:
            native = "VARCHAR"
        # One that DuckDB reads, and that no column of ours is of.
        native = native.replace("TIMESTAMPTZ_NS", "TIMESTAMP_NS")
        yield column, native if format == "parquet" else _readable(native, format)


def _padded(connection: duckdb.DuckDBPyConnection, file: str, columns: Sequence[str]) -> set[str]:
    """Return which columns of a CSV file have numbers such as `007`, which are texts."""
    pattern = exp.Literal.string(_PADDED)
    found = [
        exp.LogicalOr(
            this=exp.RegexpLike(this=exp.column(name, quoted=True), expression=pattern.copy())
        )
        for name in columns
    ]
    sample = exp.select("*").from_(_scan(file, "csv", all_varchar=exp.true())).limit(_LOOKED_AT)
    query = exp.select(*found).from_(sample.subquery("sample"))
    row = connection.execute(query.sql("duckdb")).fetchone() or ()
    return {name for name, is_padded in zip(columns, row, strict=True) if is_padded}


def _scan(file: str, format: Format, **options: exp.Expr) -> exp.Expr:
    if format == "csv":
        # As files are loaded: a header, commas, nothing between them is null, nothing passed over.
        options |= {
            "header": exp.true(),
            "delim": exp.Literal.string(","),
            "quote": exp.Literal.string('"'),
            "escape": exp.Literal.string('"'),
            "nullstr": exp.Literal.string(""),
            "skip": exp.Literal.number(0),
            "comment": exp.Literal.string(""),
        }
    elif format == "json":
        options |= {"format": exp.Literal.string(json_form(file))}
    arguments = [exp.EQ(this=exp.to_identifier(k), expression=v) for k, v in options.items()]
    path = exp.Literal.string(escape(file))
    return exp.Table(this=exp.Anonymous(this=f"read_{format}", expressions=[path, *arguments]))


def _readable(native: str, format: Format) -> str:
    """Return what a guessed type can be read as: text can always be text."""
    if type_of_native(native) is not None:
        return native
    nested = native.startswith(("STRUCT", "MAP")) or native.endswith("]")
    return "JSON" if nested and format == "json" else "VARCHAR"


def _wider(one: str, other: str, format: Format) -> str:
    kinds = type_of_native(one), type_of_native(other)
    if one == other or kinds[0] is None or kinds[1] is None:
        return one
    if widens(kinds[0], kinds[1]):
        return other
    return one if format == "parquet" or widens(kinds[1], kinds[0]) else "VARCHAR"
