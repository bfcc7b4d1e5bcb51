"""The one way to open a SQLite file: its settings, its transactions, its failures."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ffc.adapter import StateError, StatementFailed, StoreError, Transient, Unreachable
from ffc_sqlite.schema import Layout, migrate

BUSY_SECONDS: Final = 10.0
# A look-up waits so long for a lock: somebody waits for it, and readers meet few.
READ_SECONDS: Final = 0.2
# So often it is looked whether a file is still the one that was opened.
LOOK_SECONDS: Final = 0.25
# Others that write wait so long at most for readers who read what the log is kept for.
_LOG_MILLISECONDS: Final = 500
# Up to this size a file is read whole when it is opened, at about a millisecond a megabyte. In a
# larger one SQLite sees a wrong header or length at once, a damaged page when it is read.
CHECKED_BYTES: Final = 16 * 2**20

# Result codes first, which say more than the classes do: https://sqlite.org/rescode.html
TABLE: Final[dict[int | type[Exception], type[StoreError]]] = {
    sqlite3.SQLITE_BUSY: Transient,
    sqlite3.SQLITE_LOCKED: Transient,
    sqlite3.SQLITE_PROTOCOL: Transient,
    sqlite3.SQLITE_SCHEMA: Transient,
    sqlite3.SQLITE_CANTOPEN: Unreachable,
    sqlite3.SQLITE_PERM: Unreachable,
    sqlite3.SQLITE_AUTH: Unreachable,
    sqlite3.SQLITE_IOERR: Unreachable,
    sqlite3.SQLITE_CORRUPT: StoreError,
    sqlite3.SQLITE_NOTADB: StoreError,
    sqlite3.SQLITE_FULL: StoreError,
    sqlite3.SQLITE_READONLY: StoreError,
    sqlite3.SQLITE_NOMEM: StoreError,
    sqlite3.DataError: StatementFailed,
    sqlite3.IntegrityError: StatementFailed,
    sqlite3.InterfaceError: StatementFailed,
    sqlite3.InternalError: StatementFailed,
    sqlite3.NotSupportedError: StatementFailed,
    sqlite3.OperationalError: StatementFailed,
    sqlite3.ProgrammingError: StatementFailed,
    sqlite3.DatabaseError: StatementFailed,
    sqlite3.Error: StatementFailed,
    OSError: Unreachable,
}
HELP: Final[dict[int, str]] = {
    sqlite3.SQLITE_BUSY: "another process is writing to it: try again",
    sqlite3.SQLITE_LOCKED: "another process is writing to it: try again",
    sqlite3.SQLITE_CANTOPEN: "check that the path is a file's, and that you may write there",
    sqlite3.SQLITE_PERM: "check that you may write there",
    sqlite3.SQLITE_READONLY: "check that you may write to the file and to its folder",
    sqlite3.SQLITE_FULL: "make room on the disk",
}
BROKEN: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class _Held:
    """A thread's connection; the lock keeps `close` from closing it under a statement."""

    thread: threading.Thread
    connection: sqlite3.Connection
    lock: threading.RLock


class Database:
    """A SQLite file of a layout, opened at the first use, one connection a thread.

    Every failure is raised as the layout's, the state store's as StateError. To one that is
    `read_only` a file that is not there is empty; it makes none. One that is `bound` reads no other
    file than the one that it opened: if that is gone, or another is in its place, it says so.
    """

    def __init__(
        self,
        path: Path,
        layout: Layout,
        *,
        busy_seconds: float = BUSY_SECONDS,
        read_only: bool = False,
        bound: bool = False,
    ) -> None:
        self.path = path
        self._layout = layout
        self._read_only = read_only
        self._bound = bound
        self._identity: tuple[int, int] | None = None
        self._looked = 0.0
        self._busy_seconds = busy_seconds
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[_Held] = []
        self._closed = False
        self._checked = False

    def read(self) -> AbstractContextManager[sqlite3.Connection]:
        """Run statements against one state of the file, next to a writer."""
        return self._transaction("BEGIN")

    def rows(self, query: str, values: Sequence[bytes | str | int]) -> list[tuple[Any, ...]]:
        """Return one query's rows: a statement alone sees one state of the file by itself."""
        try:
            held = self._held()
            with held.lock:
                return held.connection.execute(query, values).fetchall()
        except (sqlite3.Error, OSError) as problem:
            raise translate(problem, self._layout, self.path) from problem

    def write(self) -> AbstractContextManager[sqlite3.Connection]:
        """Run statements whole or not at all, as the only writer."""
        return self._transaction("BEGIN IMMEDIATE")

    def check(self) -> None:
        """Read the whole file; raises the layout's failure if it is damaged."""
        with self.read() as connection:
            self._check(connection)

    def compact(self) -> None:
        """Rewrite the file without what is empty in it, next to readers; who writes waits."""
        try:
            held = self._held()
            with held.lock:
                held.connection.execute("VACUUM")
                # The log is a copy of it all now; it is cut off, unless an old reader needs it.
                held.connection.execute(f"PRAGMA busy_timeout = {_LOG_MILLISECONDS}")
                held.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                milliseconds = int(self._busy_seconds * 1000)
                held.connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
        except (sqlite3.Error, OSError) as problem:
            raise translate(problem, self._layout, self.path) from problem

    def close(self) -> None:
        """Close every thread's connection, each after what it is doing."""
        with self._lock:
            self._closed = True
            held, self._open = self._open, []
        for one in held:
            with one.lock:
                one.connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            held = self._held()
            with held.lock:
                connection = held.connection
                connection.execute(begin)
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    connection.rollback()
                    raise
        except (sqlite3.Error, OSError) as problem:
            raise translate(problem, self._layout, self.path) from problem

    def _held(self) -> _Held:
        if self._bound:
            self._look()
        held: _Held | None = getattr(self._local, "held", None)
        if held is None or self._closed:
            with self._lock:
                if self._closed:
                    raise self._layout.failure(f"the {self._layout.noun} {self.path} is closed")
                self._forget_dead_threads()
                held = _Held(threading.current_thread(), self._connect(), threading.RLock())
                self._open.append(held)
            self._local.held = held
        return held

    def _look(self) -> None:
        """Return if the file is the one that was opened, looking now and then; raises OSError.

        A connection would go on reading a file that was removed, and never see another sync.
        """
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        try:
            told = self.path.stat()
        except FileNotFoundError:
            raise OSError("it is not there") from None
        found = (told.st_dev, told.st_ino)
        if self._identity is None:
            self._identity = found
        if found != self._identity:
            raise OSError("another file is in its place")
        self._looked = now

    def _forget_dead_threads(self) -> None:
        for held in [h for h in self._open if not h.thread.is_alive()]:
            held.connection.close()
            self._open.remove(held)

    def _connect(self) -> sqlite3.Connection:
        absent = self._read_only and not self._bound and not self.path.exists()
        frozen = self._read_only and not absent and _is_frozen(self.path)
        if not (absent or frozen or self._bound):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        how = "mode=ro&immutable=1" if frozen else "mode=rw"
        uri = f"file:{quote(str(self.path.resolve()))}?{how}"
        connection = sqlite3.connect(
            ":memory:" if absent else uri if frozen or self._bound else self.path,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
            uri=not absent and (frozen or self._bound),
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            if not (absent or self._checked or self.path.stat().st_size > CHECKED_BYTES):
                self._check(connection)
            self._checked = True
            migrate(connection, self._layout, self.path)
            if not frozen:
                _use_wal(connection)
            if self._bound:
                self._looked = 0.0
                self._look()
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            # Its first line only says which of the connection's files it speaks of.
            what = found.strip().splitlines()[-1]
            message = f"the {self._layout.noun} {self.path} is damaged: {what}"
            raise self._layout.failure(message, help=[self._layout.remedy])


def translate(
    problem: sqlite3.Error | OSError, layout: Layout, path: Path
) -> StateError | StoreError:
    """Return ffc's exception for one of SQLite's."""
    # The low byte is the result code; the rest is detail.
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    kind = TABLE.get(code) or next(TABLE[c] for c in type(problem).__mro__ if c in TABLE)
    failure = kind if issubclass(kind, layout.failure) else layout.failure
    advice = layout.remedy if code in BROKEN else HELP.get(code)
    message = f"the {layout.noun} {path} can't be used: {problem}"
    return failure(message, help=[advice] if advice else [])


def _is_frozen(path: Path) -> bool:
    """Tell whether a file can't change: nobody may write beside it, and no log waits to be read.

    SQLite makes files beside one that it reads, and where it may not it reads nothing.
    """
    return not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()


def _use_wal(connection: sqlite3.Connection) -> None:
    """Let readers go on while one writes; the file remembers it."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        # The switch does not wait for others who have a new file open, a transaction does.
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
