"""Requests that a store keeps waiting, and those that wait for nothing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from ffc.core.errors import BadRequest, Transient, Unreachable
from ffc.serve.aside import Aside


class Store:
    """What answers in two pieces, after so many seconds, and where it was asked."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.locked = False
        self.asked: list[str] = []

    def answer(self) -> Iterator[bytes]:
        self.asked.append(threading.current_thread().name.partition("_")[0])
        yield b"a"
        time.sleep(self.seconds)
        if self.locked:
            raise Transient("the store is locked")
        yield b"b"


async def longest_pause(until: asyncio.Task[object]) -> float:
    """Return how long nobody else had a turn."""
    longest, began = 0.0, time.perf_counter()
    while not until.done():
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        longest, began = max(longest, now - began), now
    return longest


def test_a_store_that_is_well_is_asked_here() -> None:
    store, aside = Store(), Aside()

    async def work() -> None:
        for _ in range(3):
            assert await aside.joined(store.answer) == b"ab"

    asyncio.run(work())
    assert set(store.asked) == {"MainThread"}


def test_a_store_that_is_locked_is_tried_aside_until_it_is_not() -> None:
    store, aside = Store(), Aside(seconds=5)
    store.locked = True

    async def work() -> None:
        asked = asyncio.create_task(aside.joined(store.answer))
        pause = asyncio.create_task(longest_pause(asked))
        await asyncio.sleep(0.3)
        store.locked = False
        assert await asked == b"ab"
        assert await pause < 0.2
        assert store.asked[0] == "MainThread"
        assert set(store.asked[1:]) == {"aside"}
        store.asked.clear()
        assert await aside.joined(store.answer) == b"ab"
        assert store.asked == ["MainThread"]

    asyncio.run(work())


def test_requests_wait_for_a_locked_store_no_longer_than_they_may() -> None:
    store, aside = Store(), Aside(seconds=0.5)
    store.locked, store.seconds = True, 0.1

    async def work() -> None:
        began = time.perf_counter()
        asked = [asyncio.create_task(aside.joined(store.answer)) for _ in range(20)]
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert time.perf_counter() - began < 1.5
        assert {type(each) for each in told} == {Transient, Unreachable}
        assert "does not answer within 0.5 s" in str(told[-1])

    asyncio.run(work())


def test_a_store_that_hangs_holds_up_one_request_only() -> None:
    """The first is answered late, and there is nothing to be done; from then on nobody waits."""
    store, aside = Store(), Aside(seconds=0.3)
    store.seconds = 1.0

    async def work() -> None:
        assert await aside.joined(store.answer) == b"ab"
        asked = asyncio.create_task(aside.joined(store.answer))
        pause = asyncio.create_task(longest_pause(asked))
        with pytest.raises(Unreachable, match="does not answer within"):
            await asked
        assert await pause < 0.2
        store.seconds = 0.0
        end = time.monotonic() + 5
        while time.monotonic() < end:
            try:
                assert await aside.joined(store.answer) == b"ab"
                break
            except Unreachable:
                continue
        store.asked.clear()
        assert await aside.joined(store.answer) == b"ab"
        assert store.asked == ["MainThread"]

    asyncio.run(work())


def test_what_is_wrong_with_a_request_is_told_from_either_place() -> None:
    aside = Aside()

    def refused() -> Iterator[bytes]:
        raise BadRequest("no such feature")
        yield b""

    async def work() -> None:
        for well in (True, False):
            aside._well = well
            with pytest.raises(BadRequest, match="no such feature"):
                await aside.joined(refused)

    asyncio.run(work())


def test_a_lock_that_took_all_the_time_is_not_waited_for_again() -> None:
    store, aside = Store(), Aside(seconds=0.2)
    store.locked, store.seconds = True, 0.3

    async def work() -> None:
        with pytest.raises(Transient):
            await aside.joined(store.answer)
        assert store.asked == ["MainThread"]

    asyncio.run(work())
