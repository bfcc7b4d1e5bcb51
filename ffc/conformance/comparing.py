"""Rows compared: times as instants, floats to 1e-9, NaN equal to itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ffc.conformance.checks import Broken

Values = Sequence[object]


def differences(
    expected: Sequence[Values], answer: Sequence[Values], times: Sequence[bool]
) -> list[str]:
    """Compare rows as multisets; say of each that has no equal on which side it is.

    `times` tells of each column whether texts in it are instants.
    """
    left = sorted((_comparable(row, times) for row in expected), key=repr)
    right = sorted((_comparable(row, times) for row in answer), key=repr)
    unmatched = list(right)
    missing = []
    for row in left:
        found = next((other for other in unmatched if equal(row, other)), None)
        if found is None:
            missing.append(f"missing: {row}")
        else:
            unmatched.remove(found)
    return [*missing, *(f"unexpected: {row}" for row in unmatched)]


def expect_rows(
    answer: Sequence[Values], expected: Sequence[Values], message: str, times: Sequence[bool] = ()
) -> None:
    """Return if there are the same rows, in any order; raises Broken, which tells those apart."""
    width = len(expected[0]) if expected else len(answer[0]) if answer else 0
    found = differences(expected, answer, times or [False] * width)
    if found:
        missing = [each.partition(": ")[2] for each in found if each.startswith("missing")]
        others = [each.partition(": ")[2] for each in found if each.startswith("unexpected")]
        raise Broken(
            message,
            expected="; ".join(missing) or "no more rows",
            got="; ".join(others) or "no such rows",
        )


def _comparable(row: Values, times: Sequence[bool]) -> tuple[Any, ...]:
    return tuple(instant(v) if t else v for v, t in zip(row, times, strict=True))


def instant(value: Any) -> Any:
    """Return an instant as a zone-less one in UTC; texts are ISO 8601, a date is its midnight."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value


def equal(left: object, right: object) -> bool:
    """Tell whether two values are the same; lists and tuples are alike."""
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return left is not None and right is not None and Decimal(str(left)) == Decimal(str(right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        if isinstance(left, int) and isinstance(right, int):
            return left == right
        return math.isclose(left, right, rel_tol=1e-9)
    return type(left) is type(right) and left == right
