"""Compiling beside the conversation: soon after the last change, one at a time, on a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from typing import Final

# Whoever types on is not compiled at every letter.
PAUSE: Final = 0.12

Job = tuple[Callable[[], None], Callable[[Exception | None], None]]


class Worker:
    """A thread that does one thing after another; it ends with the process, whatever it does."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        threading.Thread(target=self._work, name="compiling", daemon=True).start()

    def do(self, job: Callable[[], None]) -> asyncio.Future[None]:
        """Do a job; what it raises is raised where it is waited for."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def tell(problem: Exception | None) -> None:
            if done.done():
                return
            if problem is None:
                done.set_result(None)
            else:
                done.set_exception(problem)

        def told(problem: Exception | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, problem)

        self._jobs.put((job, told))
        return done

    def _work(self) -> None:
        while True:
            job, tell = self._jobs.get()
            try:
                job()
            except Exception as problem:
                tell(problem)
            else:
                tell(None)


class Soon:
    """Something to be done soon after it was last asked for, and never twice at a time."""

    def __init__(self, turn: Callable[[], Coroutine[object, object, None]]) -> None:
        self._turn = turn
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None
        self._again = False

    def ask(self, pause: float = PAUSE) -> None:
        """Ask for it: what was asked for before and has not begun waits with this."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(pause, self._start)

    def _start(self) -> None:
        self._timer = None
        if self._running is not None:
            self._again = True
            return
        self._running = asyncio.get_running_loop().create_task(self._turn())
        self._running.add_done_callback(self._ended)

    def _ended(self, done: asyncio.Task[None]) -> None:
        self._running = None
        done.exception()
        if self._again:
            self._again = False
            self.ask(0)
