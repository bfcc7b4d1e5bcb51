"""The point-in-time query of a training set, from its plan.

For each view the distinct (keys, t) of the label look for the one row that wins, and the label
joins the answers back by equality, so that it keeps exactly its rows. Histories hold one row for
each key, event time and created (`ffc.sql.history`), and the search is an ASOF join:

- plain: the newest event time below t;
- as known, from `created`: the running maximum of the event time in the order in which rows became
  visible, greatest(event time, created), gives the winner's event time for any t; of that event
  time the version learned last before t is the answer.

Names inside the query begin with `__`, as no name of a user's can.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from ffc.core.types import known_type
from ffc.manifest.records import KeyPair, Pick, Plan, ViewPlan
from ffc.sql import build
from ffc.sql.types import literal, sql_type

_TIMESTAMP = exp.DType.TIMESTAMP


def training_set_query(plan: Plan) -> exp.Select:
    """Return the training set's rows: its output columns, in order."""
    keys = _distinct_keys(plan.views)
    select = exp.select(*(_output(plan, i) for i in range(len(plan.output)))).from_(
        build.table("__label", alias="l")
    )
    ctes = [("__label", _label(plan, keys))]
    spines: dict[tuple[KeyPair, ...], str] = {}
    for index, view in enumerate(plan.views):
        asked = tuple(_label_keys(view))
        if asked not in spines:
            spines[asked] = f"__spine_{len(spines)}"
            ctes.append((spines[asked], _spine(plan, asked, keys)))
        columns = [keys[pair] for pair in asked]
        ctes += [(name, query) for name, query in _view(plan, view, index, columns, spines[asked])]
        on = [*columns, *(["__t"] if _timed(plan, view) else [])]
        select = select.join(
            build.table(f"__view_{index}", alias=f"v{index}"),
            on=build.every(_equal(name, f"v{index}", name, "l") for name in on),
            join_type="LEFT",
        )
    for name, query in ctes:
        select = select.with_(build.name(name), as_=query)
    return select


def _distinct_keys(views: Sequence[ViewPlan]) -> dict[KeyPair, str]:
    """Name the label's columns that are asked with, each with each of its types once."""
    pairs = dict.fromkeys(pair for view in views for pair in _label_keys(view))
    return {pair: f"__k{index}" for index, pair in enumerate(pairs)}


def _label_keys(view: ViewPlan) -> list[KeyPair]:
    return [KeyPair(view="", label=pair.label, type=pair.type) for pair in view.keys]


def _timed(plan: Plan, view: ViewPlan) -> bool:
    return bool(plan.timestamp and view.event_time)


def _equal(left: str, left_table: str, right: str, right_table: str) -> exp.Expr:
    return exp.EQ(this=build.column(left, left_table), expression=build.column(right, right_table))


def _label(plan: Plan, keys: dict[KeyPair, str]) -> exp.Select:
    own = [
        build.named(build.column(column.origin), f"__c{index}")
        for index, column in enumerate(plan.output)
        if column.role != "feature"
    ]
    asked = [
        build.named(exp.cast(build.column(pair.label), sql_type(known_type(pair.type))), name)
        for pair, name in keys.items()
    ]
    time = build.named(exp.cast(build.column(plan.timestamp), _TIMESTAMP), "__t")
    times = [time] if plan.timestamp else []
    return exp.select(*own, *asked, *times).from_(build.reference(plan.label))


def _spine(plan: Plan, asked: Sequence[KeyPair], keys: dict[KeyPair, str]) -> exp.Select:
    names = [*(keys[pair] for pair in asked), *(["__t"] if plan.timestamp else [])]
    columns = [build.column(name) for name in names]
    present = build.every(build.is_not_null(column.copy()) for column in columns)
    return exp.select(*columns).distinct().from_(build.table("__label")).where(present)


def _view(
    plan: Plan, view: ViewPlan, index: int, keys: Sequence[str], spine: str
) -> list[tuple[str, exp.Select]]:
    """Return the CTEs that answer for one view; the last one is `__view_N`."""
    answer = f"__view_{index}"
    if not view.event_time:
        return [(answer, _static(view, keys))]
    if not plan.timestamp:
        return [(answer, _newest(view, keys))]
    if view.as_known and view.created:
        frontier, found = f"__frontier_{index}", f"__found_{index}"
        return [
            (frontier, _frontier(view, keys)),
            (found, _instant(view, keys, spine, frontier)),
            (answer, _known_version(view, keys, found)),
        ]
    return [(answer, _as_of(view, keys, spine))]


def _history_columns(view: ViewPlan, keys: Sequence[str], table: str = "") -> list[exp.Expr]:
    pairs = zip(keys, view.keys, strict=True)
    columns = [build.named(build.column(pair.view, table), key) for key, pair in pairs]
    time = build.column(view.event_time, table) if view.event_time else exp.true()
    picks = dict.fromkeys(pick.feature for pick in view.picks)
    features = [build.named(build.column(f, table), f"__f_{f}") for f in picks]
    return [*columns, build.named(time, "__e"), *features]


def _static(view: ViewPlan, keys: Sequence[str]) -> exp.Select:
    return exp.select(*_history_columns(view, keys)).from_(build.reference(view.view))


def _newest(view: ViewPlan, keys: Sequence[str]) -> exp.Select:
    """Return one row a key: the greatest event time, then the greatest created."""
    select = exp.select(*_history_columns(view, keys)).from_(build.reference(view.view))
    order = [view.event_time, *([view.created] if view.created else [])]
    partition = [build.column(pair.view) for pair in view.keys]
    ranked = [build.descending(build.column(name)) for name in order]
    return build.qualified(select, build.first_of(partition, ranked))


def _one_version(view: ViewPlan) -> exp.Expr:
    """Return the history with one row for each key and event time."""
    history = build.reference(view.view)
    if not view.created:
        return exp.alias_(history, build.name("h"), table=True)
    partition = [*(build.column(pair.view) for pair in view.keys), build.column(view.event_time)]
    order = [build.descending(build.column(view.created))]
    select = exp.select("*").from_(history)
    return build.qualified(select, build.first_of(partition, order)).subquery(build.name("h"))


def _before(view: ViewPlan, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    compare = exp.LTE if view.boundary == "inclusive" else exp.LT
    return compare(this=left, expression=right)


def _as_of(view: ViewPlan, keys: Sequence[str], spine: str) -> exp.Select:
    bound: exp.Expr = build.column("__t", "s")
    if view.as_known and view.delay:
        bound = exp.Sub(this=bound, expression=build.seconds(view.delay))
    pairs = zip(keys, view.keys, strict=True)
    on = [_equal(pair.view, "h", key, "s") for key, pair in pairs]
    on.append(_before(view, build.column(view.event_time, "h"), bound))
    columns = _history_columns(view, keys, "h")
    return (
        exp.select(*columns, build.column("__t", "s"))
        .from_(build.table(spine, alias="s"))
        .join(_one_version(view), on=build.every(on), join_type="ASOF")
    )


def _frontier(view: ViewPlan, keys: Sequence[str]) -> exp.Select:
    """Return, for each moment at which a row became visible, the newest event time by then."""
    event_time, created = build.column(view.event_time), build.column(view.created)
    visible = exp.Greatest(this=event_time, expressions=[created], ignore_nulls=True)
    own = zip(keys, view.keys, strict=True)
    columns = [build.named(build.column(pair.view), key) for key, pair in own]
    newest = exp.Window(
        this=exp.Max(this=event_time.copy()),
        partition_by=[build.column(pair.view) for pair in view.keys],
        order=exp.Order(expressions=[exp.Ordered(this=visible.copy())]),
    )
    return (
        exp.select(*columns, build.named(visible, "__u"), build.named(newest, "__e"))
        .from_(build.reference(view.view))
        .where(build.is_not_null(created.copy()))
    )


def _instant(view: ViewPlan, keys: Sequence[str], spine: str, frontier: str) -> exp.Select:
    on = [_equal(key, "u", key, "s") for key in keys]
    on.append(_before(view, build.column("__u", "u"), build.column("__t", "s")))
    own = [build.column(name, "s") for name in (*keys, "__t")]
    return (
        exp.select(*own, build.column("__e", "u"))
        .from_(build.table(spine, alias="s"))
        .join(build.table(frontier, alias="u"), on=build.every(on), join_type="ASOF")
    )


def _known_version(view: ViewPlan, keys: Sequence[str], found: str) -> exp.Select:
    present = build.is_not_null(build.column(view.created))
    history = exp.select("*").from_(build.reference(view.view)).where(present)
    on = [_equal(p.view, "h", key, "s") for key, p in zip(keys, view.keys, strict=True)]
    on.append(_equal(view.event_time, "h", "__e", "s"))
    on.append(_before(view, build.column(view.created, "h"), build.column("__t", "s")))
    return (
        exp.select(*_history_columns(view, keys, "h"), build.column("__t", "s"))
        .from_(build.table(found, alias="s"))
        .join(history.subquery(build.name("h")), on=build.every(on), join_type="ASOF")
    )


def _output(plan: Plan, index: int) -> exp.Expr:
    column = plan.output[index]
    if column.role != "feature":
        return build.named(build.column(f"__c{index}", "l"), column.name)
    for number, view in enumerate(plan.views):
        for pick in view.picks:
            if pick.column == column.name:
                return build.named(_answer(plan, view, pick, f"v{number}"), column.name)
    raise KeyError(column.name)


def _answer(plan: Plan, view: ViewPlan, pick: Pick, table: str) -> exp.Expr:
    """Return the winner's value, even when it is null; without a winner the default."""
    event_time = build.column("__e", table)
    won = build.is_not_null(event_time)
    if view.ttl is not None and _timed(plan, view):
        oldest = exp.Sub(this=build.column("__t", "l"), expression=build.seconds(view.ttl))
        won = exp.and_(won, exp.GTE(this=event_time.copy(), expression=oldest))
    value = build.column(f"__f_{pick.feature}", table)
    default = literal(pick.default, known_type(pick.type))
    return exp.Case(ifs=[exp.If(this=won, true=value)], default=default)
