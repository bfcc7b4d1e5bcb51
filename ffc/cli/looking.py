"""A node looked up: as it is deployed, else as the project has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ffc.adapter.state import Build
from ffc.auth import Principal
from ffc.cli.showing import Preview
from ffc.cli.workspace import compile_workspace, open_target
from ffc.core.errors import NotFound
from ffc.manifest.records import AnyNode
from ffc.manifest.selection import find_node
from ffc.manifest.selection.methods import own_names
from ffc.run.looking import Deployed, first_rows, look_at

# The project's folder, that of profiles.yml, the target, variables.
Where = tuple[Path | None, Path | None, str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNode:
    """A node, whether it is deployed, its good build and that one's first rows."""

    target: str
    node: AnyNode
    deployed: bool
    build: Build | None = None
    preview: Preview | None = None


def show_node(where: Where, name: str, rows: int, principal: Principal) -> ShownNode:
    """Return what is known of a node; raises NotFound."""
    project_dir, profiles_dir, target, _ = where
    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        deployed = look_at(opened.session, principal=principal)
        chosen = opened.session.target.name
        if any(name in own_names(node) for node in deployed.nodes.values()):
            return _deployed(deployed, chosen, deployed.find(name), rows)
    # Let go before the project is compiled, which takes its time.
    return ShownNode(target=chosen, node=_declared(where, deployed, name), deployed=False)


def _deployed(deployed: Deployed, target: str, node: AnyNode, rows: int) -> ShownNode:
    build = deployed.build(node.id)
    preview = None
    if build is not None and rows:
        preview = Preview.of(first_rows(deployed, node, rows), rows)
    return ShownNode(target=target, node=node, deployed=True, build=build, preview=preview)


def _declared(where: Where, deployed: Deployed, name: str) -> AnyNode:
    """Return a node as the project has it that is not deployed; raises NotFound."""
    manifest = compile_workspace(*where).manifest
    if manifest is not None:
        return find_node([*manifest.nodes, *_gone(deployed, manifest.nodes)], name)
    try:
        return deployed.find(name)
    except NotFound as problem:
        hint = "the project does not compile, so that it can't be looked up there: `ffc compile`"
        raise NotFound(f"no node `{name}` is deployed", help=[*problem.help, hint]) from problem


def _gone(deployed: Deployed, nodes: tuple[AnyNode, ...]) -> list[AnyNode]:
    known = {node.id for node in nodes}
    return [node for node in deployed.nodes.values() if node.id not in known]
