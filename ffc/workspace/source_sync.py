"""The tables and files that are there, written into the sources that declare them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct, field, structs

from ffc.auth import Principal, authorize
from ffc.core.diagnostics import did_you_mean
from ffc.core.edits import Edit, edited_bytes
from ffc.core.errors import Misuse, NotFound, ProjectError, Transient
from ffc.core.files import write_atomically
from ffc.core.names import is_name
from ffc.core.texts import read_text
from ffc.project.files import ProjectFiles, read_files
from ffc.project.source_additions import NewTable, addition
from ffc.project.source_changes import WRITES, ColumnChange, RealColumn, changes, new_columns
from ffc.project.source_edits import Unwritable, column_edits
from ffc.project.source_tables import WrittenFile, WrittenTable, new_file, written_files
from ffc.workspace.existing import Absent, Existing, Unseen, columns_of
from ffc.workspace.folder import OpenTarget

BY_HAND: Final = "edit it by hand: what is to be changed stands above"
NAME_HELP: Final = "letters, digits and `_`, a letter first"


class Synced(Struct, frozen=True, kw_only=True):
    """How the declaration of a source's table fared, and what changed in it.

    `changed` and `added` are written, or would be. What a `skipped` one is can't be looked at;
    `reason` says why, and what is wrong with an `error`, which has a `code`.
    """

    source: str
    file: str
    line: int
    status: Literal["same", "changed", "added", "skipped", "error"]
    reason: str = ""
    code: str = ""
    help: tuple[str, ...] = ()
    changes: tuple[ColumnChange, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether what is declared is not what is there."""
        return self.status in ("changed", "added") or any(c.action == "gone" for c in self.changes)


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be written: sources by name, all of none; or `tables` that are none yet.

    `prune` takes out columns that are gone; nothing is written unless `write`.
    """

    names: Sequence[str] = ()
    tables: Sequence[str] = ()
    prune: bool = False
    write: bool = True


def sync_sources(opened: OpenTarget, wanted: Wanted, *, principal: Principal) -> list[Synced]:
    """Bring declarations of sources to what is there, and write the files that change.

    Raises NotFound for a source that is not declared, Misuse for a table that can't be added,
    ProjectError where a file can't be read.
    """
    authorize(principal, "read")
    files, problems = read_files(opened.root)
    written, more = written_files(files)
    if more or files.broken:
        raise ProjectError("the sources can't be read", [*problems, *more])
    syncing = _Syncing(opened=opened, files=files, written=written, wanted=wanted)
    found = list(syncing.added() if wanted.tables else syncing.synced())
    if wanted.write:
        syncing.write()
    return found


class _Syncing(Struct, kw_only=True):
    """Declarations beside what is there; `changed` are files as they are to be, by path."""

    opened: OpenTarget
    files: ProjectFiles
    written: list[WrittenFile]
    wanted: Wanted
    changed: dict[str, bytes] = field(default_factory=dict)

    @property
    def _existing(self) -> Existing:
        return Existing(session=self.opened.session, folder=self.opened.root)

    def synced(self) -> Iterator[Synced]:
        """Yield how each declared table fares that is meant."""
        tables = [table for file in self.written for table in file.tables()]
        edits: dict[str, list[Edit]] = {}
        for table in _meant(tables, self.wanted.names):
            yield self._synced(table, edits.setdefault(table.lines.file, []))
        for path, made in edits.items():
            self._change(path, made)

    def _synced(self, table: WrittenTable, edits: list[Edit]) -> Synced:
        line = table.node.span.start.line
        told = Synced(source=table.source, file=table.lines.file, line=line, status="same")
        try:
            real = columns_of(self._existing, table.table, table.files)
        except Absent as problem:
            return _absent(told, problem)
        except Unseen as problem:
            if table.source in self.wanted.names:
                return _unwritable(told, str(problem), "declare its columns yourself")
            return structs.replace(told, status="skipped", reason=str(problem))
        found = tuple(changes(table, real, prune=self.wanted.prune))
        told = structs.replace(told, changes=found)
        if not any(change.action in WRITES for change in found):
            return told
        try:
            edits += column_edits(table, found)
        except Unwritable as problem:
            return _unwritable(told, str(problem), BY_HAND)
        return structs.replace(told, status="changed")

    def added(self) -> Iterator[Synced]:
        """Yield how each table fares that is to be declared."""
        group, name = _new_name(self.wanted.names)
        tables = list(self._tables())
        if name and len(tables) != 1:
            raise Misuse(f"`{group}.{name}` is one table: name one", option="--table")
        for table in tables:
            yield self._added(group, name or table.rpartition(".")[2], table)

    def _tables(self) -> Iterator[str]:
        """Yield the tables that are meant; `schema.*` are those that are no source yet."""
        declared = {table.table for file in self.written for table in file.tables()}
        for text in self.wanted.tables:
            schema, _, last = text.rpartition(".")
            if last != "*":
                yield text
                continue
            there = self._existing.tables(schema.rpartition(".")[2])
            if not there:
                raise Misuse(f"there is no table in the schema `{schema}`", option="--table")
            names = (f"{schema}.{table}" for table in there)
            yield from (name for name in names if name not in declared)

    def _added(self, group: str, name: str, table: str) -> Synced:
        _check_new(self.written, group, name)
        path = new_file(self.files, group)
        told = Synced(source=f"{group}.{name}", file=path, line=0, status="same")
        try:
            real: Sequence[RealColumn] = self._existing.of_table(table)
        except Absent as problem:
            return _absent(told, problem)
        found = new_columns(real)
        columns = [(change.column, change.type) for change in found if change.action == "add"]
        told = structs.replace(told, changes=tuple(found))
        if not columns:
            return _unwritable(told, f"`{table}` has no column that a source can have")
        new = NewTable(group=group, name=name, table=table, columns=columns)
        try:
            path, edit = addition(new, self.written, self.files.texts.get(path, ""), path)
        except Unwritable as problem:
            return _unwritable(told, str(problem), BY_HAND)
        self._change(path, [edit])
        self._read_again()
        return structs.replace(told, status="added", file=path)

    def _change(self, path: str, edits: Sequence[Edit]) -> None:
        if edits:
            self.changed[path] = edited_bytes(self._bytes(path), edits)

    def _bytes(self, path: str) -> bytes:
        """Return a file as it is now; raises Transient where it is not as it was read."""
        if path in self.changed:
            return self.changed[path]
        known = self.files.texts.get(path)
        if known is None:
            return b""
        text, problem = read_text(self.opened.root / path, path)
        data = (self.opened.root / path).read_bytes()
        if problem is not None or text != known:
            raise Transient(f"`{path}` changed while it was looked at", help=["try again"])
        return data

    def _read_again(self) -> None:
        """Look at what the changed files declare now, for what is added behind it."""
        texts = {
            path: data.decode("utf-8-sig").replace("\r\n", "\n")
            for path, data in self.changed.items()
        }
        self.files = structs.replace(self.files, texts={**self.files.texts, **texts})
        self.written, _ = written_files(self.files)

    def write(self) -> None:
        """Write the files that change, each whole or not at all."""
        for path, data in self.changed.items():
            # What a link leads to is written, not the link; who may read it stays as it was.
            real = Path(os.path.realpath(self.opened.root / path))
            mode = real.stat().st_mode if real.exists() else None
            write_atomically(real, data)
            if mode is not None:
                real.chmod(mode)


def _absent(told: Synced, problem: Absent) -> Synced:
    return structs.replace(
        told, status="error", code="FF410", reason=problem.message, help=problem.help
    )


def _unwritable(told: Synced, reason: str, *help: str) -> Synced:
    return structs.replace(told, status="error", code="FF413", reason=reason, help=help)


def _meant(tables: Sequence[WrittenTable], names: Sequence[str]) -> list[WrittenTable]:
    """Return the tables that names mean, in the order of the files; raises NotFound."""
    known = {name for table in tables for name in (table.group, table.source)}
    for name in names:
        if name not in known:
            hints = did_you_mean(name, known) or ("`--table` adds one that is there",)
            raise NotFound(f"no source `{name}` is declared", help=hints)
    return [t for t in tables if not names or t.group in names or t.source in names]


def _new_name(names: Sequence[str]) -> tuple[str, str]:
    """Return the group that new tables go to, and the name of the one; raises Misuse."""
    group, _, name = names[0].partition(".") if len(names) == 1 else ("", "", "")
    if not group:
        raise Misuse("name the source that it goes to: `ffc source sync raw`", option="--table")
    for part in filter(None, (group, name)):
        if not is_name(part):
            raise Misuse(f"`{part}` is no name: {NAME_HELP}", option="--table")
    return group, name


def _check_new(written: Sequence[WrittenFile], group: str, name: str) -> None:
    if not is_name(name):
        hint = f"give it one: `ffc source sync {group}.NAME`"
        raise Misuse(f"`{name}` is no name: {NAME_HELP}; {hint}", option="--table")
    for table in (table for file in written for table in file.tables()):
        if table.source == f"{group}.{name}":
            hint = f"`ffc source sync {group}.NAME` gives it another name"
            raise Misuse(f"`{group}.{name}` is declared already; {hint}", option="--table")
