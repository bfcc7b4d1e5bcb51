"""The journal of a warehouse: which build a table that takes batches of rows is at."""

from __future__ import annotations

from sqlglot import exp

from ffc.sql import build

COLUMNS = ("relation", "build", "document")


def create(journal: exp.Table) -> exp.Create:
    """Return the statement that makes the journal where there is none."""
    columns = [
        exp.ColumnDef(this=build.name(name), kind=exp.DataType(this=exp.DType.TEXT))
        for name in COLUMNS
    ]
    table = exp.Schema(this=journal.copy(), expressions=columns)
    return exp.Create(this=table, kind="TABLE", exists=True)


def write(
    journal: exp.Table, relation: str, before: str, after: str, document: str
) -> list[exp.Expr]:
    """Return statements that move a table from one build to another.

    The first one fails where the table is at another build than `before`: somebody else was here.
    """
    own = exp.column(build.name("relation")).eq(exp.Literal.string(relation))
    text = exp.DataType(this=exp.DType.TEXT)
    others = (
        exp.select(exp.Max(this=build.column("build")))
        .from_(journal.copy())
        .where(own.copy(), build.differs(build.column("build"), exp.Literal.string(before)))
    )
    # No engine casts a name to a number; of no row there is nothing to cast.
    guard = exp.select(exp.cast(exp.cast(others.subquery(), text), exp.DType.INT))
    values = [exp.Literal.string(value) for value in (relation, after, document)]
    insert = exp.Insert(
        this=exp.Schema(this=journal.copy(), expressions=[build.name(name) for name in COLUMNS]),
        expression=exp.Values(expressions=[exp.Tuple(expressions=values)]),
    )
    delete = exp.Delete(this=journal.copy(), where=exp.Where(this=own))
    return [guard, delete, insert]
