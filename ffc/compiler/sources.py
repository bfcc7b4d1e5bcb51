"""Sources and entities: what they declare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ffc.compiler.compilation import Compilation
from ffc.compiler.oracle import Oracle
from ffc.core.diagnostics import Diagnostic, Span, error, listed
from ffc.core.names import DEFAULT_VARIANT, node_id
from ffc.manifest.records import Column, Entity, Source
from ffc.project.resources import Entity as EntityRecord
from ffc.project.resources import KeyColumn, SourceColumn, SourceGroup, SourceTable

FORMATS: Final[dict[str, Literal["csv", "parquet"]]] = {".csv": "csv", ".parquet": "parquet"}


def declare_sources(state: Compilation, oracle: Oracle) -> None:
    """Check every source table and make its node."""
    for group in state.resources.sources:
        for table in group.tables:
            _declare_source(state, oracle, group, table)


def _declare_source(
    state: Compilation, oracle: Oracle, group: SourceGroup, table: SourceTable
) -> None:
    node = node_id("source", f"{group.name}.{table.name}")
    place = table.at("columns")
    what = f"the source `{table.name}`"
    state.report(node, *_check_columns(table.columns, what, "columns", place), *_check_file(table))
    if node in state.failed or oracle.knows(node):
        return
    state.nodes[node] = Source(
        id=node,
        name=f"{group.name}.{table.name}",
        variant=DEFAULT_VARIANT,
        path=table.at.whole.file,
        line=table.at.whole.start.line,
        description=table.description,
        owner=table.owner or group.owner,
        tags=(*group.tags, *table.tags),
        columns=oracle.declare_source(node, [_column(c) for c in table.columns]),
        file=table.file,
        format=FORMATS[PurePosixPath(table.file).suffix.lower()],
        timezone=table.timezone,
    )


def _check_file(table: SourceTable) -> list[Diagnostic]:
    problems: list[Diagnostic] = []
    path, place = PurePosixPath(table.file), table.at("file")
    if "://" in table.file:
        problems.append(
            error("FF107", "reading from a URL is not in this version of ffc yet", place)
        )
    elif path.suffix.lower() not in FORMATS:
        message = f"`{table.file}` is no file that ffc can read"
        help_ = f"it must end in {listed(FORMATS, 'or')}"
        problems.append(error("FF111", message, place, help=[help_]))
    elif path.is_absolute() or ".." in path.parts:
        message = f"`{table.file}` lies outside the project"
        help_ = "write a path from the project's folder"
        problems.append(error("FF111", message, place, help=[help_]))
    try:
        ZoneInfo(table.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"`{table.timezone}` is no time zone"
        help_ = "use a name such as `Europe/Berlin`, or leave it out for UTC"
        problems.append(error("FF112", message, table.at("timezone"), help=[help_]))
    return problems


def _column(column: SourceColumn | KeyColumn) -> Column:
    if isinstance(column, KeyColumn):
        return Column(name=column.name, type=str(column.type))
    return Column(
        name=column.name,
        type=str(column.type),
        description=column.description,
        tags=column.tags,
    )


def _check_columns(
    columns: Sequence[SourceColumn | KeyColumn], what: str, words: str, span: Span
) -> list[Diagnostic]:
    problems: list[Diagnostic] = []
    first: dict[str, Span] = {}
    names: dict[str, str] = {}
    for column in columns:
        place = column.at("name")
        before = first.setdefault(column.name.lower(), place)
        names.setdefault(column.name.lower(), column.name)
        if before is not place:
            both = listed(dict.fromkeys((names[column.name.lower()], column.name)))
            message = f"{what} has two {words} of one name: {both}"
            problems.append(error("FF405", message, place, related=[before.labelled("first here")]))
    if not columns:
        problems.append(error("FF106", f"{what} has no {words}", span))
    return problems


def declare_entities(state: Compilation) -> None:
    """Check every entity and make its node."""
    for entity in state.resources.entities:
        node = node_id("entity", entity.name)
        state.report(node, *_check_entity(entity))
        if node in state.failed:
            continue
        state.nodes[node] = Entity(
            id=node,
            name=entity.name,
            path=entity.at.whole.file,
            line=entity.at.whole.start.line,
            description=entity.description,
            owner=entity.owner,
            tags=entity.tags,
            columns=tuple(_column(key) for key in entity.keys),
        )


def _check_entity(entity: EntityRecord) -> list[Diagnostic]:
    what = f"the entity `{entity.name}`"
    problems = _check_columns(entity.keys, what, "keys", entity.at("keys"))
    for key in entity.keys:
        if not key.type.is_key:
            message = f"a key can't be `{key.type}`"
            help_ = "a key is string, int32, int64, bool, date, timestamp or decimal(p,s)"
            problems.append(error("FF401", message, key.at("type"), help=[help_]))
    return problems
