"""Work that the main thread waits for so that Ctrl-C ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from ffc.adapter import awaited

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
    begun, done = threading.Event(), threading.Event()

    def aside() -> Any:
        begun.set()
        try:
            return work()
        finally:
            done.set()

    pool = ThreadPoolExecutor(1, thread_name_prefix="reader")
    try:
        return awaited(pool.submit(aside))
    except KeyboardInterrupt:
        # It may have come before there was anything to interrupt.
        while begun.wait(_BEGUN) and not done.wait(_AGAIN):
            interrupt()
        raise
    finally:
        pool.shutdown(wait=False)
