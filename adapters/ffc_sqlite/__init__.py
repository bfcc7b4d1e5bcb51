"""SQLite as a state store and as an online store."""

from __future__ import annotations

from ffc_sqlite.online import SQLiteOnlineStore
from ffc_sqlite.state import SQLiteStateStore

__all__ = ["SQLiteOnlineStore", "SQLiteStateStore"]
