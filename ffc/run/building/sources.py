"""Sources: files loaded once by what is in them, existing tables looked at as they are.

Each file is a table of its own, named by the hash of its bytes; a source's build is a view of all
of them. A table of a file is made by one statement, so that one that is there is whole: an adapter
that needs several must give it its name last.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ffc.adapter.offline import Load, Relation
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.errors import DataError, StatementFailed, Transient
from ffc.core.types import Type, known_type, widens
from ffc.manifest.names import shortened
from ffc.manifest.records import Source
from ffc.run.building.remote import Remote
from ffc.sql.sources import declared, together

# More files than that are loaded as one table: a view of very many tables is slow to plan.
SEVERAL: Final = 32
_TABLE: Final = "table"


@dataclass(slots=True)
class Reading:
    """What it takes to read sources; `seen` are the files as they were when they were hashed."""

    warehouse: Warehouse
    folder: Path
    existing: set[str]
    seen: dict[Path, tuple[int, int, int]] = field(default_factory=dict)
    remote: Remote = field(default_factory=Remote)

    def inputs(self, source: Source) -> dict[str, str]:
        """Return what a source is made of: files by their hash, a table by its version.

        Raises DataError where no file matches.
        """
        if source.table:
            return {_TABLE: self._version(source)}
        if "://" in source.file:
            return self.remote.inputs(source.file)
        found = sorted(p for p in self.folder.glob(source.file) if p.is_file())
        if not found:
            message = f"no file matches `{source.file}` of the source `{source.name}`"
            raise DataError(message, help=["the path is taken from the project's folder"])
        return {path.relative_to(self.folder).as_posix(): self._digest(path) for path in found}

    def _version(self, source: Source) -> str:
        """Return what tells an existing table as it is now; raises DataError where there is none.

        What can't tell whether it changed did.
        """
        table = table_relation(source.table)
        try:
            self.warehouse.store.columns(table)
        except StatementFailed as problem:
            how = problem.help or ["`table` is a name, `schema.name` or `catalog.schema.name`"]
            raise DataError(
                f"there is no table `{source.table}` that can be read, "
                f"which the source `{source.name}` is to be",
                help=[problem.message, *how],
            ) from problem
        version = self.warehouse.store.version(table)
        return version if version is not None else secrets.token_hex(8)

    def make(self, source: Source, relation: Relation, inputs: Mapping[str, str]) -> None:
        """Make the view of a source; raises DataError where columns are not as declared.

        Raises Transient where a file changed while it was read.
        """
        if source.table:
            self._look(source, relation)
            return
        tables = []
        for name, paths in _tables(source.name, source.data_fingerprint, inputs):
            table = Relation(self.warehouse.builds_schema, name)
            if name not in self.existing:
                self._load(source, table, {self._local(path): path for path in paths})
                self.existing.add(name)
            tables.append(table_of(table))
        query = together(tables, [column.name for column in source.columns])
        self.warehouse.create(relation, "VIEW", self.warehouse.text(query))

    def _local(self, path: str) -> Path:
        return self.remote.local(path) if "://" in path else self.folder / path

    def _load(self, source: Source, table: Relation, paths: Mapping[Path, str]) -> None:
        columns = [(column.name, known_type(column.type)) for column in source.columns]
        self.warehouse.load(
            Load(
                relation=table,
                files=[str(path) for path in paths],
                format=source.format,
                columns=columns,
                timezone=source.timezone,
                names={str(path): name for path, name in paths.items()},
            )
        )
        for path, name in paths.items():
            if path.is_relative_to(self.folder) and _state(path) != self.seen.get(path):
                self.warehouse.drop(table, "TABLE")
                raise Transient(
                    f"`{name}` changed while it was read",
                    help=["write a file beside it and rename that, which happens at one stroke"],
                )

    def _look(self, source: Source, relation: Relation) -> None:
        table = table_relation(source.table)
        native = dict(self.warehouse.store.columns(table))
        wanted = [(column.name, known_type(column.type)) for column in source.columns]
        missing = [f"`{name}`" for name, _ in wanted if name not in native]
        wrong = [
            f"`{name}` is {native[name]}, declared {kind}"
            for name, kind in wanted
            if name in native and not _fits(self.warehouse.store.type_of(native[name]), kind)
        ]
        if missing or wrong:
            has = ", ".join(f"`{name}` {kind}" for name, kind in native.items())
            none = [f"it has no {', '.join(missing)}"] if missing else []
            raise DataError(
                f"the table `{source.table}` is not as the source `{source.name}` declares it",
                help=[*none, *wrong, f"it has {has}"],
            )
        columns = [(name, native[name], kind) for name, kind in wanted]
        type_of = self.warehouse.store.type_of
        query = declared(table_of(table), columns, source.timezone, type_of)
        self.warehouse.create(relation, "VIEW", self.warehouse.text(query))

    def _digest(self, path: Path) -> str:
        try:
            self.seen[path] = _state(path)
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as problem:
            name = path.relative_to(self.folder).as_posix()
            why = problem.strerror or str(problem)
            raise DataError(f"`{name}` can't be read: {why}") from problem


def _fits(given: Type | None, wanted: Type) -> bool:
    return given is not None and widens(given, wanted)


def _state(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (found.st_size, found.st_mtime_ns, found.st_ino)


def table_relation(text: str) -> Relation:
    """Return the relation that `table:` names: a name, with its schema, with its catalog."""
    *before, name = text.split(".")
    catalog, schema = [*[""] * (2 - len(before)), *before]
    return Relation(schema, name, catalog)


def file_tables(node: str, fingerprint: str, inputs: Mapping[str, str]) -> list[str]:
    """Return the names of the tables that a build of a source reads."""
    if _TABLE in inputs:
        return []
    return [name for name, _ in _tables(node.partition(".")[2], fingerprint, inputs)]


def _tables(
    source: str, fingerprint: str, inputs: Mapping[str, str]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the tables of a source's files, and the files of each.

    Two files with the same bytes are two files: their table comes twice.
    """
    groups: list[tuple[str, tuple[str, ...]]] = [(digest, (p,)) for p, digest in inputs.items()]
    if len(inputs) > SEVERAL:
        digests = "\n".join(sorted(inputs.values()))
        groups = [(hashlib.sha256(digests.encode()).hexdigest(), tuple(inputs))]
    tail = fingerprint.partition("_")[2][:8]
    head = f"file_{source.replace('.', '_')}"
    return [(shortened(head, f"_{tail}_{digest[:16]}"), paths) for digest, paths in groups]
