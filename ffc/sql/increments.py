"""Part of a table replaced by a batch of rows: what changes by it, a look ahead, the statements.

A batch stands beside the table; a scope is a query of the table's rows that the batch replaces. The
changes are a table too: every row that there will be more or less often, with `CHANGE`, how many
times more (or, below zero, less).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from ffc.sql import build

CHANGE: Final = "__change"


def aligned(
    table: exp.Table, columns: Sequence[tuple[str, str]], known: Sequence[str]
) -> exp.Select:
    """Return a table's rows with all columns, given as (name, native type): new ones are null."""
    present = set(known)
    return exp.select(
        *(build.column(name) if name in present else _nothing(name, kind) for name, kind in columns)
    ).from_(table.copy())


def changes(batch: exp.Table, scope: exp.Select, columns: Sequence[str]) -> exp.Select:
    """Return the rows that a batch adds to its scope or takes from it, each once."""
    named = [build.column(name) for name in columns]
    count = exp.Literal.number
    added = exp.select(*(c.copy() for c in named), build.named(count(1), CHANGE)).from_(
        batch.copy()
    )
    taken = exp.select(
        *(c.copy() for c in named), build.named(exp.Neg(this=count(1)), CHANGE)
    ).from_(scope.subquery(build.name("scope")))
    both = exp.union(added, taken, distinct=False).subquery(build.name("both"))
    total = exp.cast(exp.Sum(this=build.column(CHANGE)), exp.DType.BIGINT)
    return (
        exp.select(*(c.copy() for c in named), build.named(total, CHANGE))
        .from_(both)
        .group_by(*(c.copy() for c in named))
        .having(exp.NEQ(this=exp.Sum(this=build.column(CHANGE)), expression=count(0)))
    )


def counts(changed: exp.Table) -> exp.Select:
    """Return how many rows are `added` and how many are `removed`."""
    change = build.column(CHANGE)
    zero = exp.Literal.number(0)
    added = exp.Case(ifs=[exp.If(this=exp.GT(this=change, expression=zero), true=change.copy())])
    taken = exp.Case(
        ifs=[
            exp.If(
                this=exp.LT(this=change.copy(), expression=zero.copy()),
                true=exp.Neg(this=change.copy()),
            )
        ]
    )
    return exp.select(
        build.named(_counted(exp.Sum(this=added)), "added"),
        build.named(_counted(exp.Sum(this=taken)), "removed"),
    ).from_(changed.copy())


def _counted(total: exp.Expr) -> exp.Expr:
    # Engines widen a sum of 64 bits, each in its own way.
    found = exp.Coalesce(this=total, expressions=[exp.Literal.number(0)])
    return exp.cast(found, exp.DType.BIGINT)


def ahead(
    table: exp.Select, batch: exp.Table, changed: exp.Table, columns: Sequence[str]
) -> exp.Query:
    """Return the rows that the table will have; `table` are those that it has, aligned."""
    kept = (
        exp.select(*(build.column(name, "t") for name in columns))
        .from_(table.subquery(build.name("t")))
        .join(_as(changed, "c"), on=_same(columns, "t", "c"), join_type="LEFT")
        .where(exp.Is(this=build.column(CHANGE, "c"), expression=exp.Null()))
    )
    return exp.union(kept, _arriving(batch, changed, columns), distinct=False)


def replace(
    table: exp.Table, batch: exp.Table, changed: exp.Table, columns: Sequence[str]
) -> list[exp.Expr]:
    """Return the statements that make a table what `ahead` says."""
    own = _as(table, "t")
    delete = exp.Delete(
        this=own, using=[_as(changed, "c")], where=exp.Where(this=_same(columns, "t", "c"))
    )
    target = exp.Schema(this=table.copy(), expressions=[build.name(name) for name in columns])
    insert = exp.Insert(this=target, expression=_arriving(batch, changed, columns))
    return [delete, insert]


def add_column(table: exp.Table, name: str, native: exp.DataType) -> exp.Expr:
    """Return `ALTER TABLE ... ADD COLUMN`."""
    added = exp.ColumnDef(this=build.name(name), kind=native)
    return exp.Alter(this=table.copy(), kind="TABLE", actions=[added])


def keyed_scope(table: exp.Select, batch: exp.Table, keys: Sequence[str]) -> exp.Select:
    """Return the rows whose keys are those of a row of the batch; a null equals a null."""
    return _matching(table, batch, keys, keys)


def dated_scope(
    table: exp.Select, column: str, start: exp.Expr, end: exp.Expr | None
) -> exp.Select:
    """Return the rows whose time is not before `start` and, where there is one, before `end`."""
    return within(exp.select("*").from_(table.subquery(build.name("t"))), column, start, end)


def within(
    query: exp.Select, column: str, start: exp.Expr | None, end: exp.Expr | None
) -> exp.Select:
    """Add bounds of a time to a query: `start` is in, `end` is not."""
    time = build.column(column)
    if start is not None:
        query = query.where(exp.GTE(this=time.copy(), expression=start.copy()))
    if end is not None:
        query = query.where(exp.LT(this=time.copy(), expression=end.copy()))
    return query


def touched_rows(
    table: exp.Expr, changed: exp.Query, columns: Sequence[str], known: Sequence[str] = ()
) -> exp.Select:
    """Return a table's rows that are like a changed row in some columns.

    `known` are the names of the same columns among the changed rows, where they are others.
    """
    query = exp.select("*").from_(table) if not isinstance(table, exp.Select) else table
    return _matching(query, changed, columns, known or columns)


def repeated(relation: exp.Table, keys: Sequence[str], limit: int = 5) -> exp.Select:
    """Return keys that more than one row has, with how often; null is a key like any other."""
    named = [build.column(key) for key in keys]
    count = exp.Count(this=exp.Star())
    return (
        exp.select(*named, build.named(count, "__rows"))
        .from_(relation.copy())
        .group_by(*(c.copy() for c in named))
        .having(exp.GT(this=count.copy(), expression=exp.Literal.number(1)))
        .order_by(*(c.copy() for c in named))
        .limit(limit)
    )


def newest(table: exp.Table, column: str, native: exp.DataType, seconds: int) -> exp.Select:
    """Return the newest time of a table less some seconds, as text of its own type."""
    value: exp.Expr = exp.Max(this=build.column(column))
    if seconds:
        value = exp.cast(exp.Sub(this=value, expression=build.seconds(seconds)), native.copy())
    text = exp.cast(value, exp.DType.TEXT)
    return exp.select(build.named(text, "newest")).from_(table.copy())


def _matching(
    rows: exp.Select, other: exp.Expr, columns: Sequence[str], known: Sequence[str]
) -> exp.Select:
    distinct = exp.select(*(build.named(build.column(k), f"__k{i}") for i, k in enumerate(known)))
    source = other.subquery(build.name("o")) if isinstance(other, exp.Query) else other.copy()
    distinct = distinct.from_(source).distinct()
    pairs = [
        exp.NullSafeEQ(this=build.column(c, "t"), expression=build.column(f"__k{i}", "k"))
        for i, c in enumerate(columns)
    ]
    every = exp.Column(this=exp.Star(), table=build.name("t"))
    return (
        exp.select(every)
        .from_(rows.subquery(build.name("t")))
        .join(distinct.subquery(build.name("k")), on=build.every(pairs))
    )


def _arriving(batch: exp.Table, changed: exp.Table, columns: Sequence[str]) -> exp.Select:
    return (
        exp.select(*(build.column(name, "b") for name in columns))
        .from_(_as(batch, "b"))
        .join(_as(changed, "c"), on=_same(columns, "b", "c"))
    )


def _same(columns: Sequence[str], left: str, right: str) -> exp.Expr:
    return build.every(
        exp.NullSafeEQ(this=build.column(name, left), expression=build.column(name, right))
        for name in columns
    )


def _as(table: exp.Table, alias: str) -> exp.Table:
    named = table.copy()
    named.set("alias", exp.TableAlias(this=build.name(alias)))
    return named


def _nothing(name: str, native: str) -> exp.Expr:
    return build.named(exp.cast(exp.Null(), exp.DataType.build(native, dialect="duckdb")), name)
