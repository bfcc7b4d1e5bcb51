"""A layout of SQLite files in three versions, and what lies in such a file."""

from __future__ import annotations

from ffc.adapter import StoreError
from ffc_sqlite.connection import Database
from ffc_sqlite.schema import Layout

STEPS = Layout(
    noun="test store",
    application_id=77,
    scripts=(
        ("PRAGMA application_id = 77", "CREATE TABLE a (x)", "PRAGMA user_version = 1"),
        ("INSERT INTO a VALUES (2)", "PRAGMA user_version = 2"),
        ("INSERT INTO a VALUES (3)", "PRAGMA user_version = 3"),
    ),
    failure=StoreError,
    remedy="remove it",
)


def rows_of(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.read() as connection:
        return connection.execute(query).fetchall()
