"""Who holds a file: a process by its number, as far as the system tells."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
LONGEST: Final = 60


def described(pid: int, program: str, proc: Path = PROC) -> str:
    """Return what can be told of a process: its number, what it runs, whose it is, since when.

    `program` is its file. What it was started with is told up to the first option or address, which
    may hold a secret.
    """
    if pid == os.getpid():
        return f"this process itself ({pid})"
    folder = proc / str(pid)
    shown = _command(folder) or Path(program).name
    facts = [f"`{shown}`", _user(folder), _started(folder, proc)]
    return f"the process {pid} ({', '.join(fact for fact in facts if fact)})"


def _command(folder: Path) -> str:
    """Return a program and what it was told to do: `python -m ffc run`."""
    try:
        first, *rest = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    words = [Path(first).name]
    for word in rest:
        if (word.startswith("-") and word != "-m") or "://" in word:
            break
        words.append(Path(word).name if word.startswith("/") else word)
    text = " ".join(word for word in words if word)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _user(folder: Path) -> str:
    try:
        # Windows has neither the module nor the folder.
        import pwd

        return f"user {pwd.getpwuid(folder.stat().st_uid).pw_name}"
    except (ImportError, OSError, KeyError):
        return ""


def _started(folder: Path, proc: Path) -> str:
    """Return when a process began, in UTC: https://man7.org/linux/man-pages/man5/proc.5.html."""
    try:
        # The name of the program may hold spaces and brackets; what follows it doesn't.
        ticks = int((folder / "stat").read_text().rpartition(")")[2].split()[19])
        boot = re.search(r"^btime (\d+)", (proc / "stat").read_text(), re.MULTILINE)
        assert boot is not None
        begun = int(boot[1]) + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AssertionError):
        return ""
    return f"since {datetime.fromtimestamp(begun, UTC):%Y-%m-%d %H:%M:%S}Z"
