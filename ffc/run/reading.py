"""Rows of any query, as JSON has them and as people read them."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Final

from ffc.adapter.offline import OfflineStore
from ffc.online.values import iso

if TYPE_CHECKING:
    import pyarrow as pa

BATCH: Final = 65_536
# How engines write the end of all times: the greatest and the least of 64 or 32 bits.
_ENDS: Final = {
    **dict.fromkeys((2**63 - 1, 2**31 - 1), "infinity"),
    **dict.fromkeys((1 - 2**63, 1 - 2**31), "-infinity"),
}
# Types by the names that Arrow gives them; others are shown as Arrow names them.
_TYPES: Final = {
    "large_string": "string",
    "string_view": "string",
    "float": "float32",
    "double": "float64",
    "date32[day]": "date",
    "binary": "bytes",
    "large_binary": "bytes",
    "binary_view": "bytes",
    "month_day_nano_interval": "interval",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a query: names and types of its columns, batches that can be read once."""

    columns: tuple[tuple[str, str], ...]
    batches: Iterator[pa.RecordBatch]

    def first(self, limit: int | None) -> Iterator[pa.RecordBatch]:
        """Yield the batches of the first rows, all without a limit."""
        left = limit
        for batch in self.batches:
            yield batch if left is None else batch.slice(0, left)
            left = None if left is None else left - batch.num_rows
            if left is not None and left <= 0:
                return

    def take(self, limit: int | None) -> tuple[list[list[object]], bool]:
        """Return the first rows, all without a limit, and whether there are more."""
        taken: list[list[object]] = []
        for batch in self.batches:
            columns = [_values(column) for column in batch.columns]
            for row in zip(*columns, strict=True):
                if limit is not None and len(taken) >= limit:
                    return taken, True
                taken.append([readable(value) for value in row])
        return taken, False


def read_rows(store: OfflineStore, sql: str, limit: int | None = None) -> Rows:
    """Run a query of a store's dialect; `limit` says how many rows will be asked for.

    Raises what the store has to say of it; whoever is interrupted meanwhile cancels it.
    """
    handle = store.submit(sql)
    try:
        handle.wait()
        batches = handle.batches(BATCH if limit is None else min(BATCH, limit + 1))
        first = next(batches)
    except KeyboardInterrupt:
        handle.cancel()
        raise
    columns = tuple((each.name, _type_name(each.type)) for each in first.schema)
    return Rows(columns=columns, batches=chain([first], batches))


def _type_name(given: pa.DataType) -> str:
    """Return a type as YAML names it, where it has such."""
    import pyarrow as pa

    if pa.types.is_timestamp(given):
        return "timestamp"
    if pa.types.is_decimal(given):
        return f"decimal({given.precision},{given.scale})"
    if pa.types.is_list(given) or pa.types.is_large_list(given):
        return f"list<{_type_name(given.value_type)}>"
    return _TYPES.get(str(given), str(given))


def _values(column: pa.Array) -> list[object]:
    """Return a column's values; those that Python has no type for as texts."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    try:
        found: list[object] = column.to_pylist()
    except (ValueError, OverflowError):
        found = [_value(scalar) for scalar in column]
    return found


def _value(scalar: pa.Scalar) -> object:
    """Return a value; a year that Python does not know, and infinity, as a text."""
    import pyarrow as pa

    try:
        found: object = scalar.as_py()
    except (ValueError, OverflowError):
        if isinstance(scalar, pa.ListScalar):
            return [_value(item) for item in scalar.values]
        number = getattr(scalar, "value", None)
        found = _ENDS.get(number) if isinstance(number, int) else None
        if found is None:
            return str(scalar.cast(pa.string())) if number is not None else "out of range"
    return found


def readable(value: object) -> object:
    """Return a value as JSON has it: times in UTC, decimals and what JSON lacks as texts."""
    if isinstance(value, float):
        return value if math.isfinite(value) else _WORDS.get(value, "NaN")
    if isinstance(value, datetime):
        return iso(value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(key): readable(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "months"):
        return _interval(*value)
    if isinstance(value, list | tuple):
        return [readable(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


_WORDS: Final = {math.inf: "Infinity", -math.inf: "-Infinity"}


def _interval(months: int, days: int, nanoseconds: int) -> str:
    seconds = f"{nanoseconds / 1e9:.6f}".rstrip("0").rstrip(".")
    parts = [(months, "months"), (days, "days"), (nanoseconds and seconds, "seconds")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 seconds"
