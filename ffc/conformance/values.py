"""Values of every type at its extremes, and in order."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ffc.core.arrow import arrow_type
from ffc.core.types import known_type

if TYPE_CHECKING:
    import pyarrow as pa

# Text that is told apart only by whoever compares bytes; there is no zero byte in it, which some
# warehouses have no text with.
TEXTS: Final = (
    "",
    " ",
    "  ",
    "a",
    "A",
    "a ",
    " a",
    "ab",
    "a-b",
    "a b",
    "a_b",
    "B",
    "Z",
    "_",
    "0",
    "00",
    "1",
    "\uff11",
    "é",
    "e\u0301",
    "E\u0301",
    "ß",
    "ss",
    "SS",
    "\u0131",
    "i",
    "I",
    "ﬁ",
    "fi",
    "\u200b",
    "a\u200b",
    "\t",
    "\n",
    "\\",
    "'",
    '"',
    "%",
    "null",
    "\ue000",
    "\ufffd",
    "\U0001f600",
)
_HIGHEST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
_INSTANTS: Final = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1582, 10, 4, 12, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2024, 3, 10, 2, 30, tzinfo=UTC),
    datetime(2024, 3, 31, 1, 30, 0, 1, tzinfo=UTC),
    _HIGHEST,
)
_FLOATS: Final = (-math.inf, -1.5, 0.0, 1.5, math.inf, math.nan)

# What some stores have not at all, and must refuse.
NESTED: Final = "list<list<int64>>"
# In order, the least first; each type's extremes are among them.
ORDERED: Final[dict[str, Sequence[object]]] = {
    "string": tuple(text.decode() for text in sorted(map(str.encode, TEXTS))),
    "int32": (-(2**31), -1, 0, 1, 2**31 - 1),
    "int64": (-(2**63), -(2**53) - 1, -1, 0, 2**53 + 1, 2**63 - 1),
    "float32": (-math.inf, -3.4028234663852886e38, -0.5, 0.0, 2**-149, 0.5, math.inf, math.nan),
    "float64": (
        -math.inf,
        -1.7976931348623157e308,
        -0.1,
        0.0,
        5e-324,
        0.1,
        2.0**53 + 2,
        math.inf,
        math.nan,
    ),
    "bool": (False, True),
    "timestamp": _INSTANTS,
    "date": (
        date(1, 1, 1),
        date(1969, 12, 31),
        date(1970, 1, 1),
        date(2024, 2, 29),
        _HIGHEST.date(),
    ),
    "decimal(12,2)": tuple(map(Decimal, ("-9999999999.99", "-0.01", "0.00", "9999999999.99"))),
    "decimal(38,0)": (Decimal("-" + "9" * 38), Decimal(0), Decimal("9" * 38)),
    "decimal(38,38)": (Decimal("-0." + "9" * 38), Decimal("1E-38"), Decimal("0." + "9" * 38)),
    "bytes": (b"", b"\x00", b"\x00\xff", b"'\\x41", b"\x7f", b"\x80", b"\xff", bytes(b"\xff" * 2)),
    "list<int64>": ([], [None], [None, 1], [1], [1, None], [1, 1], [2], [2**63 - 1]),
    "list<string>": ([], [None], [""], ["A"], ["a"], ["a", "b"], ["a,b"], ["é"]),
    "list<float64>": ([], [None], [-0.5], [0.5], [math.inf], [math.nan]),
    "vector(2)": ([-math.inf, 1.0], [-1.0, 0.5], [0.0, -1.0], [0.0, 0.5], [1.0, 0.0]),
}
# The same, and what of has no order, or none that is written down.
EXTREMES: Final[dict[str, Sequence[object]]] = {
    **ORDERED,
    "string": (*TEXTS, "x" * 70_000, "a\r\nb", "{{ x }}", ":x", "$1", "%s", "?"),
    "bytes": (*ORDERED["bytes"], bytes(range(256)), bytes(70_000)),
    "json": ("null", "true", '"é"', '{"a": [1, null, {"b": "\\"c\\""}]}', "[]", "-1.5"),
    "list<timestamp>": ([], [None], list(_INSTANTS)),
    NESTED: ([], [None], [[]], [[None]], [[None, 1]], [[1]], [[1], None], [[2]]),
    "list<bool>": ([], [True, None, False]),
}


def arrow_values(kind: str, values: Sequence[object]) -> pa.Array:
    """Return values of a type as Arrow."""
    import pyarrow as pa

    return pa.array(values, arrow_type(known_type(kind)))


def comparable(kind: str, values: Sequence[object]) -> list[object]:
    """Return values so that equal ones are the same text: NaN, times in any spelling of UTC, JSON.

    0.0 and -0.0 are two.
    """
    return [_comparable(kind, value) for value in values]


def _comparable(kind: str, value: object) -> object:
    if kind == "json" and isinstance(value, str | bytes):
        return json.dumps(json.loads(value), sort_keys=True)
    if isinstance(value, list | tuple):
        return [_comparable(kind, item) for item in value]
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat()
    return repr(bytes(value)) if isinstance(value, bytearray | memoryview) else repr(value)
