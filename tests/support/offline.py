"""A DuckDB file as a warehouse, files loaded into it, and its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from ffc.adapter import (
    Load,
    Options,
    Relation,
    known_type,
)
from ffc_duckdb import DuckDBOfflineStore

TABLES = "SELECT table_name FROM duckdb_tables()"
NEW_YORK = "America/New_York"


def open_store(folder: Path, **values: object) -> DuckDBOfflineStore:
    options = {"path": "wh/x.duckdb"} | values
    return DuckDBOfflineStore(Options(where="target dev, offline", folder=folder, values=options))


def rows_of(store: DuckDBOfflineStore, query: str) -> list[tuple[Any, ...]]:
    batches = store.submit(query).batches()
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def load(
    store: DuckDBOfflineStore,
    columns: dict[str, str],
    *files: Path,
    kind: Literal["csv", "parquet"] = "csv",
    timezone: str = "UTC",
) -> list[tuple[Any, ...]]:
    store.submit('DROP TABLE IF EXISTS "t"').wait()
    wanted = Load(
        relation=Relation("main", "t"),
        files=[str(file) for file in files],
        format=kind,
        columns=[(name, known_type(text)) for name, text in columns.items()],
        timezone=timezone,
    )
    store.load(wanted).wait()
    return rows_of(store, "SELECT * FROM t")
