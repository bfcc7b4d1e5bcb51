"""Sources: files loaded once, tables as they are, both held to what is declared; freshness."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.cli import ffc
from support.projects import FILES, small_project

from ffc.run.building.sources import SEVERAL, table_relation

COLUMNS = """\
        columns:
          - {name: user_id, type: string}
          - {name: amount, type: float64}
          - {name: paid, type: bool}
          - {name: seen, type: timestamp}
          - {name: loaded, type: timestamp}
"""
ROW = '{{"user_id": "{0}", "amount": {1}, "paid": true, "seen": "2024-01-0{2}T00:00:00Z", "loaded": "2024-01-0{2}T01:00:00+01:00"}}'


def sources(what: str, more: str = "") -> str:
    users = FILES["sources/raw.yml"].partition("      - name: users")[2]
    return (
        f"sources:\n  - name: raw\n    tables:\n      - name: events\n        {what}\n{more}"
        f"{COLUMNS}      - name: users{users}"
    )


def run(project: Path, code: int = 0) -> dict[str, Any]:
    done = ffc(project, "run")
    assert done.code == code, done.stderr
    document = json.loads((project / "target" / "run_results.json").read_text())
    return {r["id"]: r for r in document["results"] if r["action"] == "build"}


def query(project: Path, sql: str) -> list[Any]:
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


def tables(project: Path) -> set[str]:
    sql = (
        "select table_name from information_schema.tables where table_name like 'file_raw_events%'"
    )
    return {name for (name,) in query(project, sql)}


CLEAN = "select user_id, amount, paid, seen, loaded from dev.clean order by all"


def test_json_a_record_a_line_and_in_an_array(tmp_path: Path) -> None:
    rows = [ROW.format("u1", "1.5", 1), ROW.format("u2", 2, 2).replace("true", "null")]
    project = small_project(tmp_path, **{"sources/raw.yml": sources("file: data/events.jsonl")})
    (project / "data" / "events.jsonl").write_text("\n".join(rows) + "\n\n")
    run(project)
    expected = [
        ("u1", 1.5, True, datetime(2024, 1, 1), datetime(2024, 1, 1)),
        ("u2", 2.0, None, datetime(2024, 1, 2), datetime(2024, 1, 2)),
    ]
    assert query(project, CLEAN) == expected
    (project / "sources" / "raw.yml").write_text(sources("file: data/events.json"))
    (project / "data" / "events.json").write_text(f"[{', '.join(rows)}]")
    run(project)
    assert query(project, CLEAN) == expected


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "events.jsonl",
            f"{ROW.format('u1', 1, 1)}\n{ROW.format('u2', 'true', 1)}\n",
            "`data/events.jsonl`, line 2: the column `amount` holds `true`, which is not float64",
        ),
        (
            "events.json",
            f"[{ROW.format('u1', 1, 1)}, {ROW.format('u2', 2, 'x')}]",
            "`data/events.json`, record 2: the column `seen` holds",
        ),
        (
            "events.jsonl",
            f'{ROW.format("u1", 1, 1)}\n{{"user_id": \n',
            "`data/events.jsonl`, line 2 is no record",
        ),
        ("events.json", "[{]", "`data/events.json`, line 1 can't be read"),
        ("events.json", "[1, 2]", "`data/events.json`, record 1 is no object: `1`"),
    ],
)
def test_a_wrong_value_of_json_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    project = small_project(tmp_path, **{"sources/raw.yml": sources(f"file: data/{name}")})
    (project / "data" / name).write_text(text)
    refused = ffc(project, "run")
    assert refused.code == 1
    assert said in " ".join(refused.stderr.split())


def test_a_wrong_value_is_named_by_its_folder(tmp_path: Path) -> None:
    """Files of a glob may have the same name."""
    project = small_project(tmp_path, **{"sources/raw.yml": sources("file: data/*/part.csv")})
    head, row = "user_id,amount,paid,seen,loaded", "u1,{},true,2024-01-01,2024-01-01"
    for day, amount in (("d1", "1"), ("d2", "much"), ("d3", "1")):
        (project / "data" / day).mkdir()
        (project / "data" / day / "part.csv").write_text(f"{head}\n{row.format(amount)}\n")
    refused = ffc(project, "run")
    assert refused.code == 1
    said = " ".join(refused.stderr.split())
    assert "`data/d2/part.csv`, line 2: the column `amount` holds `much`" in said


def test_types_of_json_are_those_declared(tmp_path: Path) -> None:
    yaml = """\
sources:
  - name: raw
    tables:
      - name: all
        file: data/all.jsonl
        columns:
          - {name: a, type: int64}
          - {name: b, type: "decimal(10,2)"}
          - {name: c, type: "list<int32>"}
          - {name: d, type: "list<string>"}
          - {name: e, type: json}
          - {name: f, type: date}
          - {name: g, type: "vector(2)"}
          - {name: h, type: string}
"""
    sql = "{{ config(materialized='table') }} select * from {{ source('raw', 'all') }}"
    project = small_project(
        tmp_path,
        **{
            "sources/all.yml": yaml.replace("name: raw", "name: more"),
            "transformations/all.sql": sql.replace("'raw'", "'more'"),
        },
    )
    (project / "data" / "all.jsonl").write_text(
        '{"a": 9007199254740993, "b": "1.50", "c": [1, null], "d": ["x", "a,\\"b\\""], '
        '"e": {"k": [1]}, "f": "2024-01-31", "g": [1, 2.5], "h": {"x": 1}}\n{"a": null}\n'
    )
    run(project)
    (first, second) = query(
        project,
        "select a, b::varchar, c, d, e::varchar, f::varchar, g, h from dev.all order by a nulls last",
    )
    assert first[:4] == (9007199254740993, "1.50", [1, None], ["x", 'a,"b"'])
    assert json.loads(first[4]) == {"k": [1]}
    assert first[5:7] == ("2024-01-31", (1.0, 2.5))
    assert json.loads(first[7]) == {"x": 1}
    assert set(second) == {None}


def test_a_new_file_of_a_glob_is_all_that_is_loaded(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"sources/raw.yml": sources("file: data/events-*.jsonl")})
    for number in (1, 2):
        (project / "data" / f"events-{number}.jsonl").write_text(ROW.format("u1", number, number))
    assert run(project)["source.raw.events"]["rows"] == {"out": 2}
    before = tables(project)
    (project / "data" / "events-3.jsonl").write_text(ROW.format("u1", 3, 3))
    # The same bytes again are rows again.
    (project / "data" / "events-4.jsonl").write_text(ROW.format("u1", 1, 1))
    assert run(project)["source.raw.events"]["rows"] == {"out": 4}
    after = tables(project)
    assert before < after
    assert len(after - before) == 1
    (project / "data" / "events-2.jsonl").unlink()
    assert run(project)["source.raw.events"]["rows"] == {"out": 3}
    assert tables(project) == after
    assert ffc(project, "clean", "--unused").code == 0
    assert len(tables(project)) == 2
    assert run(project)["source.raw.events"]["status"] == "unchanged"


def test_very_many_files_are_one_table(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"sources/raw.yml": sources("file: data/events-*.jsonl")})
    for number in range(SEVERAL + 1):
        (project / "data" / f"events-{number}.jsonl").write_text(ROW.format("u1", number, 1))
    assert run(project)["source.raw.events"]["rows"] == {"out": SEVERAL + 1}
    assert len(tables(project)) == 1


def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc.run.building.nodes.BACK_OFF", 0.01)
    project = small_project(tmp_path)
    file = project / "data" / "events.csv"
    from ffc.connect.warehouse import Warehouse

    load, changes = Warehouse.load, [2]

    def loading(self: Warehouse, what: Any) -> None:
        load(self, what)
        if changes[0] and "events" in what.files[0]:
            changes[0] -= 1
            with file.open("a") as more:
                more.write(f"u{changes[0]},9,true,2024-01-09T00:00:00Z,2024-01-09T00:00:00Z\n")

    monkeypatch.setattr(Warehouse, "load", loading)
    found = run(project)["source.raw.events"]
    assert (found["attempts"], found["rows"]) == (3, {"out": 6})
    changes[0] = 99
    file.write_text(file.read_text() + "u8,9,true,2024-01-09T00:00:00Z,2024-01-09T00:00:00Z\n")
    refused = ffc(project, "run", "--retries", "1")
    assert refused.code == 1
    assert "`data/events.csv` changed while it was read" in " ".join(refused.stderr.split())
    assert len(tables(project)) == 1


def in_warehouse(project: Path, *statements: str) -> None:
    (project / ".ffc").mkdir(exist_ok=True)
    with duckdb.connect(project / ".ffc" / "test.duckdb") as connection:
        connection.execute("set timezone = 'UTC'")
        for statement in statements:
            connection.execute(statement)


TABLE = (
    "create schema if not exists shop",
    "create or replace table shop.events as select 'u1' as user_id, 1.5::float as amount, "
    "true as paid, timestamptz '2024-01-01 02:00:00+02' as seen, timestamp '2024-01-01' as loaded, "
    "'not asked for' as more",
)


def test_a_table_that_exists(tmp_path: Path) -> None:
    yaml = sources("table: shop.events", "        timezone: Europe/Berlin\n")
    project = small_project(tmp_path, **{"sources/raw.yml": yaml})
    in_warehouse(project, *TABLE)
    assert run(project)["source.raw.events"]["rows"] == {"out": 1}
    # An instant with a zone is that instant, one without is of the source's zone.
    assert query(project, CLEAN) == [
        ("u1", 1.5, True, datetime(2024, 1, 1), datetime(2023, 12, 31, 23))
    ]
    assert {r["status"] for r in run(project).values()} == {"unchanged"}
    in_warehouse(project, "update shop.events set amount = 2")
    found = run(project)
    assert found["source.raw.events"]["status"] == "success"
    assert found["feature_view.spending"]["status"] == "success"
    assert found["feature_view.profile"]["status"] == "unchanged"


def test_a_table_that_is_not_as_declared(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"sources/raw.yml": sources("table: shop.events")})
    gone = ffc(project, "run")
    assert gone.code == 1
    said = " ".join(gone.stderr.split())
    missing = "there is no table `shop.events` that can be read, which the source `raw.events` is"
    assert f"error[FF807]: {missing}" in said
    assert "LINE 1" not in said
    in_warehouse(
        project,
        *TABLE,
        "alter table shop.events drop column paid",
        "alter table shop.events alter amount type varchar",
    )
    refused = ffc(project, "run")
    said = " ".join(refused.stderr.split())
    assert refused.code == 1
    assert "the table `shop.events` is not as the source `raw.events` declares it" in said
    assert "it has no `paid`" in said
    assert "`amount` is VARCHAR, declared float64" in said


@pytest.mark.parametrize("time", ["infinity", "-infinity", "10000-01-01", "0001-01-01 (BC)"])
def test_a_table_with_times_that_no_store_holds(tmp_path: Path, time: str) -> None:
    project = small_project(tmp_path, **{"sources/raw.yml": sources("table: shop.events")})
    in_warehouse(project, *TABLE)
    ffc(project, "run")
    in_warehouse(
        project, f"insert into shop.events select * replace ('{time}' as loaded) from shop.events"
    )
    refused = ffc(project, "run")
    assert refused.code == 1
    said = " ".join(refused.stderr.split())
    assert "has times that are infinite or of no year from 1 to 9999: 1 in `loaded`" in said
    assert len(query(project, CLEAN)) == 1


def test_names_of_tables() -> None:
    found = [table_relation(text) for text in ("a", "s.a", "c.s.a")]
    assert [(r.catalog, r.schema, r.name) for r in found] == [
        ("", "", "a"),
        ("", "s", "a"),
        ("c", "s", "a"),
    ]


def test_freshness(tmp_path: Path) -> None:
    yaml = FILES["sources/raw.yml"].replace(
        "        file: data/events.csv\n",
        "        file: data/events.csv\n"
        "        freshness: {column: seen, warn_after: 1d, error_after: 3d}\n",
    )
    project = small_project(tmp_path, **{"sources/raw.yml": yaml})
    assert ffc(project, "freshness").code == 1
    for days, status, code in ((0, "pass", 0), (2, "warn", 0), (4, "error", 1)):
        at = (datetime.now(UTC) - timedelta(days=days, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        (project / "data" / "events.csv").write_text(
            f"user_id,amount,paid,seen,loaded\nu1,1,true,{at},{at}\nu1,1,true,2020-01-01,{at}\n"
        )
        run(project)
        done = ffc(project, "freshness")
        assert done.code == code
        assert done.stdout.startswith(status)
        assert "source.raw.events.seen" in done.stdout
        (found,) = ffc(project, "freshness", "--output", "json").json()["sources"]
        assert found["status"] == status
        assert found["age"] == pytest.approx(days * 86_400 + 3_600, abs=60)
    (project / "data" / "events.csv").write_text("user_id,amount,paid,seen,loaded\n")
    run(project)
    empty = ffc(project, "freshness")
    assert (empty.code, "it has no row with a `seen`" in empty.stdout) == (1, True)
    chosen = ffc(project, "freshness", "-s", "clean").stderr
    assert chosen == "none of the sources that are selected has `freshness:`\n"
