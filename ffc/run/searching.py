"""How a training set searches each history: the shape that suits what was built."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ffc.adapter.offline import Relation
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse
from ffc.manifest.records import Plan, TrainingSet
from ffc.registry import StateRegistry
from ffc.sql.search import SHORT, Shape, shape_for
from ffc.sql.sizes import sizes


class Searched(Struct, frozen=True, kw_only=True):
    """The shape in which a view's history is searched, and why."""

    view: str
    shape: Shape
    reason: str


def searches(
    warehouse: Warehouse, plan: Plan, relations: Mapping[str, Relation | str]
) -> tuple[Searched, ...]:
    """Return the shape for each history that a plan searches, by what lies in `relations`.

    There is nothing to choose for an engine without ASOF joins, nor where no time is asked for.
    """
    if not plan.timestamp or not warehouse.store.capabilities.asof_join:
        return ()
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
