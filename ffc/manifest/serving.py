"""The part of a manifest that a server can load alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from hashlib import blake2b

from msgspec.structs import replace

from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.records import AnyNode, FeatureView, Model, TrainingSet
from ffc.manifest.served import (
    ServedEntity,
    ServedFeature,
    ServedKey,
    ServedSet,
    ServedView,
    Serving,
)


def slot_of(view_id: str) -> int:
    """Return the four-byte number that marks a view's field in an entity's row.

    It follows from the id alone, so that no other view's coming or going moves it. The field also
    holds the view's fingerprint, which keeps two views of one slot apart.
    """
    return int.from_bytes(blake2b(view_id.encode(), digest_size=4).digest(), "big")


def serving_of(nodes: Iterable[AnyNode]) -> Serving:
    """Return what of some nodes can be served."""
    nodes = list(nodes)
    views = [served_view(n) for n in nodes if isinstance(n, FeatureView) and n.online]
    online = {view.id for view in views}
    sets = {n.id: _served_set(n, online) for n in nodes if isinstance(n, TrainingSet)}
    models = [_served_model(n, sets, online) for n in nodes if isinstance(n, Model)]
    entities = [ServedEntity(name=view.entity, keys=view.keys) for view in views]
    return Serving(
        entities=tuple(dict.fromkeys(entities)),
        views=tuple(views),
        training_sets=tuple(sets.values()),
        models=tuple(models),
    )


def served_view(view: FeatureView) -> ServedView:
    """Return how a view is read online."""
    features = tuple(
        ServedFeature(name=f.name, type=f.type, default=f.default) for f in view.features
    )
    types = {column.name: column.type for column in view.columns}
    return ServedView(
        id=view.id,
        name=view.name,
        variant=view.variant,
        entity=view.entity,
        keys=tuple(ServedKey(name=key, type=types[key]) for key in view.keys),
        store=view.online,
        slot=slot_of(view.id),
        fingerprint=view.data_fingerprint,
        ttl=view.ttl,
        features=features,
    )


def is_served_by(served: ServedSet, features: Mapping[str, Set[str]]) -> bool:
    """Tell whether all that a set asks for is there, given the features of each view by its id."""
    return not served.refused and all(
        feature in features.get(view, ()) for _, view, feature in served.features
    )


def _served_set(training_set: TrainingSet, online: Set[str]) -> ServedSet:
    """Return the features that a training set's name stands for, and why not, if so."""
    origins = {
        pick.column: (view.view, pick.feature)
        for view in training_set.plan.views
        for pick in view.picks
    }
    own = training_set.variant == DEFAULT_VARIANT
    features = tuple(
        (column.name, *origins[column.name])
        for column in training_set.plan.output
        if column.role == "feature"
    )
    return ServedSet(
        name=training_set.name if own else f"{training_set.name}@{training_set.variant}",
        features=features,
        refused=_looks_back(training_set) or _not_online(features, online),
    )


def _looks_back(training_set: TrainingSet) -> str:
    """Return what of a set is no newest value of an entity that a request names."""
    for view in training_set.plan.views:
        column = view.picks[0].column
        if view.lag:
            return f"`{column}` is lagged: it needs history, which no online store has"
        if view.label_role != view.entity:
            return f"`{column}` is of the `{view.entity}` that is `{view.label_role}` there"
    return ""


def _not_online(features: Iterable[tuple[str, str, str]], online: Set[str]) -> str:
    for column, view, _ in features:
        if view not in online:
            return f"`{column}` is of `{view or 'no view'}`, which is not online"
    return ""


def _served_model(model: Model, sets: Mapping[str, ServedSet], online: Set[str]) -> ServedSet:
    known = sets.get(model.training_set)
    if known is not None:
        return replace(known, name=model.name)
    features = tuple((each.column, each.view, each.feature) for each in model.features)
    refused = _not_online(features, online)
    if model.training_set:
        refused = f"its training set `{model.training_set}` was never built"
    return ServedSet(name=model.name, features=features, refused=refused)
