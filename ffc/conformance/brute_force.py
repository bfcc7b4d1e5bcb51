"""What a training set holds, row by row and by definition: no SQL, nothing of the compiler.

A project is plain data: `views` and a `label` with their rows as dicts, and `picks`. Times are
datetimes without a zone, durations seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

Row = Mapping[str, Any]


def training_rows(project: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of the training set: keys, time, `include`, features, label."""
    label = project["label"]
    found = []
    for row in label["rows"]:
        time = _instant(row[label["timestamp"]]) if label["timestamp"] else None
        keys = dict.fromkeys(key for role in label["roles"].values() for key in role["keys"])
        answer = [row[key] for key in keys]
        answer += [time] if label["timestamp"] else []
        answer += [row[name] for name in project["include"]]
        answer += [_value(project, pick, row, time) for pick in project["picks"]]
        found.append((*answer, row[label["column"]]))
    return found


def _value(project: Mapping[str, Any], pick: Row, row: Row, time: datetime | None) -> Any:
    view = project["views"][pick["view"]]
    role = project["label"]["roles"][pick["role"]]
    feature = next(f for f in view["features"] if f["name"] == pick["feature"])
    asked = [row[key] for key in role["keys"]]
    lost = time is None and project["label"]["timestamp"] and view["timestamp"]
    winner = None
    if None not in asked and not lost:
        rows = [r for r in view["rows"] if [r[key] for key in view["keys"]] == asked]
        winner = _winner(project, view, pick, rows, time)
    return feature["default"] if winner is None else winner[feature["column"]]


def _winner(
    project: Mapping[str, Any], view: Row, pick: Row, rows: Iterable[Row], time: datetime | None
) -> Row | None:
    if not view["timestamp"]:
        return next(iter(rows), None)
    rows = [r for r in rows if r[view["timestamp"]] is not None]
    if time is not None:
        at = time - timedelta(seconds=pick["lag"])
        rows = [r for r in rows if _candidate(project, view, r, at)]
    best = max(rows, key=lambda r: _rank(view, r), default=None)
    if best is None or time is None or view["ttl"] is None:
        return best
    oldest = at - timedelta(seconds=view["ttl"])
    return best if _instant(best[view["timestamp"]]) >= oldest else None


def _candidate(project: Mapping[str, Any], view: Row, row: Row, at: datetime) -> bool:
    boundary = view["boundary"] or project["boundary"] or "exclusive"
    known = view["as_known"]
    if known is None:
        known = True if project["as_known"] is None else project["as_known"]
    times = [_instant(row[view["timestamp"]])]
    if known and view["created"]:
        if row[view["created"]] is None:
            return False
        times.append(_instant(row[view["created"]]))
    elif known and view["delay"] is not None:
        times.append(times[0] + timedelta(seconds=view["delay"]))
    return all(t <= at if boundary == "inclusive" else t < at for t in times)


def _rank(view: Row, row: Row) -> tuple[Any, ...]:
    created = row[view["created"]] if view["created"] else None
    return (
        _instant(row[view["timestamp"]]),
        (created is not None, _instant(created) if created is not None else datetime.min),
        *(_order(row[feature["column"]]) for feature in view["features"]),
    )


def _order(value: Any) -> tuple[Any, ...]:
    """Nulls last, NaN above every number, text by its bytes."""
    if value is None:
        return (0,)
    if isinstance(value, float) and math.isnan(value):
        return (2,)
    return (1, value.encode() if isinstance(value, str) else value)


def _instant(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value
