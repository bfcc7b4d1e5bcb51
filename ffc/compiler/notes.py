"""What YAML says of transformations and their columns, held to what their queries give."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ffc.compiler.compilation import Compilation, missing_column
from ffc.core.diagnostics import Diagnostic, Span, closest, error, listed
from ffc.core.names import node_id
from ffc.core.types import known_type
from ffc.manifest.records import Column
from ffc.project.checks import Contract
from ffc.project.resources import NotedColumn, TransformationNotes


def apply_notes(state: Compilation) -> None:
    """Check what is written of columns, and give the columns their descriptions and tags."""
    first: dict[str, Span] = {}
    for notes in state.resources.transformations:
        node = node_id("transformation", notes.name, notes.variant)
        before = first.setdefault(node, notes.at("name"))
        if before != notes.at("name"):
            message = f"the transformation `{notes.name}` is described twice"
            related = [before.labelled("first here")]
            state.say(node, error("FF204", message, notes.at("name"), related=related))
            continue
        made = state.nodes.get(node)
        columns = state.columns(node)
        state.say(node, *_twice(notes), *_check_contract(notes, columns))
        if made is None or columns is None:
            continue
        state.say(node, *_check_columns(notes, columns))
        noted = {column.name: column for column in notes.columns}
        described = tuple(_described(c, noted.get(c.name)) for c in made.columns)
        state.nodes[node] = msgspec.structs.replace(made, columns=described)


def _described(column: Column, noted: NotedColumn | None) -> Column:
    if noted is None:
        return column
    return msgspec.structs.replace(column, description=noted.description, tags=noted.tags)


def _twice(notes: TransformationNotes) -> list[Diagnostic]:
    problems: list[Diagnostic] = []
    first: dict[str, Span] = {}
    for column in notes.columns:
        place = column.at("name")
        before = first.setdefault(column.name, place)
        if before is not place:
            message = f"the column `{column.name}` of `{notes.name}` is described twice"
            related = [before.labelled("first here")]
            problems.append(error("FF405", message, place, related=related))
    return problems


def _check_columns(notes: TransformationNotes, columns: Mapping[str, Column]) -> list[Diagnostic]:
    """Report columns that the query does not have, and types that are others."""
    problems: list[Diagnostic] = []
    for column in notes.columns:
        found = columns.get(column.name)
        if found is None:
            where = f"the query of `{notes.name}`"
            problems.append(missing_column(column.name, columns, where, column.at("name")))
        elif column.type is not None and (not found.type or known_type(found.type) != column.type):
            given = found.type or found.native
            message = f"`{column.name}` is declared {column.type}, but the query gives {given}"
            help_ = "cast it in the query"
            help_ += f", or declare it {found.type}" if found.type else ""
            problems.append(error("FF407", message, column.at("type"), help=[help_]))
    return problems


def _check_contract(
    notes: TransformationNotes, columns: Mapping[str, Column] | None
) -> list[Diagnostic]:
    """Report columns that an enforced contract leaves out, or leaves without a type."""
    contract = notes.contract
    if contract is None or (isinstance(contract, Contract) and not contract.enforced):
        return []
    problems = [
        error("FF106", f"the contract of `{notes.name}` needs a type here", column.at("name"))
        for column in notes.columns
        if column.type is None
    ]
    named = {column.name for column in notes.columns}
    # A misspelt column was reported: the one that it means is not left out as well.
    known = columns or {}
    meant = {closest(name, known) for name in named if name not in known}
    left = [c for c in known.values() if c.name not in named and c.name not in meant]
    if left:
        message = f"the contract of `{notes.name}` leaves out {listed(c.name for c in left)}"
        example = f"{{name: {left[0].name}, type: {left[0].type or 'string'}}}"
        help_ = f"a contract names every column: add `- {example}` to `columns`"
        problems.append(error("FF407", message, notes.at.key("contract"), help=[help_]))
    return problems
