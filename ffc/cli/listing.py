"""Nodes in a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import Misuse
from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.records import AnyNode, Manifest

KEYS: Final = (
    *("id", "kind", "name", "variant", "path", "line", "owner", "tags", "depends_on"),
    *("data_fingerprint", "metadata_fingerprint"),
)
# What dbt calls them.
_MEANT: Final = {
    "unique_id": "id",
    "resource_type": "kind",
    "original_file_path": "path",
    "alias": "name",
}


def read_keys(typed: Sequence[str]) -> tuple[str, ...]:
    """Return the keys that are asked for, each once; raises Misuse for one that is none."""
    names = [name for text in typed for name in text.replace(",", " ").split()]
    for name in names:
        if name not in KEYS:
            meant = _MEANT.get(name)
            hints = (f"did you mean `{meant}`?",) if meant else did_you_mean(name, KEYS)
            hint = hints[0] if hints else f"there are {listed(KEYS)}"
            raise Misuse(f"there is no key `{name}`; {hint}", option="--keys")
    return tuple(dict.fromkeys(names))


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
    manifest: Manifest,
    nodes: Sequence[AnyNode],
    gone: Sequence[AnyNode],
    keys: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the `ffc.ls/v1` document; of each node only some keys, where any are named."""
    return {
        "schema": "ffc.ls/v1",
        "target": manifest.target.name,
        "nodes": [node_facts(node, keys) for node in nodes],
        "removed": [node_facts(node, keys) for node in gone],
    }


def node_facts(node: AnyNode, keys: Sequence[str] = ()) -> dict[str, Any]:
    """Return what every node has, as documents have it; of that some keys, or all."""
    return {name: getattr(node, name) for name in keys or KEYS}


def list_lines(
    manifest: Manifest, nodes: Sequence[AnyNode], gone: Sequence[AnyNode], output: str
) -> list[str]:
    """Return a line a node: its id, its name, or the file that it is in, each file once."""
    if output == "path":
        return list(dict.fromkeys(node.path for node in (*nodes, *gone)))
    if output == "name":
        return names_alone(manifest, (*nodes, *gone))
    return [*(node.id for node in nodes), *(f"{node.id}  (removed)" for node in gone)]


def names_alone(manifest: Manifest, nodes: Sequence[AnyNode]) -> list[str]:
    """Return names that each select their own node: with the variant, or the id, where needed."""
    known = {node.id: node for node in (*manifest.nodes, *nodes)}.values()
    names = Counter(node.name for node in known)
    variants = Counter((node.name, node.variant) for node in known)
    # What means more than a node: the project, and folders.
    wide = {manifest.project.name, *(part for node in known for part in node.path.split("/")[:-1])}
    found = []
    for node in nodes:
        if node.name in wide or variants[node.name, node.variant] > 1:
            found.append(node.id)
        elif names[node.name] > 1 or node.variant != DEFAULT_VARIANT:
            found.append(f"{node.name}@{node.variant}")
        else:
            found.append(node.name)
    return found
