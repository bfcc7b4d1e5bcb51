"""Work on the names of a graph, each after those that it needs, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from ffc.core.interrupts import A_LOOK


def in_parallel(
    order: Sequence[str],
    needs: Mapping[str, Collection[str]],
    work: Callable[[str], bool],
    threads: int,
    stop: Callable[[], None],
) -> list[str]:
    """Call `work` on each name, those that come first in the order first; return what was not.

    A name's turn comes when all that it needs and that is in the order is done. When `work` returns
    False nothing more is begun. Whatever is raised meanwhile, Ctrl-C too, calls `stop`, which is to
    end what runs, and is raised again when it has ended.
    """
    known = set(order)
    waiting = {name: {each for each in needs[name] if each in known} for name in order}
    running: dict[Future[bool], str] = {}
    going = True
    with ThreadPoolExecutor(threads, thread_name_prefix="node") as pool:
        try:
            while running or (going and waiting):
                ready = [name for name, left in waiting.items() if not left] if going else []
                for name in ready[: threads - len(running)]:
                    del waiting[name]
                    running[pool.submit(work, name)] = name
                if not running:
                    break
                done, _ = wait(running, A_LOOK, return_when=FIRST_COMPLETED)
                for future in done:
                    name = running.pop(future)
                    going = future.result() and going
                    for left in waiting.values():
                        left.discard(name)
        except BaseException:
            stop()
            raise
    return list(waiting)
