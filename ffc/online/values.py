"""Values between JSON, as requests and answers have them, and Python, as codecs do.

int64 is a JSON integer, a decimal a string, NaN and infinities the strings `NaN` `Infinity`
`-Infinity`, bytes base64, a timestamp ISO 8601 in UTC.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, InvalidOperation, localcontext

from ffc.core.types import Type

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_BITS = {"int32": 31, "int64": 63}


class Unreadable(ValueError):
    """A JSON value that is not of its type; the text says what it should be."""


def reader(wanted: Type) -> Callable[[object], object]:
    """Return the function that reads a key's JSON value; it raises Unreadable."""
    return {
        "string": _read_text,
        "int32": lambda value: _read_integer(value, wanted.name),
        "int64": lambda value: _read_integer(value, wanted.name),
        "bool": _read_truth,
        "date": _read_date,
        "timestamp": _read_timestamp,
        "decimal": lambda value: _read_decimal(value, wanted),
    }[wanted.name]


def _read_text(value: object) -> object:
    if isinstance(value, str) and _is_unicode(value):
        return value
    raise Unreadable("a string")


def _is_unicode(text: str) -> bool:
    """Tell whether a text has no lone surrogates, which no store can keep."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_integer(value: object, name: str) -> object:
    bound = 2 ** _BITS[name]
    if isinstance(value, int) and not isinstance(value, bool) and -bound <= value < bound:
        return value
    raise Unreadable(f"an {name}")


def _read_truth(value: object) -> object:
    if isinstance(value, bool):
        return value
    raise Unreadable("true or false")


def _words(value: object) -> str:
    """Return a text; raises ValueError for anything else."""
    if isinstance(value, str):
        return value
    raise ValueError(value)


def _read_date(value: object) -> object:
    try:
        # Text only: the number 20240131 would be a day, too.
        return date.fromisoformat(_words(value))
    except ValueError:
        raise Unreadable("a date such as 2024-01-31") from None


def _read_timestamp(value: object) -> object:
    try:
        instant = datetime.fromisoformat(_words(value))
        return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
    except (ValueError, OverflowError):
        raise Unreadable("a time such as 2024-01-31T12:00:00Z") from None


def _read_decimal(value: object, wanted: Type) -> object:
    try:
        number = Decimal(value) if isinstance(value, str | int) else Decimal("nan")
    except InvalidOperation:
        number = Decimal("nan")
    if isinstance(value, bool) or not number.is_finite() or not _fits(number, wanted):
        raise Unreadable(f"a {wanted}, as a string")
    return _with_places(number, wanted)


def _fits(number: Decimal, wanted: Type) -> bool:
    # The default context would round to 28 digits, and call a number whole that is not.
    with localcontext(_EXACT):
        scaled = number.scaleb(wanted.scale)
        if scaled.adjusted() >= wanted.precision:
            return False
        return scaled == scaled.to_integral_value()


def _with_places(number: Decimal, wanted: Type) -> Decimal:
    """Return an equal number with all its type's places, as a stored value has them."""
    return number.quantize(Decimal(1).scaleb(-wanted.scale), context=_EXACT)


def default_of(value: object, wanted: Type) -> object:
    """Return a manifest's default as a Python value of its type."""
    if value is None:
        return None
    if wanted.is_float:
        return float(str(value))
    if wanted.name == "bytes":
        return base64.b64decode(str(value))
    readers = {"date": _read_date, "timestamp": _read_timestamp}
    if wanted.name == "decimal":
        return _with_places(Decimal(str(value)), wanted)
    return readers[wanted.name](value) if wanted.name in readers else value


def writer(given: Type) -> Callable[[object], object] | None:
    """Return the function that turns a value into JSON's, or None where it is that already."""
    if given.is_float:
        return _write_float
    if given.name == "timestamp":
        return _write_timestamp
    if given.name == "vector":
        return lambda value: [_write_float(item) for item in _items(value)]
    if given.name == "list" and given.item is not None:
        item = writer(given.item)
        return None if item is None else lambda value: [_or_null(item, v) for v in _items(value)]
    plain: dict[str, Callable[[object], object]] = {
        "decimal": "{:f}".format,
        "date": str,
        "bytes": _write_bytes,
    }
    return plain.get(given.name)


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _or_null(write: Callable[[object], object], value: object) -> object:
    return None if value is None else write(value)


def _write_float(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _write_timestamp(value: object) -> object:
    return iso(value) if isinstance(value, datetime) else value


def iso(instant: datetime) -> str:
    """Write an instant (zone-less UTC) as ISO 8601, microseconds where it has any."""
    return f"{instant.isoformat()}Z"


def _write_bytes(value: object) -> object:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
