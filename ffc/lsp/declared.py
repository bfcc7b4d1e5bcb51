"""What each file of a project declares, and where; a part that is broken, as it was before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ffc.compiler.catalog import Catalog, Entry, entries_of
from ffc.core.diagnostics import Span
from ffc.core.lines import Lines
from ffc.core.names import DEFAULT_VARIANT, node_id
from ffc.lsp.sql_places import macros
from ffc.project.files import ProjectFiles
from ffc.project.reader import Resources, read_resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A column or a feature as it is declared: of which resource, where, its words about it."""

    owner: str
    name: str
    span: Span
    type: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroPlace:
    """A macro: what it takes, where it is defined."""

    name: str
    arguments: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one file declares: resources, their parts, macros, variables."""

    entries: tuple[Entry, ...] = ()
    parts: tuple[Part, ...] = ()
    macros: tuple[MacroPlace, ...] = ()
    variables: Mapping[str, Span] = field(default_factory=dict)
    records: Mapping[str, Any] = field(default_factory=dict)


NOTHING: Final = Declared()


class Index:
    """The declarations of all files, each read again when its text is another."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, Declared]] = {}

    def update(self, files: ProjectFiles) -> None:
        """Read what changed; forget the files that are gone."""
        known = {**files.texts, **dict.fromkeys(files.broken, "")}
        self._files = {path: kept for path, kept in self._files.items() if path in known}
        for path, text in files.texts.items():
            before = self._files.get(path, ("", NOTHING))
            if before[0] != text:
                self._files[path] = (text, _declared(files, path, text, before[1]))

    def declared(self) -> Iterator[Declared]:
        """Yield what each file declares."""
        yield from (declared for _, declared in self._files.values())

    def of(self, path: str) -> Declared:
        """Return what a file declares."""
        return self._files.get(path, ("", NOTHING))[1]


def catalog_of(declared: Iterable[Declared]) -> Catalog:
    """Return every name of a project, to be looked up."""
    catalog = Catalog(())
    for each in declared:
        for entry in each.entries:
            catalog.declare(entry)
    return catalog


def _declared(files: ProjectFiles, path: str, text: str, before: Declared) -> Declared:
    """Read a file; what is broken now, and was not before, is as it was."""
    one = ProjectFiles(texts={path: text}, folders=files.folders)
    resources, problems = read_resources(one)
    found = Declared(
        entries=tuple(entries_of(resources)),
        parts=tuple(_parts(resources)),
        macros=tuple(_macros(one)),
        variables=_variables(resources),
        records=dict(_records(resources)),
    )
    return _kept(found, before) if any(p.severity == "error" for p in problems) else found


def _kept(now: Declared, before: Declared) -> Declared:
    """Return what is declared, with what was before and is not found while it is typed."""
    here = {entry.id for entry in now.entries}
    lost = tuple(entry for entry in before.entries if entry.id not in here)
    gone = {entry.id for entry in lost}
    return Declared(
        entries=(*now.entries, *lost),
        parts=(*now.parts, *(part for part in before.parts if part.owner in gone)),
        macros=now.macros or before.macros,
        variables=now.variables or before.variables,
        records={**{k: v for k, v in before.records.items() if k in gone}, **now.records},
    )


def _parts(resources: Resources) -> Iterator[Part]:
    for group in resources.sources:
        for table in group.tables:
            owner = node_id("source", f"{group.name}.{table.name}", DEFAULT_VARIANT)
            yield from (_part(owner, column) for column in table.columns)
    for notes in resources.transformations:
        owner = node_id("transformation", notes.name, notes.variant)
        yield from (_part(owner, column) for column in notes.columns)
    for entity in resources.entities:
        owner = node_id("entity", entity.name, DEFAULT_VARIANT)
        yield from (_part(owner, key) for key in entity.keys)
    for view in resources.feature_views:
        owner = node_id("feature_view", view.name, view.variant)
        yield from (_part(owner, feature) for feature in view.features)


def _part(owner: str, record: Any) -> Part:
    return Part(
        owner=owner,
        name=record.name,
        span=record.at("name"),
        type=str(record.type or ""),
        description=getattr(record, "description", ""),
    )


def _records(resources: Resources) -> Iterator[tuple[str, Any]]:
    """Yield the records of what has no node in a manifest, or none while it is broken."""
    for record in resources.on_demand:
        yield node_id("on_demand", record.name, record.variant), record
    for label in resources.labels:
        yield node_id("label", label.name, label.variant), label
    for view in resources.feature_views:
        yield node_id("feature_view", view.name, view.variant), view


def _macros(files: ProjectFiles) -> Iterator[MacroPlace]:
    for path, text in files.macros():
        lines = Lines(path, text)
        for macro in macros(text):
            span = lines.span(macro.start, macro.end)
            yield MacroPlace(name=macro.name, arguments=macro.arguments, span=span)


def _variables(resources: Resources) -> dict[str, Span]:
    project = resources.project
    if project is None:
        return {}
    return {name: project.at.key("vars", name) for name in project.vars}
