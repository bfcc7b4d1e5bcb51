"""The one way to open a DuckDB file: waiting for others to let go, saying what stands against it.

A process that writes excludes all others, readers too; readers exclude a writer. Within a process
all connections to a file share one database, opened one way.
https://duckdb.org/docs/stable/connect/concurrency
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ffc.adapter import Unreachable
from ffc_duckdb.holders import holder_of

if TYPE_CHECKING:
    import duckdb

# How long to wait for whoever holds a file, and between two tries; seconds.
PATIENCE: Final = 5.0
PAUSE: Final = 0.05

_LOCKED: Final = "Conflicting lock"
_OPENED_OTHERWISE: Final = "different configuration"
_DAMAGED: Final = (
    "the file is damaged: put back a copy of it, or move it away and `ffc run` builds all anew "
    "(what snapshots remember is in the file alone)"
)
# What stands against opening a file, by DuckDB's words.
HELP: Final[Mapping[str, str]] = {
    "not a valid DuckDB": "`path` in profiles.yml names a file of another kind: give the store a "
    "path of its own, or move that file away",
    "Is a directory": "`path` in profiles.yml names a folder: name a file in it",
    "Not a directory": "a part of `path` in profiles.yml is a file, not a folder",
    "File exists": "a part of `path` in profiles.yml is a file, not a folder",
    "Permission denied": "you may not open it: ask its owner, or give the store another `path`",
    "Read-only file system": "nothing can be written there: give the store another `path`",
    "No space left": "make room on the disk",
    "Corrupt database file": _DAMAGED,
    "Could not read enough bytes": _DAMAGED,
    "checksum": _DAMAGED,
    "WAL file": _DAMAGED,
    "newer version": "a newer DuckDB wrote it: upgrade with `pip install --upgrade duckdb`",
}

Config = dict[str, str | bool | int | float | list[str]]


def open_file(path: Path, config: Config, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file, made if need be unless it is only read; raises Unreachable."""
    import duckdb

    _prepare(path, read_only=read_only)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return duckdb.connect(path, read_only=read_only, config=config)
        except duckdb.Error as problem:
            shared = _shared(path, config, problem) if read_only else None
            if shared is not None:
                return shared
            if time.monotonic() >= end or not _may_pass(problem):
                raise _explained(path, problem, read_only=read_only) from problem
        time.sleep(PAUSE)


def _prepare(path: Path, *, read_only: bool) -> None:
    if read_only and not path.exists():
        raise Unreachable(
            f"there is no DuckDB file `{path.name}`: nothing was built yet",
            help=["run `ffc run`", f"looked for it at {path}"],
        )
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Unreachable(
            f"DuckDB can't open `{path.name}`: {problem}", help=_help(str(problem))
        ) from problem


def _shared(path: Path, config: Config, problem: duckdb.Error) -> duckdb.DuckDBPyConnection | None:
    """Return a connection to the database that this process has open for writing, if it has."""
    import duckdb

    if _OPENED_OTHERWISE not in str(problem):
        return None
    try:
        return duckdb.connect(path, config=config)
    except duckdb.Error:
        return None


def _may_pass(problem: duckdb.Error) -> bool:
    return any(word in str(problem) for word in (_LOCKED, _OPENED_OTHERWISE))


def _explained(path: Path, problem: duckdb.Error, *, read_only: bool) -> Unreachable:
    said = str(problem).strip()
    if _OPENED_OTHERWISE in said:
        how = "" if read_only else "for reading only, or "
        return Unreachable(
            f"the DuckDB file `{path.name}` is in use by this process itself",
            help=[f"it has the file open {how}with other settings: close that one first"],
        )
    if _LOCKED in said:
        # DuckDB tells a writer that meets readers that it could read, too.
        readers = "read-only mode" in said
        return Unreachable(
            f"the DuckDB file `{path.name}` is in use by {holder_of(said) or 'another process'}",
            help=[_READERS if readers else _WRITER, f"waited {PATIENCE:g} s for {path}"],
        )
    return Unreachable(f"DuckDB can't open `{path.name}`: {_first(said)}", help=_help(said))


_WRITER: Final = (
    "a DuckDB file has one writer at a time, and no readers meanwhile: wait until it ends; a "
    "notebook lets go with `connection.close()`"
)
_READERS: Final = (
    "it is open for reading there, and nobody can write meanwhile: close it; a notebook lets go "
    "with `connection.close()`"
)


def _first(said: str) -> str:
    return said.splitlines()[0] if said else "it does not say why"


def _help(said: str) -> list[str]:
    return list(dict.fromkeys(hint for words, hint in HELP.items() if words in said))
