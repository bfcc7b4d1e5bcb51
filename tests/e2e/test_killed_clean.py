"""Cleans of many rows that are killed at any instant, while others read."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import duckdb
import pytest
from support.cli import ffc
from support.projects import open_session, ran_project

from ffc.manifest.served import ServedView
from ffc.online.keys import KeyCodec, field_of
from ffc.registry import StateRegistry

KEYS: Final = 60_000
SEED: Final = 1_917
VIEW: Final = "feature_view.spending"

Contents = list[tuple[bytes, bytes, bytes]]


@pytest.fixture(scope="module")
def refilled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with two generations of a view: that of another definition was left."""
    project = ran_project(tmp_path_factory.mktemp("refilled"))
    with open_session(project) as session:
        relation = StateRegistry(session.state, "dev").relation(VIEW)
    with duckdb.connect(project / ".ffc" / "test.duckdb") as connection:
        connection.execute(
            f'insert into "{relation.schema}"."{relation.name}" (user_id, amount, seen, loaded)'
            " select 'user ' || i, i, timestamp '2024-01-01', timestamp '2024-02-01'"
            f" from range({KEYS}) t(i)"
        )
    assert ffc(project, "sync").code == 0
    assert ffc(project, "sync", "--full-refresh").code == 0
    return project


def view_of(project: Path) -> ServedView:
    with open_session(project) as session:
        views = StateRegistry(session.state, "dev").serving().views
    return next(view for view in views if view.id == VIEW)


def asked(project: Path, sql: str, *values: bytes) -> list[tuple[bytes, ...]]:
    with closing(sqlite3.connect(project / ".ffc" / "online.db")) as connection:
        return connection.execute(sql, values).fetchall()


def live(project: Path) -> Contents:
    """Return the rows of the view that are served; the mark has no version."""
    sql = "select key, version, value from rows where field = ? and version <> x'' order by key"
    found = asked(project, sql, field_of(view_of(project)))
    return [(key, version, value) for key, version, value in found]


def others(project: Path) -> int:
    """Return how many rows nobody is to read."""
    sql = "select count(*) from rows where field <> ? and substr(field, 1, 4) = ?"
    field = field_of(view_of(project))
    return int(asked(project, sql, field, field[:4])[0][0])


def started(project: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ffc", "clean", "--unused", "--grace", "0", "--quiet"],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_readers_go_on_while_rows_are_taken_away(refilled: Path, tmp_path: Path) -> None:
    """Each finds every key at every instant, and no clean waits for one that is slow."""
    project = tmp_path / "project"
    shutil.copytree(refilled, project)
    codec, field = KeyCodec("small", "dev", view_of(project)), field_of(view_of(project))
    keys = [codec.encode([f"user {i}"]) for i in range(0, KEYS, 997)]
    before, reads = live(project), 0
    assert others(project) > KEYS
    # A reader of long ago, of a state that nothing of is taken away.
    with closing(sqlite3.connect(project / ".ffc" / "online.db")) as slow:
        slow.execute("begin")
        (count,) = slow.execute("select count(*) from rows").fetchone()
        with open_session(project) as session:
            store = session.online("default")
            process = started(project)
            while process.poll() is None:
                found = store.read(keys)
                assert all(field in row for row in found)
                reads += len(found)
        assert process.returncode == 0
        assert slow.execute("select count(*) from rows").fetchone() == (count,)
    assert reads > len(keys)
    assert others(project) == 0
    assert live(project) == before


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1))
def test_killed(refilled: Path, tmp_path: Path, number: int) -> None:
    """In the midst of the rows."""
    wanted = (number + random.Random(SEED + number).random()) / 3
    # A clean is over in a moment, which a machine with much to do may miss.
    tries = (check_killed(refilled, tmp_path / str(n), share=wanted) for n in range(5))
    assert any(tries), "it was over before it was killed"


@pytest.mark.slow
@pytest.mark.parametrize("number", range(30))
def test_killed_at_any_instant(refilled: Path, tmp_path: Path, number: int) -> None:
    check_killed(refilled, tmp_path, seconds=0.2 + 3.5 * number / 30)


def check_killed(refilled: Path, tmp_path: Path, *, share: float = 0, seconds: float = 0) -> bool:
    """Kill a clean when so much is done or so long after its start; return whether it was at it."""
    project = tmp_path / "project"
    shutil.copytree(refilled, project)
    before, all_rows = live(project), others(project)
    began = time.monotonic()
    process = started(project)
    while process.poll() is None:
        if seconds and time.monotonic() - began > seconds:
            break
        if share and others(project) < all_rows * (1 - 0.6 * share):
            break
        time.sleep(0.001)
    process.kill()
    process.wait(30)
    left = others(project)
    assert live(project) == before
    synced = ffc(project, "sync", "--output", "json")
    assert synced.code == 0, synced.stderr
    assert [each["rows"]["written"] for each in synced.json()["results"]] == [0, 0]
    done = ffc(project, "clean", "--unused", "--grace", "0")
    assert done.code == 0, done.stderr
    assert others(project) == 0
    assert live(project) == before
    return 0 < left < all_rows
