"""The state store's tables, a script for each version; a script that was released never changes."""

from __future__ import annotations

from typing import Final

SCRIPTS: Final = (
    """CREATE TABLE definitions (
    node TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    json BLOB NOT NULL,
    PRIMARY KEY (node, fingerprint)
) WITHOUT ROWID;
CREATE TABLE builds (
    id TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    relation_schema TEXT NOT NULL,
    relation_name TEXT NOT NULL,
    inputs TEXT NOT NULL,
    rows INTEGER,
    created TEXT NOT NULL,
    FOREIGN KEY (node, fingerprint) REFERENCES definitions (node, fingerprint)
) WITHOUT ROWID;
CREATE TABLE pointers (
    target TEXT NOT NULL,
    node TEXT NOT NULL,
    definition TEXT NOT NULL,
    build TEXT NOT NULL REFERENCES builds (id),
    PRIMARY KEY (target, node)
) WITHOUT ROWID;
CREATE TABLE deployments (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    manifest BLOB NOT NULL,
    created TEXT NOT NULL,
    principal TEXT NOT NULL
);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    command TEXT NOT NULL,
    principal TEXT NOT NULL,
    started TEXT NOT NULL,
    finished TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'running'
);
CREATE TABLE run_nodes (
    run INTEGER NOT NULL REFERENCES runs (number),
    position INTEGER NOT NULL,
    result BLOB NOT NULL,
    PRIMARY KEY (run, position)
) WITHOUT ROWID;
CREATE TABLE online_views (
    target TEXT NOT NULL,
    store TEXT NOT NULL,
    view TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    generation INTEGER NOT NULL,
    as_of TEXT NOT NULL,
    rows INTEGER NOT NULL,
    PRIMARY KEY (target, view)
) WITHOUT ROWID;
CREATE TABLE locks (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    token INTEGER NOT NULL,
    expires REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE observations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    node TEXT NOT NULL,
    "column" TEXT NOT NULL,
    metric TEXT NOT NULL,
    "window" TEXT NOT NULL,
    value REAL NOT NULL,
    build TEXT NOT NULL
);
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    principal TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    time TEXT NOT NULL
)""",
)
