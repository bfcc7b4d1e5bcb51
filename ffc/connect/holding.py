"""Hold a target's lock while something is done to it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ffc.adapter.state import Lease, StateStore
from ffc.core.errors import FfcError, Locked

SECONDS: Final = 60.0
HEARTBEAT: Final = 15.0


@contextmanager
def holding(
    state: StateStore, target: str, lost: Callable[[], None] = lambda: None
) -> Iterator[Lease]:
    """Hold the lock of a target; a heartbeat keeps it for as long as this process lives.

    Raises Locked where somebody else holds it; one whose process is dead holds nothing. A holder
    that lost its lock can finish no build, since every build is recorded under the lease's token;
    `lost` is called then, so that it need not go on to the end.
    """
    lease = _acquired(state, f"target:{target}")
    done = threading.Event()
    beat = threading.Thread(
        target=_beat, args=(state, lease, done, lost), daemon=True, name="heartbeat"
    )
    beat.start()
    try:
        yield lease
    finally:
        done.set()
        beat.join()
        state.release(lease)


def _acquired(state: StateStore, name: str) -> Lease:
    owner = this_process()
    try:
        return state.acquire(name, owner, state.clock(), SECONDS)
    except Locked as problem:
        if not is_dead(problem.holder):
            raise _told(problem) from None
        return state.acquire(name, owner, state.clock(), SECONDS, dead=problem.holder)


def _told(problem: Locked) -> Locked:
    host, _, rest = problem.holder.partition(":")
    pid = rest.partition(":")[0]
    where = "on this machine" if host == socket.gethostname() else f"on {host}"
    message = f"another run holds the target: the process {pid} {where}"
    return Locked(message, help=["wait until it is done", *problem.help], holder=problem.holder)


def _beat(state: StateStore, lease: Lease, done: threading.Event, lost: Callable[[], None]) -> None:
    while not done.wait(HEARTBEAT):
        try:
            state.renew(lease, state.clock(), SECONDS)
        except Locked:
            lost()
            return
        except FfcError:
            # A store that can't be reached now may be there at the next beat.
            continue


def this_process() -> str:
    """Return who holds a lock: host, process, when it began, and the space its number is of."""
    return process_of(os.getpid())


def process_of(pid: int) -> str:
    """Return the same of any process of this machine; it began never where there is none."""
    return f"{socket.gethostname()}:{pid}:{_began(pid)}:{_space()}"


def is_dead(holder: str) -> bool:
    """Tell whether a holder was a process of this machine, and lives no more.

    Of one that can't be seen from here nothing is known: its lock ends when its time is over.
    """
    host, pid, began, space = [*holder.split(":"), *[""] * 4][:4]
    if host != socket.gethostname() or not space or space != _space():
        return False
    return _began(int(pid)) != began


def _began(pid: int) -> str:
    """Return when a process began, in ticks since the machine did; empty where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The name before it may hold anything; of what follows the bracket it is the 20th word.
    return stat.rpartition(")")[2].split()[19]


def _space() -> str:
    """Return what process numbers mean here: this boot, this container; empty where unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot[:8]}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""
