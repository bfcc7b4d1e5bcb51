"""Answer requests for features from online stores: the one path for HTTP, CLI and client.

What a request means is worked out once, and remembered; a request then costs one look-up for each
entity key, one decode for each view.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec
from msgspec import Raw, Struct

from ffc.auth import Principal, authorize
from ffc.manifest.served import Serving
from ffc.online.marks import Reads
from ffc.online.picks import Asked, Picker, Picks
from ffc.online.requests import (
    AnswerRow,
    FeatureRequest,
    FeatureResponse,
    check_size,
)
from ffc.online.values import iso
from ffc.online.views import Status

_NOTHING: Final[Mapping[bytes, bytes]] = {}

# An answer is made of so many entities at a time.
SLICE: Final = 128
# An entity's values in the order of the columns; its status and stored event time by view.
Found = tuple[list[object], tuple[Status, ...], tuple[bytes, ...]]


class _Row(Struct, frozen=True, omit_defaults=True):
    """An answer's row on its way into JSON, some of which is there already."""

    entity: dict[str, Any]
    values: list[object]
    statuses: Raw | None = None
    event_times: Raw | None = None


class Counts(Protocol):
    """Whoever counts what is read."""

    def asked(self, entities: int) -> None:
        """Count entities that were asked about."""

    def status(self, view: str, status: str, count: int) -> None:
        """Count entities by how a view's rows of them stood."""

    def store(self, store: str, seconds: float, failed: bool) -> None:
        """Count a look-up in a store."""


class _Uncounted:
    def asked(self, entities: int) -> None:
        """Count nothing."""

    def status(self, view: str, status: str, count: int) -> None:
        """Count nothing."""

    def store(self, store: str, seconds: float, failed: bool) -> None:
        """Count nothing."""


class FeatureReader:
    """Reads features of one deployment; safe to share between threads."""

    def __init__(
        self,
        serving: Serving,
        stores: Callable[[str], Reads],
        *,
        project: str,
        target: str,
        deployment: str,
    ) -> None:
        self._picker = Picker(serving, project, target)
        self._stores = stores
        self.deployment = deployment
        self.counts: Counts = _Uncounted()
        self._encoder = msgspec.json.Encoder()
        self._head = b'{"schema":"ffc.features/v1","as_of":"'
        self._named = (
            f'","deployment":{msgspec.json.encode(deployment).decode()},"columns":'.encode()
        )

    @property
    def models(self) -> Collection[str]:
        """The names of the models that are deployed."""
        return self._picker.models

    def features(self) -> list[dict[str, object]]:
        """Return what can be asked for: every served feature with its type and its keys."""
        return self._picker.features()

    def entity(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Return an entity of a request from texts, such as a command line's."""
        views = self._picker.views.values()
        kinds = {key.name: key.type for view in views for key in view.served.keys}
        numbers = ("int32", "int64")
        return {
            name: _from_text(text, kinds.get(name, "string") in numbers, kinds.get(name) == "bool")
            for name, text in texts.items()
        }

    def read(
        self, request: FeatureRequest, now: datetime, *, principal: Principal
    ) -> FeatureResponse:
        """Answer a request as of `now`; raises BadRequest, or StoreError where a store fails."""
        authorize(principal, "read")
        picks = self._picks(request)
        now = now.astimezone(UTC).replace(tzinfo=None)
        found = self._answers(picks, request.entities, 0, now)
        rows = []
        for entity, (values, statuses, times) in zip(request.entities, found, strict=True):
            if request.metadata:
                more = (picks.statuses(statuses), picks.event_times(times))
                rows.append(AnswerRow(entity, values, *more))
            else:
                rows.append(AnswerRow(entity, values))
        return FeatureResponse(
            as_of=iso(now), deployment=self.deployment, columns=picks.columns, rows=rows
        )

    def respond(
        self, request: FeatureRequest, now: datetime, *, principal: Principal
    ) -> Iterator[bytes]:
        """Answer a request as `read` does, as JSON in pieces, none of which takes long to make."""
        authorize(principal, "read")
        picks = self._picks(request)
        now = now.astimezone(UTC).replace(tzinfo=None)
        piece = b"".join((self._head, iso(now).encode(), self._named, picks.head, b',"rows":['))
        for start in range(0, len(request.entities), SLICE):
            part = request.entities[start : start + SLICE]
            found = zip(part, self._answers(picks, part, start, now), strict=True)
            rows = [_row(picks, entity, each, request.metadata) for entity, each in found]
            if start:
                yield piece
                piece = b","
            piece += self._encoder.encode(rows)[1:-1]
        yield piece + b"]}"

    def found(
        self, request: FeatureRequest, now: datetime, *, principal: Principal
    ) -> tuple[Picks, Iterator[list[Found]]]:
        """Return what is asked for and, in parts, what is found for its entities."""
        authorize(principal, "read")
        picks = self._picks(request)
        now = now.astimezone(UTC).replace(tzinfo=None)
        starts = range(0, len(request.entities), SLICE)
        entities = request.entities
        parts = (self._answers(picks, entities[at : at + SLICE], at, now) for at in starts)
        return picks, parts

    def _picks(self, request: FeatureRequest) -> Picks:
        picks = self._picker.picks(request)
        check_size(len(request.entities), len(picks.columns))
        return picks

    def _answers(
        self, picks: Picks, entities: Sequence[Mapping[str, object]], start: int, now: datetime
    ) -> list[Found]:
        """Return what is found for entities, of which the first is the `start`th of its request."""
        oldest = [view.oldest(now) for view in picks.views]
        fields = self._look_up(picks, entities, start)
        found = [_answered(picks, own, oldest) for own in fields]
        self._count(picks, found)
        return found

    def _count(self, picks: Picks, found: Sequence[Found]) -> None:
        tally: dict[tuple[Status, ...], int] = {}
        for _, statuses, _ in found:
            tally[statuses] = tally.get(statuses, 0) + 1
        for statuses, count in tally.items():
            for view, status in zip(picks.views, statuses, strict=True):
                self.counts.status(view.name, status, count)
        self.counts.asked(len(found))

    def _look_up(
        self, picks: Picks, entities: Sequence[Mapping[str, object]], start: int
    ) -> list[list[Mapping[bytes, bytes]]]:
        """Return each entity's fields for each view; one read a store, one key a look-up."""
        # Every key before any read: a request that can't be answered costs no look-up.
        wanted = [(store, _keys(asked, entities, start)) for store, asked in picks.stores]
        rows: list[list[Mapping[bytes, bytes]]] = [[_NOTHING] * len(picks.views) for _ in entities]
        for store, places in wanted:
            for there, fields in zip(places.values(), self._read(store, places), strict=True):
                for row, views in there:
                    for view in views:
                        rows[row][view] = fields
        return rows

    def _read(self, store: str, keys: Collection[bytes]) -> Sequence[Mapping[bytes, bytes]]:
        if not keys:
            return ()
        began = time.perf_counter()
        failed = True
        try:
            found = self._stores(store).read(list(keys))
            failed = False
            return found
        finally:
            self.counts.store(store, time.perf_counter() - began, failed)


def _keys(
    asked: Sequence[Asked], entities: Sequence[Mapping[str, object]], start: int
) -> dict[bytes, list[tuple[int, tuple[int, ...]]]]:
    """Return the keys to look up in a store, each with the rows and views that wait for it."""
    places: dict[bytes, list[tuple[int, tuple[int, ...]]]] = {}
    for one in asked:
        key_of, views = one.keys.key, one.views
        for row, entity in enumerate(entities):
            key = key_of(entity, start + row)
            if key is not None:
                places.setdefault(key, []).append((row, views))
    return places


def _row(picks: Picks, entity: dict[str, Any], found: Found, metadata: bool) -> _Row:
    values, statuses, times = found
    if not metadata:
        return _Row(entity, values)
    return _Row(entity, values, picks.raw_statuses(statuses), picks.raw_event_times(times))


def _answered(
    picks: Picks, fields: Sequence[Mapping[bytes, bytes]], oldest: Sequence[bytes]
) -> Found:
    values: list[object] = []
    statuses: list[Status] = []
    times: list[bytes] = []
    for view, take, own, least in zip(picks.views, picks.takes, fields, oldest, strict=True):
        status, time, row = view.read(own, least)
        statuses.append(status)
        times.append(time)
        values += take.values(row) if status == "ok" else take.defaults
    return picks.in_order(values), tuple(statuses), tuple(times)


def _from_text(text: str, number: bool, truth: bool) -> object:
    if number and text.lstrip("-").isdigit():
        return int(text)
    return text == "true" if truth and text in ("true", "false") else text
