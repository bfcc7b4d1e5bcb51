"""Syncs that are killed at any instant: the next one ends in the very bytes of one that was not."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import duckdb
import pytest
from support.cli import ffc
from support.projects import open_session, ran_project
from support.slow import all_but_first

from ffc.online.sync import ROWS as BATCH
from ffc.registry import StateRegistry

KEYS: Final = 90_000
SEED: Final = 4_711
# A field ends with the generation, which follows the clock; marks have no version.
GENERATION: Final = 8

Contents = list[tuple[bytes, bytes, bytes, bytes]]


def rebuilt(project: Path, *statements: str) -> None:
    """Change a view's history as a run would have."""
    with open_session(project) as session:
        relation = StateRegistry(session.state, "dev").relation("feature_view.spending")
    with duckdb.connect(project / ".ffc" / "test.duckdb") as connection:
        for statement in statements:
            connection.execute(statement.format(f'"{relation.schema}"."{relation.name}"'))


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a project that was never synced, and one that was before its rows changed."""
    first = ran_project(tmp_path_factory.mktemp("first"))
    for path in (first / ".ffc").glob("online.db*"):
        path.unlink()
    rebuilt(
        first,
        f"insert into {{}} (user_id, amount, seen, loaded) select 'user ' || i, i / 7, "
        f"timestamp '2024-01-01' + to_hours(i % 999), timestamp '2024-02-01' from range({KEYS}) t(i)",
    )
    later = tmp_path_factory.mktemp("later") / "project"
    shutil.copytree(first, later)
    assert ffc(later, "sync").code == 0
    rebuilt(
        later,
        # Corrected, newer, retracted for an earlier row, vanished, new.
        "update {} set amount = amount + 1 where hash(user_id) % 3 = 0",
        "update {} set seen = seen + interval 1 day where hash(user_id) % 3 = 1",
        "update {} set seen = seen - interval 9 day where hash(user_id) % 7 = 1",
        "delete from {} where hash(user_id) % 11 = 1",
        "insert into {} (user_id, amount, seen, loaded) select 'new ' || i, i, "
        "timestamp '2023-01-01', timestamp '2023-01-01' from range(9000) t(i)",
    )
    return {"first": first, "later": later}


@pytest.fixture(scope="module")
def expected(
    projects: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Contents, float, float]]:
    """Return what a sync ends in that nobody kills, how long it takes, and when it begins."""
    found = {}
    for name, project in projects.items():
        copy = tmp_path_factory.mktemp("whole") / "project"
        shutil.copytree(project, copy)
        began = time.monotonic()
        process = started(copy)
        while process.poll() is None and not in_progress(copy):
            time.sleep(0.002)
        writing = time.monotonic() - began
        assert process.wait(120) == 0
        found[name] = (contents(copy), time.monotonic() - began, writing)
    return found


def started(project: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ffc", "sync", "--quiet"],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def asked(project: Path, sql: str) -> list[tuple[bytes, ...]]:
    file = project / ".ffc" / "online.db"
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as connection:
        made = "SELECT 1 FROM sqlite_master WHERE name = 'rows'"
        # The file may be there before its table.
        return connection.execute(sql).fetchall() if connection.execute(made).fetchone() else []


def in_progress(project: Path) -> bool:
    """Tell whether a mark in the store says that a snapshot is half-way in."""
    return any(b'"done"' in mark for (mark,) in asked(project, MARKS))


MARKS: Final = "select value from rows where version = x''"
ROWS: Final = "select key, field, version, value from rows where version <> x'' order by key, field"


def contents(project: Path) -> Contents:
    """Return every row of the store, but for the generation of its view, and the marks."""
    return [(k, f[:-GENERATION], version, value) for k, f, version, value in asked(project, ROWS)]


def fields(project: Path) -> set[bytes]:
    return {field for (field,) in asked(project, "select distinct field from rows")}


def check_killed(
    project: Path, tmp_path: Path, whole: Contents, ready: Callable[[Path], bool]
) -> bool:
    """Kill a sync when it is time; return whether it was writing. The next one must mend all."""
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    before = fields(copy)
    process = started(copy)
    while process.poll() is None and not ready(copy):
        time.sleep(0.002)
    process.kill()
    process.wait(30)
    half = in_progress(copy)
    done = ffc(copy, "sync")
    assert done.code == 0, done.stderr
    assert contents(copy) == whole
    assert len(fields(copy)) == 2, "no generation was filled anew"
    assert not before or fields(copy) == before
    again = ffc(copy, "sync", "--output", "json")
    assert [r["rows"]["written"] for r in again.json()["results"]] == [0, 0]
    return half


def after(seconds: float) -> Callable[[Path], bool]:
    until = time.monotonic() + seconds
    return lambda _: time.monotonic() > until


@pytest.mark.slow
@pytest.mark.parametrize("number", range(50))
def test_killed_at_any_instant(
    tmp_path: Path,
    projects: dict[str, Path],
    expected: dict[str, tuple[Contents, float, float]],
    number: int,
) -> None:
    """One in each part of a sync, from a little before it writes to its end."""
    name = ("first", "later")[number % 2]
    whole, seconds, writing = expected[name]
    start = writing * 0.7
    share = (number + random.Random(SEED + number).random()) / 50
    check_killed(projects[name], tmp_path, whole, after(start + share * (seconds - start)))


@pytest.mark.parametrize(
    ("name", "batches"), all_but_first([("first", 3), ("first", 1), ("later", 2)])
)
def test_killed(
    tmp_path: Path,
    projects: dict[str, Path],
    expected: dict[str, tuple[Contents, float, float]],
    name: str,
    batches: int,
) -> None:
    """Once so many batches are in."""
    said = f'"done":{batches * BATCH}'.encode()
    killed = check_killed(
        projects[name],
        tmp_path,
        expected[name][0],
        lambda copy: any(said in mark for (mark,) in asked(copy, MARKS)),
    )
    assert killed, "it was over before it was killed"
