"""What DuckDB's numbers and aggregates are in PostgreSQL. One function a difference.

Both engines compute with IEEE doubles, integers that overflow loudly, and decimals. What is an
infinity in DuckDB, since nothing finite is right, may be an error in PostgreSQL, never another
number.
"""

from __future__ import annotations

from sqlglot import exp

from ffc.adapter.sql import NoTranslation
from ffc_postgres.translation.spelling import (
    INTEGERS,
    KNOWN,
    NESTED,
    as_type,
    by_bytes,
    call,
    case,
    constant,
    double,
    is_text,
    kind,
    number,
    single,
    text,
)

_EXACT = INTEGERS | {exp.DType.DECIMAL}
_NUMERIC = exp.DataType(this=exp.DType.DECIMAL)


def literal(node: exp.Expr) -> exp.Expr:
    """A number with an exponent is a double: `1e-3` is exact in PostgreSQL."""
    if node.is_string or "e" not in node.name.lower():
        return node
    return as_type(node, exp.DType.DOUBLE)


def divide(node: exp.Expr) -> exp.Expr:
    """`7 / 2` is 3.5, `1 / 0` infinite: PostgreSQL has 3, and an error."""
    left, right = node.this, node.expression
    if exp.DType.INTERVAL in (kind(left), kind(right)):
        return node
    precision = exp.DType.FLOAT if kind(node) == exp.DType.FLOAT else exp.DType.DOUBLE
    as_float = single if precision == exp.DType.FLOAT else double
    dividend, divisor = as_float(left), as_float(right)
    quotient = exp.Div(this=dividend, expression=divisor)
    if _never_zero(right):
        return exp.Paren(this=quotient)
    infinite: exp.Expr = text("Infinity")
    if kind(right) not in _EXACT:
        negative = exp.EQ(this=as_type(divisor.copy(), exp.DType.TEXT), expression=text("-0"))
        infinite = case(negative, text("-Infinity"), infinite)
    zero = exp.EQ(this=right.copy(), expression=number(0))
    beyond = as_type(infinite, precision)
    return case(zero, exp.Mul(this=dividend.copy(), expression=beyond), quotient)


def _never_zero(node: exp.Expr) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Nullif):
        other = node.expression
        return isinstance(other, exp.Literal) and not other.is_string and float(other.name) == 0
    return isinstance(node, exp.Literal) and not node.is_string and float(node.name) != 0


def divide_whole(node: exp.Expr) -> exp.Expr:
    """`-5 // 2` is -2 on both, written otherwise."""
    _only(node, _EXACT, node.this, node.expression)
    sides = [exp.Cast(this=each, to=_NUMERIC.copy()) for each in (node.this, node.expression)]
    return exp.Cast(this=call("DIV", *sides), to=_whole(node))


def _whole(node: exp.Expr) -> exp.DataType:
    found = node.type
    if kind(node) in INTEGERS and isinstance(found, exp.DataType):
        return exp.DataType(this=found.this) if kind(node) != exp.DType.INT128 else _NUMERIC.copy()
    return exp.DataType(this=exp.DType.BIGINT)


def remainder(node: exp.Expr) -> exp.Expr:
    """PostgreSQL has `%` of exact numbers only."""
    _only(node, _EXACT, node.this, node.expression)
    return node


def mixed(node: exp.Expr) -> exp.Expr:
    """A float32 beside an exact number makes it one: `r = 0.1` compares doubles in PostgreSQL."""
    names = ("this", "expression", "low", "high")
    sides = {name: node.args[name] for name in names if name in node.args}
    kinds = {kind(side) for side in sides.values()}
    if exp.DType.FLOAT in kinds and kinds & _EXACT:
        for name, side in sides.items():
            if kind(side) in _EXACT:
                node.set(name, as_type(side, exp.DType.FLOAT))
    return node


def rounded(node: exp.Expr) -> exp.Expr:
    """Halves go away from zero, of doubles too: PostgreSQL goes to the even one there."""
    value, places = node.this, node.args.get("decimals")
    if kind(value) in _EXACT:
        return node
    _only(node, {exp.DType.DOUBLE}, value)
    if places is None:
        return half_away(value)
    wanted = constant(places)
    if wanted is None or not 0 <= wanted <= 15:
        raise NoTranslation(node)
    if wanted == 0:
        return half_away(value)
    scale = as_type(number(10**wanted), exp.DType.DOUBLE)
    scaled = half_away(exp.Mul(this=_grouped(value), expression=scale))
    return exp.Paren(this=exp.Div(this=scaled, expression=scale.copy()))


def half_away(value: exp.Expr) -> exp.Expr:
    """Return a double without its fraction, halves away from zero.

    Its text has all that it is of; as a numeric at once it would keep but fifteen digits.
    """
    exact = exp.Cast(this=as_type(value, exp.DType.TEXT), to=_NUMERIC.copy())
    return as_type(exp.Round(this=exact), exp.DType.DOUBLE)


def _grouped(node: exp.Expr) -> exp.Expr:
    return exp.Paren(this=node) if isinstance(node, exp.Binary) else node


def to_decimal(value: exp.Expr, wanted: exp.DataType) -> exp.Expr:
    """DuckDB rounds a double that it made greater: 1.005 is 1.00 with two digits."""
    sizes = [int(size.name) for size in wanted.expressions]
    scale = sizes[1] if len(sizes) == 2 else 3 if not sizes else 0
    factor = as_type(number(10**scale), exp.DType.DOUBLE)
    scaled = exp.Mul(this=_grouped(value), expression=factor)
    whole = exp.Cast(this=half_away(scaled), to=_NUMERIC.copy())
    unit = exp.Cast(this=number(f"1e-{scale}"), to=_NUMERIC.copy())
    return exp.Cast(this=exp.Mul(this=whole, expression=unit), to=wanted)


def as_double(node: exp.Expr) -> exp.Expr:
    """Mathematics is of doubles: `sqrt(numeric)` is exact to other digits in PostgreSQL."""
    for name in ("this", "expression"):
        value = node.args.get(name)
        if isinstance(value, exp.Expr) and kind(value) != exp.DType.DOUBLE:
            node.set(name, as_type(value, exp.DType.DOUBLE))
    return node


def logarithm(node: exp.Expr) -> exp.Expr:
    """A logarithm of doubles to a base of one's own is to be written with `ln`."""
    if node.args.get("expression") is None:
        return as_double(node)
    if constant(node.this) != 10:
        raise NoTranslation(node)
    return call("LOG", double(node.expression))


def average(node: exp.Expr) -> exp.Expr:
    """The average of whole numbers is a numeric in PostgreSQL, with digits of its own."""
    value = node.this
    if isinstance(value, exp.Distinct):
        value.set("expressions", [double(each) for each in value.expressions])
    elif kind(value) != exp.DType.INTERVAL:
        node.set("this", double(value))
    return node


def total(node: exp.Expr) -> exp.Expr:
    """A sum of float32 is a double, one of truths how many there are."""
    value = node.this
    if kind(value) == exp.DType.FLOAT:
        node.set("this", double(value))
    elif kind(value) == exp.DType.BOOLEAN:
        node.set("this", as_type(value, exp.DType.INT))
    return node


def greatest(node: exp.Expr) -> exp.Expr:
    """PostgreSQL has no greatest truth, and orders text as people do."""
    if kind(node.this) == exp.DType.BOOLEAN:
        return call("BOOL_OR" if isinstance(node, exp.Max) else "BOOL_AND", node.this)
    node.set("this", by_bytes(node.this))
    return node


def how_many(node: exp.Expr) -> exp.Expr:
    """`count_if` is a sum: of nothing but nulls it is null."""
    return exp.Sum(this=as_type(node.this, exp.DType.INT))


def several(node: exp.Expr) -> exp.Expr:
    """`(a, b) = (1, null)` is false or null by the order of the columns in PostgreSQL."""
    if isinstance(node.parent, exp.Predicate):
        raise NoTranslation(node)
    return node


def middle(node: exp.Expr) -> exp.Expr:
    """Medians are no window functions in PostgreSQL; numbers only, as doubles."""
    share = number("0.5") if isinstance(node, exp.Median) else node.expression
    _only(node, INTEGERS | {exp.DType.DOUBLE, exp.DType.FLOAT}, node.this)
    holder = node.parent.parent if isinstance(node.parent, exp.Filter) else node.parent
    if isinstance(holder, exp.Window) or not isinstance(share, exp.Literal):
        raise NoTranslation(node)
    order = exp.Order(expressions=[exp.Ordered(this=double(node.this), nulls_first=False)])
    return exp.WithinGroup(this=call("PERCENTILE_CONT", share), expression=order)


def neighbour(node: exp.Expr) -> exp.Expr:
    """What stands for a row that is not there is of the value's type: PostgreSQL 13 asks for it."""
    instead, wanted = node.args.get("default"), node.this.type
    if instead is not None and isinstance(wanted, exp.DataType) and kind(node.this) in KNOWN:
        node.set("default", exp.Cast(this=instead, to=wanted.copy()))
    return node


def at_the_most(node: exp.Expr) -> exp.Expr:
    """`arg_max(a, b)` is the first of a list in order; of nulls there is none in it."""
    value, rank = node.this, node.expression
    if isinstance(node.parent, exp.Window) or node.args.get("count") is not None:
        raise NoTranslation(node)
    order = exp.Ordered(this=by_bytes(rank), desc=isinstance(node, exp.ArgMax), nulls_first=False)
    listed = call_of_list(value, order)
    return first_of_list(_present(listed, value, rank))


def any_value(node: exp.Expr) -> exp.Expr:
    """`any_value` is there from PostgreSQL 16 on only."""
    if not isinstance(node.this, exp.AnyValue):
        return node
    if isinstance(node.parent, exp.Window):
        raise NoTranslation(node)
    value = node.this.this
    return first_of_list(_present(call_of_list(value), value))


def all_of_them(node: exp.Expr) -> exp.Expr:
    """A list in an order is no window function in PostgreSQL."""
    if isinstance(node.parent, exp.Window) and isinstance(node.this, exp.Order):
        raise NoTranslation(node)
    return node


def call_of_list(value: exp.Expr, order: exp.Ordered | None = None) -> exp.Expr:
    """Return `ARRAY_AGG(value ORDER BY order)`."""
    ordered = exp.Order(this=value, expressions=[order]) if order is not None else value
    return call("ARRAY_AGG", ordered)


def first_of_list(listed: exp.Expr) -> exp.Expr:
    """Return the first value of a list."""
    return exp.Bracket(this=exp.Paren(this=listed), expressions=[number(1)], offset=1)


def _present(listed: exp.Expr, *values: exp.Expr) -> exp.Expr:
    """Leave out of a list the rows that lack one of some values."""
    there = (exp.Not(this=exp.Is(this=v.copy(), expression=exp.Null())) for v in values)
    return exp.Filter(this=listed, expression=exp.Where(this=exp.and_(*there)))


def filtered(node: exp.Expr) -> exp.Expr:
    """What became the first of a list is filtered inside of it."""
    inner = node.this
    if not isinstance(inner, exp.Bracket):
        return node
    listed = inner.find(exp.Filter)
    if listed is None:
        raise NoTranslation(node)
    own, more = listed.expression.this, node.expression.this
    listed.expression.set("this", exp.and_(own, more))
    return inner


def without_nulls(node: exp.Expr) -> exp.Expr:
    """`IGNORE NULLS` is a list over the frame without its nulls, of which one is taken."""
    window = node.this
    if not isinstance(window, exp.IgnoreNulls):
        return node
    function = window.this
    if not isinstance(function, exp.FirstValue | exp.LastValue):
        raise NoTranslation(node)
    value = function.this
    node.set("this", _present(call_of_list(value), value))
    place: exp.Expr = number(1)
    if isinstance(function, exp.LastValue):
        place = call("CARDINALITY", node.copy())
    return exp.Bracket(this=exp.Paren(this=node), expressions=[place], offset=1)


def is_value(node: exp.Expr) -> exp.Expr:
    """`isnan` and `isinf` are comparisons."""
    value = double(node.this)
    if isinstance(node, exp.IsNan):
        return exp.EQ(this=value, expression=as_type(text("NaN"), exp.DType.DOUBLE))
    infinite = as_type(text("Infinity"), exp.DType.DOUBLE)
    return exp.EQ(this=exp.Abs(this=value), expression=infinite)


def _only(node: exp.Expr, kinds: frozenset[exp.DType] | set[exp.DType], *values: exp.Expr) -> None:
    if any(kind(value) not in kinds for value in values):
        raise NoTranslation(node)


def compared(node: exp.Expr) -> exp.Expr:
    """Text is compared by its bytes: a side that is a column has that order already."""
    value, others = node.this, [node.args.get(n) for n in ("expression", "low", "high")]
    if any(kind(side) == exp.DType.JSON for side in (value, *others) if side is not None):
        raise NoTranslation(node)
    plain = any(isinstance(side, exp.Column) for side in (value, *others))
    if is_text(value) and not plain:
        node.set("this", by_bytes(value))
    return mixed(node)


def listed(node: exp.Expr) -> exp.Expr:
    """The greatest or least of several, text by its bytes."""
    if kind(node) in NESTED or kind(node) not in KNOWN:
        raise NoTranslation(node)
    node.set("this", by_bytes(node.this))
    node.set("expressions", [by_bytes(each) for each in node.expressions])
    return node
