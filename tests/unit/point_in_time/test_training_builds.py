"""Builds of training sets: recorded, read again by their ids, used by models, listed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.cli import ffc
from support.projects import FILES, open_session, small_project
from support.trained import ME, builds, exported, many, rows_of

from ffc.adapter import Build, Lease, StateError
from ffc.auth import Principal, local_user
from ffc.connect.session import Session
from ffc.core.errors import Denied, NotFound
from ffc.run.looking.builds import list_builds, record_use
from ffc.run.point_in_time.training import read_training_set
from ffc_sqlite import SQLiteStateStore

# What is recorded


def test_a_build_tells_who_made_it_when_and_of_what(project: Path) -> None:
    (build,) = builds(project)
    assert build["node"] == "training_set.main"
    assert (build["principal"], build["deployment"]) == (local_user().name, "d1")
    assert (build["commit"], build["dirty"]) == ("", False)
    assert (build["rows"], build["current"], build["collected"]) == (4, True, False)
    assert build["content_hash"].startswith("duckdb_")
    every = {b["node"]: b["content_hash"] for b in builds(project, "--all")}
    assert len(every) == 7
    assert [node for node, hashed in every.items() if hashed] == ["training_set.main"]


def test_a_build_tells_the_commit_and_what_differs_from_it(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    (project / ".gitignore").write_text(".ffc/\ntarget/\n")

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=project, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    assert ffc(project, "run").code == 0
    text = FILES["features/all.yml"].replace("default: 0", "default: 9")
    (project / "features" / "all.yml").write_text(text)
    assert ffc(project, "run").code == 0
    newer, older = builds(project)
    head = git("rev-parse", "HEAD")
    assert (older["commit"], older["dirty"]) == (head, False)
    assert (newer["commit"], newer["dirty"]) == (head, True)
    shown = ffc(project, "builds").stdout
    assert f"commit {head[:8]}+, " in shown
    assert f"commit {head[:8]}, " in shown


def test_an_increment_is_recorded_with_its_own_run(tmp_path: Path) -> None:
    config = "materialized='incremental', time_column='seen', unique_key=['user_id', 'seen']"
    sql = FILES["transformations/clean.sql"].replace("materialized='table'", config)
    project = small_project(tmp_path, **{"transformations/clean.sql": sql})
    assert ffc(project, "run").code == 0
    (project / "features" / "more.yml").write_text("feature_views: []\n")
    text = FILES["features/all.yml"].replace("ttl: 30d", "ttl: 31d")
    (project / "features" / "all.yml").write_text(text)
    with (project / "data" / "events.csv").open("a") as file:
        file.write("u1,9,true,2024-02-01T00:00:00Z,2024-02-01T01:00:00Z\n")
    assert ffc(project, "run").code == 0
    newer, older = builds(project, "clean")
    assert (newer["relation"], newer["rows"]) == (older["relation"], 5)
    assert (newer["deployment"], older["deployment"]) == ("d2", "d1")
    assert newer["principal"] == local_user().name


def test_a_build_that_is_adopted_is_of_the_run_that_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = "materialized='incremental', time_column='seen', unique_key=['user_id', 'seen']"
    sql = FILES["transformations/clean.sql"].replace("materialized='table'", config)
    project = small_project(tmp_path, **{"transformations/clean.sql": sql})
    assert ffc(project, "run").code == 0

    def deployed_anew(owner: str) -> int:
        text = FILES["features/all.yml"].replace("ttl: 30d", f"ttl: 30d\n    owner: {owner}")
        (project / "features" / "all.yml").write_text(text)
        return ffc(project, "run").code

    finish = SQLiteStateStore.finish_build

    def dies(store: SQLiteStateStore, lease: Lease, target: str, build: Build, text: bytes) -> None:
        if build.previous:
            raise StateError("died")
        finish(store, lease, target, build, text)

    with (project / "data" / "events.csv").open("a") as file:
        file.write("u1,9,true,2024-02-01T00:00:00Z,2024-02-01T01:00:00Z\n")
    with monkeypatch.context() as patched:
        patched.setattr(SQLiteStateStore, "finish_build", dies)
        assert deployed_anew("ann") == 1
    assert [b["deployment"] for b in builds(project, "clean")] == ["d1"]
    assert deployed_anew("bob") == 0
    adopted, first = builds(project, "clean")
    assert (adopted["deployment"], first["deployment"]) == ("d2", "d1")
    assert (adopted["principal"], adopted["rows"]) == (local_user().name, 5)
    assert builds(project, "spending")[0]["deployment"] == "d3"


# Builds by their ids


def test_an_older_build_is_read_as_it_was(project: Path) -> None:
    before = rows_of(project)
    picks = FILES["training_sets/main.yml"].replace("[spending.amount, profile.*]", "[profile.*]")
    (project / "training_sets" / "main.yml").write_text(picks)
    assert ffc(project, "run").code == 0
    newer, older = builds(project)
    assert rows_of(project).column_names == ["user_id", "seen", "profile__country", "paid_back"]
    assert rows_of(project, newer["id"]) == rows_of(project)
    assert rows_of(project, older["id"]) == before
    printed = ffc(project, "training-set", "main", "--build", older["id"], "--output", "json")
    assert printed.json()["build"] == older["id"]
    assert [c["name"] for c in printed.json()["columns"]] == before.column_names


def test_a_set_that_is_declared_no_more_is_read_by_its_build(project: Path) -> None:
    before, (build,) = rows_of(project), builds(project)
    for name in ("main", "models"):
        (project / "training_sets" / f"{name}.yml").unlink()
    assert ffc(project, "run").code == 0
    with pytest.raises(NotFound, match="no training set named `main` is deployed"):
        rows_of(project)
    assert rows_of(project, build["id"]) == before
    assert [each["id"] for each in builds(project, "main")] == [build["id"]]
    with pytest.raises(NotFound, match="no training set named `mian`"):
        rows_of(project, build["id"], "mian")


def test_a_build_that_there_is_not(project: Path) -> None:
    (build,) = builds(project)
    close = build["id"][:-1] + ("0" if build["id"][-1] != "0" else "1")
    with pytest.raises(NotFound, match=f"`main` has no build `{close}`") as caught:
        rows_of(project, close)
    assert caught.value.help == (f"did you mean `{build['id']}`?",)
    with pytest.raises(NotFound) as caught:
        rows_of(project, "nothing-like-it")
    assert caught.value.help == (f"the newest are `{build['id']}`",)
    # A build of another node is none of this one's.
    other = builds(project, "spending")[0]["id"]
    with pytest.raises(NotFound, match=f"`main` has no build `{other}`"):
        rows_of(project, other)


def test_a_collected_build_is_told_apart(project: Path) -> None:
    (build,) = builds(project)
    with open_session(project) as session:
        record_use(session, "churn-rf", _as_build(build), principal=ME)
    many(project, 1)
    assert ffc(project, "run").code == 0
    assert ffc(project, "clean", "--unused", "--training-sets", "1").code == 0
    newer, older = builds(project)
    assert (newer["current"], newer["collected"]) == (True, False)
    assert (older["id"], older["current"], older["collected"]) == (build["id"], False, True)
    # What model was trained on what is still known.
    assert older["models"] == ["churn-rf"]
    assert older["content_hash"] == build["content_hash"]
    failed = ffc(project, "training-set", "main", "--build", build["id"])
    assert failed.code == 1
    assert f"the build `{build['id']}` of `main` was collected at 2" in failed.stderr
    assert build["content_hash"] in failed.stderr
    assert "collected" in ffc(project, "builds").stdout
    # Neither a run nor another cleaning takes it for one that is there.
    assert ffc(project, "run").code == 0
    cleaned = ffc(project, "clean", "--unused", "--training-sets", "1", "--output", "json")
    assert cleaned.json()["dropped"] == []
    assert builds(project)[1] == older


def _as_build(told: dict[str, Any]) -> Build:
    return Build(
        id=told["id"],
        node=told["node"],
        fingerprint="",
        relation=("", ""),
        inputs={},
        rows=None,
        created="",
    )


# Models


def test_a_model_that_was_trained_is_remembered(project: Path) -> None:
    done = ffc(project, "training-set", "main", "--model", "churn-rf")
    assert done.code == 0, done.stderr
    assert done.stderr.endswith(f"on build {builds(project)[0]['id']}: remembered\n")
    exported(project, "--model", "churn-rf")
    assert builds(project)[0]["models"] == ["churn-rf"]
    shown = " ".join(ffc(project, "builds").stdout.split())
    assert "used by churn-rf" in shown
    with open_session(project) as session:
        uses = session.state.uses(model="churn-rf")
    assert [(use.node, use.purpose, use.principal) for use in uses] == [
        ("training_set.main", "training", local_user().name)
    ] * 2


def test_a_model_that_is_not_deployed_is_not_remembered(project: Path, tmp_path: Path) -> None:
    refused = ffc(project, "training-set", "main", "--model", "churn-fr", "--to", "x.csv")
    assert refused.code == 1
    assert "no model named `churn-fr` is deployed" in refused.stderr
    assert "did you mean `churn-rf`?" in refused.stderr
    assert not (project / "x.csv").exists()
    assert builds(project)[0]["models"] == []
    with open_session(project) as session:
        build = session.state.builds("training_set.main")[0]
        with pytest.raises(Denied, match=r"nobody may record model\.churn-rf"):
            record_use(session, "churn-rf", build, principal=Principal(""))
        with pytest.raises(Denied, match=r"nobody may read training_set\.main"):
            list_builds(session, principal=Principal(""), node="main")
        assert session.state.uses() == []


def test_a_use_is_recorded_by_who_only_reads(project: Path) -> None:
    """Beside somebody who reads the warehouse, and while a run holds the target."""
    with open_session(project) as opened:
        target = opened.target
        lease = opened.state.acquire("target:dev", "a run", 0.0, 1e12)
        with Session(target, read_only=True, writes_state=True) as session:
            found = read_training_set(session, "main", principal=ME)
            record_use(session, "churn-rf", found.build, principal=ME)
            list(found.batches)
        opened.state.release(lease)
        assert [use.principal for use in opened.state.uses()] == ["me"]


# The list


def test_the_list_fits_a_terminal_and_is_newest_first(project: Path) -> None:
    many(project, 1)
    assert ffc(project, "run").code == 0
    assert ffc(project, "training-set", "main", "--model", "churn-rf").code == 0
    newer, older = builds(project)
    shown = ffc(project, "builds").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.index(newer["id"]) < shown.index(older["id"])
    head, _, first, *_ = shown.splitlines()
    assert head.split() == ["build", "built", "(UTC)", "rows", "now", "node"]
    assert first.split()[0] == newer["id"]
    assert first.split()[3:] == ["4,480", "current", "main"]
    assert [b["id"] for b in builds(project, "--limit", "1")] == [newer["id"]]
    every = ffc(project, "builds", "--all").stdout
    assert "training_set.main" in every
    assert "feature_view.spending" in every
    assert max(map(len, every.splitlines())) <= 80


def test_a_node_that_there_is_not(project: Path) -> None:
    failed = ffc(project, "builds", "mian")
    assert failed.code == 1
    assert "no node named `mian` is deployed" in failed.stderr
    assert "did you mean `main`?" in failed.stderr


def test_nothing_was_built_yet(tmp_path: Path) -> None:
    small_project(tmp_path)
    listed = ffc(tmp_path, "builds")
    assert (listed.code, listed.stdout) == (0, "")
    assert "nothing was built in the target `dev` yet" in listed.stderr
