"""What ffc keeps of a feature view: the projection of its source that can ever win."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlglot import exp

from ffc.core.types import Type
from ffc.manifest.records import Column, FeatureView
from ffc.sql import build
from ffc.sql.ordering import ranked
from ffc.sql.types import converted


class HistoryColumn(Struct, frozen=True, kw_only=True):
    """A column of a history: its name, the source's column, the type it is kept as."""

    name: str
    source: Column
    type: Type

    def select(self) -> exp.Expr:
        """Return the column's expression under its name."""
        value = converted(build.column(self.source.name), self.source.native, self.type)
        return build.named(value, self.name)


def history(
    source: str,
    keys: Sequence[HistoryColumn],
    times: Sequence[HistoryColumn],
    features: Sequence[HistoryColumn],
) -> exp.Select:
    """Return a view's history: one row for each key, event time and created.

    `times` are the event time and, where the view has one, created; of none the view is static
    and keeps every row with a whole key. Among rows of one key, event time and created the tie
    rule picks: the features in the order declared, greatest first, nulls last. Rows without a key
    or an event time can never win and are left out.
    """
    columns = {column.name: column for column in (*keys, *times, *features)}
    inner = exp.select(*(c.select() for c in columns.values())).from_(build.reference(source))
    select = exp.select(*(build.column(name) for name in columns)).from_(
        inner.subquery(build.name("projected"))
    )
    needed = [build.column(c.name) for c in (*keys, *times[:1])]
    select = select.where(build.every(build.is_not_null(c) for c in needed))
    if not times:
        return select
    distinct = [build.column(c.name) for c in (*keys, *times)]
    order = [build.descending(ranked(build.column(c.name), c.type)) for c in features]
    return build.qualified(select, build.first_of(distinct, order))


def duplicates(view: FeatureView, limit: int = 5) -> exp.Select:
    """Return keys that a static view holds more than once, with how often."""
    keys = [build.column(key) for key in view.keys]
    count = exp.Count(this=exp.Star())
    return (
        exp.select(*keys, build.named(count, "__rows"))
        .from_(build.reference(view.id))
        .group_by(*keys)
        .having(exp.GT(this=count.copy(), expression=exp.Literal.number(1)))
        .order_by(*keys)
        .limit(limit)
    )


def newest(view: FeatureView, now: exp.Expr | None, inclusive: bool, as_known: bool) -> exp.Select:
    """Return the newest row of each key as of an instant; of all time where `now` is None.

    A row that is newer than `now`, by event time or by when it was learned, waits. Columns: keys,
    `__event_time` and `__created` (null where the view has none), features.
    """
    keys = [build.column(key) for key in view.keys]
    nothing = exp.cast(exp.Null(), exp.DataType(this=exp.DType.TIMESTAMP))
    event_time = build.column(view.event_time) if view.event_time else nothing
    select = exp.select(
        *keys,
        build.named(event_time, "__event_time"),
        build.named(learned(view), "__created"),
        *(build.named(build.column(f.name), f"__feature_{i}") for i, f in enumerate(view.features)),
    ).from_(build.reference(view.id))
    if not view.event_time:
        return select
    if now is not None:
        compare = exp.LTE if inclusive else exp.LT
        bounds = _bounded(view, as_known)
        select = select.where(build.every(compare(this=b, expression=now.copy()) for b in bounds))
    order = [build.column(view.event_time)] + ([build.column(view.created)] if view.created else [])
    return build.qualified(select, build.first_of(keys, [build.descending(c) for c in order]))


def waiting(view: FeatureView, now: exp.Expr, inclusive: bool, as_known: bool) -> exp.Select | None:
    """Return how many rows `newest` holds back, as `waiting`; None of a static view.

    A row that was never learned does not wait: it never comes.
    """
    if not view.event_time:
        return None
    compare = exp.GT if inclusive else exp.GTE
    late = [compare(this=b, expression=now.copy()) for b in _bounded(view, as_known)]
    count = build.named(exp.Count(this=exp.Star()), "waiting")
    return exp.select(count).from_(build.reference(view.id)).where(exp.or_(*late))


def _bounded(view: FeatureView, as_known: bool) -> list[exp.Expr]:
    """Return the times that must lie before an instant for a row to be known then."""
    known = [learned(view)] if as_known and (view.created or view.delay) else []
    return [build.column(view.event_time), *known]


def instants_between(view: FeatureView, start: datetime, end: datetime) -> exp.Select:
    """Return the keys and event times of a view's rows in a range, its end not included, in order.

    Times are zone-less UTC.
    """
    time = build.column(view.event_time)
    first, last = (
        exp.cast(exp.Literal.string(at.isoformat(sep=" ")), exp.DataType(this=exp.DType.TIMESTAMP))
        for at in (start, end)
    )
    columns = [*(build.column(key) for key in view.keys), time]
    inside = exp.and_(
        exp.GTE(this=time.copy(), expression=first), exp.LT(this=time.copy(), expression=last)
    )
    order = [time.copy(), *(build.column(key) for key in view.keys)]
    return (
        exp.select(*columns)
        .distinct()
        .from_(build.reference(view.id))
        .where(inside)
        .order_by(*order)
    )


def keys_at(view: FeatureView, now: datetime, name: str) -> exp.Select:
    """Return a view's keys, each once and in order, with an instant (zone-less UTC)."""
    at = exp.cast(
        exp.Literal.string(now.isoformat(sep=" ")), exp.DataType(this=exp.DType.TIMESTAMP)
    )
    keys = [build.column(key) for key in view.keys]
    known = exp.select(*keys).distinct().from_(build.reference(view.id))
    return (
        exp.select(*(key.copy() for key in keys), build.named(at, name))
        .from_(known.subquery(build.name("known")))
        .order_by(*(key.copy() for key in keys))
    )


def learned(view: FeatureView) -> exp.Expr:
    """Return when a row of a history was learned; null where its view doesn't say."""
    if view.created:
        return build.column(view.created)
    if view.delay is not None and view.event_time:
        return exp.Add(this=build.column(view.event_time), expression=build.seconds(view.delay))
    return exp.cast(exp.Null(), exp.DataType(this=exp.DType.TIMESTAMP))
