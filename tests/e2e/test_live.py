"""A run on a terminal: lines above, what runs below, nothing left over at the end."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from support.projects import small_project


def on_a_terminal(folder: Path, *arguments: str, **environment: str) -> str:
    """Run ffc in a terminal of 80 columns; return what it wrote."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **environment}
    process = subprocess.Popen(
        [sys.executable, "-m", "ffc", *arguments],
        cwd=folder,
        env=env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65_536)
        except OSError:  # the other end was closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    assert process.wait(60) == 0, written.decode()
    return written.decode()


def test_lines_stay_and_what_is_drawn_goes(tmp_path: Path) -> None:
    written = on_a_terminal(small_project(tmp_path), "run")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r", "\n")
    lines = [line for line in plain.split("\n") if re.match(r" ?\d/9 ", line)]
    # Nine steps, and the measuring of what was built.
    assert len(lines) == 10
    assert all(line.endswith("s") and len(line) <= 80 for line in lines)
    assert "training_set.main" in plain
    assert re.search(r"\ndone: 7 built, 2 synced, 1 measured in \d\.\d s$", plain.rstrip())
    # The cursor is shown again.
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


def test_without_colour_there_is_none(tmp_path: Path) -> None:
    written = on_a_terminal(small_project(tmp_path), "run", "--no-color")
    assert not re.search(r"\x1b\[(3|9)\dm", written)


def test_a_terminal_that_can_do_nothing_gets_lines(tmp_path: Path) -> None:
    written = on_a_terminal(small_project(tmp_path), "run", TERM="dumb")
    assert "\x1b[?25l" not in written
    assert "done: 7 built, 2 synced" in written


def test_how_far_a_file_is_written_is_drawn_and_goes(tmp_path: Path) -> None:
    small_project(tmp_path)
    on_a_terminal(tmp_path, "run", "--quiet")
    written = on_a_terminal(tmp_path, "training-set", "main", "--to", "set.csv")
    assert re.search(r"set\.csv .*4/4 rows, [\d,]+ rows/s", written)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r", "\n")
    assert plain.rstrip().endswith("\n4 rows to set.csv")
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    for options in (["--quiet"], []):
        terminal = {} if options else {"TERM": "dumb"}
        line = on_a_terminal(
            tmp_path, "training-set", "main", "--to", "set.csv", *options, **terminal
        )
        assert "rows/s" not in line
        assert line.strip() == ("" if options else "4 rows to set.csv")


def test_how_far_a_sync_is_is_drawn_and_goes(tmp_path: Path) -> None:
    small_project(tmp_path)
    on_a_terminal(tmp_path, "run", "--quiet")
    written = on_a_terminal(tmp_path, "sync", "--full-refresh")
    assert re.search(r"sync .*4 rows", written)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r", "\n")
    assert plain.rstrip().endswith("\ndone: 2 synced")
    assert "rows/s" not in on_a_terminal(tmp_path, "sync", "--full-refresh", "--quiet")
