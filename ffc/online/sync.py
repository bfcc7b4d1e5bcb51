"""Bring each view's newest known rows to its online store, as the difference to the last sync.

A snapshot of the newest rows is kept in the warehouse; the next sync writes only what differs from
it, and makes the next snapshot of that. The rows of one view's definition live under a field of
their own, and within it under a generation: a sync that can't be sure what the store holds (a
changed view, an empty store) fills a new generation beside the old one, and readers move over when
it is complete. Marks in the store say which snapshot it holds, or how far one is written: a sync
that died is gone on with from there.
"""

from __future__ import annotations

import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

import msgspec
import pyarrow as pa
from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.adapter.online import OnlineStore
from ffc.adapter.state import Build, Lease, Move, NodeRun, OnlineView, Pointer, StateStore
from ffc.auth import Principal, authorize
from ffc.connect.holding import SECONDS, holding
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, random_build_id
from ffc.core.clock import Clock, stamp, utc_now
from ffc.core.errors import Cancelled, ClockBack, DataError, FfcError
from ffc.core.types import known_type
from ffc.manifest.names import snapshot_id
from ffc.manifest.records import FeatureView
from ffc.manifest.serving import served_view
from ffc.online.codec import CODEC
from ffc.online.columns import BatchEncoder, Encoded, pieces
from ffc.online.marks import Ledger, Mark
from ffc.online.snapshots import Snapshots
from ffc.registry import deployed

# So many rows of a difference are read at a time, and about so many bytes of them written.
ROWS = 20_000
_BYTES = 16 * 2**20
# A sync asks this often whether the target is still its own.
_ASK_SECONDS = 1.0
# A clock may be behind the last sync's by so much and nobody is told: it was another machine's.
_APART_SECONDS = 60.0
# Only of these types are there values that no row can hold.
_REFUSED = ("vector", "list")


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync ends with: the snapshot that the store holds, its definition, and where."""

    build: Build
    definition: bytes
    view: OnlineView

    def pointer(self, target: str) -> Pointer:
        """Return what the snapshot's name means once readers have moved over."""
        build = self.build
        return Pointer(target=target, node=build.node, definition=build.fingerprint, build=build)


@dataclass(slots=True, kw_only=True)
class Syncing:
    """What it takes to sync views of one target; `now` is the instant that values are of.

    `progress` is told how many rows of a view are in. `anew` fills every view from nothing, as of
    this machine's clock, whatever the last sync's said. Readers don't move over to what was synced:
    it waits in `synced` for whoever moves them, all at one stroke.
    """

    warehouse: Warehouse
    state: StateStore
    lease: Lease
    project: str
    target: str
    pointers: dict[str, Pointer]
    existing: set[str]
    online: Callable[[str], OnlineStore]
    now: datetime
    build_id: Callable[[], str]
    progress: Callable[[str, int], None] = lambda view, rows: None
    anew: bool = False
    synced: list[Synced] = field(default_factory=list)


def sync(
    session: Session,
    project: str,
    *,
    principal: Principal,
    selected: frozenset[str] | None = None,
    anew: bool = False,
    progress: Callable[[str, int], None] = lambda view, rows: None,
    clock: Clock = utc_now,
    build_id: Callable[[], str] = random_build_id,
) -> list[NodeRun]:
    """Sync every deployed online view of the session's target; return how each fared.

    `selected` are ids of nodes, None for all. Raises Locked while another run holds the target.
    """
    authorize(principal, "sync")
    state, target = session.state, session.target.name
    warehouse = Warehouse(session.offline, session.schema)
    with holding(state, target, warehouse.cancel) as lease:
        registry = deployed(state, target)
        state.audit(principal.name, "sync", target, stamp(clock()))
        syncing = Syncing(
            warehouse=warehouse,
            state=state,
            lease=lease,
            project=project,
            target=target,
            pointers=state.pointers(target),
            existing=warehouse.prepare(),
            online=session.online,
            now=clock(),
            build_id=build_id,
            progress=progress,
            anew=anew,
        )
        views = [n for n in registry.nodes().values() if isinstance(n, FeatureView) and n.online]
        wanted = [view for view in views if selected is None or view.id in selected]
        results = [sync_view(syncing, view) for view in wanted]
        cut_over(syncing)
        return results


def sync_view(syncing: Syncing, view: FeatureView) -> NodeRun:
    """Sync one view; a failure is a result, never an exception of ours."""
    started = time.perf_counter()
    try:
        result = _Sync(syncing, view).run()
    except Cancelled:
        result = NodeRun(id=view.id, action="sync", status="cancelled", attempts=1)
    except FfcError as problem:
        result = NodeRun.failed(view.id, "sync", problem)
    return msgspec.structs.replace(result, seconds=round(time.perf_counter() - started, 6))


def cut_over(syncing: Syncing) -> None:
    """Move readers over to all that was synced, at one stroke; raises Locked, StateError.

    A model may ask for features of several views that changed together.
    """
    state, target = syncing.state, syncing.target
    deployed = state.deployment(target)
    if not syncing.synced or deployed is None:
        return
    move = Move(
        manifest=deployed[1],
        definitions=[(s.build.node, s.build.fingerprint, s.definition) for s in syncing.synced],
        pointers=[s.pointer(target) for s in syncing.synced],
        online=[s.view for s in syncing.synced],
    )
    state.move(syncing.lease, target, move, stamp(syncing.now), "")


class _Sync:
    """One view's sync."""

    def __init__(self, syncing: Syncing, view: FeatureView) -> None:
        self._syncing = syncing
        self._view = view
        store = syncing.online(view.online)
        self._marks = Ledger(store, syncing.project, syncing.target, served_view(view))
        history = Relation(*syncing.pointers[view.id].build.relation)
        self._snapshots = Snapshots(syncing.warehouse, view, history)
        # The snapshot's pointer: a node of its own beside the view's.
        self._pointer = snapshot_id(view.online, view.id)
        self._rows = Counter({"written": 0, "new": 0, "changed": 0, "removed": 0})
        self._asked = 0.0

    def run(self) -> NodeRun:
        syncing = self._syncing
        views = {(v.store, v.view): v for v in syncing.state.online_views(syncing.target)}
        held = views.get((self._view.online, self._view.id))
        generation, mark = self._place(held)
        if mark is not None and mark.done is not None:
            self._write(generation, mark)
        now = self._instant(held, mark)
        build_id = syncing.build_id()
        before = mark.snapshot if mark else ""
        self._snapshots.make(build_id, before, now)
        self._write(generation, Mark(snapshot=build_id, at=stamp(now), before=before, codec=CODEC))
        total, late = self._snapshots.count(build_id), self._snapshots.waiting(now)
        self._finish(generation, build_id, now, total)
        self._marks.leave(generation, stamp(syncing.now))
        self._drop_old()
        counts = {"out": total, **self._rows, "held_back": late}
        changed = self._rows["written"] or mark is None
        result = NodeRun(
            id=self._view.id,
            action="sync",
            status="success" if changed else "unchanged",
            attempts=1,
            rows=counts,
            relation=f"online.{self._view.online}",
            build=build_id,
        )
        return self._warned(result, now)

    def _place(self, held: OnlineView | None) -> tuple[int, Mark | None]:
        """Return the generation to write, and what it holds: a snapshot, or parts of two.

        What the store says goes before what the state store remembers, which may be older or lost.
        """
        marks = self._marks.read()
        there = self._syncing.existing
        told = {g: m for g, m in marks.items() if m is not None and m.codec == CODEC}
        usable = {g: self._snapshots.usable(m, there) for g, m in told.items()}
        known = {g: m for g, m in usable.items() if m is not None}
        same = held is not None and held.fingerprint == self._view.data_fingerprint
        if self._syncing.anew:
            known = {}
        elif held is not None and same:
            if held.generation in known:
                return held.generation, known[held.generation]
            known = {g: m for g, m in known.items() if g > held.generation}
        if known:
            newest = max(known)
            return newest, known[newest]
        # Numbers follow the clock, so that a lost state store never falls back on an old one.
        fresh = int(self._syncing.now.timestamp() * 1_000_000)
        return max([fresh, *(g + 1 for g in marks), held.generation + 1 if held else 0]), None

    def _instant(self, held: OnlineView | None, mark: Mark | None) -> datetime:
        """Return the instant that values are of: never before that of values that are served.

        A clock that is set back would take away what is known already.
        """
        if self._syncing.anew:
            return self._syncing.now
        seen = [held.as_of if held else "", mark.at if mark else ""]
        return max([self._syncing.now, *(datetime.fromisoformat(at) for at in seen if at)])

    def _write(self, generation: int, mark: Mark) -> None:
        """Write the difference between a mark's snapshots, from where it stopped."""
        query = self._snapshots.rows(mark.snapshot, mark.before)
        digest = blake2b(self._syncing.warehouse.text(query).encode(), digest_size=8).hexdigest()
        # Another ffc may put rows in another order: those that are in are written once more.
        done = (mark.done or 0) if mark.query == digest else 0
        view = msgspec.structs.replace(served_view(self._view), generation=generation)
        encoder = BatchEncoder(self._syncing.project, self._syncing.target, view)
        if not done:
            self._check(encoder, query, mark)
        for batch in self._batches(query, done):
            encoded = self._encoded(encoder, batch)
            done += batch.num_rows
            at = msgspec.structs.replace(mark, query=digest, done=done)
            self._put(encoded, generation, at)
        if not done:
            # Before the last snapshot takes the new name, the store must tell of it.
            self._marks.write(generation, msgspec.structs.replace(mark, done=0))
        self._snapshots.advance(mark.snapshot, mark.before)
        whole = Mark(snapshot=mark.snapshot, at=mark.at, codec=mark.codec)
        self._marks.write(generation, whole)

    def _batches(self, query: exp.Select, done: int) -> Iterator[pa.RecordBatch]:
        """Return a query's rows but for those that are in, a few megabytes at a time."""
        for batch in self._syncing.warehouse.batches(query, rows=ROWS):
            skipped = min(done, batch.num_rows)
            done -= skipped
            yield from pieces(batch.slice(skipped), _BYTES)

    def _check(self, encoder: BatchEncoder, query: exp.Select, mark: Mark) -> None:
        """Return if every row can be stored: half of a snapshot that can't be would stay for good.

        Raises DataError.
        """
        if any(known_type(f.type).name in _REFUSED for f in self._view.features):
            try:
                for batch in self._batches(query, 0):
                    self._encoded(encoder, batch)
            except DataError:
                self._snapshots.forget(mark.snapshot, mark.before)
                raise

    def _encoded(self, encoder: BatchEncoder, batch: pa.RecordBatch) -> Encoded:
        try:
            return encoder.encode(batch)
        except (TypeError, ValueError, OverflowError, struct.error, pa.ArrowException) as problem:
            message = f"a row of `{self._view.name}` can't be stored online: {problem}"
            raise DataError(message, help=["a vector's elements, for one, can't be null"]) from None

    def _put(self, encoded: Encoded, generation: int, mark: Mark) -> None:
        """Write rows and how far they come, whole or not at all."""
        self._ask()
        written = self._marks.write(generation, mark, encoded.batch)
        self._rows.update(
            written=written, new=encoded.new, changed=encoded.changed, removed=encoded.removed
        )
        self._syncing.progress(self._view.id, self._rows["written"])

    def _ask(self) -> None:
        """Return if the target is still ours; raises Locked, so that nothing old is written."""
        if time.monotonic() - self._asked > _ASK_SECONDS:
            state = self._syncing.state
            state.renew(self._syncing.lease, state.clock(), SECONDS)
            self._asked = time.monotonic()

    def _finish(self, generation: int, build_id: str, now: datetime, total: int) -> None:
        syncing, view = self._syncing, self._view
        snapshot = self._snapshots.relation(build_id)
        build = Build(
            id=build_id,
            node=self._pointer,
            fingerprint=view.data_fingerprint,
            relation=(snapshot.schema, snapshot.name),
            inputs={view.id: syncing.pointers[view.id].build.id},
            rows=total,
            created=stamp(syncing.now),
        )
        online = OnlineView(
            store=view.online,
            view=view.id,
            fingerprint=view.data_fingerprint,
            generation=generation,
            as_of=stamp(now),
            rows=total,
        )
        definition = msgspec.json.encode(view)
        syncing.synced.append(Synced(build=build, definition=definition, view=online))

    def _drop_old(self) -> None:
        """Drop what is left of the snapshot before, where the new one is not made of it."""
        old = self._syncing.pointers.get(self._pointer)
        if old is not None and old.build.fingerprint == self._view.data_fingerprint:
            self._syncing.warehouse.drop(Relation(*old.build.relation), "TABLE")

    def _warned(self, result: NodeRun, now: datetime) -> NodeRun:
        """Return a result; where the clock is behind the last sync's, it says so."""
        behind = (now - self._syncing.now).total_seconds()
        if behind <= _APART_SECONDS:
            return result
        problem = ClockBack(
            f"this machine's clock is {behind:,.0f} s behind the last sync's:"
            f" values are as of {stamp(now)}",
            help=["set the clock; if it was ahead before, run `ffc sync --full-refresh`"],
        )
        told = NodeRun.failed(result.id, result.action, problem)
        return msgspec.structs.replace(result, status="warn", reason=told.reason, error=told.error)
