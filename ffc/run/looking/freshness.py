"""How old the newest rows of sources are, beside how old they may be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from ffc.adapter.offline import Relation
from ffc.adapter.state import NodeRun, Observation
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.clock import Clock, stamp, utc_now
from ffc.core.errors import FfcError, Unreachable
from ffc.manifest.records import Freshness, Source
from ffc.registry import deployed
from ffc.sql.sources import newest


class Fresh(Struct, frozen=True, kw_only=True):
    """How fresh a source is: `pass`, `warn` or `error`; `age` is in seconds.

    `newest` is ISO 8601, UTC, and empty where there is no row.
    """

    source: str
    status: str
    column: str
    newest: str = ""
    age: float | None = None
    warn_after: int | None = None
    error_after: int | None = None
    reason: str = ""


def measure(
    session: Session,
    *,
    principal: Principal,
    selected: frozenset[str] | None = None,
    report: Callable[[Fresh], None] = lambda _: None,
    clock: Clock = utc_now,
) -> list[Fresh]:
    """Measure the sources that say how old their newest row may be; return how fresh each is.

    Of files it is the newest good build that is looked at, of a table the table itself. Each age is
    kept as an observation. Raises NotFound where nothing is deployed, Unreachable where the
    warehouse can't be opened.
    """
    authorize(principal, "test")
    state, target = session.state, session.target.name
    registry = deployed(state, target)
    warehouse = Warehouse(session.offline, session.schema)
    run = state.begin_run(target, "freshness", principal.name, stamp(clock()))
    found: list[Fresh] = []
    status = "error"
    try:
        for node in registry.nodes().values():
            if not isinstance(node, Source) or node.freshness is None:
                continue
            if selected is not None and node.id not in selected:
                continue
            build = registry.build(node.id)
            fresh = _measured(warehouse, node, node.freshness, build.relation, clock())
            if fresh.age is not None:
                state.observe([_observed(fresh, fresh.age, build.id)])
            state.record_node(run, _run_of(fresh))
            found.append(fresh)
            report(fresh)
        status = "error" if any(fresh.status == "error" for fresh in found) else "success"
    finally:
        state.finish_run(run, status, stamp(clock()))
    return found


def _measured(
    warehouse: Warehouse,
    node: Source,
    wanted: Freshness,
    relation: tuple[str, str],
    now: datetime,
) -> Fresh:
    told = Fresh(
        source=node.id,
        status="error",
        column=wanted.column,
        warn_after=wanted.warn_after,
        error_after=wanted.error_after,
    )
    try:
        (row,) = warehouse.rows(newest(table_of(Relation(*relation)), wanted.column))
    except Unreachable:
        raise
    except FfcError as problem:
        return replace(told, reason=problem.message)
    latest = row["newest"]
    if not isinstance(latest, datetime):
        return replace(told, reason=f"it has no row with a `{wanted.column}`")
    latest = latest.replace(tzinfo=UTC) if latest.tzinfo is None else latest
    age = (now - latest).total_seconds()
    status = "pass"
    if wanted.warn_after is not None and age > wanted.warn_after:
        status = "warn"
    if wanted.error_after is not None and age > wanted.error_after:
        status = "error"
    return replace(told, status=status, newest=stamp(latest), age=age)


def _observed(fresh: Fresh, age: float, build: str) -> Observation:
    return Observation(
        node=fresh.source,
        column=fresh.column,
        metric="age",
        window=fresh.newest,
        value=age,
        build=build,
    )


def _run_of(fresh: Fresh) -> NodeRun:
    status = {"pass": "success"}.get(fresh.status, fresh.status)
    return NodeRun(
        id=fresh.source, action="freshness", status=status, reason=fresh.reason, attempts=1
    )
