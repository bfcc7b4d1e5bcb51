"""Stores in PostgreSQL whose server dies, or whose user does, and several who share one target."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from support.cli import ffc
from support.postgres import PASSWORD, PostgresServer, postgres
from support.projects import on_postgres, open_session, small_project
from support.slow import all_but_first

from ffc.connect import holding as locks
from ffc.connect.holding import holding
from ffc.online.sync import ROWS as BATCH
from ffc.registry import StateRegistry

KEYS: Final = 90_000
# A field ends with the generation, which follows the clock; marks have no version.
GENERATION: Final = 8
ROWS: Final = (
    "SELECT key, field, version, value FROM ffc_online.rows WHERE version <> '' ORDER BY key, field"
)
MARKS: Final = "SELECT value FROM ffc_online.rows WHERE version = ''"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres(16, synchronous_commit="on") as server:
        yield server


@dataclass(frozen=True)
class Shared:
    """A project's folder, and the database that its stores are in."""

    folder: Path
    server: PostgresServer
    database: str

    def started(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ffc", *command],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "COLUMNS": "80"},
            text=True,
        )

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        return self.server.sql(sql, self.database)

    def contents(self) -> list[tuple[bytes, ...]]:
        """Return every row of the online store, but for the generation of its view."""
        rows = [[bytes(cell) for cell in row] for row in self.asked(ROWS)]
        return [(key, field[:-GENERATION], *more) for key, field, *more in rows]

    def fields(self) -> set[bytes]:
        return {
            bytes(field) for (field,) in self.asked("SELECT DISTINCT field FROM ffc_online.rows")
        }


def in_progress(shared: Shared, rows: int) -> bool:
    made = shared.asked("SELECT to_regclass('ffc_online.rows')") != [(None,)]
    said = f'"done":{rows}'.encode()
    return made and any(said in bytes(mark) for (mark,) in shared.asked(MARKS))


@pytest.fixture
def shared(tmp_path: Path, server: PostgresServer) -> Shared:
    """A project that was built, and whose history then grew as by a run."""
    database = server.database()
    folder = small_project(tmp_path / "project", **{"profiles.yml": on_postgres(server, database)})
    assert ffc(folder, "run").code == 0
    with open_session(folder) as session:
        relation = StateRegistry(session.state, "dev").relation("feature_view.spending")
    with duckdb.connect(folder / ".ffc" / "test.duckdb") as connection:
        connection.execute(
            f'insert into "{relation.schema}"."{relation.name}" (user_id, amount, seen, loaded) '
            "select 'user ' || i, i / 7, timestamp '2024-01-01' + to_hours(i % 999), "
            f"timestamp '2024-02-01' from range({KEYS}) t(i)"
        )
    return Shared(folder, server, database)


def power_failure(shared: Shared, process: subprocess.Popen[str]) -> tuple[int, str]:
    """Let the server die; return how the process ended, and what it said."""
    shared.server.kill()
    try:
        _, said = process.communicate(timeout=60)
    finally:
        shared.server.start()
    return process.returncode, said


def killed(shared: Shared, process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    return process.returncode, ""


@pytest.mark.parametrize("batches", [1, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("how", all_but_first([killed, power_failure]))
def test_a_sync_that_loses_its_server_or_its_life_is_gone_on_with(
    shared: Shared, how: Callable[..., tuple[int, str]], batches: int
) -> None:
    """It ends in the very bytes of one that did not, in the same generation."""
    before = shared.fields()
    process = shared.started("sync")
    while process.poll() is None and not in_progress(shared, batches * BATCH):
        time.sleep(0.002)
    assert process.poll() is None, "it was over before"
    code, said = how(shared, process)
    if how is power_failure:
        assert code == 1
        assert "can't be used" in " ".join(said.split())
        assert "FF900" not in said
        assert PASSWORD not in said
    assert in_progress(shared, batches * BATCH) or in_progress(shared, (batches + 1) * BATCH)
    done = ffc(shared.folder, "sync", "--output", "json")
    assert done.code == 0, done.stderr
    written = {r["id"]: r["rows"]["written"] for r in done.json()["results"]}
    assert 0 < written["feature_view.spending"] <= KEYS - (batches - 1) * BATCH
    found = shared.contents()
    assert shared.fields() == before
    shared.asked("TRUNCATE ffc_online.rows")
    assert ffc(shared.folder, "sync").code == 0
    assert shared.contents() == found


@pytest.mark.parametrize(
    "share", [0.65, *(pytest.param(each, marks=pytest.mark.slow) for each in (0.4, 0.8, 0.9))]
)
def test_a_run_whose_state_store_dies_is_gone_on_with(
    tmp_path: Path, server: PostgresServer, share: float
) -> None:
    whole = Shared(tmp_path / "whole", server, server.database())
    small_project(whole.folder, **{"profiles.yml": on_postgres(server, whole.database)})
    began = time.monotonic()
    process = whole.started("run")
    process.communicate(timeout=60)
    assert process.returncode == 0
    seconds = time.monotonic() - began
    shared = Shared(tmp_path / "project", server, server.database())
    small_project(shared.folder, **{"profiles.yml": on_postgres(server, shared.database)})
    process = shared.started("run")
    time.sleep(share * seconds)
    code, said = power_failure(shared, process)
    assert code in (0, 1)
    assert "FF900" not in said
    assert "Traceback" not in said
    done = ffc(shared.folder, "run")
    assert done.code == 0, done.stderr
    assert shared.contents() == whole.contents()
    runs = ffc(shared.folder, "runs", "--output", "json").json()["runs"]
    assert runs[0]["status"] == "success"
    assert {run["status"] for run in runs[1:]} <= {"interrupted", "error", "success"}


# Who shares a target


def test_another_machine_that_holds_the_target_is_named(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "this_process", lambda: "runner-7:41:1:0")
    with open_session(shared.folder) as session, holding(session.state, "dev"):
        for command in (["run"], ["sync"], ["rollback"]):
            process = shared.started(*command)
            _, said = process.communicate(timeout=60)
            assert process.returncode == 1
            said = " ".join(said.split())
            assert "error[FF704]: another run holds the target: the process 41 on runner-7" in said
            assert "if that one died, the lock is free in" in said
    assert ffc(shared.folder, "sync").code == 0


def test_of_two_that_run_at_once_one_does_and_the_other_is_told(shared: Shared) -> None:
    """Or is told by the warehouse's file, which one process has at a time."""
    slow = "select count(*) as n from range(20000) a(x), range(20000) b(y) where x * y % 7 = 1"
    config = "{{ config(materialized='table') }} "
    (shared.folder / "transformations" / "slow.sql").write_text(config + slow)
    processes = [shared.started("run", "--quiet") for _ in range(3)]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in processes]
    assert sorted(code for _, code in ended) == [0, 1, 1]
    told = [" ".join(said.split()) for said, code in ended if code]
    winner = next(process.pid for process in processes if process.returncode == 0)
    for said in told:
        assert f"process {winner}" in said
    assert any("another run holds the target" in said for said in told)
    runs = ffc(shared.folder, "runs", "--output", "json").json()["runs"]
    assert [run["status"] for run in runs] == ["success", "success"]


def test_a_run_of_this_machine_that_died_holds_nothing(shared: Shared) -> None:
    process = shared.started("sync")
    while process.poll() is None and not in_progress(shared, BATCH):
        time.sleep(0.002)
    killed(shared, process)
    began = time.monotonic()
    assert ffc(shared.folder, "sync").code == 0
    assert time.monotonic() - began < 20


# What people are told


def told(shared: Shared, *command: str) -> str:
    process = shared.started(*command)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 1, (out, said)
    assert "Traceback" not in said
    return " ".join((out + said).split())


def test_a_wrong_password_is_told_and_not_shown(shared: Shared) -> None:
    profiles = shared.folder / "profiles.yml"
    text = profiles.read_text()
    profiles.write_text(text.replace(PASSWORD, "s3cret but wrong"))
    for command in (["run"], ["get", "spending.amount", "--key", "user_id=u1"], ["debug"]):
        said = told(shared, *command)
        assert 'password authentication failed for user "ffc"' in said
        assert "s3cret" not in said
    url = f"postgresql://ffc:s3cret@127.0.0.1:{shared.server.port}/{shared.database}"
    profiles.write_text(
        text.partition("      state:")[0] + f"      state: {{type: postgres, url: '{url}'}}\n"
    )
    said = told(shared, "run")
    assert "password authentication failed" in said
    assert "s3cret" not in said


def test_a_url_as_the_environment_has_it(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles = shared.folder / "profiles.yml"
    url = "{{ env_var('FFC_STATE_URL') }}"
    state = f'      state: {{type: postgres, url: "{url}"}}\n'
    profiles.write_text(profiles.read_text().partition("      state:")[0] + state)
    said = told(shared, "runs")
    assert "needs the environment variable FFC_STATE_URL" in said
    place = f"{socket.gethostbyname('localhost')}:{shared.server.port}/{shared.database}"
    monkeypatch.setenv("FFC_STATE_URL", f"postgresql://ffc:{PASSWORD.replace(' ', '%20')}@{place}")
    assert len(ffc(shared.folder, "runs", "--output", "json").json()["runs"]) == 1


def test_a_misspelt_setting_is_told_before_anything_is_opened(shared: Shared) -> None:
    profiles = shared.folder / "profiles.yml"
    profiles.write_text(
        profiles.read_text().replace("state: {type: postgres,", "state: {type: postgres, shema: x,")
    )
    assert "`shema`" in told(shared, "compile")


@pytest.mark.slow
def test_a_server_that_stands_still_is_not_waited_for_long(shared: Shared) -> None:
    with shared.server.hanging():
        began = time.monotonic()
        said = told(shared, "runs")
        assert time.monotonic() - began < 30
    assert "does not answer within" in said
    assert "see whether the server is overloaded, or stands still" in said


def test_ctrl_c_while_a_server_stands_still(shared: Shared) -> None:
    with shared.server.hanging():
        process = shared.started("runs")
        time.sleep(2.5)
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert time.monotonic() - began < 2.0
    assert process.returncode == 130
    assert "Traceback" not in said
