"""What a source's declaration must say to be as the table or the files are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from ffc.core.types import Type, parse_type, widens
from ffc.project.source_tables import WrittenTable

Action = Literal["add", "type", "rename", "remove", "gone", "untyped"]
# What a change writes into the file; the others are only told.
WRITES: tuple[Action, ...] = ("add", "type", "rename", "remove")


class RealColumn(Struct, frozen=True, kw_only=True):
    """A column that is there: the store's own type, and the type of ours; None where there is none.

    The type of a `guessed` one is read out of values, as in CSV and JSON files.
    """

    name: str
    native: str
    type: Type | None
    guessed: bool = False


class ColumnChange(Struct, frozen=True, kw_only=True):
    """A column that is declared otherwise than it is.

    `add`, `type`, `rename` (its case) and `remove` are written; a column that is `gone` stays, and
    one that is `untyped` is of a type that the language has none for. `was` is the name or the type
    before.
    """

    action: Action
    column: str
    type: str = ""
    was: str = ""
    native: str = ""


def changes(
    written: WrittenTable, real: Sequence[RealColumn], *, prune: bool
) -> list[ColumnChange]:
    """Return what differs, in the order of the declared columns, new ones after them.

    A declared type that holds all values of the real one is meant, and stays; so does one of a
    column whose real type was only guessed. Columns that are gone are removed with `prune`.
    """
    declared = _declared(written)
    there = {column.name: column for column in real}
    folded = {column.name.lower(): column for column in real if column.name not in declared}
    found: list[ColumnChange] = []
    renamed = set()
    for name, said in declared.items():
        column = there.get(name)
        if column is None and name.lower() in folded:
            column = folded[name.lower()]
            renamed.add(column.name)
            found.append(ColumnChange(action="rename", column=column.name, was=name))
        if column is None:
            action: Action = "remove" if prune else "gone"
            found.append(ColumnChange(action=action, column=name, was=said))
        else:
            found += _of_type(column, said)
    new = [column for column in real if column.name not in declared.keys() | renamed]
    return [*found, *new_columns(new)]


def new_columns(real: Sequence[RealColumn]) -> list[ColumnChange]:
    """Return the changes that declare columns."""
    return list(map(_new, real))


def _of_type(column: RealColumn, said: str) -> Iterator[ColumnChange]:
    declared, native = parse_type(said), column.native
    if column.type is None:
        yield ColumnChange(action="untyped", column=column.name, was=said, native=native)
    elif declared is None or not (column.guessed or widens(column.type, declared)):
        kind = str(column.type)
        yield ColumnChange(action="type", column=column.name, type=kind, was=said, native=native)


def _new(column: RealColumn) -> ColumnChange:
    if column.type is None:
        return ColumnChange(action="untyped", column=column.name, native=column.native)
    kind = str(column.type)
    return ColumnChange(action="add", column=column.name, type=kind, native=column.native)


def _declared(written: WrittenTable) -> dict[str, str]:
    """Return the declared types by column, empty where none is said."""
    found: dict[str, str] = {}
    for item in written.columns.items if written.columns is not None else ():
        name, kind = item.get("name"), item.get("type")
        if name is not None:
            found[name.text] = kind.text if kind is not None else ""
    return found
