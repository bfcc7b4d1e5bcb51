"""The lineage of every node's columns, and the tags that flow along it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import sqlglot
from sqlglot.errors import SqlglotError

from ffc.compiler.compilation import Compilation
from ffc.compiler.dialects import dialect_of
from ffc.compiler.lineage.queries import query_lineage
from ffc.compiler.lineage.relations import Edge, Ref, Unclear, together
from ffc.compiler.queries.lexing import without_end
from ffc.compiler.readings import recorded
from ffc.manifest.records import (
    AnyNode,
    Column,
    ColumnLineage,
    Entity,
    FeatureView,
    Label,
    Model,
    Source,
    TrainingSet,
    Transformation,
    ViewPlan,
)
from ffc.project.rendered import Rendered
from ffc.sql.snapshots import TIMES

# The tags of the columns that have some.
Tags = dict[Ref, tuple[str, ...]]


def trace_lineage(state: Compilation) -> None:
    """Give every node its columns' lineage and tags; parents come before children."""
    tags: Tags = {}
    for node_id, node in list(state.nodes.items()):
        lineage = lineage_of(state, node)
        columns = _tagged(node, lineage, tags)
        tags |= {(node_id, column.name): column.tags for column in columns if column.tags}
        state.nodes[node_id] = msgspec.structs.replace(node, lineage=lineage, columns=columns)


def lineage_of(state: Compilation, node: AnyNode) -> dict[str, ColumnLineage]:
    """Return where each column of a node comes from."""
    if isinstance(node, Transformation):
        return _of_transformation(state, node)
    if isinstance(node, FeatureView):
        return _of_view(node)
    if isinstance(node, Label):
        own = [(column.name, column.name) for column in node.columns]
        return {name: recorded([(node.source, origin)]) for name, origin in own}
    if isinstance(node, TrainingSet):
        return _of_training_set(state, node)
    if isinstance(node, Model):
        return _of_model(node)
    return {}


def _of_transformation(state: Compilation, node: Transformation) -> dict[str, ColumnLineage]:
    """Return the lineage of a transformation's columns, over its renderings.

    Where a query's lineage can't be told, every column comes from all that the query reads: too
    much is said rather than too little.
    """
    reading = state.readings.get((node.id, False))
    if (
        node.materialized in ("view", "table", "ephemeral")
        and reading is not None
        and reading.lineage
    ):
        return reading.lineage
    added = TIMES if node.materialized == "snapshot" else ()
    names = [column.name for column in node.columns if column.name not in added]
    both = (state.rendered[node.id], state.following.get(node.id))
    renderings = [rendered for rendered in both if rendered is not None]
    refs = dict.fromkeys(ref for rendered in renderings for ref in rendered.refs)
    known = {ref: list(state.columns(ref) or ()) for ref in refs if ref != node.id}
    # What an incremental was so far: its rows came from the same columns.
    itself = {node.id: names, f"watermark.{node.id}": ["watermark"]}
    found: dict[str, Edge] = dict.fromkeys(names, Edge())
    for rendered in renderings:
        edges = _edges(state, rendered, known | itself, names)
        if edges is None:
            everything = frozenset((ref, name) for ref, own in known.items() for name in own)
            edges = dict.fromkeys(names, Edge(everything))
        found = {name: found[name] | edges[name] for name in names}
    # When a version began and ended follows from the columns that tell versions apart.
    told = together(found[name] for name in (node.updated_at, *node.check_columns) if name)
    found |= dict.fromkeys(added, told)
    return {
        name: recorded(*({r for r in refs if r[0] not in itself} for refs in (e.values, e.rows)))
        for name, e in found.items()
    }


def _edges(
    state: Compilation,
    rendered: Rendered,
    nodes: Mapping[str, Sequence[str]],
    names: Sequence[str],
) -> dict[str, Edge] | None:
    """Return where the columns of a query come from; None where that can't be told."""
    reading = state.readings.get((rendered.node, rendered.incremental))
    if reading is not None:
        return reading.edges()
    try:
        tree = sqlglot.parse_one(without_end(rendered.sql), read=dialect_of(state, rendered))
        return query_lineage(tree, nodes, names)
    except (Unclear, SqlglotError, RecursionError):
        return None


def _of_view(view: FeatureView) -> dict[str, ColumnLineage]:
    """Return the lineage of a history; keys and times choose the rows of each feature."""
    own = dict(zip(view.keys, view.source_keys, strict=True))
    own |= {name: name for name in (view.event_time, view.created) if name}
    chosen = [(view.source, column) for column in own.values()]
    found = {name: recorded([(view.source, origin)]) for name, origin in own.items()}
    for feature in view.features:
        found[feature.name] = recorded([(view.source, feature.column)], chosen)
    return {column.name: found[column.name] for column in view.columns if column.name in found}


def _of_training_set(state: Compilation, node: TrainingSet) -> dict[str, ColumnLineage]:
    plan = node.plan
    picks = {pick.column: (view, pick.feature) for view in plan.views for pick in view.picks}
    found = {}
    for column in plan.output:
        if column.name not in picks:
            found[column.name] = recorded([(plan.label, column.origin)])
            continue
        view, feature = picks[column.name]
        times = [(plan.label, plan.timestamp)] if plan.timestamp and view.event_time else []
        keys = [(plan.label, pair.label) for pair in view.keys]
        found[column.name] = recorded([(view.view, feature)], [*keys, *times, *_instants(view)])
    return found


def _of_model(model: Model) -> dict[str, ColumnLineage]:
    """Return the lineage of what a model asks for; an on-demand feature's is not known."""
    if model.training_set:
        return {c.name: recorded([(model.training_set, c.name)]) for c in model.columns}
    return {f.column: recorded([(f.view, f.feature)]) for f in model.features if f.view}


def _instants(view: ViewPlan) -> list[Ref]:
    """Return the columns of a view that choose its row."""
    names = [pair.view for pair in view.keys]
    names += [name for name in (view.event_time, view.created) if name]
    return [(view.view, name) for name in names]


def _tagged(node: AnyNode, lineage: Mapping[str, ColumnLineage], known: Tags) -> tuple[Column, ...]:
    """Return a node's columns with the tags of what they come from; `known` are those so far."""
    own: dict[str, tuple[str, ...]] = {}
    if isinstance(node, FeatureView):
        own = {feature.name: feature.tags for feature in node.features if feature.tags}
    if isinstance(node, Source | Entity) or not (known or own):
        return node.columns
    columns = []
    for column in node.columns:
        origins = lineage[column.name].values if column.name in lineage else ()
        tags = dict.fromkeys((*column.tags, *own.get(column.name, ())))
        for origin in origins:
            tags |= dict.fromkeys(known.get(origin, ()))
        same = len(tags) == len(column.tags)
        columns.append(column if same else msgspec.structs.replace(column, tags=tuple(tags)))
    return tuple(columns)
