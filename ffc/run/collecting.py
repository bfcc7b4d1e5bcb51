"""Take away what nothing needs any more: old builds, and what died runs left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build, Lease, StateStore
from ffc.auth import Principal, authorize
from ffc.connect.holding import holding
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse
from ffc.core.clock import Clock, stamp, utc_now
from ffc.run.increments import CHANGES
from ffc.run.sources import file_tables


def clean(
    session: Session,
    *,
    principal: Principal,
    keep: int | None = None,
    sets: int | None = None,
    dry: bool = False,
    clock: Clock = utc_now,
) -> list[str]:
    """Drop the builds that no name leads to; return the names of what was, or would be, dropped.

    Of each node the newest `keep` builds stay (the target's `keep:`, else one), of a training set
    all, unless `sets` says how many. What no build knows of goes, too. Raises Locked while a run
    holds the target.
    """
    authorize(principal, "clean")
    target = session.target
    count = keep if keep is not None else target.keep if target.keep is not None else 1
    with holding(session.state, target.name) as lease:
        session.state.audit(principal.name, "clean", target.name, stamp(clock()))
        warehouse = Warehouse(session.offline, session.schema)
        warehouse.prepare()
        now = stamp(clock())
        return collect(warehouse, session.state, lease, now, count, sets=sets, dry=dry)


def collect(
    warehouse: Warehouse,
    state: StateStore,
    lease: Lease,
    now: str,
    keep: int,
    *,
    sets: int | None = None,
    dry: bool = False,
    spared: Set[str] = frozenset(),
) -> list[str]:
    """Drop what `clean` says, under a lock that is held already, but what is `spared`."""
    builds = [build for build in state.builds() if build.relation[0] == warehouse.builds_schema]
    there = warehouse.kinds()
    kept = _kept(builds, state.in_use(), there, keep, sets)
    needed = _relations(kept) | spared
    unused = sorted(name for name in there if name not in needed and name != warehouse.journal.name)
    if dry:
        return unused
    # First forgotten, then dropped: what is dropped and not known as collected would be read.
    state.forget_builds(lease, [build.id for build in builds if build.id not in kept], now)
    # Views first: they may read tables that go, too.
    for name in sorted(unused, key=lambda name: (there[name] != "VIEW", name)):
        warehouse.drop(Relation(warehouse.builds_schema, name), there[name])
    return unused


def _kept(
    builds: Iterable[Build],
    used: set[str],
    kinds: Mapping[str, str],
    keep: int,
    sets: int | None,
) -> dict[str, Build]:
    """Return the builds that stay, by id: those that are used, the newest, what they need."""
    by_node: dict[str, list[Build]] = {}
    for build in builds:
        by_node.setdefault(build.node, []).append(build)
    by_id = {build.id: build for each in by_node.values() for build in each}
    waiting = [by_id[name] for name in used if name in by_id]
    for node, own in by_node.items():
        count = sets if node.startswith("training_set.") else keep
        waiting += own if count is None else own[len(own) - count :] if count else []
    found: dict[str, Build] = {}
    while waiting:
        build = waiting.pop()
        if build.id in found:
            continue
        found[build.id] = build
        # A view reads what it was made of for as long as it is there; what is pointed to goes on
        # from there.
        if build.id in used or kinds.get(build.relation[1]) == "VIEW":
            waiting += [by_id[name] for name in build.inputs.values() if name in by_id]
    for build in list(found.values()):
        found |= _between(build, found, by_id)
    return found


def _between(
    build: Build, kept: Mapping[str, Build], builds: Mapping[str, Build]
) -> dict[str, Build]:
    """Return the builds that batches made on the way from a kept one to this; none without one."""
    path: dict[str, Build] = {}
    at = builds.get(build.previous)
    while at is not None and at.id not in kept:
        path[at.id] = at
        at = builds.get(at.previous)
    return path if at is not None else {}


def _relations(kept: Mapping[str, Build]) -> set[str]:
    found = {build.relation[1] for build in kept.values()}
    for build in kept.values():
        if build.node.startswith("source."):
            found.update(file_tables(build.node, build.fingerprint, build.inputs))
    changed = (build for build in kept.values() if build.previous in kept)
    return found | {f"{CHANGES}_{build.id}" for build in changed}
