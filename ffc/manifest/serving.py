"""The part of a manifest that a server can load alone."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.records import (
    AnyNode,
    FeatureView,
    ServedEntity,
    ServedFeature,
    ServedKey,
    ServedSet,
    ServedView,
    Serving,
    TrainingSet,
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
    served = {view.id for view in views}
    sets = [served_set(n) for n in nodes if isinstance(n, TrainingSet) and _is_newest(n)]
    entities = [ServedEntity(name=view.entity, keys=view.keys) for view in views]
    return Serving(
        entities=tuple(dict.fromkeys(entities)),
        views=tuple(views),
        training_sets=tuple(s for s in sets if {view for _, view, _ in s.features} <= served),
    )


def _is_newest(training_set: TrainingSet) -> bool:
    """Tell whether a set asks for newest values only, of entities as a request names them."""
    return all(not v.lag and v.label_role == v.entity for v in training_set.plan.views)


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


def served_set(training_set: TrainingSet) -> ServedSet:
    """Return the features that a training set's name stands for."""
    origins = {
        pick.column: (view.view, pick.feature)
        for view in training_set.plan.views
        for pick in view.picks
    }
    own = training_set.variant == DEFAULT_VARIANT
    return ServedSet(
        name=training_set.name if own else f"{training_set.name}@{training_set.variant}",
        features=tuple(
            (column.name, *origins[column.name])
            for column in training_set.plan.output
            if column.role == "feature"
        ),
    )
