"""Schemas beside a store's own, in which `ffc conformance` checks a store."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

from sqlglot import exp

from ffc.adapter import Options, StateError, StoreError
from ffc_postgres.connection import connect
from ffc_postgres.errors import mapped
from ffc_postgres.stores.database import Database

_SCHEMAS: Final = "SELECT nspname FROM pg_namespace"


class ScratchSchemas:
    """A store in a schema that can have others beside it."""

    _database: Database

    @classmethod
    def scratch(cls, options: Options, name: str) -> Options | None:
        """Return the settings of a store in a schema of a name, in the same database."""
        return replace(options, values={**options.values, "schema": name})

    def scratches(self) -> list[str]:
        """Return the names of the schemas of the database; raises StateError."""
        return [name for (name,) in self._asked(_SCHEMAS)]

    def destroy(self) -> None:
        """Let go of every connection and drop the schema; raises StateError."""
        self._database.close()
        schema = exp.Table(db=exp.to_identifier(self._database.schema, quoted=True))
        drop = exp.Drop(tables=[schema], kind="SCHEMA", exists=True, cascade=True)
        self._asked(drop.sql(dialect="postgres"))

    def _asked(self, statement: str) -> Sequence[tuple[Any, ...]]:
        place = self._database.place
        try:
            with (
                closing(connect(place)) as connection,
                mapped(place.name),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        except StoreError as problem:
            raise StateError(problem.message, help=problem.help) from problem
