"""Take away what nothing needs any more: old builds and generations, and what died runs left."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build, Lease, StateStore
from ffc.auth import Principal, authorize
from ffc.connect.holding import holding
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse
from ffc.core.clock import Clock, stamp, utc_now
from ffc.online.generations import Generation, Generations, due, noted
from ffc.online.snapshots import is_of
from ffc.run.building.increments import CHANGES
from ffc.run.building.sources import file_tables

# Who reads without the state store sees by its mark, once a second, that a generation goes.
SEEN_SECONDS: Final = 2.0
# A generation that was left stays so long: whoever serves has moved on by then.
GRACE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What was, or would be, taken away: relations by name, generations with how many rows.

    Until they are taken away, that is how many were last synced, None where it is not known.
    `waiting` are those that were left too short a time ago, `served` the others. `tombstones` is of
    how many keys of these that vanished nothing is left now, `freed` how many bytes online stores
    gave back.
    """

    dropped: Sequence[str]
    taken: Sequence[tuple[Generation, int | None]]
    waiting: Sequence[Generation]
    served: Sequence[Generation]
    tombstones: int = 0
    freed: int = 0


def clean(
    session: Session,
    *,
    principal: Principal,
    keep: int | None = None,
    sets: int | None = None,
    grace: timedelta = GRACE,
    dry: bool = False,
    clock: Clock = utc_now,
) -> Cleaned:
    """Drop the builds that no name leads to, and take away the generations that were left.

    Of each node the newest `keep` builds stay (the target's `keep:`, else one), of a training set
    all, unless `sets` says how many; of a view what was left less than `grace` ago. What no build
    knows of goes, too. Raises Locked while a run holds the target, StoreError where an online store
    fails.
    """
    authorize(principal, "clean")
    target, state = session.target, session.state
    count = keep if keep is not None else target.keep if target.keep is not None else 1
    with holding(state, target.name) as lease:
        state.audit(principal.name, "clean", target.name, stamp(clock()))
        warehouse = Warehouse(session.offline, session.schema)
        warehouse.prepare()
        generations = generations_of(session)
        cleaned = collect(
            *(warehouse, state, lease, generations, clock(), count),
            sets=sets,
            grace=grace,
            dry=dry,
        )
    if dry:
        return cleaned
    # Runs and syncs go on while rows are taken away, however long that takes.
    session.close_offline()
    cleaned = take(generations, cleaned)
    tombstones = sum(generations.take_tombstones(each) for each in cleaned.served)
    stores = {each.store for each in [*cleaned.served, *_taken(cleaned)]}
    freed = sum(session.online(store).shrink() for store in stores)
    return replace(cleaned, tombstones=tombstones, freed=freed)


def generations_of(session: Session) -> Generations:
    """Return the generations in the online stores of a session's target."""
    target = session.target
    return Generations(session.state, target.name, session.online, set(target.online))


def take(generations: Generations, cleaned: Cleaned) -> Cleaned:
    """Take the rows of generations away that `collect` let no name lead to.

    Not before everybody has seen that: a row that is gone reads as a key that never was.
    """
    going = _taken(cleaned)
    if going:
        time.sleep(SEEN_SECONDS)
    taken = [(each, generations.take(each)) for each in going]
    return replace(cleaned, taken=taken)


def collect(
    warehouse: Warehouse,
    state: StateStore,
    lease: Lease,
    generations: Generations,
    now: datetime,
    keep: int,
    *,
    sets: int | None = None,
    grace: timedelta = GRACE,
    dry: bool = False,
    spared: Set[str] = frozenset(),
) -> Cleaned:
    """Drop what `clean` says, under a lock that is held already, but what is `spared`.

    Of generations the rows stay, for `take`.
    """
    found = generations.found()
    known = noted(found, now)
    going = [each for each in known if due(each, now, grace)]
    staying = [each for each in known if each not in going]
    if not dry:
        generations.forget(lease, going)
    needed = {build for each in staying for build in each.snapshots}
    unnamed = {build for each in going if each.named for build in each.snapshots}
    used = state.in_use() - unnamed
    unneeded = {build for each in going for build in each.snapshots} - needed - used
    builds = [build for build in state.builds() if build.relation[0] == warehouse.builds_schema]
    there = warehouse.kinds()
    possible = [build for build in builds if build.id not in unneeded]
    kept = _kept(possible, used, there, keep, sets)
    kept |= {build.id: build for build in builds if build.id in needed}
    stays = _relations(kept) | spared | {name for name in there if is_of(name, needed)}
    unused = sorted(n for n in there if n not in stays and n != warehouse.journal.name)
    if not dry:
        # First forgotten, then dropped: what is dropped and not known as collected would be read.
        state.forget_builds(
            lease, [build.id for build in builds if build.id not in kept], stamp(now)
        )
        _drop(warehouse, {name: there[name] for name in unused})
        changed = [each for each in staying if each not in found]
        generations.mark(lease, [*changed, *(each.taken() for each in going)])
    rows = {build.id: build.rows for build in builds}
    return Cleaned(
        dropped=unused,
        taken=[(each, rows.get(each.mark.snapshot)) for each in going],
        waiting=[each for each in staying if not each.served],
        served=[each for each in staying if each.served],
    )


def _taken(cleaned: Cleaned) -> list[Generation]:
    return [each for each, _ in cleaned.taken]


def _drop(warehouse: Warehouse, kinds: Mapping[str, str]) -> None:
    # Views first: they may read tables that go, too.
    for name in sorted(kinds, key=lambda name: (kinds[name] != "VIEW", name)):
        warehouse.drop(Relation(warehouse.builds_schema, name), kinds[name])


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
