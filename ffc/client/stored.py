"""Rows in an Arrow file: fetched once from where they are slow to read, then read many times.

A build of a training set never changes, so its file is good for as long as it is there; a warehouse
is asked, and a DuckDB file held, for as long as it takes to fetch the rows and no longer.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ffc.core.errors import StoreError, Unreachable

if TYPE_CHECKING:
    import pyarrow as pa

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


class StoredRows:
    """Rows that lie in a file, or will when they are first asked for.

    `progress` is told of each row that comes. Raises StoreError where the file can't be written.
    """

    def __init__(
        self,
        path: Path,
        fetch: Fetch,
        progress: Callable[[int | None], AbstractContextManager[Callable[[int], None]]],
    ) -> None:
        self._path = path
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
        with self._opened() as file:
            return sum(file.get_batch(i).num_rows for i in range(file.num_record_batches))

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows, in the order in which they came; of some columns only, if given."""
        with self._opened(columns) as file:
            for index in range(file.num_record_batches):
                batch = file.get_batch(index)
                yield batch if columns is None else batch.select(list(columns))

    def _opened(self, columns: Sequence[str] | None = None) -> pa.ipc.RecordBatchFileReader:
        import pyarrow as pa

        if not self._path.exists():
            self.fetch()
        source = pa.OSFile(str(self._path))
        if columns is None:
            return pa.ipc.open_file(source)
        schema = pa.ipc.open_file(source).schema
        wanted = sorted(schema.get_field_index(name) for name in columns)
        options = pa.ipc.IpcReadOptions(included_fields=wanted)
        return pa.ipc.open_file(source, options=options)

    def fetch(self) -> None:
        """Write the file; it has its name when it is whole."""
        import pyarrow as pa

        part = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with (
                self._fetch() as found,
                self._progress(found.rows) as report,
                pa.ipc.new_file(part, found.schema, options=options) as file,
            ):
                count = 0
                for batch in found.batches:
                    file.write_batch(batch)
                    report(batch.num_rows)
                    count += batch.num_rows
                _check_whole(count, found.rows)
            part.replace(self._path)
        except OSError as problem:
            message = f"the rows can't be kept in `{self._path.parent}`: {problem.strerror}"
            raise StoreError(message, help=["make room there"]) from problem
        finally:
            part.unlink(missing_ok=True)


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
