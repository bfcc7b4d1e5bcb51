"""Ctrl-C while others work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final, TypeVar

T = TypeVar("T")
# A Ctrl-C that comes in the moment before a wait begins does not end it: after so many seconds it
# is looked for.
A_LOOK: Final = 0.5
# All that is left of a KeyboardInterrupt that came while DuckDB's Python package waited.
_SAID: Final = "Query interrupted"


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt where DuckDB makes a RuntimeError of one."""
    try:
        yield
    except RuntimeError as problem:
        if str(problem) == _SAID:
            raise KeyboardInterrupt from problem
        raise


def awaited(future: Future[T], seconds: float | None = None) -> T:
    """Return what a future returns, or raise what it raises; Ctrl-C ends this whenever it comes.

    Raises TimeoutError where it takes more than some seconds.
    """
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        left = A_LOOK if end is None else min(A_LOOK, end - time.monotonic())
        try:
            return future.result(max(0, left))
        except TimeoutError:
            # It may be the future's own.
            if future.done() or (end is not None and time.monotonic() >= end):
                raise
