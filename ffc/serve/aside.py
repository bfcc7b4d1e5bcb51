"""Requests that an online store keeps waiting are answered aside, so that no other waits with them.

A look-up takes microseconds, a thread that does it as much again: so it is done where requests come
in, as long as the store is well. From the first one that was kept waiting, requests have a thread
and a time, until the store answers as it did before.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from ffc.core.errors import Transient, Unreachable

# No request waits longer for a store; of that it is tried so long, and so often.
SECONDS: Final = 1.0
_TRYING: Final = 0.7
_PAUSE: Final = 0.02
# A store that takes longer is not well: a part of an answer takes a few milliseconds.
_SLOW: Final = 0.15
# So many bytes of an answer are made at a time.
_TURN: Final = 64 * 1024

_Told = TypeVar("_Told")


class Aside:
    """Answers requests here or aside; `seconds` is how long they wait for a store."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._well = True
        # One: what is aside at the same time waits for the same.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")

    async def joined(self, answer: Callable[[], Iterator[bytes]]) -> bytes:
        """Return the pieces of an answer, which may be begun more than once; raises StoreError."""
        if self._well:
            began = time.perf_counter()
            try:
                return await self._here(answer)
            except Transient:
                self._well = False
                if time.perf_counter() - began > self._seconds:
                    raise
        until = time.monotonic() + self._seconds * _TRYING
        return await self.done(lambda: self._tried(answer, until))

    async def done(self, work: Callable[[], _Told]) -> _Told:
        """Return what is done in the thread; raises Unreachable where that takes too long."""
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(
                loop.run_in_executor(self._thread, work), timeout=self._seconds
            )
        except TimeoutError:
            message = f"the online store does not answer within {self._seconds:g} s"
            raise Unreachable(message) from None

    async def _here(self, answer: Callable[[], Iterator[bytes]]) -> bytes:
        """Make an answer piece by piece; others have their turn in between."""
        began = time.perf_counter()
        try:
            pieces = answer()
            found = [next(pieces)]
            size = 0
            for piece in pieces:
                found.append(piece)
                size += len(piece)
                self._look(began)
                if size > _TURN or not piece:
                    size = 0
                    await asyncio.sleep(0)
                began = time.perf_counter()
            return b"".join(found)
        finally:
            self._look(began)

    def _look(self, began: float) -> None:
        if time.perf_counter() - began > _SLOW:
            self._well = False

    def _tried(self, answer: Callable[[], Iterator[bytes]], until: float) -> bytes:
        """Make an answer in one go, trying again until it is too late."""
        while True:
            well = True
            found = []
            began = time.perf_counter()
            try:
                for piece in answer():
                    found.append(piece)
                    now = time.perf_counter()
                    well, began = well and now - began <= _SLOW, now
            except Transient:
                if time.monotonic() >= until:
                    raise
                time.sleep(_PAUSE)
            else:
                self._well = well
                return b"".join(found)
