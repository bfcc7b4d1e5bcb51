"""What the passes of a compilation hand on: the project, its names, what is known so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from ffc.compiler.catalog import Catalog, Entry
from ffc.core.diagnostics import Diagnostic, Span
from ffc.manifest.records import AnyNode, Column, Target
from ffc.project.reader import Resources
from ffc.project.resources import FeatureView, Label, ProjectFile, TrainingSet
from ffc.project.template import Rendered, Unresolved


@dataclass(slots=True, kw_only=True)
class Compilation:
    """One compilation; each pass adds nodes and diagnostics.

    A node that is in `failed` was reported, and nothing that hangs on it is reported again.
    """

    resources: Resources
    project: ProjectFile
    target: Target
    max_identifier: int
    catalog: Catalog
    rendered: dict[str, Rendered] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    nodes: dict[str, AnyNode] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def report(self, node: str, *diagnostics: Diagnostic) -> None:
        """Add diagnostics of a node; an error marks it as failed."""
        self.diagnostics += (msgspec.structs.replace(d, node=node) for d in diagnostics)
        if any(d.severity == "error" for d in diagnostics):
            self.failed.add(node)

    def columns(self, node: str) -> dict[str, Column] | None:
        """Return a node's columns by name; None where an earlier error hides them."""
        found = self.nodes.get(node)
        return {column.name: column for column in found.columns} if found else None

    def resolve(self, node: str, text: str, span: Span, *kinds: str) -> Entry | None:
        """Look a name up for a node; report it where it stands for nothing."""
        try:
            entry = self.catalog.find(text, *kinds)
        except Unresolved as problem:
            self.report(node, problem.at(span))
            return None
        if entry is None or entry.id in self.failed:
            self.failed.add(node)
            return None
        return entry


def as_written(node: str, record: FeatureView | Label | TrainingSet) -> dict[str, Any]:
    """Return what a node has of its record word for word: its name, its place, words about it."""
    return {
        "id": node,
        "name": record.name,
        "variant": record.variant,
        "path": record.at.whole.file,
        "line": record.at.whole.start.line,
        "description": record.description,
        "owner": record.owner,
        "tags": record.tags,
    }
