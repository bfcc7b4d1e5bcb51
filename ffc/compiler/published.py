"""The names that people query: one view for each node in the target's schema."""

from __future__ import annotations

from typing import Final

from ffc.compiler.compilation import Compilation
from ffc.core.diagnostics import Span, error, shortened
from ffc.manifest.names import PUBLISHED, published_name

# A node's SQL is written to `target/compiled/ID.sql`; file systems allow 255 bytes.
LONGEST_FILE: Final = 230


def check_published(state: Compilation) -> None:
    """Report nodes that would be published under one name, or under one that is too long."""
    seen: dict[str, str] = {}
    for node_id, node in sorted(state.nodes.items()):
        if node.kind not in PUBLISHED:
            continue
        name = published_name(node.name, node.variant)
        place = state.catalog.place(node.kind, node.name, node.variant)
        if place is None:
            continue  # declared twice, as another kind: reported
        first = seen.setdefault(name.lower(), node_id)
        if first != node_id:
            other = state.nodes[first]
            message = (
                f"the {other.kind.replace('_', ' ')} `{other.name}` and the "
                f"{node.kind.replace('_', ' ')} `{node.name}` would both be published as `{name}`"
            )
            before = state.catalog.place(other.kind, other.name, other.variant)
            related = [before.labelled("the other")] if before else []
            help_ = "give one of them another name"
            state.report(node_id, error("FF206", message, place, related=related, help=[help_]))
        _check_length(state, node_id, name, place)


def _check_length(state: Compilation, node_id: str, name: str, place: Span) -> None:
    if len(name.encode()) > state.max_identifier:
        message = f"the name `{shortened(name)}` is longer than the target allows"
        help_ = f"{state.max_identifier} bytes at most"
        state.report(node_id, error("FF601", message, place, help=[help_]))
    elif len(node_id.encode()) > LONGEST_FILE:
        message = f"the name `{shortened(name)}` is longer than a file's name can be"
        kind = node_id.partition(".")[0]
        help_ = f"{LONGEST_FILE} bytes at most, with the `{kind}.` that ffc puts before it"
        state.report(node_id, error("FF601", message, place, help=[help_]))
