"""Files into a DuckDB table, each value as its column declares."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from ffc.adapter import DataError, Load, Type, widens
from ffc.adapter.sql import converted, sql_type, type_of_native

if TYPE_CHECKING:
    import duckdb

_TEXT = exp.DataType(this=exp.DType.TEXT)


def load_statement(cursor: duckdb.DuckDBPyConnection, load: Load) -> str:
    """Return the statement that makes the table; raises DataError where columns don't fit."""
    selects = [_select(cursor, load, file) for file in load.files]
    query: exp.Query = selects[0]
    for select in selects[1:]:
        query = exp.union(query, select, distinct=False)
    table = exp.table_(load.relation.name, db=load.relation.schema, quoted=True)
    return exp.Create(this=table, kind="TABLE", expression=query).sql(dialect="duckdb")


def _select(cursor: duckdb.DuckDBPyConnection, load: Load, file: str) -> exp.Select:
    scan = _csv(load, file) if load.format == "csv" else _parquet(file)
    native = _columns(cursor, scan)
    missing = [name for name, _ in load.columns if name not in native]
    if missing:
        raise DataError(
            f"`{Path(file).name}` has no column {_listed(missing)}",
            help=[f"it has {_listed(native)}"],
        )
    values = [
        exp.alias_(_value(load, file, name, wanted, native[name]), name, quoted=True)
        for name, wanted in load.columns
    ]
    return exp.select(*values).from_(scan)


def _listed(names: Sequence[str] | dict[str, str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _csv(load: Load, file: str) -> exp.Expr:
    """Read a CSV file by its header, nothing guessed.

    Times are read as text: DuckDB's own cast to TIMESTAMP drops an offset,
    `'2024-01-01T12:00:00+02:00'::TIMESTAMP` being 12:00.
    """
    declared = dict(load.columns)
    kinds = [
        exp.PropertyEQ(
            this=exp.Literal.string(name),
            expression=exp.Literal.string(_read_as(declared.get(name)).sql(dialect="duckdb")),
        )
        for name in _header(file)
    ]
    options = {
        "auto_detect": exp.false(),
        "header": exp.true(),
        "delim": exp.Literal.string(","),
        "quote": exp.Literal.string('"'),
        "escape": exp.Literal.string('"'),
        "nullstr": exp.Literal.string(""),
        "allow_quoted_nulls": exp.false(),
        "columns": exp.Struct(expressions=kinds),
    }
    return _table_function("read_csv", file, options)


def _header(file: str) -> list[str]:
    with Path(file).open(encoding="utf-8-sig", newline="") as lines:
        header = next(csv.reader(lines), [])
    if not header:
        raise DataError(f"`{Path(file).name}` is empty: a CSV file begins with its column names")
    return header


def _read_as(declared: Type | None) -> exp.DataType:
    if declared is None or declared.name in (
        "timestamp",
        "date",
        "bytes",
        "json",
        "list",
        "vector",
    ):
        return _TEXT
    return sql_type(declared)


def _parquet(file: str) -> exp.Expr:
    return _table_function("read_parquet", file, {})


def _table_function(name: str, file: str, options: Mapping[str, exp.Expr]) -> exp.Expr:
    arguments = [exp.EQ(this=exp.to_identifier(k), expression=v) for k, v in options.items()]
    return exp.Table(
        this=exp.Anonymous(this=name, expressions=[exp.Literal.string(file), *arguments])
    )


def _columns(cursor: duckdb.DuckDBPyConnection, scan: exp.Expr) -> dict[str, str]:
    query = exp.Describe(this=exp.select("*").from_(scan.copy()))
    return {name: native for name, native, *_ in cursor.execute(query.sql("duckdb")).fetchall()}


def _value(load: Load, file: str, name: str, wanted: Type, native: str) -> exp.Expr:
    column: exp.Expr = exp.column(exp.to_identifier(name, quoted=True))
    if load.format == "csv" and wanted.name == "timestamp":
        return _in_range(_parsed(column, load.timezone), name)
    given = type_of_native(native)
    if load.format == "parquet" and (given is None or not widens(given, wanted)):
        raise DataError(
            f"the column `{name}` of `{Path(file).name}` is {given or native}, "
            f"but the source declares {wanted}",
            help=[f"declare it {given}, and cast it in a transformation" if given else ""],
        )
    value = converted(column, native, wanted)
    if wanted.name != "timestamp":
        return value
    if load.timezone != "UTC" and native != "TIMESTAMP WITH TIME ZONE":
        value = _to_utc(_in_zone(value, load.timezone))
    return _in_range(value, name)


def _parsed(text: exp.Expr, timezone: str) -> exp.Expr:
    """Read text as an instant: with an offset as it says, without one in the source's zone.

    Digits finer than a microsecond are cut by DuckDB's parser, which is the floor.
    """
    instant = _to_utc(exp.cast(text, exp.DataType(this=exp.DType.TIMESTAMPTZ)))
    if timezone == "UTC":
        return instant
    pattern = exp.Literal.string(r"([zZ]|[+-]\d\d(:?\d\d)?)\s*$")
    zoned = exp.RegexpLike(this=text.copy(), expression=pattern)
    dated = exp.Like(this=text.copy(), expression=exp.Literal.string("%:%"))
    naive = exp.cast(text.copy(), exp.DataType(this=exp.DType.TIMESTAMP))
    return exp.Case(
        ifs=[exp.If(this=exp.and_(dated, zoned), true=instant)],
        default=_to_utc(_in_zone(naive, timezone)),
    )


def _to_utc(value: exp.Expr) -> exp.Expr:
    return exp.AtTimeZone(this=exp.Paren(this=value), zone=exp.Literal.string("UTC"))


def _in_zone(value: exp.Expr, timezone: str) -> exp.Expr:
    return exp.AtTimeZone(this=exp.Paren(this=value), zone=exp.Literal.string(timezone))


def _in_range(value: exp.Expr, name: str) -> exp.Expr:
    """Refuse infinity and years that not every store can hold."""
    low, high = (
        exp.cast(exp.Literal.string(t), exp.DataType(this=exp.DType.TIMESTAMP))
        for t in ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
    )
    refusal = f"the column `{name}` holds a time that is infinite or outside the years 0001 to 9999"
    outside = exp.Not(this=exp.Between(this=value, low=low, high=high))
    failing = exp.Anonymous(this="error", expressions=[exp.Literal.string(refusal)])
    return exp.Case(ifs=[exp.If(this=outside, true=failing)], default=value.copy())
