"""Rows as `COPY ... (FORMAT binary)` writes them, decoded a column at a time.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": a row is the number of its
fields, and of each field its length, -1 for null, and its bytes, in network order. The server sends
each row as a message of its own, so that where rows begin is known, and one field after the other
is read of all rows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SIGNATURE: Final = b"PGCOPY\n\xff\r\n\x00"
_HEAD: Final = 19
TRAILER: Final = b"\xff\xff"
# Reading may go so far beyond the last byte.
_PADDING: Final = bytes(32)
# 2000-01-01, from which PostgreSQL counts, in days and in microseconds since 1970.
_DAYS: Final = 10_957
_MICROSECONDS: Final = _DAYS * 86_400_000_000
# From the first day of the year 1 to the last of 9999, likewise.
_FIRST_DAY: Final = -719_162
_LAST_DAY: Final = 2_932_896
_DAY: Final = 86_400_000_000

Numbers: TypeAlias = "np.ndarray[Any, Any]"


class Fields:
    """One field of many rows: where each begins and how long it is, -1 where it is null."""

    def __init__(self, data: bytes, starts: Numbers, lengths: Numbers) -> None:
        self.data = data
        self.starts = starts
        self.lengths = lengths

    @property
    def nulls(self) -> Numbers:
        """Whether each is null."""
        return self.lengths < 0

    def numbers(self, kind: str, offset: int = 0) -> Numbers:
        """Return the numbers that stand at an offset in each; of a null, any."""
        return _numbers(self.data, self.starts + offset, kind)


Decode = Callable[[Fields], "pa.Array"]


def without_head(first: bytes) -> bytes:
    """Return what the first message holds of the first row."""
    return first[_HEAD:] if first.startswith(SIGNATURE) else first


def fields(rows: Sequence[bytes], width: int) -> Iterator[Fields]:
    """Yield each field of some rows."""
    import numpy as np

    data = b"".join((*rows, _PADDING))
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    at = np.cumsum(lengths) - lengths + 2
    for _ in range(width):
        found = Fields(data, at + 4, _numbers(data, at, ">i4").astype(np.int64))
        yield found
        at = found.starts + np.maximum(found.lengths, 0)


def _numbers(data: bytes, at: Numbers, kind: str) -> Numbers:
    """Return the numbers at some places of bytes, wherever those are."""
    import numpy as np

    wanted = np.dtype(kind)
    shape = (len(data) - wanted.itemsize + 1,)
    everywhere: Numbers = np.ndarray(shape, wanted, data, strides=(1,))
    return everywhere[at].astype(wanted.newbyteorder("="))


def number(kind: str) -> Decode:
    """Return how numbers of a fixed size are read."""

    def decode(found: Fields) -> pa.Array:
        import pyarrow as pa

        return pa.array(found.numbers(kind), mask=found.nulls)

    return decode


def boolean(found: Fields) -> pa.Array:
    """Read truth values."""
    import pyarrow as pa

    return pa.array(found.numbers("u1") != 0, mask=found.nulls)


def date(found: Fields) -> pa.Array:
    """Read days; raises ValueError for infinity and for years that Arrow's readers don't have."""
    import numpy as np
    import pyarrow as pa

    days = found.numbers(">i4").astype(np.int64) + _DAYS
    _check_years(days, found.nulls, _FIRST_DAY, _LAST_DAY)
    return pa.array(days.astype(np.int32), mask=found.nulls).view(pa.date32())


def instant(timezone: str | None) -> Decode:
    """Return how times are read, to the microsecond; raises ValueError as `date` does."""

    def decode(found: Fields) -> pa.Array:
        import numpy as np
        import pyarrow as pa

        given = found.numbers(">i8")
        # Infinity is as far as can be: there is no room to add anything.
        _check_years(given // _DAY + _DAYS, found.nulls, _FIRST_DAY, _LAST_DAY)
        times = np.where(found.nulls, 0, given) + _MICROSECONDS
        return pa.array(times, mask=found.nulls).view(pa.timestamp("us", timezone))

    return decode


def _check_years(days: Numbers, nulls: Numbers, first: int, last: int) -> None:
    outside = ((days < first) | (days > last)) & ~nulls
    if outside.any():
        raise ValueError("a time that is infinite, or not of the years 0001 to 9999")


def raw(found: Fields) -> pa.Array:
    """Read bytes."""
    import numpy as np
    import pyarrow as pa

    count = len(found.starts)
    if not count:
        return pa.array([], pa.binary())
    # Arrow's values lie side by side: what is between two of them is made a value, and left out.
    bounds = np.empty(2 * count, np.int32)
    bounds[::2] = found.starts
    bounds[1::2] = found.starts + np.maximum(found.lengths, 0)
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(found.data)]
    all_ = pa.Array.from_buffers(pa.binary(), 2 * count - 1, buffers)
    return all_.take(pa.array(np.arange(0, 2 * count, 2, dtype=np.int32), mask=found.nulls))


def text(found: Fields) -> pa.Array:
    """Read text; the server sends none that is not UTF-8."""
    import pyarrow as pa

    return raw(found).cast(pa.string())


def decimal(precision: int, scale: int) -> Decode:
    """Return how numbers that were written as text are read; raises ValueError for NaN."""

    def decode(found: Fields) -> pa.Array:
        import pyarrow as pa

        written = text(found)
        try:
            return written.cast(pa.decimal128(precision, scale))
        except pa.ArrowInvalid as problem:
            raise ValueError("a number that is NaN or infinite") from problem

    return decode


def array(item: Decode) -> Decode:
    """Return how arrays are read; raises ValueError for those of several dimensions."""

    def decode(found: Fields) -> pa.Array:
        import numpy as np
        import pyarrow as pa

        dimensions = np.where(found.nulls, 0, found.numbers(">i4"))
        if (dimensions > 1).any():
            raise ValueError("an array of several dimensions")
        counts = np.where(dimensions == 1, found.numbers(">i4", 12), 0)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        values = item(_elements(found, counts, offsets))
        return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(found.nulls))

    return decode


def _elements(found: Fields, counts: Numbers, offsets: Numbers) -> Fields:
    """Return the elements of all arrays, the first of each array first, then the second ..."""
    import numpy as np

    at = found.starts + 20
    starts = np.empty(offsets[-1], np.int64)
    lengths = np.empty(offsets[-1], np.int64)
    for place in range(int(counts.max(initial=0))):
        live = np.flatnonzero(counts > place)
        length = _numbers(found.data, at[live], ">i4").astype(np.int64)
        starts[offsets[live] + place] = at[live] + 4
        lengths[offsets[live] + place] = length
        at[live] += 4 + np.maximum(length, 0)
    return Fields(found.data, starts, lengths)
