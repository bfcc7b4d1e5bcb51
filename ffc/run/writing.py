"""Rows written to a file, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ffc.core.errors import BadRequest
from ffc.core.files import ENDINGS

if TYPE_CHECKING:
    import pyarrow as pa


def write_batches(batches: Iterator[pa.RecordBatch], path: Path) -> int:
    """Write rows as the path's ending says; return how many there were.

    The file appears under its name when it is complete, or not at all. Raises BadRequest for an
    ending that is not one of ENDINGS, and for a place where nothing can be written.
    """
    if path.suffix not in ENDINGS:
        message = f"`{path.name}` must end in one of {' '.join(ENDINGS)}"
        raise BadRequest(message, field="to")
    if not path.parent.is_dir():
        raise BadRequest(f"there is no folder `{path.parent}`", field="to")
    import pyarrow as pa

    try:
        return _write(batches, path)
    except pa.ArrowException as problem:
        message = f"a `{path.suffix}` file can't hold these rows: {problem}"
        raise BadRequest(
            message, field="to", help=["`.parquet` and `.arrow` hold more"]
        ) from problem
    except OSError as problem:
        message = f"`{path}` can't be written: {problem.strerror or problem}"
        raise BadRequest(message, field="to") from problem


def _write(batches: Iterator[pa.RecordBatch], path: Path) -> int:
    temporary = path.with_name(f".{path.name}.part")
    rows = 0
    try:
        first = next(batches)
        with _open(temporary, path.suffix, first.schema) as file:
            for batch in chain([first], batches):
                file.write_batch(batch)
                rows += batch.num_rows
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return rows


def _open(path: Path, suffix: str, schema: pa.Schema) -> pa.ipc.RecordBatchFileWriter:
    if suffix == ".csv":
        from pyarrow import csv

        return csv.CSVWriter(path, schema)
    if suffix == ".arrow":
        from pyarrow import ipc

        return ipc.new_file(path, schema)
    from pyarrow import parquet

    return parquet.ParquetWriter(path, schema)
