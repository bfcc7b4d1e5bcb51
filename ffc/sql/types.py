"""Types and values in SQL, and how a column of a foreign type becomes one of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from sqlglot import exp

from ffc.core.types import Type

_KINDS: Final = {
    "string": exp.DType.TEXT,
    "int32": exp.DType.INT,
    "int64": exp.DType.BIGINT,
    "float32": exp.DType.FLOAT,
    "float64": exp.DType.DOUBLE,
    "bool": exp.DType.BOOLEAN,
    "timestamp": exp.DType.TIMESTAMP,
    "date": exp.DType.DATE,
    "bytes": exp.DType.VARBINARY,
    "json": exp.DType.JSON,
}

# https://duckdb.org/docs/stable/sql/data_types/overview
_NATIVE: Final = {
    "VARCHAR": "string",
    "TINYINT": "int32",
    "SMALLINT": "int32",
    "INTEGER": "int32",
    "UTINYINT": "int32",
    "USMALLINT": "int32",
    "UINTEGER": "int64",
    "BIGINT": "int64",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "BOOLEAN": "bool",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "DATE": "date",
    "BLOB": "bytes",
    "JSON": "json",
}


def sql_type(wanted: Type) -> exp.DataType:
    """Return a type as SQL has it."""
    if wanted.name == "decimal":
        sizes = [
            exp.DataTypeParam(this=exp.Literal.number(n)) for n in (wanted.precision, wanted.scale)
        ]
        return exp.DataType(this=exp.DType.DECIMAL, expressions=sizes)
    if wanted.name == "list" and wanted.item:
        return exp.DataType(this=exp.DType.ARRAY, expressions=[sql_type(wanted.item)], nested=True)
    if wanted.name == "vector":
        size = exp.Literal.number(wanted.size)
        item = exp.DataType(this=exp.DType.FLOAT)
        return exp.DataType(this=exp.DType.ARRAY, expressions=[item], values=[size], nested=True)
    return exp.DataType(this=_KINDS[wanted.name])


def type_of_native(native: str) -> Type | None:
    """Return the type of a DuckDB column, or None for one that features and keys can't have."""
    if native in _NATIVE:
        return Type(name=_NATIVE[native])
    if match := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", native):
        return Type(name="decimal", precision=int(match[1]), scale=int(match[2]))
    if match := re.fullmatch(r"FLOAT\[(\d+)\]", native):
        return Type(name="vector", size=int(match[1]))
    if native.endswith("[]"):
        item = type_of_native(native[:-2])
        return Type(name="list", item=item) if item else None
    return None


_OTHER_KINDS: Final = {
    exp.DType.VARCHAR: "string",
    exp.DType.CHAR: "string",
    exp.DType.TINYINT: "int32",
    exp.DType.SMALLINT: "int32",
    exp.DType.TIMESTAMPTZ: "timestamp",
    exp.DType.TIMESTAMPNTZ: "timestamp",
    exp.DType.BINARY: "bytes",
}


def type_of_sql(found: exp.DataType | None) -> Type | None:
    """Return the type of a typed expression; None where it is unknown or none of ours."""
    if found is None or not isinstance(found.this, exp.DType):
        return None
    sizes = [int(size.name) for size in found.expressions if isinstance(size, exp.DataTypeParam)]
    if found.this == exp.DType.DECIMAL:
        return Type(name="decimal", precision=sizes[0], scale=sizes[1]) if len(sizes) == 2 else None
    kinds = {kind: name for name, kind in _KINDS.items()} | _OTHER_KINDS
    return Type(name=kinds[found.this]) if found.this in kinds else None


_NARROW: Final = ("TINYINT", "SMALLINT", "UTINYINT", "USMALLINT", "UINTEGER")


def converted(
    value: exp.Expr,
    native: str,
    wanted: Type,
    type_of: Callable[[str], Type | None] = type_of_native,
) -> exp.Expr:
    """Return a column's value as a type that holds all its values.

    Instants become zone-less UTC to the microsecond, finer digits floored (also before 1970);
    -0.0 becomes 0.0. `type_of` tells what a store's own types are.
    """
    given, native = type_of(native), native.upper()
    if given is not None and given.name == "timestamp":
        value = _instant(value, native)
        return value if wanted.name == "timestamp" else exp.cast(value, sql_type(wanted))
    # A store may hold JSON in several ways, of which it compares but one.
    if given != wanted or wanted.name == "json" or native in _NARROW:
        value = exp.cast(value, sql_type(wanted))
    if wanted.is_float:
        return exp.cast(exp.Add(this=value, expression=exp.Literal.number("0.0")), sql_type(wanted))
    return value


def _instant(value: exp.Expr, native: str) -> exp.Expr:
    if native == "TIMESTAMP WITH TIME ZONE":
        return exp.AtTimeZone(this=value, zone=exp.Literal.string("UTC"))
    if native == "TIMESTAMP_NS":
        # A plain cast rounds to the nearest microsecond, into the future half of the time.
        floored: exp.Expr = exp.maybe_parse(
            "make_timestamp((epoch_ns(:x) - ((epoch_ns(:x) % 1000) + 1000) % 1000) // 1000)",
            dialect="duckdb",
        )
        return exp.replace_placeholders(floored, x=value)
    if native in ("TIMESTAMP_S", "TIMESTAMP_MS"):
        return exp.cast(value, exp.DataType(this=exp.DType.TIMESTAMP))
    return value


def literal(value: object, wanted: Type) -> exp.Expr:
    """Return a value of the manifest (JSON) as SQL of a type."""
    if value is None:
        return exp.cast(exp.Null(), sql_type(wanted))
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, list | tuple):
        item = wanted.item or Type(name="float32")
        array = exp.Array(expressions=[literal(each, item) for each in value])
        return exp.cast(array, sql_type(wanted))
    return exp.cast(exp.Literal.string(str(value)), sql_type(wanted))
