"""Online stores and state stores of one kind at one place, for tests of what every kind promises."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import psycopg2
import pyarrow as pa

from ffc.adapter import WRITE_SCHEMA, OnlineStore, Options, StateStore
from ffc_postgres import PostgresOnlineStore, PostgresStateStore
from ffc_sqlite import SQLiteOnlineStore, SQLiteStateStore

Cell = bytes | None
WriteRow = tuple[Cell, Cell, Cell, Cell, Cell]

KINDS: Final = ("sqlite", "postgres")
_ONLINE: Final[dict[str, type[OnlineStore]]] = {
    "sqlite": SQLiteOnlineStore,
    "postgres": PostgresOnlineStore,
}
_STATE: Final[dict[str, type[StateStore]]] = {
    "sqlite": SQLiteStateStore,
    "postgres": PostgresStateStore,
}
_places = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Where stores of a kind are: in a folder, or in a database; `values` say what profiles.yml does."""

    kind: str
    folder: Path
    values: dict[str, Any] = field(default_factory=dict)
    place: str = "ffc"

    def elsewhere(self) -> Stores:
        """Return a place of the same kind where nothing is."""
        return replace(self, place=f"place_{next(_places)}")

    def online(self, *, read_only: bool = False, **values: object) -> OnlineStore:
        return _ONLINE[self.kind](self._options("o", read_only, values))

    def state(self, *, read_only: bool = False, **values: object) -> StateStore:
        return _STATE[self.kind](self._options("s", read_only, values))

    def table(self, query: str) -> list[tuple[Any, ...]]:
        """Return rows of the state store's tables, by another way than its own."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.folder / f"{self.place}_s.db")) as connection:
                return connection.execute(query).fetchall()
        options = f"-c search_path={self.place}_s"
        with closing(psycopg2.connect(**self.values, options=options)) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            return cursor.fetchall()

    def _options(self, role: str, read_only: bool, values: dict[str, object]) -> Options:
        name = f"{self.place}_{role}"
        own = {"path": f"{name}.db"} if self.kind == "sqlite" else {**self.values, "schema": name}
        return Options(
            where=f"target dev, {role}",
            folder=self.folder,
            values=own | values,
            read_only=read_only,
        )


def a_batch(*rows: WriteRow, names: Sequence[str] = WRITE_SCHEMA) -> pa.RecordBatch:
    """Return a batch of writes."""
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.RecordBatch.from_arrays(
        [pa.array(column, pa.binary()) for column in columns], names=list(names)
    )
