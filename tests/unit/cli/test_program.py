"""`ffc` as a process of its own: it ends at once, and leaves nothing undone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.cli import PROFILES, write_files

# What Python does at its end, and what only happens where it clears everything away.
_SCRIPT = """
import atexit, gc, sys, threading, time

class Circle:
    def __init__(self):
        self.me = self
    def __del__(self):
        sys.stderr.write("cleared\\n")

kept = Circle()
atexit.register(lambda: sys.stderr.write("at the end\\n"))
if THREAD:
    said = lambda: (time.sleep(0.3), sys.stderr.write("another\\n"))
    threading.Thread(target=said, daemon=THREAD == "daemon").start()
from ffc.cli import program
program()
"""


def _ended(
    folder: Path, *arguments: str, thread: str = "", stdout: str | None = None
) -> subprocess.CompletedProcess[str]:
    script = _SCRIPT.replace("THREAD", repr(thread))
    with Path(stdout or folder / "said").open("w") as said:
        return subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=folder,
            stdout=said,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--version"], 0), (["compile"], 1), (["compile", "--wrong"], 2)]
)
def test_it_ends_with_its_code_and_clears_nothing_away(
    tmp_path: Path, arguments: list[str], code: int
) -> None:
    files = {
        "ffc.yml": "name: small\nversion: 1\nprofile: test\n",
        "profiles.yml": PROFILES,
        "transformations/one.sql": "select\n",
    }
    done = _ended(write_files(tmp_path, files), *arguments)
    assert done.returncode == code, done.stderr
    assert done.stderr.endswith("at the end\n")


def test_all_that_is_written_goes_out(tmp_path: Path) -> None:
    done = _ended(tmp_path, "schema", "manifest")
    assert done.returncode == 0
    assert len((tmp_path / "said").read_text()) > 10_000
    assert (tmp_path / "said").read_text().endswith("}\n")


def test_what_cannot_be_written_is_no_success(tmp_path: Path) -> None:
    done = _ended(tmp_path, "schema", "manifest", stdout="/dev/full")
    assert done.returncode != 0


def test_threads_are_waited_for(tmp_path: Path) -> None:
    done = _ended(tmp_path, "--version", thread="own")
    assert done.returncode == 0
    assert "another\n" in done.stderr


def test_python_is_not_torn_down_under_a_thread_that_nobody_waits_for(tmp_path: Path) -> None:
    done = _ended(tmp_path, "--version", thread="daemon")
    assert done.returncode == 0
    assert "another\n" not in done.stderr
    assert done.stderr.endswith("at the end\n")
