"""Files beside a store's own, in which `ffc conformance` checks a store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from ffc.adapter import Options, StateError
from ffc_sqlite.connection import Database

_SUFFIX: Final = ".db"
# What SQLite has beside a file.
_OTHERS: Final = ("", "-wal", "-shm", "-journal")


class ScratchFiles:
    """A store in a file that can have others beside it."""

    _database: Database

    @classmethod
    def scratch(cls, options: Options, name: str) -> Options | None:
        """Return the settings of a store in a file of a name, in the same folder."""
        path = Path(options.text("path")).with_name(f"{name}{_SUFFIX}")
        return replace(options, values={**options.values, "path": str(path)})

    def scratches(self) -> list[str]:
        """Return the names of the files in the same folder that end as `scratch` has them end."""
        return [path.stem for path in self._database.path.parent.glob(f"*{_SUFFIX}")]

    def destroy(self) -> None:
        """Close the file and remove it; raises StateError."""
        self._database.close()
        path = self._database.path
        try:
            for ending in _OTHERS:
                path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
        except OSError as problem:
            raise StateError(f"the state store {path} can't be removed: {problem}") from problem
