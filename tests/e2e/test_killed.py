"""Runs that are killed at any instant: the next one ends as if nothing had happened."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from support.cli import ffc
from support.projects import FILES, small_project
from support.slow import all_but_first

DATED: Final = """\
{{ config(materialized='incremental', time_column='seen', unique_key=['user_id', 'seen']) }}
select user_id, amount, paid, seen, loaded
from {{ source('raw', 'events') }}
{% if is_incremental() %}where seen >= {{ watermark() }}{% endif %}
"""
VERSIONS: Final = """\
{{ config(materialized='snapshot', unique_key='user_id', strategy='check', check_columns='country') }}
select user_id, country from {{ source('raw', 'users') }}
"""
TABLE: Final = """\
{{ config(materialized='table') }}
select user_id, sum(amount) as spent from {{ ref('clean') }} group by 1
"""
TABLES: Final = ("clean", "spent", "spending", "main", "profile")
SEED: Final = 20_261


def events(count: int) -> str:
    """Return rows in the order of their times, so that more of them are a batch of late ones."""
    rows = (
        f"u{i % 50},{i % 17},{'true' if i % 3 else 'false'},"
        f"2024-01-{1 + i // 2000:02}T{i // 100 % 20:02}:{i // 2 % 50:02}:{i % 2 * 30:02}Z,"
        f"2024-02-{1 + i // 2000:02}T00:00:00Z"
        for i in range(count)
    )
    return "user_id,amount,paid,seen,loaded\n" + "\n".join(dict.fromkeys(_distinct(rows))) + "\n"


def _distinct(rows: Any) -> Any:
    """Leave out rows of a key and a time that were there."""
    seen = set()
    for row in rows:
        user, _, _, at, _ = row.split(",")
        if (user, at) not in seen:
            seen.add((user, at))
            yield row


def users(count: int) -> str:
    return "user_id,country\n" + "".join(f"u{i},{'NL' if i % 2 else 'DE'}\n" for i in range(count))


def project_at(folder: Path) -> Path:
    project = small_project(
        folder,
        **{
            "transformations/clean.sql": DATED,
            "transformations/homes.sql": VERSIONS,
            "transformations/spent.sql": TABLE,
            "data/events.csv": events(4_000),
            "data/users.csv": users(40),
        },
    )
    assert ffc(project, "run").code == 0
    (project / "data" / "events.csv").write_text(events(9_000))
    (project / "data" / "users.csv").write_text(users(50).replace("u3,NL", "u3,BE"))
    return project


def contents(project: Path) -> dict[str, Any]:
    """Return all that people can see: every table, and what a model is answered."""
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        found: dict[str, Any] = {
            name: connection.execute(f"select * from dev.{name} order by all").fetchall()
            for name in TABLES
        }
        homes = "select user_id, country, valid_to is null from dev.homes order by all"
        found["homes"] = connection.execute(homes).fetchall()
    asked = ("spending.amount", "profile.country", "--key", "user_id=u3", "--output", "json")
    answer = ffc(project, "get", *asked)
    assert answer.code == 0, answer.stderr
    found["answer"] = answer.json()["rows"]
    return found


def started_run(project: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ffc", "run", "--quiet"],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed_run(project: Path, after: float) -> int:
    """Start a run, kill it after so many seconds, and return how it ended."""
    process = started_run(project)
    try:
        return process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(30)


def builds(project: Path) -> int:
    """Return how many builds the state store has heard of, a run being at it."""
    place = f"file:{project}/.ffc/state.db?mode=ro"
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(place, uri=True)) as state:
        return int(state.execute("select count(*) from builds").fetchone()[0])
    return 0


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], float]:
    """Return what a run that nobody kills ends in, and how long it takes."""
    project = project_at(tmp_path_factory.mktemp("whole"))
    started = time.monotonic()
    assert killed_run(project, 60) == 0
    return contents(project), time.monotonic() - started


def check_recovered(project: Path, expected: dict[str, Any]) -> None:
    done = ffc(project, "run")
    assert done.code == 0, done.stderr
    assert contents(project) == expected
    again = ffc(project, "run")
    assert again.code == 0
    document = json.loads((project / "target" / "run_results.json").read_text())
    assert {r["status"] for r in document["results"] if r["action"] == "build"} == {"unchanged"}
    cleaned = ffc(project, "clean", "--unused")
    assert cleaned.code == 0, cleaned.stderr
    assert contents(project) == expected
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        sql = "select table_name from information_schema.tables where table_schema = 'dev__ffc'"
        left = {name for (name,) in connection.execute(sql).fetchall()}
    assert not {n for n in left if n.startswith(("batch_", "ahead_", "rows_", "instants_"))}
    assert ffc(project, "run").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", range(50))
def test_killed_at_any_instant(
    tmp_path: Path, expected: tuple[dict[str, Any], float], number: int
) -> None:
    """One in each fiftieth of a run, so that no part of it is left out."""
    whole, seconds = expected
    instant = (number + random.Random(SEED + number).random()) / 50 * seconds
    project = project_at(tmp_path)
    killed_run(project, instant)
    check_recovered(project, whole)


@pytest.mark.parametrize("share", all_but_first([0.7, 0.5, 0.9]))
def test_killed(tmp_path: Path, expected: tuple[dict[str, Any], float], share: float) -> None:
    whole, seconds = expected
    project = project_at(tmp_path)
    killed_run(project, share * seconds)
    check_recovered(project, whole)


@pytest.mark.parametrize(
    ("number", "code"),
    all_but_first([(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]),
)
def test_a_run_that_is_asked_to_end_leaves_nothing_half_built(
    tmp_path: Path, number: int, code: int
) -> None:
    slow = "select count(*) as n from range(3000000) a(x), range(100000) b(y) where x * y % 7 = 1"
    config = "{{ config(materialized='table') }} "
    files = {"transformations/slow.sql": config + slow}
    project = small_project(tmp_path, **files)
    process = started_run(project)
    end = time.monotonic() + 30
    while not builds(project):
        assert time.monotonic() < end
        time.sleep(0.05)
    # What hangs on nothing began before anything was built.
    started = time.monotonic()
    process.send_signal(number)
    assert process.wait(30) == code
    assert time.monotonic() - started < 10
    document = json.loads((project / "target" / "run_results.json").read_text())
    assert document["status"] == "cancelled"
    ended = {r["id"]: r["status"] for r in document["results"] if r["action"] == "build"}
    assert ended["transformation.slow"] == "cancelled"
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        sql = "select table_name from information_schema.tables where table_schema = 'dev__ffc'"
        left = {name for (name,) in connection.execute(sql).fetchall()}
    assert not {name for name in left if "slow" in name}
    (project / "transformations" / "slow.sql").write_text(FILES["transformations/clean.sql"])
    assert ffc(project, "run").code == 0


def test_a_run_whose_process_died_holds_no_lock(tmp_path: Path) -> None:
    project = project_at(tmp_path)
    killed_run(project, 0.9)
    started = time.monotonic()
    assert ffc(project, "run").code == 0
    assert time.monotonic() - started < 20


def test_rows_that_are_in_though_nobody_wrote_it_down(
    tmp_path: Path, expected: tuple[dict[str, Any], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the batch is in the table and before the state store knows."""
    from ffc_sqlite import SQLiteStateStore

    project = project_at(tmp_path)
    whole = SQLiteStateStore.finish_build

    def dying(self: Any, lease: Any, target: str, build: Any, definition: bytes) -> None:
        if build.node == "transformation.clean":
            raise SystemExit(1)
        whole(self, lease, target, build, definition)

    monkeypatch.setattr(SQLiteStateStore, "finish_build", dying)
    with pytest.raises(SystemExit):
        ffc(project, "run")
    monkeypatch.undo()
    check_recovered(project, expected[0])
