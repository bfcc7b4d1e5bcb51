"""A server whose online store and state store are PostgreSQL's, which hangs, stops and comes back."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import ffc
from support.postgres import PostgresServer, postgres
from support.projects import FILES, on_postgres, small_project
from support.server import serving
from support.waiting import BOUND, RIGHT, Asked, comes_back, many, told_later


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres(synchronous_commit="on") as server:
        yield server


@pytest.fixture
def database(server: PostgresServer) -> str:
    return server.database()


def project_at(folder: Path, server: PostgresServer, database: str, *, online: str = "") -> Path:
    views = FILES["features/all.yml"].replace("    ttl: 30d\n", "")
    profiles = on_postgres(server, database, online=online)
    return small_project(folder, **{"features/all.yml": views, "profiles.yml": profiles})


@pytest.fixture
def project(tmp_path: Path, server: PostgresServer, database: str) -> Path:
    built = project_at(tmp_path / "small", server, database)
    done = ffc(built, "run")
    assert done.code == 0, done.stderr
    return built


def test_the_whole_line(project: Path, server: PostgresServer, database: str) -> None:
    """What is answered is what SQLite answers, over HTTP and by `ffc get`."""
    asked = ("get", "spending.amount", "profile.country", "--key", "user_id=u1", "--output", "json")
    assert ffc(project, *asked).json()["rows"][0]["values"] == RIGHT
    assert ffc(project, "debug").code == 0
    again = ffc(project, "sync", "--output", "json").json()["results"]
    assert [result["rows"]["written"] for result in again] == [0, 0]
    with serving(project, "--workers", "2") as serves:
        assert all(Asked(serves).values == RIGHT for _ in range(20))
        assert Asked(serves, "/readyz").status == 200
    users = project / "data" / "users.csv"
    users.write_text(users.read_text().replace("u1,NL", "u1,FR"))
    assert ffc(project, "run").code == 0
    assert ffc(project, *asked).json()["rows"][0]["values"] == [2.5, "FR"]
    assert ffc(project, "sync", "--full-refresh").code == 0
    rows = "SELECT count(*) FROM ffc_online.rows WHERE version <> ''"
    assert server.sql(rows, database) == [(8,)]
    cleaned = ffc(project, "clean", "--unused", "--grace", "0")
    assert cleaned.code == 0, cleaned.stderr
    assert server.sql(rows, database) == [(4,)]
    assert ffc(project, *asked).json()["rows"][0]["values"] == [2.5, "FR"]
    runs = ffc(project, "runs", "--output", "json").json()["runs"]
    assert [run["status"] for run in runs if run["command"] == "run"] == ["success", "success"]


@pytest.mark.slow
def test_a_store_that_stands_still_costs_a_second_and_holds_up_nobody_else(
    project: Path, server: PostgresServer
) -> None:
    with serving(project) as serves:
        assert Asked(serves).values == RIGHT
        with server.hanging():
            answers, health = many(serves, threads=6, seconds=4.0)
            for asked in answers:
                told_later(asked)
            assert {asked.status for asked in health} == {200}
            assert max(asked.seconds for asked in health) < 1.0
            assert sorted(asked.seconds for asked in health)[len(health) // 2] < 0.1
            told_later(Asked(serves, "/readyz"))
        comes_back(serves)
        answers, _ = many(serves, threads=4, seconds=1.0)
        assert all(asked.values == RIGHT for asked in answers)
        assert Asked(serves, "/readyz").status == 200


def test_a_server_that_stops_and_comes_back(project: Path, server: PostgresServer) -> None:
    with serving(project) as serves:
        assert Asked(serves).values == RIGHT
        server.stop()
        try:
            for _ in range(10):
                told_later(Asked(serves))
                assert Asked(serves, "/healthz").seconds < 0.5
                time.sleep(0.1)
            assert "can't be reached" in Asked(serves).told["error"]["message"]
        finally:
            server.start()
        comes_back(serves)
        assert Asked(serves, "/readyz").status == 200


@pytest.mark.slow
def test_a_server_that_starts_while_the_stores_are_away(
    project: Path, server: PostgresServer
) -> None:
    """What the last one knew is enough to begin with."""
    with serving(project) as serves:
        assert Asked(serves).values == RIGHT
    server.stop()
    try:
        context = serving(project, until="/healthz")
        serves = context.__enter__()
        told_later(Asked(serves))
    finally:
        server.start()
    comes_back(serves)
    context.__exit__(None, None, None)


def test_connections_that_are_ended_cost_no_answer(
    project: Path, server: PostgresServer, database: str
) -> None:
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    with serving(project) as serves:
        for _ in range(10):
            server.sql(end)
            assert (asked := Asked(serves)).values == RIGHT
            assert asked.seconds < BOUND


@pytest.mark.slow
@pytest.mark.parametrize("alone", [False, True], ids=["project", "manifest"])
def test_another_store_is_read_when_it_holds_what_is_served(
    project: Path, server: PostgresServer, database: str, alone: bool
) -> None:
    """While a sync fills it, no key is `missing` that was there before."""
    manifest = (project / "target" / "manifest.json").read_bytes()
    (project / "manifest.json").write_bytes(manifest)
    given = ("--manifest", "manifest.json") if alone else ()
    with serving(project, *given) as serves:
        assert Asked(serves).values == RIGHT
        server.sql("DROP SCHEMA ffc_online CASCADE", database)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            told_later(Asked(serves))
            time.sleep(0.02)
        syncing = subprocess.Popen([sys.executable, "-m", "ffc", "sync", "--quiet"], cwd=project)
        while syncing.poll() is None:
            asked = Asked(serves)
            assert asked.status == 503 or asked.values == RIGHT
        assert syncing.returncode == 0
        comes_back(serves)


def test_after_a_crash_that_emptied_the_store_the_next_sync_fills_it(
    tmp_path: Path, server: PostgresServer, database: str
) -> None:
    project = project_at(tmp_path / "small", server, database, online="unlogged: true")
    assert ffc(project, "run").code == 0
    assert ffc(project, "debug").code == 0
    with serving(project) as serves:
        assert Asked(serves).values == RIGHT
        server.kill()
        server.start()
        end = time.monotonic() + 3.0
        while time.monotonic() < end:
            told_later(Asked(serves))
            time.sleep(0.05)
        done = ffc(project, "sync", "--output", "json")
        assert done.code == 0, done.stderr
        assert [result["rows"]["written"] for result in done.json()["results"]] == [2, 2]
        comes_back(serves)
    again = ffc(project, "sync", "--output", "json").json()["results"]
    assert [result["rows"]["written"] for result in again] == [0, 0]
