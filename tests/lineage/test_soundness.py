"""Lineage against the engine: what changes when a source column changes must be told by it.

Every column of every table is changed in turn, and each query answered again by a real DuckDB. An
output column whose values change must have the changed column in its lineage.
"""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from lineage.perturbation import Query, Tables, Warehouse, misses, perturb, share, tightness
from lineage.random_queries import Queries
from lineage.small_tables import small_tables
from lineage.test_queries import CASES
from projects.tpch_data import PROJECT, tpch_tables
from support.projects import compile_folder

from ffc.compiler.lineage.relations import Edge
from ffc.manifest.records import Manifest, Source, Transformation
from ffc.sql import build, relations

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "project_template"
BATCH = 50


def _random_queries(warehouse: Warehouse, seeds: range) -> list[Query]:
    made = [warehouse.read(Queries(seed).query().sql) for seed in seeds]
    return [query for query in made if query is not None]


def _check_random(seeds: range, most: float, least: float) -> None:
    """Check queries; lineage must tell no more than `most`, and `least` of it must be seen."""
    tables = small_tables(seeds.start)
    warehouse = Warehouse(tables, steady=True)
    queries = _random_queries(warehouse, seeds)
    assert len(queries) >= 0.85 * len(seeds), "too many of the queries do not bind"
    perturb(warehouse, queries, [seeds.start])
    warehouse.close()
    assert misses(queries) == []
    assert share(queries, tables) < most
    assert tightness(queries) > least


def test_a_few_random_queries() -> None:
    _check_random(range(10_000, 10_008), 0.7, 0.2)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 400, BATCH))
def test_random_queries(start: int) -> None:
    _check_random(range(start, start + BATCH), 0.5, 0.35)


def test_what_lineage_leaves_out_is_a_miss() -> None:
    warehouse = Warehouse(small_tables(0), steady=True)
    query = warehouse.read('select a, b + 1 as n from "__ffc"."source.raw.t" where k > 0')
    assert query is not None
    perturb(warehouse, [query], [0])
    warehouse.close()
    assert misses([query]) == []
    assert query.changed[0] == {("source.raw.t", "a"), ("source.raw.t", "k")}
    query.edges[0] = Edge(query.edges[0].values)
    assert [words.split("\n")[0] for words in misses([query])] == [
        "a depends on source.raw.t.k, which lineage does not tell:"
    ]


def test_without_a_filter_only_values_change_values() -> None:
    """A projection keeps its rows: what is in neither set, and what is in `rows`, changes nothing."""
    tables = small_tables(3)
    warehouse = Warehouse(tables, steady=True)
    items = ("a", "a + b", "len(s)", "p.f", "coalesce(k, a)", "case when b > 1 then a end", "*")
    queries = [warehouse.read(f'select {item} from "__ffc"."source.raw.t"') for item in items]
    found = [query for query in queries if query is not None]
    perturb(warehouse, found, range(3))
    warehouse.close()
    for query in found:
        assert query.plain
        assert [edge.values for edge in query.edges] == query.changed


# The queries of TPC-H.


def _tpch(seed: int) -> dict[str, pa.Table]:
    return {f"source.tpch.{name}": table for name, table in tpch_tables(seed).items()}


def _manifest() -> Manifest:
    return compile_folder(PROJECT)


def _check_manifest(manifest: Manifest, tables: Tables, names: set[str], seeds: range) -> float:
    """Check the lineage in a manifest; return how much of what could be read it names."""
    warehouse = Warehouse(tables)
    queries = []
    for node in manifest.nodes:
        if isinstance(node, Transformation) and node.name in names:
            query = warehouse.read(node.sql)
            assert query is not None
            assert query.columns == [c.name for c in node.columns]
            found = [node.lineage[column.name] for column in node.columns]
            query.edges = [Edge(frozenset(f.values), frozenset(f.rows)) for f in found]
            queries.append(query)
    assert len(queries) == len(names)
    perturb(warehouse, queries, seeds)
    warehouse.close()
    assert misses(queries) == []
    return share(queries, tables)


def test_a_few_tpch_queries() -> None:
    assert _check_manifest(_manifest(), _tpch(2), {"q11", "q13", "q16"}, range(1)) < 0.6


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2])
def test_all_tpch_queries(seed: int) -> None:
    names = {f"q{number:02}" for number in range(1, 23)}
    assert _check_manifest(_manifest(), _tpch(seed), names, range(seed, seed + 1)) < 0.5


@pytest.mark.parametrize("number", range(1, 23))
def test_tpch_queries_have_answers(number: int, tpch: Warehouse, manifest: Manifest) -> None:
    node = next(node for node in manifest.nodes if node.id == f"transformation.q{number:02}")
    assert isinstance(node, Transformation)
    rows = tpch.connection.execute(node.sql).fetchall()
    assert rows
    assert all(value is not None for value in rows[0])


@pytest.fixture(scope="module")
def tpch() -> Warehouse:
    return Warehouse(_tpch(2))


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return _manifest()


# The queries that are held to what one would write by hand.


def _written_queries(seed: int) -> tuple[Warehouse, list[Query]]:
    """Return tables that have the columns of those queries, and the queries that bind on them."""
    numbers = small_tables(seed)
    t, u = numbers["source.raw.t"], numbers["source.raw.u"]
    s = pa.array([{"f": {"g": i % 3}} for i in range(t.num_rows)])
    tables = {
        "source.raw.t": pa.table(
            {"a": t["a"], "b": t["b"], "c": u["y"], "k": t["k"], "l": t["l"], "s": s}
        ),
        "source.raw.u": pa.table({"k": u["k"], "x": u["x"], "y": u["y"], "q": u["a"]}),
    }
    warehouse = Warehouse(tables, steady=True)
    names = {name[-1]: f"{build.reference(name).sql('duckdb')} as {name[-1]}" for name in tables}
    texts = [
        text.replace("{t}", names["t"]).replace("{u}", names["u"]) for text, _ in CASES.values()
    ]
    found = [warehouse.read(text) for text in texts]
    return warehouse, [query for query in found if query is not None]


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_queries_written_by_hand(seed: int) -> None:
    warehouse, queries = _written_queries(seed)
    perturb(warehouse, queries, range(seed, seed + 1))
    warehouse.close()
    assert len(queries) >= 0.9 * len(CASES)
    assert misses(queries) == []


# What `ffc init` makes.


def test_the_project_template(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns("target", ".ffc"))
    manifest = compile_folder(folder)
    runpy.run_path(str(folder / "data" / "generate.py"))["generate"](folder / "data")
    tables = _template_tables(manifest, folder)
    names = {node.name for node in manifest.nodes if isinstance(node, Transformation)}
    assert len(names) == 3
    assert _check_manifest(manifest, tables, names, range(1)) < 0.6


def _template_tables(manifest: Manifest, folder: Path) -> Tables:
    """Return a few rows of each source, and the transformations that others read, made of them."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(relations.create_schema(build.REFERENCE_SCHEMA).sql("duckdb"))
    tables = {}
    for node in manifest.nodes:
        reference = build.reference(node.id).sql("duckdb")
        if isinstance(node, Source):
            names = ", ".join(f'"{c.name}"::{c.native} as "{c.name}"' for c in node.columns)
            rows = f"select {names} from '{folder / node.file}' using sample 30 rows (reservoir, 1)"
            connection.execute(f"CREATE TABLE {reference} AS {rows}")
        elif isinstance(node, Transformation):
            connection.execute(f"CREATE TABLE {reference} AS {node.sql}")
        else:
            continue
        tables[node.id] = connection.table(reference).to_arrow_table()
    connection.close()
    return tables
