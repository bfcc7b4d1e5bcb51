"""The types of columns in Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING

from ffc.core.types import Type

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_type(kind: Type) -> pa.DataType:
    """Return a type as Arrow has it: times are instants, UTC, to the microsecond; JSON is text."""
    import pyarrow as pa

    if kind.name == "decimal":
        return pa.decimal128(kind.precision, kind.scale)
    if kind.name == "list" and kind.item is not None:
        return pa.list_(arrow_type(kind.item))
    if kind.name == "vector":
        return pa.list_(pa.float32(), kind.size)
    plain = {
        "string": pa.string(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "float32": pa.float32(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
        "bytes": pa.binary(),
        "json": pa.string(),
    }
    return plain[kind.name]


def counted(first: int, count: int) -> pa.Array:
    """Return whole numbers from the first one on, one after the other.

    Of a buffer: to take an array of numpy's, pyarrow would import pandas.
    """
    import numpy as np
    import pyarrow as pa

    numbers = np.arange(first, first + count, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), count, [None, pa.py_buffer(numbers)])


def arrow_schema(columns: Mapping[str, Type | None], found: pa.Schema) -> pa.Schema:
    """Return the schema of columns as they are declared; what is of no type stays as it came.

    `found` has the columns in the same order.
    """
    import pyarrow as pa

    fields = [
        pa.field(name, found.field(index).type if kind is None else arrow_type(kind))
        for index, (name, kind) in enumerate(columns.items())
    ]
    return pa.schema(fields)


def typed(
    batches: Iterator[pa.RecordBatch], columns: Mapping[str, Type | None]
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return batches with their columns as they are declared, and the schema that they have.

    There is one batch at the least: it tells the types of what is of none of ours.
    """
    first = next(batches)
    schema = arrow_schema(columns, first.schema)
    return schema, (conform(batch, schema) for batch in chain([first], batches))


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch with the names and types of a schema, which says the same in its order.

    A time without a zone is UTC.
    """
    import pyarrow as pa

    arrays = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def sized(
    batches: Iterator[pa.RecordBatch], size: int, drop_last: bool = False
) -> Iterator[pa.RecordBatch]:
    """Yield the rows in batches of a size; the last may be smaller, unless it is dropped."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        start = 0
        while batch.num_rows - start >= size - count:
            part = batch.slice(start, size - count)
            start += part.num_rows
            yield pa.concat_batches([*held, part]) if held else part
            held, count = [], 0
        if start < batch.num_rows:
            held.append(batch.slice(start))
            count += batch.num_rows - start
    if held and not drop_last:
        yield pa.concat_batches(held)
