"""What a selection can name: its words, and the names in a manifest, read alone and fast."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Struct

_ENDS: Final = re.compile(r"[\s,]")
STATES: Final = (
    *("new", "old", "modified", "modified.body", "modified.words", "unmodified", "removed"),
)
STATUSES: Final = ("success", "warn", "error", "skipped", "cancelled", "unchanged")
KINDS: Final = (
    *("source", "transformation", "entity", "feature_view", "label", "training_set", "model"),
)
# The settings of a node that `config.` knows: of transformations, of views, of sources.
BUILT_BY: Final = (
    *("materialized", "time_column", "unique_key", "lookback", "on_schema_change", "strategy"),
    *("updated_at", "check_columns", "dialect"),
)
SETTINGS: Final = (
    *BUILT_BY,
    *("ttl", "delay", "boundary", "as_known", "online", "schedule.cron", "schedule.timezone"),
    *("format", "timezone"),
)
# Methods that ask for what nodes have, and those that ask for something beside them.
OWN: Final = (
    *("name", "fqn", "tag", "kind", "resource_type", "owner", "entity", "source", "path", "file"),
)
ASIDE: Final = ("state", "result", "git", "selector")


class Listed(Struct, frozen=True, kw_only=True):
    """Of a node only what it is known by."""

    id: str
    kind: str
    name: str
    variant: str = "default"
    path: str = ""
    described_in: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class _Index(Struct, frozen=True, kw_only=True):
    nodes: tuple[Listed, ...] = ()


def list_nodes(manifest: bytes) -> tuple[Listed, ...]:
    """Return the nodes of a manifest by their names alone; raises ValueError for what is none."""
    return msgspec.json.decode(manifest, type=_Index).nodes


class _Named(Struct, frozen=True, kw_only=True):
    name: str


class _Told(Listed, frozen=True, kw_only=True):
    """The same with the names of its columns, and of a view's features."""

    columns: tuple[_Named, ...] = ()
    features: tuple[_Named, ...] = ()


class _Columns(Struct, frozen=True, kw_only=True):
    nodes: tuple[_Told, ...] = ()


def list_columns(manifest: bytes, node: str) -> tuple[str, ...]:
    """Return the columns of a node by a name or an id; raises ValueError as above."""
    nodes = msgspec.json.decode(manifest, type=_Columns).nodes
    called = (each for each in nodes if node == each.id or node in _values(each, "name"))
    return tuple(column.name for each in called for column in each.columns)


def list_features(manifest: bytes) -> tuple[str, ...]:
    """Return `view.feature` for every feature, `view.*` for all of a view; raises ValueError."""
    views = msgspec.json.decode(manifest, type=_Columns).nodes
    return tuple(
        f"{name}.{feature}"
        for view in views
        if view.kind == "feature_view"
        for name in _values(view, "name")
        for feature in (*(each.name for each in view.features), "*")
    )


def listed_values(nodes: Iterable[Listed], method: str) -> set[str]:
    """Return the values by which a method finds any of some nodes, as far as names tell."""
    fixed = {"state": STATES, "result": STATUSES, "kind": KINDS, "resource_type": KINDS}
    if method in fixed:
        return set(fixed[method])
    return {value for node in nodes for value in _values(node, method) if value}


def _values(node: Listed, method: str) -> Iterator[str]:
    if method in ("name", "fqn"):
        yield node.name
        if node.variant != "default":
            yield f"{node.name}@{node.variant}"
    elif method == "tag":
        yield from node.tags
    elif method == "owner":
        yield node.owner
    elif method == "entity" and node.kind == "entity":
        yield node.name
    elif method == "source" and node.kind == "source":
        yield from (node.name, node.name.partition(".")[0])
    elif method == "path":
        yield from (node.path, node.described_in, *_parts(node, 0))
    elif method == "file":
        yield from _parts(node, 2)


def typed(value: str) -> str:
    """Return a value as a word can have it: a blank or a comma would end it, any character fits."""
    return _ENDS.sub("?", value)


def _parts(node: Listed, part: int) -> tuple[str, ...]:
    """Return the folders, or the names, of the files that a node is in."""
    return tuple(path.rpartition("/")[part] for path in (node.path, node.described_in))
