"""SQLite as a state store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from ffc.adapter import (
    Build,
    DeploymentRecord,
    Lease,
    Locked,
    ModelUse,
    Move,
    NodeRun,
    Observation,
    OnlineView,
    Options,
    Pointer,
    RunRecord,
    ServedMinute,
    StateError,
    StateStore,
    is_held,
)
from ffc_sqlite.connection import Database
from ffc_sqlite.figures import observations_of, put_observations, put_served, served_since
from ffc_sqlite.rows import (
    add_build,
    add_deployment,
    build_of,
    check_lease,
    check_unused,
    cut_over,
    define,
    deployments_of,
    leave_view,
    lock_of,
    newest_deployment,
    point,
    select,
)
from ffc_sqlite.schema import STATE
from ffc_sqlite.scratch import ScratchFiles


class SQLiteStateStore(ScratchFiles, StateStore):
    """A SQLite file, made at the first use."""

    settings: ClassVar[Mapping[str, bool]] = {"path": True}

    def __init__(self, options: Options) -> None:
        options.only(self.settings)
        self._database = Database(options.path("path"), STATE, read_only=options.read_only)

    def acquire(self, name: str, owner: str, now: float, seconds: float, dead: str = "") -> Lease:
        """Take a lock that is free or expired; raises Locked naming its holder, StateError."""
        with self._database.write() as connection:
            held = lock_of(connection, name)
            if held and held[0] != dead and is_held(held[2], now, seconds):
                free = (held[2] or now) - now
                raise Locked(
                    f"`{name}` is held by {held[0]}",
                    help=[f"if that one died, the lock is free in {free:.0f} s"],
                    holder=held[0],
                )
            token = held[1] + 1 if held else 1
            connection.execute(
                "REPLACE INTO locks (name, owner, token, expires) VALUES (?, ?, ?, ?)",
                (name, owner, token, now + seconds),
            )
        return Lease(name=name, owner=owner, token=token)

    def renew(self, lease: Lease, now: float, seconds: float) -> None:
        """Hold a lock for `seconds` from now; raises Locked where it was lost, StateError."""
        with self._database.write() as connection:
            check_lease(connection, lease)
            connection.execute(
                "UPDATE locks SET expires = ? WHERE name = ?", (now + seconds, lease.name)
            )

    def release(self, lease: Lease) -> None:
        """Give a lock back; raises StateError."""
        # The row stays, so that the next holder's token is a new one.
        with self._database.write() as connection:
            connection.execute(
                "UPDATE locks SET expires = NULL WHERE name = ? AND token = ?",
                (lease.name, lease.token),
            )

    def deploy(self, target: str, manifest: bytes, now: str, principal: str) -> str:
        """Remember a manifest unless it is the target's newest; return its id; raises StateError.

        Ids are d1, d2, …, counted over all targets.
        """
        with self._database.write() as connection:
            return add_deployment(connection, target, manifest, now, principal)

    def deployment(self, target: str) -> tuple[str, bytes] | None:
        """Return the newest deployment's id and manifest; raises StateError."""
        with self._database.read() as connection:
            return newest_deployment(connection, target)

    def deployments(
        self, target: str, *, only: str = "", limit: int | None = None
    ) -> list[DeploymentRecord]:
        """Return a target's deployments, the newest first; raises StateError."""
        with self._database.read() as connection:
            return deployments_of(connection, target, only, limit)

    def move(self, lease: Lease, target: str, move: Move, now: str, principal: str) -> str:
        """Deploy a manifest with all it means; raises Locked where the lease was lost."""
        with self._database.write() as connection:
            check_lease(connection, lease)
            for definition in move.definitions:
                define(connection, *definition)
            for pointer in move.pointers:
                add_build(connection, pointer.build)
                point(connection, target, pointer.build)
            for view in move.online:
                cut_over(connection, target, view)
            return add_deployment(connection, target, move.manifest, now, principal)

    def finish_build(self, lease: Lease, target: str, build: Build, definition: bytes) -> None:
        """Record a build and point to it; raises Locked where the lease was lost, StateError.

        A target may point to a build that another one made. A known definition is replaced: its
        fingerprint doesn't cover owners and descriptions. A known build never is.
        """
        with self._database.write() as connection:
            check_lease(connection, lease)
            define(connection, build.node, build.fingerprint, definition)
            add_build(connection, build)
            point(connection, target, build)

    def redefine(self, lease: Lease, node: str, fingerprint: str, definition: bytes) -> None:
        """Replace a definition; raises Locked where the lease was lost, StateError."""
        with self._database.write() as connection:
            check_lease(connection, lease)
            define(connection, node, fingerprint, definition)

    def pointers(self, target: str) -> dict[str, Pointer]:
        """Return every pointer of a target, by node; raises StateError."""
        with self._database.read() as connection:
            rows = select(
                connection,
                """
                SELECT p.definition, b.* FROM pointers p JOIN builds b ON b.id = p.build
                WHERE p.target = ? ORDER BY p.node
                """,
                (target,),
            )
        return {
            row["node"]: Pointer(
                target=target, node=row["node"], definition=row["definition"], build=build_of(row)
            )
            for row in rows
        }

    def definitions(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return the known ones of the definitions; raises StateError."""
        found: dict[tuple[str, str], bytes] = {}
        with self._database.read() as connection:
            for node, fingerprint in wanted:
                row = connection.execute(
                    "SELECT json FROM definitions WHERE node = ? AND fingerprint = ?",
                    (node, fingerprint),
                ).fetchone()
                if row:
                    found[node, fingerprint] = row[0]
        return found

    def defined(self, prefix: str) -> list[bytes]:
        """Return every definition of nodes whose names begin so; raises StateError."""
        with self._database.read() as connection:
            query = "SELECT json FROM definitions WHERE substr(node, 1, length(?1)) = ?1"
            return [row[0] for row in connection.execute(query, (prefix,))]

    def set_inputs(self, lease: Lease, build: str, inputs: Mapping[str, str]) -> None:
        """Replace a build's inputs; raises Locked where the lease was lost, StateError."""
        with self._database.write() as connection:
            check_lease(connection, lease)
            changed = connection.execute(
                "UPDATE builds SET inputs = ? WHERE id = ?",
                (json.dumps(dict(inputs), sort_keys=True), build),
            )
            if not changed.rowcount:
                raise StateError(f"the state store knows no build `{build}`")

    def builds(self, node: str = "") -> list[Build]:
        """Return the builds that were not collected, the oldest first; raises StateError."""
        with self._database.read() as connection:
            rows = select(
                connection,
                """
                SELECT * FROM builds WHERE collected = '' AND ? IN ('', node)
                ORDER BY created, id
                """,
                (node,),
            )
        return [build_of(row) for row in rows]

    def past_builds(
        self,
        schema: str,
        *,
        kinds: Sequence[str] = (),
        node: str = "",
        limit: int | None = None,
    ) -> list[Build]:
        """Return the builds that ever were in a schema, the newest first; raises StateError."""
        with self._database.read() as connection:
            rows = select(
                connection,
                """
                SELECT * FROM builds
                WHERE relation_schema = ?1 AND ?2 IN ('', node)
                  AND (?3 = '[]' OR substr(node, 1, instr(node, '.') - 1)
                                    IN (SELECT value FROM json_each(?3)))
                ORDER BY created DESC, id DESC LIMIT ?4
                """,
                (schema, node, json.dumps(list(kinds)), -1 if limit is None else limit),
            )
        return [build_of(row) for row in rows]

    def in_use(self) -> set[str]:
        """Return the ids of the builds that are pointed to; raises StateError."""
        with self._database.read() as connection:
            return {row[0] for row in connection.execute("SELECT DISTINCT build FROM pointers")}

    def forget_builds(self, lease: Lease, builds: Sequence[str], now: str) -> None:
        """Keep only records; raises Locked where the lease was lost, StateError for one in use."""
        with self._database.write() as connection:
            check_lease(connection, lease)
            check_unused(connection, builds)
            connection.executemany(
                "UPDATE builds SET collected = ? WHERE id = ? AND collected = ''",
                [(now, build) for build in builds],
            )

    def record_use(self, use: ModelUse) -> None:
        """Remember a use; raises StateError where there is no such build."""
        with self._database.write() as connection:
            connection.execute(
                """
                INSERT INTO model_uses (model, node, build, principal, time, purpose)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                (use.model, use.node, use.build, use.principal, use.time, use.purpose),
            )

    def uses(self, builds: Sequence[str] | None = None, model: str = "") -> list[ModelUse]:
        """Return what models used, the oldest first; raises StateError."""
        with self._database.read() as connection:
            rows = select(
                connection,
                """
                SELECT model, node, build, principal, time, purpose FROM model_uses
                WHERE (?1 IS NULL OR build IN (SELECT value FROM json_each(?1)))
                  AND ?2 IN ('', model)
                ORDER BY id
                """,
                (None if builds is None else json.dumps(list(builds)), model),
            )
        return [ModelUse(**row) for row in rows]

    def begin_run(self, target: str, command: str, principal: str, now: str) -> str:
        """Open a run; return its id: r1, r2, …, counted over all targets; raises StateError."""
        with self._database.write() as connection:
            number = connection.execute(
                "INSERT INTO runs (target, command, principal, started) VALUES (?, ?, ?, ?)",
                (target, command, principal, now),
            ).lastrowid
        return f"r{number}"

    def record_node(self, run: str, node: NodeRun) -> None:
        """Note how a node fared, in place of what was noted before; raises StateError."""
        with self._database.write() as connection:
            connection.execute(
                """
                REPLACE INTO run_nodes (run, node, action, status, reason, attempts, seconds,
                                        rows, relation, build, error)
                VALUES (substr(?, 2), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    *(run, node.id, node.action, node.status, node.reason, node.attempts),
                    *(node.seconds, json.dumps(dict(node.rows)), node.relation, node.build),
                    json.dumps(node.error and dict(node.error), default=str),
                ),
            )

    def finish_run(self, run: str, status: str, now: str) -> None:
        """Close a run; raises StateError where there is no such run."""
        with self._database.write() as connection:
            changed = connection.execute(
                "UPDATE runs SET status = ?, finished = ? WHERE id = substr(?, 2)",
                (status, now, run),
            )
            if not changed.rowcount:
                raise StateError(f"the state store knows no run `{run}`")

    def end_dead_runs(self, lease: Lease, target: str, commands: Sequence[str]) -> None:
        """Close the runs that their process didn't; raises Locked where the lease was lost."""
        with self._database.write() as connection:
            check_lease(connection, lease)
            connection.executemany(
                """
                UPDATE runs SET status = 'interrupted'
                WHERE target = ? AND command = ? AND status = 'running'
                """,
                [(target, command) for command in commands],
            )

    def runs(self, target: str, limit: int) -> list[RunRecord]:
        """Return the newest runs, newest first, without their nodes; raises StateError."""
        with self._database.read() as connection:
            rows = select(
                connection,
                """
                SELECT 'r' || id AS id, target, command, principal, started, finished, status
                FROM runs WHERE target = ? ORDER BY runs.id DESC LIMIT ?
                """,
                (target, limit),
            )
        return [RunRecord(**row) for row in rows]

    def run_nodes(self, run: str) -> list[NodeRun]:
        """Return a run's nodes in the order in which they were noted; raises StateError."""
        with self._database.read() as connection:
            rows = select(
                connection,
                """
                SELECT node AS id, action, status, reason, attempts, seconds, rows, relation,
                       build, error
                FROM run_nodes WHERE run = substr(?, 2) ORDER BY run_nodes.id
                """,
                (run,),
            )
        return [
            NodeRun(**{**row, "rows": json.loads(row["rows"]), "error": json.loads(row["error"])})
            for row in rows
        ]

    def forget_online_view(
        self, lease: Lease, target: str, view: OnlineView, pointer: str = ""
    ) -> None:
        """Forget a view's generation; raises Locked where the lease was lost, StateError."""
        with self._database.write() as connection:
            check_lease(connection, lease)
            leave_view(connection, target, view, pointer)

    def online_views(self, target: str) -> list[OnlineView]:
        """Return what a target's stores hold, the oldest sync first; raises StateError."""
        with self._database.read() as connection:
            rows = select(
                connection,
                """
                SELECT store, view, fingerprint, generation, as_of, rows
                FROM online_views WHERE target = ? ORDER BY as_of, store, view
                """,
                (target,),
            )
        return [OnlineView(**row) for row in rows]

    def observe(self, observations: Sequence[Observation]) -> None:
        """Keep figures, each in place of an earlier one of the same; raises StateError."""
        with self._database.write() as connection:
            put_observations(connection, observations)

    def observations(self, builds: Sequence[str], metric: str = "") -> list[Observation]:
        """Return the figures about builds; one that was no number is NaN; raises StateError."""
        with self._database.read() as connection:
            return observations_of(connection, builds, metric)

    def keep_served(self, target: str, minutes: Sequence[ServedMinute], before: str) -> None:
        """Keep what a server counted, and forget what is old; raises StateError."""
        with self._database.write() as connection:
            put_served(connection, target, minutes, before)

    def served(self, target: str, since: str) -> list[ServedMinute]:
        """Return what servers counted since an instant, the oldest first; raises StateError."""
        with self._database.read() as connection:
            return served_since(connection, target, since)

    def audit(self, principal: str, action: str, target: str, now: str) -> None:
        """Note that somebody did something; raises StateError."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO audit (principal, action, object, time) VALUES (?, ?, ?, ?)",
                (principal, action, target, now),
            )

    def close(self) -> None:
        """Let go of the file; raises StateError."""
        self._database.close()
