"""What goes wrong around a run: full disks, clocks that go back, files that change underneath."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.cli import ffc
from support.projects import open_session, ran_project, small_project
from support.slow import all_but_first

from ffc.connect import holding as locks
from ffc.connect.holding import holding, is_dead, this_process
from ffc.core.errors import Locked

HOUR = 3_600


def rows(project: Path, sql: str) -> list[Any]:
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    """No file may grow past so many bytes: to DuckDB that is a disk without room."""
    project = ran_project(tmp_path)
    before = rows(project, "select * from dev.main order by all")
    big = (
        "{{ config(materialized='table') }} select i, md5(i::varchar) as m from range(3000000) t(i)"
    )
    (project / "transformations" / "big.sql").write_text(big)
    room = (project / ".ffc" / "test.duckdb").stat().st_size + 2_000_000

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    done = subprocess.run(
        [sys.executable, "-m", "ffc", "run"],
        cwd=project,
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "FF900" not in done.stderr
    assert "transformation.big" in done.stderr
    assert "there is no room for more" in done.stderr
    assert rows(project, "select * from dev.main order by all") == before
    (project / "transformations" / "big.sql").unlink()
    assert ffc(project, "run").code == 0
    assert ffc(project, "clean", "--unused").code == 0


def test_a_results_file_that_cannot_be_written(tmp_path: Path) -> None:
    """What was built is told all the same, and by what name the file was to be."""
    project = small_project(tmp_path)
    (project / "target" / "run_results.json").mkdir(parents=True)
    done = ffc(project, "run")
    assert done.code == 1
    assert "done: 7 built" in done.stderr
    said = " ".join(done.stderr.split())
    assert "error[FF802]: `" in said
    assert "run_results.json` can't be written: Is a directory" in said
    assert ffc(project, "runs", "--output", "json").json()["runs"][0]["status"] == "success"


@pytest.mark.parametrize("command", ["run", "compile"])
def test_a_target_folder_that_cannot_be_written(tmp_path: Path, command: str) -> None:
    project = small_project(tmp_path)
    (project / "target").write_text("")
    done = ffc(project, command)
    assert done.code == 1
    said = " ".join(done.stderr.split())
    assert "error[FF802]: `" in said
    assert "can't be written: Not a directory" in said
    assert "make room there, and see that you may write there" in said


def in_shell(project: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in a project; `$FFC` is ffc."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=project,
        env={**os.environ, "FFC": f"{sys.executable} -m ffc"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "line",
    all_but_first(
        [
            # Whoever reads the talk goes away; the streams are closed, or of a disk that is full.
            "(sleep 0.1; $FFC run) 2>&1 >/dev/null | true",
            "$FFC run 2>&-",
            "$FFC run >&-",
            "$FFC run >&- 2>&-",
            "$FFC run 2>/dev/full",
        ]
    ),
)
def test_a_run_that_nobody_listens_to_goes_on(tmp_path: Path, line: str) -> None:
    project = small_project(tmp_path)
    done = in_shell(project, line)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr
    (run,) = ffc(project, "runs", "--output", "json").json()["runs"]
    assert run["status"] == "success"
    # The code of a run that fails is not lost either.
    (project / "data" / "users.csv").write_text("user_id,country\nu1,NL\nu1,DE\n")
    assert in_shell(project, line).returncode == 1


def test_two_runs_at_once(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    with open_session(project) as session, holding(session.state, "dev"):
        refused = ffc(project, "run")
    assert refused.code == 1
    said = " ".join(refused.stderr.split())
    assert f"another run holds the target: the process {os.getpid()} on this machine" in said
    assert ffc(project, "run").code == 0


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    host, _, _, space = this_process().split(":")
    dead = f"{host}:{ended.pid}:12345:{space}"
    assert is_dead(dead)
    assert not is_dead(this_process())
    # Another machine, another container: nobody can tell.
    assert not is_dead(f"elsewhere:{ended.pid}:12345:{space}")
    assert not is_dead(f"{host}:{ended.pid}:12345:other")
    with open_session(small_project(tmp_path)) as session:
        session.state.acquire("target:dev", dead, time.time(), 60)
        with holding(session.state, "dev") as lease:
            assert lease.token == 2


def test_a_clock_that_jumps_back_holds_no_lock_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_session(small_project(tmp_path)) as session:
        # Somebody elsewhere took it an hour ahead, and died; then the clock was set right.
        session.state.acquire("target:dev", "elsewhere:1:1:1", time.time() + HOUR, 60)
        with holding(session.state, "dev") as lease:
            assert lease.token == 2
    later = time.time() + HOUR
    monkeypatch.setattr(time, "time", lambda: later)
    project = small_project(tmp_path / "other")
    assert ffc(project, "run").code == 0
    monkeypatch.undo()
    assert ffc(project, "run").code == 0


def test_who_lost_the_lock_moves_no_pointer(tmp_path: Path) -> None:
    project = ran_project(tmp_path)
    with open_session(project) as session:
        state = session.state
        before = state.pointers("dev")
        with holding(state, "dev") as lease:
            state.acquire("target:dev", "another", time.time() + HOUR, 60)
            build = before["training_set.main"].build
            with pytest.raises(Locked):
                state.finish_build(lease, "dev", build, b"{}")
        assert state.pointers("dev") == before


def test_whoever_lost_the_lock_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "HEARTBEAT", 0.05)
    lost = threading.Event()
    with (
        open_session(small_project(tmp_path)) as session,
        holding(session.state, "dev", lost.set),
    ):
        session.state.acquire("target:dev", "another", time.time() + HOUR, 60)
        assert lost.wait(10)


def test_an_incremental_after_the_clock_went_back(tmp_path: Path) -> None:
    """Nothing that is built asks what time it is: a snapshot's versions stay in order."""
    sql = """\
{{ config(materialized='snapshot', unique_key='user_id', strategy='check', check_columns='country') }}
select user_id, country from {{ source('raw', 'users') }}
"""
    project = small_project(tmp_path, **{"transformations/homes.sql": sql})
    assert ffc(project, "run").code == 0
    with duckdb.connect(project / ".ffc" / "test.duckdb") as connection:
        (relation,) = connection.execute(
            "select table_name from information_schema.tables "
            "where table_name like 'transformation_homes%'"
        ).fetchone() or ("",)
        connection.execute(f"update dev__ffc.{relation} set valid_from = timestamp '2999-01-01'")
    (project / "data" / "users.csv").write_text("user_id,country\nu1,XX\nu2,DE\n")
    assert ffc(project, "run").code == 0
    found = rows(project, "select valid_from <= valid_to from dev.homes where valid_to is not null")
    assert found
    assert all(each == (True,) for each in found)


def test_a_source_that_is_gone(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    (project / "data" / "users.csv").unlink()
    refused = ffc(project, "run")
    assert refused.code == 1
    assert "no file matches `data/users.csv`" in " ".join(refused.stderr.split())
