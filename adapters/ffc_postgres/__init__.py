"""PostgreSQL for ffc: warehouse, online store and state store."""

from __future__ import annotations

from ffc_postgres.stores.online import PostgresOnlineStore
from ffc_postgres.stores.state import PostgresStateStore
from ffc_postgres.warehouse.offline import PostgresOfflineStore

__all__ = ["PostgresOfflineStore", "PostgresOnlineStore", "PostgresStateStore"]
