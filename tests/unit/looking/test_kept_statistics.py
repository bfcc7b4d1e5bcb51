"""Statistics of builds: kept once, told when they fail; no build fails of them."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import duckdb
import pytest
from support.cli import PROFILES, ffc
from support.measured import kept_of
from support.projects import FILES, open_session, ran_project, small_project

from ffc.auth import local_user
from ffc.connect.warehouse import Warehouse
from ffc.core.errors import NotFound, StatementFailed
from ffc.run import measuring
from ffc.run.looking.statistics import read_statistics


def test_each_build_has_its_own(tmp_path: Path) -> None:
    project = ran_project(tmp_path, **{"profiles.yml": PROFILES + "      statistics: all\n"})
    first = kept_of(project, "training_set.main")
    assert first
    assert kept_of(project, "feature_view.spending")
    assert kept_of(project, "transformation.clean") == kept_of(project, "label.paid_back") == []
    # Nothing changed: nothing is computed.
    assert ffc(project, "run").code == 0
    assert kept_of(project, "training_set.main") == first
    events = project / "data" / "events.csv"
    events.write_text(
        events.read_text() + "u2,100,true,2024-01-09T00:00:00Z,2024-01-09T01:00:00Z\n"
    )
    assert ffc(project, "run").code == 0
    assert len({build for build, *_ in kept_of(project, "training_set.main")}) == 2
    with open_session(project) as session:
        found = read_statistics(session, "main", principal=local_user())
        assert found.rows == 5
        old = read_statistics(session, "main", first[0][0], principal=local_user())
        assert (old.rows, old.build) == (4, first[0][0])
        with pytest.raises(NotFound, match="has no build `b0`"):
            read_statistics(session, "main", "b0", principal=local_user())
        spent = read_statistics(session, "spending", principal=local_user())
        amount = next(column for column in spent.columns if column.name == "amount")
        assert (amount.count, amount.max) == (5, 100.0)


@pytest.mark.parametrize("kept", [True, False])
def test_a_history_that_goes_on_has_new_figures(tmp_path: Path, kept: bool) -> None:
    sql_text = FILES["transformations/clean.sql"].replace(
        "materialized='table'",
        "materialized='incremental', unique_key=['user_id', 'seen'], time_column='seen'",
    )
    profiles = PROFILES + f"      statistics: {'all' if kept else 'training_sets'}\n"
    project = small_project(
        tmp_path, **{"transformations/clean.sql": sql_text, "profiles.yml": profiles}
    )
    done = ffc(project, "run")
    assert done.code == 0, done.stderr
    events = project / "data" / "events.csv"
    events.write_text(
        events.read_text() + "u2,100,true,2024-01-09T00:00:00Z,2024-01-09T01:00:00Z\n"
    )
    done = ffc(project, "run")
    assert "+1 -0 rows" in done.stderr
    rows = [v for *_, metric, _, v in kept_of(project, "feature_view.spending") if metric == "rows"]
    assert sorted(rows) == ([4, 5] if kept else [])


def test_a_failure_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = small_project(tmp_path)

    def refuse(*_: object) -> None:
        raise StatementFailed("no such function: quantile", help=["update it"])

    with monkeypatch.context() as patched:
        patched.setattr(measuring, "measure", refuse)
        done = ffc(project, "run", "-s", "+main")
    assert done.code == 0
    assert "training_set.main" in done.stderr
    said = " ".join(done.stderr.split())
    assert (
        "warning[FF804]: `main` is built, but has no statistics: no such function: quantile" in said
    )
    assert "FF506" not in said
    results = json.loads((project / "target" / "run_results.json").read_text())
    fared = {r["action"]: r["status"] for r in results["results"] if r["id"] == "training_set.main"}
    assert fared == {"build": "success", "measure": "warn"}
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        assert connection.execute("select count(*) from dev.main").fetchall() == [(4,)]
    assert not kept_of(project, "training_set.main")
    # Nothing is to be built; what has no statistics is still to be measured.
    done = ffc(project, "run")
    assert done.code == 0
    assert "measure training_set.main" in done.stderr
    assert "1 measured" in done.stderr
    assert kept_of(project, "training_set.main")
    assert "measure" not in ffc(project, "run").stderr


def test_the_rest_is_done_before_anything_is_measured(tmp_path: Path) -> None:
    project = ran_project(tmp_path, **{"profiles.yml": PROFILES + "      statistics: all\n"})
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    actions = [result["action"] for result in results if result["action"] != "test"]
    assert actions == sorted(actions, key=["build", "sync", "measure"].index)
    assert actions.count("sync") > 0
    assert actions.count("measure") > 1


def test_ctrl_c_ends_what_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement is cancelled at once, and the builds stay good."""
    project = small_project(tmp_path)
    endless = "SELECT sum(a.range * b.range) AS n FROM range(1000000) a, range(1000000) b"

    def slow(warehouse: Warehouse, *_: object) -> None:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        warehouse.do(f"CREATE TABLE dev.endless AS {endless}")

    started = time.monotonic()
    with monkeypatch.context() as patched:
        patched.setattr(measuring, "measure", slow)
        done = ffc(project, "run")
    assert done.code == 130
    assert time.monotonic() - started < 30
    assert ffc(project, "run").code == 0
    assert kept_of(project, "training_set.main")


def test_a_bug_is_not_hushed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("finite_0")

    monkeypatch.setattr(measuring, "measure", broken)
    done = ffc(small_project(tmp_path), "run")
    assert done.code == 2
    assert "a bug in ffc: KeyError" in done.stderr
