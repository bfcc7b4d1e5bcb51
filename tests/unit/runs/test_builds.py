"""Builds: made aside, checked, published, pointed to; a failure leaves the last good one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.cli import ffc
from support.projects import FILES, manifest, open_session, ran_project

from ffc.adapter.state import Build
from ffc.manifest.records import TrainingSet
from ffc.run.point_in_time.searching import built_alike
from ffc.sql.point_in_time import unshared


def _query(project: Path, sql: str) -> list[Any]:
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


def _results(project: Path) -> dict[tuple[str, str], Any]:
    document = json.loads((project / "target" / "run_results.json").read_text())
    return {(r["action"], r["id"]): r for r in document["results"]}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return ran_project(tmp_path)


def test_the_views_that_people_query(project: Path) -> None:
    names = _query(
        project, "select table_name from information_schema.tables where table_schema = 'dev'"
    )
    assert sorted(name for (name,) in names) == [
        "clean",
        "main",
        "paid_back",
        "profile",
        "spending",
    ]
    assert _query(project, "select user_id, spending__amount from dev.main order by all") == [
        ("u1", 0.0),
        ("u1", 1.5),
        ("u2", 0.0),
        ("u2", 0.0),
    ]


def test_a_change_builds_what_it_reaches_and_keeps_the_old_build(project: Path) -> None:
    before = _results(project)
    text = FILES["features/all.yml"].replace("default: 0", "default: 9")
    (project / "features" / "all.yml").write_text(text)
    assert ffc(project, "run").code == 0
    after = _results(project)
    built = {
        node
        for (action, node), r in after.items()
        if action == "build" and r["status"] == "success"
    }
    assert built == {"feature_view.spending", "training_set.main"}
    key = ("build", "training_set.main")
    assert before[key]["relation"] != after[key]["relation"]
    assert _query(project, f"select count(*) from {before[key]['relation']}") == [(4,)]
    assert _query(project, "select min(spending__amount) from dev.main") == [(1.5,)]


@pytest.mark.parametrize("materialized", ["table", "view"])
def test_what_is_built_whole_may_change_its_columns(project: Path, materialized: str) -> None:
    path = project / "transformations" / "more.sql"
    head = f"{{{{ config(materialized='{materialized}') }}}}\n"
    path.write_text(f"{head}select user_id, 1 as n from {{{{ ref('clean') }}}}")
    assert ffc(project, "run", "-s", "more").code == 0
    path.write_text(f"{head}select 1::bigint as n from {{{{ ref('clean') }}}}")
    done = ffc(project, "run", "-s", "more")
    assert done.code == 0, done.stderr
    assert _query(project, "select distinct * from dev.more") == [(1,)]


def test_new_data_build_only_what_reads_them(project: Path) -> None:
    with (project / "data" / "users.csv").open("a") as file:
        file.write("u3,FR\n")
    assert ffc(project, "run").code == 0
    results = _results(project)
    built = {
        node
        for (action, node), r in results.items()
        if action == "build" and r["status"] == "success"
    }
    assert built == {"source.raw.users", "feature_view.profile", "training_set.main"}
    counts = {"written": 1, "new": 1, "changed": 0, "removed": 0, "held_back": 0}
    assert results["sync", "feature_view.profile"]["rows"] == {"out": 3, **counts}


def test_bad_data_never_replace_good(project: Path) -> None:
    before = _query(project, "select * from dev.main order by all")
    with (project / "data" / "users.csv").open("a") as file:
        file.write("u1,FR\n")
    failed = ffc(project, "run")
    assert failed.code == 1
    assert (
        "error[FF807]: the static view `profile` has more than one row for a key" in failed.stderr
    )
    assert "user_id = 'u1' (2 rows)" in failed.stderr
    results = _results(project)
    assert results["build", "feature_view.profile"]["status"] == "error"
    assert results["build", "training_set.main"]["status"] == "skipped"
    assert results["build", "training_set.main"]["reason"] == "feature_view.profile failed"
    assert results["sync", "feature_view.profile"]["status"] == "skipped"
    assert results["build", "feature_view.spending"]["status"] == "unchanged"
    assert _query(project, "select * from dev.main order by all") == before
    left = _query(project, "select table_name from information_schema.tables")
    assert len([n for (n,) in left if n.startswith("feature_view_profile")]) == 1
    answer = ffc(
        project, "get", "profile.country", "--key", "user_id=u1", "--output", "json"
    ).json()
    assert answer["rows"][0]["values"] == ["NL"]


def test_a_value_that_does_not_fit_is_named(project: Path) -> None:
    with (project / "data" / "events.csv").open("a") as file:
        file.write("u1,lots,true,2024-01-01,2024-01-01\n")
    failed = ffc(project, "run")
    assert failed.code == 1
    assert "source.raw.events" in failed.stderr
    assert "lots" in failed.stderr
    assert "amount" in failed.stderr


def test_a_lost_warehouse_is_built_again(project: Path) -> None:
    (project / ".ffc" / "test.duckdb").unlink()
    assert ffc(project, "run").code == 0
    statuses = {r["status"] for (action, _), r in _results(project).items() if action == "build"}
    assert statuses == {"success"}
    assert _query(project, "select count(*) from dev.main") == [(4,)]


def test_a_lost_online_store_is_filled_again(project: Path) -> None:
    for path in (project / ".ffc").glob("online.db*"):
        path.unlink()
    assert ffc(project, "sync").code == 0
    answer = ffc(
        project, "get", "spending.amount", "--key", "user_id=u2", "--output", "json"
    ).json()
    assert answer["rows"][0]["event_times"] == ["2024-01-04T00:00:00Z"]


def test_a_lost_state_store_brings_no_old_row_back(project: Path) -> None:
    for path in (project / ".ffc").glob("state.db*"):
        path.unlink()
    (project / "data" / "users.csv").write_text("user_id,country\nu2,DE\n")
    assert ffc(project, "run").code == 0
    answer = ffc(
        project, "get", "profile.country", "--key", "user_id=u1", "--output", "json"
    ).json()
    assert answer["rows"][0]["statuses"] == ["missing"]


def test_what_vanished_is_missing_online(project: Path) -> None:
    (project / "data" / "users.csv").write_text("user_id,country\nu2,DE\n")
    assert ffc(project, "run").code == 0
    counts = {"written": 1, "new": 0, "changed": 0, "removed": 1, "held_back": 0}
    assert _results(project)["sync", "feature_view.profile"]["rows"] == {"out": 1, **counts}
    answer = ffc(
        project, "get", "profile.country", "--key", "user_id=u1", "--output", "json"
    ).json()
    assert answer["rows"][0]["statuses"] == ["missing"]


def test_a_correction_with_the_same_event_time_arrives_online(project: Path) -> None:
    text = FILES["data/events.csv"].replace("u2,8,,2024-01-04", "u2,16,,2024-01-04")
    (project / "data" / "events.csv").write_text(text)
    assert ffc(project, "run").code == 0
    answer = ffc(
        project, "get", "spending.amount", "--key", "user_id=u2", "--output", "json"
    ).json()
    # The row is older than the view's ttl: its time is told, its value is the default.
    assert answer["rows"][0]["statuses"] == ["expired"]
    assert answer["rows"][0]["values"] == [0.0]
    assert answer["rows"][0]["event_times"] == ["2024-01-04T00:00:00Z"]


def test_a_bulk_load_that_hides_everything_is_told(project: Path) -> None:
    rows = [
        f"u{i},1,true,2024-01-{day:02}T12:00:00Z,2024-06-01T00:00:00Z"
        for i in range(5)
        for day in range(1, 9)
    ]
    header = FILES["data/events.csv"].split("\n")[0]
    (project / "data" / "events.csv").write_text("\n".join([header, *rows]) + "\n")
    ran = ffc(project, "run")
    assert ran.code == 0
    assert "warning[FF506]: 35 of 40 label rows ask before the first `loaded`" in ran.stderr
    assert max(map(len, ran.stderr.splitlines())) <= 80
    result = _results(project)["build", "training_set.main"]
    assert result["status"] == "warn"
    assert "as_known: false" in result["reason"]
    text = FILES["training_sets/main.yml"].replace("label:", "as_known: false\n    label:")
    (project / "training_sets" / "main.yml").write_text(text)
    assert "warning" not in ffc(project, "run").stderr


def test_a_run_that_can_not_begin_is_over(project: Path) -> None:
    with (
        open_session(project) as session,
        duckdb.connect(project / "data" / "other.duckdb") as other,
    ):
        other.execute("select 1")
        profiles = project / "profiles.yml"
        profiles.write_text(profiles.read_text().replace(".ffc/test.duckdb", "data"))
        failed = ffc(project, "run")
        assert failed.code == 1
        assert "error[FF803]: DuckDB can't open `data`" in failed.stderr
        newest, *_ = session.state.runs("dev", 1)
    assert newest.status == "error"
    assert newest.finished > newest.started


def test_a_protected_target_keeps_its_definitions(project: Path) -> None:
    profiles = project / "profiles.yml"
    profiles.write_text(
        profiles.read_text().replace("schema: dev", "schema: dev\n      protected: true")
    )
    features = project / "features" / "all.yml"
    features.write_text(FILES["features/all.yml"].replace("ttl: 30d", "ttl: 30d\n    owner: me"))
    assert ffc(project, "run").code == 0
    features.write_text(FILES["features/all.yml"].replace("ttl: 30d", "ttl: 31d"))
    before = _query(project, "select table_name from information_schema.tables")
    refused = ffc(project, "run")
    assert refused.code == 1
    assert "error[FF705]: `feature_view.spending` would change" in refused.stderr
    assert "training_set" not in refused.stderr
    assert "variant" in refused.stderr
    assert _query(project, "select table_name from information_schema.tables") == before


def test_two_runs_at_once_are_one_run(project: Path) -> None:
    from ffc.adapter import Options
    from ffc_sqlite import SQLiteStateStore

    options = Options(where="test", folder=project, values={"path": ".ffc/state.db"})
    store = SQLiteStateStore(options)
    lease = store.acquire("target:dev", "somebody else", time.time(), 60)
    refused = ffc(project, "run")
    assert refused.code == 1
    assert "error[FF704]" in refused.stderr
    assert "another run holds the target" in refused.stderr
    store.release(lease)
    store.close()
    assert ffc(project, "run").code == 0


def test_views_that_were_not_built_alike_look_for_their_own_instants() -> None:
    views = FILES["features/all.yml"].replace("feature_views:\n", f"feature_views:\n{TWIN}")
    picks = FILES["training_sets/main.yml"].replace("[", "[twin.amount, ")
    files = {"features/all.yml": views, "training_sets/main.yml": picks}
    node = manifest(**files).node("training_set.main")
    assert isinstance(node, TrainingSet)
    twin, spending, _ = node.plan.views
    assert (twin.searched, spending.searched) == (twin.view, twin.view)
    builds = {view.view: _build_of(view.view, "b1") for view in node.plan.views}
    assert built_alike(node.plan, builds)
    older = builds | {spending.view: _build_of(spending.view, "b0")}
    assert not built_alike(node.plan, older)
    assert built_alike(unshared(node.plan), older)


TWIN = """\
  - name: twin
    entity: user
    source: ref('clean')
    timestamp: seen
    created: loaded
    features:
      - {name: amount}
"""


def _build_of(view: str, source: str) -> Build:
    return Build(
        id="b2",
        node=view,
        fingerprint="f",
        relation=("dev__ffc", view),
        inputs={"transformation.clean": source},
        rows=1,
        created="2024-01-01T00:00:00Z",
    )
