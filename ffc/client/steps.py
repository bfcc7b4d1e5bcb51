"""What can be done to rows on their way: kept or not, mixed, told apart. Bounded in memory.

A stream of batches ends in the column ROW, the number of each row where it lies: what is decided of
a row is decided by it, or by the row's values, never by where it comes in a stream that was mixed.
The same seed gives the same rows in the same order, on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ffc.core.errors import BadRequest
from ffc.core.interrupts import interruptible

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa
    from pyarrow import compute as pc

    # Which rows of a batch stay.
    Mask = Callable[[pa.RecordBatch], pa.Array]
    Batches = Iterator[pa.RecordBatch]

# No table of anybody's has such a name.
ROW: Final = "ffc: the number of the row"
_ALL: Final = 1 << 64


def kept(batches: Batches, mask: Mask) -> Batches:
    """Yield the rows that a mask lets through; a null does not."""
    for batch in batches:
        found = batch.filter(mask(batch))
        if found.num_rows:
            yield found


def mixed(batches: Batches, buffer: int, seed: int, epoch: int) -> Batches:
    """Yield the rows in another order: each half of a full buffer, drawn at random, makes room.

    A row is kept back for any time, and comes forward by no more than the buffer holds.
    """
    random = _Random(seed, epoch)
    held: list[pa.RecordBatch] = []
    count = 0
    half = max(1, buffer // 2)
    for batch in batches:
        for start in range(0, batch.num_rows, half):
            part = batch.slice(start, half)
            held.append(part)
            count += part.num_rows
            if count >= buffer:
                drawn = _drawn(held, random)
                yield drawn.slice(0, half)
                held, count = [drawn.slice(half)], max(0, drawn.num_rows - half)
    if count:
        yield _drawn(held, random)


def _drawn(held: list[pa.RecordBatch], random: _Random) -> pa.RecordBatch:
    import pyarrow as pa

    whole = pa.concat_batches(held)
    return whole.take(pa.array(random.order(whole.num_rows)))


class _Random:
    """Numbers that hang on a seed and a pass alone: the raw bits, which no version changes."""

    def __init__(self, seed: int, epoch: int) -> None:
        import numpy as np

        self._bits = np.random.PCG64(np.random.SeedSequence([seed % _ALL, epoch]))

    def order(self, count: int) -> npt.NDArray[np.int64]:
        """Return the numbers below `count` in an order of chance."""
        import numpy as np

        return np.argsort(self._bits.random_raw(count), kind="stable")


def by_chance(test: float, seed: int, wanted: bool) -> Mask:
    """Return the mask of one side: each row is on the side that its number says."""
    limit = _limit(test)

    def mask(batch: pa.RecordBatch) -> pa.Array:
        import pyarrow as pa

        drawn = _scattered(batch.column(ROW).to_numpy(), seed)
        return pa.array((drawn < limit) == wanted)

    return mask


def _scattered(numbers: Any, seed: int) -> npt.NDArray[np.uint64]:
    """Return numbers that look like chance: splitmix64, Steele et al., OOPSLA 2014."""
    import numpy as np

    with np.errstate(over="ignore"):
        step = np.uint64(0x9E3779B97F4A7C15)
        found = numbers.astype(np.uint64) + _scattered_seed(seed)
        found = (found + np.uint64(1)) * step
        found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed: npt.NDArray[np.uint64] = found ^ (found >> np.uint64(31))
    return mixed


def _scattered_seed(seed: int) -> np.uint64:
    import hashlib

    import numpy as np

    digest = hashlib.sha256(str(seed).encode()).digest()
    return np.uint64(int.from_bytes(digest[:8], "big"))


def _limit(share: float) -> int:
    return min(int(share * _ALL), _ALL - 1)


def by_key(keys: Sequence[str], test: float, seed: int, wanted: bool) -> Mask:
    """Return the mask of one side: all rows of a key are on the side that the key says."""
    limit = _limit(test)

    def mask(batch: pa.RecordBatch) -> pa.Array:
        import numpy as np
        import pyarrow as pa

        drawn = np.zeros(batch.num_rows, dtype=np.uint64)
        for position, key in enumerate(keys):
            column = batch.column(key).dictionary_encode()
            table = [_digest(value, seed, position) for value in column.dictionary.to_pylist()]
            known = np.array([*table, _digest(None, seed, position)], dtype=np.uint64)
            indices = column.indices.fill_null(len(table)).to_numpy(zero_copy_only=False)
            with np.errstate(over="ignore"):
                drawn = drawn * np.uint64(0x9E3779B97F4A7C15) + known[indices]
        return pa.array((_scattered(drawn, seed) < limit) == wanted)

    return mask


def _digest(value: object, seed: int, position: int) -> int:
    import hashlib

    text = f"{seed}:{position}:{type(value).__name__}:{value}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def by_time(column: str, border: int, wanted: bool) -> Mask:
    """Return the mask of one side: before a border, or not; microseconds since 1970.

    A row without a time is on neither: nobody knows what was its future.
    """

    def mask(batch: pa.RecordBatch) -> pa.Array:
        import pyarrow as pa
        from pyarrow import compute

        at = microseconds(batch.column(column))
        later = compute.greater_equal(at, pa.scalar(border, pa.int64()))
        return later if wanted else compute.invert(later)

    return mask


def microseconds(times: pa.Array) -> pa.Array:
    """Return times or dates as microseconds since 1970."""
    import pyarrow as pa

    zone = times.type.tz if pa.types.is_timestamp(times.type) else None
    return times.cast(pa.timestamp("us", tz=zone)).cast(pa.int64())


def border_of(read: Callable[[], Batches], column: str, test: float) -> int | None:
    """Return the time from which on about a share of rows lies; None where no row has a time.

    The rows are read several times, and never held: each pass counts how many lie in each of so
    many stretches of time, then looks into the one stretch that the border is in.
    """
    low, high, count = _ends(read, column)
    if low is None or high is None:
        return None
    wanted = count - int(test * count)
    while high > low:
        width = (high - low) // _STRETCHES + 1
        below, counts = _counted(read, column, low, width)
        for index, inside in enumerate(counts):
            if below + inside > wanted or index == len(counts) - 1:
                high = min(high, low + (index + 1) * width - 1)
                low = low + index * width
                break
            below += inside
    return low


_STRETCHES: Final = 1 << 16


def _ends(read: Callable[[], Batches], column: str) -> tuple[int | None, int | None, int]:
    from pyarrow import compute

    low: int | None = None
    high: int | None = None
    count = 0
    for batch in read():
        times = microseconds(batch.column(column))
        ends = compute.min_max(times).as_py()
        if ends["min"] is not None:
            low = ends["min"] if low is None else min(low, ends["min"])
            high = ends["max"] if high is None else max(high, ends["max"])
        count += len(times) - times.null_count
    return low, high, count


def _counted(
    read: Callable[[], Batches], column: str, low: int, width: int
) -> tuple[int, list[int]]:
    """Return how many rows lie before `low`, and how many in each stretch from there on."""
    import numpy as np

    below = 0
    counts = np.zeros(_STRETCHES, dtype=np.int64)
    for batch in read():
        times = microseconds(batch.column(column)).drop_null().to_numpy(zero_copy_only=False)
        below += int((times < low).sum())
        index = (times[times >= low] - low) // width
        counts += np.bincount(index[index < _STRETCHES], minlength=_STRETCHES)
    return below, counts.tolist()


def condition(said: str | pc.Expression, schema: pa.Schema) -> Mask:
    """Return the mask of a condition: SQL over the columns, or an expression of pyarrow's.

    It is tried on no rows at once; raises BadRequest where it is no condition over them, and where
    a row has a value that it can't be asked of.
    """
    import duckdb
    import pyarrow as pa

    tried = _sql(said) if isinstance(said, str) else _expression(said)

    def mask(batch: pa.RecordBatch) -> pa.Array:
        try:
            with interruptible():
                return tried(batch)
        except (duckdb.Error, pa.ArrowException, TypeError) as problem:
            first = str(problem).strip().splitlines()[0]
            message = f"this is no condition over these rows: {first}"
            raise BadRequest(message, field="filter") from problem

    mask(pa.RecordBatch.from_pylist([], schema=schema))
    return mask


def columns_of(said: str) -> frozenset[str]:
    """Return the columns that a condition in SQL looks at; raises BadRequest."""
    return frozenset(column.name for column in _parsed(said).find_all(exp.Column))


def _parsed(said: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(said, read="duckdb", into=exp.Condition)
    except SqlglotError as problem:
        first = str(problem).splitlines()[0]
        raise BadRequest(f"this is no condition: {first}", field="filter") from problem


def _expression(said: pc.Expression) -> Mask:
    def mask(batch: pa.RecordBatch) -> pa.Array:
        from pyarrow import dataset

        scanned = dataset.Scanner.from_batches(
            iter([batch]), schema=batch.schema, columns={"keep": said}
        )
        return scanned.to_table().column("keep").combine_chunks()

    return mask


def _sql(said: str) -> Mask:
    import duckdb

    # Names in quotes, whatever words of SQL they are.
    text = _parsed(said).sql(dialect="duckdb", identify=True)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")

    def mask(batch: pa.RecordBatch) -> pa.Array:
        import pyarrow as pa

        rows = connection.from_arrow(pa.Table.from_batches([batch]))
        found = rows.project(text).to_arrow_table()
        if found.num_columns != 1 or not pa.types.is_boolean(found.column(0).type):
            message = f"`{said}` is no condition: it is neither true nor false"
            raise BadRequest(message, field="filter")
        return found.column(0).combine_chunks()

    return mask
