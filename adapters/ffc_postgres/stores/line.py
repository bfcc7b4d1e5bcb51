"""A line to a server whose every wait ends: asked without blocking, given up when it is silent.

A server that stands still goes on acknowledging what it is sent, so that neither libpq nor the
operating system ever gives up on it. Only who waits can.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ffc.adapter import Transient, Unreachable
from ffc_postgres.connection import CONNECT_SECONDS, Place, begun, check_version, preparation
from ffc_postgres.errors import translate

if TYPE_CHECKING:
    import psycopg2
    from psycopg2 import extensions
    from psycopg2.sql import Composed

Row = tuple[Any, ...]


class Answer(NamedTuple):
    """What a statement returned: rows with the names of their columns; how many it is about."""

    rows: list[Row]
    names: tuple[str, ...]
    changed: int


class Line:
    """A connection that one thread uses at a time; each statement commits by itself.

    `seconds` is how long the server may be silent. Nobody knows what one that is `lost` is at.
    """

    def __init__(self, place: Place, seconds: float, settings: dict[str, str]) -> None:
        import psycopg2

        self._place = place
        self._process = os.getpid()
        self._seconds: float = CONNECT_SECONDS
        # What was found of the store's tables; 0 is nothing.
        self.version = 0
        self.lost = False
        try:
            self._connection = begun(place)
            self._wait(None)
            check_version(place, self._connection.server_version)
            self.ask(*preparation(place, settings))
        except psycopg2.Error as problem:
            self.close()
            raise translate(_refusal(problem), place.name) from problem
        except BaseException:
            self.close()
            raise
        self._seconds = seconds

    @property
    def usable(self) -> bool:
        """Tell whether the server is there, as far as can be told without asking it."""
        # A server says nothing unasked, but that it goes away.
        return not self.lost and not self._connection.closed and not self._told()

    def ask(self, statement: str | bytes | Composed, values: Sequence[object] = ()) -> Answer:
        """Return what a statement answers.

        Raises StoreError, DataError; Transient where the server is silent for too long. After that,
        and after an interrupt, the line can't be used: nobody knows what it is at.
        """
        import psycopg2

        cursor = self._connection.cursor()
        try:
            cursor.execute(statement, [_sendable(value) for value in values] or None)
            self._wait(cursor)
        except psycopg2.Error as problem:
            self.lost = self.lost or _is_end(problem)
            raise translate(problem, self._place.name) from problem
        except BaseException:
            self.lost = True
            raise
        described = cursor.description
        rows = cursor.fetchall() if described else []
        return Answer(rows, tuple(column[0] for column in described or ()), cursor.rowcount)

    def close(self) -> None:
        """Let go of the connection, whatever the server is at."""
        self.lost = True
        if hasattr(self, "_connection"):
            self._leave_alone()
            self._connection.close()

    def __del__(self) -> None:
        """Leave a connection to the process that made it."""
        if hasattr(self, "_connection"):
            self._leave_alone()

    def _leave_alone(self) -> None:
        """Turn a connection that a fork inherited away from the parent's server, which goes on."""
        if self._process != os.getpid() and not self._connection.closed:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, self._connection.fileno())
            os.close(nowhere)

    def _told(self) -> bool:
        return self._ready(select.POLLIN, 0.0)

    def _ready(self, events: int, seconds: float) -> bool:
        # While it connects, the socket may be another one from one time to the next.
        poll = select.poll()
        poll.register(self._connection.fileno(), events)
        return bool(poll.poll(max(seconds, 0.0) * 1000))

    def _wait(self, cursor: extensions.cursor | None) -> None:
        """Return when the server has answered; raises Transient where it is silent for too long."""
        from psycopg2.extensions import POLL_OK, POLL_READ

        end = time.monotonic() + self._seconds
        while (state := self._connection.poll()) != POLL_OK:
            wanted = select.POLLIN if state == POLL_READ else select.POLLOUT
            if not self._ready(wanted, end - time.monotonic()):
                self.lost = True
                said = f"the database {self._place.name} does not answer within {self._seconds:g} s"
                kind = Transient if cursor else Unreachable
                raise kind(said, help=["see whether the server is overloaded, or stands still"])
            if cursor is not None:
                end = time.monotonic() + self._seconds


def _refusal(problem: psycopg2.Error) -> psycopg2.Error:
    """Return why there is no connection as libpq says it to who waits: that it is about one."""
    import psycopg2

    said = str(problem)
    if problem.pgcode or "connection to server" in said:
        return problem
    return psycopg2.OperationalError(f"connection to server failed: {said}")


def _is_end(problem: psycopg2.Error) -> bool:
    """Tell whether a failure is one of the connection, not of a statement."""
    return not problem.pgcode or problem.diag.severity_nonlocalized in ("FATAL", "PANIC")


def _sendable(value: object) -> object:
    """Return a value as PostgreSQL can keep it: none of its texts holds a NUL."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
