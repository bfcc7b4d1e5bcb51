"""Hold a target's lock while something is done to it."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ffc.adapter.state import Lease, StateStore
from ffc.core.errors import FfcError

SECONDS: Final = 60.0
HEARTBEAT: Final = 15.0


@contextmanager
def holding(state: StateStore, target: str) -> Iterator[Lease]:
    """Hold the lock of a target; a heartbeat keeps it for as long as this process lives.

    Raises Locked where somebody else holds it. A holder that lost its lock can finish no build,
    since every build is recorded under the lease's token.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}"
    lease = state.acquire(f"target:{target}", owner, time.time(), SECONDS)
    done = threading.Event()
    beat = threading.Thread(target=_beat, args=(state, lease, done), daemon=True, name="heartbeat")
    beat.start()
    try:
        yield lease
    finally:
        done.set()
        beat.join()
        state.release(lease)


def _beat(state: StateStore, lease: Lease, done: threading.Event) -> None:
    while not done.wait(HEARTBEAT):
        try:
            state.renew(lease, time.time(), SECONDS)
        except FfcError:
            return
