"""Waiting for others: it ends with them, in time, and with Ctrl-C whenever that comes."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import Future

import pytest

from ffc.core import interrupts
from ffc.core.interrupts import awaited


def test_what_is_returned_and_raised_comes_through() -> None:
    right: Future[int] = Future()
    threading.Timer(0.05, right.set_result, [7]).start()
    assert awaited(right) == 7
    wrong: Future[int] = Future()
    wrong.set_exception(TimeoutError("its own"))
    with pytest.raises(TimeoutError, match="its own"):
        awaited(wrong)


def test_no_longer_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "A_LOOK", 0.02)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        awaited(Future(), 0.1)
    assert 0.1 <= time.monotonic() - started < 5


def test_a_signal_that_another_thread_gets_ends_a_wait() -> None:
    """As one that comes just before a wait begins: neither wakes the thread that waits."""
    never: Future[int] = Future()
    caught = threading.Event()

    def elsewhere() -> None:
        time.sleep(0.1)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        caught.set()

    other = threading.Thread(target=elsewhere)
    other.start()
    with pytest.raises(KeyboardInterrupt):
        awaited(never)
    other.join()
    assert caught.is_set()
