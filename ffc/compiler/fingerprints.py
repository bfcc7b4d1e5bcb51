"""Fingerprints: of what computes a node's values, and of the words about it.

A data fingerprint covers the canonical SQL, the parents' data fingerprints and whatever else
changes a value; never formatting, comments, the target or a schema. Both kinds begin with the
version of this reckoning: when a new ffc or a new sqlglot would reckon otherwise, VERSION grows,
and a deployed definition (which keeps its SQL) is reckoned anew before it is called changed.

What a node itself gives to its data fingerprint is its recipe: where only a parent is another one,
the fingerprint follows from the recipe alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import zip_longest
from typing import Any, Final

import msgspec
from msgspec import Struct

from ffc.compiler.readings import Spelling, spell
from ffc.manifest.records import (
    AnyNode,
    Entity,
    FeatureView,
    Label,
    Model,
    Source,
    TrainingSet,
    Transformation,
)

VERSION = 1

# What of each kind changes values; the rest is words, places, or follows from these.
_DATA: Mapping[type[Struct], tuple[str, ...]] = {
    Source: ("file", "format", "timezone"),
    Transformation: (),
    Entity: (),
    FeatureView: (
        "source",
        "keys",
        "event_time",
        "created",
        "delay",
        "ttl",
        "boundary",
        "as_known",
        "online_boundary",
        "online_as_known",
        "features",
    ),
    Label: ("source", "roles", "timestamp", "column"),
    TrainingSet: ("plan",),
    Model: ("training_set", "features"),
}


# Where a parent's fingerprint belongs in a document; nobody can have written it.
_MARK: Final = os.urandom(16).hex()
_ALL: Final = f"{_MARK}*"
_HOLES: Final = re.compile(rb'"%b\*"|%b([0-9]+);' % (_MARK.encode(), _MARK.encode()))


class Recipe(Struct, frozen=True, array_like=True):
    """What a data fingerprint is made of: a document with holes between its `parts`.

    `parents` tells what belongs in each hole: the fingerprint of the parent of that number, in the
    order of `depends_on`, or the sorted list of all, where the number is below 0.
    """

    parts: tuple[bytes, ...]
    parents: tuple[int, ...]

    def fingerprint(self, parents: Sequence[str]) -> str:
        """Return the data fingerprint of a node whose parents have these, in their order."""
        filled = [
            parents[number].encode() if number >= 0 else msgspec.json.encode(sorted(parents))
            for number in self.parents
        ]
        pairs = zip_longest(self.parts, filled, fillvalue=b"")
        return _hashed(b"".join(part for pair in pairs for part in pair))


def recipe_of(node: AnyNode, dialect: str, spellings: Mapping[str, Spelling]) -> Recipe:
    """Return what a node gives to its data fingerprint.

    `spellings` are those of queries in the project's dialect, as far as they are known.
    """
    holes = {parent: f"{_MARK}{number};" for number, parent in enumerate(node.depends_on)}
    document = msgspec.json.encode(_data_of(node, holes, dialect, spellings), order="sorted")
    parts = _HOLES.split(document)
    numbers = (int(number) if number is not None else -1 for number in parts[1::2])
    return Recipe(tuple(parts[::2]), tuple(numbers))


def with_fingerprints(
    nodes: Mapping[str, AnyNode], recipes: Mapping[str, Recipe]
) -> dict[str, AnyNode]:
    """Return the nodes with their fingerprints; parents come before children in `nodes`."""
    done: dict[str, AnyNode] = {}
    for node_id, node in nodes.items():
        parents = [done[parent].data_fingerprint for parent in node.depends_on]
        words = msgspec.json.encode(_words_of(node), order="sorted")
        done[node_id] = msgspec.structs.replace(
            node,
            data_fingerprint=recipes[node_id].fingerprint(parents),
            metadata_fingerprint=_hashed(words),
        )
    return done


def _hashed(document: bytes) -> str:
    return f"f{VERSION}_{blake2b(document, digest_size=16).hexdigest()}"


def _data_of(
    node: AnyNode, parents: Mapping[str, str], dialect: str, spellings: Mapping[str, Spelling]
) -> dict[str, object]:
    """Return the document of a node; `parents` is what stands for each of them."""
    document: dict[str, object] = {"kind": node.kind, "parents": _ALL}
    if isinstance(node, Transformation):
        own = node.dialect or dialect
        known = spellings if own == dialect else {}
        return document | _transformed(node, parents, own, known)
    names = _DATA[type(node)]
    if isinstance(node, FeatureView) and node.source_keys != node.keys:
        names = (*names, "source_keys")
    if isinstance(node, Source) and node.table:
        names = (*names, "table")
    plain = msgspec.to_builtins({name: getattr(node, name) for name in names})
    aside = _ASIDE_IN_PLANS if isinstance(node, TrainingSet) else _ASIDE
    document["facts"] = _facts(plain, parents, aside)
    if isinstance(node, Source | Entity):
        document["columns"] = [(column.name, column.type) for column in node.columns]
    return document


def _transformed(
    node: Transformation, parents: Mapping[str, str], dialect: str, known: Mapping[str, Spelling]
) -> dict[str, Any]:
    """Return what computes a transformation: its query, and how its builds go on from another.

    Views, tables and ephemerals hold the same values.
    """

    def canonical(sql: str, parents: Mapping[str, str]) -> str:
        return (known.get(sql) or spell(sql, dialect)).filled(parents)

    found: dict[str, Any] = {"sql": canonical(node.sql, parents)}
    if node.materialized not in ("incremental", "snapshot"):
        return found
    own = {node.id: "this", f"watermark.{node.id}": "watermark"}
    if node.sql_next:
        found["sql_next"] = canonical(node.sql_next, {**parents, **own})
    names = ("materialized", "time_column", "lookback", "strategy", "updated_at")
    found |= {name: getattr(node, name) for name in names}
    return found | {name: sorted(getattr(node, name)) for name in ("unique_key", "check_columns")}


_ASIDE = ("description", "tags")
# Of a plan: where an output column comes from, which its picks say already; where an instant is
# looked for, which is the same for all that share it; what a role is called, not its keys.
_ASIDE_IN_PLANS = (*_ASIDE, "origin", "searched", "entity", "label_role")
# What came later to the language: a definition that doesn't say it is as it was before.
_UNSAID = {"lag": 0}


def _facts(value: object, parents: Mapping[str, str], aside: tuple[str, ...]) -> object:
    """Return a JSON value without words, its parents by fingerprint instead of by name."""
    if isinstance(value, dict):
        said = {k: v for k, v in value.items() if k not in aside and _UNSAID.get(k, ...) != v}
        return {k: _facts(v, parents, aside) for k, v in said.items()}
    if isinstance(value, list | tuple):
        return [_facts(v, parents, aside) for v in value]
    return parents.get(value, value) if isinstance(value, str) else value


def _words_of(node: AnyNode) -> dict[str, object]:
    words: dict[str, object] = {
        "description": node.description,
        "owner": node.owner,
        "tags": sorted(node.tags),
        "columns": [(c.name, c.description, c.tags and sorted(c.tags)) for c in node.columns],
    }
    if node.tests:
        words["tests"] = [msgspec.structs.replace(test, line=0) for test in node.tests]
    if isinstance(node, Source) and node.freshness is not None:
        words["freshness"] = msgspec.to_builtins(node.freshness)
    if isinstance(node, Source) and node.group_description:
        words["group_description"] = node.group_description
    if isinstance(node, Transformation) and node.on_schema_change:
        words["on_schema_change"] = node.on_schema_change
    if isinstance(node, FeatureView):
        words["features"] = [(f.name, f.description, sorted(f.tags)) for f in node.features]
        words["online"] = node.online
        if node.schedule is not None:
            words["schedule"] = msgspec.to_builtins(node.schedule)
    return words
