"""SQLite as an online store and as a state store: what ffc needs no server for."""

from __future__ import annotations

from ffc_sqlite.online import SQLiteOnlineStore
from ffc_sqlite.state import SQLiteStateStore

__all__ = ["SQLiteOnlineStore", "SQLiteStateStore"]
