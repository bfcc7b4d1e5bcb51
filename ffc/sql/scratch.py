"""Statements that try what a run does, and leave nothing."""

from __future__ import annotations

from sqlglot import exp

from ffc.sql import build, relations


def read_something() -> exp.Select:
    """Return `SELECT 1 AS "one"`."""
    return exp.select(build.named(exp.Literal.number(1), "one"))


def read_clock() -> exp.Select:
    """Return the store's present instant as `now`."""
    return exp.select(build.named(exp.CurrentTimestamp(), "now"))


def write_something(schema: str) -> list[exp.Expr]:
    """Return what makes a schema of a name that nobody has, a table in it, and drops both."""
    table = build.table("scratch", schema)
    query = exp.select(build.named(exp.Literal.number(1), "one"))
    return [
        relations.create_schema(schema),
        exp.Create(this=table, kind="TABLE", expression=query),
        exp.Drop(tables=[table.copy()], kind="TABLE"),
        exp.Drop(tables=[exp.Table(db=build.name(schema))], kind="SCHEMA"),
    ]
