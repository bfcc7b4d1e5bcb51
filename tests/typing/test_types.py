"""The types that ffc finds over empty tables are those of a real DuckDB with data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pytest
from projects import flights_data
from projects.tpch_data import tpch_tables
from support.projects import compile_folder
from typed_expressions import COLUMNS, expressions
from typed_queries import PLACES, compiled, described, real, told

from ffc.manifest.records import Source, Transformation
from ffc.sql import build, relations

FOLDER: Final = Path(__file__).parents[1] / "projects"


def _flights() -> Mapping[str, pa.Table]:
    return {name: flights_data.read_table(name).slice(0, 2000) for name in flights_data.TABLES}


# Projects whose transformations are typed, with what makes their sources' tables by name.
PROJECTS: Final[dict[str, Callable[[], Mapping[str, pa.Table]]]] = {
    "tpch": tpch_tables,
    "flights": _flights,
}
EXPRESSIONS: Final = {f"e{n}": one for n, (_, one) in enumerate(expressions())}
THEMES: Final = dict.fromkeys(theme for theme, _ in expressions())


def test_there_are_many_expressions() -> None:
    assert len(set(EXPRESSIONS.values())) >= 600
    assert set(COLUMNS) <= set(EXPRESSIONS.values())


def test_every_tenth_expression() -> None:
    some = {name: EXPRESSIONS[name] for name in list(EXPRESSIONS)[::10]}
    found = told(compiled(some, COLUMNS))
    assert len(found) == len(some) * len(PLACES)
    assert found == described(real(COLUMNS), some)


@pytest.fixture(scope="module")
def all_told() -> dict[str, str]:
    return told(compiled(EXPRESSIONS, COLUMNS))


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
def test_every_expression_everywhere(theme: str, all_told: dict[str, str]) -> None:
    names = [f"e{n}" for n, (own, _) in enumerate(expressions()) if own == theme]
    of_theme = {name: EXPRESSIONS[name] for name in names}
    expected = described(real(COLUMNS), of_theme)
    found = {name: all_told[name] for name in expected}
    words = [
        f"{place}: {EXPRESSIONS[name.split('_')[0]]}: ffc {found[name]}, DuckDB {native}"
        for name, native in expected.items()
        for place in [name.split("_")[1]]
        if found[name] != native
    ]
    assert words == []


def test_a_wrong_type_would_be_seen() -> None:
    """The same query over a table of another type: the comparison is of types, not of texts."""
    other = {**COLUMNS, "i": ("int64", "7")}
    found, expected = (
        told(compiled({"e": "i + 1"}, COLUMNS)),
        described(real(other), {"e": "i + 1"}),
    )
    assert {*found.values()} == {"INTEGER"}
    assert {*expected.values()} == {"BIGINT"}


@pytest.mark.parametrize("project", PROJECTS)
def test_the_transformations_of_a_project(project: str) -> None:
    manifest = compile_folder(FOLDER / project)
    tables = PROJECTS[project]()
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(relations.create_schema(build.REFERENCE_SCHEMA).sql("duckdb"))
    checked = 0
    known = {node.id: node for node in manifest.nodes}
    reads = {
        node.id: set(node.depends_on) for node in manifest.nodes if isinstance(node, Transformation)
    }
    sources = {node.id: set[str]() for node in manifest.nodes if isinstance(node, Source)}
    for node_id in TopologicalSorter(sources | reads).static_order():
        node = known[node_id]
        reference = build.reference(node.id).sql("duckdb")
        if isinstance(node, Source):
            connection.register("given", tables[node.id.rpartition(".")[2]])
            columns = ", ".join(f'"{c.name}"::{c.native} as "{c.name}"' for c in node.columns)
            connection.execute(f"create table {reference} as select {columns} from given")
        elif isinstance(node, Transformation):
            connection.execute(f"create view {reference} as {node.sql}")
            rows = connection.execute(f"describe {node.sql}").fetchall()
            assert [(c.name, c.native) for c in node.columns] == [row[:2] for row in rows]
            checked += 1
    connection.close()
    assert checked
