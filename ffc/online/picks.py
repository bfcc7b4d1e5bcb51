"""What requests ask for, worked out once: which features of which views, in which columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadRequest
from ffc.manifest.names import feature_column
from ffc.manifest.served import ServedKey, ServedSet, Serving
from ffc.online.requests import AnswerColumn, FeatureRequest, check_features
from ffc.online.views import Feature, KeyReader, Status, Take, View

# So many requests, statuses and times are remembered, of so many columns in all; more than that and
# they are forgotten.
_REMEMBERED: Final = 1024
_NONE_SERVED: Final = "no view is: `ffc sync` brings those with `online:` to their store"
_COLUMNS: Final = 64 * _REMEMBERED

Column = tuple[str, View, Feature]
# An entity, with the keys that it had when a view of it was synced.
Key = tuple[str, tuple[ServedKey, ...]]


class Asked(NamedTuple):
    """The views of one entity in one store: one key, one look-up."""

    keys: KeyReader
    views: tuple[int, ...]


class Picks:
    """The columns of an answer, and what must be read for them."""

    def __init__(self, columns: Sequence[Column], keys: Mapping[Key, KeyReader]) -> None:
        self.columns = [AnswerColumn(name, feature.type) for name, _, feature in columns]
        self.plain = [_plain(column) for column in columns]
        self.views = list(dict.fromkeys(view for _, view, _ in columns))
        place = {view: index for index, view in enumerate(self.views)}
        own = [[n for n, (_, v, _) in enumerate(columns) if v is view] for view in self.views]
        self.takes = [Take([columns[n][2] for n in numbers]) for numbers in own]
        self.counts = [len(numbers) for numbers in own]
        order = [n for numbers in own for n in numbers]
        # Where each column's value is among those that are taken view by view; None: just there.
        self.order = None if order == sorted(order) else [order.index(n) for n in range(len(order))]
        self.view_of = [place[view] for _, view, _ in columns]
        self.stores = _stores(self.views, keys)
        self.head = msgspec.json.encode(self.columns)
        self._most = min(_REMEMBERED, _COLUMNS // (len(columns) + 1))
        self._statuses: dict[tuple[Status, ...], Raw] = {}
        self._times: dict[tuple[bytes, ...], Raw] = {}

    def in_order(self, values: list[object]) -> list[object]:
        """Return values that were taken view by view in the order of the columns."""
        return values if self.order is None else [values[place] for place in self.order]

    def statuses(self, by_view: Sequence[Status]) -> list[str]:
        """Return the status of each column."""
        return [by_view[place] for place in self.view_of]

    def event_times(self, by_view: Sequence[bytes]) -> list[str | None]:
        """Return the event time of each column."""
        texts = [view.time(stored) for view, stored in zip(self.views, by_view, strict=True)]
        return [texts[place] for place in self.view_of]

    def raw_statuses(self, by_view: tuple[Status, ...]) -> Raw:
        """Return the same as JSON."""
        known = self._statuses.get(by_view)
        if known is None:
            known = Raw(msgspec.json.encode(self.statuses(by_view)))
            self._remember(self._statuses, by_view, known)
        return known

    def raw_event_times(self, by_view: tuple[bytes, ...]) -> Raw:
        """Return the same as JSON."""
        known = self._times.get(by_view)
        if known is None:
            known = Raw(msgspec.json.encode(self.event_times(by_view)))
            self._remember(self._times, by_view, known)
        return known

    def _remember(self, known: dict[Any, Raw], key: object, value: Raw) -> None:
        if len(known) >= self._most:
            known.clear()
        known[key] = value


def _plain(column: Column) -> str:
    """Return what a column is called where no view is named: as its feature, if not renamed."""
    name, view, feature = column
    own = view.served.features[feature.index].name
    return own if name == feature_column(view.served.name, view.served.variant, own) else name


def _stores(views: Iterable[View], keys: Mapping[Key, KeyReader]) -> list[tuple[str, list[Asked]]]:
    """Return what is asked of each store."""
    together: dict[str, dict[Key, list[int]]] = {}
    for index, view in enumerate(views):
        own = together.setdefault(view.served.store, {})
        own.setdefault((view.served.entity, view.served.keys), []).append(index)
    return [
        (store, [Asked(keys[key], tuple(numbers)) for key, numbers in own.items()])
        for store, own in together.items()
    ]


class Picker:
    """Finds what the names in requests mean; what was found is remembered."""

    def __init__(self, serving: Serving, project: str, target: str) -> None:
        self.views = {view.id: View(view) for view in serving.views}
        self._keys = {
            (view.entity, view.keys): KeyReader(view, project, target) for view in serving.views
        }
        self._sets = {served.name: served for served in serving.training_sets}
        self.models = {model.name: model for model in serving.models}
        self._names = {view.name: view for view in self.views.values()}
        bare: dict[str, list[View]] = {}
        for view in self.views.values():
            bare.setdefault(view.served.name, []).append(view)
        for name, views in bare.items():
            if len(views) == 1:
                self._names.setdefault(name, views[0])
        self._known: dict[object, Picks] = {}
        self._held = 0

    def picks(self, request: FeatureRequest) -> Picks:
        """Return what a request asks for; raises BadRequest."""
        features = None if request.features is None else tuple(request.features)
        wanted = (features, request.training_set, request.model)
        found = self._known.get(wanted)
        if found is None:
            found = Picks(self._columns(request), self._keys)
            self._held += len(found.columns)
            if len(self._known) >= _REMEMBERED or self._held > _COLUMNS:
                self._known.clear()
                self._held = len(found.columns)
            self._known[wanted] = found
        return found

    def features(self) -> list[dict[str, object]]:
        """Return what can be asked for: every served feature with its type and its keys."""
        return [
            {
                "feature": f"{view.name}.{name}",
                "type": feature.type,
                "entity": view.served.entity,
                "keys": {key.name: key.type for key in view.served.keys},
            }
            for view in self.views.values()
            for name, feature in view.features.items()
        ]

    def _columns(self, request: FeatureRequest) -> list[Column]:
        if request.features is not None and request.training_set is None:
            if request.model is not None:
                self._check_model(request.model)
            return self._chosen(request.features)
        sets = (request.training_set, request.model)
        if request.features is not None or sets.count(None) != 1:
            message = "say `features`, `training_set` or `model`, one of them"
            raise BadRequest(message, field="features")
        if request.model is not None:
            return self._of(self._check_model(request.model), "model", f"model `{request.model}`")
        name = str(request.training_set)
        if name not in self._sets:
            message = f"no training set `{name}` is deployed"
            hints = did_you_mean(name, self._sets)
            raise BadRequest(message, field="training_set", status=404, help=hints)
        return self._of(self._sets[name], "training_set", f"training set `{name}`")

    def _chosen(self, features: Sequence[str]) -> list[Column]:
        # Before any is looked up: a list may be as long as a body.
        check_features(len(features))
        found: list[Column] = []
        for index, text in enumerate(features):
            found += self._pick(text, f"features[{index}]")
            check_features(len(found))
        if not found:
            raise BadRequest("no feature is asked for", field="features")
        return found

    def _check_model(self, name: str) -> ServedSet:
        if name not in self.models:
            message = f"no model `{name}` is deployed"
            hints = did_you_mean(name, self.models)
            raise BadRequest(message, field="model", status=404, help=hints)
        return self.models[name]

    def _of(self, served: ServedSet, field: str, what: str) -> list[Column]:
        if served.refused:
            message = f"the {what} can't be served: {served.refused}"
            raise BadRequest(message, field=field, help=["ask for its `features` one by one"])
        found = []
        for column, view_id, feature in served.features:
            view = self.views[view_id]
            if feature not in view.features:
                message = f"`{column}` is not among the synced features of `{view.served.name}`"
                raise BadRequest(message, field=field, help=["run `ffc sync`"])
            found.append((column, view, view.features[feature]))
        return found

    def _pick(self, text: str, place: str) -> list[Column]:
        name, _, feature = text.partition(".")
        view = self._names.get(name)
        if view is None:
            hints = did_you_mean(name, self._names)
            known = listed(sorted(self._names))
            hints = hints or (f"served views are {known}" if known else _NONE_SERVED,)
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
            picks.append((feature_column(served.name, served.variant, own), view, found))
        return picks
