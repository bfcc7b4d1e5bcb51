"""PostgreSQL for ffc: warehouse, online store and state store."""

from __future__ import annotations

from ffc_postgres.offline import PostgresOfflineStore

__all__ = ["PostgresOfflineStore"]
