"""How a training set searches each history: the shape that suits what was built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse
from ffc.manifest.records import Plan, TrainingSet, ViewPlan
from ffc.registry import StateRegistry
from ffc.sql.search import (
    SHORT,
    SKIPPED_A_ROW,
    Shape,
    indexed_shape,
    most_skipped,
    shape_for,
)
from ffc.sql.sizes import count_of, sizes, skipped

# How many rows are looked at to choose a shape, and for how many labels at the least.
LOOKED_AT: Final = 20_000
LABELS: Final = 32


class Searched(Struct, frozen=True, kw_only=True):
    """The shape in which a view's history is searched, and why."""

    view: str
    shape: Shape
    reason: str


def searches(
    warehouse: Warehouse,
    plan: Plan,
    relations: Mapping[str, Relation | str],
    builds: Mapping[str, Build] = MappingProxyType({}),
) -> tuple[Searched, ...]:
    """Return the shape for each history that a plan searches, by what lies in `relations`.

    Of `builds` it is known how many rows they have. There is nothing to choose where no time is
    asked for, nor for an engine that has neither ASOF joins nor indexes.
    """
    able = warehouse.store.capabilities
    if not plan.timestamp or not (able.asof_join or able.indexes):
        return ()
    if not able.asof_join:
        return _Indexed(warehouse, plan, relations, builds).searches()
    counted = {str(row["node"]): row for row in warehouse.rows(sizes(plan), relations)}
    asked = int(str(counted.pop("")["rows"]))
    return tuple(
        _searched(view, asked, int(str(row["rows"])), int(str(row["longest"])))
        for view, row in counted.items()
    )


def built_alike(plan: Plan, builds: Mapping[str, Build]) -> bool:
    """Tell whether views that share their instants were made of the same rows.

    A view whose build is older than that of the view that is searched lacks its newest instants.
    """
    pairs = ((builds[view.view], builds[view.searched]) for view in plan.views)
    return all(dict(own.inputs) == dict(other.inputs) for own, other in pairs)


def deployed_searches(session: Session, node: TrainingSet) -> tuple[Searched, ...]:
    """Return how a run would search the histories that are deployed; raises NotFound."""
    registry = StateRegistry(session.state, session.target.name)
    builds = {each: registry.build(each) for each in {node.label, *node.depends_on}}
    relations = {each: Relation(*build.relation) for each, build in builds.items()}
    return searches(Warehouse(session.offline, session.schema), node.plan, relations, builds)


def _searched(view: str, asked: int, rows: int, longest: int) -> Searched:
    shape = shape_for(asked, rows, longest)
    why = {
        "pairs": "few labels for so many rows",
        "ranges": f"no key has more than {SHORT}",
    }.get(shape, "some keys have many")
    seen = f"{asked:,} labels, {rows:,} rows, {longest:,} a key at the most"
    return Searched(view=view, shape=shape, reason=f"{seen}: {why}")


@dataclass(frozen=True, slots=True)
class _Indexed:
    """The shapes where there are indexes: only what was learned late is looked into."""

    warehouse: Warehouse
    plan: Plan
    relations: Mapping[str, Relation | str]
    builds: Mapping[str, Build]

    def searches(self) -> tuple[Searched, ...]:
        """Return the shape for each history."""
        views = {view.searched: view for view in self.plan.views if view.event_time}
        late = {name for name, view in views.items() if view.created and view.as_known}
        asked = self._rows(self.plan.label) if late else 0
        return tuple(
            self._late(view, asked)
            if name in late and asked
            else Searched(view=name, shape="lateral", reason="by the index")
            for name, view in views.items()
        )

    def _late(self, view: ViewPlan, asked: int) -> Searched:
        """Return the shape for a view whose rows say when they were learned.

        So few rows as may be read over whatever the history is are looked at first: they mostly
        tell.
        """
        few = self._skipped(view, asked, SKIPPED_A_ROW)
        if few < SKIPPED_A_ROW:
            why = f"{asked:,} labels, {few:,.1f} rows read over for each"
            return Searched(view=view.searched, shape="lateral", reason=why)
        rows = self._rows(view.searched)
        most = most_skipped(asked, rows)
        many = self._skipped(view, asked, most)
        why = f"{asked:,} labels, {rows:,} rows, {many:,.1f} of them read over for each"
        why += f", {most:,} would be too many"
        return Searched(view=view.searched, shape=indexed_shape(many, most), reason=why)

    def _skipped(self, view: ViewPlan, asked: int, most: int) -> float:
        """Return how many rows are read over for a label, looking no further than matters."""
        # Far enough that labels with few rows before them do not hide how many others have.
        far = 4 * most
        share = max(LOOKED_AT // far, LABELS) / asked
        (row,) = self.warehouse.rows(skipped(self.plan, view, share, far), self.relations)
        return float(str(row["skipped"] or 0))

    def _rows(self, node: str) -> int:
        """Return how many rows a node has: those of views are not known."""
        known = self.builds[node].rows if node in self.builds else None
        if known is not None:
            return known
        (row,) = self.warehouse.rows(count_of(node), self.relations)
        return int(str(row["rows"]))
