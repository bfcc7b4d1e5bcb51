"""Templates rewritten so that their sandbox sees every loop, every call and every join."""

from __future__ import annotations

from typing import Any, Final

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from ffc.project.jinja.parse import start_of

# The argument by which a call is told where it stands.
PLACE: Final = "_ffc_place"


class Bound(NodeTransformer):
    """Rewrite a template so that its sandbox sees every loop, every call and every join."""

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name
        """Tell each call where it stands."""
        self.generic_visit(node)
        node.kwargs = [*node.kwargs, nodes.Keyword(PLACE, nodes.Const(start_of(node)))]
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        """Count each turn of a loop."""
        self.generic_visit(node)
        node.body = [_tick(node.lineno), *node.body]
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        """Count each entry of a macro."""
        self.generic_visit(node)
        node.body = [_tick(node.lineno), *node.body]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Join through the sandbox."""
        self.generic_visit(node)
        return _through("joined", list(node.nodes), node.lineno)

    def _held(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        if node.items and any(not isinstance(item, nodes.Const) for item in node.items):
            return _through("held", [node], node.lineno)
        return node  # type: ignore[no-any-return]

    visit_List = _held  # noqa: N815
    visit_Dict = _held  # noqa: N815

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        """Weigh a tuple, where it is a value and not what a loop assigns to."""
        return node if node.ctx == "store" else self._held(node)


def _through(method: str, values: list[nodes.Expr], lineno: int) -> nodes.Call:
    target = nodes.EnvironmentAttribute(method, lineno=lineno)
    return nodes.Call(target, values, [], None, None, lineno=lineno)


def _tick(lineno: int) -> nodes.ExprStmt:
    return nodes.ExprStmt(_through("tick", [], lineno), lineno=lineno)
