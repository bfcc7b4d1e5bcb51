"""Commands on a terminal of some width, and what it shows."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import termios
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from ffc.cli.main import run


@dataclass(frozen=True)
class Screen:
    """How a command ended, and the lines that it wrote, without colours."""

    code: int
    lines: list[str]


def on_screen(folder: Path, columns: int, *arguments: str) -> Screen:
    """Run `ffc ARGUMENTS` in a folder on a terminal so wide, which can only write lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    written: list[bytes] = []
    reader = threading.Thread(target=lambda: written.extend(iter(lambda: _read(ours), b"")))
    reader.start()
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        patch.setenv("TERM", "dumb")
        patch.delenv("COLUMNS", raising=False)
        with (
            os.fdopen(theirs, "w") as terminal,
            contextlib.redirect_stdout(terminal),
            contextlib.redirect_stderr(terminal),
        ):
            code = run(arguments)
    reader.join()
    os.close(ours)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(written).decode())
    return Screen(code, plain.replace("\r\n", "\n").rstrip("\n").split("\n"))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the other end was closed
        return b""
