"""The records of the part of a manifest that a server can load alone."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class ServedKey(Struct, frozen=True, kw_only=True):
    """A key column of an entity as the online store encodes it."""

    name: str
    type: str


class ServedEntity(Struct, frozen=True, kw_only=True):
    """How an entity's keys are encoded, in order."""

    name: str
    keys: tuple[ServedKey, ...]


class ServedFeature(Struct, frozen=True, kw_only=True):
    """A feature as it is packed in a view's value."""

    name: str
    type: str
    default: Any = None


class ServedView(Struct, frozen=True, kw_only=True):
    """All that a server needs to read a view: where it lies, how it is packed, when it expires."""

    id: str
    name: str
    variant: str
    entity: str
    keys: tuple[ServedKey, ...]
    store: str
    slot: int
    fingerprint: str
    generation: int = 0
    ttl: int | None = None
    features: tuple[ServedFeature, ...]


class ServedSet(Struct, frozen=True, kw_only=True):
    """What the name of a training set or model asks for: column, view, feature; or why not."""

    name: str
    features: tuple[tuple[str, str, str], ...]
    refused: str = ""


class Serving(Struct, frozen=True, kw_only=True):
    """The part of a manifest that a server can load alone."""

    entities: tuple[ServedEntity, ...] = ()
    views: tuple[ServedView, ...] = ()
    training_sets: tuple[ServedSet, ...] = ()
    models: tuple[ServedSet, ...] = ()
