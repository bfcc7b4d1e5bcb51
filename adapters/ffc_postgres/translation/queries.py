"""What DuckDB's SELECT is in PostgreSQL: text by its bytes, QUALIFY as a condition around it."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from ffc_postgres.translation.spelling import collated, is_text

_INNER: Final = "__inner"
_KEPT: Final = "__kept"
# What comes after QUALIFY, and so belongs to the query around it.
_LATER: Final = ("with_", "distinct", "limit", "offset")


def selected(node: exp.Expr) -> exp.Expr:
    """Return a SELECT whose text is ordered by bytes from then on, without QUALIFY."""
    for projection in node.expressions:
        value = projection.unalias()
        if not is_text(value) or isinstance(value, exp.Column):
            continue
        if projection is value:
            value.replace(collated(value.copy()))
        else:
            projection.set("this", collated(value))
    return _without_qualify(node) if node.args.get("qualify") else node


def _without_qualify(node: exp.Expr) -> exp.Expr:
    """Ask around a SELECT for the rows that it qualifies; what orders them is handed out, too."""
    condition, order = node.args["qualify"].this, node.args.get("order")
    names = [projection.alias_or_name for projection in node.expressions]
    outer = exp.select(*(_column(name) for name in names))
    for part in _LATER:
        if node.args.get(part):
            outer.set(part, node.args[part].pop())
    hidden = [exp.alias_(condition.copy(), _KEPT, quoted=True)]
    for index, ordered in enumerate(order.expressions if order else ()):
        if isinstance(ordered.this, exp.Column) and not ordered.this.table:
            continue
        hidden.append(exp.alias_(ordered.this.copy(), f"__order_{index}", quoted=True))
        ordered.set("this", _column(f"__order_{index}"))
    node.set("qualify", None)
    node.set("order", None)
    node.set("expressions", [*node.expressions, *hidden])
    if order:
        outer.set("order", order)
    inner = exp.Subquery(
        this=node.copy(), alias=exp.TableAlias(this=exp.to_identifier(_INNER, quoted=True))
    )
    return outer.from_(inner, copy=False).where(_column(_KEPT), copy=False)


def _column(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))
