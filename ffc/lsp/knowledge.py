"""What is known of a project at one moment: names and places as typed, types as last compiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ffc.compiler.catalog import Catalog, Entry
from ffc.core.diagnostics import Span
from ffc.lsp.declared import Declared, MacroPlace, Part, catalog_of
from ffc.lsp.sql_places import calls
from ffc.manifest.records import AnyNode, Column, FeatureView
from ffc.project.files import ProjectFiles
from ffc.project.template import Unresolved

RELATIONS = ("transformation", "feature_view")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A project's names, where they are declared, and the nodes that were understood."""

    root: Path
    files: ProjectFiles
    catalog: Catalog
    entries: Mapping[str, Entry] = field(default_factory=dict)
    parts: Mapping[tuple[str, str], Part] = field(default_factory=dict)
    macros: Mapping[str, MacroPlace] = field(default_factory=dict)
    variables: Mapping[str, Span] = field(default_factory=dict)
    records: Mapping[str, Any] = field(default_factory=dict)
    nodes: Mapping[str, AnyNode] = field(default_factory=dict)
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def find(self, text: str, *kinds: str) -> Entry | None:
        """Return what a name stands for, if that is one thing."""
        try:
            return self.catalog.find(text, *kinds)
        except Unresolved:
            return None

    def source(self, group: str, table: str) -> Entry | None:
        """Return a source table."""
        return self.find(f"{group}.{table}", "source")

    def relation(self, text: str) -> Entry | None:
        """Return what `ref('x')` or `source('group', 'table')` in a text stands for."""
        for call in calls(text):
            found = self.called(call.function, call.words)
            if found is not None:
                return found
        return None

    def called(self, function: str, words: tuple[str, ...]) -> Entry | None:
        """Return what a call reads."""
        if function == "ref" and words:
            return self.find(words[0], *RELATIONS)
        if function == "source" and len(words) > 1:
            return self.source(words[0], words[1])
        return None

    def of_kind(self, *kinds: str) -> list[Entry]:
        """Return the resources of some kinds, by name."""
        found = [entry for entry in self.entries.values() if entry.kind in kinds]
        return sorted(found, key=lambda entry: (entry.name, entry.variant))

    def columns(self, node: str) -> list[Column]:
        """Return a node's columns: as it was compiled, else as they are declared."""
        known = self.nodes.get(node)
        if known is not None and known.columns:
            return list(known.columns)
        return [
            Column(name=part.name, type=part.type, description=part.description)
            for part in self.parts.values()
            if part.owner == node
        ]

    def features(self, view: str) -> list[Column]:
        """Return the features of a view, without its keys and times."""
        known = self.nodes.get(view)
        if isinstance(known, FeatureView):
            return [
                Column(name=f.name, type=f.type, description=f.description, tags=f.tags)
                for f in known.features
            ]
        return self.columns(view)

    def source_of(self, node: str) -> Entry | None:
        """Return the relation that a feature view or a label is made from."""
        record = self.records.get(node)
        return self.relation(getattr(record, "source", "")) if record is not None else None


def known_of(
    root: Path,
    files: ProjectFiles,
    declared: Iterable[Declared],
    nodes: Iterable[AnyNode],
    before: Mapping[str, AnyNode],
) -> Known:
    """Put together what is known; of what is broken now, `before` has what it was."""
    all_ = list(declared)
    entries = {entry.id: entry for each in all_ for entry in each.entries}
    now = {node.id: node for node in nodes}
    now |= {id_: node for id_, node in before.items() if id_ in entries and id_ not in now}
    children: dict[str, list[str]] = {}
    for node in now.values():
        for parent in node.depends_on:
            children.setdefault(parent, []).append(node.id)
    return Known(
        root=root,
        files=files,
        catalog=catalog_of(all_),
        entries=entries,
        parts={(part.owner, part.name): part for each in all_ for part in each.parts},
        macros={macro.name: macro for each in all_ for macro in each.macros},
        variables={name: span for each in all_ for name, span in each.variables.items()},
        records={id_: record for each in all_ for id_, record in each.records.items()},
        nodes=now,
        children={parent: tuple(sorted(found)) for parent, found in children.items()},
    )
