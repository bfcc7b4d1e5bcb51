"""Open SQLite the one right way, and speak of its failures in ffc's words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ffc.adapter import StateError, StoreError, Transient, Unreachable

BUSY_SECONDS: Final = 10.0

# https://www.sqlite.org/rescode.html, primary codes; a code that is not here is a StoreError.
BY_CODE: Final[dict[int, type[StoreError] | type[StateError]]] = {
    sqlite3.SQLITE_BUSY: Transient,
    sqlite3.SQLITE_LOCKED: Transient,
    sqlite3.SQLITE_CANTOPEN: Unreachable,
    sqlite3.SQLITE_PERM: Unreachable,
    sqlite3.SQLITE_READONLY: Unreachable,
    sqlite3.SQLITE_AUTH: Unreachable,
    sqlite3.SQLITE_NOTADB: Unreachable,
    sqlite3.SQLITE_CORRUPT: Unreachable,
    sqlite3.SQLITE_IOERR: Unreachable,
    sqlite3.SQLITE_FULL: StoreError,
}
# By class, for errors that carry no code.
BY_CLASS: Final[dict[type[sqlite3.Error], type[StoreError]]] = {
    sqlite3.Error: StoreError,
    sqlite3.DatabaseError: StoreError,
    sqlite3.DataError: StoreError,
    sqlite3.IntegrityError: StoreError,
    sqlite3.InterfaceError: StoreError,
    sqlite3.InternalError: StoreError,
    sqlite3.NotSupportedError: StoreError,
    sqlite3.OperationalError: StoreError,
    sqlite3.ProgrammingError: StoreError,
}


class Database:
    """A SQLite file; each thread has a connection of its own, readers never wait for a writer."""

    def __init__(self, path: Path, scripts: Sequence[str], what: str) -> None:
        self._path = path
        self._scripts = scripts
        self._what = what
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection; raises Unreachable, or StateError for a newer file."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._open()
            self._local.connection = found
        return found

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for reading one statement."""
        with self._mapped():
            yield self.connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection in a transaction that is committed whole or not at all."""
        with self._mapped():
            connection = self.connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
            self._local = threading.local()

    def _open(self) -> sqlite3.Connection:
        with self._mapped():
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as problem:
                raise Unreachable(f"`{self._path}` can't be made: {problem}") from problem
            connection = sqlite3.connect(
                self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            with self._lock:
                self._opened.append(connection)
            # Write-ahead logging lets readers go on beside one writer, in any process.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._migrate(connection)
            return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        """Bring the file to the newest version, a transaction for each step."""
        while (version := self._version(connection)) < len(self._scripts):
            connection.execute("BEGIN IMMEDIATE")
            try:
                # Another process may have been first.
                if self._version(connection) == version:
                    for statement in self._scripts[version].split(";\n"):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {version + 1}")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        if version > len(self._scripts):
            raise StateError(
                f"{self._what} `{self._path.name}` is of version {version}; this ffc knows "
                f"{len(self._scripts)}",
                help=["a newer ffc wrote it: upgrade this one"],
            )

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as problem:
            raise translate(problem, f"{self._what} `{self._path.name}`") from problem


def translate(problem: sqlite3.Error, what: str) -> StoreError | StateError:
    """Return ffc's exception for one of SQLite's."""
    code = getattr(problem, "sqlite_errorcode", None)
    by_class = next(BY_CLASS[cls] for cls in type(problem).__mro__ if cls in BY_CLASS)
    kind = by_class if code is None else BY_CODE.get(code & 0xFF, by_class)
    hints = []
    if code is not None and code & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        hints = ["the file is damaged or no SQLite file: restore it, or move it away to start anew"]
    return kind(f"{what}: {problem}", help=hints)
