"""Who holds a file: a process by its number, as far as the system tells."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
# What DuckDB says of a lock: the program and the number of its process.
_LOCK: Final = re.compile(r"held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")
LONGEST: Final = 60


def holder_of(refusal: str, proc: Path = PROC) -> str:
    """Return who holds the lock that DuckDB tells of, in words; nothing where it doesn't tell.

    What it was started with is told up to the first option or address, which may hold a secret.
    """
    found = _LOCK.search(refusal)
    if found is None:
        return ""
    pid = int(found["pid"])
    if pid == os.getpid():
        return f"this process itself (PID {pid})"
    folder = proc / str(pid)
    program = _command(folder) or Path(found["program"]).name
    facts = [f"PID {pid}", _user(folder), _started(folder, proc)]
    return f"`{program}` ({', '.join(fact for fact in facts if fact)})"


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
