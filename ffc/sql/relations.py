"""Statements that make, name, count and list relations."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from ffc.sql import build


def create_schema(schema: str) -> exp.Create:
    """Return `CREATE SCHEMA IF NOT EXISTS`."""
    return exp.Create(this=exp.Table(db=build.name(schema)), kind="SCHEMA", exists=True)


def schema_named(schema: str) -> exp.Select:
    """Return the name of a schema, if it is there."""
    return (
        exp.select("schema_name")
        .from_("information_schema.schemata")
        .where(exp.column("schema_name").eq(exp.Literal.string(schema)))
    )


def create(relation: exp.Table, kind: str, query: str, dialect: str) -> str:
    """Return a statement that makes a new table or view of a query's text.

    The query is put in as it is: it is a user's, or was generated already.
    """
    head = exp.Create(this=relation, kind=kind).sql(dialect=dialect)
    return "\n".join((f"{head} AS", query.rstrip().rstrip(";")))


def publish(view: exp.Table, relation: exp.Table) -> exp.Create:
    """Return `CREATE OR REPLACE VIEW view AS SELECT * FROM relation`."""
    query = exp.select("*").from_(relation)
    return exp.Create(this=view, kind="VIEW", replace=True, expression=query)


def drop(relation: exp.Table, kind: str) -> exp.Drop:
    """Return `DROP TABLE IF EXISTS`, or of a view."""
    return exp.Drop(tables=[relation], kind=kind, exists=True)


def rows(relation: exp.Table, columns: Sequence[str]) -> exp.Select:
    """Return the rows of a relation with some of its columns."""
    return exp.select(*(build.column(name) for name in columns)).from_(relation)


def count(relation: exp.Table) -> exp.Select:
    """Return `SELECT count(*)`."""
    return exp.select(exp.Count(this=exp.Star())).from_(relation)


def listing(schema: str) -> exp.Select:
    """Return the names of a schema's tables and views, and which of both each is."""
    return (
        exp.select("table_name", "table_type")
        .from_("information_schema.tables")
        .where(exp.column("table_schema").eq(exp.Literal.string(schema)))
    )
