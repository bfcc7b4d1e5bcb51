"""What was deployed in a target, what each deployment changed, and which can be gone back to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from msgspec import Struct

from ffc.adapter.state import Build, DeploymentRecord, Pointer
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import builds_schema
from ffc.core.diagnostics import listed
from ffc.core.errors import NoWayBack
from ffc.manifest.names import BUILT

# So many of the nodes that are missing are named.
NAMED: Final = 6

ChangeKind = Literal["added", "changed", "removed", "described"]


class Outline(Struct, frozen=True, kw_only=True):
    """What a manifest has of a node that tells it from what it was, and no more."""

    id: str
    kind: str
    data_fingerprint: str = ""
    metadata_fingerprint: str = ""
    materialized: str = ""

    @property
    def is_built(self) -> bool:
        """Tell whether the node has a relation of its own."""
        return self.kind in BUILT and self.materialized != "ephemeral"


class _Outlines(Struct):
    nodes: list[Outline]


def outlines(manifest: bytes) -> dict[str, Outline]:
    """Return the outlines of a manifest's nodes, by id."""
    found = msgspec.json.decode(manifest, type=_Outlines).nodes
    return {node.id: node for node in found}


def changes(
    before: Mapping[str, Outline], after: Mapping[str, Outline]
) -> list[tuple[str, ChangeKind]]:
    """Return the nodes that one manifest has otherwise than another, and how, by id."""
    found: list[tuple[str, ChangeKind]] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None:
            found.append((name, "added"))
        elif new is None:
            found.append((name, "removed"))
        elif old.data_fingerprint != new.data_fingerprint:
            found.append((name, "changed"))
        elif old != new:
            found.append((name, "described"))
    return found


class GoodBuilds:
    """The newest build of each definition that still holds that definition's rows.

    A batch of rows goes into the table that is there, under whatever definition brings it: of the
    builds of one table only the last one is what it says. A view also needs what it reads.
    `builds` are those that are there, the oldest first.
    """

    def __init__(self, builds: Iterable[Build]) -> None:
        self._by_id = {build.id: build for build in builds}
        self._next = {build.previous: build for build in self._by_id.values() if build.previous}
        good = (build for build in self._by_id.values() if self._holds(build))
        self._newest = {(build.node, build.fingerprint): build for build in good}

    def of(self, node: str, fingerprint: str) -> Build | None:
        """Return the newest build of a definition; None where there is none any more."""
        return self._newest.get((node, fingerprint))

    def _holds(self, build: Build) -> bool:
        if build.id in self._next:
            return False
        looks = build.node.startswith("label.") or build.inputs.get("materialized") == "view"
        read = [found for name, found in build.inputs.items() if name != "materialized"]
        return not looks or all(map(self._still, read))

    def _still(self, build_id: str) -> bool:
        """Tell whether a build's table is of the same definition yet, whatever rows came."""
        first = last = self._by_id.get(build_id)
        while last is not None and last.id in self._next:
            last = self._next[last.id]
        return first is not None and last is not None and first.fingerprint == last.fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What going to a manifest takes: the build that each name is to mean, and what is missing.

    A node that is in both manifests alike, and was built in neither, stays as it is.
    """

    builds: Mapping[str, Build]
    missing: Sequence[str]


def way_to(
    wanted: Mapping[str, Outline],
    live: Mapping[str, Outline],
    pointers: Mapping[str, Pointer],
    good: GoodBuilds,
) -> Way:
    """Find the builds of a manifest's definitions."""
    builds: dict[str, Build] = {}
    missing: list[str] = []
    for node in wanted.values():
        if not node.is_built:
            continue
        pointer, now = pointers.get(node.id), live.get(node.id)
        if pointer is not None and pointer.definition == node.data_fingerprint:
            builds[node.id] = pointer.build
        elif found := good.of(node.id, node.data_fingerprint):
            builds[node.id] = found
        elif now is None or now.data_fingerprint != node.data_fingerprint:
            missing.append(node.id)
    return Way(builds=builds, missing=sorted(missing))


def refusal(session: Session, record: DeploymentRecord, missing: Sequence[str]) -> NoWayBack:
    """Return why a deployment can't be gone back to, node by node, and what to do instead."""
    known = outlines(record.manifest)
    why = [f"`{n}` {_lost(session, n, known[n].data_fingerprint)}" for n in missing[:NAMED]]
    twins = session.state.deployments(record.target, only=record.same_as) if record.same_as else []
    commit = next((each.commit for each in (record, *twins) if each.commit), "")
    what = f"the commit {commit[:12]}" if commit else "the project as it was then"
    others = [f for f in _newest(session, limit=20) if f.kept and not f.live]
    instead = [f"`ffc rollback --to {other.id}` is the newest that can be done" for other in others]
    return NoWayBack(
        f"{record.id} can't be gone back to: there is no build of {some(missing)} as it was then",
        help=[*why, f"check out {what} and `ffc run` builds it anew", *instead[:1]],
    )


def some(nodes: Sequence[str]) -> str:
    """Name nodes, but no more than a few of them."""
    if len(nodes) <= NAMED:
        return listed(nodes)
    return f"{', '.join(f'`{node}`' for node in nodes[:NAMED])} and {len(nodes) - NAMED} more"


def _lost(session: Session, node: str, fingerprint: str) -> str:
    """Say what became of the newest build of a definition."""
    past = session.state.past_builds(builds_schema(session.schema), node=node)
    found = next((build for build in past if build.fingerprint == fingerprint), None)
    if found is None:
        return "was never built as it was then"
    if found.collected:
        return f"was collected on {found.collected[:10]}"
    if any(build.previous == found.id for build in past):
        return "went on in the same table as something else"
    return "is not in the warehouse any more, or what it reads is not"


class Changes(Struct, frozen=True, kw_only=True):
    """How many nodes a deployment has otherwise than the one before it.

    `changed` compute something else; of those `described` only the words or the tests are others.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    described: int = 0


class DeploymentFacts(Struct, frozen=True, kw_only=True):
    """A deployment as `ffc.deployments/v1` has it.

    `same_as` is the first one that said the same. The `live` one is what names mean now. One that
    is `kept` can be gone back to; else `missing` are the nodes whose builds are not there.
    """

    id: str
    created: str
    principal: str
    commit: str
    dirty: bool
    changes: Changes
    same_as: str
    live: bool
    kept: bool
    missing: tuple[str, ...]


def list_deployments(
    session: Session, *, principal: Principal, limit: int | None = None
) -> list[DeploymentFacts]:
    """Return the target's newest deployments, the newest first, by what its state store says."""
    authorize(principal, "read")
    return _newest(session, limit)


def _newest(session: Session, limit: int | None) -> list[DeploymentFacts]:
    state, target = session.state, session.target.name
    # One more, to tell what the oldest that is shown changed.
    records = state.deployments(target, limit=None if limit is None else limit + 1)
    if not records:
        return []
    known = [outlines(record.manifest) for record in records]
    pointers, good = state.pointers(target), good_builds(session)
    facts = [
        _facts(record, changes(before, own), way_to(own, known[0], pointers, good).missing)
        for record, own, before in zip(records, known, [*known[1:], {}], strict=True)
    ]
    first, *others = facts
    return [msgspec.structs.replace(first, live=True), *others][:limit]


def good_builds(session: Session, existing: Collection[str] | None = None) -> GoodBuilds:
    """Return the good builds of a target; `existing` are the tables that are known to be there."""
    schema = builds_schema(session.schema)
    own = (b for b in session.state.builds() if b.relation[0] == schema)
    return GoodBuilds(b for b in own if existing is None or b.relation[1] in existing)


def _facts(
    record: DeploymentRecord, found: Sequence[tuple[str, ChangeKind]], missing: Sequence[str]
) -> DeploymentFacts:
    counts = Counter[str](kind for _, kind in found)
    return DeploymentFacts(
        id=record.id,
        created=record.created,
        principal=record.principal,
        commit=record.commit,
        dirty=record.dirty,
        changes=Changes(**counts),
        same_as=record.same_as,
        live=False,
        kept=not missing,
        missing=tuple(missing),
    )
