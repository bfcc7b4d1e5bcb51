"""Waits for a server that end: a peer that stands still is found out, and what waits is let go.

TCP tells of a machine that is gone, not of a server that hangs while its machine still answers. So
whoever waits long has the server asked for a new session: one that answers, be it with a refusal,
is at work, and one that does not is taken for gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ffc_postgres.connection import SILENT_SECONDS, Place, cut

if TYPE_CHECKING:
    from psycopg2 import extensions

# Seconds between two looks at what waits.
TICK: Final = 0.25
# What a server says at the least is a refusal, which begins with its severity; libpq itself says
# nothing in these words.
_ANSWERS: Final = ("FATAL:", "ERROR:", "PANIC:", "SQLSTATE")


@dataclass(slots=True)
class _Wait:
    connection: extensions.connection
    end: float | None
    begun: float = field(default_factory=time.monotonic)
    cut: bool = False


class Watch:
    """Looks after the connections of a store that wait for their server."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._waits: dict[int, _Wait] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(
        self, connection: extensions.connection, seconds: float | None = None
    ) -> Iterator[None]:
        """Cut the connection where the block takes more than `seconds`, or the server hangs."""
        import psycopg2

        wait = _Wait(connection, None if seconds is None else time.monotonic() + seconds)
        with self._lock:
            self._waits[id(wait)] = wait
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, daemon=True, name="watch")
                self._thread.start()
        try:
            yield
        except psycopg2.Error as problem:
            if wait.cut:
                raise psycopg2.OperationalError("the server did not answer in time") from problem
            raise
        finally:
            with self._lock:
                del self._waits[id(wait)]

    def end(self, connection: extensions.connection, seconds: float) -> None:
        """Cut a connection that still waits after some seconds."""
        with self._lock:
            for wait in self._waits.values():
                if wait.connection is connection:
                    wait.end = time.monotonic() + seconds

    def answers(self) -> bool:
        """Tell whether the server says anything at all."""
        return answers(self._place)

    def _look(self) -> None:
        asked = 0.0
        while waits := self._waiting():
            now = time.monotonic()
            late = [wait for wait in waits if wait.end is not None and wait.end < now]
            long = [wait for wait in waits if wait.begun + SILENT_SECONDS < now]
            if long and asked + SILENT_SECONDS < now:
                late += [] if answers(self._place) else long
                asked = time.monotonic()
            for wait in late:
                wait.cut = True
                cut(wait.connection)
            time.sleep(TICK)

    def _waiting(self) -> list[_Wait]:
        """Return what waits; where nothing does, the thread is to end."""
        with self._lock:
            if not self._waits:
                self._thread = None
            return list(self._waits.values())


def answers(place: Place) -> bool:
    """Tell whether a server says anything at all to somebody who comes."""
    import psycopg2
    from psycopg2.extensions import make_dsn

    try:
        psycopg2.connect(make_dsn(**place.parameters)).close()
    except psycopg2.Error as problem:
        return any(word in str(problem) for word in _ANSWERS)
    return True
