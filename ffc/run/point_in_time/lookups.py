"""What features are looked up for, where nobody brings a table: a view's own keys and instants."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ffc.auth import Principal
from ffc.connect.session import Session
from ffc.core.clock import utc_now
from ffc.core.diagnostics import listed
from ffc.core.errors import BadRequest, BadSpine
from ffc.core.files import batch_writer
from ffc.manifest.records import OutputColumn
from ffc.run.point_in_time.historical import (
    HistoricalRequest,
    HistoricalRows,
    every_key,
    every_value,
    historical,
)
from ffc.run.point_in_time.spines import Spine

if TYPE_CHECKING:
    import pyarrow as pa


@contextmanager
def newest_of_every_key(
    session: Session, view: str, *, principal: Principal
) -> Iterator[HistoricalRows]:
    """Look up the features of every key of a view, as of now; raises NotFound."""
    with _folder() as folder:
        keys = every_key(session, view, utc_now(), principal=principal)
        spine = spooled(keys.schema, keys.batches, folder)
        request = HistoricalRequest(features=[f"{view}.*"], timestamp=keys.timestamp)
        with historical(session, spine, request, principal=principal) as found:
            yield found


@contextmanager
def values_between(
    session: Session,
    given: Mapping[Any, Any],
    request: HistoricalRequest,
    *,
    principal: Principal,
) -> Iterator[HistoricalRows]:
    """Look features up at each instant at which a view's values became true.

    `given` is a mapping of `view`, `from` and `to`; without features those of the view are meant.
    Raises BadRequest and NotFound.
    """
    words = ("view", "from", "to")
    if set(given) != set(words):
        message = f"a spine of a view has {listed(words)}"
        hints = ["what holds columns is given as a DataFrame, or an Arrow table"]
        raise BadRequest(message, field="spine", help=hints)
    view = str(given["view"])
    with _folder() as folder:
        found = every_value(session, view, given["from"], given["to"], principal=principal)
        spine = spooled(found.schema, found.batches, folder)
        features = request.features or [f"{view}.*"]
        asked = replace(request, features=features, own=found.view, timestamp=found.timestamp)
        with historical(session, spine, asked, principal=principal) as rows:
            yield rows


def columns_of(found: HistoricalRows) -> tuple[OutputColumn, ...]:
    """Return what each column is for: the spine's keys and time, what else it has, features."""
    features = {column.name: column for column in found.features}
    columns = []
    for each in found.schema:
        if each.name in features:
            columns.append(features[each.name])
            continue
        role: Any = "key" if each.name in found.keys else "include"
        role = "timestamp" if each.name == found.timestamp else role
        columns.append(OutputColumn(name=each.name, role=role, type=str(each.type), origin="spine"))
    return tuple(columns)


def spooled(schema: pa.Schema, batches: Iterator[pa.RecordBatch], folder: Path) -> Spine:
    """Return a spine of rows that can be read once: they are kept in a file of a folder."""
    path = folder / "spine"
    write_stream(path, schema, batches)
    return stream_spine(path)


def write_stream(path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    """Write rows to a file, whose batches may have dictionaries of their own; raises StoreError."""
    import pyarrow as pa

    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with batch_writer(path, lambda at: pa.ipc.new_stream(at, schema, options=options)) as write:
        for batch in batches:
            write(batch)


def stream_spine(path: Path, *, foreign: bool = False) -> Spine:
    """Return a spine that lies in a file as a stream; raises BadSpine where it is none.

    What is `foreign` was not written here, and is looked at before it is used.
    """
    import pyarrow as pa

    def read() -> Iterator[pa.RecordBatch]:
        with _reading(), pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as file:
            for batch in file:
                if foreign:
                    batch.validate(full=True)
                yield batch

    with _reading(), pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as file:
        return Spine(schema=file.schema, read=read)


@contextmanager
def _reading() -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as problem:
        message = f"the spine can't be read: {str(problem).strip().splitlines()[0]}"
        raise BadSpine(message, help=["send it as a stream of Arrow, whole"]) from problem


@contextmanager
def _folder() -> Iterator[Path]:
    """Return a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ffc-") as folder:
        yield Path(folder)
