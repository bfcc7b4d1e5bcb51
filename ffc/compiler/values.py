"""Default values: what a user wrote, checked against the feature's type, as the manifest has it."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from ffc.core.types import Type

_BITS = {"int32": 31, "int64": 63}
_FLOAT32 = (2 - 2**-23) * 2.0**127


class BadValue(Exception):
    """A value that is not of the type; the text says how it is written."""


def default_value(value: object, wanted: Type) -> object:
    """Return a default as a JSON value of a type; raises BadValue where it is none.

    Decimals, dates and timestamps (ISO 8601, UTC, without zone) become text.
    """
    if value is None:
        return None
    reader = {
        "string": _text,
        "int32": _integer,
        "int64": _integer,
        "float32": _number,
        "float64": _number,
        "bool": _truth,
        "timestamp": _timestamp,
        "date": _date,
        "decimal": _decimal,
        "bytes": _bytes,
    }.get(wanted.name)
    if reader is None:
        raise BadValue(f"a {wanted} can't have a default in this version of ffc yet")
    return reader(value, wanted)


def _text(value: object, wanted: Type) -> object:
    if isinstance(value, str):
        return value
    raise BadValue("write text in quotes")


def _integer(value: object, wanted: Type) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        bound = 2 ** _BITS[wanted.name]
        if -bound <= value < bound:
            return value
        raise BadValue(f"it is out of the range of {wanted}")
    raise BadValue("write a whole number")


def _number(value: object, wanted: Type) -> object:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise BadValue("write a number")
    try:
        number = float(value) + 0.0
    except OverflowError:
        raise BadValue(f"it is out of the range of {wanted}") from None
    if number != number or abs(number) == float("inf"):
        return str(number)
    if isinstance(value, int) and int(number) != value:
        raise BadValue(f"{wanted} has not so many digits: the nearest is {int(number)}")
    if wanted.name == "float32" and abs(number) > _FLOAT32:
        raise BadValue(f"it is out of the range of {wanted}")
    return number


def _truth(value: object, wanted: Type) -> object:
    if isinstance(value, bool):
        return value
    raise BadValue("write `true` or `false`")


def _decimal(value: object, wanted: Type) -> object:
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("nan")
        fits = number.is_finite() and abs(number) < Decimal(10) ** (wanted.precision - wanted.scale)
        exact = number.quantize(Decimal(1).scaleb(-wanted.scale)) if fits else None
    except InvalidOperation:
        exact = None
    if exact is None or exact != number:
        raise BadValue(f"write a number that fits {wanted}, in quotes")
    return str(exact)


def _date(value: object, wanted: Type) -> object:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise BadValue("write a date such as `2024-01-31`") from None


def _timestamp(value: object, wanted: Type) -> object:
    try:
        instant = datetime.fromisoformat(str(value))
        if instant.tzinfo is not None:
            instant = instant.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise BadValue("write a time such as `2024-01-31T12:00:00Z`") from None
    return instant.isoformat(timespec="microseconds")


def _bytes(value: object, wanted: Type) -> object:
    try:
        return base64.b64encode(base64.b64decode(str(value), validate=True)).decode()
    except (binascii.Error, ValueError):
        raise BadValue("write bytes as base64") from None
