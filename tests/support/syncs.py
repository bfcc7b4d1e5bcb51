"""The small project, with the history of a view as a test wants it, synced when it says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ffc.adapter.state import NodeRun
from ffc.auth import Principal
from ffc.manifest.served import ServedView
from ffc.online.codec import RowCodec, is_tombstone, version_of
from ffc.online.keys import KeyCodec, field_of
from ffc.online.sync import sync
from ffc.registry import StateRegistry
from support.projects import open_session

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
DAY = datetime(2024, 1, 1)
NOTHING = {"written": 0, "new": 0, "changed": 0, "removed": 0, "held_back": 0}
SPENDING = "feature_view.spending"

# A user, when it was true (days from DAY), when it was learned, and the value.
Row = tuple[str, float, float, float | None]
USERS = [f"u{i}" for i in range(12)]


def first_rows() -> list[Row]:
    return [(user, 10 + i % 3, 10 + i % 3, float(i)) for i, user in enumerate(USERS)]


class Shop:
    """The small project, with the history of a view as a test wants it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[Row] = []

    def put(self, rows: Sequence[Row]) -> None:
        """Make these the rows of the view's history."""
        self.rows = list(rows)
        with open_session(self.folder) as session:
            relation = StateRegistry(session.state, "dev").relation(SPENDING)
        table = f'"{relation.schema}"."{relation.name}"'
        with duckdb.connect(self.folder / ".ffc" / "test.duckdb") as connection:
            connection.execute(f"delete from {table}")
            values = [(u, instant_at(e), instant_at(c), v) for u, e, c, v in rows]
            if values:
                connection.executemany(
                    f"insert into {table} (user_id, seen, loaded, amount) values (?, ?, ?, ?)",
                    values,
                )

    def sync(self, now: datetime = NOW, **options: Any) -> NodeRun:
        """Sync; return how the view fared."""
        with open_session(self.folder) as session:
            found = sync(session, "small", principal=PRINCIPAL, clock=lambda: now, **options)
        return next(result for result in found if result.id == SPENDING)

    def view(self) -> ServedView:
        """Return the view as it is served now."""
        with open_session(self.folder) as session:
            serving = StateRegistry(session.state, "dev").serving()
        return next(view for view in serving.views if view.id == SPENDING)

    def served(self, more: Sequence[str] = ()) -> dict[str, tuple[float, float, Any]]:
        """Return what a model can be answered: per user the times in days, and the value."""
        view = self.view()
        keys, codec, place = KeyCodec("small", "dev", view), RowCodec(view.features), field_of(view)
        names = {keys.encode([user]): user for user in (*USERS, *more)}
        found = {}
        for key, field, version, value in self.stored():
            if field == place and key in names:
                assert version == version_of(value)
                if not is_tombstone(value):
                    row = codec.decode(value)
                    found[names[key]] = (days_of(row.event_time), days_of(row.created), *row.values)
        return found

    def stored(self) -> list[tuple[bytes, bytes, bytes, bytes]]:
        """Return every row of the file."""
        with sqlite3.connect(self.folder / ".ffc" / "online.db") as connection:
            return connection.execute(
                "select key, field, version, value from rows order by key, field"
            ).fetchall()

    def fields(self) -> set[bytes]:
        """Return the fields under which the view's rows lie, those of lost generations too."""
        slot = field_of(self.view())[:4]
        return {field for _, field, _, _ in self.stored() if field[:4] == slot}

    def snapshots(self, prefix: str = "online_spending") -> set[str]:
        """Return the names of the view's snapshots in the warehouse."""
        with duckdb.connect(self.folder / ".ffc" / "test.duckdb") as connection:
            sql = "select table_name from information_schema.tables where table_schema = 'dev__ffc'"
            names = {name for (name,) in connection.execute(sql).fetchall()}
        return {name for name in names if name.startswith(prefix)}


PRINCIPAL = Principal("tester")


def instant_at(days: float) -> datetime:
    return DAY + timedelta(days=days)


def days_of(instant: datetime | None) -> float:
    assert instant is not None
    return (instant - DAY) / timedelta(days=1)


def winners(rows: Sequence[Row], now: datetime = NOW) -> dict[str, tuple[float, float, Any]]:
    """Return what SPEC says of the newest rows: the greatest event time, then created."""
    limit = days_of(now.replace(tzinfo=None))
    known = [row for row in rows if row[1] < limit and row[2] < limit]
    found: dict[str, tuple[float, float, Any]] = {}
    for user, seen, loaded, amount in known:
        if user not in found or (seen, loaded) > found[user][:2]:
            found[user] = (seen, loaded, amount)
    return found


def changed_rows(rows: Sequence[Row]) -> list[Row]:
    found = [
        (u, e + 5, c + 5, float(i)) if i % 2 else (u, e, c, v)
        for i, (u, e, c, v) in enumerate(rows)
    ]
    return found[:-2]
