"""PostgreSQL for ffc: warehouse, online store and state store."""

from __future__ import annotations

from ffc_postgres.offline import PostgresOfflineStore
from ffc_postgres.online import PostgresOnlineStore
from ffc_postgres.state import PostgresStateStore

__all__ = ["PostgresOfflineStore", "PostgresOnlineStore", "PostgresStateStore"]
