"""What the rows of two tables with the same columns differ in, asked of DuckDB.

DuckDB is asked beside the warehouses, so that both sides are compared by one order and one idea of
what is equal: text by its bytes, NaN equal to itself, -0.0 to 0.0, null to null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct
from sqlglot import exp

from ffc.sql import build

Kind = Literal["changed", "first", "second"]

DIALECT: Final = "duckdb"
# The two tables, what only one of them has, and the rows of these side by side.
SIDES: Final = ("first", "second")
BATCH: Final = "batch"
PAIRS: Final = "pairs"
KIND: Final = "kind"
_NUMBER: Final = "number"


class Tolerance(Struct, frozen=True, kw_only=True):
    """How far two floats may lie apart: by a share of the greater one, or by an amount."""

    relative: float = 1e-9
    absolute: float = 0.0


CLOSE: Final = Tolerance()


class Comparison(Struct, frozen=True, kw_only=True):
    """Columns by what they are for: `identity` says which rows belong together.

    Of the `compared` ones, `near` are floats, which may differ a little.
    """

    identity: tuple[str, ...]
    compared: tuple[str, ...]
    near: frozenset[str] = frozenset()
    tolerance: Tolerance = CLOSE

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns."""
        return (*self.identity, *self.compared)


def hashes(asked: Comparison) -> exp.Select:
    """Return two hashes of each row of a batch: of what identifies it, and of all of it."""
    of_key = _hash(asked.identity) if asked.identity else exp.cast(exp.Literal.number(0), "UBIGINT")
    return exp.select(
        build.named(of_key, "identity"), build.named(_hash(asked.columns), "whole")
    ).from_(build.table(BATCH))


def _hash(columns: Sequence[str]) -> exp.Expr:
    """Return the hash of values, hashed again: that of several is no more than their mix."""
    values = [build.column(name) for name in columns]
    mixed = exp.Anonymous(this="hash", expressions=values)
    return exp.Anonymous(this="hash", expressions=[mixed])


def left_over(side: str, other: str) -> exp.Create:
    """Return the statement that makes a table of the rows that only one side has.

    A row that one side has more often than the other is left so many times.
    """
    both = [exp.select("*").from_(build.table(name)) for name in (side, other)]
    query = exp.except_(both[0], both[1], distinct=False)
    return exp.Create(this=build.table(left_name(side)), kind="TABLE", expression=query)


def left_name(side: str) -> str:
    """Return the table of what only one side has."""
    return f"left_{side}"


def pairs(asked: Comparison) -> exp.Create:
    """Return the statement that puts the rows that are left side by side, where they differ.

    Rows of one identity are put beside each other in the order of their other values: those that
    are compared exactly first. `kind` says whether a row is changed or on one side only.
    """
    first, second = (_numbered(asked, side) for side in SIDES)
    matching = [_same(name) for name in (*asked.identity, _NUMBER)]
    kind = exp.Case(
        ifs=[
            exp.If(this=_missing(other), true=exp.Literal.string(side))
            for side, other in (SIDES, SIDES[::-1])
        ],
        default=exp.Literal.string("changed"),
    )
    together = exp.select(
        build.named(kind, KIND),
        *(build.named(_either(name), identity_name(name)) for name in asked.identity),
        *(
            build.named(build.column(name, side), value_name(name, side))
            for name in asked.compared
            for side in SIDES
        ),
        *(build.named(_differs(asked, name), differs_name(name)) for name in asked.compared),
    ).from_(first)
    together = together.join(second, on=build.every(matching), join_type="FULL OUTER")
    alone = exp.NEQ(this=build.column(KIND), expression=exp.Literal.string("changed"))
    differing = [build.column(differs_name(name)) for name in asked.compared]
    query = exp.select("*").from_(together.subquery(build.name("together")))
    query = query.where(exp.or_(alone, *differing))
    return exp.Create(this=build.table(PAIRS), kind="TABLE", expression=query)


def _missing(side: str) -> exp.Expr:
    return exp.Is(this=build.column(_NUMBER, side), expression=exp.Null())


def identity_name(column: str) -> str:
    """Return what a column of the identity is called among the pairs."""
    return f"of_{column}"


def value_name(column: str, side: str) -> str:
    """Return what a compared column of one side is called among the pairs."""
    return f"{side}_{column}"


def differs_name(column: str) -> str:
    """Return what says whether a compared column differs, among the pairs."""
    return f"differs_{column}"


def _numbered(asked: Comparison, side: str) -> exp.Expr:
    """Return the rows that one side has left, numbered within their identity."""
    exact = [name for name in asked.compared if name not in asked.near]
    inexact = [name for name in asked.compared if name in asked.near]
    order = [build.ascending(name) for name in (*exact, *inexact)]
    window = exp.Window(
        this=exp.RowNumber(),
        partition_by=[build.column(name) for name in asked.identity],
        order=exp.Order(expressions=order) if order else None,
    )
    query = exp.select("*", build.named(window, _NUMBER)).from_(build.table(left_name(side)))
    return query.subquery(build.name(side))


def _same(column: str) -> exp.Expr:
    first, second = (build.column(column, side) for side in SIDES)
    return exp.NullSafeEQ(this=first, expression=second)


def _either(column: str) -> exp.Expr:
    first, second = (build.column(column, side) for side in SIDES)
    return exp.Coalesce(this=first, expressions=[second])


def _differs(asked: Comparison, column: str) -> exp.Expr:
    """Return whether a column of two rows differs: floats only by more than they may."""
    first, second = (build.column(column, side) for side in SIDES)
    there = [exp.Not(this=_missing(side)) for side in SIDES]
    found: exp.Expr = build.differs(first, second)
    if column in asked.near:
        found = exp.and_(found, exp.Not(this=_near(first, second, asked.tolerance)))
    return build.every([*there, found])


def _near(first: exp.Expr, second: exp.Expr, tolerance: Tolerance) -> exp.Expr:
    """Return whether two floats lie near each other, as `math.isclose` says; false for null."""
    apart = exp.Abs(this=exp.Sub(this=first.copy(), expression=second.copy()))
    shares = [
        exp.Mul(this=_number(tolerance.relative), expression=exp.Abs(this=each.copy()))
        for each in (first, second)
    ]
    rooms = [*shares, _number(tolerance.absolute)]
    within = exp.or_(*(exp.LTE(this=apart.copy(), expression=room) for room in rooms))
    finite = [exp.Anonymous(this="isfinite", expressions=[each.copy()]) for each in (first, second)]
    return exp.Coalesce(this=build.every([*finite, within]), expressions=[exp.false()])


def _number(value: float) -> exp.Expr:
    return exp.cast(exp.Literal.string(repr(value)), exp.DType.DOUBLE)


def counts(asked: Comparison) -> exp.Select:
    """Return how many pairs there are of each kind, and in how many each column differs."""
    kinds = ("changed", *SIDES)
    found = [
        build.named(_count_if(exp.EQ(this=build.column(KIND), expression=exp.Literal.string(k))), k)
        for k in kinds
    ]
    found += [
        build.named(_count_if(build.column(differs_name(name))), differs_name(name))
        for name in asked.compared
    ]
    return exp.select(*found).from_(build.table(PAIRS))


def _count_if(condition: exp.Expr) -> exp.Expr:
    one = exp.Literal.number(1)
    return exp.Count(this=exp.Case(ifs=[exp.If(this=condition, true=one)]))


def sample(asked: Comparison, kind: Kind, rows: int) -> exp.Select:
    """Return the first pairs of a kind, in the order of their identity, then of their values."""
    names = [identity_name(name) for name in asked.identity]
    names += [value_name(name, side) for name in asked.compared for side in SIDES]
    return (
        exp.select("*")
        .from_(build.table(PAIRS))
        .where(exp.EQ(this=build.column(KIND), expression=exp.Literal.string(kind)))
        .order_by(*(build.ascending(name) for name in names))
        .limit(rows)
    )
