"""The views that people query, put where the pointers lead.

They lie in the warehouse and the pointers in the state store, which no transaction joins. A
rollback moves the views first; where it dies before the pointers follow, whatever holds the target
next puts the views back before it does anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build, Pointer, RunRecord
from ffc.connect.warehouse import Warehouse
from ffc.core.errors import StatementFailed
from ffc.manifest.names import PUBLISHED
from ffc.manifest.records import AnyNode

ROLLBACK: Final = "rollback"
# The commands that begin with putting the views where they belong.
_MENDING: Final = ("run", "retry", ROLLBACK)
# So many runs are looked through for one that was not ended well.
LOOKED_AT: Final = 100


def publish(warehouse: Warehouse, nodes: Iterable[AnyNode], builds: Mapping[str, Build]) -> None:
    """Point the views of nodes to their builds, at one stroke."""
    places = list(_places(nodes, builds))
    if places:
        warehouse.publish(*places)


def put_back(
    warehouse: Warehouse, nodes: Iterable[AnyNode], pointers: Mapping[str, Pointer]
) -> None:
    """Point the views of nodes to where their pointers lead.

    Where that can't be, since somebody dropped a table, the node is to be built anew anyway.
    """
    builds = {name: pointer.build for name, pointer in pointers.items()}
    for place in _places(nodes, builds):
        try:
            warehouse.publish(place)
        except StatementFailed:
            continue


def _places(
    nodes: Iterable[AnyNode], builds: Mapping[str, Build]
) -> Iterator[tuple[AnyNode, Relation]]:
    for node in nodes:
        if node.kind in PUBLISHED and node.id in builds:
            yield node, Relation(*builds[node.id].relation)


def torn(runs: Sequence[RunRecord]) -> RunRecord | None:
    """Return the rollback that may have left the views apart from the pointers, if there is one.

    `runs` are the newest first. One that went on from it and ended well has mended that.
    """
    for run in runs:
        if run.command in _MENDING and run.status == "success":
            return None
        if run.command == ROLLBACK:
            return run
    return None
