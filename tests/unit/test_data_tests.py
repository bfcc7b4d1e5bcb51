"""Tests of data: what breaks each, what a run does then, and where the rows are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.cli import ffc
from support.projects import FILES, small_project

EVENTS = "user_id,amount,paid,seen,loaded\n"
ROWS = [
    ("u1", "1.5", "true"),
    ("u1", "2.5", "false"),
    ("u2", "4", ""),
    ("", "nan", "true"),
]


def project(folder: Path, *, column: str = "", table: str = "", on: str = "amount") -> Path:
    """Write a small project with tests of a source's column, or of the source."""
    kinds = {"user_id": "string", "amount": "float64", "paid": "bool"}
    yaml = FILES["sources/raw.yml"]
    if column:
        old = f"{{name: {on}, type: {kinds[on]}}}"
        assert old in yaml
        yaml = yaml.replace(old, f"{{name: {on}, type: {kinds[on]}, tests: [{column}]}}", 1)
    if table:
        yaml = yaml.replace(
            "        file: data/events.csv\n",
            f"        file: data/events.csv\n        tests: [{table}]\n",
        )
    written = small_project(folder, **{"sources/raw.yml": yaml})
    events(written, ROWS)
    return written


def events(folder: Path, rows: list[tuple[str, str, str]]) -> None:
    text = "".join(
        f"{user},{amount},{paid},2024-01-0{i}T00:00:00Z,2024-01-0{i}T01:00:00Z\n"
        for i, (user, amount, paid) in enumerate(rows, 1)
    )
    (folder / "data" / "events.csv").write_text(EVENTS + text)


def results(folder: Path) -> dict[tuple[str, str], Any]:
    document = json.loads((folder / "target" / "run_results.json").read_text())
    return {(r["action"], r["id"]): r for r in document["results"]}


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


def noted(folder: Path, sql: str, column: str) -> Path:
    """Write a small project with a transformation of events, and tests of a column of it."""
    return small_project(
        folder,
        **{
            "transformations/more.sql": f"{{{{ config(materialized='table') }}}}\n{sql}\n"
            "from {{ source('raw', 'events') }}\n",
            "transformations/more.yml": "transformations:\n  - name: more\n"
            f"    columns:\n      - {column}\n",
        },
    )


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


def test_what_may_be_built_later_can_not_block(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        column="{relationships: {to: ref('clean'), column: user_id, blocking: true}}",
        on="user_id",
    )
    done = ffc(folder, "compile")
    assert done.code == 1
    said = " ".join(done.stderr.split()) or " ".join(done.stdout.split())
    assert "error[FF105]: `blocking` can't be true: `ref('clean')` may be built after" in said


def test_what_is_built_before_can_block(tmp_path: Path) -> None:
    folder = noted(
        tmp_path,
        "select user_id || 'x' as j",
        "{name: j, tests: [{relationships: {to: \"source('raw', 'events')\", column: user_id, "
        "blocking: true}}]}",
    )
    assert ffc(folder, "run").code == 1
    assert results(folder)["build", "transformation.more"]["status"] == "error"


BLOCKING = FILES["features/all.yml"].replace(
    "      - {name: amount, type: float64, default: 0}",
    "      - {name: amount, type: float64, default: 0, tests: [{range: {max: 50}}]}",
)


def test_bad_data_never_replace_good(tmp_path: Path) -> None:
    folder = small_project(tmp_path, **{"features/all.yml": BLOCKING})
    assert ffc(folder, "run").code == 0
    with duckdb.connect(folder / ".ffc" / "test.duckdb", read_only=True) as connection:
        before = connection.execute("select * from dev.spending order by all").fetchall()
    with (folder / "data" / "events.csv").open("a") as file:
        for i in range(7):
            file.write(f"u{i},{1000 + i},true,2024-02-01T00:00:0{i}Z,2024-02-02T00:00:00Z\n")
    failed = ffc(folder, "run")
    assert failed.code == 1
    said = " ".join(failed.stderr.split())
    assert "error[FF810]: the test `range_amount` of `spending` fails: 7 rows" in said
    assert "amount = 1000.0" in said
    assert "`spending` is not published: `range_amount` failed" in said
    assert "the last good build stays where it is" in said
    found = results(folder)
    assert found["build", "feature_view.spending"]["status"] == "error"
    assert found["build", "training_set.main"]["status"] == "skipped"
    assert found["sync", "feature_view.spending"]["status"] == "skipped"
    kept = found["test", "test.feature_view.spending.range_amount"]["relation"]
    with duckdb.connect(folder / ".ffc" / "test.duckdb", read_only=True) as connection:
        assert connection.execute("select * from dev.spending order by all").fetchall() == before
        assert connection.execute(f"select count(*) from {kept}").fetchone() == (7,)
    assert f'ffc query "select * from {kept}"' in said


def test_bad_data_from_the_first_are_not_published(tmp_path: Path) -> None:
    strict = BLOCKING.replace("{max: 50}", "{max: 1}")
    failed = ffc(small_project(tmp_path, **{"features/all.yml": strict}), "run")
    assert failed.code == 1
    said = " ".join(failed.stderr.split())
    assert "`spending` is not published: `range_amount` failed" in said
    assert "it has no good build yet" in said
    assert "the last good build" not in said


def test_a_test_that_blocks_nothing_lets_the_build_through(tmp_path: Path) -> None:
    lenient = BLOCKING.replace("{max: 50}", "{max: 1, blocking: false}")
    folder = small_project(tmp_path, **{"features/all.yml": lenient})
    assert ffc(folder, "run").code == 1
    found = results(folder)
    assert found["build", "feature_view.spending"]["status"] == "success"
    assert found["build", "training_set.main"]["status"] == "success"
    assert found["test", "test.feature_view.spending.range_amount"]["status"] == "error"


def test_a_batch_that_breaks_a_test_stays_out(tmp_path: Path) -> None:
    sql = """\
{{ config(materialized='incremental', time_column='seen', unique_key=['user_id', 'seen']) }}
select user_id, amount, paid, seen, loaded from {{ source('raw', 'events') }}
"""
    notes = "transformations: [{name: clean, tests: [{row_count: {max: 4, blocking: true}}]}]\n"
    folder = small_project(
        tmp_path, **{"transformations/clean.sql": sql, "transformations/clean.yml": notes}
    )
    assert ffc(folder, "run").code == 0
    with (folder / "data" / "events.csv").open("a") as file:
        file.write("u9,1,true,2024-02-01T00:00:00Z,2024-02-02T00:00:00Z\n")
    refused = ffc(folder, "run")
    assert refused.code == 1
    assert "it has too few rows, or too many" in " ".join(refused.stderr.split())
    with duckdb.connect(folder / ".ffc" / "test.duckdb", read_only=True) as connection:
        assert connection.execute("select count(*) from dev.clean").fetchone() == (4,)


def test_an_unchanged_node_is_tested_until_it_holds(tmp_path: Path) -> None:
    folder = small_project(tmp_path)
    assert ffc(folder, "run").code == 0
    test = "transformations: [{name: clean, tests: [{row_count: {max: MAX, blocking: true}}]}]\n"
    notes = folder / "transformations" / "clean.yml"
    notes.write_text(test.replace("MAX", "1"))
    for _ in range(2):
        refused = ffc(folder, "run")
        assert refused.code == 1
        found = results(folder)
        assert found["test", "test.transformation.clean.row_count"]["status"] == "error"
        assert found["build", "transformation.clean"]["status"] == "error"
        assert found["build", "feature_view.spending"]["status"] == "skipped"
        assert "`clean` is as it was, and `row_count` failed on it" in refused.stderr
    notes.write_text(test.replace("MAX", "99"))
    assert ffc(folder, "run").code == 0
    assert results(folder)["test", "test.transformation.clean.row_count"]["status"] == "success"
    assert results(folder)["build", "transformation.clean"]["status"] == "unchanged"
    # It held of this build: there is nothing to find out.
    assert ffc(folder, "run").code == 0
    assert not [key for key in results(folder) if key[0] == "test"]


@pytest.mark.parametrize(
    ("on", "test", "again"),
    [
        ("seen", "{freshness: {column: seen, error_after: 9000d}}", True),
        ("amount", "{expression: {sql: seen <= now(), name: past}}", True),
        ("amount", "{expression: {sql: amount > 0, where: seen < current_date, name: past}}", True),
        ("amount", "{row_count: {min: 1}}", False),
    ],
)
def test_what_asks_the_time_is_tested_each_time(
    tmp_path: Path, on: str, test: str, again: bool
) -> None:
    folder = project(tmp_path, table=test)
    for tested in (True, again):
        assert ffc(folder, "run").code == 0
        assert any(key[0] == "test" for key in results(folder)) is tested


def test_rows_of_data_are_shown_and_not_kept(tmp_path: Path) -> None:
    folder = project(tmp_path, column="unique", on="user_id")
    said = ffc(folder, "run").stderr
    assert "= row: user_id = 'u1', times = 2" in said
    kept = ffc(folder, "runs", "show", "r1")
    assert "comes more than once" in " ".join(kept.stdout.split())
    assert "'u1'" not in kept.stdout
    assert b"'u1'" not in (folder / ".ffc" / "state.db").read_bytes()


def test_why_nodes_were_skipped_is_told_once(tmp_path: Path) -> None:
    folder = small_project(tmp_path, **{"features/all.yml": BLOCKING})
    with (folder / "data" / "events.csv").open("a") as file:
        file.write("u9,99,true,2024-02-01T00:00:00Z,2024-02-02T00:00:00Z\n")
    said = ffc(folder, "run").stderr
    assert " ".join(said.split()).count("skipped, since feature_view.spending failed:") == 1
    assert all(len(line) <= 80 for line in said.splitlines())
    assert re.search(r"\ndone: .* 2 skipped in \d+\.\d s$", said.rstrip())


def test_what_looks_into_a_later_node_waits_for_it(tmp_path: Path) -> None:
    folder = project(
        tmp_path, column="{relationships: {to: ref('clean'), column: user_id}}", on="user_id"
    )
    assert ffc(folder, "run").code == 0
    steps = [key for key in results(folder) if key[1].endswith(("clean", "relationships_user_id"))]
    assert [action for action, _ in steps] == ["build", "test"]


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
    folder = small_project(tmp_path)
    assert ffc(folder, "run").code == 0
    done = ffc(folder, "test")
    assert (done.code, done.stdout) == (0, "")
    assert "no deployed node has a test" in done.stderr


def test_a_test_changes_no_data_fingerprint(tmp_path: Path) -> None:
    folder = small_project(tmp_path)
    assert ffc(folder, "run").code == 0
    (folder / "features" / "all.yml").write_text(BLOCKING)
    assert ffc(folder, "run").code == 0
    assert {r["status"] for (a, _), r in results(folder).items() if a == "build"} == {"unchanged"}
    # It is known from now on, though nothing was built.
    assert [r["status"] for r in ffc(folder, "test", "--output", "json").json()["results"]] == [
        "success"
    ]
