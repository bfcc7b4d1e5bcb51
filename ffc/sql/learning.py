"""Whether a view's rows had been learned by the time that labels ask."""

from __future__ import annotations

from sqlglot import exp

from ffc.manifest.records import Plan, ViewPlan
from ffc.sql import build


def asked_too_early(plan: Plan, view: ViewPlan) -> exp.Select:
    """Count a label's rows: `asked` with a time, `early` at or before the view's first `created`.

    Of the early ones only those count that come after the view's first event time: there was
    something to know, but nothing had been learned yet. One scan of each table.
    """
    instant = exp.cast(build.column(plan.timestamp), exp.DType.TIMESTAMP)
    early = exp.and_(
        exp.LTE(this=instant, expression=_first(view, view.created)),
        exp.GT(this=instant.copy(), expression=_first(view, view.event_time)),
    )
    counted = exp.Case(ifs=[exp.If(this=early, true=exp.Literal.number(1))])
    return exp.select(
        build.named(exp.Count(this=instant.copy()), "asked"),
        build.named(exp.Count(this=counted), "early"),
    ).from_(build.reference(plan.label))


def _first(view: ViewPlan, column: str) -> exp.Expr:
    query = exp.select(exp.Min(this=build.column(column))).from_(build.reference(view.view))
    return query.subquery()
