"""What DuckDB's dates, times and intervals are in PostgreSQL. Sessions of both are in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlglot import exp

from ffc.adapter.sql import NoTranslation
from ffc_postgres.translation.spelling import (
    INTEGERS,
    TIMES,
    as_type,
    call,
    collated,
    kind,
    number,
    text,
    timestamp,
)

_DAYS: Final = TIMES | {exp.DType.DATE}
_UNITS: Final = frozenset(["second", "minute", "hour", "day", "week", "month", "quarter", "year"])
# The parts of a time by the names that DuckDB has for them, as PostgreSQL calls them.
_PARTS: Final = {
    **{name: name for name in _UNITS - {"second"}},
    **{f"{name}s": name for name in _UNITS - {"second"}},
    **dict.fromkeys(("dow", "dayofweek", "weekday"), "dow"),
    **dict.fromkeys(("doy", "dayofyear"), "doy"),
    **dict.fromkeys(("isodow", "dayofweekiso", "dayofweek_iso"), "isodow"),
    **dict.fromkeys(("isoyear", "weekofyear"), ""),
    "isoyear": "isoyear",
    "weekofyear": "week",
}
_SECONDS: Final = {"hour": 3600, "minute": 60, "second": 1}
_INTERVALS: Final = ("seconds", "minutes", "hours", "days", "weeks", "months", "years")
# What strftime writes, in to_char's words; both write English.
_FORMATS: Final = {
    "%Y": "YYYY",
    "%m": "MM",
    "%d": "DD",
    "%H": "HH24",
    "%I": "HH12",
    "%M": "MI",
    "%S": "SS",
    "%f": "US",
    "%p": "AM",
    "%j": "DDD",
    "%B": "FMMonth",
    "%b": "Mon",
    "%A": "FMDay",
    "%a": "Dy",
    "%u": "ID",
    "%V": "IW",
    "%G": "IYYY",
}


def truncated(node: exp.Expr) -> exp.Expr:
    """`date_trunc` of a date is of its midnight, without a zone."""
    unit = _unit(node)
    if unit not in _UNITS or kind(node.this) not in _DAYS:
        raise NoTranslation(node)
    return call("DATE_TRUNC", text(unit), timestamp(node.this))


def between(node: exp.Expr) -> exp.Expr:
    """`date_diff` counts how often a unit begins between two times."""
    unit, end, start = _unit(node), node.this, node.expression
    # Of weeks DuckDB counts otherwise between dates than between times.
    if unit not in _UNITS - {"week"} or not {kind(end), kind(start)} <= _DAYS:
        raise NoTranslation(node)
    return as_type(
        exp.Paren(this=exp.Sub(this=_counted(end, unit), expression=_counted(start, unit))),
        exp.DType.BIGINT,
    )


def _counted(time: exp.Expr, unit: str) -> exp.Expr:
    """Return how many units came before a time, counted from somewhere."""
    if unit == "day":
        return as_type(time, exp.DType.DATE)
    if unit in ("month", "quarter", "year"):
        year, often = _part("year", time), {"month": 12, "quarter": 4, "year": 1}[unit]
        if often == 1:
            return year
        many = exp.Mul(this=year, expression=number(often))
        return exp.Paren(this=exp.Add(this=many, expression=_part(unit, time.copy())))
    floor = call("DATE_TRUNC", text(unit), timestamp(time))
    seconds = exp.Cast(this=_part("epoch", floor), to=exp.DataType(this=exp.DType.DECIMAL))
    return call("DIV", seconds, number(_SECONDS[unit]))


def _part(name: str, time: exp.Expr) -> exp.Expr:
    return exp.Extract(this=exp.var(name.upper()), expression=timestamp(time))


def extracted(node: exp.Expr) -> exp.Expr:
    """A part of a time is a whole number, and seconds have no fraction."""
    return _named(node, node.this.name.lower(), node.expression)


def part_by_name(node: exp.Expr) -> exp.Expr:
    """`date_part('year', t)`."""
    name, value = node.expressions
    if not isinstance(name, exp.Literal):
        raise NoTranslation(node)
    return _named(node, name.name.lower(), value)


def part_by_function(node: exp.Expr) -> exp.Expr:
    """`year(t)` and its like."""
    name = node.name.lower() if isinstance(node, exp.Anonymous) else type(node).__name__.lower()
    value = node.expressions[0] if isinstance(node, exp.Anonymous) else node.this
    return _named(node, name, value)


def _named(node: exp.Expr, name: str, value: exp.Expr) -> exp.Expr:
    if kind(value) == exp.DType.INTERVAL and name == "epoch":
        return as_type(exp.Extract(this=exp.var("EPOCH"), expression=value), exp.DType.DOUBLE)
    if kind(value) not in _DAYS:
        raise NoTranslation(node)
    if name in ("epoch", "timetounix"):
        return as_type(_part("epoch", value), exp.DType.DOUBLE)
    if name in ("second", "seconds"):
        return as_type(exp.Floor(this=_part("second", value)), exp.DType.BIGINT)
    if name not in _PARTS:
        raise NoTranslation(node)
    return as_type(_part(_PARTS[name], value), exp.DType.BIGINT)


def interval(node: exp.Expr) -> exp.Expr:
    """`interval (n) day` is n times a day."""
    value, unit = node.this, _unit(node)
    if unit not in _UNITS | {"millisecond", "microsecond"}:
        raise NoTranslation(node)
    if isinstance(value, exp.Literal) or value is None:
        return node
    _whole(node, value)
    return _times(value, unit)


def _times(value: exp.Expr, unit: str) -> exp.Expr:
    one = exp.Interval(this=text("1"), unit=exp.var(unit.upper()))
    return exp.Paren(this=exp.Mul(this=exp.Paren(this=value), expression=one))


def counted(node: exp.Expr) -> exp.Expr:
    """`to_days(n)` is n times a day."""
    name = "days" if isinstance(node, exp.ToDays) else node.name.lower().removeprefix("to_")
    value = node.this if isinstance(node, exp.ToDays) else node.expressions[0]
    _whole(node, value)
    return _times(value, name.removesuffix("s"))


def shifted(node: exp.Expr) -> exp.Expr:
    """`date_add(t, interval)` is a sum, and a timestamp where DuckDB has one."""
    if kind(node.expression) != exp.DType.INTERVAL or kind(node.this) not in _DAYS:
        raise NoTranslation(node)
    return exp.Paren(this=exp.Add(this=timestamp(node.this), expression=node.expression))


def made(node: exp.Expr) -> exp.Expr:
    """`make_timestamp` and `make_date` take whole numbers of 32 bits in PostgreSQL."""
    if isinstance(node, exp.DateFromParts):
        parts = [node.args.get(name) for name in ("year", "month", "day")]
        return call("MAKE_DATE", *(_int(part) for part in _there(node, parts)))
    names = ("year", "month", "day", "hour", "min", "sec")
    parts = [node.args.get(name) for name in names]
    *whole, seconds = _there(node, parts)
    return call("MAKE_TIMESTAMP", *map(_int, whole), as_type(seconds, exp.DType.DOUBLE))


def _there(node: exp.Expr, parts: list[exp.Expr | None]) -> list[exp.Expr]:
    found = [part for part in parts if part is not None]
    if len(found) != len(parts):
        raise NoTranslation(node)
    return found


def _int(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node, exp.Literal) else as_type(node, exp.DType.INT)


def _whole(node: exp.Expr, value: exp.Expr) -> None:
    if kind(value) not in INTEGERS:
        raise NoTranslation(node)


def month_end(node: exp.Expr) -> exp.Expr:
    """The last day of a month is a day before the next one."""
    first = call("DATE_TRUNC", text("month"), timestamp(node.this))
    rest = exp.Interval(this=text("1 month -1 day"))
    return as_type(exp.Paren(this=exp.Add(this=first, expression=rest)), exp.DType.DATE)


def written(node: exp.Expr) -> exp.Expr:
    """A time as text, by a format that is written out."""
    if kind(node.this) not in _DAYS:
        raise NoTranslation(node)
    form = node.args.get("format")
    if not isinstance(form, exp.Literal):
        raise NoTranslation(node)
    return _to_char(timestamp(node.this), _format(node, form.name, _FORMATS))


def named(node: exp.Expr) -> exp.Expr:
    """`dayname` and `monthname`, in English."""
    if kind(node.this) not in _DAYS:
        raise NoTranslation(node)
    word = "FMDay" if isinstance(node, exp.Dayname) else "FMMonth"
    return _to_char(timestamp(node.this), word)


def _to_char(value: exp.Expr, form: str) -> exp.Expr:
    return collated(call("TO_CHAR", value, text(form)))


def _format(node: exp.Expr, form: str, words: Mapping[str, str]) -> str:
    out, rest = [], form
    while rest:
        code = rest[:2]
        if code in words:
            out.append(words[code])
        elif rest[0] in '%"\\':
            raise NoTranslation(node)
        else:
            code = rest[0]
            out.append(f'"{code}"' if code.isalnum() else code)
        rest = rest[len(code) :]
    return "".join(out)


def _unit(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    name = str(unit.name if unit is not None else "day").lower()
    return name.removesuffix("s") if name.removesuffix("s") in _UNITS else name
