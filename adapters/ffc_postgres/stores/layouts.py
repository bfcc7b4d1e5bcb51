"""The tables of ffc's own stores, by version, and how an older schema comes to the newest one.

Each store has a schema for itself. Its lines find tables there and nowhere else, so that no
statement names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ffc.adapter import Options, ProfileError, StateError, StatementFailed, StoreError
from ffc_postgres.stores.line import Line

# One migration: statements that are applied whole or not at all.
Script = tuple[str, ...]
# PostgreSQL cuts a longer name off.
_NAME_BYTES: Final = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a store's schema is for, and the scripts that bring it from each version to the next.

    `schema` is its name unless a profile says otherwise, `lock` what tells its lock from others'.
    `failure` is the class that every failure of the store is of. The last `unlogged` statements
    make its tables such that a crash empties them.
    """

    noun: str
    schema: str
    lock: int
    scripts: tuple[Script, ...]
    failure: type[StateError] | type[StoreError]
    unlogged: Script = ()


class NotAllowed(StatementFailed):
    """Report a schema that may not be looked into."""


def schema_of(options: Options, layout: Layout) -> str:
    """Return the schema that a profile names; raises ProfileError on one that can't be."""
    name = options.text("schema", layout.schema)
    if not 0 < len(name.encode()) <= _NAME_BYTES or "\0" in name or name.startswith("pg_"):
        raise ProfileError(
            f"{options.where}: `schema` can't be `{name}`",
            help=[f"a name of 1 to {_NAME_BYTES} bytes that does not begin with pg_"],
        )
    return name


def version_of(line: Line, layout: Layout, schema: str) -> int:
    """Return a store's version, 0 where there is none.

    Raises its failure on what is not this ffc's, NotAllowed.
    """
    there = line.ask(_THERE, [schema]).rows
    if not there:
        return 0
    ((usable, made, others),) = there
    if not usable:
        # Its tables would look as if they were not there.
        raise NotAllowed(f"permission denied for schema {schema}")
    if not made:
        if others:
            raise _taken(layout, schema)
        return 0
    ((noun, version),) = line.ask("SELECT noun, version FROM layout").rows
    if noun != layout.noun:
        raise _taken(layout, schema)
    if version > len(layout.scripts):
        known = len(layout.scripts)
        raise layout.failure(
            f"the {layout.noun} in the schema `{schema}` was written by a newer ffc:"
            f" its version is {version}, this ffc knows {known}",
            help=["upgrade ffc"],
        )
    return int(version)


def migrate(line: Line, layout: Layout, schema: str, *, unlogged: bool) -> None:
    """Bring a schema to the newest version, all in one transaction; raises the layout's failure."""
    from psycopg2.sql import SQL, Identifier

    line.ask("BEGIN ISOLATION LEVEL READ COMMITTED")
    line.ask(LOCK, [layout.lock])
    # Now that nobody else does: another process may have been faster.
    version = version_of(line, layout, schema)
    if not line.ask("SELECT FROM pg_namespace WHERE nspname = %s", [schema]).changed:
        line.ask(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
    if not version:
        line.ask("CREATE TABLE layout (noun text NOT NULL, version integer NOT NULL)")
        line.ask("INSERT INTO layout VALUES (%s, 0)", [layout.noun])
    scripts = [*layout.scripts[version:], layout.unlogged if unlogged and not version else ()]
    for statement in [statement for script in scripts for statement in script]:
        line.ask(statement)
    line.ask("UPDATE layout SET version = %s", [len(layout.scripts)])
    line.ask("COMMIT")


def _taken(layout: Layout, schema: str) -> StateError | StoreError:
    return layout.failure(
        f"the schema `{schema}` is no {layout.noun} of ffc: it holds something else",
        help=["give each store in profiles.yml a `schema` of its own"],
    )


_THERE: Final = """
    SELECT has_schema_privilege(n.oid, 'USAGE'),
           EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'layout'),
           EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid)
    FROM pg_namespace n WHERE n.nspname = %s
"""
# One at a time, of all that have their tables in this schema.
LOCK: Final = "SELECT pg_advisory_xact_lock(%s, hashtext(current_setting('search_path')))"

ONLINE: Final = Layout(
    noun="online store",
    schema="ffc_online",
    lock=1717986159,  # "ffco"
    scripts=(
        (
            # `expected` is read while a row is written: a conflict sees nothing else of the batch.
            """
            CREATE TABLE rows (
                key bytea NOT NULL,
                field bytea NOT NULL,
                value bytea NOT NULL,
                version bytea NOT NULL,
                expected bytea,
                PRIMARY KEY (key, field)
            )
            """,
            # Another one wherever the rows are others: after a crash that emptied them, too.
            """
            CREATE TABLE origin (
                one boolean PRIMARY KEY DEFAULT true CHECK (one),
                id uuid NOT NULL DEFAULT gen_random_uuid()
            )
            """,
        ),
    ),
    failure=StoreError,
    unlogged=("ALTER TABLE rows SET UNLOGGED", "ALTER TABLE origin SET UNLOGGED"),
)

# Texts are compared by their bytes, wherever the server stands.
STATE: Final = Layout(
    noun="state store",
    schema="ffc",
    lock=1717986163,  # "ffcs"
    scripts=(
        (
            """
            CREATE TABLE definitions (
                node text COLLATE "C" NOT NULL,
                fingerprint text COLLATE "C" NOT NULL,
                json bytea NOT NULL,
                PRIMARY KEY (node, fingerprint)
            )
            """,
            """
            CREATE TABLE builds (
                id text COLLATE "C" PRIMARY KEY,
                node text COLLATE "C" NOT NULL,
                fingerprint text COLLATE "C" NOT NULL,
                relation_schema text NOT NULL,
                relation_name text NOT NULL,
                inputs text NOT NULL,
                rows bigint,
                created text COLLATE "C" NOT NULL,
                previous text NOT NULL,
                principal text NOT NULL,
                deployment text NOT NULL,
                "commit" text NOT NULL,
                dirty boolean NOT NULL,
                content_hash text NOT NULL,
                collected text NOT NULL,
                FOREIGN KEY (node, fingerprint) REFERENCES definitions
            )
            """,
            "CREATE INDEX builds_of ON builds (node, created)",
            # Records outlive their rows: what a run asks for is how many builds there are.
            "CREATE INDEX builds_there ON builds (node, created) WHERE collected = ''",
            "CREATE INDEX builds_for ON builds (deployment, created) WHERE \"commit\" <> ''",
            """
            CREATE TABLE pointers (
                target text COLLATE "C" NOT NULL,
                node text COLLATE "C" NOT NULL,
                definition text COLLATE "C" NOT NULL,
                build text COLLATE "C" NOT NULL REFERENCES builds,
                PRIMARY KEY (target, node),
                FOREIGN KEY (node, definition) REFERENCES definitions
            )
            """,
            """
            CREATE TABLE deployments (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                target text COLLATE "C" NOT NULL,
                manifest bytea NOT NULL,
                created text NOT NULL,
                principal text NOT NULL
            )
            """,
            "CREATE INDEX deployments_of ON deployments (target, id)",
            """
            CREATE TABLE runs (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                target text COLLATE "C" NOT NULL,
                command text NOT NULL,
                principal text NOT NULL,
                started text NOT NULL,
                finished text NOT NULL DEFAULT '',
                status text NOT NULL DEFAULT 'running'
            )
            """,
            "CREATE INDEX runs_of ON runs (target, id)",
            """
            CREATE TABLE run_nodes (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                run bigint NOT NULL REFERENCES runs,
                node text COLLATE "C" NOT NULL,
                action text NOT NULL,
                status text NOT NULL,
                reason text NOT NULL,
                attempts integer NOT NULL,
                seconds double precision NOT NULL,
                rows text NOT NULL,
                relation text NOT NULL,
                build text NOT NULL,
                error text NOT NULL,
                UNIQUE (run, node, action)
            )
            """,
            """
            CREATE TABLE online_views (
                target text COLLATE "C" NOT NULL,
                store text COLLATE "C" NOT NULL,
                view text COLLATE "C" NOT NULL,
                fingerprint text NOT NULL,
                generation bigint NOT NULL,
                as_of text COLLATE "C" NOT NULL,
                rows bigint NOT NULL,
                PRIMARY KEY (target, store, view)
            )
            """,
            """
            CREATE TABLE locks (
                name text COLLATE "C" PRIMARY KEY,
                owner text NOT NULL,
                token bigint NOT NULL,
                expires double precision
            )
            """,
            """
            CREATE TABLE observations (
                node text COLLATE "C" NOT NULL,
                "column" text COLLATE "C" NOT NULL,
                metric text COLLATE "C" NOT NULL,
                "window" text COLLATE "C" NOT NULL,
                value double precision NOT NULL,
                build text COLLATE "C" NOT NULL,
                PRIMARY KEY (build, node, "column", metric, "window")
            )
            """,
            """
            CREATE TABLE model_uses (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                model text NOT NULL,
                node text NOT NULL,
                build text COLLATE "C" NOT NULL REFERENCES builds,
                principal text NOT NULL,
                time text NOT NULL,
                purpose text NOT NULL
            )
            """,
            "CREATE INDEX uses_of ON model_uses (build)",
            "CREATE INDEX uses_by ON model_uses (model)",
            """
            CREATE TABLE served_minutes (
                target text COLLATE "C" NOT NULL,
                minute text COLLATE "C" NOT NULL,
                server text COLLATE "C" NOT NULL,
                counts bytea NOT NULL,
                PRIMARY KEY (target, minute, server)
            )
            """,
            """
            CREATE TABLE audit (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                principal text NOT NULL,
                action text NOT NULL,
                object text NOT NULL,
                time text NOT NULL
            )
            """,
        ),
    ),
    failure=StateError,
)
