"""Aggregates over windows: the function, its column, and the type of the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ffc.compiler.compilation import missing_column
from ffc.compiler.expressions import Written, check_condition
from ffc.compiler.oracle import Oracle
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.types import Type, known_type
from ffc.manifest.records import Column
from ffc.project.resources import Aggregate, Feature, FeatureView

INT64: Final = Type(name="int64")
FLOAT64: Final = Type(name="float64")
COUNTS: Final = ("count", "count_distinct", "approx_count_distinct")
NUMERIC: Final = ("sum", "avg", "stddev", "variance", "approx_percentile")
FUNCTIONS: Final = (*COUNTS, *NUMERIC, "min", "max", "first", "last", "last_n")
# The key that a function needs; `last_n(5)` says it too.
NEEDS: Final[Mapping[str, str]] = {"last_n": "n", "approx_percentile": "q"}
# What people who know other tools and SQL call them.
_SYNONYMS: Final = {
    "average": "avg",
    "mean": "avg",
    "std": "stddev",
    "stddev_samp": "stddev",
    "var": "variance",
    "var_samp": "variance",
    "percentile": "approx_percentile",
    "quantile": "approx_percentile",
    "median": "approx_percentile",
    "nunique": "count_distinct",
    "latest": "last",
}
_CALL: Final = re.compile(r"\s*(\w+)\s*(?:\(\s*([0-9.]+)\s*\))?\s*")


def check_aggregate(
    oracle: Oracle,
    view: FeatureView,
    feature: Feature,
    aggregate: Aggregate,
    source: str,
    columns: Mapping[str, Column],
    dialect: str,
) -> tuple[Type | None, list[Diagnostic]]:
    """Return the type of an aggregate's answer, and what is wrong with the aggregate."""
    where = f"`{view.source.strip()}`"
    function, problems = _function(aggregate)
    column = columns.get(aggregate.column) if aggregate.column else None
    if aggregate.column and column is None:
        place = aggregate.at("column")
        problems.append(missing_column(aggregate.column, columns, where, place))
    elif function and not aggregate.column and function != "count":
        message = f"`{function}` has no `column`"
        problems.append(error("FF106", message, aggregate.at("function")))
    if not aggregate.window:
        message = "a window must be longer than nothing"
        problems.append(error("FF105", message, aggregate.at("window")))
    if aggregate.where:
        place = aggregate.at("where")
        written = Written(key="where", text=aggregate.where, span=place, dialect=dialect)
        problems += check_condition(oracle, written, source, columns, where)
    problems += _check_beside(view, feature, function)
    if problems or function is None:
        return None, problems
    return _type(aggregate, function, column)


def _check_beside(view: FeatureView, feature: Feature, function: str | None) -> list[Diagnostic]:
    """Report what can't stand beside an aggregate, in its feature and in its view."""
    problems: list[Diagnostic] = []
    if feature.column:
        message = "a feature has both `aggregate` and `column`"
        help_ = "name the column inside: `aggregate: {column: ...}`"
        related = [feature.at.key("aggregate").labelled("and this")]
        place = feature.at.key("column")
        problems.append(error("FF121", message, place, related=related, help=[help_]))
    if view.timestamp is None:
        message = "a view without `timestamp` is static: `aggregate` has no meaning there"
        help_ = "say when its rows became true: `timestamp: COLUMN`"
        place = feature.at.key("aggregate")
        problems.append(error("FF501", message, place, help=[help_]))
    if function in COUNTS and feature.default is not None:
        message = f"`{function}` of no rows is 0: it can't have a default"
        help_ = "leave `default` out"
        problems.append(error("FF404", message, feature.at.key("default"), help=[help_]))
    return problems


def _function(aggregate: Aggregate) -> tuple[str | None, list[Diagnostic]]:
    """Return the function's name without its argument, and what is wrong with the two."""
    place = aggregate.at("function")
    match = _CALL.fullmatch(aggregate.function)
    name = match[1].lower() if match else aggregate.function
    if match is None or name not in FUNCTIONS:
        meant = _SYNONYMS.get(name)
        hints = (f"did you mean `{meant}`?",) if meant else did_you_mean(name, FUNCTIONS)
        hints = hints or (f"functions are {listed(FUNCTIONS)}",)
        return None, [error("FF105", f"there is no aggregate `{name}`", place, help=hints)]
    needed = NEEDS.get(name)
    problems = [
        error("FF105", f"`{key}` means nothing for `{name}`", aggregate.at.key(key), help=[help_])
        for key, owner in (("n", "last_n"), ("q", "approx_percentile"))
        if getattr(aggregate, key) is not None and key != needed
        for help_ in [f"it goes with `{owner}`"]
    ]
    if needed is None and match[2] is not None:
        message = f"`{name}` takes nothing in brackets"
        problems.append(error("FF105", message, place, help=["write `column:` beside it"]))
    if needed is not None:
        problems += _argument(aggregate, name, needed, match[2])
    return name, problems


def _argument(aggregate: Aggregate, name: str, key: str, text: str | None) -> list[Diagnostic]:
    """Report the number of a function: twice, missing, or out of its range."""
    beside = getattr(aggregate, key)
    place = aggregate.at(key) if beside is not None else aggregate.at("function")
    example = f"`{name}({3 if key == 'n' else 0.5})`"
    if beside is not None and text is not None:
        message = f"`{name}` says `{key}` twice"
        return [error("FF121", message, aggregate.at.key(key), help=["keep one of them"])]
    if beside is None and text is None:
        return [error("FF106", f"`{name}` has no `{key}`", place, help=[f"write {example}"])]
    value = _number(str(beside if text is None else text))
    if key == "n" and (value is None or not 1 <= value < 2**31 or value % 1):
        message = f"the `n` of `{name}` must be a whole number from 1"
        return [error("FF105", message, place, help=[f"write {example}"])]
    if key == "q" and (value is None or not 0 <= value <= 1):
        message = f"the `q` of `{name}` must be a number from 0 to 1"
        return [error("FF105", message, place, help=[f"write {example} for the median"])]
    return []


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _type(
    aggregate: Aggregate, function: str, column: Column | None
) -> tuple[Type | None, list[Diagnostic]]:
    """Return the type of the answer by that of the column."""
    if function == "count" or column is None:
        return INT64, []
    place = aggregate.at("column")
    if not column.type:
        message = f"the column `{column.name}` is {column.native}, which no aggregate takes"
        return None, [error("FF403", message, place, help=["cast it in a transformation"])]
    given = known_type(column.type)
    number = given.is_float or given.name in ("int32", "int64", "decimal")
    if function in COUNTS:
        return INT64, []
    if function in NUMERIC and not number:
        return None, [_unfit(function, "a number", column, place)]
    if function == "sum":
        decimal = Type(name="decimal", precision=38, scale=given.scale)
        return {"decimal": decimal, "int32": INT64, "int64": INT64}.get(given.name, FLOAT64), []
    if function in NUMERIC:
        return FLOAT64, []
    if given.name in ("json", "list", "vector") and function in ("min", "max"):
        return None, [_unfit(function, "a column with an order", column, place)]
    return (Type(name="list", item=given) if function == "last_n" else given), []


def _unfit(function: str, wanted: str, column: Column, place: Span) -> Diagnostic:
    message = f"`{function}` needs {wanted}; `{column.name}` is {column.type}"
    return error("FF403", message, place, help=["cast it in a transformation"])
