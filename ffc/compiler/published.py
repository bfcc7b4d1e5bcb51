"""The names that people query: one view for each node in the target's schema."""

from __future__ import annotations

from ffc.compiler.compilation import Compilation
from ffc.core.diagnostics import Span, error
from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.names import PUBLISHED, published_name


def check_published(state: Compilation) -> None:
    """Report nodes that would be published under one name, or under one that is too long."""
    seen: dict[str, str] = {}
    for node_id, node in sorted(state.nodes.items()):
        if node.kind not in PUBLISHED:
            continue
        name = published_name(node.name, node.variant)
        place = Span(file=node.path)
        for entry in _places(state, node.kind, node.name, node.variant):
            place = entry
        first = seen.setdefault(name.lower(), node_id)
        if first != node_id:
            other = state.nodes[first]
            message = (
                f"the {other.kind.replace('_', ' ')} `{other.name}` and the "
                f"{node.kind.replace('_', ' ')} `{node.name}` would both be published as `{name}`"
            )
            related = [
                p.labelled("the other")
                for p in _places(state, other.kind, other.name, other.variant)
            ]
            help_ = "give one of them another name"
            state.report(node_id, error("FF206", message, place, related=related, help=[help_]))
        if len(name.encode()) > state.max_identifier:
            message = f"the name `{name}` is longer than the target allows"
            help_ = f"{state.max_identifier} bytes at most"
            state.report(node_id, error("FF601", message, place, help=[help_]))


def _places(state: Compilation, kind: str, name: str, variant: str) -> list[Span]:
    text = name if variant == DEFAULT_VARIANT else f"{name}@{variant}"
    entry = state.catalog.find(text if "@" in text else f"{text}@{variant}", kind)
    return [entry.span] if entry else []
