"""A server whose online store is locked by another process, is gone, or is another one."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest
from support.projects import FILES, open_session, ran_project
from support.server import Server, serving
from support.waiting import BOUND, RIGHT, Asked, comes_back, many, told_later

from ffc.adapter import Transient, Unreachable
from ffc.connect.session import Session

# As a process that brings the log's index up to date after a crash: it holds every lock of the
# index, and the index says nothing until it is done.
RECOVERING: Final = """
import fcntl, os, sys
file = os.open(sys.argv[1] + "-shm", os.O_RDWR)
fcntl.lockf(file, fcntl.LOCK_EX, 8, 120)
os.pwrite(file, bytes(96), 0)
print("locked", flush=True)
sys.stdin.read()
"""
# As a process that has the file for itself, which needs that nobody else has it open.
ALONE: Final = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA locking_mode = EXCLUSIVE")
connection.execute("BEGIN EXCLUSIVE")
connection.execute("CREATE TABLE held (x)")
print("locked", flush=True)
sys.stdin.read()
"""
# Rewrites the file again and again, and a big transaction beside it.
VACUUMING: Final = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
print("locked", flush=True)
while True:
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
"""


@contextmanager
def held(script: str, path: Path) -> Iterator[None]:
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            other.kill()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    views = FILES["features/all.yml"].replace("    ttl: 30d\n", "")
    return ran_project(tmp_path / "small", **{"features/all.yml": views})


def online(project: Path) -> Path:
    return project / ".ffc" / "online.db"


def move_store(here: Path, there: Path) -> None:
    there.mkdir(exist_ok=True)
    for path in here.glob("online.db*"):
        shutil.move(path, there / path.name)


def test_a_store_that_somebody_locks_costs_a_second_and_holds_up_nobody_else(
    project: Path,
) -> None:
    with serving(project) as server:
        assert Asked(server).values == RIGHT
        with held(RECOVERING, online(project)):
            answers, health = many(server, threads=6, seconds=4.0)
            for asked in answers:
                told_later(asked)
            assert {asked.status for asked in health} == {200}
            # The first request is met unawares; after it nobody waits but who asks the store.
            assert max(asked.seconds for asked in health) < 1.0
            assert sorted(asked.seconds for asked in health)[len(health) // 2] < 0.1
            told_later(Asked(server, "/readyz"))
        comes_back(server)
        answers, health = many(server, threads=4, seconds=1.0)
        assert all(asked.values == RIGHT for asked in answers)
        assert sorted(asked.seconds for asked in answers)[len(answers) // 2] < 0.1
        assert Asked(server, "/readyz").status == 200


def test_a_lock_that_is_short_costs_no_answer(project: Path) -> None:
    with serving(project) as server:
        assert Asked(server).values == RIGHT
        found: list[Asked] = []
        asking = threading.Thread(target=lambda: found.append(Asked(server)), daemon=True)
        with held(RECOVERING, online(project)):
            asking.start()
            time.sleep(0.4)
        asking.join()
        assert (found[0].status, found[0].values) == (200, RIGHT)
        assert found[0].seconds > 0.3


@pytest.mark.slow
def test_a_server_that_starts_while_somebody_has_the_file_for_himself(project: Path) -> None:
    with held(ALONE, online(project)), serving(project, until="/healthz") as server:
        for _ in range(3):
            told_later(asked := Asked(server))
            assert "database is locked" in asked.told["error"]["message"]
            assert asked.told["error"]["help"] == ["another process is writing to it: try again"]
            assert Asked(server, "/healthz").seconds < 0.5
        told_later(Asked(server, "/readyz"))
    with serving(project, until="/healthz") as server:
        comes_back(server)


def test_the_file_is_let_go_of_while_a_server_waits(project: Path) -> None:
    with held(ALONE, online(project)):
        context = serving(project, until="/healthz")
        server = context.__enter__()
        told_later(Asked(server))
    try:
        comes_back(server)
        assert Asked(server, "/readyz").status == 200
    finally:
        context.__exit__(None, None, None)


@pytest.mark.slow
def test_a_vacuum_beside_holds_up_nobody(project: Path) -> None:
    with serving(project) as server, held(VACUUMING, online(project)):
        answers, health = many(server, threads=3, seconds=3.0)
        assert all(asked.status == 200 and asked.values == RIGHT for asked in answers)
        assert max(asked.seconds for asked in (*answers, *health)) < BOUND


@pytest.mark.slow
def test_a_file_that_vanishes_and_comes_back(project: Path, tmp_path: Path) -> None:
    with serving(project, "--log-format", "json") as server:
        assert Asked(server).values == RIGHT
        move_store(project / ".ffc", tmp_path / "away")
        time.sleep(0.3)
        for _ in range(25):
            told_later(Asked(server))
            assert Asked(server, "/healthz").seconds < 0.5
            time.sleep(0.1)
        told_later(Asked(server, "/readyz"))
        assert "it is not there" in Asked(server).told["error"]["message"]
        # It was looked for, and not made.
        assert not online(project).exists()
        move_store(tmp_path / "away", project / ".ffc")
        comes_back(server)
        assert Asked(server, "/readyz").status == 200


@pytest.mark.slow
@pytest.mark.parametrize("alone", [False, True], ids=["project", "manifest"])
def test_another_file_is_read_when_it_holds_what_is_served(
    project: Path, tmp_path: Path, alone: bool
) -> None:
    """While a sync fills it, no key is `missing` that was there before."""
    shutil.copy(project / "target" / "manifest.json", project / "manifest.json")
    given = ("--manifest", "manifest.json") if alone else ()
    with serving(project, *given) as server:
        assert Asked(server).values == RIGHT
        move_store(project / ".ffc", tmp_path / "away")
        # A new file, in which nothing is yet.
        with open_session(project) as session:
            session.online("default").ping()
        end = time.monotonic() + 2.5
        time.sleep(0.3)
        while time.monotonic() < end:
            told_later(Asked(server))
            time.sleep(0.02)
        syncing = subprocess.Popen([sys.executable, "-m", "ffc", "sync", "--quiet"], cwd=project)
        while syncing.poll() is None:
            asked = Asked(server)
            assert asked.status == 503 or asked.values == RIGHT
        assert syncing.returncode == 0
        comes_back(server)


def test_a_copy_that_is_put_in_its_place_is_read(project: Path, tmp_path: Path) -> None:
    """As where each machine that serves is sent a copy of the file."""
    with serving(project) as server:
        assert Asked(server).values == RIGHT
        source, copy = (sqlite3.connect(path) for path in (online(project), tmp_path / "copy.db"))
        with closing(source), closing(copy):
            source.backup(copy)
        for name in ("online.db-wal", "online.db-shm"):
            (project / ".ffc" / name).unlink(missing_ok=True)
        (tmp_path / "copy.db").replace(online(project))
        comes_back(server)


def figures(server: Server) -> tuple[str, float]:
    began = time.perf_counter()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=30) as answer:
        return answer.read().decode(), time.perf_counter() - began


@pytest.mark.slow
def test_a_state_store_that_is_locked_holds_up_nobody(project: Path) -> None:
    """Not even those who ask for figures, which the state store has a part in."""
    with serving(project) as server:
        text, _ = figures(server)
        assert 'ffc_view_lag_seconds{view="spending"} 0.0' in text
        with held(RECOVERING, project / ".ffc" / "state.db"):
            answers, health = many(server, threads=2, seconds=1.5)
            assert all(asked.status == 200 and asked.values == RIGHT for asked in answers)
            assert max(asked.seconds for asked in (*answers, *health)) < 0.5
            # It takes the state store ten seconds to say that it is locked.
            end = time.monotonic() + 25
            while "ffc_view_lag_seconds{" in text and time.monotonic() < end:
                text, seconds = figures(server)
                assert seconds < 0.5
                time.sleep(0.2)
            assert "ffc_view_lag_seconds{" not in text
            assert 'ffc_view_age_seconds{view="spending"}' in text
        end = time.monotonic() + 25
        while "ffc_view_lag_seconds{" not in text and time.monotonic() < end:
            text, _ = figures(server)
            time.sleep(0.2)
        assert 'ffc_view_lag_seconds{view="spending"} 0.0' in text


def reading(project: Path) -> Session:
    with open_session(project) as session:
        return Session(session.target, read_only=True)


def test_in_process_too(project: Path, tmp_path: Path) -> None:
    with reading(project) as session:
        store = session.online("default")
        assert store.read([b"nobody"]) == [{}]
        with held(RECOVERING, online(project)):
            began = time.perf_counter()
            with pytest.raises(Transient):
                store.read([b"nobody"])
            assert time.perf_counter() - began < 1.0
        assert store.read([b"nobody"]) == [{}]
        move_store(project / ".ffc", tmp_path / "away")
        time.sleep(0.3)
        with pytest.raises(Unreachable, match="it is not there"):
            store.read([b"nobody"])
        with open_session(project) as other:
            other.online("default").ping()
        for _ in range(2):
            with pytest.raises(Unreachable, match="another file is in its place"):
                store.read([b"nobody"])
    # Nor is one made by who only reads.
    online(project).unlink()
    with reading(project) as session, pytest.raises(Unreachable, match="it is not there"):
        session.online("default").read([b"nobody"])
    assert not online(project).exists()
