"""How many rows a training set's query goes through: what the shapes of its searches go by."""

from __future__ import annotations

from sqlglot import exp

from ffc.manifest.records import Plan, ViewPlan
from ffc.sql import build


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


def _number(total: exp.Expr) -> exp.Expr:
    found = exp.Coalesce(this=total, expressions=[exp.Literal.number(0)])
    return exp.cast(found, exp.DataType(this=exp.DType.BIGINT))
