"""Features as they were known at the instants of any table of keys and times."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse
from ffc.core.arrow import arrow_type, conform, counted, typed
from ffc.core.errors import BadRequest, BadSpine, DataError
from ffc.core.types import Type, known_type
from ffc.manifest.plans import Words
from ffc.manifest.records import Boundary, Entity, FeatureView, OutputColumn, Plan
from ffc.registry import Registry, StateRegistry
from ffc.run.point_in_time.asking import ROW, SPINE, Asked, find_view, plan_for
from ffc.run.point_in_time.searching import built_alike, searches
from ffc.run.point_in_time.spines import FIND, Spine, check_once, put_questions, time_column
from ffc.sql import build
from ffc.sql.history import instants_between, keys_at
from ffc.sql.point_in_time import unshared

if TYPE_CHECKING:
    import pyarrow as pa


# The instant that every key of a view is asked of.
AS_OF: Final = "as_of"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalRequest:
    """Which features are asked for, and how.

    `features` and `entities` are as `asking.plan_for` takes them; `timestamp` names the spine's
    times, None for the newest values. `boundary` and `as_known` are what holds where a view has no
    word of its own; None: the project's. `own` is a view that the spine was made of, by id: its
    rows are those that became true at the very instants.
    """

    features: Sequence[object]
    entities: Mapping[str, object] = field(default_factory=dict)
    timestamp: str | None = FIND
    boundary: Boundary | None = None
    as_known: bool | None = None
    own: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalRows:
    """The spine's rows in their order, each with its features; batches can be read once."""

    schema: pa.Schema
    features: tuple[OutputColumn, ...]
    keys: tuple[str, ...]
    timestamp: str
    rows: int
    batches: Iterator[pa.RecordBatch]


@contextmanager
def historical(
    session: Session, spine: Spine, request: HistoricalRequest, *, principal: Principal
) -> Iterator[HistoricalRows]:
    """Look features up for a spine; the warehouse is read for as long as the context lasts.

    Raises BadSpine where the spine can't be asked with, NotFound for a feature that is not
    deployed, BadRequest for what means nothing.
    """
    authorize(principal, "read")
    registry = StateRegistry(session.state, session.target.name)
    entities, words = _declared(registry, request)
    asked = _asked(registry, entities, request, words)
    check_once(spine.schema.names)
    keys = [key for role in asked.roles for key in role.keys]
    time = time_column(spine, request.timestamp, keys)
    _check_names(spine, asked)
    warehouse = Warehouse(session.offline, session.schema)
    with tempfile.TemporaryDirectory(prefix="ffc-") as folder:
        path = Path(folder) / "questions.parquet"
        questions = put_questions(spine, asked.roles, entities, time, path)
        with session.offline.lend(path) as lent:
            answers = _answers(warehouse, registry, asked, request.own, lent)
            schema = _schema(spine, asked)
            yield HistoricalRows(
                schema=schema,
                features=asked.columns,
                keys=tuple(dict.fromkeys(keys)),
                timestamp=time or "",
                rows=questions.rows,
                batches=_beside(spine, answers, schema, questions.rows),
            )


def asked_keys(
    session: Session, request: HistoricalRequest, *, principal: Principal
) -> dict[str, pa.DataType]:
    """Return the key columns that a spine must have, each with its type.

    Raises NotFound and BadRequest as `historical` does.
    """
    authorize(principal, "read")
    registry = StateRegistry(session.state, session.target.name)
    entities, words = _declared(registry, request)
    return {
        name: arrow_type(known_type(key.type))
        for role in _asked(registry, entities, request, words).roles
        for name, key in zip(role.keys, entities[role.entity].columns, strict=True)
    }


def _asked(
    registry: Registry, entities: Mapping[str, Entity], request: HistoricalRequest, words: Words
) -> Asked:
    timed = request.timestamp is not None
    return plan_for(registry, entities, request.features, request.entities, words, timed=timed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instants:
    """Keys of a view, by id, each with an instant; `timestamp` names its column."""

    view: str
    timestamp: str
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def every_value(
    session: Session, view: str, start: object, end: object, *, principal: Principal
) -> Instants:
    """Return the keys and instants at which a view's values became true.

    From `start`, included, to `end`, not included; ISO 8601 or datetimes, without a zone in UTC.
    """
    authorize(principal, "read")
    registry = StateRegistry(session.state, session.target.name)
    found = find_view(registry, view)
    if not found.event_time:
        message = f"`{found.name}` is static: it has no instants"
        hints = ["`client.entities(...)` tells what it holds now"]
        raise BadRequest(message, field="spine.view", help=hints)
    first, last = time_of(start, "spine.from"), time_of(end, "spine.to")
    if first > last:
        message = f"`from` is {first}, which is after `to`, {last}"
        raise BadRequest(message, field="spine.from", help=["the times are UTC"])
    query = instants_between(found, first, last)
    return _instants(session, registry, found, found.event_time, query)


def every_key(session: Session, view: str, now: datetime, *, principal: Principal) -> Instants:
    """Return every key of a view, each with the same instant."""
    authorize(principal, "read")
    registry = StateRegistry(session.state, session.target.name)
    found = find_view(registry, view)
    query = keys_at(found, now.astimezone(UTC).replace(tzinfo=None), AS_OF)
    return _instants(session, registry, found, AS_OF, query)


def _instants(
    session: Session, registry: Registry, view: FeatureView, timestamp: str, query: exp.Select
) -> Instants:
    warehouse = Warehouse(session.offline, session.schema)
    batches = warehouse.batches(query, {view.id: registry.relation(view.id)})
    kinds = {column.name: known_type(column.type) for column in view.columns}
    columns = {key: kinds[key] for key in view.keys} | {timestamp: Type(name="timestamp")}
    schema, rows = typed(batches, columns)
    return Instants(view=view.id, timestamp=timestamp, schema=schema, batches=rows)


def time_of(said: object, field: str) -> datetime:
    """Return a time, given as one or as ISO 8601, as zone-less UTC; raises BadRequest."""
    try:
        # By way of its text: what other libraries call a time may be none at all.
        time = datetime.fromisoformat(str(said))
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, OverflowError):
        message = f"{said!r} is no time"
        hints = ["write it as in 2024-01-31 or 2024-01-31T12:00:00Z"]
        raise BadRequest(message, field=field, help=hints) from None


def _declared(registry: Registry, request: HistoricalRequest) -> tuple[dict[str, Entity], Words]:
    """Return the entities by name, and what holds of time where a view doesn't say."""
    if request.boundary not in (None, "exclusive", "inclusive"):
        message = f"`boundary` is {request.boundary!r}"
        hints = ["write `exclusive` or `inclusive`"]
        raise BadRequest(message, field="boundary", help=hints)
    if request.as_known not in (None, True, False):
        message = f"`as_known` is {request.as_known!r}"
        raise BadRequest(message, field="as_known", help=["write True or False"])
    manifest = registry.manifest()
    entities = {node.name: node for node in manifest.nodes if isinstance(node, Entity)}
    project = manifest.project
    as_known = project.as_known if request.as_known is None else request.as_known
    return entities, Words(boundary=request.boundary or project.boundary, as_known=as_known)


def _check_names(spine: Spine, asked: Asked) -> None:
    """Return if no two columns of the answer have one name; raises BadSpine, BadRequest."""
    own = {name.lower(): name for name in spine.schema.names}
    seen: set[str] = set()
    for column in asked.columns:
        folded = column.name.lower()
        if folded in own:
            message = f"the spine's column `{own[folded]}` has the name that a feature gets"
            help_ = "rename it, or name the feature: `{'feature': ..., 'as': ...}`"
            raise BadSpine(message, help=[help_])
        if folded in seen:
            message = f"two features get the name `{column.name}`"
            raise BadRequest(message, field="features", help=["name one with `as`"])
        seen.add(folded)


def _answers(
    warehouse: Warehouse,
    registry: Registry,
    asked: Asked,
    own: str,
    lent: Relation | str,
) -> Iterator[pa.RecordBatch]:
    """Return the number of each of the spine's rows and its features, in order."""
    plan = _with_own(asked.plan, own)
    names = dict.fromkeys(name for view in plan.views for name in (view.view, view.searched))
    builds = {name: registry.build(name) for name in names}
    if not built_alike(plan, builds):
        plan = unshared(plan)
    parents: dict[str, Relation | str] = {n: Relation(*b.relation) for n, b in builds.items()}
    parents[SPINE] = lent
    shapes = {each.view: each.shape for each in searches(warehouse, plan, parents, builds)}
    query = warehouse.bound(warehouse.training_query(plan, shapes), parents)
    columns = [build.column(column.name) for column in plan.output]
    ordered = exp.select(*columns).from_(build.reference("answers")).order_by(build.column(ROW))
    return warehouse.batches(ordered, {"answers": query})


def _with_own(plan: Plan, own: str) -> Plan:
    """Return a plan in which the view that the spine was made of answers with its own rows."""
    views = tuple(
        msgspec.structs.replace(view, boundary="inclusive", as_known=False)
        if view.view == own and not view.lag
        else view
        for view in plan.views
    )
    return msgspec.structs.replace(plan, views=views)


def _schema(spine: Spine, asked: Asked) -> pa.Schema:
    import pyarrow as pa

    features = [pa.field(c.name, arrow_type(known_type(c.type))) for c in asked.columns]
    return pa.schema([*spine.schema, *features])


def _beside(
    spine: Spine, answers: Iterator[pa.RecordBatch], schema: pa.Schema, rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield the spine's rows with the answers beside them; raises DataError if one is missing."""
    import pyarrow as pa

    taken = 0
    stream = _Stream(answers)
    for batch in spine.read():
        found = stream.take(batch.num_rows)
        numbers = found.column(0)
        if len(numbers) != batch.num_rows or not _counts_up(numbers, taken):
            raise _lost(rows)
        taken += batch.num_rows
        columns = [pa.concat_arrays(column.chunks) for column in found.columns[1:]]
        beside = pa.RecordBatch.from_arrays([*batch.columns, *columns], names=schema.names)
        yield conform(beside, schema)
    if taken != rows or not stream.is_empty():
        raise _lost(rows)


def _counts_up(numbers: pa.ChunkedArray, start: int) -> bool:
    return bool(numbers.combine_chunks().equals(counted(start, len(numbers))))


def _lost(rows: int) -> DataError:
    message = f"the answers are not one for each of the spine's {rows:,} rows"
    return DataError(message, help=["this should never happen: please report it"])


class _Stream:
    """Takes rows from batches, so many at a time."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._left = next(batches)

    def take(self, count: int) -> pa.Table:
        """Return the next rows, fewer where there are no more."""
        import pyarrow as pa

        parts = [self._left.slice(0, count)]
        missing = count - parts[0].num_rows
        self._left = self._left.slice(parts[0].num_rows)
        while missing and (following := next(self._batches, None)) is not None:
            parts.append(following.slice(0, missing))
            self._left = following.slice(parts[-1].num_rows)
            missing -= parts[-1].num_rows
        return pa.Table.from_batches(parts)

    def is_empty(self) -> bool:
        """Tell whether no row is left."""
        return not self._left.num_rows and all(not batch.num_rows for batch in self._batches)
