"""Nodes in a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ffc.manifest.records import AnyNode, Manifest


def listed_nodes(
    manifest: Manifest, other: Manifest | None, ids: frozenset[str] | None
) -> tuple[list[AnyNode], list[AnyNode]]:
    """Return the nodes of those ids (None: all), and those that only another manifest has."""
    if ids is None:
        return list(manifest.nodes), []
    known = {node.id for node in manifest.nodes}
    before = other.nodes if other is not None else ()
    gone = [node for node in before if node.id in ids - known]
    return [node for node in manifest.nodes if node.id in ids], gone


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
