"""`compile_project`: the passes, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache as once
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct, structs
from sqlglot import exp

from ffc.compiler.catalog import read_catalog
from ffc.compiler.compilation import Compilation
from ffc.compiler.data_tests import check_data_tests
from ffc.compiler.defaults import apply_defaults, check_defaults
from ffc.compiler.dialects import translate_all
from ffc.compiler.feature_views import type_feature_view
from ffc.compiler.fingerprints import Recipe, recipe_of, with_fingerprints
from ffc.compiler.graph import order_relations
from ffc.compiler.hazards import warn_hazards
from ffc.compiler.labels import type_labels
from ffc.compiler.leaks import warn_leaks
from ffc.compiler.lineage.nodes import trace_lineage
from ffc.compiler.models import plan_models
from ffc.compiler.notes import apply_notes
from ffc.compiler.on_demand import check_on_demand
from ffc.compiler.oracle import Oracle
from ffc.compiler.outline import Outline, outline_of
from ffc.compiler.published import check_published
from ffc.compiler.sources import declare_entities, declare_sources
from ffc.compiler.training_sets import plan_training_sets
from ffc.compiler.transformations import (
    check_notes,
    render_transformations,
    type_transformation,
)
from ffc.compiler.unbuilt import warn_unbuilt
from ffc.compiler.unit_tests import check_unit_tests
from ffc.core.diagnostics import Diagnostic, Span, error, ordered
from ffc.core.facts import Facts
from ffc.core.interrupts import interruptible
from ffc.core.names import Name, node_id
from ffc.core.spans import Spans
from ffc.core.yaml import read_yaml
from ffc.manifest.records import AnyNode, FeatureView, Manifest, Project, Target, Transformation
from ffc.manifest.serving import serving_of
from ffc.project.files import PROJECT_FILE, ProjectFiles
from ffc.project.reader import read_resources
from ffc.project.resources import ProjectFile
from ffc.sql.build import generate
from ffc.sql.snapshots import versions_of
from ffc.sql.translation import Translation


class Compiled(Struct, frozen=True, kw_only=True):
    """What a compilation ended in: a manifest if there was no error, and what there is to say.

    The manifest is made when it is asked for: who only wants to know what is wrong need not wait
    for it; and so is its outline. `nodes` are those that could be understood, whatever is wrong
    with others: for editors, without fingerprints; `environment` names the variables that templates
    read.
    """

    makes_manifest: Callable[[], Manifest] | None
    makes_outline: Callable[[], Outline | None] | None = None
    diagnostics: tuple[Diagnostic, ...]
    environment: frozenset[str] = frozenset()
    nodes: tuple[AnyNode, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the project compiles."""
        return self.makes_manifest is not None

    @property
    def manifest(self) -> Manifest | None:
        """What it compiles to; None where it doesn't."""
        return self.makes_manifest() if self.makes_manifest is not None else None

    @property
    def outline(self) -> Outline | None:
        """What the next compilation needs to know of it; None where it doesn't compile."""
        return self.makes_outline() if self.makes_outline is not None else None


@interruptible()
def compile_project(
    files: ProjectFiles,
    target: Target,
    variables: Mapping[str, object],
    max_identifier: int = 63,
    environment: Mapping[str, str] | None = None,
    translations: Mapping[str, Translation] | None = None,
    text: Callable[[exp.Expr], str] | None = None,
    facts: Facts | None = None,
) -> Compiled:
    """Compile a project's files for a target.

    A pure function: no connection, no clock. `variables` come before those of ffc.yml;
    `max_identifier` is the longest name that the target allows, in bytes; `environment` is what
    `env_var()` in transformations reads; `translations` are those that the target's adapter has, by
    the dialect they translate from; `text` is how it writes ffc's own queries; `facts` are what was
    found before, which changes nothing but how long it takes.
    """
    facts = facts or Facts()
    resources, diagnostics = read_resources(files, facts)
    written = resources.project or _stand_in(files)
    apply_defaults(written, resources)
    catalog, clashes = read_catalog(resources)
    project = msgspec.structs.replace(written, vars={**written.vars, **variables})
    state = Compilation(
        resources=resources,
        project=project,
        target=target,
        max_identifier=max_identifier,
        catalog=catalog,
        facts=facts,
        macros=files.macros(),
        translations=translations or {},
        text=text or partial(generate, dialect=target.dialect),
        environment=environment or {},
        failed=set(catalog.twice),
        diagnostics=[*diagnostics, *clashes],
    )
    state.say("", *check_defaults(written, resources))
    oracle = Oracle(state.facts)
    try:
        for run_pass in PASSES:
            run_pass(state, oracle)
    finally:
        oracle.close()
    state.exact |= oracle.exact()
    if resources.project is None:
        # Its variables are not known, so nobody can tell which ones are missing.
        said = (d for d in state.diagnostics if d.code != "FF203")
        compiled = _incomplete(state, tuple(ordered(said)))
    else:
        compiled = _compiled(state, complete=not files.broken)
    return structs.replace(compiled, environment=frozenset(state.environment_read))


def _stand_in(files: ProjectFiles) -> ProjectFile:
    """Return what the other files are checked under where ffc.yml can't be used."""
    root, _ = read_yaml(PROJECT_FILE, files.texts.get(PROJECT_FILE, ""))
    written = root.get("vars") if root is not None else None
    given = written.plain() if written is not None else {}
    return ProjectFile(
        at=Spans(_whole_project(), {}),
        name=Name("project"),
        version=1,
        profile=Name("profile"),
        vars=given if isinstance(given, dict) else {},
    )


def _compiled(state: Compilation, complete: bool) -> Compiled:
    found = tuple(ordered(state.diagnostics))
    if not complete or any(d.severity == "error" for d in found):
        return _incomplete(state, found)
    if state.failed:
        # A node that failed without a word would be left out of the manifest unseen.
        names = ", ".join(sorted(state.failed))
        silent = error("FF900", f"a bug in ffc: nothing was said about {names}", _whole_project())
        return _incomplete(state, (*found, silent))
    ended = once(partial(_ended, state))
    return Compiled(
        makes_manifest=once(lambda: _manifest(state, ended()[0])),
        makes_outline=lambda: outline_of(state, *ended()),
        diagnostics=found,
        nodes=tuple(state.nodes.values()),
    )


def _ended(state: Compilation) -> tuple[list[AnyNode], dict[str, Recipe]]:
    """Return the nodes with their fingerprints, parents before children, and what these are of."""
    spellings = {reading.query: reading.spelling for reading in state.readings.values()}
    dialect = state.project.dialect
    recipes = {node: recipe_of(made, dialect, spellings) for node, made in state.nodes.items()}
    return list(with_fingerprints(state.nodes, recipes).values()), recipes


def _manifest(state: Compilation, nodes: list[AnyNode]) -> Manifest:
    by_id = tuple(sorted(nodes, key=lambda node: node.id))
    project = state.project
    return Manifest(
        project=Project(
            name=project.name,
            profile=project.profile,
            dialect=project.dialect,
            boundary=project.boundary,
            as_known=project.as_known,
            variables=dict(sorted(project.vars.items())),
            environment=tuple(sorted(state.environment_read)),
        ),
        target=state.target,
        nodes=by_id,
        serving=serving_of(by_id),
    )


def _incomplete(state: Compilation, found: tuple[Diagnostic, ...]) -> Compiled:
    return Compiled(makes_manifest=None, diagnostics=found, nodes=tuple(state.nodes.values()))


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
            _declare_made(state, oracle, made)


def _declare_made(state: Compilation, oracle: Oracle, made: Transformation | FeatureView) -> None:
    if isinstance(made, FeatureView) and state.target.dialect != state.project.dialect:
        oracle.declare_source(made.id, made.columns)
    elif isinstance(made, Transformation) and made.materialized == "snapshot":
        oracle.declare(made.id, versions_of(made.sql, state.project.dialect))
    else:
        oracle.declare(made.id, made.sql, made.columns)


def _notes(state: Compilation, oracle: Oracle) -> None:
    apply_notes(state)
    check_data_tests(state, oracle)


def _plan(state: Compilation, oracle: Oracle) -> None:
    check_on_demand(state, oracle)
    plan_training_sets(state)
    plan_models(state)
    check_published(state)


def _dialects(state: Compilation, oracle: Oracle) -> None:
    translate_all(state)


def _lineage(state: Compilation, oracle: Oracle) -> None:
    trace_lineage(state)


def _leaks(state: Compilation, oracle: Oracle) -> None:
    warn_hazards(state)
    warn_leaks(state)


def _rest(state: Compilation, oracle: Oracle) -> None:
    """Check what makes no nodes of the manifest."""
    check_unit_tests(state)
    warn_unbuilt(state)


Pass = Callable[[Compilation, Oracle], None]
PASSES: Final[tuple[Pass, ...]] = (
    _declare,
    _render,
    _relations,
    _notes,
    type_labels,
    _plan,
    _dialects,
    _lineage,
    _leaks,
    _rest,
)
