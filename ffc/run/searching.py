"""How a training set searches each history: the shape that suits what was built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from ffc.adapter.offline import Relation
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
    warehouse: Warehouse, plan: Plan, relations: Mapping[str, Relation | str]
) -> tuple[Searched, ...]:
    """Return the shape for each history that a plan searches, by what lies in `relations`.

    There is nothing to choose where no time is asked for, nor for an engine that has neither ASOF
    joins nor indexes.
    """
    able = warehouse.store.capabilities
    if not plan.timestamp or not (able.asof_join or able.indexes):
        return ()
    if not able.asof_join:
        return _indexed(warehouse, plan, relations)
    counted = {str(row["node"]): row for row in warehouse.rows(sizes(plan), relations)}
    asked = int(str(counted.pop("")["rows"]))
    return tuple(
        _searched(view, asked, int(str(row["rows"])), int(str(row["longest"])))
        for view, row in counted.items()
    )


def deployed_searches(session: Session, node: TrainingSet) -> tuple[Searched, ...]:
    """Return how a run would search the histories that are deployed; raises NotFound."""
    registry = StateRegistry(session.state, session.target.name)
    read = {node.label, *node.depends_on}
    relations = {each: registry.relation(each) for each in read}
    return searches(Warehouse(session.offline, session.schema), node.plan, relations)


def _searched(view: str, asked: int, rows: int, longest: int) -> Searched:
    shape = shape_for(asked, rows, longest)
    why = {
        "pairs": "few labels for so many rows",
        "ranges": f"no key has more than {SHORT}",
    }.get(shape, "some keys have many")
    seen = f"{asked:,} labels, {rows:,} rows, {longest:,} a key at the most"
    return Searched(view=view, shape=shape, reason=f"{seen}: {why}")


def _indexed(
    warehouse: Warehouse, plan: Plan, relations: Mapping[str, Relation | str]
) -> tuple[Searched, ...]:
    """Return the shapes where there are indexes: only what was learned late is looked into."""
    views = {view.searched: view for view in plan.views if view.event_time}
    late = {name for name, view in views.items() if view.created and view.as_known}
    asked = _count(warehouse, plan.label, relations) if late else 0
    return tuple(
        _late(warehouse, plan, view, relations, asked)
        if name in late and asked
        else Searched(view=name, shape="lateral", reason="by the index")
        for name, view in views.items()
    )


def _late(
    warehouse: Warehouse,
    plan: Plan,
    view: ViewPlan,
    relations: Mapping[str, Relation | str],
    asked: int,
) -> Searched:
    """Return the shape for a view whose rows say when they were learned.

    So few rows as may be read over whatever the history is are looked at first: they mostly tell.
    """

    def over(most: int) -> float:
        # Far enough that labels with few rows before them do not hide how many others have.
        far = 4 * most
        share = max(LOOKED_AT // far, LABELS) / asked
        (row,) = warehouse.rows(skipped(plan, view, share, far), relations)
        return float(str(row["skipped"] or 0))

    few = over(SKIPPED_A_ROW)
    if few < SKIPPED_A_ROW:
        why = f"{asked:,} labels, {few:,.1f} rows read over for each"
        return Searched(view=view.searched, shape="lateral", reason=why)
    rows = _count(warehouse, view.searched, relations)
    most = most_skipped(asked, rows)
    many = over(most)
    why = f"{asked:,} labels, {rows:,} rows, {many:,.1f} of them read over for each"
    why += f", {most:,} would be too many"
    return Searched(view=view.searched, shape=indexed_shape(many, most), reason=why)


def _count(warehouse: Warehouse, node: str, relations: Mapping[str, Relation | str]) -> int:
    return int(str(warehouse.rows(count_of(node), relations)[0]["rows"]))
