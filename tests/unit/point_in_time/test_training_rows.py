"""Rows of training sets: in one order, the same bytes whenever they are written."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from support.cli import ffc
from support.projects import FILES, small_project
from support.trained import builds, exported, many, rows_of

from ffc.run.point_in_time.training import write_batches
from ffc_duckdb import DuckDBOfflineStore


def execute(project: Path, sql: str) -> list[Any]:
    with duckdb.connect(project / ".ffc" / "test.duckdb") as connection:
        return connection.execute(sql).fetchall()


# The order of rows


def test_two_builds_of_the_same_rows_give_the_same_bytes(project: Path) -> None:
    many(project, 1)
    assert ffc(project, "run").code == 0
    first = exported(project)
    assert exported(project) == first
    many(project, 2)
    assert ffc(project, "run").code == 0
    assert exported(project) == first
    newer, older, before = builds(project)
    assert newer["id"] != older["id"]
    assert newer["content_hash"] == older["content_hash"] != before["content_hash"]
    assert exported(project, "--build", older["id"]) == first
    assert exported(project, "--build", before["id"]) != first


def test_rows_lie_in_the_order_of_their_columns(project: Path) -> None:
    many(project, 3)
    assert ffc(project, "run").code == 0
    (build, _) = builds(project)
    lying = execute(project, f"select * from {build['relation']}")
    assert len(lying) == 40 * 28 * 4
    assert lying == execute(project, f"select * from {build['relation']} order by all")
    read = rows_of(project)
    assert [row[0] for row in lying] == read["user_id"].to_pylist()
    assert [row[-1] for row in lying] == read["paid_back"].to_pylist()


def test_reading_is_a_plain_scan_where_the_store_keeps_the_order(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    submit = DuckDBOfflineStore.submit

    def noted(store: DuckDBOfflineStore, *statements: str) -> Any:
        asked.extend(statements)
        return submit(store, *statements)

    monkeypatch.setattr(DuckDBOfflineStore, "submit", noted)
    plain = rows_of(project)
    assert "ORDER BY" not in asked[-1]
    capabilities = DuckDBOfflineStore.capabilities
    changed = {name: getattr(capabilities, name) for name in capabilities.__slots__}
    forgetful = type(capabilities)(**{**changed, "keeps_order": False})
    monkeypatch.setattr(DuckDBOfflineStore, "capabilities", forgetful)
    assert ffc(project, "run", "--force").code == 0
    made = next(
        sql for sql in asked if sql.startswith("CREATE TABLE") and "training_set_main" in sql
    )
    assert '"rows"' not in made
    assert rows_of(project) == plain
    assert "ORDER BY" in asked[-1]


def test_what_an_older_ffc_built_is_sorted_when_it_is_read(project: Path) -> None:
    before = rows_of(project)
    (build,) = builds(project)
    table = build["relation"]
    execute(project, f"create table turned as select * from {table} order by all desc")
    execute(project, f"drop table {table} cascade; create table {table} as from turned")
    assert rows_of(project) != before
    with sqlite3.connect(project / ".ffc" / "state.db") as state:
        state.execute("UPDATE builds SET content_hash = ''")
    state.close()
    assert rows_of(project) == before


def test_columns_of_every_kind_are_put_in_order(tmp_path: Path) -> None:
    sql = """\
{{ config(materialized='table') }}
select user_id, amount, paid, seen, loaded, [amount, null] as listed,
       ('{"a": ' || amount || '}')::json as told, {'x': amount} as packed, null::blob as raw
from {{ source('raw', 'events') }}
"""
    sets = FILES["training_sets/main.yml"].replace(
        "label:", "include: [listed, told, packed, raw]\n    label:"
    )
    files = {"transformations/clean.sql": sql, "training_sets/main.yml": sets}
    project = small_project(tmp_path, **files)
    built = ffc(project, "run")
    assert built.code == 0, built.stderr
    (first,) = builds(project)
    assert ffc(project, "run", "--force").code == 0
    second = builds(project)[0]
    assert second["content_hash"] == first["content_hash"]
    assert rows_of(project, first["id"]) == rows_of(project)
    assert [row["listed"] for row in rows_of(project).to_pylist()] == [
        *([1.5, None], [2.5, None], [4.0, None], [8.0, None])
    ]


# Writing


def test_whoever_writes_rows_is_told_how_far_it_is(tmp_path: Path) -> None:
    counts = (3, 0, 4)
    batches = [pa.record_batch({"n": pa.array(range(count), pa.int64())}) for count in counts]
    told: list[int] = []
    assert write_batches(iter(batches), tmp_path / "n.parquet", told.append) == 7
    assert told == [3, 3, 7]


def test_the_same_rows_are_the_same_bytes_whatever_lies_under_a_null(tmp_path: Path) -> None:
    def batch(hidden: int) -> pa.RecordBatch:
        known = pa.array([1, None, 3], pa.int64()).buffers()[0]
        plain = pa.array([1, hidden, 3], pa.int64())
        numbers = pa.Array.from_buffers(plain.type, 3, [known, plain.buffers()[1]], 1)
        listed = pa.ListArray.from_arrays(pa.array([0, 0, 3, 3], pa.int32()), numbers)
        return pa.record_batch({"n": numbers, "l": listed})

    assert batch(7).equals(batch(8))
    found = set()
    for ending in (".arrow", ".parquet", ".csv"):
        for hidden in (7, 8):
            rows = batch(hidden).select(["n"]) if ending == ".csv" else batch(hidden)
            path = tmp_path / f"set{ending}"
            write_batches(iter([rows]), path)
            found.add((ending, path.read_bytes()))
    assert len(found) == 3
    assert pa.ipc.open_file(tmp_path / "set.arrow").read_all().to_batches() == [batch(0)]


def test_who_fails_on_the_way_leaves_no_file(tmp_path: Path) -> None:
    def stop(rows: int) -> None:
        raise KeyboardInterrupt

    batch = pa.RecordBatch.from_pydict({"n": [1]})
    with pytest.raises(KeyboardInterrupt):
        write_batches(iter([batch]), tmp_path / "n.arrow", stop)
    assert list(tmp_path.iterdir()) == []
