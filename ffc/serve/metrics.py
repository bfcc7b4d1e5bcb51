"""What a server counts of itself, told in Prometheus's text format.

Counting is a step in a dictionary: it happens on every request. Worker processes leave what they
counted in files of one folder, and whichever of them is asked adds them up.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

import msgspec

from ffc.core.errors import FfcError, StoreError
from ffc.core.files import write_atomically
from ffc.serve.logs import Log, silent

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
# Seconds; the last bucket has no bound.
BOUNDS: Final = (*(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),)


class Histogram(msgspec.Struct):
    """How many seconds things took: how many of them fell below each bound, and the sum."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def merge(self, other: Histogram) -> None:
        """Add another one's counts."""
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.total += other.total

    def since(self, earlier: Histogram) -> Histogram:
        """Return what was counted after an earlier one."""
        pairs = zip(self.counts, earlier.counts, strict=True)
        return Histogram([max(0, a - b) for a, b in pairs], max(0.0, self.total - earlier.total))

    def quantile(self, share: float) -> float:
        """Return about how many seconds a share of the things took at the most.

        Within two bounds things are taken to lie evenly; beyond the last it is that bound, as
        Prometheus has it.
        """
        rank, below, least = share * sum(self.counts), 0, 0.0
        for bound, count in zip(BOUNDS, self.counts, strict=False):
            if count and below + count >= rank:
                return least + (bound - least) * (rank - below) / count
            below, least = below + count, bound
        return BOUNDS[-1] if below < sum(self.counts) else 0.0


class Metrics(msgspec.Struct, omit_defaults=True):
    """The counts of one process; labels are routes, codes, views, stores: none that grow."""

    requests: dict[str, int] = {}
    seconds: dict[str, Histogram] = {}
    entities: int = 0
    statuses: dict[str, int] = {}
    store_seconds: dict[str, Histogram] = {}
    store_errors: dict[str, int] = {}
    reloads: dict[str, int] = {}

    def request(self, route: str, code: int, seconds: float) -> None:
        """Count a request that was answered."""
        label = f"{route} {code}"
        self.requests[label] = self.requests.get(label, 0) + 1
        known = self.seconds.get(route)
        if known is None:
            known = self.seconds[route] = Histogram()
        known.add(seconds)

    def asked(self, entities: int) -> None:
        """Count entities that were asked about."""
        self.entities += entities

    def status(self, view: str, status: str, count: int) -> None:
        """Count entities that a view had something to say of."""
        label = f"{view} {status}"
        self.statuses[label] = self.statuses.get(label, 0) + count

    def store(self, store: str, seconds: float, failed: bool) -> None:
        """Count a look-up."""
        known = self.store_seconds.get(store)
        if known is None:
            known = self.store_seconds[store] = Histogram()
        known.add(seconds)
        if failed:
            self.store_errors[store] = self.store_errors.get(store, 0) + 1

    def reload(self, how: str) -> None:
        """Count a look for a new deployment: `moved`, `failed`."""
        self.reloads[how] = self.reloads.get(how, 0) + 1

    def merge(self, other: Metrics) -> None:
        """Add another process's counts."""
        for own, others in (
            (self.requests, other.requests),
            (self.statuses, other.statuses),
            (self.store_errors, other.store_errors),
            (self.reloads, other.reloads),
        ):
            # At one stroke: the process whose they are goes on counting.
            for label, count in list(others.items()):
                own[label] = own.get(label, 0) + count
        for mine, theirs in (
            (self.seconds, other.seconds),
            (self.store_seconds, other.store_seconds),
        ):
            for label, histogram in list(theirs.items()):
                mine.setdefault(label, Histogram()).merge(histogram)
        self.entities += other.entities

    def since(self, earlier: Metrics) -> Metrics:
        """Return what was counted after earlier metrics of the same."""
        return Metrics(
            requests=_more(self.requests, earlier.requests),
            seconds=_longer(self.seconds, earlier.seconds),
            entities=max(0, self.entities - earlier.entities),
            statuses=_more(self.statuses, earlier.statuses),
            store_seconds=_longer(self.store_seconds, earlier.store_seconds),
            store_errors=_more(self.store_errors, earlier.store_errors),
            reloads=_more(self.reloads, earlier.reloads),
        )


def _more(counts: Mapping[str, int], earlier: Mapping[str, int]) -> dict[str, int]:
    found = {label: count - earlier.get(label, 0) for label, count in counts.items()}
    return {label: count for label, count in found.items() if count > 0}


def _longer(
    found: Mapping[str, Histogram], earlier: Mapping[str, Histogram]
) -> dict[str, Histogram]:
    pairs = {label: each.since(earlier.get(label, Histogram())) for label, each in found.items()}
    return {label: each for label, each in pairs.items() if any(each.counts)}


class Keeping(Protocol):
    """Whoever keeps the counts of all workers."""

    def tick(self, whole: Callable[[], Metrics]) -> None:
        """Keep them now and then, without waiting."""

    def finish(self, whole: Callable[[], Metrics]) -> None:
        """Keep the last ones."""


class Shared:
    """The metrics of all workers of a server, each in a file of a folder; None: of one alone.

    `keeper` is told of them; `log` where they can't be left.
    """

    def __init__(
        self, folder: Path | None, keeper: Keeping | None = None, log: Log = silent
    ) -> None:
        self.own = Metrics()
        self._folder = folder
        self._keeper = keeper
        self._log = log
        self._failure = ""

    def leave(self, *, last: bool = False) -> None:
        """Put what this process counted where the others find it; what fails is told once."""
        try:
            if self._folder is not None:
                path = self._folder / f"{os.getpid()}.json"
                write_atomically(path, msgspec.json.encode(self.own))
            if self._keeper is not None:
                (self._keeper.finish if last else self._keeper.tick)(self.whole)
            self._failure = ""
        except (FfcError, OSError) as problem:
            if str(problem) != self._failure:
                self._failure = str(problem)
                self._log("figures_failed", message=str(problem).partition("\n")[0])

    def whole(self) -> Metrics:
        """Return what all processes counted; of the others as of a moment ago."""
        found = Metrics()
        found.merge(self.own)
        for path in self._folder.glob("*.json") if self._folder is not None else ():
            if path.stem != str(os.getpid()):
                try:
                    found.merge(msgspec.json.decode(path.read_bytes(), type=Metrics))
                except (OSError, msgspec.MsgspecError) as problem:
                    raise StoreError(f"a worker's counts can't be read: {problem}") from problem
        return found


class Gauge(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as it stands now."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = {}


def render(metrics: Metrics, gauges: Iterable[Gauge]) -> str:
    """Return metrics as Prometheus reads them."""
    parts = [
        *_counter("requests", "Requests that were answered.", metrics.requests, "route", "code"),
        *_histogram("request_seconds", "How long answers took.", metrics.seconds, "route"),
        *_counter("entities", "Entities that were asked about.", {"": metrics.entities}),
        *_counter("feature_status", "How rows of views stood.", metrics.statuses, "view", "status"),
        *_histogram("store_seconds", "How long stores took.", metrics.store_seconds, "store"),
        *_counter("store_errors", "Look-ups that failed.", metrics.store_errors, "store"),
        *_counter("reloads", "Looks for a new deployment.", metrics.reloads, "result"),
        *_gauges(gauges),
    ]
    return "\n".join((*parts, ""))


def _head(name: str, help: str, kind: str) -> list[str]:
    return [f"# HELP ffc_{name} {help}", f"# TYPE ffc_{name} {kind}"]


def _counter(name: str, help: str, counts: Mapping[str, int], *labels: str) -> Iterator[str]:
    yield from _head(f"{name}_total", help, "counter")
    for values, count in sorted(counts.items()):
        pairs = zip(labels, values.rsplit(" ", len(labels) - 1), strict=True) if labels else ()
        yield f"ffc_{name}_total{_labels(dict(pairs))} {count}"


def _histogram(name: str, help: str, found: Mapping[str, Histogram], label: str) -> Iterator[str]:
    yield from _head(name, help, "histogram")
    for value, histogram in sorted(found.items()):
        below = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), histogram.counts, strict=True):
            below += count
            yield f"ffc_{name}_bucket{_labels({label: value, 'le': bound})} {below}"
        yield f"ffc_{name}_sum{_labels({label: value})} {histogram.total!r}"
        yield f"ffc_{name}_count{_labels({label: value})} {below}"


def _gauges(gauges: Iterable[Gauge]) -> Iterator[str]:
    named: dict[str, list[Gauge]] = {}
    for gauge in gauges:
        named.setdefault(gauge.name, []).append(gauge)
    for name, found in named.items():
        yield from _head(name, found[0].help, "gauge")
        for gauge in found:
            yield f"ffc_{name}{_labels(gauge.labels)} {gauge.value!r}"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
