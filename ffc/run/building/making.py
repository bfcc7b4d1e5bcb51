"""How the relation of each kind of node is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.adapter.state import Pointer
from ffc.connect.warehouse import Warehouse
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
from ffc.run.building.advancing import Advancing, Bounds, instant, relations_of
from ffc.run.building.sources import Reading
from ffc.run.point_in_time.searching import built_alike, searches
from ffc.sql import build, snapshots
from ffc.sql.point_in_time import in_order, unshared


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What it takes to make the relation of a node from nothing."""

    warehouse: Warehouse
    reading: Reading
    pointers: Mapping[str, Pointer]
    nodes: Mapping[str, AnyNode]
    advancing: Advancing

    def make(
        self,
        node: AnyNode,
        relation: Relation,
        build_id: str,
        inputs: Mapping[str, str],
        bounds: Bounds | None,
    ) -> None:
        """Make a node's relation; of an incremental, for some times only if `bounds` are given."""
        if isinstance(node, Source):
            self.reading.make(node, relation, inputs)
        elif isinstance(node, Transformation) and node.materialized == "snapshot":
            rows = self.advancing.stage_rows(node, build_id)
            now = instant(self.advancing.now, exp.DataType(this=exp.DType.TIMESTAMP))
            versions = self.warehouse.text(snapshots.first_versions(node, rows, now))
            self.warehouse.create(relation, "TABLE", versions)
            self.warehouse.drop(self.warehouse.aside("rows", build_id), "TABLE")
        elif not isinstance(node, Entity | Model):
            query = self.warehouse.bound(self._sql(node), self.relations(node))
            if isinstance(node, TrainingSet):
                query = self._as_read(node, query)
            if isinstance(node, Transformation) and bounds is not None:
                query = self.advancing.first_batch(node, query, bounds)
            self.warehouse.create(relation, kind_of(node), query, searched_by(node))
            if isinstance(node, Transformation):
                self.advancing.check_keys(node, relation)

    def _as_read(self, node: TrainingSet, query: str) -> str:
        """Sort what is written, where that is the order in which it will be read."""
        if not self.warehouse.store.capabilities.keeps_order:
            return query
        rows = self.warehouse.text(in_order(build.reference("rows"), node.plan))
        return self.warehouse.bound(rows, {"rows": query})

    def hashed(self, node: AnyNode, relation: Relation) -> str:
        """Return what tells the rows of a training set from others; nothing of other nodes."""
        if not isinstance(node, TrainingSet):
            return ""
        return self.warehouse.content_hash(relation, [c.name for c in node.plan.output])

    def relations(self, node: AnyNode) -> dict[str, Relation | str]:
        """Return where what a node reads lies; of an ephemeral the query that stands for it."""
        return self.relations_of(node.depends_on)

    def relations_of(self, nodes: Iterable[str]) -> dict[str, Relation | str]:
        """Return where nodes lie."""
        return relations_of(self.warehouse, self.nodes, self.pointers, nodes)

    def _sql(self, node: Transformation | FeatureView | Label | TrainingSet) -> str:
        if isinstance(node, Transformation):
            return node.target_sql or node.sql
        if isinstance(node, TrainingSet):
            return self._training_set(node)
        return node.sql

    def _training_set(self, node: TrainingSet) -> str:
        builds = {name: pointer.build for name, pointer in self.pointers.items()}
        plan = node.plan if built_alike(node.plan, builds) else unshared(node.plan)
        found = searches(self.warehouse, plan, self.relations(node), builds)
        return self.warehouse.training_query(plan, {each.view: each.shape for each in found})


def searched_by(node: AnyNode) -> list[str]:
    """Return the columns by which the rows of a history are looked up: keys, times."""
    if not isinstance(node, FeatureView) or not node.event_time:
        return []
    return [*node.keys, node.event_time, *([node.created] if node.created else [])]


def kind_of(node: AnyNode) -> str:
    """Tell whether a node is a VIEW or a TABLE."""
    view = isinstance(node, Label | Source) or (
        isinstance(node, Transformation) and node.materialized == "view"
    )
    return "VIEW" if view else "TABLE"
