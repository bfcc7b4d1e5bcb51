"""One node by its name."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ffc.core.diagnostics import closest, listed
from ffc.core.errors import NotFound
from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.records import AnyNode
from ffc.manifest.selection.methods import own_names


def find_node(nodes: Iterable[AnyNode], text: str) -> AnyNode:
    """Return the node of a name, `name@variant`, or id; a bare name means the default variant.

    Raises NotFound for none, with what is close, and for several, with what each is called.
    """
    nodes = list(nodes)
    found = [node for node in nodes if text in own_names(node)]
    exact = [node for node in found if node.id == text]
    default = [node for node in found if node.variant == DEFAULT_VARIANT]
    if exact or len(found) == 1:
        return (exact or found)[0]
    if len(default) == 1 and len({node.kind for node in found}) == 1:
        return default[0]
    if found:
        ids = listed(sorted(node.id for node in found), last="or")
        raise NotFound(f"`{text}` is several nodes", help=[f"write {ids}"])
    raise NotFound(f"there is no node `{text}`", help=suggestions(nodes, text))


def suggestions(nodes: Collection[AnyNode], text: str) -> list[str]:
    """Return what could be meant by a name that no node has, as lines of help."""
    close = closest(text, {name for node in nodes for name in own_names(node)})
    return [f"did you mean `{close}`?"] if close else []
