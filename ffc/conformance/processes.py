"""A store that other processes use, each its own: work sent to them, what they met sent back."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
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
    try:
        texts = [pickle.dumps((adapter, options, work, tuple(own))) for own in arguments]
    except (pickle.PicklingError, AttributeError) as problem:
        raise Broken(
            "another process can't open the store",
            expected="a class that a module has under its name",
            got=str(problem),
        ) from problem
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", __name__]
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
        for _ in texts
    ]
    try:
        for child, text in zip(children, texts, strict=True):
            _send(child, text)
        return [_answer(child) for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()


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
