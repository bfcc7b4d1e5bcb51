"""Which rows of two sides differ, found beside the warehouses in bounded memory.

Both sides are read once, for the hashes of their rows: what belongs together falls into the same of
a few thousand buckets. Where the sums of a bucket are alike, its rows are. Only the rows of the
others are read again and kept, in a file that DuckDB compares and that is thrown away.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from ffc.core.errors import StoreError, Transient
from ffc.core.interrupts import interruptible
from ffc.sql import build
from ffc.sql.comparison import (
    BATCH,
    DIALECT,
    SIDES,
    Comparison,
    Kind,
    counts,
    differs_name,
    hashes,
    left_over,
    pairs,
    sample,
)

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

BUCKETS: Final = 4096
KINDS: Final[tuple[Kind, ...]] = ("changed", "first", "second")
_MEMORY: Final = "1GB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The rows of one side: `read` gives them from the first, each time, by one schema."""

    schema: pa.Schema
    read: Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """How many rows each side has, how many differ and how, and the first of each kind.

    `only` is of rows that one side alone has, `columns` in how many changed rows each differs.
    `samples` have the columns that `ffc.sql.comparison.sample` gives them.
    """

    rows: tuple[int, int]
    changed: int = 0
    only: tuple[int, int] = (0, 0)
    columns: dict[str, int] = field(default_factory=dict)
    samples: dict[Kind, pa.Table] = field(default_factory=dict)


def differing(asked: Comparison, sides: tuple[Side, Side], most: int) -> Differing:
    """Compare two sides, with samples of at most so many rows of each kind.

    Raises Transient where a side changed while it was read, StoreError where there is no room for
    what differs.
    """
    with tempfile.TemporaryDirectory(prefix="ffc-compare-") as folder, _mapped():
        connection = _open(Path(folder))
        try:
            return _compared(connection, asked, sides, most)
        finally:
            connection.close()


def _open(folder: Path) -> duckdb.DuckDBPyConnection:
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "temp_directory": str(folder / "spilled"),
        "preserve_insertion_order": "false",
    }
    connection = duckdb.connect(config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@contextmanager
def _mapped() -> Iterator[None]:
    import duckdb

    try:
        with interruptible():
            yield
    except duckdb.Error as problem:
        said = str(problem).strip().partition("\n")[0]
        hints = ["rows that differ are kept in the folder for temporary files: see `TMPDIR`"]
        raise StoreError(f"the rows can't be compared: {said}", help=hints) from problem


@dataclass(slots=True)
class _Sums:
    """How many rows are in each bucket, and the sum of their hashes."""

    rows: npt.NDArray[np.int64]
    totals: npt.NDArray[np.uint64]

    def add(self, buckets: npt.NDArray[np.uint64], hashed: npt.NDArray[np.uint64]) -> None:
        import numpy as np

        self.rows += np.bincount(buckets.astype(np.int64), minlength=BUCKETS)
        np.add.at(self.totals, buckets, hashed)


def _none() -> _Sums:
    import numpy as np

    return _Sums(np.zeros(BUCKETS, np.int64), np.zeros(BUCKETS, np.uint64))


def _compared(
    connection: duckdb.DuckDBPyConnection,
    asked: Comparison,
    sides: tuple[Side, Side],
    most: int,
) -> Differing:
    first, second = (_summed(connection, asked, side) for side in sides)
    unlike = (first.rows != second.rows) | (first.totals != second.totals)
    rows = (int(first.rows.sum()), int(second.rows.sum()))
    if not unlike.any():
        return Differing(rows=rows)
    for name, side, sums in zip(SIDES, sides, (first, second), strict=True):
        _keep(connection, asked, name, side, sums, unlike)
    for name, other in (SIDES, SIDES[::-1]):
        connection.execute(_text(left_over(name, other)))
    for name in SIDES:
        connection.execute(_text(exp.Drop(tables=[build.table(name)], kind="TABLE")))
    connection.execute(_text(pairs(asked)))
    (found,) = connection.sql(_text(counts(asked))).to_arrow_table().to_pylist()
    return Differing(
        rows=rows,
        changed=found["changed"],
        only=(found["first"], found["second"]),
        columns={name: found[differs_name(name)] for name in asked.compared},
        samples={
            kind: connection.sql(_text(sample(asked, kind, most))).to_arrow_table()
            for kind in KINDS
        },
    )


def _summed(connection: duckdb.DuckDBPyConnection, asked: Comparison, side: Side) -> _Sums:
    sums = _none()
    for batch in side.read():
        sums.add(*_hashed(connection, asked, batch))
    return sums


def _keep(
    connection: duckdb.DuckDBPyConnection,
    asked: Comparison,
    name: str,
    side: Side,
    before: _Sums,
    wanted: npt.NDArray[np.bool_],
) -> None:
    """Put the rows of the wanted buckets into a table; raises Transient where they changed."""
    import pyarrow as pa

    sums = _none()
    _put(connection, name, side.schema.empty_table())
    for batch in side.read():
        buckets, hashed = _hashed(connection, asked, batch)
        sums.add(buckets, hashed)
        kept = batch.filter(pa.array(wanted[buckets]))
        if kept.num_rows:
            _put(connection, name, pa.Table.from_batches([kept]), anew=False)
    if (sums.totals != before.totals).any():
        raise Transient(
            "the rows changed while they were compared",
            help=["compare again when nothing runs: a view shows what its tables are now"],
        )


def _put(
    connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table, *, anew: bool = True
) -> None:
    query = exp.select("*").from_(build.table(BATCH))
    table = build.table(name)
    statement: exp.Expr = exp.Insert(this=table, expression=query)
    if anew:
        statement = exp.Create(this=table, kind="TABLE", expression=query)
    connection.register(BATCH, rows)
    connection.execute(_text(statement))


def _hashed(
    connection: duckdb.DuckDBPyConnection, asked: Comparison, batch: pa.RecordBatch
) -> tuple[Any, Any]:
    """Return the bucket of each row, and the hash of all of it, floats coarsened."""
    import pyarrow as pa

    columns = [
        coarse(column, asked.tolerance.relative) if name in asked.near else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    coarsened = pa.RecordBatch.from_arrays(columns, schema=batch.schema)
    connection.register(BATCH, pa.Table.from_batches([coarsened]))
    found = connection.execute(_text(hashes(asked))).fetchnumpy()
    return found["identity"] % BUCKETS, found["whole"]


def coarse(column: pa.Array, relative: float) -> pa.Array:
    """Return floats with the last bits zero: two that are alike then are near each other.

    So the noise of sums that were added in another order is no reason to read rows again, but for
    the few that lie at an edge.
    """
    import numpy as np
    import pyarrow as pa

    double = pa.types.is_float64(column.type)
    whole, integer = (52, np.int64) if double else (23, np.int32)
    zeroed = whole - math.ceil(-math.log2(relative)) if 0 < relative < 1 else 0
    if zeroed <= 0:
        return column
    floats = column.fill_null(0.0).to_numpy(zero_copy_only=False)
    bits = floats.view(integer)
    # Where the exponent is least, the last bits are most of the number.
    cut = np.where(np.abs(floats) < np.finfo(floats.dtype).tiny, bits, bits & -(1 << zeroed))
    nulls = column.is_null().to_numpy(zero_copy_only=False)
    return pa.array(cut.view(floats.dtype), type=column.type, mask=nulls)


def _text(statement: exp.Expr) -> str:
    return statement.sql(dialect=DIALECT)


def positions(count: int) -> Sequence[str]:
    """Return what columns are called while they are compared, whatever their own names are."""
    return [f"c{number}" for number in range(count)]
