"""Back to an earlier deployment, at once: nothing that is still there is built anew.

What takes long comes first, where nobody sees it: online rows that the earlier definitions left
behind are brought to the newest values of their builds. Then the views that people query move in
one transaction of the warehouse, and all that ffc itself goes by in one of the state store. Until
that one is through the target is what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from ffc.adapter.state import Lease, Move, NodeRun
from ffc.auth import Principal, authorize
from ffc.connect.holding import SECONDS, holding
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, random_build_id
from ffc.core.clock import Clock, stamp, utc_now
from ffc.core.errors import FfcError, Locked
from ffc.manifest.records import FeatureView
from ffc.online.sync import Synced, Syncing, sync_view
from ffc.registry import StateRegistry
from ffc.run.building.increments import adopt
from ffc.run.deploying.way_back import NodeChange, Plan, RolledBack, chosen, planned
from ffc.run.events import Sink
from ffc.run.executor import RECORDED
from ffc.run.publishing import ROLLBACK, publish, put_back
from ffc.run.telling import Telling


def plan_rollback(session: Session, *, principal: Principal, to: str = "") -> RolledBack:
    """Return what a rollback would change; it changes nothing, and holds no lock.

    Raises NotFound, NoWayBack, Immutable as `roll_back` does.
    """
    authorize(principal, "read")
    state, target = session.state, session.target.name
    record, live, mends = chosen(session, to)
    existing = Warehouse(session.offline, session.schema).listing()
    return planned(session, record, live, state.pointers(target), existing, mends).told()


def roll_back(
    session: Session,
    *,
    principal: Principal,
    to: str = "",
    sinks: Sequence[Sink] = (),
    clock: Clock = utc_now,
    build_id: Callable[[], str] = random_build_id,
) -> RolledBack:
    """Make the target what the deployment `to` said, or the one before the live one.

    It is a new deployment. Where an online view can't be synced the target stays what it is, and
    the result says so. Raises NotFound for a deployment that never was, NoWayBack where a build is
    gone, Immutable where a protected target would change, Locked while another run holds it.
    """
    authorize(principal, "rollback")
    state, target = session.state, session.target.name
    warehouse = Warehouse(session.offline, session.schema)
    with holding(state, target, warehouse.cancel) as lease:
        record, live, mends = chosen(session, to)
        existing = warehouse.prepare()
        pointers = adopt(warehouse, state, lease, target)
        plan = planned(session, record, live, pointers, existing, mends)
        state.end_dead_runs(lease, target, RECORDED)
        if plan.is_done:
            return msgspec.structs.replace(plan.told(), status="unchanged", deployment=live.id)
        state.audit(principal.name, ROLLBACK, target, stamp(clock()))
        job = _Job(session, plan, warehouse, lease, existing, principal, sinks, clock, build_id)
        try:
            return job.work()
        except BaseException as problem:
            job.undo(problem)
            raise


class _Job:
    """One rollback: its views synced, all moved, and all of it told."""

    def __init__(
        self,
        session: Session,
        plan: Plan,
        warehouse: Warehouse,
        lease: Lease,
        existing: set[str],
        principal: Principal,
        sinks: Sequence[Sink],
        clock: Clock,
        build_id: Callable[[], str],
    ) -> None:
        self._session = session
        self._plan = plan
        self._warehouse = warehouse
        self._lease = lease
        self._existing = existing
        self._principal = principal
        self._clock = clock
        self._build_id = build_id
        self._target = session.target.name
        self._told = plan.told()
        told = (self._target, ROLLBACK, principal.name, sinks, clock)
        self._telling = Telling(session.state, *told)
        moves = [c for c in self._told.changes if c.build or c.before]
        self._moves = [change for change in moves if change.change != "described"]

    def work(self) -> RolledBack:
        """Sync what must be synced, then move all at one stroke; return how it went."""
        self._telling.start(len(self._plan.views) + len(self._moves))
        syncing = self._syncing()
        for view in self._plan.views:
            self._telling.begin(view.id)
            result = sync_view(syncing, view)
            self._telling.end(result)
            if result.status not in ("success", "unchanged", "warn"):
                return self._stay(view)
        deployment = self._move(syncing.synced)
        for change in self._moves:
            self._telling.end(self._moved(change))
        return self._finish("success", deployment)

    def _syncing(self) -> Syncing:
        plan = self._plan
        return Syncing(
            warehouse=self._warehouse,
            state=self._session.state,
            lease=self._lease,
            project=plan.manifest.project.name,
            target=self._target,
            pointers={**plan.pointers, **{pointer.node: pointer for pointer in plan.moved}},
            existing=self._existing,
            online=self._session.online,
            now=self._clock(),
            build_id=self._build_id,
            progress=self._telling.progress,
        )

    def _move(self, synced: Sequence[Synced]) -> str:
        """Move views, then everything else; return the new deployment's id."""
        state, plan = self._session.state, self._plan
        state.renew(self._lease, state.clock(), SECONDS)
        moving = {change.id for change in self._moves}
        if plan.mends:
            put_back(self._warehouse, plan.manifest.nodes, plan.pointers)
        nodes = [node for node in plan.manifest.nodes if node.id in moving]
        publish(self._warehouse, nodes, plan.builds)
        known = [node for node in plan.manifest.nodes if node.id in plan.builds]
        definitions = [(n.id, n.data_fingerprint, msgspec.json.encode(n)) for n in known]
        move = Move(
            manifest=plan.record.manifest,
            definitions=[
                *definitions,
                *((s.build.node, s.build.fingerprint, s.definition) for s in synced),
            ],
            pointers=[*plan.moved, *(each.pointer(self._target) for each in synced)],
            online=[each.view for each in synced],
        )
        now = stamp(self._clock())
        return state.move(self._lease, self._target, move, now, self._principal.name)

    def _moved(self, change: NodeChange) -> NodeRun:
        build = self._plan.builds.get(change.id)
        return NodeRun(
            id=change.id,
            action="remove" if build is None else "move",
            status="success",
            rows={} if build is None or build.rows is None else {"out": build.rows},
            relation="" if build is None else ".".join(build.relation),
            build=change.build,
        )

    def _stay(self, failed: FeatureView) -> RolledBack:
        """End a rollback that moved nothing, since a view could not be synced."""
        reason = f"{failed.id} failed"
        done = {result.id for result in self._telling.document.results}
        for view in self._plan.views:
            if view.id not in done:
                self._telling.end(
                    NodeRun(id=view.id, action="sync", status="skipped", reason=reason)
                )
        for change in self._moves:
            self._telling.end(NodeRun(id=change.id, action="move", status="skipped", reason=reason))
        return self._finish("error", self._plan.live.id)

    def _finish(self, status: Literal["success", "error"], deployment: str) -> RolledBack:
        self._telling.finish(status)
        return msgspec.structs.replace(
            self._told,
            deployment=deployment,
            run_id=self._telling.run_id,
            status=status,
            results=tuple(self._telling.document.results),
        )

    def undo(self, problem: BaseException) -> None:
        """End a rollback that failed: the views go where the pointers are, wherever that is."""
        if not isinstance(problem, Locked):
            self._put_back()
        self._telling.finish("error" if isinstance(problem, Exception) else "cancelled")

    def _put_back(self) -> None:
        state = self._session.state
        try:
            declared = StateRegistry(state, self._target).manifest().nodes
            put_back(self._warehouse, declared, state.pointers(self._target))
        except FfcError:
            # What failed before is what the user must read; what comes next puts them back.
            return
