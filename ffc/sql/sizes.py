"""How many rows a training set's query goes through: what the shapes of its searches go by."""

from __future__ import annotations

from sqlglot import exp

from ffc.core.types import known_type
from ffc.manifest.records import Plan, ViewPlan
from ffc.sql import build
from ffc.sql.types import sql_type


def sizes(plan: Plan) -> exp.Query:
    """Count the rows of the label, `node` "", and of each history that is searched.

    `longest` is how many rows one key has at the most. One scan of each table.
    """
    label = exp.select(
        build.named(exp.Literal.string(""), "node"),
        build.named(exp.Count(this=exp.Star()), "rows"),
        build.named(exp.Literal.number(0), "longest"),
    ).from_(build.reference(plan.label))
    searched = {view.searched: view for view in plan.views if view.event_time}
    queries: list[exp.Query] = [label, *map(_history, searched.values())]
    return exp.union(*queries, distinct=False, copy=False) if len(queries) > 1 else label


def _history(view: ViewPlan) -> exp.Select:
    keys = [build.column(pair.view) for pair in view.keys]
    counted = (
        exp.select(build.named(exp.Count(this=exp.Star()), "rows"))
        .from_(build.reference(view.searched))
        .group_by(*keys)
    )
    rows = build.column("rows")
    return exp.select(
        build.named(exp.Literal.string(view.searched), "node"),
        build.named(_number(exp.Sum(this=rows)), "rows"),
        build.named(_number(exp.Max(this=rows.copy())), "longest"),
    ).from_(counted.subquery(build.name("counted")))


def count_of(node: str) -> exp.Select:
    """Count the rows of a node, as `rows`."""
    count = build.named(exp.Count(this=exp.Star()), "rows")
    return exp.select(count).from_(build.reference(node))


def skipped(plan: Plan, view: ViewPlan, share: float, most: int) -> exp.Select:
    """Return how many rows were true and not learned when a label asked, as `skipped`.

    It is the mean over a share of the labels, each of which looks at the last `most` rows of its
    keys: that is what an index is read over for it.
    """
    keys = {f"k{i}": pair for i, pair in enumerate(view.keys)}
    asked = exp.select(
        *(
            build.named(exp.cast(build.column(p.label), sql_type(known_type(p.type))), name)
            for name, p in keys.items()
        ),
        build.named(exp.cast(build.column(plan.timestamp), exp.DType.TIMESTAMP), "t"),
    ).from_(build.reference(plan.label))
    if share < 1:
        few = exp.LT(this=exp.Rand(), expression=exp.Literal.number(f"{share:.9f}"))
        asked = asked.where(few)
    time, learned = build.column(view.event_time, "h"), build.column(view.created, "h")
    same: list[exp.Expr] = [
        exp.EQ(this=build.column(pair.view, "h"), expression=build.column(name, "l"))
        for name, pair in keys.items()
    ]
    same.append(exp.LT(this=time, expression=build.column("t", "l")))
    last = (
        exp.select(build.named(learned, "learned"))
        .from_(build.reference(view.view, "h"))
        .where(build.every(same))
        .order_by(build.descending(time.copy()), build.descending(learned.copy()))
        .limit(most)
    )
    known = exp.LT(this=build.column("learned"), expression=build.column("t", "l"))
    case = exp.Case(ifs=[exp.If(this=known, true=exp.Null())], default=exp.Literal.number(1))
    of_label = exp.select(build.named(exp.Count(this=case), "n")).from_(
        last.subquery(build.name("r"))
    )
    lateral = exp.Lateral(
        this=exp.Subquery(this=of_label), alias=exp.TableAlias(this=build.name("c"))
    )
    mean = exp.cast(exp.Avg(this=build.column("n", "c")), exp.DType.DOUBLE)
    return (
        exp.select(build.named(mean, "skipped"))
        .from_(asked.subquery(build.name("l")))
        .join(lateral, on=exp.true())
    )


def _number(total: exp.Expr) -> exp.Expr:
    found = exp.Coalesce(this=total, expressions=[exp.Literal.number(0)])
    return exp.cast(found, exp.DataType(this=exp.DType.BIGINT))
