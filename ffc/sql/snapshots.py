"""Versions of a source that overwrites itself: each row with the time from which and until it held.

A row that holds has no `VALID_TO`. A key has one such row at most; an older one ends where the next
begins. A null key is a key like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from ffc.manifest.records import Transformation
from ffc.sql import build
from ffc.sql.binding import bind

VALID_FROM: Final = "valid_from"
VALID_TO: Final = "valid_to"
TIMES: Final = (VALID_FROM, VALID_TO)


def versions_of(sql: str, dialect: str) -> str:
    """Return a query that has the columns of a snapshot of another query, given as its text."""
    times = [build.named(_nothing(), name) for name in TIMES]
    query = exp.select("*", *times).from_(build.reference("snapshot"))
    return bind(query.sql(dialect=dialect), dialect, {"snapshot": sql})


def first_versions(node: Transformation, rows: exp.Table, now: exp.Expr) -> exp.Select:
    """Return the rows of a snapshot's first build."""
    values = [build.column(name) for name in _values(node)]
    return exp.select(
        *values, build.named(_since(node, "", now), VALID_FROM), build.named(_nothing(), VALID_TO)
    ).from_(rows.copy())


def next_versions(
    node: Transformation, kept: exp.Select, rows: exp.Table, now: exp.Expr
) -> exp.Query:
    """Return the rows that take the place of `ending`: those that end, and the new versions.

    `kept` is what the snapshot has, `rows` what its query gives now.
    """
    names = _values(node)
    gone = _not_before(now)
    ends = exp.Case(ifs=[exp.If(this=_present("n"), true=_begin(node, now))], default=gone)
    ended = exp.select(
        *(build.column(name, "o") for name in names),
        build.column(VALID_FROM, "o"),
        build.named(ends, VALID_TO),
    )
    ended = _beside(node, ended, _holding(kept), rows).where(_over(node))
    began = exp.select(
        *(build.column(name, "n") for name in names),
        build.named(_begin(node, now), VALID_FROM),
        build.named(_nothing(), VALID_TO),
    )
    began = (
        began.from_(_marked(exp.select("*").from_(rows.copy())).subquery(build.name("n")))
        .join(
            _marked(_holding(kept)).subquery(build.name("o")),
            on=_same_key(node, "n", "o"),
            join_type="LEFT",
        )
        .join(
            _last(node, kept).subquery(build.name("l")),
            on=_same_key(node, "n", "l"),
            join_type="LEFT",
        )
        .where(exp.or_(exp.Not(this=_present("o")), _changed(node)))
    )
    return exp.union(ended, began, distinct=False)


def ending(node: Transformation, kept: exp.Select, rows: exp.Table) -> exp.Select:
    """Return the versions that hold and that changed or went."""
    every = [build.column(name, "o") for name in (*_values(node), *TIMES)]
    return _beside(node, exp.select(*every), _holding(kept), rows).where(_over(node))


def _beside(
    node: Transformation, select: exp.Select, held: exp.Select, rows: exp.Table
) -> exp.Select:
    """Add what holds, and beside it what there is now, to a query."""
    return (
        select.from_(_marked(held).subquery(build.name("o")))
        .join(
            _marked(exp.select("*").from_(rows.copy())).subquery(build.name("n")),
            on=_same_key(node, "o", "n"),
            join_type="LEFT",
        )
        .join(
            _last(node, held).subquery(build.name("l")),
            on=_same_key(node, "o", "l"),
            join_type="LEFT",
        )
    )


def _over(node: Transformation) -> exp.Expr:
    return exp.or_(exp.Not(this=_present("n")), _changed(node))


def _changed(node: Transformation) -> exp.Expr:
    if node.strategy == "check":
        pairs = [
            build.differs(build.column(name, "n"), build.column(name, "o"))
            for name in node.check_columns
        ]
        return exp.Paren(this=exp.or_(*pairs))
    new, old = (build.column(node.updated_at, side) for side in ("n", "o"))
    first = exp.and_(build.is_not_null(new.copy()), exp.Is(this=old.copy(), expression=exp.Null()))
    return exp.Paren(this=exp.or_(exp.GT(this=new, expression=old), first))


def _begin(node: Transformation, now: exp.Expr) -> exp.Expr:
    """Return when a new version begins: never before the one that it follows ended or began."""
    return _not_before(_since(node, "n", now))


def _not_before(time: exp.Expr) -> exp.Expr:
    """Return a time, or the last one that is known of the key: clocks and sources go back."""
    last = exp.Coalesce(this=build.column("__last", "l"), expressions=[time.copy()])
    return exp.Greatest(this=time.copy(), expressions=[last])


def _since(node: Transformation, table: str, now: exp.Expr) -> exp.Expr:
    if node.strategy == "check":
        return now.copy()
    updated = exp.cast(build.column(node.updated_at, table), exp.DType.TIMESTAMP)
    return exp.Coalesce(this=updated, expressions=[now.copy()])


def _last(node: Transformation, kept: exp.Select) -> exp.Select:
    """Return the last time that is known of each key."""
    keys = [build.column(key) for key in node.unique_key]
    time = exp.Coalesce(this=build.column(VALID_TO), expressions=[build.column(VALID_FROM)])
    return (
        exp.select(*keys, build.named(exp.Max(this=time), "__last"))
        .from_(kept.subquery(build.name("k")))
        .group_by(*(key.copy() for key in keys))
    )


def _holding(kept: exp.Select) -> exp.Select:
    return (
        exp.select("*")
        .from_(kept.subquery(build.name("h")))
        .where(exp.Is(this=build.column(VALID_TO), expression=exp.Null()))
    )


def _marked(query: exp.Select) -> exp.Select:
    """Add a column that is never null, to tell a row from none."""
    return exp.select("*", build.named(exp.true(), "__there")).from_(
        query.subquery(build.name("m"))
    )


def _present(table: str) -> exp.Expr:
    return build.is_not_null(build.column("__there", table))


def _same_key(node: Transformation, left: str, right: str) -> exp.Expr:
    return build.every(
        exp.NullSafeEQ(this=build.column(key, left), expression=build.column(key, right))
        for key in node.unique_key
    )


def _values(node: Transformation) -> Sequence[str]:
    return [column.name for column in node.columns if column.name not in TIMES]


def _nothing() -> exp.Expr:
    return exp.cast(exp.Null(), exp.DataType(this=exp.DType.TIMESTAMP))
