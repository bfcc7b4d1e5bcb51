"""Syncs to PostgreSQL leave the very bytes that syncs to SQLite leave, whatever the rows do."""

from __future__ import annotations

import itertools
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from support.cli import ffc
from support.postgres import PostgresServer
from support.projects import on_postgres, open_session, small_project
from support.slow import all_but_first

from ffc.auth import Principal
from ffc.connect.session import Session
from ffc.online.sync import sync
from ffc.registry import StateRegistry

BEGAN = datetime(2200, 1, 1, tzinfo=UTC)
USERS = [f"user {i}" for i in range(40)]
Stored = list[tuple[bytes, ...]]


class Twin:
    """A project whose stores are of one kind."""

    def __init__(self, folder: Path, server: PostgresServer | None = None) -> None:
        self.folder = folder
        self.server = server
        self.database = server.database() if server else ""
        profiles = {"profiles.yml": on_postgres(server, self.database)} if server else {}
        small_project(folder, **profiles)
        assert ffc(folder, "run").code == 0
        self._empty()
        self._numbers = itertools.count()

    def put(self, rows: list[tuple[str, float, datetime, datetime]]) -> None:
        """Make these the rows of the view's history."""
        with self.opened() as session:
            relation = StateRegistry(session.state, "dev").relation("feature_view.spending")
        table = f'"{relation.schema}"."{relation.name}"'
        with duckdb.connect(self.folder / ".ffc" / "test.duckdb") as connection:
            connection.execute(f"delete from {table}")
            connection.executemany(
                f"insert into {table} (user_id, amount, seen, loaded) values (?, ?, ?, ?)", rows
            )

    def sync(self, now: datetime, *, anew: bool) -> list[tuple[str, dict[str, int]]]:
        """Sync; return how the views fared."""
        with self.opened() as session:
            found = sync(
                session,
                "small",
                principal=Principal("tester"),
                anew=anew,
                clock=lambda: now,
                build_id=lambda: f"build{next(self._numbers)}",
            )
        assert [each.error for each in found] == [None, None]
        return [(each.id, dict(each.rows)) for each in found]

    def opened(self) -> Session:
        return open_session(self.folder)

    def stored(self) -> Stored:
        """Return all that the online store holds, marks and old generations too."""
        query = "SELECT key, field, version, value FROM {} ORDER BY key, field"
        if self.server is None:
            with closing(sqlite3.connect(self.folder / ".ffc" / "online.db")) as connection:
                return connection.execute(query.format("rows")).fetchall()
        rows = self.server.sql(query.format("ffc_online.rows"), self.database)
        return [tuple(map(bytes, row)) for row in rows]

    def _empty(self) -> None:
        """Take away what the run synced, whose instants and names are its own."""
        if self.server is not None:
            self.server.sql("TRUNCATE ffc_online.rows, ffc.online_views", self.database)
            return
        (self.folder / ".ffc" / "online.db").unlink()
        with closing(sqlite3.connect(self.folder / ".ffc" / "state.db")) as connection:
            connection.execute("DELETE FROM online_views")
            connection.commit()


def changed(
    rows: dict[str, tuple[float, datetime, datetime]], dice: random.Random
) -> dict[str, tuple[float, datetime, datetime]]:
    """Return rows some of which are new, newer, corrected, retracted or gone."""
    found = dict(rows)
    for user in dice.sample(USERS, 15):
        seen = BEGAN - timedelta(days=dice.randrange(1, 400))
        known = seen + timedelta(days=dice.randrange(0, 3))
        if user in found and dice.random() < 0.3:
            del found[user]
        elif user in found and dice.random() < 0.3:
            found[user] = (dice.random(), *found[user][1:])
        else:
            found[user] = (dice.random(), seen, known)
    return found


@pytest.mark.parametrize("seed", all_but_first(range(2)))
def test_the_same_bytes_after_every_sync(
    tmp_path: Path, postgres_server: PostgresServer, seed: int
) -> None:
    dice = random.Random(seed)
    twins = [Twin(tmp_path / "sqlite"), Twin(tmp_path / "postgres", postgres_server)]
    rows: dict[str, tuple[float, datetime, datetime]] = {}
    for step in range(6):
        rows = changed(rows, dice)
        anew = dice.random() < 0.2
        for twin in twins:
            twin.put([(user, *row) for user, row in rows.items()])
        mine, theirs = (twin.sync(BEGAN + timedelta(hours=step), anew=anew) for twin in twins)
        assert mine == theirs
        stored = twins[0].stored()
        assert stored == twins[1].stored()
        assert len(stored) > len(rows)
