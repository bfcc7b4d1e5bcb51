"""SQLite as an online store: one table of values under a key and a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from ffc.adapter import WRITE_SCHEMA, OnlineStore, Options, StoreError, Unreachable
from ffc_sqlite.connection import BUSY_SECONDS, READ_SECONDS, Database
from ffc_sqlite.schema import ONLINE

if TYPE_CHECKING:
    import pyarrow as pa


_FIELDS: Final = "SELECT field, value FROM rows WHERE key = ?"


class SQLiteOnlineStore(OnlineStore):
    """A SQLite file, made at the first use.

    One that is opened to be read makes none, waits for no lock longer than `READ_SECONDS`, and is
    Unreachable for good once another file has taken its place.
    """

    settings: ClassVar[Mapping[str, bool]] = {"path": True}

    def __init__(self, options: Options) -> None:
        options.only(self.settings)
        reads = options.read_only
        seconds = READ_SECONDS if reads else BUSY_SECONDS
        path = options.path("path")
        self._database = Database(path, ONLINE, busy_seconds=seconds, read_only=reads, bound=reads)

    def read(self, keys: Sequence[bytes]) -> list[dict[bytes, bytes]]:
        """Return the fields of each key, all as of one moment; raises StoreError."""
        # Each statement lets other threads go first: a transaction around one is two too many.
        if len(keys) == 1:
            return [dict(self._database.rows(_FIELDS, keys))]
        # A prepared look-up a key: an IN list of a hundred saves a tenth of the time.
        with self._database.read() as connection:
            return [dict(connection.execute(_FIELDS, (key,))) for key in keys]

    def write(self, batch: pa.RecordBatch) -> int:
        """Write a batch in one transaction; return how many values it set, equal ones included.

        Raises StoreError.
        """
        columns = [batch.column(name).to_pylist() for name in WRITE_SCHEMA]
        with self._database.write() as connection:
            return connection.executemany(
                """
                INSERT INTO rows (key, field, value, version) VALUES (?, ?, ?, ?)
                ON CONFLICT (key, field) DO UPDATE
                SET value = excluded.value, version = excluded.version
                WHERE rows.version <= excluded.version OR rows.version = ?
                """,
                zip(*columns, strict=True),
            ).rowcount

    def ping(self) -> None:
        """Read the table; raises Unreachable."""
        try:
            with self._database.read() as connection:
                connection.execute("SELECT 1 FROM rows LIMIT 1").fetchone()
        except StoreError as problem:
            raise Unreachable(problem.message, help=problem.help) from problem

    def check(self) -> None:
        """Read the whole file, which takes about a second for a gigabyte; raises StoreError."""
        self._database.check()

    def close(self) -> None:
        """Let go of the file; raises StoreError."""
        self._database.close()
