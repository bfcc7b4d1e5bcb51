"""Batches of keys and rows as bytes: column by column what KeyCodec and RowCodec write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ffc.adapter.online import WRITE_SCHEMA
from ffc.core.types import Type, known_type
from ffc.manifest.served import ServedView
from ffc.online.codec import BATCH, CODEC, ROW, RowCodec, version
from ffc.online.keys import TAGS, field_of, prefix_of
from ffc.online.packing import (
    FORMATS,
    Numbers,
    Part,
    binary,
    bytes_of,
    constant,
    fixed,
    flags,
    instants,
    joined,
    null_bitmap,
    varied,
)

SCHEMA: Final = pa.schema([(name, pa.binary()) for name in WRITE_SCHEMA])
_BIAS: Final = np.uint64(1 << 63)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A batch of WRITE_SCHEMA, and how many of its rows are new, changed and removed."""

    batch: pa.RecordBatch
    new: int
    changed: int
    removed: int


class BatchEncoder:
    """Encodes batches of one view's difference, their columns as `ffc.sql.difference` has them."""

    def __init__(self, project: str, target: str, view: ServedView) -> None:
        self._prefix = prefix_of(project, target, view.entity)
        self._keys = [known_type(key.type) for key in view.keys]
        self._features = [known_type(feature.type) for feature in view.features]
        self._field = field_of(view)
        self._gone = RowCodec(view.features).tombstone(None, None)

    def encode(self, batch: pa.RecordBatch) -> Encoded:
        """Return what is to be written; raises ValueError or TypeError for what can't be stored.

        A row that is gone leaves no times behind: whatever comes for its key later is newer,
        however early its event time.
        """
        width = len(self._keys)
        gone, known = batch.column(width), batch.column(batch.num_columns - 1)
        was, removed = _count(known), _count(gone)
        if not removed:
            return Encoded(self._written(batch), batch.num_rows - was, was, 0)
        live, dead = batch.filter(pc.invert(gone)), batch.filter(gone)
        whole = pa.concat_batches([self._written(live), self._tombstones(dead)])
        return Encoded(whole, batch.num_rows - was, was - removed, removed)

    def keys(self, columns: Sequence[pa.Array], count: int) -> pa.Array:
        """Return what KeyCodec makes of each row of the key columns; raises ValueError for null."""
        parts: list[Part] = [constant(self._prefix)]
        for kind, column in zip(self._keys, columns, strict=True):
            if column.null_count:
                raise ValueError("a key is null")
            parts += _key_part(kind, column)
        return joined(parts, count)

    def rows(
        self, event_times: pa.Array, created: pa.Array, columns: Sequence[pa.Array]
    ) -> pa.Array:
        """Return what RowCodec makes of each row of the features' columns."""
        count = len(event_times)
        parts: list[Part] = [constant(bytes((CODEC, ROW, BATCH)))]
        parts += [(">u8", _sorted(event_times)), (">u8", _sorted(created))]
        if columns:
            bitmap = null_bitmap(columns, count)
            parts.append((f"{bitmap.shape[1]}u1", bitmap))
        typed = list(zip(self._features, columns, strict=True))
        parts += [(FORMATS[k.name], fixed(k, c)) for k, c in typed if k.name in FORMATS]
        for kind, column in typed:
            if kind.name not in FORMATS:
                parts += varied(bytes_of(kind, column))
        return joined(parts, count)

    def _written(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        width, columns = len(self._keys), batch.columns
        event_times, created = columns[width + 1 : width + 3]
        return self._batch(
            batch,
            self.rows(event_times, created, columns[width + 3 : -3]),
            versions(event_times, created),
        )

    def _tombstones(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        count = batch.num_rows
        nothing = joined([constant(version(None, None))], count)
        return self._batch(batch, joined([constant(self._gone)], count), nothing)

    def _batch(self, batch: pa.RecordBatch, values: pa.Array, newer: pa.Array) -> pa.RecordBatch:
        columns, count = batch.columns, batch.num_rows
        *_, old_event_times, old_created, known = columns
        written = [
            self.keys(columns[: len(self._keys)], count),
            joined([constant(self._field)], count),
            values,
            newer,
            versions(old_event_times, old_created, flags(known)),
        ]
        return pa.RecordBatch.from_arrays(written, schema=SCHEMA)


def versions(event_times: pa.Array, created: pa.Array, valid: Numbers | None = None) -> pa.Array:
    """Return what `version` makes of each pair of times; null where not `valid`."""
    both = np.empty((len(event_times), 2), ">u8")
    both[:, 0], both[:, 1] = _sorted(event_times), _sorted(created)
    return binary(both, np.arange(len(both) + 1) * 16, valid)


def pieces(batch: pa.RecordBatch, most: int) -> Iterator[pa.RecordBatch]:
    """Return a batch in parts of about so many bytes, so that large values are few at a time."""
    rows = max(1, batch.num_rows * most // max(batch.nbytes, 1))
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def _key_part(kind: Type, column: pa.Array) -> list[Part]:
    tag: Part = (">u1", TAGS[kind.name])
    if kind.name in ("string", "decimal"):
        return [tag, *varied(bytes_of(kind, column))]
    return [tag, (">u4", 8), (">i8", fixed(kind, column))]


def _sorted(times: pa.Array) -> Numbers:
    """Return instants as numbers that sort as their bytes do, a null as the least."""
    numbers = instants(times).view(np.uint64) ^ _BIAS
    return np.where(flags(times.is_valid()), numbers, np.uint64(0)) if times.null_count else numbers


def _count(column: pa.Array) -> int:
    return pc.sum(column).as_py() or 0
