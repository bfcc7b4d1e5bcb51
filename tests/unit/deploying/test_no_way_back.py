"""Rollbacks that are refused, and those that fail: nothing moves, nothing is half."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.cli import PROFILES, ffc, write_files
from support.deployed import (
    CHANGED,
    DATED,
    MORE,
    PRINCIPAL,
    VIEWS,
    default_of,
    deployed,
    query,
    state_of,
)
from support.projects import FILES, open_session, ran_project, small_project

from ffc.adapter import Locked, StateError
from ffc.run.deploying.rollback import roll_back
from ffc_duckdb import DuckDBOfflineStore
from ffc_sqlite import SQLiteOnlineStore, SQLiteStateStore

# Refusals: nothing changes


@contextmanager
def unmoved(project: Path) -> Iterator[None]:
    before = state_of(project)
    yield
    assert state_of(project) == before


def refused(project: Path, *arguments: str) -> str:
    with unmoved(project):
        done = ffc(project, "rollback", *arguments)
    assert (done.code, done.stdout) == (1, "")
    assert max(map(len, done.stderr.splitlines())) <= 80
    return " ".join(done.stderr.split())


def test_builds_that_were_collected(project: Path) -> None:
    assert ffc(project, "clean", "--unused").code == 0
    said = refused(project)
    assert "error[FF706]: d1 can't be gone back to: there is no build of `feature_view" in said
    assert "`feature_view.spending` was collected on 20" in said
    assert "check out the project as it was then and `ffc run` builds it anew" in said
    # Training sets are all kept.
    assert "training_set" not in said
    planned = ffc(project, "rollback", "--dry-run")
    assert (planned.code, "FF706" in planned.stderr) == (1, True)
    deployed(project, **{"features/all.yml": VIEWS})
    assert default_of(project) == 0.0, "what it says to do"


def test_the_commit_is_named_and_what_can_be_done_instead(project: Path) -> None:
    deployed(project, **{"features/all.yml": VIEWS.replace("default: 0", "default: 9")})
    with open_session(project) as session:
        lease = session.state.acquire("x", "y", 0, 1)
        builds = [b for b in session.state.builds() if b.deployment == "d2"]
        views = [b.id for b in builds if b.node == "feature_view.spending"]
        session.state.forget_builds(lease, views, "2024-02-03T00:00:00.000000Z")
    with sqlite3.connect(project / ".ffc" / "state.db") as state:
        state.execute("update builds set \"commit\" = 'abcdef0123456789' where deployment = 'd2'")
    said = refused(project)
    assert "`feature_view.spending` was collected on 2024-02-03" in said
    assert "check out the commit abcdef012345 and `ffc run`" in said
    assert "`ffc rollback --to d1` is the newest that can be done" in said
    assert ffc(project, "rollback", "--to", "d1").code == 0
    assert default_of(project) == 0.0


def test_a_table_that_somebody_dropped(project: Path) -> None:
    with open_session(project) as session:
        builds = session.state.builds("feature_view.spending")
    with duckdb.connect(project / ".ffc" / "test.duckdb") as connection:
        connection.execute(f'drop table dev__ffc."{builds[0].relation[1]}"')
    assert "`feature_view.spending` is not in the warehouse any more" in refused(project)


def test_a_table_that_somebody_dropped_and_that_is_not_moved(project: Path) -> None:
    """It is broken before and after: no reason to stay."""
    with open_session(project) as session:
        build = session.state.pointers("dev")["transformation.clean"].build
    with duckdb.connect(project / ".ffc" / "test.duckdb") as connection:
        connection.execute(f'drop table dev__ffc."{build.relation[1]}"')
    assert ffc(project, "rollback").code == 0
    assert default_of(project) == 0.0


def test_a_deployment_that_was_never_whole(project: Path) -> None:
    """Its run failed at one node: the next one is what mended that."""
    twice = FILES["data/users.csv"] + "u1,BE\n"
    static = CHANGED.replace("name: country, type", "name: country, default: x, type")
    write_files(project, {"features/all.yml": static, "data/users.csv": twice})
    assert ffc(project, "run").code == 1
    deployed(project, **{"data/users.csv": FILES["data/users.csv"], "features/all.yml": CHANGED})
    said = refused(project)
    assert "there is no build of `feature_view.profile`" in said
    assert "`feature_view.profile` was never built as it was then" in said


def test_the_way_back_from_a_run_that_failed_half_way(project: Path) -> None:
    twice = FILES["data/users.csv"] + "u1,BE\n"
    static = VIEWS.replace("name: country, type", "name: country, default: x, type")
    write_files(project, {"features/all.yml": static, "data/users.csv": twice})
    assert ffc(project, "run").code == 1
    assert default_of(project) == 0.0
    assert ffc(project, "rollback").code == 0
    assert default_of(project) == 7.0
    assert state_of(project)["deployment"][0] == "d4"


def test_a_table_that_went_on_as_something_else(tmp_path: Path) -> None:
    folder = ran_project(tmp_path, **{"transformations/clean.sql": DATED})
    more = DATED.replace("seen, loaded from", "seen, loaded, amount * 2 as twice from")
    deployed(folder, **{"transformations/clean.sql": more})
    said = refused(folder)
    assert "`transformation.clean` went on in the same table as something else" in said


@pytest.mark.parametrize("changes", [False, True])
def test_rows_that_a_dead_run_left_in_a_table_are_known_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: bool
) -> None:
    """It died when its batch was in, and before the state store knew: whose rows are these?"""
    folder = ran_project(tmp_path, **{"transformations/clean.sql": DATED})
    more = FILES["data/events.csv"] + "u3,1,true,2024-01-05T00:00:00Z,2024-01-05T00:00:00Z\n"
    text = DATED.replace("loaded from", "loaded, amount * 2 as twice from") if changes else DATED
    said = {"data/events.csv": more, "features/all.yml": CHANGED, "transformations/clean.sql": text}
    write_files(folder, said)
    whole = SQLiteStateStore.finish_build

    def dying(self: Any, lease: Any, target: str, build: Any, definition: bytes) -> None:
        if build.node == "transformation.clean":
            raise SystemExit(1)
        whole(self, lease, target, build, definition)

    monkeypatch.setattr(SQLiteStateStore, "finish_build", dying)
    with pytest.raises(SystemExit):
        ffc(folder, "run")
    monkeypatch.undo()
    done = ffc(folder, "rollback")
    with open_session(folder) as session:
        build = session.state.pointers("dev")["transformation.clean"].build
    assert query(folder, "select count(*) from dev.clean") == [(build.rows,)] == [(5,)]
    assert done.code == changes
    assert ("went on in the same table" in " ".join(done.stderr.split())) == changes
    assert state_of(folder)["deployment"][0] == ("d2" if changes else "d3")


def test_what_there_never_was(tmp_path: Path) -> None:
    folder = small_project(tmp_path)
    nothing = ffc(folder, "rollback")
    assert (nothing.code, "nothing is deployed in the target `dev`" in nothing.stderr) == (1, True)
    assert not (folder / ".ffc" / "test.duckdb").exists()
    deployed(folder)
    assert "the target `dev` has one deployment only, `d1`" in refused(folder)
    assert "the target `dev` has no deployment `d9`" in refused(folder, "--to", "d9")
    assert "`ffc deployments` lists them" in refused(folder, "--to", "x")


def test_a_protected_target_keeps_its_definitions(project: Path) -> None:
    protected = PROFILES.replace("      schema: dev", "      protected: true\n      schema: dev")
    write_files(project, {"profiles.yml": protected})
    said = refused(project)
    assert "error[FF705]: `feature_view.spending` would change in a protected target" in said


def test_a_protected_target_goes_back_where_no_definition_changes(project: Path) -> None:
    protected = PROFILES.replace("      schema: dev", "      protected: true\n      schema: dev")
    deployed(project, **{"profiles.yml": protected, "features/more.yml": MORE})
    done = ffc(project, "rollback", "--output", "json")
    assert (done.code, [c["change"] for c in done.json()["changes"]]) == (0, ["removed"])


def test_a_target_that_another_run_holds(project: Path) -> None:
    with open_session(project) as session, unmoved(project):
        session.state.acquire("target:dev", "elsewhere:1", time.time(), 60)
        with pytest.raises(Locked, match="another run holds the target"):
            roll_back(session, principal=PRINCIPAL)


def test_a_dry_run_changes_nothing(project: Path) -> None:
    with unmoved(project):
        done = ffc(project, "rollback", "--dry-run")
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "d1 instead of d2 in the target `dev`"
    assert re.fullmatch(r"change +build +becomes +built \(UTC\) +node", lines[2])
    assert re.fullmatch(
        r"changed  b\w{8}  b\w{8}  20\d\d-\d\d-\d\d \d\d:\d\d  feature_view.spending", lines[4]
    )
    document = ffc(project, "rollback", "--dry-run", "--output", "json").json()
    assert (document["status"], document["deployment"], document["results"]) == ("planned", "", [])
    with open_session(project) as session:
        assert [r.command for r in session.state.runs("dev", 9)] == ["run", "run"]


# Failures: nothing half


def failing(*arguments: Any, **more: Any) -> None:
    raise StateError("no")


def test_a_view_that_can_not_be_synced(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SQLiteOnlineStore, "write", failing)
    with unmoved(project):
        done = ffc(project, "rollback", "--output", "json")
    assert done.code == 1
    document = done.json()
    assert (document["status"], document["deployment"]) == ("error", "d2")
    assert [(r["action"], r["status"]) for r in document["results"]] == [
        ("sync", "error"),
        ("move", "skipped"),
        ("move", "skipped"),
    ]
    assert "nothing moved: the target `dev` is d2, as it was" in done.stderr
    monkeypatch.undo()
    assert default_of(project) == 7.0
    assert ffc(project, "rollback").code == 0
    assert default_of(project) == 0.0


@pytest.mark.parametrize("failure", [StateError("no"), KeyboardInterrupt()])
def test_a_state_store_that_fails_when_all_is_to_move(
    project: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    """The views that people query had moved: they are put back."""

    def fails(*_: Any) -> str:
        raise failure

    monkeypatch.setattr(SQLiteStateStore, "move", fails)
    with unmoved(project), open_session(project) as session:
        with pytest.raises(type(failure)):
            roll_back(session, principal=PRINCIPAL)
        ended = session.state.runs("dev", 1)[0]
    assert (ended.command, ended.status) == (
        "rollback",
        "error" if isinstance(failure, StateError) else "cancelled",
    )
    monkeypatch.undo()
    assert ffc(project, "rollback").code == 0
    assert default_of(project) == 0.0


def test_a_warehouse_that_can_not_move_the_views(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = DuckDBOfflineStore.submit

    def refuses(self: Any, *statements: str) -> Any:
        if any(s.startswith("CREATE OR REPLACE VIEW") for s in statements):
            statements = (*statements, "select no_such_function()")
        return whole(self, *statements)

    monkeypatch.setattr(DuckDBOfflineStore, "submit", refuses)
    with unmoved(project):
        done = ffc(project, "rollback")
    assert (done.code, "no_such_function" in done.stderr) == (1, True)
