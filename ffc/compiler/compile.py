"""`compile_project`: the passes, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from ffc.compiler.catalog import read_catalog
from ffc.compiler.compilation import Compilation
from ffc.compiler.feature_views import type_feature_view
from ffc.compiler.fingerprints import with_fingerprints
from ffc.compiler.labels import type_labels
from ffc.compiler.oracle import Oracle
from ffc.compiler.published import check_published
from ffc.compiler.sources import declare_entities, declare_sources
from ffc.compiler.training_sets import plan_training_sets
from ffc.compiler.transformations import (
    check_notes,
    order_relations,
    render_transformations,
    type_transformation,
)
from ffc.core.diagnostics import Diagnostic, Span, error, ordered
from ffc.core.names import node_id
from ffc.manifest.records import FeatureView, Manifest, Project, Target, Transformation
from ffc.manifest.serving import serving_of
from ffc.project.files import PROJECT_FILE, ProjectFiles
from ffc.project.reader import read_resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What a compilation ended in: a manifest if there was no error, and what there is to say."""

    manifest: Manifest | None
    diagnostics: tuple[Diagnostic, ...]


def compile_project(
    files: ProjectFiles,
    target: Target,
    variables: Mapping[str, object],
    max_identifier: int = 63,
) -> Compiled:
    """Compile a project's files for a target.

    A pure function: no connection, no clock, no environment. `variables` come before those of
    ffc.yml; `max_identifier` is the longest name that the target allows, in bytes.
    """
    resources, diagnostics = read_resources(files)
    if resources.project is None:
        return Compiled(manifest=None, diagnostics=tuple(ordered(diagnostics)))
    catalog, clashes = read_catalog(resources)
    project = msgspec.structs.replace(
        resources.project, vars={**resources.project.vars, **variables}
    )
    state = Compilation(
        resources=resources,
        project=project,
        target=target,
        max_identifier=max_identifier,
        catalog=catalog,
        failed=set(catalog.twice),
        diagnostics=[*diagnostics, *clashes],
    )
    oracle = Oracle()
    try:
        for run_pass in PASSES:
            run_pass(state, oracle)
    finally:
        oracle.close()
    return _compiled(state, complete=not files.broken)


def _compiled(state: Compilation, complete: bool) -> Compiled:
    found = tuple(ordered(state.diagnostics))
    if not complete or any(d.severity == "error" for d in found):
        return Compiled(manifest=None, diagnostics=found)
    if state.failed:
        # A node that failed without a word would be left out of the manifest unseen.
        names = ", ".join(sorted(state.failed))
        silent = error("FF900", f"a bug in ffc: nothing was said about {names}", _whole_project())
        return Compiled(manifest=None, diagnostics=(*found, silent))
    nodes = with_fingerprints(state.nodes, state.project.dialect)
    by_id = tuple(nodes[node] for node in sorted(nodes))
    project = state.project
    manifest = Manifest(
        project=Project(
            name=project.name,
            dialect=project.dialect,
            boundary=project.boundary,
            as_known=project.as_known,
            variables=dict(sorted(project.vars.items())),
        ),
        target=state.target,
        nodes=by_id,
        serving=serving_of(by_id),
    )
    return Compiled(manifest=manifest, diagnostics=found)


def _whole_project() -> Span:
    return Span(file=PROJECT_FILE)


def _render(state: Compilation, oracle: Oracle) -> None:
    render_transformations(state)
    check_notes(state)
    order_relations(state)


def _declare(state: Compilation, oracle: Oracle) -> None:
    declare_sources(state, oracle)
    declare_entities(state)


def _relations(state: Compilation, oracle: Oracle) -> None:
    """Give columns to transformations and feature views, each after what it reads."""
    views = {node_id("feature_view", v.name, v.variant): v for v in state.resources.feature_views}
    for node in state.order:
        if node in state.rendered:
            type_transformation(state, node, oracle)
        elif node in views:
            type_feature_view(state, views[node], oracle)
        made = state.nodes.get(node)
        if isinstance(made, Transformation | FeatureView) and not oracle.knows(node):
            oracle.declare(node, made.sql)


def _plan(state: Compilation, oracle: Oracle) -> None:
    plan_training_sets(state)
    check_published(state)


Pass = Callable[[Compilation, Oracle], None]
PASSES: Final[tuple[Pass, ...]] = (_declare, _render, _relations, type_labels, _plan)
