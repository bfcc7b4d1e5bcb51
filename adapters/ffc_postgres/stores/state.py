"""PostgreSQL as a state store, for all who share a target: a CI runner, laptops, servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeVar

from ffc.adapter import (
    Build,
    DeploymentRecord,
    Lease,
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
)
from ffc_postgres.connection import SETTINGS, place_of
from ffc_postgres.stores import figures
from ffc_postgres.stores.database import Database
from ffc_postgres.stores.layouts import STATE, schema_of
from ffc_postgres.stores.line import Line
from ffc_postgres.stores.locks import check_lease, taken
from ffc_postgres.stores.records import (
    DEPLOYMENTS,
    add_build,
    add_deployment,
    build_of,
    check_unused,
    cut_over,
    define,
    leave_view,
    point,
    replace_node,
)
from ffc_postgres.stores.scratch import ScratchSchemas

T = TypeVar("T")

# So many threads of a process use it at a time.
_LINES: Final = 4
# A server that says nothing is waited for as long as somebody else's lock, and a little more.
SILENT_SECONDS: Final = 15.0


class PostgresStateStore(ScratchSchemas, StateStore):
    """A schema of a database, made at the first write; one write goes after another.

    Locks go by the server's clock, so that machines whose clocks differ share one.
    """

    settings: ClassVar[Mapping[str, bool]] = {**SETTINGS, "schema": False}

    def __init__(self, options: Options) -> None:
        options.only(self.settings)
        schema = schema_of(options, STATE)
        self._database = Database(
            place_of(options), STATE, schema, settings={}, seconds=SILENT_SECONDS, most=_LINES
        )

    def clock(self) -> float:
        """Return the server's time; raises StateError."""
        return self._database.moment()

    def acquire(self, name: str, owner: str, now: float, seconds: float, dead: str = "") -> Lease:
        """Take a lock that is free or expired; raises Locked naming its holder, StateError."""
        return self._write(lambda line: taken(line, name, owner, now, seconds, dead))

    def renew(self, lease: Lease, now: float, seconds: float) -> None:
        """Hold a lock for `seconds` from now; raises Locked where it was lost, StateError."""
        renewed = "UPDATE locks SET expires = %s WHERE name = %s"
        self._held(lease, lambda line: line.ask(renewed, [now + seconds, lease.name]))

    def release(self, lease: Lease) -> None:
        """Give a lock back; raises StateError."""
        # The row stays, so that the next holder's token is a new one.
        self._do(
            "UPDATE locks SET expires = NULL WHERE name = %s AND token = %s",
            [lease.name, lease.token],
        )

    def deploy(self, target: str, manifest: bytes, now: str, principal: str) -> str:
        """Remember a manifest unless it is the target's newest; return its id; raises StateError.

        Ids are d1, d2, …, counted over all targets; one may be left out.
        """
        return self._write(lambda line: add_deployment(line, target, manifest, now, principal))

    def deployment(self, target: str) -> tuple[str, bytes] | None:
        """Return the newest deployment's id and manifest; raises StateError."""
        rows = self._database.rows(
            """
            SELECT 'd' || id, manifest FROM deployments
            WHERE target = %s ORDER BY deployments.id DESC LIMIT 1
            """,
            [target],
        )
        return (rows[0][0], bytes(rows[0][1])) if rows else None

    def deployments(
        self, target: str, *, only: str = "", limit: int | None = None
    ) -> list[DeploymentRecord]:
        """Return a target's deployments, the newest first; raises StateError."""
        rows = self._database.records(DEPLOYMENTS, (target, only, limit))
        return [DeploymentRecord(**{**row, "manifest": bytes(row["manifest"])}) for row in rows]

    def move(self, lease: Lease, target: str, move: Move, now: str, principal: str) -> str:
        """Deploy a manifest with all it means; raises Locked where the lease was lost."""

        def work(line: Line) -> str:
            for definition in move.definitions:
                define(line, *definition)
            for pointer in move.pointers:
                add_build(line, pointer.build)
                point(line, target, pointer.build)
            for view in move.online:
                cut_over(line, target, view)
            return add_deployment(line, target, move.manifest, now, principal)

        return self._held(lease, work)

    def finish_build(self, lease: Lease, target: str, build: Build, definition: bytes) -> None:
        """Record a build and point to it; raises Locked where the lease was lost, StateError.

        A target may point to a build that another one made. A known definition is replaced: its
        fingerprint doesn't cover owners and descriptions. A known build never is.
        """

        def work(line: Line) -> None:
            define(line, build.node, build.fingerprint, definition)
            add_build(line, build)
            point(line, target, build)

        self._held(lease, work)

    def redefine(self, lease: Lease, node: str, fingerprint: str, definition: bytes) -> None:
        """Replace a definition; raises Locked where the lease was lost, StateError."""
        self._held(lease, lambda line: define(line, node, fingerprint, definition))

    def pointers(self, target: str) -> dict[str, Pointer]:
        """Return every pointer of a target, by node; raises StateError."""
        rows = self._database.records(
            """
            SELECT p.definition, b.* FROM pointers p JOIN builds b ON b.id = p.build
            WHERE p.target = %s ORDER BY p.node
            """,
            [target],
        )
        return {
            row["node"]: Pointer(
                target=target, node=row["node"], definition=row["definition"], build=build_of(row)
            )
            for row in rows
        }

    def definitions(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return the known ones of the definitions; raises StateError."""
        rows = self._database.rows(
            """
            SELECT node, fingerprint, json FROM definitions
            JOIN unnest(%s::text[], %s::text[]) AS wanted (node, fingerprint)
            USING (node, fingerprint)
            """,
            [[node for node, _ in wanted], [fingerprint for _, fingerprint in wanted]],
        )
        return {(node, fingerprint): bytes(told) for node, fingerprint, told in rows}

    def defined(self, prefix: str) -> list[bytes]:
        """Return every definition of nodes whose names begin so; raises StateError."""
        query = "SELECT json FROM definitions WHERE starts_with(node, %s)"
        return [bytes(row[0]) for row in self._database.rows(query, [prefix])]

    def set_inputs(self, lease: Lease, build: str, inputs: Mapping[str, str]) -> None:
        """Replace a build's inputs; raises Locked where the lease was lost, StateError."""
        told = json.dumps(dict(inputs), sort_keys=True)

        def work(line: Line) -> None:
            changed = line.ask("UPDATE builds SET inputs = %s WHERE id = %s", [told, build])
            if not changed.changed:
                raise StateError(f"the state store knows no build `{build}`")

        self._held(lease, work)

    def builds(self, node: str = "") -> list[Build]:
        """Return the builds that were not collected, the oldest first; raises StateError."""
        rows = self._database.records(
            """
            SELECT * FROM builds WHERE collected = '' AND %s IN ('', node) ORDER BY created, id
            """,
            [node],
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
        rows = self._database.records(
            """
            SELECT * FROM builds
            WHERE relation_schema = %s AND %s IN ('', node)
              AND (cardinality(%s::text[]) = 0 OR split_part(node, '.', 1) = ANY(%s::text[]))
            ORDER BY created DESC, id DESC LIMIT %s
            """,
            (schema, node, list(kinds), list(kinds), limit),
        )
        return [build_of(row) for row in rows]

    def in_use(self) -> set[str]:
        """Return the ids of the builds that are pointed to; raises StateError."""
        return {row[0] for row in self._database.rows("SELECT DISTINCT build FROM pointers")}

    def forget_builds(self, lease: Lease, builds: Sequence[str], now: str) -> None:
        """Keep only records; raises Locked where the lease was lost, StateError for one in use."""
        collected = "UPDATE builds SET collected = %s WHERE id = ANY(%s::text[]) AND collected = ''"

        def work(line: Line) -> None:
            check_unused(line, builds)
            line.ask(collected, [now, list(builds)])

        self._held(lease, work)

    def record_use(self, use: ModelUse) -> None:
        """Remember a use; raises StateError where there is no such build."""
        self._do(
            """
            INSERT INTO model_uses (model, node, build, principal, time, purpose)
            VALUES (%s, %s, %s, %s, %s, %s)
            """,
            [use.model, use.node, use.build, use.principal, use.time, use.purpose],
        )

    def uses(self, builds: Sequence[str] | None = None, model: str = "") -> list[ModelUse]:
        """Return what models used, the oldest first; raises StateError."""
        given = None if builds is None else list(builds)
        rows = self._database.records(
            """
            SELECT model, node, build, principal, time, purpose FROM model_uses
            WHERE (%s::text[] IS NULL OR build = ANY(%s::text[])) AND %s IN ('', model)
            ORDER BY id
            """,
            (given, given, model),
        )
        return [ModelUse(**row) for row in rows]

    def begin_run(self, target: str, command: str, principal: str, now: str) -> str:
        """Open a run; return its id: r1, r2, …, counted over all targets; raises StateError.

        A number may be left out.
        """
        query = """
            INSERT INTO runs (target, command, principal, started)
            VALUES (%s, %s, %s, %s) RETURNING id
        """
        values = [target, command, principal, now]
        return self._write(lambda line: f"r{line.ask(query, values).rows[0][0]}")

    def record_node(self, run: str, node: NodeRun) -> None:
        """Note how a node fared, in place of what was noted before; raises StateError."""
        values = [
            *(run, node.id, node.action, node.status, node.reason, node.attempts),
            *(node.seconds, json.dumps(dict(node.rows)), node.relation, node.build),
            json.dumps(node.error and dict(node.error), default=str),
        ]
        self._write(lambda line: replace_node(line, values))

    def finish_run(self, run: str, status: str, now: str) -> None:
        """Close a run; raises StateError where there is no such run."""
        query = "UPDATE runs SET status = %s, finished = %s WHERE id = substr(%s, 2)::bigint"

        def work(line: Line) -> None:
            if not line.ask(query, [status, now, run]).changed:
                raise StateError(f"the state store knows no run `{run}`")

        self._write(work)

    def end_dead_runs(self, lease: Lease, target: str, commands: Sequence[str]) -> None:
        """Close the runs that their process didn't; raises Locked where the lease was lost."""
        query = """
            UPDATE runs SET status = 'interrupted'
            WHERE target = %s AND command = ANY(%s::text[]) AND status = 'running'
        """
        self._held(lease, lambda line: line.ask(query, [target, list(commands)]))

    def runs(self, target: str, limit: int) -> list[RunRecord]:
        """Return the newest runs, newest first, without their nodes; raises StateError."""
        rows = self._database.records(
            """
            SELECT 'r' || id AS id, target, command, principal, started, finished, status
            FROM runs WHERE target = %s ORDER BY runs.id DESC LIMIT %s
            """,
            (target, limit),
        )
        return [RunRecord(**row) for row in rows]

    def run_nodes(self, run: str) -> list[NodeRun]:
        """Return a run's nodes in the order in which they were noted; raises StateError."""
        rows = self._database.records(
            """
            SELECT node AS id, action, status, reason, attempts, seconds, rows, relation,
                   build, error
            FROM run_nodes WHERE run = substr(%s, 2)::bigint ORDER BY run_nodes.id
            """,
            [run],
        )
        return [
            NodeRun(**{**row, "rows": json.loads(row["rows"]), "error": json.loads(row["error"])})
            for row in rows
        ]

    def forget_online_view(
        self, lease: Lease, target: str, view: OnlineView, pointer: str = ""
    ) -> None:
        """Forget a view's generation; raises Locked where the lease was lost, StateError."""
        self._held(lease, lambda line: leave_view(line, target, view, pointer))

    def online_views(self, target: str) -> list[OnlineView]:
        """Return what a target's stores hold, the oldest sync first; raises StateError."""
        rows = self._database.records(
            """
            SELECT store, view, fingerprint, generation, as_of, rows
            FROM online_views WHERE target = %s ORDER BY as_of, store, view
            """,
            [target],
        )
        return [OnlineView(**row) for row in rows]

    def observe(self, observations: Sequence[Observation]) -> None:
        """Keep figures, each in place of an earlier one of the same; raises StateError."""
        self._write(lambda line: figures.put_observations(line, observations))

    def observations(self, builds: Sequence[str], metric: str = "") -> list[Observation]:
        """Return the figures about builds; raises StateError."""
        return figures.observations_of(self._database, builds, metric)

    def keep_served(self, target: str, minutes: Sequence[ServedMinute], before: str) -> None:
        """Keep what a server counted, and forget what is old; raises StateError."""
        self._write(lambda line: figures.put_served(line, target, minutes, before))

    def served(self, target: str, since: str) -> list[ServedMinute]:
        """Return what servers counted since an instant, the oldest first; raises StateError."""
        return figures.served_since(self._database, target, since)

    def audit(self, principal: str, action: str, target: str, now: str) -> None:
        """Note that somebody did something; raises StateError."""
        self._do(
            "INSERT INTO audit (principal, action, object, time) VALUES (%s, %s, %s, %s)",
            [principal, action, target, now],
        )

    def close(self) -> None:
        """Let go of every connection."""
        self._database.close()

    def _write(self, work: Callable[[Line], T]) -> T:
        return self._database.write(work, alone=True)

    def _held(self, lease: Lease, work: Callable[[Line], T]) -> T:
        """Return what work returns that only the holder of a lease may do; raises Locked."""

        def checked(line: Line) -> T:
            check_lease(line, lease)
            return work(line)

        return self._write(checked)

    def _do(self, statement: str, values: Sequence[Any]) -> None:
        self._write(lambda line: line.ask(statement, values))
