"""Build one node: make it under a new name, check it, publish it, point to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build, Lease, NodeRun, Pointer, StateStore
from ffc.connect.warehouse import Warehouse, random_build_id
from ffc.core.clock import Clock, stamp
from ffc.core.errors import Cancelled, DataError, FfcError, Transient
from ffc.manifest.names import PUBLISHED
from ffc.manifest.records import AnyNode, Entity, Source, TrainingSet, Transformation
from ffc.run.building.advancing import Advancing, Bounds
from ffc.run.building.checking import check_built, unlearned
from ffc.run.building.gate import Gate
from ffc.run.building.increments import Increment, tidy
from ffc.run.building.making import Making, kind_of
from ffc.run.building.sources import Reading
from ffc.run.requests import Origin, RunRequest

# Seconds before a failure is tried again that may pass; twice as long each time.
BACK_OFF: Final = 0.5


@dataclass(slots=True, kw_only=True)
class Building:
    """What it takes to build nodes of one target; several threads may build different nodes.

    `now` is the instant of the run, `origin` what each build remembers of it; `stopping` is set
    when no more is to be begun. `report` is told of tests. `broken` are the nodes that nothing is
    built of now, and the failure that led to that.
    """

    warehouse: Warehouse
    state: StateStore
    lease: Lease
    target: str
    folder: Path
    clock: Clock
    now: datetime
    nodes: Mapping[str, AnyNode]
    existing: set[str]
    pointers: dict[str, Pointer]
    definitions: Mapping[tuple[str, str], bytes]
    request: RunRequest = field(default_factory=RunRequest)
    origin: Origin = field(default_factory=Origin)
    build_id: Callable[[], str] = random_build_id
    stopping: threading.Event = field(default_factory=threading.Event)
    report: Callable[[NodeRun], None] = lambda _: None
    broken: dict[str, str] = field(default_factory=dict)
    _reading: Reading = field(init=False)
    _gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        """Read files by way of one memory of how they were; test at one gate."""
        self._reading = Reading(self.warehouse, self.folder, self.existing)
        self._gate = Gate(
            warehouse=self.warehouse,
            state=self.state,
            nodes=self.nodes,
            pointers=self.pointers,
            relations=lambda wanted: self._making.relations_of(wanted),
            now=self.now,
            build_id=self.build_id,
            report=self.report,
        )

    def close(self) -> None:
        """Remove what was fetched from elsewhere."""
        self._reading.remote.close()

    def build(self, node: AnyNode) -> NodeRun:
        """Build a node, or say why not; a failure is a result, never an exception of ours."""
        held_back = self._held_back(node)
        if held_back is not None:
            return held_back
        started = time.perf_counter()
        result = self._tried(node)
        if result.status in ("error", "cancelled"):
            self.broken[node.id] = node.id
        return msgspec.structs.replace(result, seconds=round(time.perf_counter() - started, 6))

    def is_good(self, node: AnyNode) -> bool:
        """Tell whether a node has a build of what it is now."""
        before = self._before(node)
        current = before is not None and before.definition == node.data_fingerprint
        return current and node.id not in self.broken

    def test_later(self) -> None:
        """Run the tests that had to wait until all was built; they block nothing."""
        self._gate.finish(self.broken.keys())

    def _held_back(self, node: AnyNode) -> NodeRun | None:
        """Return how a node fares that can't be built because of what it reads."""
        parents = [self.nodes[parent] for parent in self._read(node)]
        failed = sorted(parent.id for parent in parents if parent.id in self.broken)
        if failed:
            self.broken[node.id] = cause = self.broken[failed[0]]
            return NodeRun(id=node.id, action="build", status="skipped", reason=f"{cause} failed")
        for parent in parents:
            pointer = self.pointers.get(parent.id)
            if pointer is not None and pointer.definition == parent.data_fingerprint:
                continue
            why = "was never built" if pointer is None else "changed since it was built"
            problem = DataError(
                f"`{node.name}` reads `{parent.id}`, which {why}",
                help=[f"build both: `ffc run --select +{node.name}`"],
            )
            self.broken[node.id] = node.id
            return NodeRun.failed(node.id, "build", problem)
        return None

    def _tried(self, node: AnyNode) -> NodeRun:
        for attempt in count(1):
            try:
                result = self._build(node)
                break
            except Cancelled:
                return NodeRun(id=node.id, action="build", status="cancelled", attempts=attempt)
            except Transient as problem:
                result = NodeRun.failed(node.id, "build", problem)
                wait = BACK_OFF * 2 ** (attempt - 1)
                if attempt > self.request.retries or self.stopping.wait(wait):
                    break
            except FfcError as problem:
                result = NodeRun.failed(node.id, "build", problem)
                break
        return msgspec.structs.replace(result, attempts=attempt) if result.attempts else result

    def _build(self, node: AnyNode) -> NodeRun:
        inputs = self._inputs(node)
        before = self._before(node)
        if before is not None and self._same(before, node, inputs):
            return self._unchanged(node, before.build, attempts=0)
        bounds = self._bounds(node)
        if before is None or (self.request.full_refresh and not _remembers(node)):
            return self._anew(node, inputs, bounds)
        results = [self._next(node, inputs, each) for each in bounds or [None]]
        return _together(results)

    def _before(self, node: AnyNode) -> Pointer | None:
        """Return the last build, if it is still there."""
        before = self.pointers.get(node.id)
        return before if before and before.build.relation[1] in self.existing else None

    def _bounds(self, node: AnyNode) -> list[Bounds | None]:
        period = self.request.period
        dated = isinstance(node, Transformation) and node.materialized == "incremental"
        if period is None or not dated or not isinstance(node, Transformation):
            return []
        if not node.time_column:
            raise DataError(
                f"`{node.name}` has no `time_column`, so that no range of time can be built",
                help=["leave out `--from` and `--to`, or add `time_column` to its `config()`"],
            )
        return list(period.batches())

    def _anew(self, node: AnyNode, inputs: dict[str, str], bounds: list[Bounds | None]) -> NodeRun:
        """Build a node from nothing; of a range of time the first batch, then the others."""
        first, *others = bounds or [None]
        build_id = self.build_id()
        relation = self.warehouse.relation(node, build_id)
        kind = kind_of(node)
        try:
            self._making.make(node, relation, build_id, inputs, first)
            counted = kind == "TABLE" or isinstance(node, Source)
            rows = self.warehouse.count(relation) if counted else None
            check_built(self.warehouse, node, relation, rows, self.pointers)
            self._gate.check(node, relation, build_id)
            made = self._made(node, build_id, relation, inputs, rows)
            made = msgspec.structs.replace(made, content_hash=self._making.hashed(node, relation))
        except BaseException:
            self._discard(relation, kind)
            tidy(self.warehouse, build_id)
            raise
        self._finish(node, made)
        results = [self._next(node, inputs, each) for each in others]
        return _together([self._told(node, made), *results])

    def _next(self, node: AnyNode, inputs: dict[str, str], bounds: Bounds | None) -> NodeRun:
        """Go on from the last build where that can be done, else build anew."""
        before, build_id = self.pointers[node.id], self.build_id()
        try:
            staged = self._advancing.increment(node, before, build_id, bounds)
        except BaseException:
            tidy(self.warehouse, build_id)
            raise
        if staged is None:
            tidy(self.warehouse, build_id)
            return self._anew(node, inputs, [])
        if staged.is_empty and before.definition == node.data_fingerprint:
            tidy(self.warehouse, build_id)
            self.state.set_inputs(self.lease, before.build.id, inputs)
            self.pointers[node.id] = self._pointer(
                node, msgspec.structs.replace(before.build, inputs=inputs)
            )
            return self._unchanged(node, self.pointers[node.id].build, attempts=1)
        return self._applied(node, before.build, inputs, staged)

    def _applied(
        self, node: AnyNode, before: Build, inputs: dict[str, str], staged: Increment
    ) -> NodeRun:
        rows = (before.rows or 0) + staged.added - staged.removed
        made = self._made(node, staged.build_id, Relation(*before.relation), inputs, rows)
        made = msgspec.structs.replace(made, previous=before.id)
        try:
            check_built(self.warehouse, node, staged.ahead, rows, self.pointers)
            self._gate.check(node, staged.ahead, staged.build_id)
            staged.apply(made, msgspec.json.encode(node))
        except BaseException:
            tidy(self.warehouse, staged.build_id)
            raise
        self._finish(node, made)
        tidy(self.warehouse, staged.build_id, changes=False)
        self.existing.add(self.warehouse.aside("changes", staged.build_id).name)
        result = self._told(node, made)
        changed = {"added": staged.added, "removed": staged.removed}
        return msgspec.structs.replace(result, rows={**result.rows, **changed})

    def _made(
        self,
        node: AnyNode,
        build_id: str,
        relation: Relation,
        inputs: Mapping[str, str],
        rows: int | None,
    ) -> Build:
        return Build(
            id=build_id,
            node=node.id,
            fingerprint=node.data_fingerprint,
            relation=(relation.schema, relation.name),
            inputs=inputs,
            rows=rows,
            created=stamp(self.clock()),
            principal=self.origin.principal,
            deployment=self.origin.deployment,
            commit=self.origin.commit,
            dirty=self.origin.dirty,
        )

    def _unchanged(self, node: AnyNode, build: Build, attempts: int) -> NodeRun:
        """Keep a build, and what it is said to be; its tests may be others than they were."""
        self._redefine(node)
        self._gate.check(node, Relation(*build.relation), build.id)
        return _result(node, build, "unchanged", attempts=attempts)

    def _finish(self, node: AnyNode, made: Build) -> None:
        # The view first: a crash between the two leaves a build that is not pointed to, and the
        # next run makes and publishes it anew.
        if node.kind in PUBLISHED:
            self.warehouse.publish((node, Relation(*made.relation)))
        self.state.finish_build(self.lease, self.target, made, msgspec.json.encode(node))
        self.existing.add(made.relation[1])
        self.pointers[node.id] = self._pointer(node, made)

    def _told(self, node: AnyNode, made: Build) -> NodeRun:
        warning = ""
        if isinstance(node, TrainingSet):
            parents = self._making.relations_of([node.label, *(v.view for v in node.plan.views)])
            warning = unlearned(self.warehouse, node, parents)
        return _result(node, made, "warn" if warning else "success", attempts=1, reason=warning)

    def _pointer(self, node: AnyNode, made: Build) -> Pointer:
        return Pointer(
            target=self.target, node=node.id, definition=node.data_fingerprint, build=made
        )

    def _redefine(self, node: AnyNode) -> None:
        """Words, owners and where a view is served change without a new build."""
        definition = msgspec.json.encode(node)
        if self.definitions.get((node.id, node.data_fingerprint)) != definition:
            self.state.redefine(self.lease, node.id, node.data_fingerprint, definition)

    def _discard(self, relation: Relation, kind: str) -> None:
        try:
            self.warehouse.drop(relation, kind)
        except FfcError:
            # The failure that led here is what the user must read; `clean` takes what is left.
            return

    def _same(self, before: Pointer, node: AnyNode, inputs: dict[str, str]) -> bool:
        asked = self.request.force or (self.request.full_refresh and not _remembers(node))
        return (
            not asked
            and not (self.request.period and self._bounds(node))
            and before.definition == node.data_fingerprint
            and dict(before.build.inputs) == inputs
        )

    def _read(self, node: AnyNode) -> list[str]:
        """Return the nodes with relations that a node reads, ephemerals looked through."""
        found: list[str] = []
        for parent in node.depends_on:
            read = self.nodes[parent]
            if isinstance(read, Transformation) and read.materialized == "ephemeral":
                found += self._read(read)
            elif not isinstance(read, Entity):
                found.append(parent)
        return list(dict.fromkeys(found))

    def _inputs(self, node: AnyNode) -> dict[str, str]:
        inputs = {parent: self.pointers[parent].build.id for parent in self._read(node)}
        if isinstance(node, Transformation):
            inputs["materialized"] = node.materialized
        return inputs | (self._reading.inputs(node) if isinstance(node, Source) else {})

    @property
    def _making(self) -> Making:
        return Making(
            warehouse=self.warehouse,
            reading=self._reading,
            pointers=self.pointers,
            nodes=self.nodes,
            advancing=self._advancing,
        )

    @property
    def _advancing(self) -> Advancing:
        return Advancing(
            warehouse=self.warehouse,
            state=self.state,
            pointers=self.pointers,
            definitions=self.definitions,
            existing=self.existing,
            nodes=self.nodes,
            now=self.now,
        )


def _remembers(node: AnyNode) -> bool:
    """Tell whether a node holds what its sources forgot, and is never built from nothing."""
    return isinstance(node, Transformation) and node.materialized == "snapshot"


def _result(node: AnyNode, build: Build, status: str, attempts: int, reason: str = "") -> NodeRun:
    return NodeRun(
        id=node.id,
        action="build",
        status=status,
        reason=reason,
        attempts=attempts,
        rows={} if build.rows is None else {"out": build.rows},
        relation=".".join(build.relation),
        build=build.id,
    )


def _together(results: list[NodeRun]) -> NodeRun:
    """Return how a node fared over several batches."""
    *_, last = results
    if len(results) == 1:
        return last
    built = [result for result in results if result.status != "unchanged"]
    counted = {
        key: sum(result.rows.get(key, 0) for result in built) for key in ("added", "removed")
    }
    status = "unchanged" if not built else "warn" if any(r.reason for r in built) else "success"
    reason = f"{len(results)} batches"
    return msgspec.structs.replace(
        last, status=status, rows={**last.rows, **counted}, reason=reason, attempts=1
    )
