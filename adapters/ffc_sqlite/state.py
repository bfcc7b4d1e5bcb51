"""SQLite as a state store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from ffc.adapter import (
    Build,
    Lease,
    Locked,
    NodeRun,
    OnlineView,
    Options,
    Pointer,
    RunRecord,
    StateError,
    StateStore,
)
from ffc_sqlite.connection import Database
from ffc_sqlite.schema import SCRIPTS

_POINTERS = """
SELECT p.target, p.node, p.definition, b.id, b.node, b.fingerprint, b.relation_schema,
       b.relation_name, b.inputs, b.rows, b.created
FROM pointers p JOIN builds b ON b.id = p.build WHERE p.target = ? ORDER BY p.node
"""


class SQLiteStateStore(StateStore):
    """A SQLite file. Settings: `path`."""

    def __init__(self, options: Options) -> None:
        options.only("path")
        self._database = Database(options.path("path"), SCRIPTS, "the state store")

    def acquire(self, name: str, owner: str, now: float, seconds: float) -> Lease:
        """Take a lock, from a holder that let it expire if need be."""
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT owner, token, expires FROM locks WHERE name = ?", (name,)
            ).fetchone()
            if row is not None and row[2] > now:
                raise Locked(
                    f"`{name}` is held by {row[0]}",
                    help=[
                        f"wait for it to end; a holder that died is passed over {seconds:.0f} s on"
                    ],
                )
            token = (row[1] if row else 0) + 1
            connection.execute(
                "INSERT OR REPLACE INTO locks (name, owner, token, expires) VALUES (?, ?, ?, ?)",
                (name, owner, token, now + seconds),
            )
        return Lease(name=name, owner=owner, token=token)

    def renew(self, lease: Lease, now: float, seconds: float) -> None:
        """Put the lock's expiry off."""
        with self._database.writing() as connection:
            _check(connection, lease)
            connection.execute(
                "UPDATE locks SET expires = ? WHERE name = ?", (now + seconds, lease.name)
            )

    def release(self, lease: Lease) -> None:
        """Let the lock expire; its token stays, so that it is never given again."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE locks SET expires = 0 WHERE name = ? AND token = ?",
                (lease.name, lease.token),
            )

    def deploy(self, target: str, manifest: bytes, now: str, principal: str) -> str:
        """Remember a manifest, unless it is the newest one already."""
        with self._database.writing() as connection:
            newest = _deployment(connection, target)
            if newest is not None and newest[1] == manifest:
                return newest[0]
            cursor = connection.execute(
                "INSERT INTO deployments (target, manifest, created, principal) "
                "VALUES (?, ?, ?, ?)",
                (target, manifest, now, principal),
            )
            return f"d{cursor.lastrowid}"

    def deployment(self, target: str) -> tuple[str, bytes] | None:
        """Return the newest deployment."""
        with self._database.reading() as connection:
            return _deployment(connection, target)

    def finish_build(self, lease: Lease, target: str, build: Build, definition: bytes) -> None:
        """Record definition, build and pointer in one transaction, if the lease still holds."""
        with self._database.writing() as connection:
            _check(connection, lease)
            connection.execute(
                "INSERT INTO definitions (node, fingerprint, json) VALUES (?, ?, ?) "
                "ON CONFLICT (node, fingerprint) DO UPDATE SET json = excluded.json",
                (build.node, build.fingerprint, definition),
            )
            connection.execute(
                "INSERT INTO builds VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    build.id,
                    build.node,
                    build.fingerprint,
                    *build.relation,
                    msgspec.json.encode(build.inputs).decode(),
                    build.rows,
                    build.created,
                ),
            )
            connection.execute(
                "INSERT OR REPLACE INTO pointers VALUES (?, ?, ?, ?)",
                (target, build.node, build.fingerprint, build.id),
            )

    def pointers(self, target: str) -> dict[str, Pointer]:
        """Return the pointers of a target."""
        with self._database.reading() as connection:
            rows = connection.execute(_POINTERS, (target,)).fetchall()
        return {
            row[1]: Pointer(
                target=row[0],
                node=row[1],
                definition=row[2],
                build=Build(
                    id=row[3],
                    node=row[4],
                    fingerprint=row[5],
                    relation=(row[6], row[7]),
                    inputs=msgspec.json.decode(row[8], type=dict[str, str]),
                    rows=row[9],
                    created=row[10],
                ),
            )
            for row in rows
        }

    def definitions(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return definitions by node and fingerprint."""
        query = "SELECT json FROM definitions WHERE node = ? AND fingerprint = ?"
        with self._database.reading() as connection:
            found = {key: connection.execute(query, key).fetchone() for key in wanted}
        return {key: row[0] for key, row in found.items() if row is not None}

    def begin_run(self, target: str, command: str, principal: str, now: str) -> str:
        """Open a run."""
        with self._database.writing() as connection:
            cursor = connection.execute(
                "INSERT INTO runs (target, command, principal, started) VALUES (?, ?, ?, ?)",
                (target, command, principal, now),
            )
            return f"r{cursor.lastrowid}"

    def record_node(self, run: str, node: NodeRun) -> None:
        """Add a node to a run."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO run_nodes SELECT ?1, count(*) + 1, ?2 FROM run_nodes WHERE run = ?1",
                (_number(run), msgspec.json.encode(node)),
            )

    def finish_run(self, run: str, status: str, now: str) -> None:
        """Close a run."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE runs SET status = ?, finished = ? WHERE number = ?",
                (status, now, _number(run)),
            )

    def runs(self, target: str, limit: int) -> list[RunRecord]:
        """Return the newest runs of a target, each with its nodes."""
        query = (
            "SELECT number, target, command, principal, started, finished, status FROM runs "
            "WHERE target = ? ORDER BY number DESC LIMIT ?"
        )
        nodes = "SELECT result FROM run_nodes WHERE run = ? ORDER BY position"
        with self._database.reading() as connection:
            return [
                RunRecord(
                    id=f"r{number}",
                    target=target,
                    command=command,
                    principal=principal,
                    started=started,
                    finished=finished,
                    status=status,
                    nodes=tuple(
                        msgspec.json.decode(result, type=NodeRun)
                        for (result,) in connection.execute(nodes, (number,))
                    ),
                )
                for number, target, command, principal, started, finished, status in (
                    connection.execute(query, (target, limit)).fetchall()
                )
            ]

    def set_online_view(self, lease: Lease, target: str, view: OnlineView) -> None:
        """Say what a store holds of a view, if the lease still holds."""
        with self._database.writing() as connection:
            _check(connection, lease)
            connection.execute(
                "INSERT OR REPLACE INTO online_views VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    target,
                    view.store,
                    view.view,
                    view.fingerprint,
                    view.generation,
                    view.as_of,
                    view.rows,
                ),
            )

    def online_views(self, target: str) -> list[OnlineView]:
        """Return what the stores hold."""
        query = (
            "SELECT store, view, fingerprint, generation, as_of, rows FROM online_views "
            "WHERE target = ? ORDER BY view"
        )
        with self._database.reading() as connection:
            return [
                OnlineView(
                    store=store,
                    view=view,
                    fingerprint=fingerprint,
                    generation=generation,
                    as_of=as_of,
                    rows=rows,
                )
                for store, view, fingerprint, generation, as_of, rows in (
                    connection.execute(query, (target,)).fetchall()
                )
            ]

    def observe(
        self, node: str, column: str, metric: str, window: str, value: float, build: str
    ) -> None:
        """Keep a figure."""
        with self._database.writing() as connection:
            connection.execute(
                'INSERT INTO observations (node, "column", metric, "window", value, build) '
                "VALUES (?, ?, ?, ?, ?, ?)",
                (node, column, metric, window, value, build),
            )

    def audit(self, principal: str, action: str, target: str, now: str) -> None:
        """Note an action."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO audit (principal, action, object, time) VALUES (?, ?, ?, ?)",
                (principal, action, target, now),
            )

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _check(connection: sqlite3.Connection, lease: Lease) -> None:
    """Raise Locked where somebody else took the lock since."""
    row = connection.execute(
        "SELECT owner, token FROM locks WHERE name = ?", (lease.name,)
    ).fetchone()
    if row is None or row[1] != lease.token:
        holder = row[0] if row else "nobody"
        raise Locked(f"`{lease.name}` was lost to {holder}: nothing more is changed")


def _deployment(connection: sqlite3.Connection, target: str) -> tuple[str, bytes] | None:
    row = connection.execute(
        "SELECT number, manifest FROM deployments WHERE target = ? ORDER BY number DESC LIMIT 1",
        (target,),
    ).fetchone()
    return (f"d{row[0]}", row[1]) if row else None


def _number(run: str) -> int:
    if not run[1:].isdigit():
        raise StateError(f"`{run}` is no run")
    return int(run[1:])
