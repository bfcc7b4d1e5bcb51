"""What going back to an earlier deployment takes: where to, which builds, what must be synced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from ffc.adapter.state import Build, DeploymentRecord, NodeRun, Pointer
from ffc.connect.session import Session
from ffc.core.errors import NotFound
from ffc.manifest.names import snapshot_id
from ffc.manifest.records import FeatureView, Manifest
from ffc.manifest.upgrades import decode_manifest
from ffc.registry import StateRegistry
from ffc.run.deploying.deployments import (
    ChangeKind,
    changes,
    good_builds,
    outlines,
    refusal,
    way_to,
)
from ffc.run.executor import check_unchanged
from ffc.run.publishing import LOOKED_AT, torn


class NodeChange(Struct, frozen=True, kw_only=True):
    """What a rollback changes about a node.

    Its name meant the build `before` and means `build`, made at `built`; either is empty where
    nothing is ever built of the node, or where it has no name.
    """

    id: str
    change: ChangeKind
    before: str
    build: str
    built: str


class RolledBack(Struct, frozen=True, kw_only=True):
    """How a rollback went, or is planned to go: the document `ffc.rollback/v1`.

    From the deployment `before`, which was live, it went to what `to` had said; `deployment` is the
    one that is live now.
    """

    schema: Literal["ffc.rollback/v1"] = "ffc.rollback/v1"
    target: str
    before: str
    to: str
    deployment: str = ""
    run_id: str = ""
    status: Literal["planned", "success", "error", "unchanged"] = "planned"
    changes: tuple[NodeChange, ...] = ()
    results: tuple[NodeRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where to, the build that each name is to mean, and the online views that must be synced.

    `pointers` are those of now; it `mends` what a rollback left that died before this one.
    """

    record: DeploymentRecord
    live: DeploymentRecord
    manifest: Manifest
    pointers: Mapping[str, Pointer]
    builds: Mapping[str, Build]
    views: Sequence[FeatureView]
    mends: bool

    @property
    def moved(self) -> list[Pointer]:
        """The pointers that lead elsewhere than now."""
        target = self.manifest.target.name
        return [
            Pointer(target=target, node=name, definition=build.fingerprint, build=build)
            for name, build in self.builds.items()
            if name not in self.pointers or self.pointers[name].build != build
        ]

    @property
    def is_done(self) -> bool:
        """Whether the target is what it is to be."""
        same = self.record.manifest == self.live.manifest
        return same and not (self.moved or self.views or self.mends)

    def told(self) -> RolledBack:
        """Return what is to happen."""
        before, after = outlines(self.live.manifest), outlines(self.record.manifest)
        found = dict(changes(before, after))
        for pointer in self.moved:
            # What a run failed to build moves, too, though both manifests have it alike.
            found.setdefault(pointer.node, "changed")
        return RolledBack(
            target=self.manifest.target.name,
            before=self.live.id,
            to=self.record.id,
            changes=tuple(self._change(name, kind) for name, kind in sorted(found.items())),
        )

    def _change(self, node: str, kind: ChangeKind) -> NodeChange:
        pointer, build = self.pointers.get(node), self.builds.get(node)
        return NodeChange(
            id=node,
            change=kind,
            before=pointer.build.id if pointer is not None and kind != "added" else "",
            build=build.id if build is not None else "",
            built=build.created if build is not None else "",
        )


def chosen(session: Session, to: str) -> tuple[DeploymentRecord, DeploymentRecord, bool]:
    """Return the deployment to go to, the live one, and whether a rollback died before this one."""
    state, target = session.state, session.target.name
    records = state.deployments(target, limit=2)
    if not records:
        message = f"nothing is deployed in the target `{target}`"
        raise NotFound(message, help=["run `ffc run`"])
    live, *earlier = records
    died = torn(state.runs(target, LOOKED_AT))
    if to:
        earlier = state.deployments(target, only=to)
    elif died is not None and live.same_as and live.created >= died.started:
        # It died when all was moved, and nobody was told: that is what is to be.
        earlier = [live]
    if not earlier:
        what = f"has no deployment `{to}`" if to else f"has one deployment only, `{live.id}`"
        raise NotFound(f"the target `{target}` {what}", help=["`ffc deployments` lists them"])
    return earlier[0], live, died is not None


def planned(
    session: Session,
    record: DeploymentRecord,
    live: DeploymentRecord,
    pointers: Mapping[str, Pointer],
    existing: set[str],
    mends: bool,
) -> Plan:
    """Find what a rollback needs; raises NoWayBack where it is not there, Immutable."""
    manifest = decode_manifest(record.manifest)
    good = good_builds(session, existing)
    way = way_to(outlines(record.manifest), outlines(live.manifest), pointers, good)
    if way.missing:
        raise refusal(session, record, way.missing)
    if session.target.protected:
        check_unchanged([n for n in manifest.nodes if n.id in way.builds], pointers)
    return Plan(
        record=record,
        live=live,
        manifest=manifest,
        pointers=pointers,
        builds=way.builds,
        views=list(_to_sync(session, manifest, pointers, way.builds)),
        mends=mends,
    )


def _to_sync(
    session: Session,
    manifest: Manifest,
    pointers: Mapping[str, Pointer],
    builds: Mapping[str, Build],
) -> Iterator[FeatureView]:
    """Yield the online views but for those whose build is what is served just now."""
    registry = StateRegistry(session.state, session.target.name)
    served = {view.id: view for view in registry.serving().views}
    for node in manifest.nodes:
        if not isinstance(node, FeatureView) or not node.online or node.id not in builds:
            continue
        now, snapshot = served.get(node.id), pointers.get(snapshot_id(node.online, node.id))
        build = builds[node.id]
        held = now is not None and (now.store, now.fingerprint) == (node.online, build.fingerprint)
        if not held or snapshot is None or snapshot.build.inputs.get(node.id) != build.id:
            yield node
