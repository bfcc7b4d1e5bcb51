"""Figures in the state store's tables: about builds, and of servers."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Sequence

from ffc.adapter import Observation, ServedMinute
from ffc_sqlite.rows import select


def put_observations(connection: sqlite3.Connection, observations: Sequence[Observation]) -> None:
    """Insert figures about builds, each in place of an earlier one of the same."""
    connection.executemany(
        """
        REPLACE INTO observations (node, "column", metric, "window", value, build)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        [(o.node, o.column, o.metric, o.window, o.value, o.build) for o in observations],
    )


def observations_of(
    connection: sqlite3.Connection, builds: Sequence[str], metric: str
) -> list[Observation]:
    """Return the figures about builds; one that was no number is NaN."""
    rows = select(
        connection,
        """
        SELECT node, "column", metric, "window", value, build FROM observations
        WHERE build IN (SELECT value FROM json_each(?)) AND ? IN ('', metric)
        ORDER BY node, build, "column", metric, "window"
        """,
        (json.dumps(list(builds)), metric),
    )
    return [
        Observation(**{**row, "value": math.nan if row["value"] is None else row["value"]})
        for row in rows
    ]


def put_served(
    connection: sqlite3.Connection, target: str, minutes: Sequence[ServedMinute], before: str
) -> None:
    """Insert what a server counted, each minute in place of the same one; delete older ones."""
    connection.executemany(
        "REPLACE INTO served_minutes (target, minute, server, counts) VALUES (?, ?, ?, ?)",
        [(target, each.minute, each.server, each.counts) for each in minutes],
    )
    connection.execute(
        "DELETE FROM served_minutes WHERE target = ? AND minute < ?", (target, before)
    )


def served_since(connection: sqlite3.Connection, target: str, since: str) -> list[ServedMinute]:
    """Return what servers counted since an instant, the oldest first."""
    rows = select(
        connection,
        """
        SELECT server, minute, counts FROM served_minutes
        WHERE target = ? AND minute >= ? ORDER BY minute, server
        """,
        (target, since),
    )
    return [ServedMinute(**row) for row in rows]
