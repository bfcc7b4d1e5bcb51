"""`run`: every node of a manifest in order, then the online views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from graphlib import TopologicalSorter
from typing import Any, Final

import msgspec

from ffc.adapter.state import Lease, NodeRun, Pointer
from ffc.auth import Principal, authorize
from ffc.connect.holding import holding
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, random_build_id
from ffc.core.clock import Clock, stamp, utc_now
from ffc.core.diagnostics import Position, Span, error, listed
from ffc.core.errors import Immutable, ProjectError
from ffc.manifest.names import BUILT
from ffc.manifest.records import AnyNode, FeatureView, Manifest, Transformation
from ffc.online.sync import Syncing, sync_view
from ffc.run.events import Event, NodeFinished, NodeStarted, RunFinished, RunStarted, Sink, emit
from ffc.run.nodes import Building
from ffc.run.sinks import ResultsSink, RunResults, StateSink

# How transformations can be built in this version.
BUILDABLE: Final = ("view", "table")


def run(
    manifest: Manifest,
    session: Session,
    *,
    principal: Principal,
    sinks: Sequence[Sink] = (),
    git: Mapping[str, Any] | None = None,
    clock: Clock = utc_now,
    build_id: Callable[[], str] = random_build_id,
) -> RunResults:
    """Build a manifest in its target and sync its online views; return how it went.

    A node that fails keeps its last good build, and what hangs on it is skipped. Raises
    ProjectError where this version can't build a node, Locked
    while another run holds the target, Immutable where a protected target would change, Unreachable
    where a store can't be opened.
    """
    authorize(principal, "run")
    target = manifest.target.name
    nodes = in_order(manifest)
    online = [node for node in nodes if isinstance(node, FeatureView) and node.online]
    check_buildable(nodes)
    state = session.state
    with holding(state, target) as lease:
        if manifest.target.protected:
            check_unchanged(nodes, state.pointers(target))
        state.deploy(target, msgspec.json.encode(manifest), stamp(clock()), principal.name)
        state.audit(principal.name, "run", target, stamp(clock()))
        job = _Job(session, manifest, lease, principal, sinks, git, clock)
        try:
            building = job.building(build_id)
            job.start(len(nodes) + len(online))
            for node in nodes:
                job.step(node.id, partial(building.build, node))
            syncing = job.syncing(building)
            for view in online:
                broken = view.id in building.broken
                work = partial(_held_back, view) if broken else partial(sync_view, syncing, view)
                job.step(view.id, work)
        except BaseException:
            # A warehouse that can't be opened, Ctrl-C: the run is over, and must say so.
            job.finish(status="error")
            raise
        return job.finish()


def in_order(manifest: Manifest) -> list[AnyNode]:
    """Return the nodes that have relations, each after what it reads."""
    by_id = {node.id: node for node in manifest.nodes}
    graph = {node.id: sorted(node.depends_on) for node in manifest.nodes}
    order = TopologicalSorter(graph).static_order()
    return [by_id[node] for node in order if by_id[node].kind in BUILT]


def check_buildable(nodes: Iterable[AnyNode]) -> None:
    """Return if this version can build every node; raises ProjectError, which names the others."""
    found = [n for n in nodes if isinstance(n, Transformation) and n.materialized not in BUILDABLE]
    told = [
        error(
            "FF107",
            f"`{node.materialized}` is not in this version of ffc yet: "
            f"`ffc run` can't build `{node.name}`",
            Span(file=node.path, start=Position(node.line, 1), end=Position(node.line, 2)),
            node=node.id,
            help=["build it as a `table` or a `view` until then"],
        )
        for node in found
    ]
    if told:
        raise ProjectError("this version of ffc can't build the project", told)


def check_unchanged(nodes: Sequence[AnyNode], pointers: Mapping[str, Pointer]) -> None:
    """Return if no deployed node computes something else now; raises Immutable.

    Its description, owner and tags may change. What only follows from a changed node is not named.
    """
    changed = [n for n in nodes if n.id in pointers and _differs(n, pointers[n.id])]
    ids = {node.id for node in changed}
    causes = [node for node in changed if not ids & set(node.depends_on)]
    if causes:
        raise Immutable(
            f"{listed(node.id for node in causes)} would change in a protected target",
            help=["make a variant (`variant: v2`, or NAME@v2.sql), and move its users over to it"],
        )


def _differs(node: AnyNode, pointer: Pointer) -> bool:
    return node.data_fingerprint != pointer.definition


def _held_back(view: FeatureView) -> NodeRun:
    return NodeRun(id=view.id, action="sync", status="skipped", reason=f"{view.id} was not built")


class _Job:
    """One run's bookkeeping: events out, results collected."""

    def __init__(
        self,
        session: Session,
        manifest: Manifest,
        lease: Lease,
        principal: Principal,
        sinks: Sequence[Sink],
        git: Mapping[str, Any] | None,
        clock: Clock,
    ) -> None:
        self._session = session
        self._manifest = manifest
        self._lease = lease
        self._clock = clock
        self._git = git
        target = manifest.target.name
        self._run_id = session.state.begin_run(target, "run", principal.name, stamp(clock()))
        self._results = ResultsSink()
        self._sinks: list[Sink] = [self._results, StateSink(session.state, self._run_id), *sinks]
        self._index = self._total = 0

    def building(self, build_id: Callable[[], str]) -> Building:
        warehouse = Warehouse(self._session.offline, self._session.schema)
        state = self._session.state
        pointers = state.pointers(self._manifest.target.name)
        return Building(
            warehouse=warehouse,
            state=state,
            lease=self._lease,
            target=self._manifest.target.name,
            folder=self._session.target.folder,
            clock=self._clock,
            existing=warehouse.prepare(),
            pointers=pointers,
            definitions=state.definitions([(p.node, p.definition) for p in pointers.values()]),
            build_id=build_id,
        )

    def syncing(self, building: Building) -> Syncing:
        return Syncing(
            warehouse=building.warehouse,
            state=building.state,
            lease=self._lease,
            project=self._manifest.project.name,
            target=building.target,
            pointers=building.pointers,
            existing=building.existing,
            online=self._session.online,
            now=self._clock(),
            build_id=building.build_id,
        )

    def start(self, total: int) -> None:
        self._total = total
        self._emit(
            RunStarted(
                run_id=self._run_id,
                command="run",
                target=self._manifest.target.name,
                at=stamp(self._clock()),
                nodes=total,
                git=self._git,
            )
        )

    def step(self, node: str, work: Callable[[], NodeRun]) -> None:
        self._index += 1
        self._emit(NodeStarted(id=node, index=self._index, total=self._total))
        result = work()
        self._emit(NodeFinished(node=result, index=self._index, total=self._total))

    def finish(self, status: str = "success") -> RunResults:
        if any(r.status in ("error", "skipped") for r in self._results.document.results):
            status = "error"
        self._emit(RunFinished(run_id=self._run_id, at=stamp(self._clock()), status=status))
        return self._results.document

    def _emit(self, event: Event) -> None:
        emit(self._sinks, event)
