"""Sources and entities: what they declare."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ffc.compiler.compilation import Compilation, missing_column
from ffc.compiler.oracle import Oracle
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.names import DEFAULT_VARIANT, node_id
from ffc.manifest.records import Column, Entity, Source
from ffc.manifest.records import Freshness as FreshnessRecord
from ffc.project.checks import Freshness, FreshnessTest
from ffc.project.resources import Entity as EntityRecord
from ffc.project.resources import KeyColumn, SourceColumn, SourceGroup, SourceTable

Format = Literal["csv", "parquet", "json"]
FORMATS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}


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
    state.report(
        node,
        *_check_columns(table.columns, what, "columns", place),
        *_check_file(table),
        *check_timezone(table.timezone, table.at("timezone")),
        *_check_freshness(table),
    )
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
        tags=tuple(dict.fromkeys((*group.tags, *table.tags))),
        group_description=group.description,
        columns=oracle.declare_source(node, [_column(c) for c in table.columns]),
        file=table.file,
        table=table.table,
        freshness=_freshness(table.freshness),
        format=FORMATS.get(PurePosixPath(table.file).suffix.lower(), "csv"),
        timezone=table.timezone,
    )


def _freshness(said: Freshness | None) -> FreshnessRecord | None:
    if said is None:
        return None
    warn, fail = (
        int(after) if after is not None else None for after in (said.warn_after, said.error_after)
    )
    return FreshnessRecord(column=said.column, warn_after=warn, error_after=fail)


_QUERY: Final = re.compile(r"[?#].*")
_TABLE_NAME: Final = re.compile(r"[^.\s]+(\.[^.\s]+){0,2}")


def _check_file(table: SourceTable) -> list[Diagnostic]:
    """Report a file that can't be one, and a table's name that can't be one."""
    url = "://" in table.file
    text = _QUERY.sub("", table.file) if url else table.file
    path, place = PurePosixPath(text), table.at("file")
    if table.table:
        if _TABLE_NAME.fullmatch(table.table):
            return []
        message = f"`{table.table}` is no name of a table"
        help_ = "write `schema.table`, or `database.schema.table`"
        return [error("FF111", message, table.at("table"), help=[help_])]
    if path.suffix.lower() not in FORMATS:
        message = f"`{table.file}` is no file that ffc can read"
        help_ = f"it must end in {listed(FORMATS, 'or')}"
        return [error("FF111", message, place, help=[help_])]
    if not url and (path.is_absolute() or ".." in path.parts):
        message = f"`{table.file}` lies outside the project"
        help_ = "write a path from the project's folder"
        return [error("FF111", message, place, help=[help_])]
    return []


def check_timezone(name: str, place: Span) -> list[Diagnostic]:
    """Report a time zone that there is not."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        help_ = "use a name such as `Europe/Berlin`, or leave it out for UTC"
        hints = did_you_mean(name, available_timezones()) or (help_,)
        return [error("FF112", f"`{name}` is no time zone", place, help=hints)]
    return []


def _check_freshness(table: SourceTable) -> list[Diagnostic]:
    columns = {c.name: _column(c) for c in table.columns}
    where = f"the source `{table.name}`"
    return check_freshness(table.freshness, columns, where) if table.freshness else []


def check_freshness(
    wanted: Freshness | FreshnessTest, columns: Mapping[str, Column], where: str
) -> list[Diagnostic]:
    """Report a freshness without a time, without a bound, or that warns after it fails."""
    problems: list[Diagnostic] = []
    column, place = columns.get(wanted.column), wanted.at("column")
    if column is None:
        problems.append(missing_column(wanted.column, columns, where, place))
    elif column.type not in ("timestamp", "date"):
        message = f"freshness needs a timestamp or a date; `{column.name}` is "
        message += column.type or column.native
        problems.append(error("FF406", message, place))
    warn, fail = wanted.warn_after, wanted.error_after
    if warn is None and fail is None:
        message = "`freshness` has no `warn_after` and no `error_after`"
        help_ = "say how old the newest row may be: `warn_after: 12h`"
        problems.append(error("FF106", message, wanted.at.key("column"), help=[help_]))
    elif warn is not None and fail is not None and warn > fail:
        message = f"it fails after {fail}, so that it never warns after {warn}"
        related = [wanted.at("error_after").labelled("fails before")]
        help_ = "`warn_after` comes first: make it shorter than `error_after`"
        place = wanted.at("warn_after")
        problems.append(error("FF406", message, place, related=related, help=[help_]))
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
        if not column.name or "\0" in column.name:
            message = f"{what} has a column without a name"
            problems.append(error("FF105", message, place))
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
            hints = ["a key is string, int32, int64, bool, date, timestamp or decimal(p,s)"]
            if key.type.is_float:
                hints.insert(0, "0.1 + 0.2 is not 0.3: floats that look alike are not equal")
            problems.append(error("FF401", message, key.at("type"), help=hints))
    return problems
