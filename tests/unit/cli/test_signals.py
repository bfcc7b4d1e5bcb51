"""A signal that comes while an object is cleared away is not lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Python drops what a handler raises in here, and says so; without another word the rest goes on.
_SCRIPT = """
import os, signal, sys, time
from ffc.cli.running import ended_when_asked
from ffc.cli.signals import hear_again

class Slow:
    def __del__(self):
        os.kill(os.getpid(), signal.NAME)
        for _ in range(100_000):
            pass

class Wrong:
    def __del__(self):
        raise ValueError("no signal")

if AGAIN:
    hear_again()
Wrong()
with ended_when_asked():
    try:
        slow = Slow()
        del slow
        time.sleep(1)
        print("it went on")
    except KeyboardInterrupt:
        sys.exit(130)
"""


def _ended(name: str, *, again: bool) -> subprocess.CompletedProcess[str]:
    script = _SCRIPT.replace("NAME", name).replace("AGAIN", repr(again))
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_is_heard_again(name: str, code: int) -> None:
    done = _ended(name, again=True)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    # What is no signal is told as ever.
    assert "ValueError: no signal" in done.stderr
    assert "SystemExit" not in done.stderr


def test_python_alone_would_lose_it() -> None:
    assert _ended("SIGTERM", again=False).stdout == "it went on\n"
