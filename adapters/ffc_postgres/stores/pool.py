"""Lines to a server, kept for the next who asks: few, for any number of threads.

A line is opened in a thread of its own, since looking up a name or greeting a server far away
may take longer than somebody waits who reads: what comes too late for one is there for the next.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Final

from ffc.adapter import DataError, StateError, StoreError, Transient, Unreachable
from ffc_postgres.stores.line import Line

Refused = StoreError | StateError | DataError
# A server that has no connection left is asked so often.
_PAUSE: Final = 0.1


class _Opening:
    """A line that is being opened, or why it can't be."""

    def __init__(self) -> None:
        self.failure: Refused | None = None


class Pool:
    """At the most so many lines of one server, opened when they are needed."""

    def __init__(self, name: str, most: int, opened: Callable[[], Line]) -> None:
        self._name = name
        self._most = most
        self._opened = opened
        self._changed = threading.Condition()
        self._idle: list[Line] = []
        self._count = 0
        self._closed = False
        self._process = os.getpid()

    def take(self, seconds: float) -> Line:
        """Return a line that nobody else uses; raises Transient where none is there in time.

        Raises what opening one raised.
        """
        if self._process != os.getpid():
            self._begin_anew()
        end = time.monotonic() + seconds
        late: Refused = Transient(f"{self._name} does not answer within {seconds:g} s")
        opening: _Opening | None = None
        with self._changed:
            while True:
                line = self._at_rest()
                if line is not None:
                    return line
                if opening is None and self._count < self._most:
                    opening = self._open()
                if not self._changed.wait(end - time.monotonic()):
                    raise late
                if opening is not None and opening.failure is not None:
                    late, opening = opening.failure, None
                    if not isinstance(late, Transient):
                        raise late
                    # As where the server has no connection left: one may be free in a moment.
                    self._changed.wait(min(_PAUSE, end - time.monotonic()))

    def _at_rest(self) -> Line | None:
        if self._closed:
            raise Unreachable(f"{self._name} is closed")
        while self._idle:
            line = self._idle.pop()
            if line.usable:
                return line
            self._drop(line)
        return None

    def give(self, line: Line) -> None:
        """Take a line back, for the next who asks."""
        with self._changed:
            if line.usable and not self._closed:
                self._idle.append(line)
            else:
                self._drop(line)
            self._changed.notify()

    def close(self) -> None:
        """Let go of every line; one that is in use goes when it is given back."""
        with self._changed:
            self._closed = True
            while self._idle:
                self._drop(self._idle.pop())
            self._changed.notify_all()

    def _open(self) -> _Opening:
        opening = _Opening()
        self._count += 1
        threading.Thread(
            target=self._finish, args=(opening,), daemon=True, name="opening a line"
        ).start()
        return opening

    def _finish(self, opening: _Opening) -> None:
        line = None
        try:
            line = self._opened()
        except (StoreError, StateError, DataError) as problem:
            opening.failure = problem
        finally:
            if line is None:
                opening.failure = opening.failure or Unreachable(f"{self._name} can't be opened")
                with self._changed:
                    self._count -= 1
                    self._changed.notify_all()
        if line is not None:
            self.give(line)

    def _drop(self, line: Line) -> None:
        self._count -= 1
        line.close()

    def _begin_anew(self) -> None:
        """Forget, in a fork, the lines and the threads of its parent."""
        self._changed = threading.Condition()
        self._idle, self._count, self._process = [], 0, os.getpid()
