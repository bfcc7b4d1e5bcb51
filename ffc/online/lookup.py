"""Answer requests for features from online stores: the one path for HTTP, CLI and client.

What a request means is worked out once, and remembered; a request then costs one look-up for each
entity key, one decode for each view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from ffc.adapter.online import OnlineStore
from ffc.auth import Principal, authorize
from ffc.manifest.records import Serving
from ffc.online.picks import Picker, Picks
from ffc.online.requests import (
    AnswerRow,
    FeatureRequest,
    FeatureResponse,
    check_size,
)
from ffc.online.values import iso
from ffc.online.views import Status

_NOTHING: Final[Mapping[bytes, bytes]] = {}

# An entity's values in the order of the columns; its status and stored event time by view.
Found = tuple[list[object], tuple[Status, ...], tuple[bytes, ...]]


class _Row(Struct, frozen=True, omit_defaults=True):
    """An answer's row on its way into JSON, some of which is there already."""

    entity: dict[str, Any]
    values: list[object]
    statuses: Raw | None = None
    event_times: Raw | None = None


class FeatureReader:
    """Reads features of one deployment; safe to share between threads."""

    def __init__(
        self,
        serving: Serving,
        stores: Callable[[str], OnlineStore],
        *,
        project: str,
        target: str,
        deployment: str,
    ) -> None:
        self._picker = Picker(serving, project, target)
        self._stores = stores
        self._deployment = deployment
        self._encoder = msgspec.json.Encoder()
        self._head = b'{"schema":"ffc.features/v1","as_of":"'
        self._named = (
            f'","deployment":{msgspec.json.encode(deployment).decode()},"columns":'.encode()
        )

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
        picks, now, found = self._found(request, now)
        rows = []
        for entity, (values, statuses, times) in zip(request.entities, found, strict=True):
            if request.metadata:
                more = (picks.statuses(statuses), picks.event_times(times))
                rows.append(AnswerRow(entity, values, *more))
            else:
                rows.append(AnswerRow(entity, values))
        return FeatureResponse(
            as_of=iso(now), deployment=self._deployment, columns=picks.columns, rows=rows
        )

    def respond(self, request: FeatureRequest, now: datetime, *, principal: Principal) -> bytes:
        """Answer a request as `read` does, as JSON."""
        authorize(principal, "read")
        picks, now, found = self._found(request, now)
        entities = zip(request.entities, found, strict=True)
        if request.metadata:
            rows = [
                _Row(entity, values, picks.raw_statuses(statuses), picks.raw_event_times(times))
                for entity, (values, statuses, times) in entities
            ]
        else:
            rows = [_Row(entity, values) for entity, (values, *_) in entities]
        parts = (self._head, iso(now).encode(), self._named, picks.head, b',"rows":')
        return b"".join((*parts, self._encoder.encode(rows), b"}"))

    def _found(
        self, request: FeatureRequest, now: datetime
    ) -> tuple[Picks, datetime, Iterator[Found]]:
        picks = self._picker.picks(request)
        check_size(len(request.entities), len(picks.columns))
        now = now.astimezone(UTC).replace(tzinfo=None)
        oldest = [view.oldest(now) for view in picks.views]
        fields = self._look_up(picks, request.entities)
        return picks, now, (_answered(picks, own, oldest) for own in fields)

    def _look_up(
        self, picks: Picks, entities: Sequence[Mapping[str, object]]
    ) -> list[list[Mapping[bytes, bytes]]]:
        """Return each entity's fields for each view; one read a store, one key a look-up."""
        keys = [
            [asked.keys.key(entity, index) for index, entity in enumerate(entities)]
            for asked in picks.asked
        ]
        wanted: dict[str, dict[bytes, None]] = {}
        for asked, own in zip(picks.asked, keys, strict=True):
            wanted.setdefault(asked.store, {}).update(
                dict.fromkeys(k for k in own if k is not None)
            )
        fields = {
            store: dict(zip(known, self._stores(store).read(list(known)), strict=True))
            for store, known in wanted.items()
        }
        rows: list[list[Mapping[bytes, bytes]]] = [[_NOTHING] * len(picks.views) for _ in entities]
        for asked, own in zip(picks.asked, keys, strict=True):
            there = fields[asked.store]
            for row, key in zip(rows, own, strict=True):
                if key is not None:
                    for view in asked.views:
                        row[view] = there[key]
        return rows


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
