"""What sources declare against what is there: the only part of a compilation that connects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct, field, structs

from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed, ordered
from ffc.core.types import Type, parse_type, widens
from ffc.core.yaml import Node
from ffc.project.source_changes import RealColumn
from ffc.project.source_tables import WrittenTable, written_files
from ffc.workspace.existing import Absent, Existing, Unseen, columns_of
from ffc.workspace.folder import Workspace

# So many of the columns that are not declared are named.
_NAMED: Final = 5


class _Found(Struct):
    """What was found of the sources: what is wrong, and what is only good to know."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def look_at_sources(workspace: Workspace, *, principal: Principal) -> tuple[Workspace, list[str]]:
    """Hold the sources of a project against what its target has.

    Returns the project with what is wrong, and notes about what is not. Nothing is asked where the
    target is not known. Raises Unreachable where it can't be opened.
    """
    authorize(principal, "read")
    if workspace.target is None:
        return workspace, []
    files, _ = written_files(workspace.files)
    found = _Found()
    with Session(workspace.target, read_only=True) as session:
        existing = Existing(session=session, folder=workspace.root)
        for table in (table for file in files for table in file.tables()):
            _look(existing, table, found)
    diagnostics = tuple(ordered([*workspace.diagnostics, *found.diagnostics]))
    return structs.replace(workspace, diagnostics=diagnostics), found.notes


def _look(existing: Existing, table: WrittenTable, found: _Found) -> None:
    place = table.node.get("table") or table.node.get("file")
    if place is None:
        # Neither: that was reported.
        return
    try:
        real = columns_of(existing, table.table, table.files)
    except Absent as problem:
        node = f"source.{table.source}"
        wrong = error("FF410", problem.message, place.span, node=node, help=problem.help)
        found.diagnostics.append(wrong)
        return
    except Unseen as problem:
        found.notes.append(f"`{table.source}` is not looked at: {problem}")
        return
    found.diagnostics += _wrong(table, real, place)
    found.notes += _notes(table, real)


def _declared(table: WrittenTable) -> Iterator[tuple[Node, Node | None]]:
    """Yield the name and the type of each column, as they are written."""
    for item in table.columns.items if table.columns is not None else ():
        name = item.get("name")
        if name is not None:
            yield name, item.get("type")


def _wrong(table: WrittenTable, real: Sequence[RealColumn], place: Node) -> Iterator[Diagnostic]:
    """Yield an error for each declared column that is not there, or not of its type."""
    there = {column.name: column for column in real}
    node, what = f"source.{table.source}", table.table or table.files
    free = set(there) - {name.text for name, _ in _declared(table)}
    related: list[Span] = [place.span.labelled("looked at")]
    for name, kind in _declared(table):
        column = there.get(name.text)
        if column is None:
            message = f"`{what}` has no column `{name.text}`"
            hints = did_you_mean(name.text, free) or (f"it has {listed(there) or 'none'}",)
            yield error("FF411", message, name.span, node=node, related=related, help=hints)
            continue
        wanted = parse_type(kind.text) if kind is not None else None
        if kind is not None and wanted is not None and not _fits(column, wanted):
            message = f"`{name.text}` is {_type(column)}, which is not always {wanted}"
            yield error(
                "FF412", message, kind.span, node=node, related=related, help=[_mend(column)]
            )


def _fits(column: RealColumn, wanted: Type) -> bool:
    """Tell whether a column can be declared as a type, as a run does."""
    if column.guessed:
        # What is in CSV and JSON files is of the type that is declared, or refused value by value.
        return True
    if column.type is None:
        return False
    # A file has vectors as lists.
    vector = wanted.name == "vector" and str(column.type) == "list<float32>"
    return vector or widens(column.type, wanted)


def _type(column: RealColumn) -> str:
    return f"{column.type} ({column.native})" if column.type is not None else column.native


def _mend(column: RealColumn) -> str:
    if column.type is None:
        return "no source can have a column of this type: leave it out, or make a view of the table"
    return f"declare it `{column.type}`, and cast it in a transformation"


def _notes(table: WrittenTable, real: Sequence[RealColumn]) -> Iterator[str]:
    """Yield what is no mistake: columns that are not declared, types that hold more."""
    declared = {name.text: kind for name, kind in _declared(table)}
    more = [column.name for column in real if column.name not in declared and column.type]
    if more:
        rest = f" and {len(more) - _NAMED} more" if len(more) > _NAMED else ""
        names = f"{', '.join(f'`{name}`' for name in more[:_NAMED])}{rest}"
        yield f"`{table.source}` has columns that are not declared: {names}"
    for column in real:
        kind = declared.get(column.name)
        wanted = parse_type(kind.text) if kind is not None else None
        if column.type in (None, wanted) or wanted is None or column.guessed:
            continue
        if _fits(column, wanted):
            yield f"`{table.source}.{column.name}` is {column.type}, read as {wanted}"
