"""Figures about the columns of a table, in statements that read it once each, not once a column.

`figures` needs no earlier answer. `shapes` counts between bounds, which follow from the least and
the greatest value, and looks at picked rows only where there are many. `values` counts single
values of columns that have few. All three are standard SQL but for the last functions here, which
say in one place what an engine does faster in a way of its own.

Of numbers and times the figures are of `float64`, times as seconds since 1970 in UTC; what is NaN
or infinite is left out of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final, Literal

from sqlglot import exp

from ffc.core.types import Type
from ffc.sql import build
from ffc.sql.types import sql_type

# Which figures a column has: `number` and `time` all, `text` no order, `bytes` no values to show,
# `opaque` only how many there are.
Kind = Literal["number", "time", "text", "bytes", "opaque"]
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
ROWS: Final = "rows"
_KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("int32", "int64", "float32", "float64", "decimal"), "number"),
    **dict.fromkeys(("timestamp", "date"), "time"),
    **dict.fromkeys(("string", "bool"), "text"),
    "bytes": "bytes",
}
# Shares of rows are told as finely as this.
_FINE: Final = 2**30


def kind_of(given: Type | None) -> Kind:
    """Return which figures a column of a type has; None is a type that is none of ours."""
    return _KINDS.get(given.name, "opaque") if given is not None else "opaque"


def is_measured(given: Type | None) -> bool:
    """Tell whether a column's values are on a line: numbers and times."""
    return kind_of(given) in ("number", "time")


def figures(
    table: exp.Table, columns: Sequence[tuple[str, Type | None]], dialect: str
) -> exp.Select:
    """Return one row: `rows`, and by the place of each column what there is to say of it.

    `filled_0` not null, `distinct_0` different ones, about; of numbers and times `finite_0` how
    many the rest is of: `min_0`, `max_0`, `mean_0`.
    """
    found: list[exp.Expr] = [build.named(exp.Count(this=exp.Star()), ROWS)]
    for index, (_, given) in enumerate(columns):
        value = build.column(f"c{index}")
        found.append(build.named(exp.Count(this=value), f"filled_{index}"))
        if kind_of(given) != "opaque":
            found.append(build.named(_distinct(value, dialect), f"distinct_{index}"))
        if is_measured(given):
            found += _on_a_line(index)
    return exp.select(*found).from_(_values(table, columns))


def _on_a_line(index: int) -> list[exp.Expr]:
    value = build.column(f"v{index}")
    return [
        build.named(exp.Count(this=value), f"finite_{index}"),
        build.named(exp.Min(this=value.copy()), f"min_{index}"),
        build.named(exp.Max(this=value.copy()), f"max_{index}"),
        build.named(exp.Avg(this=value.copy()), f"mean_{index}"),
    ]


def shapes(
    table: exp.Table,
    columns: Sequence[tuple[str, Type, Sequence[float]]],
    share: float,
    dialect: str,
) -> exp.Select:
    """Return one row: how many `rows` were picked, and how each column's values lie in them.

    Columns are given with bounds: `finite_0` counts the values of the first, `from_0_1` those from
    its second bound on; `bins_0` is read by `counts_from`, too. `quantiles_0` are the values at
    QUANTILES, `stddev_0` is how far values deviate. `share` is the part of the rows to look at,
    from 0 to 1.
    """
    found: list[exp.Expr] = [build.named(exp.Count(this=exp.Star()), ROWS)]
    points = exp.Array(expressions=[exp.Literal.number(str(point)) for point in QUANTILES])
    for index, (_, _, bounds) in enumerate(columns):
        value = build.column(f"v{index}")
        quantiles = exp.PercentileCont(this=value, expression=points.copy())
        found.append(build.named(exp.Count(this=value.copy()), f"finite_{index}"))
        found.append(build.named(exp.StddevSamp(this=value.copy()), f"stddev_{index}"))
        found.append(build.named(quantiles, f"quantiles_{index}"))
        found += _counts(value, bounds, index, dialect)
    where = _picked(share, columns, dialect) if share < 1 else None
    return exp.select(*found).from_(_values(table, [(n, g) for n, g, _ in columns], where))


def counts_from(row: Mapping[str, object], index: int, bounds: int) -> list[float]:
    """Return how many values of a column are not below each of its bounds, from such a row."""
    bins = row.get(f"bins_{index}")
    if not isinstance(bins, list):
        return [float(str(row[f"from_{index}_{place}"])) for place in range(bounds)]
    return list(accumulate(float(count) for _, count in bins[:bounds]))[::-1]


def values(table: exp.Table, columns: Sequence[str], most: int) -> exp.Select:
    """Return the values that columns hold most often: `most` rows a column, at most.

    `column` is the place of the column, `value` the value as text, `times` how often it is there,
    `distinct` how many different ones the column has. Nulls are not among them.
    """
    places = [f"c{index}" for index in range(len(columns))]
    cases = [
        exp.If(
            this=exp.EQ(this=_grouping(place), expression=exp.Literal.number(0)),
            true=exp.Literal.number(index),
        )
        for index, place in enumerate(places)
    ]
    text = sql_type(Type(name="string"))
    first, *others = [exp.cast(build.column(place), text.copy()) for place in places]
    sets = [exp.Tuple(expressions=[build.column(place)]) for place in places]
    counted = exp.select(
        build.named(exp.Case(ifs=cases), "column"),
        build.named(exp.Coalesce(this=first, expressions=others), "value"),
        build.named(exp.Count(this=exp.Star()), "times"),
    ).from_(_values(table, [(name, None) for name in columns]))
    counted.set("group", exp.Group(grouping_sets=[exp.GroupingSets(expressions=sets)]))
    return _most_frequent(counted, most)


def _most_frequent(counted: exp.Select, most: int) -> exp.Select:
    column, value, times = (build.column(name) for name in ("column", "value", "times"))
    order = exp.Order(
        expressions=[build.descending(times), exp.Ordered(this=value, nulls_first=False)]
    )
    ranked = exp.select(
        *(each.copy() for each in (column, value, times)),
        build.named(
            exp.Window(this=exp.Count(this=exp.Star()), partition_by=[column.copy()]), "distinct"
        ),
        build.named(
            exp.Window(this=exp.RowNumber(), partition_by=[column.copy()], order=order.copy()),
            "place",
        ),
    )
    ranked = ranked.from_(counted.subquery(build.name("counted")))
    ranked = ranked.where(build.is_not_null(value.copy()))
    named = [build.column(name) for name in ("column", "value", "times", "distinct")]
    place = build.column("place")
    return (
        exp.select(*named)
        .from_(ranked.subquery(build.name("ranked")))
        .where(exp.LTE(this=place, expression=exp.Literal.number(most)))
        .order_by(column.copy(), place.copy())
    )


def _grouping(column: str) -> exp.Expr:
    """Return 0 where rows are grouped by a column, 1 where by others."""
    return exp.Anonymous(this="GROUPING", expressions=[build.column(column)])


def _values(
    table: exp.Table, columns: Sequence[tuple[str, Type | None]], where: exp.Expr | None = None
) -> exp.Subquery:
    """Return the columns by their places: `c0` as they are, `v0` those on a line as numbers."""
    found: list[exp.Expr] = []
    for index, (name, given) in enumerate(columns):
        found.append(build.named(build.column(name), f"c{index}"))
        if given is not None and is_measured(given):
            found.append(build.named(_number(build.column(name), given), f"v{index}"))
    query = exp.select(*found).from_(table.copy())
    return (query.where(where) if where is not None else query).subquery(build.name("t"))


def _number(value: exp.Expr, given: Type) -> exp.Expr:
    if kind_of(given) == "time":
        return exp.Extract(this=exp.var("EPOCH"), expression=value)
    number = exp.cast(value, sql_type(Type(name="float64")))
    if not given.is_float:
        return number
    # Engines hold that NaN is greater than infinity.
    finite = exp.and_(
        exp.GT(this=number, expression=_double("-inf")),
        exp.LT(this=number.copy(), expression=_double("inf")),
    )
    return exp.Case(ifs=[exp.If(this=finite, true=number.copy())])


def _double(text: str) -> exp.Expr:
    return exp.cast(exp.Literal.string(text), sql_type(Type(name="float64")))


def _counts(value: exp.Expr, bounds: Sequence[float], index: int, dialect: str) -> list[exp.Expr]:
    """Return what counts values from bounds on; DuckDB does so for all bounds at once.

    Its bins hold their upper bound: those of the negated values hold the lower one.
    """
    if dialect == "duckdb" and bounds:
        ends = exp.Array(expressions=[_double(repr(-bound)) for bound in reversed(bounds)])
        bins = exp.Anonymous(this="HISTOGRAM", expressions=[exp.Neg(this=value.copy()), ends])
        return [build.named(bins, f"bins_{index}")]
    one = exp.Literal.number(1)
    cases = [
        exp.Case(
            ifs=[exp.If(this=exp.GTE(this=value.copy(), expression=_double(repr(b))), true=one)]
        )
        for b in bounds
    ]
    return [build.named(exp.Count(this=c), f"from_{index}_{p}") for p, c in enumerate(cases)]


def _distinct(value: exp.Expr, dialect: str) -> exp.Expr:
    """Return how many different values there are, about where an engine can say that faster."""
    if dialect in ("duckdb", "snowflake", "bigquery"):
        return exp.ApproxDistinct(this=value.copy())
    return exp.Count(this=exp.Distinct(expressions=[value.copy()]))


def _picked(
    share: float, columns: Sequence[tuple[str, Type, Sequence[float]]], dialect: str
) -> exp.Expr:
    """Return a condition that about a share of the rows meets, whatever they hold.

    DuckDB picks the same rows each time, by their place in the table, unless a column has its name.
    """
    if dialect == "duckdb" and "rowid" not in (name.lower() for name, *_ in columns):
        place = exp.Anonymous(this="hash", expressions=[exp.column("rowid")])
        rest = exp.Mod(this=place, expression=exp.Literal.number(_FINE))
        return exp.LT(this=rest, expression=exp.Literal.number(max(1, round(share * _FINE))))
    return exp.LT(this=exp.Rand(), expression=exp.Literal.number(repr(share)))
