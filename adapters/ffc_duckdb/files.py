"""How a DuckDB file is opened, and who holds it where it can't be.

A process that writes excludes all others, one that reads excludes those that write. Whoever only
looks lets go at once, so that waiting a little is worth it.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ffc.adapter import Unreachable
from ffc_duckdb.holders import described

if TYPE_CHECKING:
    import duckdb

# Seconds to wait for whoever holds a file, and between two looks.
PATIENCE: Final = 5.0
_PAUSE: Final = 0.1
_HELD: Final = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_BROKEN: Final = (
    "not a valid DuckDB database file",
    "Corrupt database file",
    "Could not read enough bytes",
    "checksum",
)
_DENIED: Final = "you may not open it: ask its owner, or give the store another `path`"
_MEMORY: Final = "`memory_limit` in profiles.yml is such as `4GB`"
_OTHERWISE: Final = "Can't open a connection to same database file with a different configuration"


def open_file(
    path: Path, memory_limit: str, *, read_only: bool, patience: float = PATIENCE
) -> duckdb.DuckDBPyConnection:
    """Open a file, waiting a little for whoever holds it; raises Unreachable, which says who."""
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {}
    if memory_limit:
        config["memory_limit"] = memory_limit
    _check(path, read_only=read_only)
    until = time.monotonic() + patience
    while True:
        try:
            return duckdb.connect(path, read_only=read_only, config=config)
        except (duckdb.Error, OSError) as problem:
            shared = _shared(path, config, problem) if read_only else None
            if shared is not None:
                return shared
            held = "Conflicting lock" in str(problem)
            if not held or time.monotonic() >= until:
                raise _refused(path, problem) from problem
        time.sleep(_PAUSE)


def _check(path: Path, *, read_only: bool) -> None:
    """Raise Unreachable for a path at which no file can be, or to read at which none is."""
    if path.is_dir():
        help_ = "`path` in profiles.yml names a file: give it another name"
        raise Unreachable(f"DuckDB can't open `{path.name}`: it is a folder", help=[help_])
    if read_only and not path.exists():
        help_ = "nothing was built in this target yet: run `ffc run`"
        raise Unreachable(f"there is no DuckDB file `{path.name}`", help=[help_])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        help_ = "`path` in profiles.yml says where: name a folder that is there, or may be made"
        message = f"the folder `{path.parent}` can't be made: {problem.strerror}"
        raise Unreachable(message, help=[help_]) from problem


def _shared(
    path: Path, config: dict[str, str | bool | int | float | list[str]], problem: Exception
) -> duckdb.DuckDBPyConnection | None:
    """Return a connection to the database that this process has open for writing, if it has."""
    import duckdb

    if _OTHERWISE.lower() not in str(problem).lower():
        return None
    try:
        return duckdb.connect(path, config=config)
    except duckdb.Error:
        return None


def _refused(path: Path, problem: Exception) -> Unreachable:
    text = str(problem)
    first = text.strip().splitlines()[0] if text.strip() else type(problem).__name__
    if held := _HELD.search(text):
        holder = described(int(held["pid"]), held["program"])
        return Unreachable(
            f"the DuckDB file `{path.name}` is in use by {holder}",
            help=[
                "a DuckDB file has one writer, or several readers, at a time: wait until that "
                "process lets go, or end it",
                "in a notebook: close the connection, or open it with `read_only=True` and briefly",
            ],
        )
    if _OTHERWISE.lower() in text.lower():
        help_ = "close the other connection of this process first"
        return Unreachable(
            f"the DuckDB file `{path.name}` is open in this process in another way", help=[help_]
        )
    if any(word in text for word in _BROKEN):
        return Unreachable(
            f"`{path}` is no DuckDB file, or a broken one",
            help=[
                first,
                "restore a backup, or move the file away: the next `ffc run` builds all anew",
            ],
        )
    hints = [_DENIED] if "Permission denied" in text else []
    hints += [_MEMORY] if "memory" in first and "Parser Error" in first else []
    return Unreachable(f"DuckDB can't open `{path.name}`: {first}", help=hints)
