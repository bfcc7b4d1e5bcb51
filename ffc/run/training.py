"""Read a training set's newest build, or write it to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from ffc.adapter.state import Build
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.errors import BadRequest
from ffc.core.files import ENDINGS
from ffc.core.types import known_type
from ffc.manifest.records import OutputColumn, TrainingSet
from ffc.online.values import writer
from ffc.registry import StateRegistry
from ffc.sql import build

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRows:
    """A build of a training set, its rows as Arrow batches that can be read once."""

    name: str
    build: Build
    columns: tuple[OutputColumn, ...]
    batches: Iterator[pa.RecordBatch]

    def json_row(self, row: Mapping[str, object]) -> list[object]:
        """Return a row's values in order, as JSON has them."""
        return [_written(writer_of(c), row[c.name]) for c in self.columns]

    def text_row(self, row: Mapping[str, object]) -> dict[str, object]:
        """Return a row's values by name, as people read them."""
        return dict(zip([c.name for c in self.columns], self.json_row(row), strict=True))


def writer_of(column: OutputColumn) -> Callable[[object], object] | None:
    """Return the function that makes a column's values JSON, if they are not."""
    return writer(known_type(column.type)) if column.type else str


def _written(write: Callable[[object], object] | None, value: object) -> object:
    return value if write is None or value is None else write(value)


def read_training_set(
    session: Session, name: str, *, principal: Principal, limit: int | None = None
) -> TrainingRows:
    """Return the newest good build of a training set; raises NotFound where there is none.

    Rows come in the order of the label's keys and time. `limit` is a number of rows.
    """
    registry = StateRegistry(session.state, session.target.name)
    node = registry.find("training_set", name)
    authorize(principal, "read", node.id)
    if not isinstance(node, TrainingSet):
        raise TypeError(node.id)
    columns = node.plan.output
    ordered = [build.column(c.name) for c in columns if c.role in ("key", "timestamp", "include")]
    query = (
        exp.select(*(build.column(c.name) for c in columns))
        .from_(table_of(registry.relation(node.id)))
        .order_by(*ordered)
    )
    if limit is not None:
        query = query.limit(limit)
    return TrainingRows(
        name=node.name,
        build=registry.build(node.id),
        columns=columns,
        batches=Warehouse(session.offline, session.schema).batches(query),
    )


def write_training_set(found: TrainingRows, path: Path) -> int:
    """Write the rows as the path's ending says; return how many there were; raises BadRequest."""
    return write_batches(found.batches, path)


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
        hints = ["`.parquet` and `.arrow` hold more"]
        raise BadRequest(message, field="to", help=hints) from problem
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
