"""Nodes in a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ffc.manifest.records import AnyNode, Manifest
from ffc.manifest.selection import Selection


def listed_nodes(
    manifest: Manifest, other: Manifest | None, selection: Selection
) -> tuple[list[AnyNode], list[AnyNode]]:
    """Return the selected nodes, and those that only the manifest compared with has."""
    known = {node.id for node in manifest.nodes}
    before = other.nodes if other is not None else ()
    gone = [node for node in before if node.id in selection.nodes - known]
    return [node for node in manifest.nodes if node.id in selection.nodes], gone


def list_document(
    manifest: Manifest, nodes: Sequence[AnyNode], gone: Sequence[AnyNode]
) -> dict[str, Any]:
    """Return the `ffc.ls/v1` document."""
    return {
        "schema": "ffc.ls/v1",
        "target": manifest.target.name,
        "nodes": [node_facts(node) for node in nodes],
        "removed": [node_facts(node) for node in gone],
    }


def node_facts(node: AnyNode) -> dict[str, Any]:
    """Return what every node has, as documents have it."""
    names = (
        *("id", "kind", "name", "variant", "path", "line", "owner", "tags", "depends_on"),
        *("data_fingerprint", "metadata_fingerprint"),
    )
    return {name: getattr(node, name) for name in names}
