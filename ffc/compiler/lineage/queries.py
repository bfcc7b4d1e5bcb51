"""The lineage of one query: each output column to the columns of the nodes that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from sqlglot import exp

from ffc.compiler.lineage.expressions import Expressions
from ffc.compiler.lineage.relations import NO_EDGE, Edge, Ref, Relation, Scope, Unclear, together
from ffc.compiler.lineage.tables import star, table_function, unnested, unpivoted
from ffc.sql.build import REFERENCE_SCHEMA

# A recursive CTE reads itself: so many rounds, and what it comes from is known.
_ROUNDS: Final = 10


def query_lineage(
    tree: exp.Expr, nodes: Mapping[str, Sequence[str]], output: Sequence[str]
) -> dict[str, Edge]:
    """Return where each output column comes from; raises Unclear.

    `nodes` are the columns of the nodes that the query names as `"__ffc"."node id"`, `output` the
    names of its own columns in order, as the engine tells them.
    """
    relation = _Queries(nodes).read(tree, Scope({}))
    edges = list(relation.columns.values())
    if relation.rest is None and len(edges) == len(output):
        pairs = list(zip(output, edges, strict=True))
    else:
        pairs = [(name, _named(relation, name)) for name in output]
    return {name: _chosen(edge, relation.rows) for name, edge in pairs}


def _named(relation: Relation, name: str) -> Edge:
    found = relation.find(name)
    if found is None:
        raise Unclear(f"there is no {name}")
    return found


def _chosen(edge: Edge, rows: frozenset[Ref]) -> Edge:
    """Return an edge with the rows' columns; what a value is computed from is not told again."""
    return Edge(edge.values, (edge.rows | rows) - edge.values)


def _either(one: Edge | None, other: Edge | None) -> Edge | None:
    return one | other if one is not None and other is not None else one or other


class _Queries:
    """Reads queries over nodes whose columns are known."""

    def __init__(self, nodes: Mapping[str, Sequence[str]]) -> None:
        self._nodes = nodes
        self._expressions = Expressions(self.read)

    def read(self, tree: exp.Expr, outer: Scope) -> Relation:
        """Return what a query makes."""
        if isinstance(tree, exp.Subquery | exp.Paren):
            return self._subquery(tree, outer)
        ctes = self._ctes(tree, outer)
        around = Scope(ctes, outer.outer, outer.tables, outer.merged, outer.aliases)
        if isinstance(tree, exp.SetOperation):
            return self._set_operation(tree, around)
        if isinstance(tree, exp.Select):
            return self._select(tree, Scope(ctes, around))
        if isinstance(tree, exp.Values):
            return self._values(tree, around)
        if isinstance(tree, exp.Pivot):
            base = self._from(tree.this, Scope(ctes, around))
            return self._pivot(tree, base)
        if isinstance(tree, exp.Table):
            return self._from(tree, Scope(ctes, around))
        raise Unclear(f"a {type(tree).__name__} is no query")

    def _subquery(self, tree: exp.Expr, outer: Scope) -> Relation:
        inner = tree.this
        if isinstance(inner, exp.Table):
            scope = Scope(outer.ctes, outer)
            joined = self._join_all(inner, inner.args.get("joins") or (), scope)
            return Relation(star(scope).columns, star(scope).rest, scope.rows | joined)
        found = self.read(inner, outer)
        order = tree.args.get("order")
        if order is None:
            return found
        scope = Scope(outer.ctes, outer, {"": found})
        ordered = self._expressions.edge(order, scope)
        return Relation(found.columns, found.rest, found.rows | ordered.all)

    def _ctes(self, tree: exp.Expr, outer: Scope) -> Mapping[str, Relation]:
        found = dict(outer.ctes)
        with_ = tree.args.get("with_")
        if with_ is None:
            return found
        for cte in with_.expressions:
            name, columns = cte.alias.lower(), cte.alias_column_names
            scope = Scope(found, outer)
            if with_.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
                found[name] = self._recursive(cte.this, name, columns, scope)
            else:
                found[name] = self.read(cte.this, scope).renamed(columns)
        return found

    def _recursive(
        self, tree: exp.SetOperation, name: str, columns: list[str], scope: Scope
    ) -> Relation:
        found = self.read(tree.this, scope).renamed(columns)
        for _ in range(_ROUNDS):
            again = Scope({**scope.ctes, name: found}, scope.outer)
            then = self._set_operation(tree, again).renamed(columns)
            if then == found:
                break
            found = then
        return found

    def _set_operation(self, tree: exp.SetOperation, scope: Scope) -> Relation:
        left, right = self.read(tree.this, scope), self.read(tree.expression, scope)
        rows = left.rows | right.rows
        rest = None
        if left.rest is not None or right.rest is not None:
            rest = left.whole | right.whole
        if tree.args.get("by_name"):
            names = {**left.columns, **right.columns}
            pairs = {n: (left.find(n) or NO_EDGE) | (right.find(n) or NO_EDGE) for n in names}
        else:
            right_edges = [*right.columns.values()]
            right_edges += [right.rest or NO_EDGE] * (len(left.columns) - len(right_edges))
            both = zip(left.columns.items(), right_edges, strict=False)
            pairs = {name: edge | other for (name, edge), other in both}
        if not isinstance(tree, exp.Union):
            # The right side takes rows away, and gives none.
            rows |= right.whole.all
            pairs, rest = dict(left.columns), left.rest
        found = Relation(pairs, rest, rows)
        if not isinstance(tree, exp.Union) or tree.args.get("distinct"):
            found.rows |= found.whole.all
        return self._ordered(tree, found, Scope(scope.ctes, scope, {"": found}))

    def _values(self, tree: exp.Values, scope: Scope) -> Relation:
        rows = [r.expressions if isinstance(r, exp.Tuple) else [r] for r in tree.expressions]
        edges = [self._expressions.all(list(cells), scope) for cells in zip(*rows, strict=False)]
        return Relation({f"col{index}": edge for index, edge in enumerate(edges)})

    def _select(self, tree: exp.Select, scope: Scope) -> Relation:
        rows: frozenset[Ref] = frozenset()
        first = tree.args.get("from_")
        if first is not None:
            rows |= self._join_all(first.this, tree.args.get("joins") or (), scope)
        for lateral in tree.args.get("laterals") or ():
            self._add(lateral, scope)
        for window in tree.args.get("windows") or ():
            words = self._expressions.window_words(window, scope)
            scope.aliases[f"window {window.name.lower()}"] = words
        found = Relation({})
        for projection in tree.expressions:
            self._project(projection, scope, found)
            rows |= self._expressions.all(list(unnested(projection)), scope).all
        rows |= self._chosen_by(tree, scope, found)
        found.rows = rows | scope.rows
        return found

    def _project(self, projection: exp.Expr, scope: Scope, found: Relation) -> None:
        """Add the column, or the columns, of one item of a SELECT's list."""
        edge_of = partial(self._expressions.edge, scope=scope)
        starred, table = projection, ""
        if isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
            starred, table = projection.this, projection.table
        if isinstance(starred, exp.Star):
            expanded = star(scope, table, starred, edge_of)
            for name, edge in expanded.columns.items():
                found.add(name, edge)
            found.rest = _either(found.rest, expanded.rest)
            return
        edge = edge_of(projection)
        if projection.find(exp.Columns):
            found.rest = _either(found.rest, edge)
            return
        found.add(projection.alias_or_name, edge)
        if isinstance(projection, exp.Alias):
            scope.aliases.setdefault(projection.alias.lower(), edge)

    def _chosen_by(self, tree: exp.Select, scope: Scope, found: Relation) -> frozenset[Ref]:
        """Return the columns that filter, group and order a SELECT's rows."""
        edges = [
            self._expressions.edge(tree.args[key], scope)
            for key in ("where", "having", "qualify")
            if tree.args.get(key) is not None
        ]
        listed = list(found.columns.values())
        group = tree.args.get("group")
        if group is not None:
            edges += [self._by_position(e, scope, listed) for e in group.expressions]
            for key in ("grouping_sets", "cube", "rollup"):
                edges += [self._expressions.edge(e, scope) for e in group.args.get(key) or ()]
            if group.args.get("all"):
                edges += [
                    edge
                    for edge, item in zip(listed, tree.expressions, strict=False)
                    if not item.find(exp.AggFunc)
                ]
        distinct = tree.args.get("distinct")
        if distinct is not None:
            on = distinct.args.get("on")
            edges += [self._expressions.edge(on, scope)] if on is not None else [found.whole]
        ordered = self._order_edges(tree, scope, listed)
        return together([*edges, *ordered]).all

    def _order_edges(self, tree: exp.Expr, scope: Scope, listed: list[Edge]) -> list[Edge]:
        order = tree.args.get("order")
        words = order.expressions if order is not None else ()
        edges = [self._by_position(word.this, scope, listed, alias_first=True) for word in words]
        cuts = [tree.args[key] for key in ("limit", "offset") if tree.args.get(key) is not None]
        return edges + [self._expressions.edge(cut, scope) for cut in cuts]

    def _ordered(self, tree: exp.Expr, found: Relation, scope: Scope) -> Relation:
        edges = self._order_edges(tree, scope, list(found.columns.values()))
        return Relation(found.columns, found.rest, found.rows | together(edges).all)

    def _by_position(
        self, node: exp.Expr, scope: Scope, listed: list[Edge], alias_first: bool = False
    ) -> Edge:
        if isinstance(node, exp.Literal) and node.is_int:
            index = int(node.name) - 1
            return listed[index] if 0 <= index < len(listed) else together(listed)
        if isinstance(node, exp.Column) and node.name.lower() == "all" and not node.table:
            return together(listed)
        return self._expressions.edge(node, scope, alias_first)

    def _join_all(self, first: exp.Expr, joins: Sequence[exp.Join], scope: Scope) -> frozenset[Ref]:
        """Add a FROM clause's tables to a scope; return the columns that join them."""
        self._add(first, scope)
        rows: frozenset[Ref] = frozenset()
        for join in (*(first.args.get("joins") or ()), *joins):
            before = list(scope.tables.values())
            alias = self._add(join.this, scope)
            right = scope.tables[alias]
            names = [name.name.lower() for name in join.args.get("using") or ()]
            if join.args.get("method") == "NATURAL":
                names = [n for n in right.columns if any(n in table.columns for table in before)]
            for name in names:
                edges = [e for e in (t.find(name) for t in before) if e is not None]
                left = scope.merged.get(name) or (edges[0] if edges else NO_EDGE)
                other = right.find(name) or NO_EDGE
                rows |= left.all | other.all
                side = join.args.get("side")
                scope.merged[name] = {"RIGHT": other, "FULL": left | other}.get(side, left)
            if join.args.get("on") is not None:
                rows |= self._expressions.edge(join.args["on"], scope).all
            if join.args.get("kind") in ("SEMI", "ANTI"):
                rows |= right.rows
                del scope.tables[alias]
        return rows

    def _add(self, node: exp.Expr, scope: Scope) -> str:
        """Add one table to a scope; return what it is called there."""
        relation = self._from(node, scope)
        alias = node.alias_or_name.lower() or f"\0{len(scope.tables)}"
        if alias in scope.tables:
            alias = f"\0{len(scope.tables)} {alias}"
        scope.tables[alias] = relation
        return alias

    def _from(self, node: exp.Expr, scope: Scope) -> Relation:
        found = self._table(node, scope)
        for pivot in node.args.get("pivots") or ():
            found = self._pivot(pivot, found)
        alias = node.args.get("alias")
        columns = [c.name for c in alias.args.get("columns") or ()] if alias is not None else []
        return found.renamed(columns)

    def _table(self, node: exp.Expr, scope: Scope) -> Relation:
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            return self._named_table(node, scope)
        if isinstance(node, exp.Table | exp.Unnest | exp.Lateral):
            inner = node.this if not isinstance(node, exp.Unnest) else None
            if isinstance(inner, exp.Query | exp.Unnest | exp.Subquery):
                return self._table(inner, scope)
            edge = self._expressions.all(list(node.expressions), scope)
            edge |= self._expressions.edge(inner, scope) if isinstance(inner, exp.Expr) else NO_EDGE
            return table_function(node, edge)
        return self.read(node, scope)

    def _named_table(self, node: exp.Table, scope: Scope) -> Relation:
        if node.db == REFERENCE_SCHEMA and node.name in self._nodes:
            columns = self._nodes[node.name]
            return Relation({c.lower(): Edge(frozenset({(node.name, c)})) for c in columns})
        found = scope.ctes.get(node.name.lower()) if not node.db else None
        if found is None:
            raise Unclear(f"there is no table {node.name}")
        return found

    def _pivot(self, pivot: exp.Pivot, base: Relation) -> Relation:
        scope = Scope({}, None, {"": base})
        if pivot.args.get("unpivot"):
            return unpivoted(pivot, base)
        using = pivot.args.get("using")
        computed = using or pivot.expressions
        heads = pivot.expressions if using else [f.this for f in pivot.args.get("fields") or ()]
        values = self._expressions.all(list(computed), scope)
        chosen = self._expressions.all(list(heads), scope)
        group = pivot.args.get("group")
        named = [part.name.lower() for part in group.expressions] if group is not None else None
        used = {c.name.lower() for e in (*computed, *heads) for c in e.find_all(exp.Column)}
        kept = [n for n in base.columns if (n in named if named is not None else n not in used)]
        columns = {name: base.columns[name] for name in kept}
        rows = base.rows | chosen.all | together(columns.values()).all
        return Relation(columns, Edge(values.values, values.rows | chosen.all), rows)
