"""Databases in memory in which DuckDB is asked: emptied and used again, for one takes long to open.

They read nothing from outside, and nobody can change that.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from threading import Thread
from typing import Any, Final

import duckdb

_CONFIG: Final[dict[str, Any]] = {
    "threads": 1,
    "errors_as_json": True,
    "enable_external_access": False,
}
_SETTINGS: Final = "SET TimeZone = 'UTC'; SET lock_configuration = true"
# One that nobody uses now, and the process that opened it: a fork can't use it.
_SPARE: Final[list[tuple[int, duckdb.DuckDBPyConnection]]] = []


_OPENING: Final[list[Thread]] = []


def prepare_scratch() -> None:
    """Begin to open a database, unless there is one to spare: other things are done meanwhile."""
    if not _SPARE and not _OPENING:
        _OPENING.append(Thread(target=_open_spare, daemon=True))
        _OPENING[-1].start()


def _open_spare() -> None:
    with suppress(duckdb.Error):  # whoever needs one tries again, and is told
        _SPARE.append((os.getpid(), _opened()))


def open_scratch() -> duckdb.DuckDBPyConnection:
    """Return a database in which there is the schema of references, and nothing else."""
    with suppress(IndexError):  # another thread was quicker
        _OPENING.pop().join()
    connection = _spare() or _opened()
    connection.execute(_schema()[0])
    return connection


def _spare() -> duckdb.DuckDBPyConnection | None:
    while _SPARE:
        with suppress(IndexError):  # another thread was quicker
            process, connection = _SPARE.pop()
            if process == os.getpid():
                return connection
    return None


def _opened() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config=_CONFIG)
    connection.execute(_SETTINGS)
    return connection


@cache
def _schema() -> tuple[str, str]:
    """Return what makes the schema of references, and what drops it.

    To open a database takes less than to load what SQL is built with.
    """
    from sqlglot import exp

    from ffc.sql import build, relations

    made = relations.create_schema(build.REFERENCE_SCHEMA)
    schema = build.name(build.REFERENCE_SCHEMA)
    dropped = exp.Drop(tables=[schema], kind="SCHEMA", cascade=True)
    return made.sql(dialect="duckdb"), dropped.sql(dialect="duckdb")


def close_scratch(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty a database and keep it for the next who asks; one is kept, others are closed."""
    if not _SPARE:
        with suppress(duckdb.Error):
            connection.execute(_schema()[1])
            _SPARE.append((os.getpid(), connection))
            return
    connection.close()
