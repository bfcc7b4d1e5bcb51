"""Bring each view's newest known rows to its online store, as the difference to the last sync.

A snapshot of the newest rows is kept in the warehouse; the next sync writes only what differs from
it. The rows of one view's definition live under a field of their own, and within it under a
generation: a sync that can't be sure what the store holds (a changed view, an empty store, a sync
that died half-way) fills a new generation beside the old one, and readers move over when it is
complete. A marker in the store says which snapshot it holds in full.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import pyarrow as pa
from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.adapter.online import WRITE_SCHEMA, OnlineStore
from ffc.adapter.state import Build, Lease, NodeRun, OnlineView, Pointer, StateStore
from ffc.auth import Principal, authorize
from ffc.connect.holding import holding
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, random_build_id, table_of
from ffc.core.clock import Clock, stamp, utc_now
from ffc.core.errors import Cancelled, DataError, FfcError, NotFound
from ffc.core.types import known_type
from ffc.manifest.names import physical_name, snapshot_id
from ffc.manifest.records import FeatureView, ServedView
from ffc.manifest.serving import served_view
from ffc.online.codec import RowCodec, version
from ffc.online.keys import KeyCodec, field_of, marker_key
from ffc.registry import StateRegistry
from ffc.sql.difference import difference
from ffc.sql.history import newest
from ffc.sql.types import literal

BATCH = 10_000
_SCHEMA = pa.schema([(name, pa.binary()) for name in WRITE_SCHEMA])


@dataclass(slots=True, kw_only=True)
class Syncing:
    """What it takes to sync views of one target; `now` is the instant that values are of."""

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


def sync(
    session: Session,
    project: str,
    *,
    principal: Principal,
    clock: Clock = utc_now,
    build_id: Callable[[], str] = random_build_id,
) -> list[NodeRun]:
    """Sync every deployed online view of the session's target; return how each fared.

    Raises Locked while another run holds the target.
    """
    authorize(principal, "sync")
    state, target = session.state, session.target.name
    with holding(state, target) as lease:
        if state.deployment(target) is None:
            message = f"nothing is deployed in the target `{target}`"
            raise NotFound(message, help=["run `ffc run`"])
        registry = StateRegistry(state, target)
        state.audit(principal.name, "sync", target, stamp(clock()))
        warehouse = Warehouse(session.offline, session.schema)
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
        )
        views = [n for n in registry.nodes().values() if isinstance(n, FeatureView) and n.online]
        return [sync_view(syncing, view) for view in views]


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


class _Sync:
    """One view's sync."""

    def __init__(self, syncing: Syncing, view: FeatureView) -> None:
        self._syncing = syncing
        self._view = view
        self._store = syncing.online(view.online)
        # The snapshot's pointer: a node of its own beside the view's.
        self._pointer = snapshot_id(view.online, view.id)

    def run(self) -> NodeRun:
        syncing, view = self._syncing, self._view
        served, before = self._generation()
        build_id = syncing.build_id()
        name = physical_name(view, build_id).replace("feature_view_", "online_", 1)
        snapshot = Relation(syncing.warehouse.builds_schema, name)
        total = self._snapshot(snapshot)
        self._mark(served, b"")
        written = sum(self._store.write(batch) for batch in self._writes(served, snapshot, before))
        self._mark(served, build_id.encode())
        self._finish(served, snapshot, build_id, total)
        if before is not None:
            syncing.warehouse.drop(before, "TABLE")
        return NodeRun(
            id=view.id,
            action="sync",
            status="success" if written or before is None else "unchanged",
            attempts=1,
            rows={"out": total, "written": written},
            relation=f"online.{view.online}",
            build=build_id,
        )

    def _generation(self) -> tuple[ServedView, Relation | None]:
        """Return the view with the generation to fill, and the snapshot that it holds in full."""
        syncing, view = self._syncing, self._view
        views = {(v.store, v.view): v for v in syncing.state.online_views(syncing.target)}
        held = views.get((view.online, view.id))
        served = served_view(view)
        pointer = syncing.pointers.get(self._pointer)
        # Numbers follow the clock, so that a lost state store never falls back on an old one.
        fresh = int(syncing.now.timestamp() * 1_000_000)
        if held is None or pointer is None:
            return msgspec.structs.replace(served, generation=fresh), None
        served = msgspec.structs.replace(served, generation=held.generation)
        complete = (
            held.fingerprint == view.data_fingerprint
            and pointer.build.relation[1] in syncing.existing
            and self._marker(served) == pointer.build.id.encode()
        )
        if complete:
            return served, Relation(*pointer.build.relation)
        generation = max(fresh, held.generation + 1)
        return msgspec.structs.replace(served, generation=generation), None

    def _snapshot(self, snapshot: Relation) -> int:
        syncing, view = self._syncing, self._view
        instant = syncing.now.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
        query = newest(
            view,
            literal(instant, known_type("timestamp")),
            inclusive=view.online_boundary == "inclusive",
            as_known=view.online_as_known,
        )
        warehouse = syncing.warehouse
        parents = {view.id: Relation(*syncing.pointers[view.id].build.relation)}
        text = warehouse.bound(query.sql(dialect=warehouse.store.dialect), parents)
        warehouse.create(snapshot, "TABLE", text)
        return warehouse.count(snapshot)

    def _writes(
        self, served: ServedView, snapshot: Relation, before: Relation | None
    ) -> Iterator[pa.RecordBatch]:
        query = self._difference(snapshot, before)
        for batch in self._syncing.warehouse.batches(query, rows=BATCH):
            if batch.num_rows:
                yield self._encoded(served, batch)

    def _difference(self, snapshot: Relation, before: Relation | None) -> exp.Select:
        values = [f"__feature_{index}" for index in range(len(self._view.features))]
        old = table_of(before) if before else None
        return difference(table_of(snapshot), old, self._view.keys, values)

    def _encoded(self, served: ServedView, batch: pa.RecordBatch) -> pa.RecordBatch:
        keys = KeyCodec(self._syncing.project, self._syncing.target, served)
        rows = RowCodec(served.features)
        columns = [column.to_pylist() for column in batch.columns]
        width = len(served.keys)
        out: list[Sequence[bytes | None]] = []
        place = field_of(served)
        for row in zip(*columns, strict=True):
            key, (gone, event_time, created) = row[:width], row[width : width + 3]
            values = row[width + 3 : -3]
            old_event_time, old_created, known = row[-3:]
            old = version(old_event_time, old_created) if known else None
            if gone:
                event_time, created = old_event_time, old_created
                value = rows.tombstone(event_time, created)
            else:
                value = self._row(rows, event_time, created, values)
            out.append((keys.encode(key), place, value, version(event_time, created), old))
        return pa.RecordBatch.from_arrays(
            [pa.array(column, pa.binary()) for column in zip(*out, strict=True)], schema=_SCHEMA
        )

    def _row(
        self,
        rows: RowCodec,
        event_time: datetime | None,
        created: datetime | None,
        values: Sequence[object],
    ) -> bytes:
        try:
            return rows.encode(event_time, created, values)
        except (TypeError, ValueError, OverflowError, struct.error) as problem:
            message = f"a row of `{self._view.name}` can't be stored online: {problem}"
            raise DataError(message, help=["a vector's elements, for one, can't be null"]) from None

    def _marker(self, served: ServedView) -> bytes | None:
        key = marker_key(self._syncing.project, self._syncing.target, served.entity)
        (fields,) = self._store.read([key])
        return fields.get(field_of(served))

    def _mark(self, served: ServedView, value: bytes) -> None:
        """Say which snapshot the store holds in full; nothing while it is being written."""
        key = marker_key(self._syncing.project, self._syncing.target, served.entity)
        row = [[key], [field_of(served)], [value], [b""], [b""]]
        arrays = [pa.array(column, pa.binary()) for column in row]
        self._store.write(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA))

    def _finish(self, served: ServedView, snapshot: Relation, build_id: str, total: int) -> None:
        syncing, view = self._syncing, self._view
        build = Build(
            id=build_id,
            node=self._pointer,
            fingerprint=view.data_fingerprint,
            relation=(snapshot.schema, snapshot.name),
            inputs={view.id: syncing.pointers[view.id].build.id},
            rows=total,
            created=stamp(syncing.now),
        )
        definition = msgspec.json.encode(view)
        syncing.state.finish_build(syncing.lease, syncing.target, build, definition)
        syncing.state.set_online_view(
            syncing.lease,
            syncing.target,
            OnlineView(
                store=view.online,
                view=view.id,
                fingerprint=view.data_fingerprint,
                generation=served.generation,
                as_of=stamp(syncing.now),
                rows=total,
            ),
        )
