"""Read a build of a training set, or write it to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, builds_schema, table_of
from ffc.core.arrow import typed
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadRequest, NotFound
from ffc.core.files import ENDINGS
from ffc.core.names import DEFAULT_VARIANT, node_id, split_variant
from ffc.core.types import known_type
from ffc.manifest.records import OutputColumn, TrainingSet
from ffc.manifest.upgrades import decode_node
from ffc.online.values import writer
from ffc.registry import Registry, StateRegistry
from ffc.sql.point_in_time import in_order

if TYPE_CHECKING:
    import pyarrow as pa

# So many builds are named to somebody who asked for another one.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRows:
    """A build of a training set, its rows as Arrow batches that can be read once."""

    name: str
    build: Build
    columns: tuple[OutputColumn, ...]
    batches: Iterator[pa.RecordBatch]

    def typed(self) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Return the batches with their columns as they are declared, and their schema."""
        kinds = {c.name: known_type(c.type) if c.type else None for c in self.columns}
        return typed(self.batches, kinds)

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
    session: Session,
    name: str,
    *,
    principal: Principal,
    limit: int | None = None,
    build: str | None = None,
) -> TrainingRows:
    """Return a build of a training set, by id, or the newest good one; raises NotFound.

    The rows of a build always come in the same order, that of their columns from left to right.
    `limit` is a number of rows.
    """
    node, chosen = _found(session, name, build)
    authorize(principal, "read", node.id)
    # What an older ffc built has no hash, and lies in no order.
    sorted_ = session.offline.capabilities.keeps_order and bool(chosen.content_hash)
    table = table_of(Relation(*chosen.relation))
    query = in_order(table, node.plan, sort=not sorted_)
    if limit is not None:
        query = query.limit(limit)
    return TrainingRows(
        name=node.name,
        build=chosen,
        columns=node.plan.output,
        batches=Warehouse(session.offline, session.schema).batches(query),
    )


def _found(session: Session, name: str, build: str | None) -> tuple[TrainingSet, Build]:
    """Return a training set as it was when a build of it was made, and that build."""
    registry = StateRegistry(session.state, session.target.name)
    found = _id_of(registry, session, name, retired=build is not None)
    chosen = registry.build(found) if build is None else past_build(session, found, build)
    known = session.state.definitions([(found, chosen.fingerprint)])
    node = decode_node(known[found, chosen.fingerprint])
    if not isinstance(node, TrainingSet):
        raise TypeError(found)
    return node, chosen


def _id_of(registry: Registry, session: Session, name: str, *, retired: bool) -> str:
    """Return a training set's id; one that is declared no more is known by its builds."""
    try:
        return registry.find("training_set", name).id
    except NotFound:
        own, variant = split_variant(name)
        known = node_id("training_set", own, variant or DEFAULT_VARIANT)
        if not retired or not session.state.past_builds(builds_schema(session.schema), node=known):
            raise
        return known


def past_build(session: Session, node: str, build: str) -> Build:
    """Return a build of a node by its id; raises NotFound, for one that was collected too."""
    builds = session.state.past_builds(builds_schema(session.schema), node=node)
    known = {each.id: each for each in builds}
    name = node.partition(".")[2]
    if build not in known:
        there = [each.id for each in builds if not each.collected][:_NAMED]
        hints = did_you_mean(build, known) or (f"the newest are {listed(there) or 'collected'}",)
        raise NotFound(f"`{name}` has no build `{build}`", help=hints)
    found = known[build]
    if found.collected:
        hint = f"its rows were `{found.content_hash}`" if found.content_hash else "it has no hash"
        when = found.collected[:16].replace("T", " ")
        message = f"the build `{build}` of `{name}` was collected at {when} UTC"
        raise NotFound(message, help=[f"{hint}; `ffc builds {name}` tells more"])
    return found


def write_training_set(
    found: TrainingRows, path: Path, report: Callable[[int], None] = lambda _: None
) -> int:
    """Write the rows as the path's ending says; return how many there were; raises BadRequest."""
    _, batches = found.typed()
    return write_batches(batches, path, report)


def check_destination(path: Path) -> None:
    """Return if rows can be written under a name; raises BadRequest."""
    if path.suffix not in ENDINGS:
        message = f"`{path.name}` must end in one of {' '.join(ENDINGS)}"
        raise BadRequest(message, field="to")
    if not path.parent.is_dir():
        raise BadRequest(f"there is no folder `{path.parent}`", field="to")


def write_batches(
    batches: Iterator[pa.RecordBatch], path: Path, report: Callable[[int], None] = lambda _: None
) -> int:
    """Write rows as the path's ending says; return how many there were.

    `report` is told after each batch how many rows are written so far. The file appears under its
    name when it is complete, or not at all. Raises BadRequest for an ending that is not one of
    ENDINGS, and for a place where nothing can be written.
    """
    check_destination(path)
    import pyarrow as pa

    try:
        return _write(batches, path, report)
    except pa.ArrowException as problem:
        message = f"a `{path.suffix}` file can't hold these rows: {problem}"
        hints = ["`.parquet` and `.arrow` hold more"]
        raise BadRequest(message, field="to", help=hints) from problem
    except OSError as problem:
        message = f"`{path}` can't be written: {problem.strerror or problem}"
        raise BadRequest(message, field="to") from problem


def _write(batches: Iterator[pa.RecordBatch], path: Path, report: Callable[[int], None]) -> int:
    temporary = path.with_name(f".{path.name}.part")
    rows = 0
    try:
        first = next(batches)
        with _open(temporary, path.suffix, first.schema) as file:
            for batch in chain([first], batches):
                file.write_batch(_settled(batch) if path.suffix == ".arrow" else batch)
                rows += batch.num_rows
                report(rows)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return rows


def _settled(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the same rows; what lies where a null is, and means nothing, is zero.

    An Arrow file has those bytes, too, and they follow from how a store packed its rows.
    """
    import pyarrow as pa

    return batch.take(pa.array(range(batch.num_rows), pa.int64()))


def _open(path: Path, suffix: str, schema: pa.Schema) -> pa.ipc.RecordBatchFileWriter:
    if suffix == ".csv":
        from pyarrow import csv

        return csv.CSVWriter(path, schema)
    if suffix == ".arrow":
        from pyarrow import ipc

        return ipc.new_file(path, schema)
    from pyarrow import parquet

    return parquet.ParquetWriter(path, schema)
