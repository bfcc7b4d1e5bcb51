"""Figures in the state store's tables: about builds, and of servers."""

from __future__ import annotations

from collections.abc import Sequence

from ffc.adapter import Observation, ServedMinute
from ffc_postgres.stores.database import Database
from ffc_postgres.stores.line import Line


def put_observations(line: Line, observations: Sequence[Observation]) -> None:
    """Insert figures about builds, each in place of an earlier one of the same."""
    # A statement sees each place once: of two of the same the last one counts.
    rows = {(o.build, o.node, o.column, o.metric, o.window): o.value for o in observations}
    columns = list(zip(*rows, strict=True)) or [()] * 5
    line.ask(
        """
        INSERT INTO observations (build, node, "column", metric, "window", value)
        SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                             %s::double precision[])
        ON CONFLICT (build, node, "column", metric, "window")
        DO UPDATE SET value = excluded.value
        """,
        [*map(list, columns), list(rows.values())],
    )


def observations_of(database: Database, builds: Sequence[str], metric: str) -> list[Observation]:
    """Return the figures about builds."""
    rows = database.records(
        """
        SELECT node, "column", metric, "window", value, build FROM observations
        WHERE build = ANY(%s::text[]) AND %s IN ('', metric)
        ORDER BY node, build, "column", metric, "window"
        """,
        (list(builds), metric),
    )
    return [Observation(**row) for row in rows]


def put_served(line: Line, target: str, minutes: Sequence[ServedMinute], before: str) -> None:
    """Insert what a server counted, each minute in place of the same one; delete older ones."""
    for each in minutes:
        line.ask(
            """
            INSERT INTO served_minutes (target, minute, server, counts) VALUES (%s, %s, %s, %s)
            ON CONFLICT (target, minute, server) DO UPDATE SET counts = excluded.counts
            """,
            [target, each.minute, each.server, each.counts],
        )
    line.ask("DELETE FROM served_minutes WHERE target = %s AND minute < %s", [target, before])


def served_since(database: Database, target: str, since: str) -> list[ServedMinute]:
    """Return what servers counted since an instant, the oldest first."""
    rows = database.rows(
        """
        SELECT server, minute, counts FROM served_minutes
        WHERE target = %s AND minute >= %s ORDER BY minute, server
        """,
        (target, since),
    )
    return [ServedMinute(server=s, minute=m, counts=bytes(counts)) for s, m, counts in rows]
