"""Answer requests for features from online stores: the one path for HTTP, CLI and client.

What a request means is worked out from tables that are made once for a deployment; a request then
costs one look-up for each entity key, one decode for each view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from ffc.adapter.online import OnlineStore
from ffc.auth import Principal, authorize
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadRequest
from ffc.core.names import DEFAULT_VARIANT
from ffc.core.types import known_type
from ffc.manifest.names import feature_column
from ffc.manifest.records import ServedFeature, ServedView, Serving
from ffc.online.codec import CorruptRow, Row, RowCodec, is_tombstone
from ffc.online.keys import KeyCodec, field_of
from ffc.online.values import Unreadable, default_of, iso, reader, writer

OK, MISSING, EXPIRED, ERROR = "ok", "missing", "expired", "error"


class FeatureRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is asked: `features` or a `training_set`, of whom, and whether to say more."""

    features: list[str] | None = None
    training_set: str | None = None
    entities: list[dict[str, Any]]
    metadata: bool = True


class AnswerColumn(Struct, frozen=True):
    """A column of an answer."""

    name: str
    type: str


class AnswerRow(Struct, frozen=True, omit_defaults=True):
    """The answer for one entity, in the order in which entities were asked for."""

    entity: dict[str, Any]
    values: list[object]
    statuses: list[str] | None = None
    event_times: list[str | None] | None = None


class FeatureResponse(Struct, frozen=True, kw_only=True):
    """The document `ffc.features/v1`."""

    schema: str = "ffc.features/v1"
    as_of: str
    deployment: str
    columns: list[AnswerColumn]
    rows: list[AnswerRow]


@dataclass(frozen=True, slots=True)
class _Feature:
    """A feature as it is picked out of its view's row."""

    index: int
    type: str
    default: object
    write: Callable[[object], object] | None


class _View:
    """One view, ready to be read."""

    def __init__(self, view: ServedView, project: str, target: str) -> None:
        self.served = view
        self.keys = KeyCodec(project, target, view)
        self.field = field_of(view)
        self.codec = RowCodec(view.features)
        self.ttl = None if view.ttl is None else timedelta(seconds=view.ttl)
        self.readers = [(key.name, reader(known_type(key.type))) for key in view.keys]
        self.features = {f.name: _feature(i, f) for i, f in enumerate(view.features)}

    def key(self, entity: Mapping[str, object], place: str) -> bytes | None:
        """Return the key that an entity of a request stands for; None where a part is null."""
        values = []
        for name, read in self.readers:
            if name not in entity:
                message = f"`{name}` is missing: `{self.served.name}` is about {self.served.entity}"
                hints = did_you_mean(name, entity)
                raise BadRequest(message, field=f"{place}.{name}", help=hints)
            value = entity[name]
            try:
                values.append(None if value is None else read(value))
            except Unreadable as problem:
                message = f"`{name}` must be {problem}"
                raise BadRequest(message, field=f"{place}.{name}") from None
        return None if None in values else self.keys.encode(values)

    def row(self, fields: Mapping[bytes, bytes], now: datetime) -> tuple[str, Row | None]:
        """Return a row's status and the row."""
        found = fields.get(self.field)
        if found is None or is_tombstone(found):
            return MISSING, None
        try:
            row = self.codec.decode(found)
        except CorruptRow:
            return ERROR, None
        if self.ttl is not None and row.event_time is not None and row.event_time < now - self.ttl:
            return EXPIRED, row
        return OK, row


def _feature(index: int, feature: ServedFeature) -> _Feature:
    kind = known_type(feature.type)
    write = writer(kind)
    default = default_of(feature.default, kind)
    if default is not None and write is not None:
        default = write(default)
    return _Feature(index=index, type=feature.type, default=default, write=write)


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
        self._views = {view.id: _View(view, project, target) for view in serving.views}
        self._sets = {served.name: served.features for served in serving.training_sets}
        self._names = {_full_name(view.served): view for view in self._views.values()}
        bare: dict[str, list[_View]] = {}
        for view in self._views.values():
            bare.setdefault(view.served.name, []).append(view)
        for name, views in bare.items():
            if len(views) == 1:
                self._names.setdefault(name, views[0])
        self._stores = stores
        self._deployment = deployment

    def features(self) -> list[dict[str, object]]:
        """Return what can be asked for: every served feature with its type and its keys."""
        return [
            {
                "feature": f"{_full_name(view.served)}.{name}",
                "type": feature.type,
                "entity": view.served.entity,
                "keys": {key.name: key.type for key in view.served.keys},
            }
            for view in self._views.values()
            for name, feature in view.features.items()
        ]

    def entity(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Return an entity of a request from texts, such as a command line's."""
        kinds = {key.name: key.type for view in self._views.values() for key in view.served.keys}
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
        views = list(dict.fromkeys(view for _, view, _ in picks))
        found = self._look_up(views, request.entities)
        rows = [
            _answer(entity, picks, views, fields, now, request.metadata)
            for entity, fields in zip(request.entities, found, strict=True)
        ]
        return FeatureResponse(
            as_of=iso(now),
            deployment=self._deployment,
            columns=[AnswerColumn(name, feature.type) for name, _, feature in picks],
            rows=rows,
        )

    def _look_up(
        self, views: Sequence[_View], entities: Sequence[Mapping[str, object]]
    ) -> list[dict[_View, Mapping[bytes, bytes]]]:
        """Return each entity's fields for each view; one read a store, one key a look-up."""
        wanted: dict[str, dict[bytes, None]] = {}
        asked: list[list[tuple[_View, bytes | None]]] = []
        for index, entity in enumerate(entities):
            keys = [(view, view.key(entity, f"entities[{index}]")) for view in views]
            asked.append(keys)
            for view, key in keys:
                if key is not None:
                    wanted.setdefault(view.served.store, {})[key] = None
        fields = {
            (store, key): row
            for store, keys in wanted.items()
            for key, row in zip(keys, self._stores(store).read(list(keys)), strict=True)
        }
        nothing: Mapping[bytes, bytes] = {}
        return [
            {view: fields.get((view.served.store, key or b""), nothing) for view, key in keys}
            for keys in asked
        ]

    def _picks(self, request: FeatureRequest) -> list[tuple[str, _View, _Feature]]:
        if (request.features is None) == (request.training_set is None):
            message = "say `features` or `training_set`, one of them"
            raise BadRequest(message, field="features")
        if request.training_set is not None:
            return self._set(request.training_set)
        picks = []
        for index, text in enumerate(request.features or ()):
            picks += self._pick(text, f"features[{index}]")
        if not picks:
            raise BadRequest("no feature is asked for", field="features")
        return picks

    def _set(self, name: str) -> list[tuple[str, _View, _Feature]]:
        features = self._sets.get(name)
        if features is None:
            message = f"no training set `{name}` can be served: all its views must be online"
            hints = did_you_mean(name, self._sets)
            raise BadRequest(message, field="training_set", status=404, help=hints)
        picks = []
        for column, view_id, feature in features:
            view = self._views[view_id]
            if feature not in view.features:
                message = f"`{column}` is not among the synced features of `{view.served.name}`"
                raise BadRequest(message, field="training_set", help=["run `ffc sync`"])
            picks.append((column, view, view.features[feature]))
        return picks

    def _pick(self, text: str, place: str) -> list[tuple[str, _View, _Feature]]:
        name, _, feature = text.partition(".")
        view = self._names.get(name)
        if view is None:
            hints = did_you_mean(name, self._names)
            hints = hints or (f"served views are {listed(sorted(self._names))}",)
            message = f"no feature view `{name}` is served"
            raise BadRequest(message, field=place, status=404, help=hints)
        chosen = view.features if feature == "*" else {feature: view.features.get(feature)}
        picks = []
        for own, found in chosen.items():
            if found is None:
                hints = did_you_mean(feature, view.features)
                hints = hints or (f"it has {listed(view.features)}",)
                message = f"the feature view `{name}` has no feature `{feature}`"
                raise BadRequest(message, field=place, status=404, help=hints)
            served = view.served
            column = feature_column(served.name, served.variant, own)
            picks.append((column, view, found))
        return picks


def _answer(
    entity: dict[str, Any],
    picks: Sequence[tuple[str, _View, _Feature]],
    views: Sequence[_View],
    fields: Mapping[_View, Mapping[bytes, bytes]],
    now: datetime,
    metadata: bool,
) -> AnswerRow:
    rows = {view: view.row(fields[view], now) for view in views}
    values: list[object] = []
    for _, view, feature in picks:
        status, row = rows[view]
        if status != OK or row is None:
            values.append(feature.default)
            continue
        value = row.values[feature.index]
        if feature.write is not None and value is not None:
            value = feature.write(value)
        values.append(value)
    if not metadata:
        return AnswerRow(entity, values)
    return AnswerRow(
        entity,
        values,
        [rows[view][0] for _, view, _ in picks],
        [_event_time(rows[view][1]) for _, view, _ in picks],
    )


def _from_text(text: str, number: bool, truth: bool) -> object:
    if number and text.lstrip("-").isdigit():
        return int(text)
    return text == "true" if truth and text in ("true", "false") else text


def _event_time(row: Row | None) -> str | None:
    return iso(row.event_time) if row is not None and row.event_time is not None else None


def _full_name(view: ServedView) -> str:
    return view.name if view.variant == DEFAULT_VARIANT else f"{view.name}@{view.variant}"
