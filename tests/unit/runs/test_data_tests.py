"""Tests of data: what breaks each, and where the rows are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.cli import ffc
from support.projects import ran_project, small_project
from support.tested import BLOCKING, EVENTS, ROWS, events, noted, project, results


def failing(folder: Path) -> dict[str, Any]:
    """Run; return the one test's result."""
    ffc(folder, "run")
    (found,) = [r for (action, _), r in results(folder).items() if action == "test"]
    return found


@pytest.mark.parametrize(
    ("on", "test", "count"),
    [
        ("user_id", "not_null", 1),
        ("user_id", "unique", 1),
        ("amount", "not_null", 0),
        ("amount", "unique", 0),
        ("user_id", "accepted_values: [u1]", 1),
        ("user_id", "accepted_values: [u1, u2]", 0),
        ("user_id", "{accepted_values: {values: [u2], where: amount > 2}}", 1),
        ("paid", "accepted_values: [true]", 1),
        ("amount", "range: {min: 2}", 1),
        # NaN is above every number.
        ("amount", "range: {max: 2.5}", 2),
        ("amount", "range: {min: 1.5, max: 4, where: not isnan(amount)}", 0),
        ("amount", "expression: amount > 2", 1),
        ("paid", "expression: paid", 1),
        ("user_id", "{relationships: {to: \"source('raw', 'users')\", column: user_id}}", 1),
    ],
)
def test_the_rows_that_break_a_test_of_a_column(
    tmp_path: Path, on: str, test: str, count: int
) -> None:
    folder = project(
        tmp_path, column=test if "{" in test[:1] or ":" not in test else f"{{{test}}}", on=on
    )
    (folder / "data" / "users.csv").write_text("user_id,country\nu1,NL\n")
    found = failing(folder)
    assert found["rows"] == {"failing": count}
    assert found["status"] == ("error" if count else "success")
    if count:
        assert len(found["samples"]) == min(5, count)


@pytest.mark.parametrize(
    ("test", "status"),
    [
        ("{row_count: {min: 5}}", "error"),
        ("{row_count: {min: 4, max: 4}}", "success"),
        ("{row_count: {max: 3, where: user_id is not null}}", "success"),
        ("{freshness: {column: seen, error_after: 1h}}", "error"),
        ("{freshness: {column: seen, warn_after: 1h}}", "warn"),
        ("{freshness: {column: seen, warn_after: 1h, error_after: 999999d}}", "warn"),
        ("{freshness: {column: seen, error_after: 999999d}}", "success"),
        ("{freshness: {column: seen, error_after: 999999d, where: user_id = 'u9'}}", "error"),
        ("{expression: {sql: amount > 2, severity: warn}}", "warn"),
        ('{expression: {sql: amount > 2, error_if: ">1"}}', "warn"),
        ('{expression: {sql: amount > 2, error_if: ">1", warn_if: ">1"}}', "success"),
        ('{expression: {sql: amount > 2, error_if: ">=1"}}', "error"),
        ("{expression: 'amount / 0 is null or true'}", "success"),
    ],
)
def test_a_table_and_how_bad_it_is(tmp_path: Path, test: str, status: str) -> None:
    found = failing(project(tmp_path, table=test))
    assert found["status"] == status
    assert (found["error"] is None) == (status == "success")


def test_awkward_names(tmp_path: Path) -> None:
    sql = """\
{{ config(materialized='table') }}
select user_id, amount, paid, seen, loaded, amount as "select", amount as "a ""b""'s", amount as "Ü x"
from {{ source('raw', 'events') }}
"""
    notes = """\
transformations:
  - name: clean
    columns:
      - {name: select, tests: [not_null, unique, {range: {min: 100}}]}
      - {name: "a \\"b\\"'s", tests: [not_null, {accepted_values: [1]}]}
      - {name: "Ü x", tests: [{range: {min: 100, name: mine}}]}
"""
    folder = small_project(
        tmp_path, **{"transformations/clean.sql": sql, "transformations/clean.yml": notes}
    )
    assert ffc(folder, "run").code == 1
    found = {
        i.rpartition(".")[2]: r["status"] for (a, i), r in results(folder).items() if a == "test"
    }
    assert found == {
        "not_null_select": "success",
        "unique_select": "success",
        "range_select": "error",
        "not_null_a__b__s": "success",
        "accepted_values_a__b__s": "error",
        "mine": "error",
    }


@pytest.mark.parametrize(
    ("value", "accepted", "count"),
    [
        ("'ab'::blob", "YWI=", 0),
        ("'ab'::blob", "YWM=", 4),
        ("'[1]'::json", "'[1]'", 0),
        ("'[1]'::json", "'[2]'", 4),
        ("[1, 2]", "'[1, 2]'", 0),
        ("[1, 2]", "'[1]'", 4),
        ("4::hugeint", "4", 0),
        ("4::hugeint", "5", 4),
        ("-0.0::double", "0", 0),
        ("'nan'::double", ".nan", 0),
        ("'nan'::double", "1", 4),
        ("1.50::decimal(9,2)", "1.5", 0),
        ("null::int", "1", 0),
        ("'2024-01-01'::timestamptz", "2024-01-01T00:00:00Z", 0),
        ("'2024-01-01'::timestamp_ns", "2024-01-02T00:00:00Z", 4),
    ],
)
def test_accepted_values_of_every_type(
    tmp_path: Path, value: str, accepted: str, count: int
) -> None:
    test = f"{{name: j, tests: [accepted_values: [{accepted}]]}}"
    found = failing(noted(tmp_path, f"select {value} as j", test))
    assert (found["rows"], found["status"]) == (
        {"failing": count},
        "error" if count else "success",
    )


def test_no_two_tests_of_a_node_share_a_name(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        table="{row_count: {min: 1}}, {row_count: {min: 2}}, "
        "{row_count: {min: 3, name: row_count_2}}, {row_count: {max: 9, name: row_count_2}}",
    )
    assert ffc(folder, "run").code == 0
    names = [key[1].rpartition(".")[2] for key in results(folder) if key[0] == "test"]
    assert names == ["row_count", "row_count_3", "row_count_2", "row_count_2_2"]


def test_the_same_rows_are_shown_whatever_their_order(tmp_path: Path) -> None:
    shown = []
    for name, order in (("up", ROWS), ("down", ROWS[::-1])):
        folder = project(tmp_path / name, column="range: {min: 9}", on="amount")
        lines = [f"u,1,true,2024-01-0{i}T00:00:00Z,2024-01-09T00:00:00Z\n" for i in range(1, 9)]
        rows = lines if order is ROWS else lines[::-1]
        (folder / "data" / "events.csv").write_text(EVENTS + "".join(rows))
        shown.append(failing(folder)["samples"])
    assert shown[0] == shown[1]
    assert "2024-01-01" in shown[0][0]


def test_a_schema_that_needs_quotes_has_them(tmp_path: Path) -> None:
    folder = project(tmp_path, column="unique", on="user_id")
    profiles = (folder / "profiles.yml").read_text()
    (folder / "profiles.yml").write_text(profiles.replace("schema: dev", "schema: dev-me"))
    told = failing(folder)["error"]["help"][-1]
    query = told.partition("ffc query '")[2].removesuffix("'")
    assert query.startswith('select * from "dev-me__ffc".test_unique_user_id_')
    with duckdb.connect(folder / ".ffc" / "test.duckdb", read_only=True) as connection:
        assert connection.execute(query).fetchall() == [("u1", 2)]


def test_one_value_and_the_name_of_a_test_are_told_on_a_narrow_line(tmp_path: Path) -> None:
    folder = project(
        tmp_path, column="unique: {name: the_name_of_a_test_that_is_long_enough}", on="user_id"
    )
    said = ffc(folder, "run").stderr
    (line,) = [each for each in said.splitlines() if "/" in each and " test " in each]
    assert "name_of_a_test_that_is_long_enough" in line
    assert "1 failing" in line
    assert len(line) <= 80
    assert "1 value comes more than once" in " ".join(said.split())


def test_a_test_that_looks_into_nothing_fails_alone(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        column="not_null, {relationships: {to: \"source('raw', 'users')\", column: user_id}}",
        on="user_id",
    )
    (folder / "data" / "users.csv").write_text("nobody\n")
    assert ffc(folder, "run").code == 1
    done = ffc(folder, "test", "--output", "json")
    assert done.code == 1
    assert [(r["status"], r["error"]["code"]) for r in done.json()["results"]] == [
        ("error", "FF810"),
        ("error", "FF801"),
    ]


def test_rows_of_data_are_shown_and_not_kept(tmp_path: Path) -> None:
    folder = project(tmp_path, column="unique", on="user_id")
    said = ffc(folder, "run").stderr
    assert "= row: user_id = 'u1', times = 2" in said
    kept = ffc(folder, "runs", "show", "r1")
    assert "comes more than once" in " ".join(kept.stdout.split())
    assert "'u1'" not in kept.stdout
    assert b"'u1'" not in (folder / ".ffc" / "state.db").read_bytes()


def test_ffc_test_runs_all_that_is_deployed(tmp_path: Path) -> None:
    folder = project(tmp_path, column="not_null, unique", on="user_id")
    assert ffc(folder, "test").code == 1
    ffc(folder, "run")
    done = ffc(folder, "test")
    assert done.code == 1
    assert "done: 2 failed" in done.stderr
    assert "user_id = 'u1', times = 2" in done.stderr
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    events(folder, [("u1", "1", "true")])
    assert ffc(folder, "run").code == 0
    passed = ffc(folder, "test", "--output", "json")
    assert passed.code == 0
    assert [r["status"] for r in passed.json()["results"]] == ["success", "success"]


def test_without_a_test_it_says_so(tmp_path: Path) -> None:
    folder = ran_project(tmp_path)
    done = ffc(folder, "test")
    assert (done.code, done.stdout) == (0, "")
    assert "no deployed node has a test" in done.stderr


def test_a_test_changes_no_data_fingerprint(tmp_path: Path) -> None:
    folder = ran_project(tmp_path)
    (folder / "features" / "all.yml").write_text(BLOCKING)
    assert ffc(folder, "run").code == 0
    assert {r["status"] for (a, _), r in results(folder).items() if a == "build"} == {"unchanged"}
    # It is known from now on, though nothing was built.
    assert [r["status"] for r in ffc(folder, "test", "--output", "json").json()["results"]] == [
        "success"
    ]
