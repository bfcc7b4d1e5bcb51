"""Tables of other libraries, to and from Arrow; none is imported until it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from ffc.core.diagnostics import listed
from ffc.core.errors import BadRequest, BadSpine

if TYPE_CHECKING:
    import pyarrow as pa

Backend = Literal["arrow", "pandas", "polars", "numpy"]
BACKENDS: Final = ("arrow", "pandas", "polars", "numpy")


def check_backend(backend: str, known: tuple[str, ...] = BACKENDS) -> None:
    """Return if a backend is one; raises BadRequest."""
    if backend not in known:
        message = f"there is no backend `{backend}`"
        raise BadRequest(message, field="backend", help=[f"there is {listed(known)}"])


def imported(module: str, package: str) -> Any:
    """Import a library that is not ours to need; raises BadRequest where it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError as problem:
        message = f"this needs {package}, which is not installed"
        raise BadRequest(message, help=[f"pip install {package}"]) from problem


def as_frame(table: pa.Table | pa.RecordBatch, backend: str) -> Any:
    """Return rows as a table of a library; integers with gaps stay integers in each."""
    if backend == "arrow":
        return table
    if backend == "polars":
        return imported("polars", "polars").from_arrow(table)
    if backend == "numpy":
        return as_matrix(table)
    pandas = imported("pandas", "pandas")
    return table.to_pandas(types_mapper=_nullable(pandas, table).get)


def _nullable(pandas: Any, table: pa.Table | pa.RecordBatch) -> dict[pa.DataType, Any]:
    """Return pandas' own types for integers and truths of which some are missing."""
    import pyarrow as pa

    kinds = {
        pa.int32(): pandas.Int32Dtype(),
        pa.int64(): pandas.Int64Dtype(),
        pa.bool_(): pandas.BooleanDtype(),
    }
    gaps = {
        field.type
        for field, column in zip(table.schema, table.columns, strict=True)
        if column.null_count
    }
    return {kind: made for kind, made in kinds.items() if kind in gaps}


def as_array(column: pa.Array | pa.ChunkedArray, backend: str, name: str = "") -> Any:
    """Return one column as a library has it, under a name where columns have one there."""
    import pyarrow as pa

    if backend == "arrow":
        return column
    if backend == "numpy":
        # Truths of which some are missing are numbers, as integers are.
        gaps = pa.types.is_boolean(column.type) and column.null_count
        column = column.cast(pa.float64()) if gaps else column
        return column.to_numpy() if isinstance(column, pa.ChunkedArray) else _numpy(column)
    return as_frame(pa.table({name: column}), backend)[name]


def _numpy(column: pa.Array) -> Any:
    return column.to_numpy(zero_copy_only=False)


def as_matrix(table: pa.Table | pa.RecordBatch) -> Any:
    """Return columns of numbers as one matrix of float64, a null as NaN; raises BadRequest."""
    import numpy as np
    import pyarrow as pa

    found = np.empty((table.num_rows, table.num_columns), dtype=np.float64)
    for index, (field, column) in enumerate(zip(table.schema, table.columns, strict=True)):
        kind = field.type
        plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        if not (plain or pa.types.is_decimal(kind)):
            message = f"the column `{field.name}` is {kind}: a matrix holds numbers"
            raise BadRequest(message, help=["leave it out with `select`, or encode it before"])
        found[:, index] = as_array(column.cast(pa.float64()), "numpy")
    return found


def arrow_table(frame: object) -> pa.Table | pa.RecordBatchReader:
    """Return rows of any library as Arrow: a table in memory, or a stream that can be read once.

    Raises BadSpine where it is no table.
    """
    import pyarrow as pa

    if isinstance(frame, pa.Table | pa.RecordBatchReader):
        return frame
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    if isinstance(frame, list) and all(isinstance(row, Mapping) for row in frame):
        return _from_rows(frame)
    # A single column can be read as Arrow, too, but is no table.
    if type(frame).__module__.partition(".")[0] == "pandas" and hasattr(frame, "columns"):
        return _from_pandas(frame)
    if hasattr(frame, "__arrow_c_stream__") and hasattr(frame, "columns"):
        return pa.RecordBatchReader.from_stream(frame)
    hints = [
        "give a DataFrame, an Arrow table or reader, a `.parquet`, `.csv` or `.arrow` file, SQL"
    ]
    if hasattr(frame, "collect"):
        hints.insert(0, "`.collect()` makes it a DataFrame")
    if hasattr(frame, "arrow"):
        hints.insert(0, "`.arrow()` makes it an Arrow reader")
    raise BadSpine(f"a spine is no {type(frame).__name__}", help=hints)


def _from_rows(rows: Sequence[Mapping[Any, Any]]) -> pa.Table:
    """Return rows as a table, with every column that one of them has."""
    import pyarrow as pa

    names = list(dict.fromkeys(name for row in rows for name in row))
    arrays = [_from_values([row.get(name) for row in rows], str(name)) for name in names]
    return pa.table(arrays, names=[str(name) for name in names])


def _from_values(values: Sequence[object], name: str) -> pa.Array:
    import pyarrow as pa

    _have_zones(values, name)
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError) as problem:
        raise _unlike(name, problem) from problem


def _from_pandas(frame: Any) -> pa.Table:
    import pyarrow as pa

    # What has a name in the index is a column as the others are.
    levels = [name for name in frame.index.names if name is not None]
    columns = [*levels, *frame.columns]
    twice = sorted({str(name) for name in columns if columns.count(name) > 1})
    if twice:
        hints = ["give each a name of its own"]
        raise BadSpine(f"two columns of the spine have one name: {listed(twice)}", help=hints)
    frame = frame.reset_index(level=levels) if levels else frame
    arrays = [_from_series(frame[name], str(name)) for name in columns]
    return pa.table(arrays, names=[str(name) for name in columns])


def _from_series(series: Any, name: str) -> pa.Array | pa.ChunkedArray:
    import pyarrow as pa

    if str(series.dtype) == "object" and _have_zones(series, name):
        series = imported("pandas", "pandas").to_datetime(series, utc=True)
    try:
        return pa.Array.from_pandas(series)
    except (pa.ArrowException, OverflowError) as problem:
        raise _unlike(name, problem) from problem


def _have_zones(values: Iterable[Any], name: str) -> bool:
    """Tell whether values are times with a zone; raises BadSpine where only some have one."""
    zones = {value.tzinfo is not None for value in values if hasattr(value, "tzinfo")}
    if zones == {True, False}:
        message = f"some times of the column `{name}` have a time zone, and others have none"
        raise BadSpine(message, help=["`pandas.to_datetime(..., utc=True)` makes them instants"])
    return zones == {True}


def _unlike(name: str, problem: Exception) -> BadSpine:
    message = f"the column `{name}` holds values of several types, or of one that Arrow has not"
    return BadSpine(message, help=[str(problem).splitlines()[0]])
