"""What is there of sources: the columns of tables and of files, as the target's store sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct

from ffc.compiler.sources import FORMATS
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse
from ffc.core.diagnostics import closest
from ffc.core.errors import DataError, FfcError, StatementFailed
from ffc.core.types import Type, parse_type
from ffc.project.source_changes import RealColumn
from ffc.run.building.sources import table_relation
from ffc.sql import relations


class Absent(Exception):
    """Tell that a table or a file is not there, or can't be read: what, and what to do."""

    def __init__(self, message: str, *help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class Unseen(Exception):
    """Tell why nobody can say which columns there are; nothing is wrong by that."""


class Existing(Struct, frozen=True, kw_only=True):
    """A target's warehouse and the project's folder, to be looked at."""

    session: Session
    folder: Path

    def of_table(self, name: str) -> list[RealColumn]:
        """Return the columns of a table; raises Absent."""
        store, relation = self.session.offline, table_relation(name)
        try:
            found = store.columns(relation)
        except StatementFailed as problem:
            hints = [f"did you mean `{close}`?"] if (close := self._closest(name)) else []
            said = problem.message.strip().partition("\n")[0]
            message = f"there is no table `{name}` that can be read"
            raise Absent(message, *hints, said, *problem.help) from problem
        return [_column(name, native, store.type_of(native)) for name, native in found]

    def tables(self, schema: str) -> list[str]:
        """Return the names of a schema's tables and views, in order."""
        warehouse = Warehouse(self.session.offline, self.session.schema)
        return sorted(str(row["table_name"]) for row in warehouse.rows(relations.listing(schema)))

    def of_files(self, pattern: str) -> list[RealColumn]:
        """Return the columns that all files of a source have; raises Absent, Unseen.

        Those of CSV and JSON files are guessed.
        """
        if "://" in pattern:
            raise Unseen("files that lie elsewhere are fetched by a run only")
        files = sorted(str(p) for p in self.folder.glob(pattern) if p.is_file())
        if not files:
            hint = "the path is taken from the project's folder"
            raise Absent(f"no file matches `{pattern}`", hint)
        format = FORMATS.get(PurePosixPath(pattern).suffix.lower(), "csv")
        try:
            found = self.session.offline.file_columns(files, format)
        except DataError as problem:
            raise Absent(problem.message, *problem.help) from problem
        if found is None:
            kind = self.session.target.offline.type
            raise Unseen(f"a warehouse of type `{kind}` can't tell the columns of files")
        return [_column(*column, guessed=format != "parquet") for column in found]

    def _closest(self, name: str) -> str | None:
        """Return the table of the same schema that is most like a name; None where none is.

        Nor is there one where the name is right, and what is there may not be read.
        """
        *before, last = name.split(".")
        if not before:
            return None
        try:
            there = self.tables(before[-1])
            close = None if last in there else closest(last, there)
        except FfcError:
            # A store that can't list its tables has said already what is wrong.
            return None
        return ".".join([*before, close]) if close is not None else None


def _column(name: str, native: str, kind: Type | None, guessed: bool = False) -> RealColumn:
    # What can't be written into YAML is none of the language's.
    known = kind if kind is not None and parse_type(str(kind)) == kind else None
    return RealColumn(name=name, native=native, type=known, guessed=guessed)


def columns_of(existing: Existing, table: str, files: str) -> Sequence[RealColumn]:
    """Return the columns of what a source is: a table, or files; raises Absent, Unseen."""
    return existing.of_table(table) if table else existing.of_files(files)
