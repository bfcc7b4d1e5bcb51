"""The layouts of ffc's SQLite files, and how an older file comes to the newest one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ffc.adapter import StateError, StoreError

# One migration: statements that are applied whole or not at all. The last one sets the version,
# so that no SQL is put together here.
Script = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a kind of file is for, and the scripts that bring one from each version to the next.

    `application_id` tells the file from any other SQLite file. `failure` is the class that every
    failure of the file is of, `remedy` what to do about a broken one.
    """

    noun: str
    application_id: int
    scripts: tuple[Script, ...]
    failure: type[StateError] | type[StoreError]
    remedy: str


def migrate(connection: sqlite3.Connection, layout: Layout, path: Path) -> None:
    """Bring a file to the newest version, one transaction a script.

    Raises the layout's failure for a file that a newer ffc wrote or that is not ffc's.
    """
    while _version(connection, layout, path) < len(layout.scripts):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Again, now that nobody else writes: another process may have been faster.
            version = _version(connection, layout, path)
            for statement in layout.scripts[version] if version < len(layout.scripts) else ():
                connection.execute(statement)
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise


def _version(connection: sqlite3.Connection, layout: Layout, path: Path) -> int:
    """Return the file's version, 0 if it is new; raises the layout's failure if it is unfit."""
    # One statement, one moment: another process may be making the file just now.
    ours, version, tables = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id),"
        " (SELECT user_version FROM pragma_user_version),"
        " (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    if ours != layout.application_id and (ours or version or tables):
        raise layout.failure(
            f"{path} is no {layout.noun} of ffc",
            help=["give each store in profiles.yml a `path` of its own"],
        )
    if version > len(layout.scripts):
        known = len(layout.scripts)
        raise layout.failure(
            f"the {layout.noun} {path} was written by a newer ffc:"
            f" its version is {version}, this ffc knows {known}",
            help=["upgrade ffc"],
        )
    found: int = version
    return found


_STATE_1: Final[Script] = (
    "PRAGMA application_id = 1717986163",
    """
    CREATE TABLE definitions (
        node TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        json BLOB NOT NULL,
        PRIMARY KEY (node, fingerprint)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE builds (
        id TEXT PRIMARY KEY,
        node TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        relation_schema TEXT NOT NULL,
        relation_name TEXT NOT NULL,
        inputs TEXT NOT NULL,
        rows INTEGER,
        created TEXT NOT NULL,
        FOREIGN KEY (node, fingerprint) REFERENCES definitions
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE pointers (
        target TEXT NOT NULL,
        node TEXT NOT NULL,
        definition TEXT NOT NULL,
        build TEXT NOT NULL REFERENCES builds,
        PRIMARY KEY (target, node),
        FOREIGN KEY (node, definition) REFERENCES definitions
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE deployments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        target TEXT NOT NULL,
        manifest BLOB NOT NULL,
        created TEXT NOT NULL,
        principal TEXT NOT NULL
    )
    """,
    "CREATE INDEX deployments_of ON deployments (target, id)",
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        target TEXT NOT NULL,
        command TEXT NOT NULL,
        principal TEXT NOT NULL,
        started TEXT NOT NULL,
        finished TEXT NOT NULL DEFAULT '',
        status TEXT NOT NULL DEFAULT 'running'
    )
    """,
    "CREATE INDEX runs_of ON runs (target, id)",
    """
    CREATE TABLE run_nodes (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs,
        node TEXT NOT NULL,
        action TEXT NOT NULL,
        status TEXT NOT NULL,
        reason TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        seconds REAL NOT NULL,
        rows TEXT NOT NULL,
        relation TEXT NOT NULL,
        build TEXT NOT NULL,
        error TEXT NOT NULL,
        UNIQUE (run, node, action)
    )
    """,
    """
    CREATE TABLE online_views (
        target TEXT NOT NULL,
        store TEXT NOT NULL,
        view TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        generation INTEGER NOT NULL,
        as_of TEXT NOT NULL,
        rows INTEGER NOT NULL,
        PRIMARY KEY (target, store, view)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE locks (
        name TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        token INTEGER NOT NULL,
        expires REAL
    ) WITHOUT ROWID
    """,
    # A figure that could not be computed is a NaN, which SQLite keeps as null.
    """
    CREATE TABLE observations (
        node TEXT NOT NULL,
        "column" TEXT NOT NULL,
        metric TEXT NOT NULL,
        "window" TEXT NOT NULL,
        value REAL,
        build TEXT NOT NULL,
        PRIMARY KEY (node, "column", metric, "window", build)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        principal TEXT NOT NULL,
        action TEXT NOT NULL,
        object TEXT NOT NULL,
        time TEXT NOT NULL
    )
    """,
    "PRAGMA user_version = 1",
)

_STATE_2: Final[Script] = (
    "ALTER TABLE builds ADD COLUMN previous TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX builds_of ON builds (node, created)",
    "PRAGMA user_version = 2",
)

_STATE_3: Final[Script] = (
    "ALTER TABLE builds ADD COLUMN principal TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE builds ADD COLUMN deployment TEXT NOT NULL DEFAULT ''",
    """ALTER TABLE builds ADD COLUMN "commit" TEXT NOT NULL DEFAULT ''""",
    "ALTER TABLE builds ADD COLUMN dirty INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE builds ADD COLUMN content_hash TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE builds ADD COLUMN collected TEXT NOT NULL DEFAULT ''",
    # Records outlive their rows: what a run asks for is how many builds there are, not were.
    "CREATE INDEX builds_there ON builds (node, created) WHERE collected = ''",
    """
    CREATE TABLE model_uses (
        id INTEGER PRIMARY KEY,
        model TEXT NOT NULL,
        node TEXT NOT NULL,
        build TEXT NOT NULL REFERENCES builds,
        principal TEXT NOT NULL,
        time TEXT NOT NULL,
        purpose TEXT NOT NULL
    )
    """,
    "CREATE INDEX uses_of ON model_uses (build)",
    "CREATE INDEX uses_by ON model_uses (model)",
    "PRAGMA user_version = 3",
)

_STATE_4: Final[Script] = (
    """
    CREATE TABLE served_minutes (
        target TEXT NOT NULL,
        minute TEXT NOT NULL,
        server TEXT NOT NULL,
        counts BLOB NOT NULL,
        PRIMARY KEY (target, minute, server)
    ) WITHOUT ROWID
    """,
    "PRAGMA user_version = 4",
)

_ONLINE_1: Final[Script] = (
    "PRAGMA application_id = 1717986159",
    """
    CREATE TABLE rows (
        key BLOB NOT NULL,
        field BLOB NOT NULL,
        version BLOB NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (key, field)
    ) WITHOUT ROWID
    """,
    "PRAGMA user_version = 1",
)

STATE: Final = Layout(
    noun="state store",
    application_id=1717986163,  # "ffcs"
    scripts=(_STATE_1, _STATE_2, _STATE_3, _STATE_4),
    failure=StateError,
    remedy="restore a backup, or move the file away: the next `ffc run` starts from nothing",
)
ONLINE: Final = Layout(
    noun="online store",
    application_id=1717986159,  # "ffco"
    scripts=(_ONLINE_1,),
    failure=StoreError,
    remedy="move the file away: the next `ffc sync` fills a new one",
)
