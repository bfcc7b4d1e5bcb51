"""Sessions of a server: kept for the next who needs one, each as new whenever it is taken."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from ffc.adapter import StoreError, Transient, Unreachable
from ffc_postgres.connection import CONNECT_SECONDS, Place, connect, prepare
from ffc_postgres.errors import mapped
from ffc_postgres.warehouse.quiet import quiet
from ffc_postgres.warehouse.watching import Watch

if TYPE_CHECKING:
    from psycopg2 import extensions

# How many sessions are kept while nobody needs them.
KEPT: Final = 8
# Seconds that a server has for ending what it is asked to end; then the connection is cut.
END_SECONDS: Final = 5.0
# Seconds in which a server that was there before may come back, or make room.
PATIENCE_SECONDS: Final = 10.0
_PAUSE: Final = 0.25
_AGAIN: Final = 0.05


class Session:
    """A connection that one handle uses at a time; what it raises are psycopg2's errors."""

    def __init__(self, connection: extensions.connection, watch: Watch) -> None:
        self._connection = connection
        self._watch = watch
        self._ended = False
        self.reading = False
        self._over = threading.Event()

    @property
    def usable(self) -> bool:
        """Whether another may have it: it is there, at rest, and nobody asked it to end."""
        from psycopg2.extensions import TRANSACTION_STATUS_IDLE

        status = self._connection.info.transaction_status
        return not self._ended and status == TRANSACTION_STATUS_IDLE

    @property
    def lost(self) -> bool:
        """Whether the connection is gone."""
        return bool(self._connection.closed)

    @contextmanager
    def cursor(self, seconds: float | None = None) -> Iterator[Any]:
        """Give a cursor whose waits end: after `seconds`, or when the server hangs."""
        with self._watch.over(self._connection, seconds), self._connection.cursor() as cursor:
            if self._ended:
                self._watch.end(self._connection, END_SECONDS)
            yield cursor

    def copy(self, statement: str, file: object) -> None:
        """Copy rows from or to what psycopg2 takes for a file."""
        with self.cursor() as cursor, quiet():
            cursor.copy_expert(statement, file)

    def execute(
        self, statement: str, parameters: Sequence[object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Run a statement; return its rows, which are few."""
        with self.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def end(self) -> None:
        """Have the server end what it does for this session, which then no other gets."""
        self._ended = True
        # psycopg2 asks for as long as it takes, and all of Python stands still meanwhile: a server
        # that hangs is not asked.
        threading.Thread(target=self._cancel, daemon=True, name="cancel").start()
        self._watch.end(self._connection, END_SECONDS)

    def _cancel(self) -> None:
        import psycopg2

        end = time.monotonic() + END_SECONDS
        with suppress(psycopg2.Error):
            # It may come before there is anything to cancel.
            while not self._over.is_set() and time.monotonic() < end:
                if self._watch.answers():
                    self._connection.cancel()
                self._over.wait(_AGAIN)

    def over(self) -> None:
        """Say that nobody uses it any more."""
        self._over.set()

    def renew(self, place: Place, settings: Mapping[str, str]) -> None:
        """Make it as if nobody had used it."""
        self._over.clear()
        self.reading = False
        with self._watch.over(self._connection, CONNECT_SECONDS):
            with self._connection.cursor() as cursor:
                cursor.execute("DISCARD ALL")
            prepare(self._connection, place, **settings)

    def close(self) -> None:
        """Let go of the connection."""
        import psycopg2

        with suppress(psycopg2.Error):
            self._connection.close()


class Sessions:
    """The sessions of a store; `settings` are those that each begins with."""

    def __init__(self, place: Place, **settings: str) -> None:
        self.place = place
        self._settings = settings
        self._watch = Watch(place)
        self._lock = threading.Lock()
        self._idle: list[Session] = []
        self._taken: weakref.WeakSet[Session] = weakref.WeakSet()
        self._closed = False
        self._met = False

    def take(self) -> Session:
        """Return a session for one use; raises Unreachable where there is no server.

        A server that was there before is waited for, and so is one that has no room.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._noted(self._kept() or self._new())
            except (Unreachable, Transient) as problem:
                may_come = self._met or isinstance(problem, Transient)
                if not may_come or self._closed or time.monotonic() > end:
                    # Whoever asks next need not wait for it again.
                    self._met = False
                    raise
                time.sleep(_PAUSE)

    def _kept(self) -> Session | None:
        """Return a session that was given back, if one is still of use."""
        import psycopg2

        while True:
            with self._lock:
                if self._closed:
                    raise StoreError(f"the database {self.place.name} is closed")
                found = self._idle.pop() if self._idle else None
            if found is None:
                return None
            # The server may have ended it while it was not in use.
            try:
                found.renew(self.place, self._settings)
            except psycopg2.Error:
                found.close()
            else:
                return found

    def _new(self) -> Session:
        found = Session(connect(self.place, **self._settings), self._watch)
        self._met = True
        return found

    def _noted(self, session: Session) -> Session:
        with self._lock:
            self._taken.add(session)
        return session

    def give(self, session: Session) -> None:
        """Take a session back; one that can't be used again is closed."""
        session.over()
        with self._lock:
            self._taken.discard(session)
            keep = session.usable and not self._closed and len(self._idle) < KEPT
            if keep:
                self._idle.append(session)
        if not keep:
            session.close()

    @property
    def timeout(self) -> str:
        """After how long the server is to end a statement; empty where the profile says nothing."""
        return self._settings.get("statement_timeout", "")

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session for a block, in which psycopg2's errors become ours."""
        found = self.take()
        try:
            with mapped(self.place.name):
                yield found
        finally:
            self.give(found)

    def end_reading(self) -> None:
        """End what is still read from, since what runs may wait for it."""
        with self._lock:
            reading = [session for session in self._taken if session.reading]
        for session in reading:
            session.end()

    def close(self) -> None:
        """Let go of every session, those too of which nobody read the rows."""
        with self._lock:
            self._closed = True
            rest = [session for session in self._taken if not session.reading]
            rest, self._idle = [*self._idle, *rest], []
        for session in rest:
            session.close()
