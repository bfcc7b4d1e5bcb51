"""The few builders of PostgreSQL's SQL that the rewrites share."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from ffc.adapter.sql import NoTranslation

# Text is compared by its bytes, whatever the database's own collation is.
BYTES: Final = "C"
# Letters as Unicode has them, one by one as in DuckDB. It comes with glibc, under this name in
# every version; PostgreSQL's own `pg_c_utf8` is there from 17 on only, and knows other letters.
LETTERS: Final = "C.utf8"

INTEGERS: Final = frozenset(
    [exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT, exp.DType.INT128]
)
TEXTS: Final = frozenset([exp.DType.TEXT, exp.DType.VARCHAR, exp.DType.CHAR])
TIMES: Final = frozenset([exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ])
ZONED: Final = frozenset([exp.DType.TIMESTAMPTZ])
NESTED: Final = frozenset([exp.DType.ARRAY, exp.DType.LIST])
KNOWN: Final = frozenset(
    [
        *(*INTEGERS, *TEXTS, *TIMES, *ZONED, *NESTED),
        *(exp.DType.FLOAT, exp.DType.DOUBLE, exp.DType.DECIMAL, exp.DType.BOOLEAN),
        *(exp.DType.DATE, exp.DType.INTERVAL),
    ]
)


def kind(node: exp.Expr) -> exp.DType:
    """Return the type of an expression; UNKNOWN where it can't be told."""
    found = node.type
    if isinstance(found, exp.DataType) and isinstance(found.this, exp.DType):
        return found.this
    return kind(node.this) if isinstance(node, exp.Paren) else exp.DType.UNKNOWN


def is_text(node: exp.Expr) -> bool:
    """Tell whether an expression is of text."""
    return kind(node) in TEXTS


def as_type(node: exp.Expr, wanted: exp.DType) -> exp.Expr:
    """Cast an expression, whatever it is."""
    return exp.Cast(this=node, to=exp.DataType(this=wanted))


def double(node: exp.Expr) -> exp.Expr:
    """Return a number as float64."""
    return node if kind(node) == exp.DType.DOUBLE else as_type(node, exp.DType.DOUBLE)


def single(node: exp.Expr) -> exp.Expr:
    """Return a number as float32."""
    return node if kind(node) == exp.DType.FLOAT else as_type(node, exp.DType.FLOAT)


def timestamp(node: exp.Expr) -> exp.Expr:
    """Return a date or a time as a timestamp."""
    return node if kind(node) in TIMES | ZONED else as_type(node, exp.DType.TIMESTAMP)


def collated(node: exp.Expr, collation: str = BYTES) -> exp.Expr:
    """Return text under a collation."""
    if isinstance(node, exp.Collate):
        if collation == BYTES and node.expression.name == BYTES:
            return node
        node = exp.Paren(this=node)
    elif isinstance(node, exp.Binary | exp.Case | exp.Unary) and not isinstance(node, exp.Paren):
        node = exp.Paren(this=node)
    return exp.Collate(this=node, expression=exp.to_identifier(collation, quoted=True))


def by_bytes(node: exp.Expr) -> exp.Expr:
    """Return an expression that is ordered as DuckDB orders it.

    A column has the collation that it was made with. JSON is ordered by its text there; raises
    NoTranslation.
    """
    if kind(node) == exp.DType.JSON:
        raise NoTranslation(node)
    return collated(node) if is_text(node) and not isinstance(node, exp.Column) else node


def call(name: str, *args: exp.Expr) -> exp.Expr:
    """Return a call of a function that sqlglot is not to know."""
    return exp.Anonymous(this=name, expressions=list(args))


def text(value: str) -> exp.Expr:
    """Return a text literal."""
    return exp.Literal.string(value)


def number(value: float | str) -> exp.Expr:
    """Return a numeric literal."""
    return exp.Literal.number(value)


def case(condition: exp.Expr, then: exp.Expr, otherwise: exp.Expr | None = None) -> exp.Expr:
    """Return `CASE WHEN condition THEN then ELSE otherwise END`."""
    return exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise)


def constant(node: exp.Expr | None) -> int | None:
    """Return a whole number that is written out; None of anything else."""
    sign = -1 if isinstance(node, exp.Neg) else 1
    found = node.this if isinstance(node, exp.Neg) else node
    if isinstance(found, exp.Literal) and not found.is_string and found.name.isdigit():
        return sign * int(found.name)
    return None
