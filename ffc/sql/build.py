"""The few builders that all others are made of; every identifier is quoted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlglot import exp

REFERENCE_SCHEMA = "__ffc"


def name(text: str) -> exp.Identifier:
    """Return a quoted identifier."""
    return exp.to_identifier(text, quoted=True)


def column(text: str, table: str = "") -> exp.Column:
    """Return a column, of a table where one is given."""
    return exp.column(name(text), table=name(table) if table else None)


def table(text: str, schema: str = "", alias: str = "") -> exp.Table:
    """Return a table of a schema, or a CTE."""
    found = exp.Table(this=name(text), db=name(schema) if schema else None)
    if alias:
        found.set("alias", exp.TableAlias(this=name(alias)))
    return found


def reference(node: str, alias: str = "") -> exp.Table:
    """Return a node's placeholder: `"__ffc"."node id"`."""
    return table(node, REFERENCE_SCHEMA, alias)


def named(expression: exp.Expr, alias: str) -> exp.Expr:
    """Give an expression a column name."""
    return exp.alias_(expression, name(alias))


def seconds(count: int) -> exp.Interval:
    """Return an interval of whole seconds, which no clock change can stretch."""
    return exp.Interval(this=exp.Literal.string(str(count)), unit=exp.var("SECOND"))


def is_not_null(expression: exp.Expr) -> exp.Expr:
    """Return `expression IS NOT NULL`."""
    return exp.Not(this=exp.Is(this=expression, expression=exp.Null()))


def differs(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Return `left IS DISTINCT FROM right`."""
    return exp.NullSafeNEQ(this=left, expression=right)


def every(conditions: Iterable[exp.Expr]) -> exp.Expr:
    """Return the conditions joined by AND; TRUE of none."""
    conditions = list(conditions)
    return exp.and_(*conditions) if conditions else exp.true()


def ascending(column_name: str) -> exp.Ordered:
    """Return `column ASC NULLS LAST`."""
    return exp.Ordered(this=column(column_name), desc=False, nulls_first=False)


def descending(expression: exp.Expr) -> exp.Ordered:
    """Return `expression DESC NULLS LAST`."""
    return exp.Ordered(this=expression, desc=True, nulls_first=False)


def first_of(keys: Sequence[exp.Expr], order: Sequence[exp.Ordered]) -> exp.Expr:
    """Return the condition that a row is the first of its keys in an order, for QUALIFY."""
    window = exp.Window(
        this=exp.RowNumber(),
        partition_by=[key.copy() for key in keys],
        order=exp.Order(expressions=list(order)) if order else None,
    )
    return exp.EQ(this=window, expression=exp.Literal.number(1))


def qualified(select: exp.Select, condition: exp.Expr) -> exp.Select:
    """Add a QUALIFY clause."""
    select.set("qualify", exp.Qualify(this=condition))
    return select


def generate(expression: exp.Expr, dialect: str) -> str:
    """Return the SQL text in a dialect, laid out for people."""
    return expression.sql(dialect=dialect, pretty=True)
