"""Runs: retried, stopped at the first failure, cleaned up after, tried again where that may help."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.cli import ffc
from support.projects import FILES, ran_project, small_project

from ffc.core.errors import Transient
from ffc.run.scheduling import in_parallel
from ffc_duckdb.offline import DuckDBHandle


def results(project: Path) -> dict[str, Any]:
    document = json.loads((project / "target" / "run_results.json").read_text())
    return {r["id"]: r for r in document["results"] if r["action"] == "build"}


def builds(project: Path) -> set[str]:
    """Return what is among the builds, tables of files aside: they serve as long as the files."""
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        sql = "select table_name from information_schema.tables where table_schema = 'dev__ffc'"
        found = {name for (name,) in connection.execute(sql).fetchall()}
        return {name for name in found if not name.startswith("file_")}


def wrong(project: Path, text: str) -> None:
    (project / "data" / "users.csv").write_text(text)


def test_retry_builds_what_failed_and_nothing_else(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    assert ffc(project, "retry").code == 1
    wrong(project, "user_id,country\nu1,NL\nu1,DE\n")
    assert ffc(project, "run").code == 1
    assert results(project)["training_set.main"]["status"] == "skipped"
    wrong(project, "user_id,country\nu1,NL\n")
    # The source was fine before, so that it isn't tried again: what hangs on it still fails.
    assert ffc(project, "retry").code == 1
    assert set(results(project)) == {"feature_view.profile", "training_set.main"}
    assert ffc(project, "run").code == 0
    done = ffc(project, "retry")
    assert done.code == 0
    assert "nothing failed in the last run" in done.stderr
    assert ffc(project, "retry", "--strict").code == 1


def test_retry_runs_tests_that_failed(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    notes = project / "transformations" / "notes.yml"
    notes.write_text("transformations: [{name: clean, tests: [{row_count: {min: 5}}]}]\n")
    assert ffc(project, "run").code == 1
    # It blocks nothing: its node was built, and is as it was the next time.
    assert ffc(project, "retry").code == 1
    assert {n: r["status"] for n, r in results(project).items()} == {
        "transformation.clean": "unchanged"
    }
    with sqlite3.connect(project / ".ffc" / "state.db") as state:
        state.execute("update runs set status = 'running', finished = '' where id = 2")
    assert ffc(project, "retry").code == 1
    assert "transformation.clean" in results(project)
    notes.write_text("transformations: [{name: clean, tests: [{row_count: {min: 4}}]}]\n")
    assert ffc(project, "retry").code == 0
    assert "nothing failed in the last run" in ffc(project, "retry").stderr


def test_fail_fast_stops_at_the_first_failure(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    wrong(project, "user_id,country\nu1\n")
    assert ffc(project, "run", "--fail-fast", "--threads", "1").code == 1
    found = results(project)
    assert {r["status"] for r in found.values()} <= {"success", "error", "skipped", "cancelled"}
    assert found["source.raw.users"]["status"] == "error"
    assert found["training_set.main"]["status"] == "skipped"
    assert len(found) == 7


def test_a_failure_that_may_pass_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc.run.building.nodes.BACK_OFF", 0.01)
    whole = DuckDBHandle._run
    failures = [2]

    def failing(self: DuckDBHandle, statements: tuple[str, ...]) -> None:
        if failures[0] and "training_set_main" in statements[-1] and "CREATE" in statements[-1]:
            failures[0] -= 1
            raise Transient("the connection was lost")
        whole(self, statements)

    monkeypatch.setattr(DuckDBHandle, "_run", failing)
    project = small_project(tmp_path)
    assert ffc(project, "run").code == 0
    assert results(project)["training_set.main"]["attempts"] == 3
    failures[0] = 9
    assert ffc(project, "run", "--force", "--retries", "1").code == 1
    assert results(project)["training_set.main"]["attempts"] == 2


def test_force_builds_what_did_not_change(tmp_path: Path) -> None:
    project = ran_project(tmp_path)
    assert ffc(project, "run", "--force").code == 0
    assert {r["status"] for r in results(project).values()} == {"success"}


def test_clean_drops_what_nothing_uses(tmp_path: Path) -> None:
    project = ran_project(tmp_path)
    first = builds(project)
    assert ffc(project, "run", "--force").code == 0
    assert ffc(project, "clean").code == 2
    planned = ffc(project, "clean", "--unused", "--dry-run").stdout.split()
    assert len(builds(project)) > len(first)
    done = ffc(project, "clean", "--unused")
    assert done.stdout.split() == planned
    assert f"dropped {len(planned)} tables or views" in done.stderr
    left = builds(project)
    assert first & left == {"__journal", *(n for n in first if n.startswith("training_set"))}
    assert ffc(project, "training-set", "main").code == 0
    assert ffc(project, "clean", "--unused", "--training-sets", "1").code == 0
    assert first & builds(project) == {"__journal"}
    assert ffc(project, "clean", "--unused").stdout == ""


def test_a_target_that_keeps_so_many_is_cleaned_by_each_run(tmp_path: Path) -> None:
    profiles = FILES["profiles.yml"].replace("schema: dev\n", "schema: dev\n      keep: 2\n")
    project = small_project(tmp_path, **{"profiles.yml": profiles})
    for _ in range(4):
        assert ffc(project, "run", "--force").code == 0
    of_a_view = [name for name in builds(project) if name.startswith("feature_view_spending")]
    assert len(of_a_view) == 2
    assert len([name for name in builds(project) if name.startswith("training_set")]) == 4


def test_the_rows_that_break_a_test_are_there_when_they_are_told(tmp_path: Path) -> None:
    """A test that blocks nothing lets the run go on to its end, where it cleans up."""
    profiles = FILES["profiles.yml"].replace("schema: dev\n", "schema: dev\n      keep: 1\n")
    project = small_project(tmp_path, **{"profiles.yml": profiles})
    notes = project / "transformations" / "notes.yml"
    notes.write_text("transformations: [{name: clean, tests: [{row_count: {min: 5}}]}]\n")
    told = []
    for _ in range(2):
        failed = ffc(project, "run")
        assert failed.code == 1
        told += re.findall(r"dev__ffc\.test_row_count_\w+", failed.stderr)
        shown = ffc(project, "query", f"select * from {told[-1]}", "--output", "json")
        assert shown.json()["rows"] == [[4]]
    assert len(set(told)) == 2
    assert ffc(project, "query", f"select * from {told[0]}").code == 1


def test_a_target_can_keep_no_less_than_none(tmp_path: Path) -> None:
    profiles = FILES["profiles.yml"].replace("schema: dev\n", "schema: dev\n      threads: 0\n")
    refused = ffc(small_project(tmp_path, **{"profiles.yml": profiles}), "run")
    assert refused.code == 1
    assert "`threads` must be 1 or more, not 0" in refused.stderr


def test_several_at_a_time_each_after_what_it_needs() -> None:
    needs = {"a": [], "b": [], "c": ["a", "b"], "d": ["c"], "e": []}
    meeting = threading.Barrier(2, timeout=10)
    done: list[str] = []

    def work(name: str) -> bool:
        if name in ("a", "b"):
            meeting.wait()
        assert set(needs[name]) <= set(done)
        done.append(name)
        return True

    assert in_parallel(list(needs), needs, work, 2, lambda: None) == []
    assert sorted(done) == sorted(needs)


def test_what_is_raised_stops_the_rest() -> None:
    stopped: list[bool] = []
    needs: dict[str, list[str]] = {"a": [], "b": ["a"]}

    def work(name: str) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_parallel(list(needs), needs, work, 1, lambda: stopped.append(True))
    assert stopped == [True]
    assert in_parallel(list(needs), needs, lambda _: False, 1, lambda: None) == ["b"]
