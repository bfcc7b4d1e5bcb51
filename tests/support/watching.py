"""`ffc compile --watch` in a process of its own, and what it says as it says it."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A machine with other things to do; what is waited for comes in a fraction of it.
PATIENCE = 60.0
STATUS = r"\d\d:\d\d:\d\d  (.*?) in [\d.]+ m?s; watching, Ctrl-C ends"


class Watcher:
    """What a process says on stderr, read as far as it was waited for."""

    def __init__(self, process: subprocess.Popen[bytes], source: int) -> None:
        self.process = process
        self._source = source
        self.written = ""
        self._read = 0

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the next place that matches; what was said before it is done with."""
        end = time.monotonic() + PATIENCE
        while (found := re.search(pattern, self.written[self._read :])) is None:
            assert time.monotonic() < end, self.written
            self._take(0.1)
        self._read += found.end()
        return found

    def says_nothing(self, seconds: float) -> bool:
        """Tell whether nothing is said for a while."""
        before, end = self.written, time.monotonic() + seconds
        while time.monotonic() < end:
            self._take(0.05)
        return self.written == before

    def turns(self) -> int:
        """Return how many compilations were told so far."""
        return len(re.findall(STATUS, self.written))

    def end(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def _take(self, seconds: float) -> None:
        if select.select([self._source], [], [], seconds)[0]:
            try:
                part = os.read(self._source, 65_536)
            except OSError:  # the other end of a terminal was closed
                part = b""
            self.written += part.decode(errors="replace")
            assert part or self.process.poll() is not None or seconds, self.written


@contextmanager
def watched(
    folder: Path, *arguments: str, terminal: bool = False, **environment: str
) -> Iterator[Watcher]:
    """Watch a project, through a pipe or on a terminal."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "ffc", "compile", "--watch", *arguments],
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24", **environment},
        stdin=theirs if terminal else subprocess.DEVNULL,
        stdout=theirs if terminal else subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        yield Watcher(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
