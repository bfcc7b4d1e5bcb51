"""Several things done at a time; what one of them met is raised where it is heard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from ffc.conformance.checks import Broken

_SECONDS: Final = 60.0
Rows = list[tuple[object, ...]]


def in_threads(works: Sequence[Callable[[], None]]) -> None:
    """Do several things at a time; raises what the first of them met."""
    problems: list[Exception] = []
    threads = [_thread(work, problems) for work in works]
    for thread in threads:
        thread.join(_SECONDS)
    for problem in problems:
        raise problem
    if any(thread.is_alive() for thread in threads):
        raise Broken("threads wait for each other", expected=f"{_SECONDS:.0f} s", got="more")


def read_while(read: Callable[[], Rows], work: Callable[[], None]) -> list[Rows]:
    """Do some work, and return what was read meanwhile, over and over.

    Raises Broken where reading fails.
    """
    seen: list[Rows] = []
    problems: list[Exception] = []
    done = threading.Event()

    def go_on() -> None:
        while not done.is_set():
            seen.append(read())

    reader = _thread(go_on, problems)
    try:
        work()
    finally:
        done.set()
        reader.join(_SECONDS)
    for problem in problems:
        raise Broken("reading fails while others write", expected="rows", got=str(problem))
    return seen


def begun(work: Callable[[], object]) -> Callable[[float], bool]:
    """Begin some work; return what waits for it, and tells whether it was done."""
    problems: list[Exception] = []
    thread = _thread(work, problems)

    def done(seconds: float) -> bool:
        thread.join(seconds)
        for problem in problems:
            raise problem
        return not thread.is_alive()

    return done


def _thread(work: Callable[[], object], problems: list[Exception]) -> threading.Thread:
    """Begin some work in a thread that nobody waits for at the end, and note what it meets."""

    def noted() -> None:
        try:
            work()
        except Exception as problem:
            problems.append(problem)

    thread = threading.Thread(target=noted, daemon=True)
    thread.start()
    return thread
