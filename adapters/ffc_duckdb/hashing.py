"""A hash of a table's rows by DuckDB's own hash, and a name for how that is reckoned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

# A value of each type that a column may have: whatever changes the hash of one changes the name.
_PROBES: Final = (
    *("'ffc'::text", "'ffc'::blob", "true", "7::int", "7::bigint", "7::hugeint", "0.5::float"),
    *("0.5::double", "1.25::decimal(9, 2)", "1.25::decimal(38, 2)", "date '2024-02-29'"),
    *("timestamp '2024-02-29 12:00:00'", "timestamptz '2024-02-29 12:00:00+00'", "null::int"),
    *("[1, 2, null]::int[]", "[0.5, 0.25]::float[2]"),
)


def hash_query(table: exp.Table, columns: Sequence[str]) -> exp.Select:
    """Return the query of a text that tells a table's rows from others, whatever their order.

    It is how the hash is reckoned, the number of rows, and the sum of the rows' hashes. DuckDB may
    hash otherwise in another version, so that how it is reckoned is told by what it makes of some
    known values, and not by the number of a version.
    """
    probe = _hash([exp.maybe_parse(text, dialect="duckdb") for text in _PROBES])
    row = _hash([exp.column(exp.to_identifier(name, quoted=True)) for name in columns])
    total = exp.Coalesce(
        this=exp.Sum(this=exp.cast(row, exp.DType.INT128)), expressions=[exp.Literal.number(0)]
    )
    count = exp.cast(exp.Count(this=exp.Star()), exp.DType.TEXT)
    parts = ("duckdb_", exp.Right(this=_hex(probe), expression=exp.Literal.number(8)), ":", count)
    return exp.select(_joined(*parts, "-", _hex(total))).from_(table)


def _joined(*parts: str | exp.Expr) -> exp.Expr:
    texts = [exp.Literal.string(part) if isinstance(part, str) else part for part in parts]
    return exp.Concat(expressions=texts, safe=True, coalesce=False)


def _hash(values: Sequence[exp.Expr]) -> exp.Expr:
    return exp.Anonymous(this="hash", expressions=list(values))


def _hex(number: exp.Expr) -> exp.Expr:
    return exp.Lower(this=exp.Anonymous(this="to_hex", expressions=[number]))
