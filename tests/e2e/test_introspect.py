"""`ffc compile --introspect`: what sources declare against what is there."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet
from support.cli import PROFILES, ffc, write_files
from support.projects import small_project

SOURCES = """\
sources:
  - name: wh
    tables:
      - name: orders
        table: shop.orders
        columns:
          - {name: id, type: int64}
          - {name: price, type: "decimal(12,2)"}
          - {name: wide, type: int64}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = small_project(tmp_path, **{"sources/wh.yml": SOURCES})
    (folder / ".ffc").mkdir()
    with duckdb.connect(folder / ".ffc" / "test.duckdb") as connection:
        connection.execute("create schema shop")
        connection.execute(
            "create table shop.orders (id bigint, price decimal(12, 2), wide int, note varchar, "
            "shape struct(a int))"
        )
    return folder


def declare(project: Path, old: str, new: str) -> None:
    path = project / "sources" / "wh.yml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_what_is_as_declared_compiles(project: Path) -> None:
    done = ffc(project, "compile", "--introspect", "--strict")
    assert (done.code, done.stdout) == (0, "")
    assert (
        done.stderr
        == """\
note: `wh.orders` has columns that are not declared: `note`
note: `wh.orders.wide` is int32, read as int64
compiled 9 nodes to target/manifest.json
"""
    )
    quiet = ffc(project, "compile", "--introspect", "-q")
    assert (quiet.code, quiet.stderr) == (0, "")
    document = ffc(project, "compile", "--introspect", "--output", "json").json()
    assert (document["ok"], document["diagnostics"]) == (True, [])


def test_each_mistake_stands_at_its_place(project: Path) -> None:
    declare(project, "name: price", "name: prices")
    declare(project, "name: id, type: int64", "name: id, type: int32")
    declare(project, "type: int64", "type: bool")
    assert ffc(project, "compile").code == 0
    (project / "target" / "manifest.json").unlink()
    done = ffc(project, "compile", "--introspect")
    assert done.code == 1
    assert done.stderr.startswith("""\
error[FF412]: `id` is int64 (BIGINT), which is not always int32
 --> sources/wh.yml:7:30
  |
5 |         table: shop.orders
  |                ----------- looked at
6 |         columns:
7 |           - {name: id, type: int32}
  |                              ^^^^^
  = help: declare it `int64`, and cast it in a transformation
  = more: ffc explain FF412

error[FF411]: `shop.orders` has no column `prices`
 --> sources/wh.yml:8:20
  |
8 |           - {name: prices, type: "decimal(12,2)"}
  |                    ^^^^^^
 ::: sources/wh.yml:5:16
  |
5 |         table: shop.orders
  |                ----------- looked at
  = help: did you mean `price`?
  = more: ffc explain FF411

""")
    assert "`wide` is int32 (INTEGER), which is not always bool" in done.stderr
    assert "3 errors" in done.stderr
    assert not (project / "target" / "manifest.json").exists()
    found = ffc(project, "compile", "--introspect", "--output", "json").json()["diagnostics"]
    assert [(d["code"], d["node"]) for d in found] == [
        ("FF412", "source.wh.orders"),
        ("FF411", "source.wh.orders"),
        ("FF412", "source.wh.orders"),
    ]
    # It is what a run refuses.
    assert ffc(project, "run", "-q", "-s", "source:wh.*").code == 1


def test_types_that_there_are_not(project: Path) -> None:
    declare(project, "name: wide, type: int64", "name: shape, type: json")
    done = ffc(project, "compile", "--introspect")
    assert done.code == 1
    said = " ".join(done.stderr.split())
    assert "`shape` is STRUCT(a INTEGER), which is not always json" in said
    assert "no source can have a column of this type" in said


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("shop.order", "= help: did you mean `shop.orders`?"),
        ("nowhere", "there is no table `nowhere` that can be read"),
        ("gone.shop.orders", "there is no table `gone.shop.orders` that can be read"),
    ],
)
def test_a_table_that_is_not_there(project: Path, table: str, said: str) -> None:
    declare(project, "table: shop.orders", f"table: {table}")
    done = ffc(project, "compile", "--introspect")
    assert done.code == 1
    assert done.stderr.startswith(f"error[FF410]: there is no table `{table}` that can be read\n")
    assert said in done.stderr


def test_a_project_of_one_source(tmp_path: Path) -> None:
    project = "name: one\nversion: 1\nprofile: test\n"
    source = SOURCES.replace("table: shop.orders", "file: orders.csv")
    files = {"ffc.yml": project, "profiles.yml": PROFILES, "sources/wh.yml": source}
    write_files(tmp_path, {**files, "orders.csv": "id,price,wide\n1,2.50,3\n"})
    done = ffc(tmp_path, "compile", "--introspect")
    assert (done.code, done.stderr) == (0, "compiled 1 node to target/manifest.json\n")


def test_what_else_is_wrong_is_told_beside_it(project: Path) -> None:
    declare(project, "name: price", "name: prices")
    (project / "transformations" / "clean.sql").write_text("select nothing from {{ ref('x') }}")
    done = ffc(project, "compile", "--introspect", "--output", "concise")
    assert done.code == 1
    assert "FF411" in done.stdout
    assert "FF201" in done.stdout


def test_files_are_looked_at_too(project: Path) -> None:
    (project / "data" / "users.csv").write_text("user_id,land\nu1,NL\n")
    parquet.write_table(
        pa.table(
            {"n": pa.array([1], pa.int64()), "v": pa.array([[1.0, 2.0]], pa.list_(pa.float32()))}
        ),
        project / "data" / "p.parquet",
    )
    (project / "sources" / "wh.yml").write_text("""\
sources:
  - name: files
    tables:
      - name: p
        file: data/*.parquet
        columns: [{name: n, type: int32}, {name: v, type: vector(2)}]
      - name: q
        file: data/q.json
        columns: [{name: n, type: int32}]
      - name: far
        file: https://example.com/far.csv
        columns: [{name: n, type: int32}]
""")
    done = ffc(project, "compile", "--introspect", "--output", "concise")
    assert done.code == 1
    assert done.stdout.splitlines() == [
        "sources/raw.yml:16:20: error[FF411]: `data/users.csv` has no column `country`",
        "sources/wh.yml:6:35: error[FF412]: `n` is int64 (BIGINT), which is not always int32",
        "sources/wh.yml:8:15: error[FF410]: no file matches `data/q.json`",
    ]
    assert "`files.far` is not looked at: files that lie elsewhere" in " ".join(done.stderr.split())


def test_a_warehouse_that_is_not_there_is_told(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"sources/wh.yml": SOURCES})
    done = ffc(project, "compile", "--introspect")
    assert done.code == 1
    assert "error[FF803]: there is no DuckDB file `test.duckdb`" in done.stderr
    assert ffc(project, "compile").code == 0
