"""What servers counted lately, as a document that a dashboard can draw."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from msgspec import Struct

from ffc.adapter.state import StateStore
from ffc.core.clock import stamp
from ffc.serve.keeping import KEPT, Counted
from ffc.serve.metrics import BOUNDS, Histogram, Metrics

# So many minutes are told of where nothing else is asked for, and so many there are.
USUAL: Final = 60
MOST: Final = KEPT // timedelta(minutes=1)


class Latency(Struct, kw_only=True):
    """How long things took, in seconds; quantiles are read from the bounds of a histogram."""

    count: int
    mean: float
    p50: float
    p90: float
    p99: float


class RouteFigures(Struct, kw_only=True):
    """Requests of a route: how many of each status, and how long they took."""

    route: str
    codes: dict[str, int]
    seconds: Latency


class ViewFigures(Struct, kw_only=True):
    """Entities that were asked about, by how a view's row of them stood."""

    view: str
    statuses: dict[str, int]


class StoreFigures(Struct, kw_only=True):
    """Look-ups in a store: how many failed, and how long they took."""

    store: str
    errors: int
    seconds: Latency


class MinuteFigures(Struct, kw_only=True):
    """A minute, by when it began; `errors` are answers of 500 and above."""

    time: str
    requests: int
    errors: int
    entities: int
    routes: list[RouteFigures]
    views: list[ViewFigures]
    stores: list[StoreFigures]


class FiguresDocument(Struct, kw_only=True):
    """What all servers of a target counted, by the minute: `GET /v1/figures`, the oldest first.

    A minute in which nothing was asked is not in it.
    """

    schema: Literal["ffc.figures/v1"] = "ffc.figures/v1"
    target: str
    minutes: list[MinuteFigures]


def recent(state: StateStore, target: str, minutes: int, now: datetime) -> FiguresDocument:
    """Return what was counted in so many minutes until now; raises StateError."""
    since = now.replace(second=0, microsecond=0) - timedelta(minutes=minutes)
    found: dict[str, Metrics] = {}
    for row in state.served(target, stamp(since)):
        counted = _decoded(row.counts)
        if counted is not None:
            found.setdefault(row.minute, Metrics()).merge(counted)
    return FiguresDocument(target=target, minutes=[_told(*each) for each in found.items()])


def _decoded(data: bytes) -> Metrics | None:
    """Return counts; None where an ffc wrote them that counts otherwise."""
    try:
        found = msgspec.json.decode(data, type=Counted)
    except msgspec.MsgspecError:
        return None
    return found.counts if found.bounds == BOUNDS else None


def _told(time: str, counted: Metrics) -> MinuteFigures:
    codes, statuses = _split(counted.requests), _split(counted.statuses)
    return MinuteFigures(
        time=time,
        requests=sum(counted.requests.values()),
        errors=sum(n for own in codes.values() for code, n in own.items() if code >= "500"),
        entities=counted.entities,
        routes=[
            RouteFigures(route=route, codes=codes.get(route, {}), seconds=_latency(histogram))
            for route, histogram in sorted(counted.seconds.items())
        ],
        views=[ViewFigures(view=view, statuses=own) for view, own in sorted(statuses.items())],
        stores=[
            StoreFigures(
                store=store,
                errors=counted.store_errors.get(store, 0),
                seconds=_latency(histogram),
            )
            for store, histogram in sorted(counted.store_seconds.items())
        ],
    )


def _split(counts: dict[str, int]) -> dict[str, dict[str, int]]:
    """Return counts by the first and the last word of their labels."""
    found: dict[str, dict[str, int]] = {}
    for label, count in sorted(counts.items()):
        first, _, last = label.rpartition(" ")
        found.setdefault(first, {})[last] = count
    return found


def _latency(histogram: Histogram) -> Latency:
    count = sum(histogram.counts)
    return Latency(
        count=count,
        mean=histogram.total / count if count else 0.0,
        p50=histogram.quantile(0.5),
        p90=histogram.quantile(0.9),
        p99=histogram.quantile(0.99),
    )
