"""What a node is called in a warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.records import AnyNode, Transformation

# Kinds with a relation of their own, and those of them that people query by name.
BUILT: Final = ("source", "transformation", "feature_view", "label", "training_set")
PUBLISHED: Final = ("transformation", "feature_view", "label", "training_set")
SNAPSHOT: Final = "online"
LONGEST: Final = 63


def meant(nodes: Iterable[AnyNode], variant: str | None) -> list[AnyNode]:
    """Return those of the nodes of one name that it means: one, several or none.

    Without a variant that is the only one, else the one that says `default: true`, else the one
    without a variant, else any.
    """
    known = list(nodes)
    if variant is not None or len(known) < 2:
        return [node for node in known if variant in (None, node.variant)]
    preferred = [node for node in known if node.preferred]
    plain = [node for node in known if node.variant == DEFAULT_VARIANT]
    return preferred or plain or known


def full_name(node: AnyNode) -> str:
    """Return the name that means a node: with its variant, unless that goes without saying."""
    return node.name if node.variant == DEFAULT_VARIANT else f"{node.name}@{node.variant}"


def has_relation(node: AnyNode) -> bool:
    """Tell whether a node is built; an ephemeral is part of what reads it."""
    ephemeral = isinstance(node, Transformation) and node.materialized == "ephemeral"
    return node.kind in BUILT and not ephemeral


def published_name(name: str, variant: str) -> str:
    """Return the name of the view that people query."""
    return name if variant == DEFAULT_VARIANT else f"{name}__{variant}"


def snapshot_id(store: str, view: str) -> str:
    """Return the pointer under which the rows that were last synced of a view are kept."""
    return f"{SNAPSHOT}.{store}.{view}"


def is_snapshot(pointer: str) -> bool:
    """Tell a snapshot's pointer from a node's."""
    return pointer.startswith(f"{SNAPSHOT}.")


def feature_column(view: str, variant: str, feature: str) -> str:
    """Return the name of a feature's column, in training sets and in answers."""
    return "__".join((view, *(() if variant == DEFAULT_VARIANT else (variant,)), feature))


def physical_name(node: AnyNode, build: str) -> str:
    """Return the name of a build's table: kind, name, variant, fingerprint and build.

    Shortened to 63 bytes, the part that tells builds apart kept whole.
    """
    name = published_name(node.name.replace(".", "_"), node.variant)
    head = f"{node.kind}_{name}"
    tail = f"_{node.data_fingerprint.partition('_')[2][:8]}_{build}"
    return shortened(head, tail)


def shortened(head: str, tail: str) -> str:
    """Return a name of at most 63 bytes: the tail kept whole, a digest in a head that is cut."""
    room = LONGEST - len(tail)
    if len(head.encode()) > room:
        digest = blake2b(head.encode(), digest_size=4).hexdigest()
        head = f"{head.encode()[: room - 9].decode(errors='ignore')}_{digest}"
    return head + tail
