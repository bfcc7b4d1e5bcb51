"""A small project whose online views are synced and cleaned when a test says so."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ffc.auth import Principal
from ffc.online.keys import field_of
from ffc.online.marks import Mark, marks_of
from ffc.online.sync import sync
from ffc.registry import StateRegistry
from ffc.run.collecting import Cleaned, clean
from support.cli import ffc
from support.projects import FILES, open_session

PRINCIPAL = Principal("tester")
SPENDING, PROFILE = "feature_view.spending", "feature_view.profile"
# Long after the rows, so that all are known.
NOW = datetime(2024, 6, 1, tzinfo=UTC)
# Long after any run of a test.
FAR = datetime(2124, 6, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Stored = list[tuple[bytes, bytes, bytes, bytes]]


class Shop:
    """The small project, synced when a test says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def edit(self, name: str, *changes: tuple[str, str]) -> None:
        """Replace parts of a file, as it was written first."""
        text = FILES[name]
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.folder / name).write_text(text)

    def run(self) -> None:
        """Run the project: its syncs are of now, whenever that is."""
        done = ffc(self.folder, "run")
        assert done.code == 0, done.stderr

    def refill(self, now: datetime = NOW) -> None:
        """Fill a new generation of each view."""
        with open_session(self.folder) as session:
            found = sync(session, "small", principal=PRINCIPAL, anew=True, clock=lambda: now)
        assert [each.error for each in found] == [None, None]

    def sync(self, now: datetime = NOW) -> dict[str, Any]:
        """Sync; return how many rows of each view were new."""
        with open_session(self.folder) as session:
            found = sync(session, "small", principal=PRINCIPAL, clock=lambda: now)
        return {each.id: each.rows["new"] for each in found}

    def back(self) -> dict[str, Any]:
        """Let every view come back; return what is served then."""
        text = (self.folder / "features" / "all.yml").read_text()
        self.edit("features/all.yml", *([("default: 0", "default: 5")] * ("default: 5" in text)))
        self.edit("training_sets/main.yml")
        self.run()
        return self.served()

    def clean(self, now: datetime = NOW, **options: Any) -> Cleaned:
        """Clean."""
        with open_session(self.folder) as session:
            return clean(session, principal=PRINCIPAL, clock=lambda: now, **options)

    def stored(self) -> Stored:
        """Return every row of the online store."""
        with closing(sqlite3.connect(self.folder / ".ffc" / "online.db")) as connection:
            return connection.execute(
                "select key, field, version, value from rows order by key, field"
            ).fetchall()

    def live(self) -> Stored:
        """Return the rows that names lead to."""
        with open_session(self.folder) as session:
            views = StateRegistry(session.state, "dev").serving().views
        fields = {field_of(view) for view in views}
        return [row for row in self.stored() if row[1] in fields and row[2]]

    def marks(self) -> dict[bytes, Mark | None]:
        """Return the marks of the only entity."""
        with open_session(self.folder) as session:
            return marks_of(session.online("default"), "small", "dev", "user")

    def snapshots(self) -> set[str]:
        """Return the tables of snapshots in the warehouse."""
        with duckdb.connect(self.folder / ".ffc" / "test.duckdb", read_only=True) as connection:
            sql = "select table_name from information_schema.tables where table_schema = 'dev__ffc'"
            names = {name for (name,) in connection.execute(sql).fetchall()}
        return {name for name in names if name.startswith(("online_", "syncing_"))}

    def written(self) -> dict[str, int]:
        """Return how many rows of each view the last run wrote."""
        document = json.loads((self.folder / "target" / "run_results.json").read_text())
        return {
            each["id"]: each["rows"]["written"]
            for each in document["results"]
            if each["action"] == "sync"
        }

    def served(self) -> dict[str, Any]:
        """Return the values of a user, by feature."""
        asked = ("get", "spending.amount", "profile.country", "--key", "user_id=u1")
        answer = ffc(self.folder, *asked, "--output", "json").json()
        names = [column["name"] for column in answer["columns"]]
        return dict(zip(names, answer["rows"][0]["values"], strict=True))


def taken(cleaned: Cleaned) -> dict[str, list[int | None]]:
    """Return how many rows each generation had that went, by view."""
    found: dict[str, list[int | None]] = {}
    for generation, rows in cleaned.taken:
        found.setdefault(generation.view, []).append(rows)
    return found
