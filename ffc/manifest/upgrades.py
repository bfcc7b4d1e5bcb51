"""Documents that an older ffc wrote, brought to the records of today.

Within a version of a schema fields are only added; one without a default is filled here. Each step
takes a node as JSON has it, changes it, and leaves one that is newer alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from ffc.core.errors import StateError
from ffc.manifest.records import SCHEMA, AnyNode, Manifest

Step = Callable[[dict[str, Any]], None]


def _searched(node: dict[str, Any]) -> None:
    """Before views searched together, each looked for its instants itself."""
    for view in node.get("plan", {}).get("views", ()):
        view.setdefault("searched", view.get("view", ""))


STEPS: Final[tuple[Step, ...]] = (_searched,)


def decode_node(data: bytes) -> AnyNode:
    """Return a node that this or an older ffc wrote; raises StateError for anything else."""
    node: AnyNode
    try:
        node = msgspec.json.decode(data, type=AnyNode)
    except msgspec.ValidationError:
        try:
            node = msgspec.convert(_upgraded(msgspec.json.decode(data)), type=AnyNode)
        except msgspec.ValidationError as problem:
            raise StateError(f"this is not a node: {problem}") from problem
    return node


def decode_manifest(data: bytes, name: str = "this") -> Manifest:
    """Return a manifest that this or an older ffc wrote; raises StateError for anything else.

    `name` is what it is called there.
    """
    try:
        document = msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.MsgspecError as problem:
        raise StateError(f"{name} is not a manifest: {problem}") from problem
    schema = document.get("schema")
    if schema != SCHEMA:
        raise StateError(
            f"{name} is a manifest of `{schema}`; this version of ffc reads `{SCHEMA}`",
            help=["compile the project again with `ffc compile`"],
        )
    try:
        return msgspec.json.decode(data, type=Manifest)
    except msgspec.ValidationError:
        pass
    nodes = document.get("nodes")
    document["nodes"] = list(map(_upgraded, nodes)) if isinstance(nodes, list) else nodes
    try:
        return msgspec.convert(document, type=Manifest)
    except msgspec.ValidationError as problem:
        raise StateError(f"{name} is not a manifest: {problem}") from problem


def _upgraded(node: Any) -> Any:
    if isinstance(node, dict):
        for step in STEPS:
            step(node)
    return node
