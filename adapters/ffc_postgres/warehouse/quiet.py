"""Tracebacks that psycopg2 prints of what it tells its caller anyway.

Where a server ends a session in the middle of a COPY, psycopg2 2.9 raises the error, and stumbles
over it itself while it reads the server's last words; that it hands to `sys.excepthook`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

_Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


class _Filter:
    """The hook while any COPY runs: all but psycopg2's own stumbling goes where it went before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._before: _Hook = sys.excepthook

    def __call__(
        self, kind: type[BaseException], problem: BaseException, trace: TracebackType | None
    ) -> None:
        import psycopg2

        cause = problem.__cause__
        if not (isinstance(problem, SystemError) and _root(cause, psycopg2.Error)):
            self._before(kind, problem, trace)

    def begin(self) -> None:
        with self._lock:
            self._running += 1
            if self._running == 1:
                self._before, sys.excepthook = sys.excepthook, self

    def end(self) -> None:
        with self._lock:
            self._running -= 1
            if self._running == 0:
                sys.excepthook = self._before


def _root(cause: BaseException | None, kind: type[BaseException]) -> bool:
    """Tell whether there is an exception of a kind among the causes."""
    while cause is not None and not isinstance(cause, kind):
        cause = cause.__cause__
    return cause is not None


_FILTER = _Filter()


@contextmanager
def quiet() -> Iterator[None]:
    """Leave psycopg2's own stumbling untold while the block lasts."""
    _FILTER.begin()
    try:
        yield
    finally:
        _FILTER.end()
