"""Work that the main thread waits for so that Ctrl-C ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

# Seconds between two attempts to interrupt, and until work that never began is given up.
_AGAIN: Final = 0.02
_BEGUN: Final = 1.0


def waited(work: Callable[[], Any], interrupt: Callable[[], None]) -> Any:
    """Return what some work returns, or raise what it raises; Ctrl-C ends it by `interrupt`.

    A signal reaches the main thread alone, and DuckDB may not look for one for minutes: there the
    work is done by another thread.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    return _Aside(work).result(interrupt)


class _Aside:
    """Some work in a thread of its own."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._begun, self._done = threading.Event(), threading.Event()
        self._result: Any = None
        self._problem: BaseException | None = None

    def _run(self) -> None:
        self._begun.set()
        try:
            self._result = self._work()
        except BaseException as problem:  # noqa: BLE001 - raised again where it is waited for
            self._problem = problem
        finally:
            self._done.set()

    def result(self, interrupt: Callable[[], None]) -> Any:
        try:
            threading.Thread(target=self._run, name="reader", daemon=True).start()
            self._done.wait()
        except KeyboardInterrupt:
            # It may have come before there was anything to interrupt.
            while self._begun.wait(_BEGUN) and not self._done.wait(_AGAIN):
                interrupt()
            raise
        if self._problem is not None:
            raise self._problem
        return self._result
