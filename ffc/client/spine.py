"""Whatever a person has of keys and times, as a table that can be read more than once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ffc.client.frames import arrow_table
from ffc.core.errors import BadSpine
from ffc.core.files import ENDINGS
from ffc.run.spines import Spine

if TYPE_CHECKING:
    import pyarrow as pa

ROWS: Final = 65_536
_SQL: Final = re.compile(r"\s*(--|/\*|\(|select\b|with\b|from\b)", re.IGNORECASE)


def is_query(given: object) -> bool:
    """Tell whether a spine is given as SQL."""
    return isinstance(given, str) and _SQL.match(given) is not None


def spine_of(given: object, folder: Path, types: Mapping[str, pa.DataType]) -> Spine:
    """Return a spine from a DataFrame, Arrow, a list of mappings or a file.

    What can be read but once is put into `folder` first. `types` are those of columns in a CSV
    file. Raises BadSpine where it is no table, or can't be read.
    """
    import pyarrow as pa

    if isinstance(given, str | Path):
        return _file(Path(given), types)
    table = arrow_table(given)
    if isinstance(table, pa.Table):
        return Spine(schema=table.schema, read=lambda: iter(table.to_batches(ROWS)))
    return spooled(table.schema, iter(table), folder)


def spooled(schema: pa.Schema, batches: Iterator[pa.RecordBatch], folder: Path) -> Spine:
    """Return a spine of rows that can be read once: they are kept in a file."""
    import pyarrow as pa

    path = folder / "spine.arrow"
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(path, schema, options=options) as file:
        for batch in batches:
            file.write_batch(batch)
    return _arrow(path)


def _file(path: Path, types: Mapping[str, pa.DataType]) -> Spine:
    import pyarrow as pa

    if path.suffix not in ENDINGS:
        message = f"a spine is a file that ends in one of {' '.join(ENDINGS)}, or SQL"
        raise BadSpine(message, help=[f"it is `{path}`"])
    if not path.is_file():
        raise BadSpine(f"there is no file `{path}`")
    try:
        if path.suffix == ".arrow":
            return _arrow(path)
        return _parquet(path) if path.suffix == ".parquet" else _csv(path, types)
    except OSError as problem:
        message = f"`{path}` can't be read: {problem.strerror or problem}"
        raise BadSpine(message) from problem
    except pa.ArrowException as problem:
        raise BadSpine(f"`{path}` can't be read: {problem}") from problem


def _arrow(path: Path) -> Spine:
    import pyarrow as pa

    def read() -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
            for index in range(file.num_record_batches):
                yield file.get_batch(index)

    with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
        return Spine(schema=file.schema, read=read)


def _parquet(path: Path) -> Spine:
    from pyarrow import parquet

    def read() -> Iterator[pa.RecordBatch]:
        with parquet.ParquetFile(path) as file:
            yield from file.iter_batches(ROWS)

    with parquet.ParquetFile(path) as file:
        return Spine(schema=file.schema_arrow, read=read)


def _csv(path: Path, types: Mapping[str, pa.DataType]) -> Spine:
    import pyarrow as pa
    from pyarrow import csv

    options = csv.ConvertOptions(column_types=dict(types), strings_can_be_null=True)

    def read() -> Iterator[pa.RecordBatch]:
        try:
            with csv.open_csv(path, convert_options=options) as file:
                yield from file
        except pa.ArrowException as problem:
            raise BadSpine(f"`{path}` can't be read: {problem}") from problem

    with csv.open_csv(path, convert_options=options) as file:
        return Spine(schema=file.schema, read=read)
