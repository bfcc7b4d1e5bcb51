"""Rows of the state store's tables as records, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from ffc.adapter import Build, DeploymentRecord, Lease, Locked, OnlineView, StateError


def lock_of(connection: sqlite3.Connection, name: str) -> tuple[str, int, float | None] | None:
    """Return a lock's last owner, its token and when it expires; None for one given back."""
    row: tuple[str, int, float | None] | None = connection.execute(
        "SELECT owner, token, expires FROM locks WHERE name = ?", (name,)
    ).fetchone()
    return row


def check_lease(connection: sqlite3.Connection, lease: Lease) -> None:
    """Raise Locked unless the lease is the newest of its lock and was not given back."""
    held = lock_of(connection, lease.name)
    if held is None or held[1] != lease.token:
        by = f"taken over by {held[0]}" if held else "never taken"
        raise Locked(f"{lease.owner} does not hold `{lease.name}`: it was {by}")
    if held[2] is None:
        raise Locked(f"{lease.owner} does not hold `{lease.name}`: it was given back")


def check_unused(connection: sqlite3.Connection, builds: Sequence[str]) -> None:
    """Raise StateError where a pointer of any target leads to one of the builds."""
    row = connection.execute(
        "SELECT build, node FROM pointers WHERE build IN (SELECT value FROM json_each(?))",
        (json.dumps(list(builds)),),
    ).fetchone()
    if row:
        raise StateError(f"the build `{row[0]}` is what `{row[1]}` means: it can't be forgotten")


def newest_deployment(connection: sqlite3.Connection, target: str) -> tuple[str, bytes] | None:
    """Return a target's newest deployment: its id and its manifest."""
    row: tuple[str, bytes] | None = connection.execute(
        "SELECT 'd' || id, manifest FROM deployments WHERE target = ? ORDER BY id DESC LIMIT 1",
        (target,),
    ).fetchone()
    return row


def deployments_of(
    connection: sqlite3.Connection, target: str, only: str, limit: int | None
) -> list[DeploymentRecord]:
    """Return a target's deployments, the newest first, or `only` the one of an id."""
    rows = select(
        connection,
        # A bare column beside max() is of the row that has the greatest; a length is known without
        # reading the value.
        """
        SELECT 'd' || d.id AS id, d.target, d.manifest, d.created, d.principal,
               coalesce(b."commit", '') AS "commit", coalesce(b.dirty, 0) AS dirty,
               coalesce((
                   SELECT 'd' || min(e.id) FROM deployments e
                   WHERE e.target = d.target AND e.id < d.id
                     AND length(e.manifest) = length(d.manifest) AND e.manifest = d.manifest
               ), '') AS same_as
        FROM deployments d LEFT JOIN (
            SELECT deployment, "commit", dirty, max(created) FROM builds
            WHERE "commit" <> '' GROUP BY deployment
        ) b ON b.deployment = 'd' || d.id
        WHERE d.target = ? AND ? IN ('', 'd' || d.id) ORDER BY d.id DESC LIMIT ?
        """,
        (target, only, -1 if limit is None else limit),
    )
    return [DeploymentRecord(**{**row, "dirty": bool(row["dirty"])}) for row in rows]


def add_deployment(
    connection: sqlite3.Connection, target: str, manifest: bytes, now: str, principal: str
) -> str:
    """Insert a manifest unless it is the target's newest; return the id of its deployment."""
    newest = newest_deployment(connection, target)
    if newest and newest[1] == manifest:
        return newest[0]
    number = connection.execute(
        "INSERT INTO deployments (target, manifest, created, principal) VALUES (?, ?, ?, ?)",
        (target, manifest, now, principal),
    ).lastrowid
    return f"d{number}"


def add_build(connection: sqlite3.Connection, build: Build) -> None:
    """Insert a build; raises StateError where another one has its id."""
    row = (
        *(build.id, build.node, build.fingerprint, *build.relation),
        *(json.dumps(dict(build.inputs), sort_keys=True), build.rows, build.created),
        *(build.previous, build.principal, build.deployment, build.commit, int(build.dirty)),
        *(build.content_hash, build.collected),
    )
    connection.execute(
        """
        INSERT INTO builds (id, node, fingerprint, relation_schema, relation_name,
                            inputs, rows, created, previous, principal, deployment,
                            "commit", dirty, content_hash, collected)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
        """,
        row,
    )
    known = connection.execute(
        """
        SELECT id, node, fingerprint, relation_schema, relation_name, inputs, rows, created,
               previous, principal, deployment, "commit", dirty, content_hash, collected
        FROM builds WHERE id = ?
        """,
        (build.id,),
    ).fetchone()
    if known != row:
        raise StateError(f"the build `{build.id}` is finished and can't be changed")


def point(connection: sqlite3.Connection, target: str, build: Build) -> None:
    """Move the pointer of a build's node to it."""
    connection.execute(
        "REPLACE INTO pointers (target, node, definition, build) VALUES (?, ?, ?, ?)",
        (target, build.node, build.fingerprint, build.id),
    )


def cut_over(connection: sqlite3.Connection, target: str, view: OnlineView) -> None:
    """Say what an online store now holds of a view."""
    connection.execute(
        """
        REPLACE INTO online_views (target, store, view, fingerprint, generation, as_of, rows)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (
            *(target, view.store, view.view, view.fingerprint),
            *(view.generation, view.as_of, view.rows),
        ),
    )


def define(connection: sqlite3.Connection, node: str, fingerprint: str, json: bytes) -> None:
    """Insert a definition, or put another text in the place of the one that is known."""
    connection.execute(
        """
        INSERT INTO definitions (node, fingerprint, json) VALUES (?, ?, ?)
        ON CONFLICT (node, fingerprint) DO UPDATE SET json = excluded.json
        """,
        (node, fingerprint, json),
    )


def leave_view(connection: sqlite3.Connection, target: str, view: OnlineView, pointer: str) -> None:
    """Delete what is said of a view's generation, and with it the pointer."""
    deleted = connection.execute(
        """
        DELETE FROM online_views
        WHERE target = ? AND store = ? AND view = ? AND fingerprint = ? AND generation = ?
        """,
        (target, view.store, view.view, view.fingerprint, view.generation),
    )
    if deleted.rowcount:
        connection.execute("DELETE FROM pointers WHERE target = ? AND node = ?", (target, pointer))


def build_of(row: sqlite3.Row) -> Build:
    """Return a build from its row."""
    return Build(
        id=row["id"],
        node=row["node"],
        fingerprint=row["fingerprint"],
        relation=(row["relation_schema"], row["relation_name"]),
        inputs=json.loads(row["inputs"]),
        rows=row["rows"],
        created=row["created"],
        previous=row["previous"],
        principal=row["principal"],
        deployment=row["deployment"],
        commit=row["commit"],
        dirty=bool(row["dirty"]),
        content_hash=row["content_hash"],
        collected=row["collected"],
    )


def select(
    connection: sqlite3.Connection, query: str, values: tuple[str | int | None, ...]
) -> list[sqlite3.Row]:
    """Return rows whose columns have names."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(query, values).fetchall()
