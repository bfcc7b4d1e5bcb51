"""`run`: every node of a manifest after what it reads, then the online views."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
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
from ffc.core.diagnostics import listed
from ffc.core.errors import Immutable
from ffc.manifest.names import has_relation
from ffc.manifest.records import AnyNode, FeatureView, Manifest
from ffc.online.generations import forget_returning
from ffc.online.sync import Syncing, cut_over, sync_view
from ffc.run.building.increments import adopt
from ffc.run.building.nodes import Building
from ffc.run.collecting import collect, generations_of, take
from ffc.run.events import Sink
from ffc.run.measuring import keep_statistics, unmeasured
from ffc.run.publishing import LOOKED_AT, ROLLBACK, put_back, torn
from ffc.run.requests import Origin, RunRequest, origin_of
from ffc.run.scheduling import in_parallel
from ffc.run.sinks import RunResults
from ffc.run.telling import Telling

# The commands that build. Their runs hold the lock of their target: of two, one is dead.
COMMANDS: Final = ("run", "retry")
# A rollback holds it, too. Of those that hold none one may live yet; it says so when it ends.
RECORDED: Final = (*COMMANDS, ROLLBACK, "test", "freshness")


def run(
    manifest: Manifest,
    session: Session,
    *,
    principal: Principal,
    request: RunRequest | None = None,
    sinks: Sequence[Sink] = (),
    git: Mapping[str, Any] | None = None,
    clock: Clock = utc_now,
    build_id: Callable[[], str] = random_build_id,
) -> RunResults:
    """Build a manifest in its target and sync its online views; return how it went.

    A node that fails keeps its last good build, and what hangs on it is skipped. Raises Locked
    while another run holds the target, Immutable where a protected target would change, Unreachable
    where a store can't be opened. Ctrl-C cancels what runs and is raised again.
    """
    request = request or RunRequest()
    authorize(principal, "run")
    target = manifest.target.name
    nodes = [node for node in in_order(manifest) if request.wants(node.id)]
    state = session.state
    stopping = threading.Event()
    with holding(state, target, stopping.set) as lease:
        if manifest.target.protected:
            check_unchanged(nodes, state.pointers(target))
        state.end_dead_runs(lease, target, RECORDED)
        document = msgspec.json.encode(manifest)
        forget_returning(state, lease, manifest)
        deployment = state.deploy(target, document, stamp(clock()), principal.name)
        state.audit(principal.name, request.command, target, stamp(clock()))
        origin = origin_of(principal.name, deployment, git)
        job = _Job(session, manifest, request, lease, origin, sinks, git, clock, stopping)
        try:
            job.work(nodes, build_id)
        except BaseException as problem:
            # A warehouse that can't be opened, Ctrl-C: the run is over, and must say so.
            job.finish("error" if isinstance(problem, Exception) else "cancelled")
            raise
        return job.finish()


def in_order(manifest: Manifest) -> list[AnyNode]:
    """Return the nodes that have relations, each after what it reads."""
    by_id = {node.id: node for node in manifest.nodes}
    graph = {node.id: sorted(node.depends_on) for node in manifest.nodes}
    order = TopologicalSorter(graph).static_order()
    return [by_id[node] for node in order if has_relation(by_id[node])]


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


class _Job:
    """One run: its nodes built, its views synced, and all of it told."""

    def __init__(
        self,
        session: Session,
        manifest: Manifest,
        request: RunRequest,
        lease: Lease,
        origin: Origin,
        sinks: Sequence[Sink],
        git: Mapping[str, Any] | None,
        clock: Clock,
        stopping: threading.Event,
    ) -> None:
        self._session = session
        self._manifest = manifest
        self._request = request
        self._lease = lease
        self._origin = origin
        self._clock = clock
        self._git = git
        self._stopping = stopping
        self._target = manifest.target.name
        told = (self._target, request.command, origin.principal, sinks, clock)
        self._telling = Telling(session.state, *told)
        self._warehouse: Warehouse | None = None
        self._lock = threading.Lock()
        self._failed = ""
        # What is still to come, as (node, action), in order.
        self._waiting: dict[tuple[str, str], None] = {}

    def work(self, nodes: Sequence[AnyNode], build_id: Callable[[], str]) -> None:
        """Build the nodes, sync those of them that are online, measure what was built."""
        online = [node for node in nodes if isinstance(node, FeatureView) and node.online]
        steps = [(node.id, "build") for node in nodes] + [(view.id, "sync") for view in online]
        self._waiting = dict.fromkeys(steps)
        self._telling.start(len(steps), self._git)
        building = self._building(build_id)
        by_id = {node.id: node for node in nodes}
        graph = self._graph()
        with closing(building):
            in_parallel(
                [node.id for node in nodes],
                {name: graph[name] for name in by_id},
                lambda name: self._step(name, partial(building.build, by_id[name])),
                self._request.threads,
                self._stop,
            )
        if not self._stopping.is_set():
            building.test_later()
        if not self._stopping.is_set():
            self._sync(building, online)
        if not self._stopping.is_set():
            self._measure(building, nodes)
        if not self._stopping.is_set():
            self._collect(building)
        self._skip_the_rest()

    def _graph(self) -> dict[str, set[str]]:
        """Return what each node reads, through ephemerals too, which have no turn of their own."""
        found: dict[str, set[str]] = {}
        for node in in_topological_order(self._manifest.nodes):
            own = set(node.depends_on)
            found[node.id] = own.union(*(found[parent] for parent in own if parent in found))
        return found

    def _sync(self, building: Building, online: Sequence[FeatureView]) -> None:
        syncing = self._syncing(building)
        for view in online:
            cause = building.broken.get(view.id)
            work = partial(_held_back, view, cause) if cause else partial(sync_view, syncing, view)
            if not self._step(view.id, work):
                break
        cut_over(syncing)

    def _measure(self, building: Building, nodes: Sequence[AnyNode]) -> None:
        for node, build in unmeasured(nodes, building, self._session.target.statistics):
            result = keep_statistics(building.warehouse, building.state, node, build)
            self._telling.report(result)
            if self._stopping.is_set():
                break

    def _collect(self, building: Building) -> None:
        keep = self._session.target.keep
        if keep is not None and not self._failed:
            generations = generations_of(self._session)
            # The rows that break tests were told of a moment ago.
            schema = f"{building.warehouse.builds_schema}."
            results = self._telling.document.results
            told = {r.relation.removeprefix(schema) for r in results if r.action == "test"}
            place = (building.warehouse, building.state, self._lease, generations)
            take(generations, collect(*place, self._clock(), keep, spared=told))

    def _building(self, build_id: Callable[[], str]) -> Building:
        self._warehouse = warehouse = Warehouse(self._session.offline, self._session.schema)
        state = self._session.state
        existing = warehouse.prepare()
        pointers = adopt(warehouse, state, self._lease, self._target)
        if torn(state.runs(self._target, LOOKED_AT)):
            put_back(warehouse, self._manifest.nodes, pointers)
        return Building(
            warehouse=warehouse,
            state=state,
            lease=self._lease,
            target=self._target,
            folder=self._session.target.folder,
            clock=self._clock,
            now=self._clock(),
            nodes={node.id: node for node in self._manifest.nodes},
            existing=existing,
            pointers=pointers,
            definitions=state.definitions([(p.node, p.definition) for p in pointers.values()]),
            request=self._request,
            origin=self._origin,
            build_id=build_id,
            stopping=self._stopping,
            report=self._telling.report,
        )

    def _syncing(self, building: Building) -> Syncing:
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
            progress=self._telling.progress,
        )

    def _step(self, node: str, work: Callable[[], NodeRun]) -> bool:
        """Do one node's work and report it; return whether more is to be begun."""
        self._telling.begin(node)
        self._ended_with(work())
        return not self._stopping.is_set()

    def _ended_with(self, result: NodeRun) -> None:
        self._telling.end(result)
        with self._lock:
            self._waiting.pop((result.id, result.action), None)
            failed = result.status == "error" and not self._failed
            self._failed = result.id if failed else self._failed
        if failed and self._request.fail_fast:
            self._stop()

    def _stop(self) -> None:
        self._stopping.set()
        if self._warehouse is not None:
            self._warehouse.cancel()

    def _skip_the_rest(self) -> None:
        """Say of what was not begun that it was not: a failure stopped the run."""
        reason = f"{self._failed} failed" if self._failed else "the run was stopped"
        for node, action in list(self._waiting):
            self._ended_with(NodeRun(id=node, action=action, status="skipped", reason=reason))

    def finish(self, status: str = "success") -> RunResults:
        """End the run; what had not begun when it was cancelled is cancelled too."""
        if status == "cancelled":
            for node, action in list(self._waiting):
                self._ended_with(NodeRun(id=node, action=action, status="cancelled"))
        elif any(r.status in ("error", "skipped") for r in self._telling.document.results):
            status = "error"
        self._telling.finish(status)
        return self._telling.document


def in_topological_order(nodes: Iterable[AnyNode]) -> list[AnyNode]:
    """Return nodes, each after what it depends on."""
    by_id = {node.id: node for node in nodes}
    graph = {node.id: sorted(node.depends_on) for node in by_id.values()}
    return [by_id[name] for name in TopologicalSorter(graph).static_order()]


def _held_back(view: FeatureView, cause: str) -> NodeRun:
    return NodeRun(id=view.id, action="sync", status="skipped", reason=f"{cause} failed")
