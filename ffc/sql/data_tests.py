"""Queries of the rows that break a data test; of a whole table that does, one row that says how.

Nulls pass every test but `not_null`, as a comparison with null says neither true nor false.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from ffc.core.types import Type
from ffc.sql import build
from ffc.sql.types import literal, sql_type

# The relation with one row that tells the instant at which a test is run.
NOW: Final = "now"
TIMES_SEEN: Final = "times"
NEWEST: Final = "newest"
ROWS: Final = "rows"
# Types of which YAML has no values.
AS_TEXT: Final = ("json", "list", "vector")


def rows_of(node: str, where: exp.Expr | None = None) -> exp.Select:
    """Return the rows of a node that a test is about."""
    query = exp.select("*").from_(build.reference(node))
    return query.where(where.copy()) if where is not None else query


def not_null(rows: exp.Select, column: str) -> exp.Select:
    """Return the rows in which a column is null."""
    return _in(rows).where(exp.Is(this=build.column(column), expression=exp.Null()))


def unique(rows: exp.Select, column: str) -> exp.Select:
    """Return the values that a column has more than once, with how often."""
    value, count = build.column(column), exp.Count(this=exp.Star())
    return (
        exp.select(value, build.named(count, TIMES_SEEN))
        .from_(rows.subquery(build.name("t")))
        .where(build.is_not_null(value.copy()))
        .group_by(value.copy())
        .having(exp.GT(this=count.copy(), expression=exp.Literal.number(1)))
    )


def accepted_values(
    rows: exp.Select, column: str, values: Sequence[object], kind: Type | None
) -> exp.Select:
    """Return the rows in which a column holds another value.

    `kind` is None for a column of a type that is none of ours; one of AS_TEXT is compared as text.
    """
    held = exp.In(this=_comparable(column, kind), expressions=[_listed(v, kind) for v in values])
    return _in(rows).where(build.is_not_null(build.column(column)), exp.Not(this=held))


def _comparable(column: str, kind: Type | None) -> exp.Expr:
    value = build.column(column)
    is_text = kind is not None and kind.name in AS_TEXT
    return exp.cast(value, sql_type(Type(name="string"))) if is_text else value


def _listed(value: object, kind: Type | None) -> exp.Expr:
    if kind is not None and kind.name == "bytes":
        return exp.FromBase64(this=exp.Literal.string(str(value)))
    return literal(value, Type(name="string") if kind is None or kind.name in AS_TEXT else kind)


def outside(
    rows: exp.Select, column: str, low: object | None, high: object | None, kind: Type
) -> exp.Select:
    """Return the rows in which a column is less than `low` or greater than `high`."""
    value = build.column(column)
    bounds: list[exp.Expr] = []
    if low is not None:
        bounds.append(exp.LT(this=value.copy(), expression=literal(low, kind)))
    if high is not None:
        bounds.append(exp.GT(this=value.copy(), expression=literal(high, kind)))
    return _in(rows).where(exp.or_(*bounds))


def unrelated(rows: exp.Select, column: str, other: str, known: str) -> exp.Select:
    """Return the rows whose value of a column is none of another node's column."""
    there = exp.select(build.named(build.column(known), "__known")).from_(build.reference(other))
    every = exp.Column(this=exp.Star(), table=build.name("t"))
    return (
        exp.select(every)
        .from_(rows.subquery(build.name("t")))
        .join(
            there.distinct().subquery(build.name("k")),
            on=exp.EQ(this=build.column(column, "t"), expression=build.column("__known", "k")),
            join_type="LEFT",
        )
        .where(
            build.is_not_null(build.column(column, "t")),
            exp.Is(this=build.column("__known", "k"), expression=exp.Null()),
        )
    )


def untrue(rows: exp.Select, condition: exp.Expr) -> exp.Select:
    """Return the rows of which a condition is false."""
    return _in(rows).where(exp.Not(this=exp.Paren(this=condition.copy())))


def row_count(rows: exp.Select, low: float | None, high: float | None) -> exp.Select:
    """Return how many rows there are, where that is too few or too many."""
    count = build.named(exp.Count(this=exp.Star()), ROWS)
    counted = exp.select(count).from_(rows.subquery(build.name("t")))
    value = build.column(ROWS)
    bounds: list[exp.Expr] = []
    if low is not None:
        bounds.append(exp.LT(this=value.copy(), expression=exp.Literal.number(int(low))))
    if high is not None:
        bounds.append(exp.GT(this=value.copy(), expression=exp.Literal.number(int(high))))
    return _in(counted).where(exp.or_(*bounds))


def older(rows: exp.Select, column: str, seconds: int) -> exp.Select:
    """Return the newest time of a column where it is older than so long before now, or none."""
    newest = exp.Max(this=exp.cast(build.column(column), exp.DType.TIMESTAMP))
    found = exp.select(build.named(newest, NEWEST)).from_(rows.subquery(build.name("t")))
    now = exp.select(build.column(NOW)).from_(build.reference(NOW)).subquery()
    limit = exp.Sub(this=now, expression=build.seconds(seconds))
    value = build.column(NEWEST)
    old = exp.LT(this=value.copy(), expression=limit)
    return _in(found).where(exp.or_(exp.Is(this=value.copy(), expression=exp.Null()), old))


def at(instant: str) -> exp.Select:
    """Return the row that `NOW` stands for; the instant is ISO 8601 without a zone, in UTC."""
    value = exp.cast(exp.Literal.string(instant), exp.DataType(this=exp.DType.TIMESTAMP))
    return exp.select(build.named(value, NOW))


def _in(rows: exp.Select) -> exp.Select:
    return exp.select("*").from_(rows.subquery(build.name("t")))
