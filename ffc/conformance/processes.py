"""A store that other processes use, each its own: work sent to them, what they met sent back."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeVar

from ffc.adapter import Options
from ffc.conformance.checks import Broken, Store
from ffc.conformance.places import opened

S = TypeVar("S", bound=Store)
_SECONDS: Final = 120.0


def in_processes(
    adapter: type[S],
    options: Options,
    work: Callable[..., object],
    arguments: Sequence[Sequence[object]],
) -> list[Any]:
    """Do some work once for each of some arguments, each in a process with a store of its own.

    `work` is a function of a module; it gets the store, then the arguments. Returns what each
    returned; raises Broken, with what the first one said that failed.
    """
    texts = [_pickled(adapter, options, work, own) for own in arguments]
    with ExitStack() as stack:
        children = [stack.enter_context(_child()) for _ in texts]
        for child, text in zip(children, texts, strict=True):
            _send(child, text)
        return [_answer(child) for child in children]


def killed_after(
    seconds: float,
    adapter: type[S],
    options: Options,
    work: Callable[..., object],
    *arguments: object,
) -> None:
    """Do some work in a process that is killed after a while; raises Broken if it fails before."""
    with _child() as child:
        _send(child, _pickled(adapter, options, work, arguments))
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        _answer(child)
        raise Broken("the work was done before it could be killed")


def _pickled(
    adapter: type[S],
    options: Options,
    work: Callable[..., object],
    arguments: Sequence[object],
) -> bytes:
    try:
        return pickle.dumps((adapter, options, work, tuple(arguments)))
    except (pickle.PicklingError, AttributeError) as problem:
        raise Broken(
            "another process can't open the store",
            expected="a class that a module has under its name",
            got=str(problem),
        ) from problem


@contextmanager
def _child() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that waits for its work; it is killed at the end."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        [sys.executable, "-m", "ffc.conformance.processes"],
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env=environment,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def _send(child: subprocess.Popen[bytes], text: bytes) -> None:
    if child.stdin is not None:
        child.stdin.write(text)
        child.stdin.close()
        child.stdin = None


def _answer(child: subprocess.Popen[bytes]) -> object:
    try:
        out, told = child.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise Broken("another process hangs", expected=f"{_SECONDS:.0f} s", got="more") from None
    if child.returncode != 0:
        last = told.decode(errors="replace").strip().splitlines()[-8:]
        raise Broken("another process fails", expected="no failure", got="\n".join(last))
    return pickle.loads(out)


def _main() -> None:
    adapter, options, work, arguments = pickle.loads(sys.stdin.buffer.read())
    with opened(adapter, options) as store:
        found = work(store, *arguments)
    sys.stdout.buffer.write(pickle.dumps(found))


if __name__ == "__main__":
    _main()
