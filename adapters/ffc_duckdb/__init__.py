"""DuckDB as an offline store."""

from __future__ import annotations

from ffc_duckdb.offline import DuckDBOfflineStore

__all__ = ["DuckDBOfflineStore"]
