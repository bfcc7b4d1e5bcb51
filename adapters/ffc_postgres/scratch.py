"""Schemas beside a store's own, in which `ffc conformance` checks a store."""

from __future__ import annotations

from dataclasses import replace

from ffc.adapter import Options
from ffc_postgres.database import Database


class ScratchSchemas:
    """A store in a schema of a database that can have others beside it."""

    _database: Database

    @classmethod
    def scratch(cls, options: Options, name: str) -> Options | None:
        """Return the settings of a store in a schema of a name, in the same database."""
        return replace(options, values={**options.values, "schema": name})

    def scratches(self) -> list[str]:
        """Return the names of all schemas that hold such a store; raises StateError."""
        return self._database.alike()

    def destroy(self) -> None:
        """Take the schema away, with all that is in it, and close the store; raises StateError."""
        self._database.destroy()
