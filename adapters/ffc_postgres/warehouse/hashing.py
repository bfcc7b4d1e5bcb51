"""A hash of a table's rows by PostgreSQL's own hash of text, and a name for how it is reckoned.

Rows are hashed as the text that the server writes of them, which tells any two values apart: of a
type's own hash there is none for some, and it takes -0 for 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from ffc.adapter import Relation

# A value of each type that a column may have: whatever changes the text or the hash of one changes
# the name.
_PROBES: Final = (
    *("'f,\"c'::text", "'ffc'::bytea", "true", "7::int", "7::bigint", "0.1::real", "1.25::numeric"),
    *("0.1::double precision", "date '2024-02-29'", "timestamp '2024-02-29 12:00:00.5'"),
    *("timestamptz '2024-02-29 12:00:00+00'", "null::int", "array[1, 2, null]", "'{}'::json"),
)


def table_of(relation: Relation) -> exp.Table:
    """Return a relation for a statement."""
    return exp.table_(
        relation.name, db=relation.schema or None, catalog=relation.catalog or None, quoted=True
    )


def version_query(table: exp.Table) -> exp.Select:
    """Return the query of a text that changes whenever a table's rows do."""
    row = exp.column("ffc_row")
    return exp.select(_total(row)).from_(exp.alias_(table, "ffc_row", table=True))


def hash_query(table: exp.Table, columns: Sequence[str]) -> exp.Select:
    """Return the query of a text that tells a table's rows from others, whatever their order.

    It is how the hash is reckoned, the number of rows, and the sum of the rows' hashes.
    """
    values: list[exp.Expr] = [exp.maybe_parse(text, dialect="postgres") for text in _PROBES]
    probe = exp.Anonymous(this="to_hex", expressions=[_hash(_row(values))])
    how = exp.Right(this=probe, expression=exp.Literal.number(8))
    named = [exp.column(exp.to_identifier(name, quoted=True)) for name in columns]
    parts = (exp.Literal.string("postgres_"), how, exp.Literal.string(":"), _total(_row(named)))
    return exp.select(_joined(*parts)).from_(table)


def _total(row: exp.Expr) -> exp.Expr:
    """Return how many rows there are and the sum of their hashes, as text."""
    total = exp.Coalesce(this=exp.Sum(this=_hash(row)), expressions=[exp.Literal.number(0)])
    return _joined(exp.Count(this=exp.Star()), exp.Literal.string("-"), total)


def _joined(*parts: exp.Expr) -> exp.Expr:
    return exp.Concat(expressions=list(parts), safe=True, coalesce=True)


def _row(values: Sequence[exp.Expr]) -> exp.Expr:
    return exp.Anonymous(this="ROW", expressions=list(values))


def _hash(row: exp.Expr) -> exp.Expr:
    text = exp.Collate(this=exp.cast(row, exp.DType.TEXT), expression=exp.to_identifier("C", True))
    return exp.Anonymous(this="hashtextextended", expressions=[text, exp.Literal.number(0)])
