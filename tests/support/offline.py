"""Warehouses of a test's own, files loaded into them, and their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from ffc.adapter import (
    Load,
    OfflineStore,
    Options,
    Relation,
    known_type,
)
from ffc_duckdb import DuckDBOfflineStore
from ffc_postgres import PostgresOfflineStore
from support.postgres import PostgresServer, shared

TABLES = "SELECT table_name FROM duckdb_tables()"
NEW_YORK = "America/New_York"
WAREHOUSES: Final = ("duckdb", "postgres")
# Where tables lie of which no schema is named, and what tells the types of DuckDB in PostgreSQL.
_SCHEMAS: Final = {"duckdb": "main", "postgres": "public"}
_TABLES: Final = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = "
_NATIVE: Final = {
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "VARCHAR": "text",
    "BLOB": "bytea",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
}


def open_store(folder: Path, **values: object) -> DuckDBOfflineStore:
    options = {"path": "wh/x.duckdb"} | values
    return DuckDBOfflineStore(Options(where="target dev, offline", folder=folder, values=options))


def open_postgres(
    server: PostgresServer, database: str = "", *, read_only: bool = False, **values: object
) -> PostgresOfflineStore:
    settings = server.settings_of(database or server.database()) | values
    return PostgresOfflineStore(
        Options(where="target dev", folder=Path(), values=settings, read_only=read_only)
    )


@contextmanager
def warehouse(kind: str, folder: Path) -> Iterator[OfflineStore]:
    """Give an empty warehouse."""
    store = open_store(folder) if kind == "duckdb" else open_postgres(shared())
    try:
        yield store
    finally:
        store.close()


def rows_of(store: OfflineStore, query: str) -> list[tuple[Any, ...]]:
    batches = store.submit(query).batches()
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def tables(store: OfflineStore) -> list[str]:
    return [name for (name,) in rows_of(store, f"{_TABLES}'{_SCHEMAS[store.dialect]}'")]


def loaded(store: OfflineStore) -> Relation:
    """Return where `load` puts rows."""
    return Relation(_SCHEMAS[store.dialect], "t")


def called(store: OfflineStore, name: str) -> str:
    """Return what a type of DuckDB's is called in a warehouse."""
    if store.dialect == "duckdb":
        return name
    for theirs, ours in _NATIVE.items():
        if name.startswith(theirs):
            # The server forgets how long an array is to be.
            return ours + ("[]" if name.endswith("]") else "")
    return name.replace("DECIMAL", "numeric")


def load(
    store: OfflineStore,
    columns: dict[str, str],
    *files: Path,
    kind: Literal["csv", "parquet", "json"] = "csv",
    timezone: str = "UTC",
) -> list[tuple[Any, ...]]:
    relation = loaded(store)
    store.submit(f'DROP TABLE IF EXISTS "{relation.schema}"."t"').wait()
    wanted = Load(
        relation=relation,
        files=[str(file) for file in files],
        format=kind,
        columns=[(name, known_type(text)) for name, text in columns.items()],
        timezone=timezone,
    )
    store.load(wanted).wait()
    return rows_of(store, f'SELECT * FROM "{relation.schema}"."t"')
