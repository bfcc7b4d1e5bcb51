"""What stands in FROM and is no plain table: stars over it, functions, UNPIVOT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from sqlglot import exp

from ffc.compiler.lineage.relations import NO_EDGE, Edge, Relation, Scope, Unclear, together

_NO_STAR: Final = exp.Star()
# What makes rows in a SELECT's list, besides `unnest`.
_ROW_MAKERS: Final = ("unlist", "generate_subscripts", "regexp_split_to_table")


def star(
    scope: Scope,
    table: str = "",
    words: exp.Star = _NO_STAR,
    edge: Callable[[exp.Expr], Edge] = lambda _: NO_EDGE,
) -> Relation:
    """Return the columns that `*` or `t.*` stands for, with its EXCLUDE, REPLACE and RENAME."""
    if table and table.lower() not in scope.tables:
        raise Unclear(f"there is no table {table}")
    tables = [scope.tables[table.lower()]] if table else list(scope.tables.values())
    left_out = {e.name.lower() for e in words.args.get("except_") or ()}
    replaced = {e.alias.lower(): edge(e.this) for e in words.args.get("replace") or ()}
    renamed = {e.this.name.lower(): e.alias.lower() for e in words.args.get("rename") or ()}
    found = Relation({})
    seen: set[str] = set()
    for relation in tables:
        for name, own in relation.columns.items():
            merged = not table and name in scope.merged
            if name in left_out or (merged and name in seen):
                continue
            seen.add(name)
            known = scope.merged[name] if merged else own
            found.add(renamed.get(name, name), replaced.get(name, known))
    open_ = [relation.rest for relation in tables if relation.rest is not None]
    found.rest = together(open_) if open_ else None
    return found


def table_function(node: exp.Expr, edge: Edge) -> Relation:
    """Return what a function in FROM makes: each column comes from all of its arguments."""
    alias = node.args.get("alias")
    named = [c.name.lower() for c in alias.args.get("columns") or ()] if alias is not None else []
    if named:
        return Relation(dict.fromkeys(named, edge), None, edge.all)
    if isinstance(node, exp.Unnest) and len(node.expressions) == 1:
        return Relation({node.alias_or_name.lower() or "unnest": edge}, edge, edge.all)
    return Relation({}, edge, edge.all)


def unnested(item: exp.Expr) -> Iterator[exp.Expr]:
    """Give the calls in an item of a SELECT's list that make several rows, or none, of one."""
    for node in item.walk(prune=lambda node: isinstance(node, exp.Query)):
        if isinstance(node, exp.Explode | exp.Unnest) or (
            isinstance(node, exp.Anonymous) and node.name.lower() in _ROW_MAKERS
        ):
            yield node


def unpivoted(pivot: exp.Pivot, base: Relation) -> Relation:
    """Return columns as rows: the values come from all of them, their names from none."""
    heads = list(pivot.args.get("fields") or ())
    inside = {c.name.lower() for head in heads for c in head.find_all(exp.Column)}
    inside |= {c.name.lower() for e in pivot.expressions for c in e.find_all(exp.Column)}
    values = together(e for e in (base.find(name) for name in inside) if e is not None)
    kept = {name: edge for name, edge in base.columns.items() if name not in inside}
    into = pivot.args.get("into")
    kept |= {n.name.lower(): NO_EDGE for n in ([into] if into is not None else heads)}
    # A null makes no row, unless it is asked for.
    chosen = NO_EDGE if pivot.args.get("include_nulls") else values
    return Relation(kept, values, base.rows | chosen.all)
