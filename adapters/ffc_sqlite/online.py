"""SQLite as an online store: one table of values under a key and a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from ffc.adapter import (
    WRITE_SCHEMA,
    Given,
    Locked,
    OnlineStore,
    Options,
    StoreError,
    Unreachable,
)
from ffc_sqlite.connection import BUSY_SECONDS, READ_SECONDS, Database
from ffc_sqlite.schema import ONLINE

if TYPE_CHECKING:
    import pyarrow as pa


_FIELDS: Final = "SELECT field, value FROM rows WHERE key = ?"
_VALUE: Final = "SELECT value FROM rows WHERE key = ? AND field = ?"


# The key that so many rows end with; and what is taken away up to it.
_LAST: Final = (
    "SELECT key FROM rows WHERE key >= ? AND key < ? ORDER BY key, field LIMIT 1 OFFSET ?"
)
_REMOVE: Final = "DELETE FROM rows WHERE key >= ? AND key < ? AND field = ?"
_REMOVE_VALUE: Final = f"{_REMOVE} AND value = ?"
# So many rows are looked at while no one else may write.
PART: Final = 10_000
# How much the rows are, of what the file is; a file that is smaller is left alone.
_USED: Final = (
    "SELECT total(length(key) + length(field) + length(version) + length(value)) FROM rows"
)
_SIZE: Final = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
SMALL: Final = 2**20
# A file with more in it is not rewritten: its writers would wait for more than some seconds.
LARGE: Final = 512 * 2**20


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

    def write(self, batch: pa.RecordBatch, given: Given | None = None) -> int:
        """Write a batch in one transaction; return how many values it set, equal ones included.

        Raises Locked where the file does not hold what is `given`, StoreError.
        """
        columns = [batch.column(name).to_pylist() for name in WRITE_SCHEMA]
        with self._database.write() as connection:
            if given is not None:
                there = connection.execute(_VALUE, given[:2]).fetchone()
                if (there and there[0]) != given.value:
                    message = "another process has written to the online store meanwhile"
                    raise Locked(message, help=["wait for it, then sync again"])
            return connection.executemany(
                """
                INSERT INTO rows (key, field, value, version) VALUES (?, ?, ?, ?)
                ON CONFLICT (key, field) DO UPDATE
                SET value = excluded.value, version = excluded.version
                WHERE rows.version <= excluded.version OR rows.version = ?
                """,
                zip(*columns, strict=True),
            ).rowcount

    def remove(self, prefix: bytes, field: bytes, value: bytes | None = None) -> Iterator[int]:
        """Take a field of the keys that begin so away, in the order of keys; raises StoreError."""
        low, end = prefix, _past(prefix)
        while low < end:
            last = self._database.rows(_LAST, (low, end, PART - 1))
            # No key lies between one and the same with a zero behind it.
            high = last[0][0] + b"\0" if last else end
            with self._database.write() as connection:
                if value is None:
                    went = connection.execute(_REMOVE, (low, high, field)).rowcount
                else:
                    went = connection.execute(_REMOVE_VALUE, (low, high, field, value)).rowcount
            low = high
            yield went

    def shrink(self) -> int:
        """Rewrite a file that is less than half used, if that takes seconds; raises StoreError.

        Readers go on meanwhile, writers wait. The room that is left is used by later writes.
        """
        ((size,),) = self._database.rows(_SIZE, ())
        if size <= SMALL:
            return 0
        ((used,),) = self._database.rows(_USED, ())
        if 2 * used > size or used > LARGE:
            return 0
        self._database.compact()
        ((left,),) = self._database.rows(_SIZE, ())
        return int(size - left)

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


def _past(prefix: bytes) -> bytes:
    """Return the least bytes that come after all that begin with a prefix."""
    counted = prefix.rstrip(b"\xff")
    return counted[:-1] + bytes([counted[-1] + 1])
