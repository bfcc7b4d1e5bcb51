"""Every connection of a target tried: whether it can be used, and what mends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct
from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, random_build_id
from ffc.core.clock import Clock, stamp, utc_now
from ffc.core.errors import FfcError, StoreError
from ffc.sql import build

# Seconds by which the clocks of this machine and of a warehouse may differ.
_APART: Final = 60
_ROOM: Final = 1 << 30


class Checked(Struct, frozen=True, kw_only=True):
    """How one check went, and what to do about it."""

    what: str
    ok: bool
    said: str
    help: tuple[str, ...] = ()


def debug(
    session: Session,
    *,
    principal: Principal,
    report: Callable[[Checked], None] = lambda _: None,
    clock: Clock = utc_now,
) -> list[Checked]:
    """Try each store of a target, writing what is taken away again; return how each check went.

    A check that fails is a result, never an exception of ours; no setting is shown.
    """
    authorize(principal, "read")
    target = session.target
    found: list[Checked] = []

    def check(what: str, work: Callable[[], str]) -> None:
        try:
            checked = Checked(what=what, ok=True, said=work())
        except FfcError as problem:
            checked = Checked(what=what, ok=False, said=problem.message, help=problem.help)
        found.append(checked)
        report(checked)

    check("disk", lambda: _room(target.folder))
    check(f"state ({target.state.type})", lambda: _state(session, principal, clock))
    check(f"offline ({target.offline.type})", lambda: _warehouse(session, clock))
    for name, store in target.online.items():
        check(f"online `{name}` ({store.type})", partial(_online, session, name))
    return found


def _room(folder: Path) -> str:
    free = shutil.disk_usage(folder).free
    if free < _ROOM:
        message = f"{free / 2**20:,.0f} MiB are free where the project lies"
        raise StoreError(message, help=["make room on the disk"])
    return f"{free / 2**30:,.1f} GiB are free where the project lies"


def _state(session: Session, principal: Principal, clock: Clock) -> str:
    state, target = session.state, session.target.name
    state.audit(principal.name, "debug", target, stamp(clock()))
    runs = state.runs(target, limit=1)
    newest = f"the newest run is {runs[0].id}" if runs else "there was no run yet"
    return f"read and written; {newest}"


def _warehouse(session: Session, clock: Clock) -> str:
    warehouse = Warehouse(session.offline, session.schema)
    there = warehouse.prepare() - {warehouse.journal.name}
    scratch = Relation(warehouse.builds_schema, f"debug_{random_build_id()}")
    one = exp.select(build.named(exp.Literal.number(1), "one"))
    warehouse.create(scratch, "TABLE", warehouse.text(one))
    try:
        warehouse.count(scratch)
    finally:
        warehouse.drop(scratch, "TABLE")
    apart = _clock_difference(warehouse, clock)
    about = session.offline.about()
    return (
        f"{about}{', ' if about else ''}a table made, read and dropped in "
        f"`{warehouse.builds_schema}`; {len(there)} tables and views there; "
        f"clocks {apart:.1f} s apart"
    )


def _clock_difference(warehouse: Warehouse, clock: Clock) -> float:
    now = exp.cast(exp.CurrentTimestamp(), exp.DataType(this=exp.DType.TIMESTAMPTZ))
    (row,) = warehouse.rows(exp.select(build.named(now, "now")))
    theirs = row["now"]
    if not isinstance(theirs, datetime):
        raise StoreError("the warehouse does not tell the time")
    apart = abs((clock() - theirs.astimezone(UTC)).total_seconds())
    if apart > _APART:
        raise StoreError(
            f"the warehouse's clock and this machine's are {apart:,.0f} s apart",
            help=["set this machine's clock: schedules, ttl and freshness go by it"],
        )
    return apart


def _online(session: Session, name: str) -> str:
    session.online(name).check()
    session.online(name).read([b"ffc debug"])
    try:
        views = session.state.online_views(session.target.name)
    except FfcError:
        # What is wrong with the state store is told where that is checked.
        return "opened and read"
    held = [view for view in views if view.store == name]
    rows = sum(view.rows for view in held)
    return f"opened and read; it holds {len(held)} views, {rows:,} rows"
