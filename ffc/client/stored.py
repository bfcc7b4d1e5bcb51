"""Rows in an Arrow file: fetched once from where they are slow to read, then read many times.

A build of a training set never changes, so its file is good for as long as it is there; a warehouse
is asked, and a DuckDB file held, for as long as it takes to fetch the rows and no longer.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ffc.core.errors import Unreachable
from ffc.core.files import batch_writer, keeping

if TYPE_CHECKING:
    import pyarrow as pa

# How an Arrow file begins, and a stream does not.
_FILE: Final = b"ARROW1"
# So many files of builds of one training set are kept.
KEPT: Final = 3

# Opens a stream of rows: their schema, how many they are if that is known, and batches.
Fetch = Callable[[], AbstractContextManager["Fetched"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Rows on their way; `rows` is None where nobody knows how many."""

    schema: pa.Schema
    rows: int | None
    batches: Iterator[pa.RecordBatch]


class Scratch:
    """A folder that is gone when nothing holds it any more, or when its process ends.

    Forks of the process leave it alone.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="ffc-client-"))
        weakref.finalize(self, _removed, self.path, os.getpid())


def _removed(path: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


class StoredRows:
    """Rows that lie in a file, or will when they are first asked for.

    `progress` is told of each row that comes. A file in a `scratch` is nobody else's, and goes with
    the rows. Raises StoreError where the file can't be written.
    """

    def __init__(
        self,
        path: Path,
        fetch: Fetch,
        progress: Callable[[int | None], AbstractContextManager[Callable[[int], None]]],
        scratch: Scratch | None = None,
    ) -> None:
        self._path = path
        self._scratch = scratch
        self._count: int | None = None
        if scratch is not None:
            weakref.finalize(self, _removed, path, os.getpid())
        self._fetch = fetch
        self._progress = progress

    @property
    def schema(self) -> pa.Schema:
        """The schema of the rows."""
        with self._opened() as file:
            return file.schema

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(batch.num_rows for batch in self.batches())

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows, in the order in which they came; of some columns only, if given."""
        with self._opened(columns) as file:
            for batch in _each(file):
                yield batch if columns is None else batch.select(list(columns))

    def _opened(self, columns: Sequence[str] | None = None) -> Any:
        import pyarrow as pa

        if not self._path.exists():
            self.fetch()
        whole = _reader(self._path, pa.ipc.IpcReadOptions())
        if columns is None:
            return whole
        with whole:
            wanted = sorted(whole.schema.get_field_index(name) for name in columns)
        return _reader(self._path, pa.ipc.IpcReadOptions(included_fields=wanted))

    def fetch(self) -> None:
        """Write the file; it has its name when it is whole."""

        part = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            with keeping(self._path.parent):
                self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._fetch() as found, self._progress(found.rows) as report:
                # What could be read but once is not all there the second time.
                wanted = found.rows if self._count is None else self._count
                count = _written(part, found, report)
                _check_whole(count, wanted)
                self._count = count
            with keeping(self._path.parent):
                part.replace(self._path)
        finally:
            part.unlink(missing_ok=True)


def _written(path: Path, found: Fetched, report: Callable[[int], None]) -> int:
    """Write rows as they come; return how many there were."""
    count = 0
    with batch_writer(path, lambda at: _writer(at, found.schema)) as write:
        for batch in found.batches:
            write(batch)
            report(batch.num_rows)
            count += batch.num_rows
    return count


def _writer(path: Path, schema: pa.Schema) -> pa.ipc.RecordBatchStreamWriter:
    """Return what writes a file; each batch of a stream may have dictionaries of its own."""
    import pyarrow as pa

    options = pa.ipc.IpcWriteOptions(compression="lz4")
    if any(_has_dictionary(field.type) for field in schema):
        return pa.ipc.new_stream(path, schema, options=options)
    return pa.ipc.new_file(path, schema, options=options)


def _has_dictionary(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType):
        return _has_dictionary(kind.storage_type)
    inner = [kind.field(index).type for index in range(kind.num_fields)]
    return pa.types.is_dictionary(kind) or any(map(_has_dictionary, inner))


def _reader(path: Path, options: pa.ipc.IpcReadOptions) -> Any:
    import pyarrow as pa

    source = pa.OSFile(str(path))
    whole = source.read(len(_FILE)) == _FILE
    source.seek(0)
    return (pa.ipc.open_file if whole else pa.ipc.open_stream)(source, options=options)


def _each(reader: Any) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        yield from map(reader.get_batch, range(reader.num_record_batches))
    else:
        yield from reader


def _check_whole(count: int, rows: int | None) -> None:
    if rows is not None and count != rows:
        message = f"{count:,} rows came, of {rows:,}"
        raise Unreachable(message, help=["try again: what came was not kept"])


def forget_older(folder: Path, stem: str, but: Path) -> None:
    """Remove the oldest files of a training set's builds, so that no more than KEPT are there."""
    files = [path for path in folder.glob(f"{stem}.*.arrow") if path != but]
    for path in sorted(files, key=_age, reverse=True)[KEPT - 1 :]:
        path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
