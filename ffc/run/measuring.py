"""Statistics of what a run built: computed when all is built and synced, kept as observations.

Nothing waits for them, and nothing fails for want of them: a build that has none is measured by the
next run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build, NodeRun, Observation, StateStore
from ffc.connect.warehouse import Warehouse
from ffc.core.errors import Cancelled, FfcError
from ffc.manifest.records import AnyNode, FeatureView, TrainingSet
from ffc.run.building.nodes import Building
from ffc.run.looking.statistics import ROWS, Figures, measure

# The kinds of nodes that are measured, by what a target says.
_MEASURED: Final[Mapping[str, tuple[type[AnyNode], ...]]] = {
    "training_sets": (TrainingSet,),
    "all": (FeatureView, TrainingSet),
    "none": (),
}


def unmeasured(
    nodes: Sequence[AnyNode], building: Building, statistics: str
) -> list[tuple[AnyNode, Build]]:
    """Return nodes with their builds that a target wants statistics of, and that have none."""
    wanted = [n for n in nodes if isinstance(n, _MEASURED[statistics]) and building.is_good(n)]
    builds = {node.id: building.pointers[node.id].build for node in wanted}
    known = building.state.observations([build.id for build in builds.values()], ROWS)
    have = {each.build for each in known if not each.column}
    return [(node, builds[node.id]) for node in wanted if builds[node.id].id not in have]


def keep_statistics(
    warehouse: Warehouse, state: StateStore, node: AnyNode, build: Build
) -> NodeRun:
    """Compute and keep the statistics of a build; return how that went.

    It is a warning where they could not be computed, for the build is good without them. A mistake
    of ours is raised.
    """
    started = time.perf_counter()
    told: Mapping[str, object] | None = None
    try:
        columns = measure(warehouse, Relation(*build.relation), node.columns)
        state.observe(list(_observed(node.id, build.id, columns)))
        status = "success"
    except Cancelled:
        status = "cancelled"
    except FfcError as problem:
        status = "warn"
        message = f"`{node.name}` is built, but has no statistics: {problem.message}"
        hints = [*problem.help, "`statistics: none` in a target of profiles.yml leaves them out"]
        told = {"code": problem.code, "message": message, "help": hints}
    return NodeRun(
        id=node.id,
        action="measure",
        status=status,
        reason=str(told["message"]) if told else "",
        attempts=1,
        seconds=round(time.perf_counter() - started, 6),
        build=build.id,
        error=told,
    )


def _observed(
    node: str, build: str, columns: Sequence[tuple[str, Figures]]
) -> Iterator[Observation]:
    for column, figures in columns:
        for (metric, window), value in figures.items():
            yield Observation(
                node=node, column=column, metric=metric, window=window, value=value, build=build
            )
