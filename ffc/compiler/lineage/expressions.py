"""Where the value of an expression comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from ffc.compiler.lineage.relations import NO_EDGE, Edge, Relation, Scope, together

# How a query inside an expression is read: the query, the scope around it.
Reader = Callable[[exp.Expr, Scope], Relation]


class Expressions:
    """Reads expressions in a scope; queries inside are read by `read`."""

    def __init__(self, read: Reader) -> None:
        self._read = read

    def edge(self, node: exp.Expr, scope: Scope, alias_first: bool = False) -> Edge:
        """Return where a value comes from; raises Unclear."""
        if isinstance(node, exp.Column):
            return self._column(node, scope, alias_first)
        if isinstance(node, exp.Query):
            found = self._read(node, scope)
            return found.whole | Edge(rows=found.rows)
        if isinstance(node, exp.Columns | exp.Star):
            return NO_EDGE if isinstance(node, exp.Star) else _everything(scope)
        if isinstance(node, exp.Window):
            return self._window(node, scope, alias_first)
        if isinstance(node, exp.Filter):
            condition = self.edge(node.expression, scope, alias_first)
            return self.edge(node.this, scope, alias_first) | condition.choosing()
        if isinstance(node, exp.Order) and isinstance(node.this, exp.Expr):
            order = self.all(node.expressions, scope, alias_first)
            return self.edge(node.this, scope, alias_first) | order.choosing()
        if isinstance(node, exp.ArgMax | exp.ArgMin):
            by = self.edge(node.expression, scope, alias_first)
            return self.edge(node.this, scope, alias_first) | by.choosing()
        if isinstance(node, exp.PropertyEQ | exp.Kwarg):
            return self.edge(node.expression, scope, alias_first)
        return self.all(_children(node), scope, alias_first)

    def all(
        self, nodes: Iterator[exp.Expr] | list[exp.Expr], scope: Scope, alias_first: bool = False
    ) -> Edge:
        """Return where several values come from."""
        return together(self.edge(node, scope, alias_first) for node in nodes)

    def _column(self, node: exp.Column, scope: Scope, alias_first: bool) -> Edge:
        if isinstance(node.this, exp.Star):  # count(t.*)
            table = scope.tables.get(node.table.lower())
            return table.whole if table is not None else NO_EDGE
        return scope.column([part.name for part in node.parts], alias_first)

    def _window(self, node: exp.Window, scope: Scope, alias_first: bool) -> Edge:
        """A window's own words choose the rows that a value is computed over."""
        chosen = self.window_words(node, scope, alias_first)
        named = node.args.get("alias")
        if isinstance(named, exp.Identifier):
            chosen |= scope.aliases.get(f"window {named.name.lower()}", NO_EDGE)
        return self.edge(node.this, scope, alias_first) | chosen.choosing()

    def window_words(self, node: exp.Expr, scope: Scope, alias_first: bool = False) -> Edge:
        """Return where a window's partition, order and frame come from."""
        words = [*(node.args.get("partition_by") or ())]
        words += [part for part in (node.args.get("order"), node.args.get("spec")) if part]
        return self.all(words, scope, alias_first)


def _everything(scope: Scope) -> Edge:
    return together(table.whole for table in scope.tables.values())


def _children(node: exp.Expr) -> Iterator[exp.Expr]:
    for value in node.args.values():
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, exp.Expr) and not isinstance(child, exp.Identifier | exp.DataType):
                yield child
