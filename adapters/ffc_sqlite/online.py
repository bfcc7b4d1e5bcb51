"""SQLite as an online store: a row a key and field, one look-up a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ffc.adapter import OnlineStore, Options
from ffc_sqlite.connection import Database

if TYPE_CHECKING:
    import pyarrow as pa

SCRIPTS: Final = (
    """CREATE TABLE rows (
    key BLOB NOT NULL,
    field BLOB NOT NULL,
    version BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (key, field)
) WITHOUT ROWID""",
)

_READ: Final = "SELECT field, value FROM rows WHERE key = ?"
_WRITE: Final = """
INSERT INTO rows (key, field, value, version) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (key, field) DO UPDATE SET value = excluded.value, version = excluded.version
WHERE rows.version <= excluded.version OR rows.version = ?5
"""


class SQLiteOnlineStore(OnlineStore):
    """A SQLite file. Settings: `path`."""

    def __init__(self, options: Options) -> None:
        options.only("path")
        self._database = Database(options.path("path"), SCRIPTS, "the online store")

    def read(self, keys: Sequence[bytes]) -> list[dict[bytes, bytes]]:
        """Return the fields of each key."""
        with self._database.reading() as connection:
            return [dict(connection.execute(_READ, (key,))) for key in keys]

    def write(self, batch: pa.RecordBatch) -> int:
        """Write a batch in one transaction; a value written again counts as changed."""
        rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        with self._database.writing() as connection:
            before = connection.total_changes
            connection.executemany(_WRITE, rows)
            return connection.total_changes - before

    def ping(self) -> None:
        """Read from the table."""
        with self._database.reading() as connection:
            connection.execute("SELECT 1 FROM rows LIMIT 1").fetchone()

    def close(self) -> None:
        """Close the file."""
        self._database.close()
