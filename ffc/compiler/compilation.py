"""What the passes of a compilation hand on: the project, its names, what is known so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field
from sqlglot import exp

from ffc.compiler.catalog import WORDS, Catalog, Entry
from ffc.compiler.readings import Reading
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.facts import Facts
from ffc.core.names import DEFAULT_VARIANT, split_variant
from ffc.manifest.records import AnyNode, Column, Target
from ffc.project.files import PROJECT_FILE
from ffc.project.reader import Resources
from ffc.project.resources import (
    FeatureView,
    Label,
    Model,
    ProjectFile,
    TrainingSet,
    TransformationNotes,
)
from ffc.project.template import Rendered, Unresolved
from ffc.sql.translation import Translation


class Compilation(Struct, kw_only=True):
    """One compilation; each pass adds nodes and diagnostics.

    `rendered` are first builds, `following` the builds of incremental nodes after that; `readings`
    are what was read from both, by node and by whether it follows. A node that
    is in `failed` was reported, and nothing that hangs on it is reported again. One that is in
    `unbuilt` was reported too, but what reads it is checked: part of it is not in this version, or
    what is wrong about it is of no matter to others. `aggregates`
    are features by view and name, `on_demand` the views that each on-demand feature reads, `unlike`
    the columns that were reported as no keys; `no_store` tells that a missing store was. What reads
    a node that is `exact` sees its query, not its columns alone.
    """

    resources: Resources
    project: ProjectFile
    target: Target
    max_identifier: int
    catalog: Catalog
    text: Callable[[exp.Expr], str]
    facts: Facts = field(default_factory=Facts)
    macros: list[tuple[str, str]] = field(default_factory=list)
    translations: Mapping[str, Translation] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    macro_names: set[str] = field(default_factory=set)
    environment_read: set[str] = field(default_factory=set)
    rendered: dict[str, Rendered] = field(default_factory=dict)
    following: dict[str, Rendered] = field(default_factory=dict)
    readings: dict[tuple[str, bool], Reading] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    notes: dict[tuple[str, str], TransformationNotes] = field(default_factory=dict)
    nodes: dict[str, AnyNode] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    unbuilt: set[str] = field(default_factory=set)
    aggregates: set[tuple[str, str]] = field(default_factory=set)
    on_demand: dict[str, tuple[str, ...]] = field(default_factory=dict)
    exact: set[str] = field(default_factory=set)
    unlike: set[tuple[str, str]] = field(default_factory=set)
    no_store: bool = False
    diagnostics: list[Diagnostic] = field(default_factory=list)
    said: set[tuple[str, str, Span]] = field(default_factory=set)

    def report(self, node: str, *diagnostics: Diagnostic) -> None:
        """Add diagnostics of a node; an error marks it as failed."""
        self.say(node, *diagnostics)
        if any(d.severity == "error" for d in diagnostics):
            self.failed.add(node)

    def say(self, node: str, *diagnostics: Diagnostic) -> None:
        """Add diagnostics of a node that is of use to others all the same."""
        for found in diagnostics:
            # One mistake can reach several nodes, as the default of a folder does.
            once = (found.code, found.message, found.span)
            if once not in self.said:
                self.said.add(once)
                related = found.related or self._taken_at(node, found)
                said = msgspec.structs.replace(found, node=node, related=related)
                self.diagnostics.append(said)

    def _taken_at(self, node: str, found: Diagnostic) -> tuple[Span, ...]:
        """Return the place of a node that a mistake in the defaults of its folder reaches."""
        kind, _, named = node.partition(".")
        if found.span.file != PROJECT_FILE or kind not in WORDS:
            return ()
        name, variant = split_variant(named)
        place = self.catalog.place(kind, name, variant or DEFAULT_VARIANT)
        return (place.labelled("taken here"),) if place is not None else ()

    def not_yet(self, node: str, message: str, span: Span, *hints: str) -> None:
        """Report what is right, but not in this version; what hangs on the node is checked."""
        self.say(node, error("FF107", message, span, help=hints))
        self.unbuilt.add(node)

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


def as_written(node: str, record: FeatureView | Label | TrainingSet | Model) -> dict[str, Any]:
    """Return what a node has of its record word for word: its name, its place, words about it."""
    return {
        "id": node,
        "name": record.name,
        "variant": DEFAULT_VARIANT if isinstance(record, Model) else record.variant,
        "preferred": not isinstance(record, Model) and record.default,
        "path": record.at.whole.file,
        "line": record.at.whole.start.line,
        "description": record.description,
        "owner": record.owner,
        "tags": record.tags,
    }


def missing_column(name: str, columns: Iterable[str], where: str, span: Span) -> Diagnostic:
    """Return the error for a column that a relation doesn't have."""
    columns = list(columns)
    help_ = did_you_mean(name, columns) or (f"it has {listed(columns)}",)
    return error("FF303", f"{where} has no column `{name}`", span, help=help_)
