"""Tests of data in a run: what may block, what is held back, what is asked again."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from support.cli import ffc
from support.projects import ran_project, small_project
from support.tested import BLOCKING, noted, project, results


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


def test_bad_data_never_replace_good(tmp_path: Path) -> None:
    folder = ran_project(tmp_path, **{"features/all.yml": BLOCKING})
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
    folder = ran_project(tmp_path)
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
