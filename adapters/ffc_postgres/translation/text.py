"""What DuckDB's text is in PostgreSQL: order, letters, patterns, and other types as text."""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from ffc.adapter.sql import NoTranslation
from ffc_postgres.translation.numbers import to_decimal
from ffc_postgres.translation.spelling import (
    INTEGERS,
    LETTERS,
    TEXTS,
    TIMES,
    ZONED,
    as_type,
    by_bytes,
    call,
    case,
    collated,
    constant,
    is_text,
    kind,
    number,
    text,
)

# Types whose text is the same on both; of floats it is not: 1.0 is `1` in PostgreSQL.
_SAYS_THE_SAME: Final = (
    INTEGERS | TEXTS | TIMES | {exp.DType.DATE, exp.DType.DECIMAL, exp.DType.BOOLEAN}
)
# Every space that Unicode has; PostgreSQL trims the plain one only.
_SPACES: Final = " \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"
# What `try_cast` takes for a number, and how far whole ones go.
_NUMBER: Final = r"^\s*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?\s*$"
_BOUNDS: Final = {exp.DType.INT: 2**31, exp.DType.BIGINT: 2**63}
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,6})?)?")
# Patterns that RE2 and PostgreSQL read alike; of `|` and `*?` they find other places.
_SAME_PATTERN: Final = re.compile(
    r"(?:[^\\(|*+?{]|\\[dDsSwW.+*?()\[\]|^$\\/-]|[*+?](?![?+])|\((?!\?))*"
)


def comparable(node: exp.Expr) -> exp.Expr:
    """JSON is `jsonb`, of which two are equal if their values are; two of `json` never compare."""
    if isinstance(node, exp.DataType):
        return exp.DataType(this=exp.DType.JSONB)
    return as_type(node, exp.DType.JSONB) if kind(node) == exp.DType.JSON else node


def ordered(node: exp.Expr) -> exp.Expr:
    """An order is by bytes."""
    node.set("this", by_bytes(node.this))
    return node


def letters(node: exp.Expr) -> exp.Expr:
    """`lower` and `upper` know all letters; under "C" those of English only.

    DuckDB has a capital for the sharp s.
    """
    value = node.this
    if isinstance(node, exp.Upper):
        value = call("REPLACE", value, text("ß"), text("ẞ"))
    node.set("this", collated(value, LETTERS))
    return collated(node)


def like(node: exp.Expr) -> exp.Expr:
    r"""`\` is a letter like any other, unless `ESCAPE` says otherwise."""
    if isinstance(node.parent, exp.Escape):
        return node
    return exp.Escape(this=node, expression=text(""))


def ilike(node: exp.Expr) -> exp.Expr:
    """`ILIKE` knows all letters, too."""
    if isinstance(node.parent, exp.Escape):
        raise NoTranslation(node)
    small = [letters(exp.Lower(this=each)) for each in (node.this, node.expression)]
    return exp.Escape(this=exp.Like(this=small[0], expression=small[1]), expression=text(""))


def said(value: exp.Expr, node: exp.Expr) -> exp.Expr:
    """Return a value as the text that DuckDB makes of it where a node asks for text."""
    if is_text(value) or isinstance(value, exp.Null):
        return value
    if kind(value) not in _SAYS_THE_SAME:
        raise NoTranslation(node)
    return collated(as_type(value, exp.DType.TEXT))


def concatenated(node: exp.Expr) -> exp.Expr:
    """`concat(true)` is `t` in PostgreSQL."""
    node.set("expressions", [said(each, node) for each in node.expressions])
    return node


def joined(node: exp.Expr) -> exp.Expr:
    """`||` puts texts together, nothing else."""
    for name in ("this", "expression"):
        node.set(name, said(node.args[name], node))
    return node


def in_a_row(node: exp.Expr) -> exp.Expr:
    """`string_agg` joins texts, in an order of its own where there is one."""
    value = node.this
    if isinstance(node.parent, exp.Window):
        raise NoTranslation(node)
    if isinstance(value, exp.Order):
        value.set("this", said(value.this, node))
    else:
        node.set("this", said(value, node))
    return node


def length(node: exp.Expr) -> exp.Expr:
    """The length of text is counted in characters; lists have one, too."""
    if not is_text(node.this):
        raise NoTranslation(node)
    return node


def trimmed(node: exp.Expr) -> exp.Expr:
    """Spaces are what Unicode calls so."""
    if node.expression:
        raise NoTranslation(node)
    side = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(str(node.args.get("position") or ""))
    return call(side or "BTRIM", node.this, text(_SPACES))


def part(node: exp.Expr) -> exp.Expr:
    """A negative place is counted from the end by DuckDB only."""
    start, size = constant(node.args.get("start")), node.args.get("length")
    if start is None or start < 1 or (size is not None and (constant(size) or 0) < 0):
        raise NoTranslation(node)
    return node


def piece(node: exp.Expr) -> exp.Expr:
    """The pieces of a text are counted from 1."""
    place = constant(node.args.get("part_index"))
    if place is None or place < 1:
        raise NoTranslation(node)
    return node


def contains(node: exp.Expr) -> exp.Expr:
    """`contains` is a place that is not 0."""
    if not is_text(node.this):
        raise NoTranslation(node)
    found = call("STRPOS", node.this, node.expression)
    return exp.GT(this=found, expression=number(0))


def place(node: exp.Expr) -> exp.Expr:
    """`strpos`, without a place to begin at."""
    if node.args.get("position") is not None or node.args.get("occurrence") is not None:
        raise NoTranslation(node)
    return call("STRPOS", node.this, node.args["substr"])


def ends(node: exp.Expr) -> exp.Expr:
    """`ends_with` compares what is on the right."""
    other = node.expression
    tail = exp.Right(this=node.this, expression=exp.Length(this=other.copy()))
    return exp.EQ(this=tail, expression=other)


def matches(node: exp.Expr) -> exp.Expr:
    """A pattern that both engines read alike; `|` is no matter where only whether counts."""
    pattern = node.expression
    plain = isinstance(pattern, exp.Literal) and pattern.is_string
    if not plain or node.args.get("flag") or not _same(pattern.name.replace("|", "")):
        raise NoTranslation(node)
    return node


def replaced(node: exp.Expr) -> exp.Expr:
    """What a pattern finds is replaced once, or everywhere with `g`."""
    pattern, other, flags = (
        node.expression,
        node.args.get("replacement"),
        node.args.get("modifiers"),
    )
    if not isinstance(pattern, exp.Literal) or not _same(pattern.name):
        raise NoTranslation(node)
    if not isinstance(other, exp.Literal) or "\\" in other.name:
        raise NoTranslation(node)
    every = isinstance(flags, exp.Literal) and flags.name == "g"
    if flags is not None and not every:
        raise NoTranslation(node)
    more = [text("g")] if every else []
    return call("REGEXP_REPLACE", node.this, pattern, other, *more)


def _same(pattern: str) -> bool:
    return _SAME_PATTERN.fullmatch(pattern) is not None and pattern != ""


def cast(node: exp.Expr) -> exp.Expr:
    """What becomes of a value of another type."""
    value, wanted = node.this, node.args["to"]
    into, given = wanted.this, kind(node.this)
    if into in TEXTS:
        return said(value, node)
    if into in INTEGERS and given == exp.DType.BOOLEAN:
        return exp.Cast(this=as_type(value, exp.DType.INT), to=wanted)
    if into == exp.DType.BOOLEAN and given in INTEGERS:
        return exp.NEQ(this=value, expression=number(0))
    if into == exp.DType.DECIMAL and given in (exp.DType.DOUBLE, exp.DType.FLOAT):
        return to_decimal(value, wanted)
    if given in TEXTS:
        return _read(node, value, wanted)
    if given in ZONED | {exp.DType.UNKNOWN} and into not in TIMES | ZONED | {exp.DType.DATE}:
        raise NoTranslation(node)
    return node


def _read(node: exp.Expr, value: exp.Expr, wanted: exp.DataType) -> exp.Expr:
    """Read text: of a time digits finer than a microsecond are cut off, not rounded."""
    if wanted.this in INTEGERS:
        # `1.5` is a whole number to DuckDB once it is rounded.
        exact = exp.Cast(this=value, to=exp.DataType(this=exp.DType.DECIMAL))
        return exp.Cast(this=exact, to=wanted) if not isinstance(value, exp.Literal) else node
    plain = isinstance(value, exp.Literal) and _INSTANT.fullmatch(value.name)
    if wanted.this not in TIMES or plain:
        return node
    cut = call("REGEXP_REPLACE", value, text("([.][0-9]{6})[0-9]+"), text("\\1"))
    return exp.Cast(this=cut, to=wanted)


def tried(node: exp.Expr) -> exp.Expr:
    """`try_cast` of text to a whole number: what is none, or too great, is null."""
    value, wanted = node.this, node.args["to"]
    if not is_text(value) or wanted.this not in _BOUNDS:
        raise NoTranslation(node)
    exact = exp.Cast(this=value.copy(), to=exp.DataType(this=exp.DType.DECIMAL))
    whole, bound = exp.Round(this=exact), _BOUNDS[wanted.this]
    inside = exp.Between(this=whole, low=number(-bound), high=number(bound - 1))
    read = case(inside, exp.Cast(this=whole.copy(), to=wanted))
    return case(exp.RegexpLike(this=value, expression=text(_NUMBER)), read)


def digest(node: exp.Expr) -> exp.Expr:
    """A text that comes from no other has the collation of the database."""
    return collated(node)


def decoded(node: exp.Expr) -> exp.Expr:
    """Bytes that are written as base64."""
    return call("DECODE", node.this, text("base64"))
