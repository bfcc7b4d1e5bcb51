"""Types of expressions: what sqlglot leaves out of DuckDB's, or has otherwise than DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.schema import Schema

Annotator = Callable[[Any, exp.Expr], exp.Expr]

_TEXT: Final = (exp.Replace, exp.Left, exp.Right, exp.SplitPart, exp.RegexpReplace, exp.Reverse)
_AS_THEIR_VALUES: Final = (exp.Floor, exp.Ceil, exp.ArgMax, exp.ArgMin, exp.Median)
_CALLS: Final = {
    **{f"to_{unit}": exp.DType.INTERVAL for unit in ("seconds", "minutes", "hours")},
    **{f"to_{unit}": exp.DType.INTERVAL for unit in ("weeks", "months", "years")},
    **dict.fromkeys(("weekday", "date_part"), exp.DType.BIGINT),
    "now": exp.DType.TIMESTAMPTZ,
}
_INTEGERS: Final = (exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT)
_NUMBERS: Final = frozenset(
    [*_INTEGERS, exp.DType.INT128, exp.DType.DECIMAL, exp.DType.FLOAT, exp.DType.DOUBLE]
)
# Of two numbers the result is of the type that comes first.
_WIDEST: Final = (exp.DType.DOUBLE, exp.DType.FLOAT, exp.DType.DECIMAL)
_TIMES: Final = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ)


def with_known_types(tree: exp.Expr, schema: Schema, dialect: str) -> exp.Expr:
    """Return the tree, each node of it with its type (`node.type`)."""
    from sqlglot.optimizer.annotate_types import annotate_types  # few projects translate

    metadata = _metadata() if dialect == "duckdb" else None
    return annotate_types(tree, schema=schema, dialect=dialect, expression_metadata=metadata)


@cache
def _metadata() -> Any:
    known: Mapping[Any, Any] = Dialect.get_or_raise("duckdb").EXPRESSION_METADATA
    found: dict[Any, Any] = dict(known)
    found |= {kind: {"returns": exp.DType.TEXT} for kind in _TEXT}
    for operator in (exp.Add, exp.Sub, exp.Mul, exp.Div):
        found[operator] = {"annotator": _arithmetic(known[operator]["annotator"])}
    found[exp.Literal] = {"annotator": _literal(known[exp.Literal]["annotator"])}
    found[exp.Anonymous] = {"annotator": _call(known[exp.Anonymous]["annotator"])}
    found |= {kind: {"annotator": _as_its_value} for kind in _AS_THEIR_VALUES}
    return found


def _literal(usual: Annotator) -> Annotator:
    """A number with a point is a decimal, not a double."""

    def annotate(self: Any, node: exp.Expr) -> exp.Expr:
        whole, point, rest = node.name.partition(".")
        if node.is_string or not point or not (whole + rest).isdigit():
            return usual(self, node)
        sizes = (len(whole.lstrip("0")) + len(rest), len(rest))
        params = [exp.DataTypeParam(this=exp.Literal.number(size)) for size in sizes]
        return _typed(node, exp.DataType(this=exp.DType.DECIMAL, expressions=params))

    return annotate


def _call(usual: Annotator) -> Annotator:
    def annotate(self: Any, node: exp.Expr) -> exp.Expr:
        known = _CALLS.get(node.name.lower())
        return usual(self, node) if known is None else _typed(node, exp.DataType(this=known))

    return annotate


def _arithmetic(usual: Annotator) -> Annotator:
    """A decimal and a double are a double; what lies between two times is an interval."""

    def annotate(self: Any, node: exp.Expr) -> exp.Expr:
        usual(self, node)
        left, right = (_kind(side) for side in (node.this, node.expression))
        found: exp.DType | None = None
        if {left, right} <= _NUMBERS:
            found = next((each for each in _WIDEST if each in (left, right)), None)
            if isinstance(node, exp.Div) and found != exp.DType.FLOAT:
                found = exp.DType.DOUBLE
        elif isinstance(node, exp.Sub) and left in _TIMES and right in _TIMES:
            found = exp.DType.INTERVAL
        elif isinstance(node, exp.Sub) and left == right == exp.DType.DATE:
            found = exp.DType.BIGINT
        elif exp.DType.INTERVAL in (left, right) and isinstance(node, exp.Mul):
            found = exp.DType.INTERVAL
        return node if found is None else _typed(node, exp.DataType(this=found))

    return annotate


def _as_its_value(_: Any, node: exp.Expr) -> exp.Expr:
    return _typed(node, exp.DataType(this=_kind(node.this)))


def _kind(node: exp.Expr) -> exp.DType:
    found = node.type
    if isinstance(found, exp.DataType) and isinstance(found.this, exp.DType):
        return found.this
    return exp.DType.UNKNOWN


def _typed(node: exp.Expr, wanted: exp.DataType) -> exp.Expr:
    node.type = wanted
    return node
