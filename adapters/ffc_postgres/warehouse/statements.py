"""What ffc's own statements are in PostgreSQL, where sqlglot knows no difference.

One function a difference, each from an expression to another; `written` applies all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from ffc_postgres.translation.spelling import BYTES, as_type, call, collated, text

DIALECT: Final = "postgres"
_LISTED: Final = {"r": "BASE TABLE", "p": "BASE TABLE", "f": "BASE TABLE", "v": "VIEW", "m": "VIEW"}


def written(statement: exp.Expr, *, pretty: bool = False) -> str:
    """Return a statement as PostgreSQL is told it."""
    found = statement.copy()
    for node in reversed(list(found.walk(bfs=True))):
        for rewrite in _REWRITES:
            other = rewrite(node)
            if other is node:
                continue
            if node.parent is None:
                found = other
            else:
                node.replace(other)
            break
    return found.sql(dialect=DIALECT, pretty=pretty)


def _same_or_null(node: exp.Expr) -> exp.Expr:
    """A join by `IS NOT DISTINCT FROM` compares every row with every row; arrays are hashed.

    Their nulls are equal, but a null that should be an array is an empty one.
    https://www.postgresql.org/docs/current/functions-array.html
    """
    if not isinstance(node, exp.NullSafeEQ) or not node.find_ancestor(exp.Join, exp.Delete):
        return node
    left, right = node.this, node.expression
    arrays = [exp.Array(expressions=[side.copy()]) for side in (left, right)]
    nulls = [
        exp.Paren(this=exp.Is(this=side.copy(), expression=exp.Null())) for side in (left, right)
    ]
    return exp.and_(
        exp.EQ(this=arrays[0], expression=arrays[1]), exp.EQ(this=nulls[0], expression=nulls[1])
    )


def _text_by_bytes(node: exp.Expr) -> exp.Expr:
    """What becomes text is ordered by its bytes; it would have the database's collation."""
    if isinstance(node, exp.Cast) and node.to.this == exp.DType.TEXT:
        return node if isinstance(node.parent, exp.Collate) else collated(node.copy())
    return node


def _every_relation(node: exp.Expr) -> exp.Expr:
    """`information_schema` has what one may read; what one may not is there nevertheless.

    https://www.postgresql.org/docs/current/infoschema-tables.html
    """
    if not isinstance(node, exp.Table) or (node.db, node.name) != ("information_schema", "tables"):
        return node
    kinds = [
        exp.If(this=exp.column("relkind").eq(text(kind)), true=text(what))
        for kind, what in _LISTED.items()
    ]
    found = (
        exp.select(
            exp.alias_(exp.column("nspname"), "table_schema"),
            exp.alias_(exp.column("relname"), "table_name"),
            exp.alias_(exp.Case(ifs=kinds), "table_type"),
        )
        .from_("pg_catalog.pg_class")
        .join("pg_catalog.pg_namespace", on="pg_namespace.oid = relnamespace", dialect=DIALECT)
        .where(exp.column("relkind").isin(*_LISTED))
    )
    return found.subquery("tables")


def _shares(node: exp.Expr) -> exp.Expr:
    """Several quantiles at once are an array of them."""
    if not isinstance(node, exp.PercentileCont) or not isinstance(node.expression, exp.Array):
        return node
    shares = [exp.cast(each.copy(), exp.DType.DOUBLE) for each in node.expression.expressions]
    order = exp.Order(expressions=[exp.Ordered(this=node.this.copy(), nulls_first=False)])
    return exp.WithinGroup(
        this=call("PERCENTILE_CONT", exp.Array(expressions=shares)), expression=order
    )


def _seconds(node: exp.Expr) -> exp.Expr:
    """Seconds are a double: from PostgreSQL 14 on they are a numeric of any number of digits."""
    if not isinstance(node, exp.Extract) or isinstance(node.parent, exp.Cast):
        return node
    return as_type(node.copy(), exp.DType.DOUBLE)


def _column_by_bytes(node: exp.Expr) -> exp.Expr:
    """A column of text that is declared has an order of its own, too."""
    if not isinstance(node, exp.ColumnDef) or node.args["kind"].this != exp.DType.TEXT:
        return node
    collation = exp.CollateColumnConstraint(this=exp.to_identifier(BYTES, quoted=True))
    found = node.copy()
    found.set("constraints", [exp.ColumnConstraint(kind=collation)])
    return found


def _comparable(node: exp.Expr) -> exp.Expr:
    """What is made of JSON is `jsonb`: `json` has no equality, so that no two rows compare.

    https://www.postgresql.org/docs/current/datatype-json.html
    """
    if not isinstance(node, exp.DataType) or node.this != exp.DType.JSON:
        return node
    found = node.copy()
    found.set("this", exp.DType.JSONB)
    return found


def _list_in_order(node: exp.Expr) -> exp.Expr:
    """A null element comes before all others, an empty list behind none but null.

    Arrays of PostgreSQL have it behind; rows have no order for it, so that it is told apart first.
    """
    if not isinstance(node, exp.Ordered) or not isinstance(node.this, exp.Transform):
        return node
    value, element = node.this.this, exp.column("element")
    pair = call("ROW", _present(element), element.copy())
    listed = exp.Order(this=pair, expressions=[exp.Ordered(this=exp.column("place"))])
    names = [exp.to_identifier(name) for name in ("element", "place")]
    elements = exp.Unnest(
        expressions=[value.copy()],
        alias=exp.TableAlias(this=exp.to_identifier("listed"), columns=names[:1]),
        offset=names[1],
    )
    pairs = exp.select(call("ARRAY_AGG", listed)).from_(elements).subquery()
    some = exp.GT(this=call("CARDINALITY", value.copy()), expression=exp.Literal.number(0))
    found = node.copy()
    found.set("this", call("ROW", _present(value), some, pairs))
    return found


def _present(value: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null())))


_REWRITES: Final = (
    _comparable,
    _list_in_order,
    _same_or_null,
    _text_by_bytes,
    _column_by_bytes,
    _every_relation,
    _seconds,
    _shares,
)


def settling(table: exp.Table, ordered: Sequence[str]) -> list[str]:
    """Return the statements that give a new table statistics and, to look rows up, an index.

    The index is read backwards: the greatest first, nulls last. Without statistics a table that
    was just made is taken for a small one.
    """
    analyze = exp.Analyze(tables=[table.copy()]).sql(dialect=DIALECT)
    columns = [
        exp.Ordered(this=exp.column(name, quoted=True), desc=False, nulls_first=True)
        for name in ordered
    ]
    if not columns:
        return [analyze]
    parameters = exp.IndexParameters(columns=columns)
    index = exp.Create(this=exp.Index(table=table.copy(), params=parameters), kind="INDEX")
    return [index.sql(dialect=DIALECT), analyze]
