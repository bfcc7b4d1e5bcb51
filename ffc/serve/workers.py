"""Processes that answer from one socket: one that dies is replaced, and whoever connects waits."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Final

# What a worker does until it is told to stop by SIGTERM; it is sent to another process.
Work = Callable[[socket.socket], None]

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
# One that dies this young may not be able to start: it is not replaced at once.
YOUNG_SECONDS: Final = 5.0
AGAIN_SECONDS: Final = 1.0


def keep(work: Work, bound: socket.socket, count: int, *, patience: float) -> None:
    """Keep so many processes at work until told to stop by SIGINT or SIGTERM.

    Then each is told, and killed if it takes longer than `patience` seconds, or at a second SIGINT.
    Even a single one is a process of its own: the socket stays open here while another takes its
    place.
    """
    told, tell = get_context("spawn").Pipe(duplex=False)

    def stop(number: int, frame: FrameType | None) -> None:
        tell.send_bytes(b"%d" % number)

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    workers: dict[int, tuple[SpawnProcess, float]] = {}
    try:
        for _ in range(count):
            _start(work, bound, workers)
        while told not in (ready := wait([told, *workers])):
            for sentinel in workers.keys() & set(ready):
                dead, began = workers.pop(sentinel)
                dead.join()
                if time.monotonic() - began < YOUNG_SECONDS and told.poll(AGAIN_SECONDS):
                    return
                _start(work, bound, workers)
    finally:
        # Whoever connects when the last one has ended is turned away at once.
        bound.close()
        _end([process for process, _ in workers.values()], told, patience)
        for number, handler in before.items():
            signal.signal(number, handler)
        told.close()
        tell.close()


def _start(
    work: Work, bound: socket.socket, workers: dict[int, tuple[SpawnProcess, float]]
) -> None:
    process = get_context("spawn").Process(target=_worker, args=(work, bound))
    with _uninterrupted():
        process.start()
    workers[process.sentinel] = process, time.monotonic()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Start processes that an interrupt at the terminal does not reach: they are told from here.

    It comes at any instant, also where a process that is starting could only show where it was.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started with the first process otherwise, and it lets interrupts through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(workers: list[SpawnProcess], told: Connection, patience: float) -> None:
    for process in workers:
        process.terminate()
    if told.poll():
        told.recv_bytes()
    end = time.monotonic() + patience
    left = {process.sentinel for process in workers}
    while left and (rest := end - time.monotonic()) > 0:
        ready = set(wait([told, *left], rest))
        if told in ready and int(told.recv_bytes()) == signal.SIGINT:
            break
        left -= ready
    for process in workers:
        if process.is_alive():
            process.kill()
        process.join()


def _worker(work: Work, bound: socket.socket) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # An interrupt at the terminal reaches every process, where they can't be kept from it.
    with contextlib.suppress(KeyboardInterrupt):
        work(bound)


def _end_with_parent() -> None:
    """End when the process that would stop or replace this one is gone."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
