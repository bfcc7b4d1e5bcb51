"""Random projects against a brute force that reads the definition row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import duckdb
import pytest

from ffc.compiler.compile import compile_project
from ffc.conformance.brute_force import training_rows
from ffc.conformance.comparing import differences
from ffc.conformance.random_projects import (
    arrow_table,
    project_files,
    random_project,
    tables_of,
)
from ffc.manifest.records import (
    FeatureView,
    Label,
    Manifest,
    Source,
    Target,
    TrainingSet,
    Transformation,
)
from ffc.project.files import ProjectFiles
from ffc.sql.build import generate
from ffc.sql.point_in_time import training_set_query, unshared
from ffc.sql.search import Shape

PROJECTS: Final = 2_500
PARTS: Final = 10
FEW: Final = 60
SHAPES: Final[tuple[Shape, ...]] = (
    "asof",
    "union",
    "ranges",
    "pairs",
    "lateral",
    "walk",
)


def compiled(project: Mapping[str, Any]) -> Manifest:
    files = ProjectFiles(texts=project_files(project))
    target = Target(name="dev", offline="duckdb", dialect="duckdb", online=())
    found = compile_project(files, target, {})
    assert found.manifest is not None, [d.message for d in found.diagnostics]
    return found.manifest


def answers(
    project: Mapping[str, Any], manifest: Manifest
) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Run a manifest's SQL over tables that are called as its references are.

    Yields the training set's rows as each shape finds them, with views that search together and
    each by itself.
    """
    tables = {source["name"]: arrow_table(source) for source in tables_of(project)}
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET threads = 1")
        connection.execute('CREATE SCHEMA "__ffc"')
        for node in in_order(manifest):
            if isinstance(node, Source):
                connection.register("given", tables[node.name.partition(".")[2]])
                connection.execute(f'CREATE TABLE "__ffc"."{node.id}" AS SELECT * FROM given')
            elif isinstance(node, Transformation | FeatureView | Label):
                connection.execute(f'CREATE TABLE "__ffc"."{node.id}" AS {node.sql}')
        training_set = manifest.node("training_set.ts")
        assert isinstance(training_set, TrainingSet)
        for shape in SHAPES:
            for name, plan in (
                ("shared", training_set.plan),
                ("alone", unshared(training_set.plan)),
            ):
                sql = generate(training_set_query(plan, shape), "duckdb")
                yield f"{shape}, {name}", connection.execute(sql).fetchall()


def in_order(manifest: Manifest) -> Iterator[Any]:
    kinds = (Source, Transformation, FeatureView, Label)
    for kind in kinds:
        yield from (node for node in manifest.nodes if isinstance(node, kind))


def check(seed: int) -> None:
    project = random_project(seed)
    expected = training_rows(project)
    times = [False] * len(expected[0]) if expected else []
    for name, found in answers(project, compiled(project)):
        assert differences(expected, found, times) == [], (seed, name)


@pytest.mark.parametrize("part", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_few_random_projects(part: int) -> None:
    for seed in range(part, FEW, 2):
        check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_random_projects(part: int) -> None:
    for seed in range(part, PROJECTS, PARTS):
        check(seed)
