"""Nodes of a manifest as what the client lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ffc.adapter.state import Build
from ffc.client.folder import Declared
from ffc.client.listings import (
    ColumnInfo,
    FeatureInfo,
    Found,
    ModelInfo,
    Related,
    TrainingSetInfo,
    ViewInfo,
)
from ffc.manifest.columns import roles
from ffc.manifest.finding import Hit, find_nodes, sought
from ffc.manifest.lineage import column_graph, find_place, node_graph
from ffc.manifest.names import full_name
from ffc.manifest.records import AnyNode, FeatureView, Manifest, Model, TrainingSet


def views(declared: Declared) -> list[ViewInfo]:
    """Return the feature views."""
    return [
        ViewInfo(
            **_named(node, declared.builds),
            entity=node.entity,
            keys=node.keys,
            source=node.source,
            timestamp=node.event_time,
            created=node.created,
            ttl=node.ttl,
            online=node.online,
            features=tuple(feature.name for feature in node.features),
            rows=_rows(node, declared.builds),
        )
        for node in declared.manifest.nodes
        if isinstance(node, FeatureView)
    ]


def features(declared: Declared) -> list[FeatureInfo]:
    """Return the features of all views, each under the name that it is asked for by."""
    return [
        FeatureInfo(
            name=f"{full_name(node)}.{feature.name}",
            description=feature.description,
            owner=node.owner,
            tags=tuple(dict.fromkeys((*node.tags, *feature.tags))),
            built=_built(node, declared.builds),
            type=feature.type,
            view=full_name(node),
            entity=node.entity,
            default=feature.default,
            online=node.online,
        )
        for node in declared.manifest.nodes
        if isinstance(node, FeatureView)
        for feature in node.features
    ]


def training_sets(declared: Declared) -> list[TrainingSetInfo]:
    """Return the training sets, each with its newest build."""
    return [
        TrainingSetInfo(
            **_named(node, declared.builds),
            label=node.label.partition(".")[2],
            columns=tuple(column.name for column in node.plan.output),
            rows=_rows(node, declared.builds),
            build=declared.builds[node.id].id if node.id in declared.builds else "",
            created=declared.builds[node.id].created if node.id in declared.builds else "",
        )
        for node in declared.manifest.nodes
        if isinstance(node, TrainingSet)
    ]


def models(declared: Declared) -> list[ModelInfo]:
    """Return the models."""
    return [
        ModelInfo(
            name=node.name,
            description=node.description,
            owner=node.owner,
            tags=node.tags,
            training_set=node.training_set.partition(".")[2],
            features=tuple(f"{f.view.partition('.')[2]}.{f.feature}" for f in node.features),
        )
        for node in declared.manifest.nodes
        if isinstance(node, Model)
    ]


def _named(node: AnyNode, builds: Mapping[str, Build]) -> dict[str, Any]:
    """Return what is said of everything that is built under a name."""
    return {
        "name": full_name(node),
        "description": node.description,
        "owner": node.owner,
        "tags": node.tags,
        "built": _built(node, builds),
    }


def _built(node: AnyNode, builds: Mapping[str, Build]) -> str:
    build = builds.get(node.id)
    if build is None:
        return "no"
    return "yes" if build.fingerprint == node.data_fingerprint else "changed"


def _rows(node: AnyNode, builds: Mapping[str, Build]) -> int | None:
    build = builds.get(node.id)
    return build.rows if build is not None else None


def columns(manifest: Manifest, name: str) -> list[ColumnInfo]:
    """Return the columns of a node, by its name or id; raises NotFound."""
    node = manifest.node(find_place(manifest, name).node)
    of_columns = roles(node)
    return [
        ColumnInfo(
            name=column.name,
            type=column.type or column.native,
            role=of_columns.get(column.name, ""),
            description=column.description,
            tags=column.tags,
            comes_from=", ".join(f"{parent}.{own}" for parent, own in values),
        )
        for column in node.columns
        for values in [node.lineage[column.name].values if column.name in node.lineage else ()]
    ]


def search(manifest: Manifest, text: str) -> list[Found]:
    """Return what has all words of a text, the best first, as `ffc search` finds it.

    A node's columns follow it where the words are in them.
    """
    return [found for hit in find_nodes(sought(manifest).nodes, text).hits for found in _found(hit)]


def _found(hit: Hit) -> Iterator[Found]:
    node, name = hit.node, hit.node.id.partition(".")[2]
    own = [match.text for match in hit.matches if not match.column]
    place = f"{node.path}:{node.line}"
    if own:
        said = " ".join(text for text in own if text not in (name, node.id, node.kind))
        yield Found(name=name, kind=node.kind, where=place, text=said or node.description)
    columns = dict.fromkeys(match.column for match in hit.matches if match.column)
    for column in columns:
        said = " ".join(
            match.text
            for match in hit.matches
            if match.column == column and match.where != "column"
        )
        yield Found(name=f"{name}.{column}", kind="column", where=place, text=said)


def lineage(manifest: Manifest, name: str) -> list[Related]:
    """Return what a node, or a column, comes from and what comes from it; raises NotFound."""
    start = find_place(manifest, name)
    graph = column_graph(manifest) if start.column else node_graph(manifest)
    links = [*graph.links(start, True), *graph.links(start, False)]
    return [
        Related(parent=str(link.parent), child=str(link.child), kind=link.kind) for link in links
    ]
