"""A node as the project declares it, beside what is deployed and built of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.core.errors import FfcError, NotFound
from ffc.manifest.lineage import Place, find_place
from ffc.manifest.names import has_relation
from ffc.manifest.records import AnyNode, Manifest
from ffc.registry import StateRegistry
from ffc.run.looking.builds import BuildFacts, list_builds
from ffc.run.looking.reading import Deployed
from ffc.workspace.folder import compile_workspace, open_target

Where = tuple[Path | None, Path | None, str | None, str | None]
# How what is deployed compares with what is shown; `gone` is what the project declares no more, and
# `unknown` what nobody could look at.
Standing = Literal["same", "otherwise", "never", "gone", "unknown"]

_BROKEN: Final = "the project does not compile, so that it can't be looked up there: `ffc compile`"
_UNCOMPILED: Final = "the project does not compile (`ffc compile`): this is what is deployed"
_GONE: Final = "the project declares it no more: this is what is deployed"


class SeenNode(Struct, frozen=True, kw_only=True):
    """A node or a column of it, the manifest that it is of, and what is deployed of it.

    The manifest is the project's where that has the node, else the deployed one; `notes` say why.
    """

    node: AnyNode
    column: str
    manifest: Manifest
    standing: Standing
    deployed: Deployed | None
    builds: tuple[BuildFacts, ...]
    session: Session
    notes: tuple[str, ...]


class _Found(NamedTuple):
    """Where a name was found."""

    place: Place
    manifest: Manifest
    note: str = ""


@contextmanager
def seen_node(
    where: Where, text: str, *, principal: Principal, as_deployed: bool = False, builds: int = 0
) -> Iterator[SeenNode]:
    """Find NODE or NODE.COLUMN, its target open meanwhile; raises NotFound.

    `where` is the project's folder, that of profiles.yml, the target, variables. With `as_deployed`
    nothing is compiled. No more than so many builds are told.
    """
    with open_target(*where[:3], read_only=True) as opened:
        declared = None if as_deployed else compile_workspace(*where).manifest
        registry, problem = _registry(opened.session)
        found = _find(declared, registry, text, as_deployed)
        node_id = found.place.node
        authorize(principal, "read", node_id)
        deployed = _deployed(registry, node_id)
        shown = found.manifest.node(node_id)
        if found.manifest is not declared and deployed is not None:
            shown = deployed.node
        yield SeenNode(
            node=shown,
            column=found.place.column,
            manifest=found.manifest,
            standing="unknown" if registry is None else _standing(shown, deployed, found.note),
            deployed=deployed,
            builds=_builds(opened.session, node_id, builds, principal) if registry else (),
            session=opened.session,
            notes=tuple(note for note in (problem, found.note) if note),
        )


def _registry(session: Session) -> tuple[StateRegistry | None, str]:
    """Return what is deployed; else why nobody can tell: a node can be shown without."""
    try:
        return StateRegistry(session.state, session.target.name), ""
    except FfcError as problem:
        return None, f"what is deployed is not shown: {problem.message}"


def _find(
    declared: Manifest | None, registry: StateRegistry | None, text: str, as_deployed: bool
) -> _Found:
    """Return what a name means in the project, else in what is deployed; raises NotFound."""
    problem = None
    if declared is not None:
        try:
            return _Found(find_place(declared, text), declared)
        except NotFound as unknown:
            problem = unknown
    try:
        return _find_deployed(
            registry, text, "" if as_deployed else _GONE if declared else _UNCOMPILED
        )
    except NotFound as unknown:
        if problem is not None:
            raise problem from None
        more = () if as_deployed else (_BROKEN,)
        raise NotFound(unknown.message, help=[*unknown.help, *more]) from None


def _find_deployed(registry: StateRegistry | None, text: str, note: str) -> _Found:
    if registry is None:
        raise NotFound(f"nobody can tell whether `{text}` is deployed")
    manifest = registry.manifest()
    return _Found(find_place(manifest, text), manifest, note)


def _deployed(registry: StateRegistry | None, node_id: str) -> Deployed | None:
    """Return a node as it was when its good build was made; of what is never built, as it is."""
    if registry is None:
        return None
    if node_id in registry.nodes():
        return Deployed(node=registry.nodes()[node_id], build=registry.build(node_id))
    node = registry.declared().get(node_id)
    return Deployed(node=node, build=None) if node is not None and not has_relation(node) else None


def _standing(shown: AnyNode, deployed: Deployed | None, note: str) -> Standing:
    if note == _GONE:
        return "gone"
    if deployed is None:
        return "never"
    return "same" if _prints(shown) == _prints(deployed.node) else "otherwise"


def _prints(node: AnyNode) -> tuple[str, str]:
    return node.data_fingerprint, node.metadata_fingerprint


def _builds(
    session: Session, node_id: str, limit: int, principal: Principal
) -> tuple[BuildFacts, ...]:
    try:
        return tuple(list_builds(session, principal=principal, node=node_id, limit=limit))
    except NotFound:
        return ()
