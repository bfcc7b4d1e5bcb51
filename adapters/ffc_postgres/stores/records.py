"""Rows of the state store's tables as records, and back, within a transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ffc.adapter import Build, OnlineView, StateError
from ffc_postgres.stores.line import Line

DEPLOYMENTS: Final = """
    SELECT 'd' || d.id AS id, d.target, d.manifest, d.created, d.principal,
           coalesce(b."commit", '') AS "commit", coalesce(b.dirty, false) AS dirty,
           coalesce((
               SELECT 'd' || min(e.id) FROM deployments e
               WHERE e.target = d.target AND e.id < d.id
                 AND octet_length(e.manifest) = octet_length(d.manifest) AND e.manifest = d.manifest
           ), '') AS same_as
    FROM deployments d LEFT JOIN LATERAL (
        SELECT "commit", dirty FROM builds
        WHERE deployment = 'd' || d.id AND "commit" <> '' ORDER BY created DESC LIMIT 1
    ) b ON true
    WHERE d.target = %s AND %s IN ('', 'd' || d.id) ORDER BY d.id DESC LIMIT %s
"""
_ADD_BUILD: Final = """
    INSERT INTO builds (id, node, fingerprint, relation_schema, relation_name, inputs, rows,
                        created, previous, principal, deployment, "commit", dirty, content_hash,
                        collected)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (id) DO NOTHING
"""
_KNOWN_BUILD: Final = """
    SELECT id, node, fingerprint, relation_schema, relation_name, inputs, rows, created,
           previous, principal, deployment, "commit", dirty, content_hash, collected
    FROM builds WHERE id = %s
"""


def check_unused(line: Line, builds: Sequence[str]) -> None:
    """Raise StateError where a pointer of any target leads to one of the builds."""
    query = "SELECT build, node FROM pointers WHERE build = ANY(%s::text[]) LIMIT 1"
    for build, node in line.ask(query, [list(builds)]).rows:
        raise StateError(f"the build `{build}` is what `{node}` means: it can't be forgotten")


def add_deployment(line: Line, target: str, manifest: bytes, now: str, principal: str) -> str:
    """Insert a manifest unless it is the target's newest; return the id of its deployment."""
    newest = line.ask(
        """
        SELECT id, manifest = %s FROM deployments WHERE target = %s ORDER BY id DESC LIMIT 1
        """,
        [manifest, target],
    ).rows
    if newest and newest[0][1]:
        return f"d{newest[0][0]}"
    ((number,),) = line.ask(
        """
        INSERT INTO deployments (target, manifest, created, principal)
        VALUES (%s, %s, %s, %s) RETURNING id
        """,
        [target, manifest, now, principal],
    ).rows
    return f"d{number}"


def add_build(line: Line, build: Build) -> None:
    """Insert a build; raises StateError where another one has its id."""
    row = (
        *(build.id, build.node, build.fingerprint, *build.relation),
        *(json.dumps(dict(build.inputs), sort_keys=True), build.rows, build.created),
        *(build.previous, build.principal, build.deployment, build.commit, build.dirty),
        *(build.content_hash, build.collected),
    )
    line.ask(_ADD_BUILD, row)
    if line.ask(_KNOWN_BUILD, [build.id]).rows != [row]:
        raise StateError(f"the build `{build.id}` is finished and can't be changed")


def point(line: Line, target: str, build: Build) -> None:
    """Move the pointer of a build's node to it."""
    line.ask(
        """
        INSERT INTO pointers (target, node, definition, build) VALUES (%s, %s, %s, %s)
        ON CONFLICT (target, node)
        DO UPDATE SET definition = excluded.definition, build = excluded.build
        """,
        [target, build.node, build.fingerprint, build.id],
    )


def cut_over(line: Line, target: str, view: OnlineView) -> None:
    """Say what an online store now holds of a view."""
    line.ask(
        """
        INSERT INTO online_views (target, store, view, fingerprint, generation, as_of, rows)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (target, store, view) DO UPDATE
        SET fingerprint = excluded.fingerprint, generation = excluded.generation,
            as_of = excluded.as_of, rows = excluded.rows
        """,
        [target, view.store, view.view, view.fingerprint, view.generation, view.as_of, view.rows],
    )


def define(line: Line, node: str, fingerprint: str, definition: bytes) -> None:
    """Insert a definition, or put another text in the place of the one that is known."""
    line.ask(
        """
        INSERT INTO definitions (node, fingerprint, json) VALUES (%s, %s, %s)
        ON CONFLICT (node, fingerprint) DO UPDATE SET json = excluded.json
        WHERE definitions.json <> excluded.json
        """,
        [node, fingerprint, definition],
    )


def leave_view(line: Line, target: str, view: OnlineView, pointer: str) -> None:
    """Delete what is said of a view's generation, and with it the pointer."""
    deleted = line.ask(
        """
        DELETE FROM online_views
        WHERE target = %s AND store = %s AND view = %s AND fingerprint = %s AND generation = %s
        """,
        [target, view.store, view.view, view.fingerprint, view.generation],
    )
    if deleted.changed:
        line.ask("DELETE FROM pointers WHERE target = %s AND node = %s", [target, pointer])


def replace_node(line: Line, values: Sequence[object]) -> None:
    """Insert how a node of a run fared, in place of what was said before, as the newest."""
    line.ask(
        "DELETE FROM run_nodes WHERE run = substr(%s, 2)::bigint AND node = %s AND action = %s",
        values[:3],
    )
    line.ask(
        """
        INSERT INTO run_nodes (run, node, action, status, reason, attempts, seconds,
                               rows, relation, build, error)
        VALUES (substr(%s, 2)::bigint, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        values,
    )


def build_of(row: Mapping[str, Any]) -> Build:
    """Return a build from its row."""
    given = {name: row[name] for name in Build.__struct_fields__ if name in row}
    relation = (row["relation_schema"], row["relation_name"])
    return Build(**{**given, "relation": relation, "inputs": json.loads(row["inputs"])})
