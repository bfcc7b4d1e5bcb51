"""Sources as relations: the tables of their files together, an existing table as it is declared."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from ffc.core.types import Type
from ffc.sql import build
from ffc.sql.types import converted, sql_type, type_of_native

# The first and the last instant that every store can hold.
YEARS = ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
_ZONED = "WITH TIME ZONE"


def together(tables: Sequence[exp.Table], columns: Sequence[str]) -> exp.Query:
    """Return the rows of all tables, which have the same columns."""
    selects = [exp.select(*(build.column(c) for c in columns)).from_(t.copy()) for t in tables]
    found: exp.Query = selects[0]
    for select in selects[1:]:
        found = exp.union(found, select, distinct=False)
    return found


def declared(
    table: exp.Table,
    columns: Sequence[tuple[str, str, Type]],
    timezone: str,
    type_of: Callable[[str], Type | None] = type_of_native,
) -> exp.Select:
    """Return a table's rows with its columns as their types; given as (name, native, wanted).

    Naive times are read in a time zone. `type_of` tells what the store's own types are.
    """
    return exp.select(
        *(
            build.named(_read(name, native, kind, timezone, type_of), name)
            for name, native, kind in columns
        )
    ).from_(table.copy())


def _read(
    name: str, native: str, wanted: Type, timezone: str, type_of: Callable[[str], Type | None]
) -> exp.Expr:
    value: exp.Expr = build.column(name)
    given = type_of(native)
    if wanted.name != "timestamp":
        # What is of the type already stays as it is; ffc widens the rest. Text is cast to text, so
        # that a store can give it the order that it has everywhere.
        if wanted.name == "string":
            return exp.cast(value, sql_type(wanted))
        return value if given == wanted else converted(value, native, wanted, type_of)
    value = converted(value, native, wanted, type_of)
    naive = given is not None and given.name == "timestamp" and _ZONED not in native.upper()
    if timezone == "UTC" or not naive:
        return value
    local = exp.AtTimeZone(this=exp.Paren(this=value), zone=exp.Literal.string(timezone))
    return exp.AtTimeZone(this=exp.Paren(this=local), zone=exp.Literal.string("UTC"))


def out_of_range(table: exp.Table, columns: Sequence[str]) -> exp.Select:
    """Return how many values of each time or date are infinite or of no year from 1 to 9999."""
    low, high = (exp.cast(exp.Literal.string(text), exp.DType.TIMESTAMP) for text in YEARS)
    counts = []
    for name in columns:
        inside = exp.Between(this=build.column(name), low=low.copy(), high=high.copy())
        outside = exp.Case(ifs=[exp.If(this=exp.Not(this=inside), true=exp.Literal.number(1))])
        counts.append(build.named(exp.Count(this=outside), name))
    return exp.select(*counts).from_(table.copy())


def newest(table: exp.Table, column: str) -> exp.Select:
    """Return the newest time of a column, as zone-less UTC."""
    value = exp.cast(exp.Max(this=build.column(column)), exp.DType.TIMESTAMP)
    return exp.select(build.named(value, "newest")).from_(table.copy())
