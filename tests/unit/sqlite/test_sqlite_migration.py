"""SQLite files of every version: brought to the newest at once, or refused and left alone."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from support.sqlite_files import STEPS, rows_of

from ffc.adapter import StateError, StatementFailed, StoreError, Unreachable
from ffc_sqlite.connection import Database
from ffc_sqlite.schema import ONLINE, STATE, Layout


def with_scripts(*scripts: tuple[str, ...]) -> Layout:
    return Layout(
        noun=STEPS.noun,
        application_id=STEPS.application_id,
        scripts=scripts,
        failure=STEPS.failure,
        remedy=STEPS.remedy,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "file.db"


def schema_of(path: Path) -> tuple[list[tuple[object, ...]], int, int]:
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name")
    found = (
        tables.fetchall(),
        connection.execute("PRAGMA user_version").fetchone()[0],
        connection.execute("PRAGMA application_id").fetchone()[0],
    )
    connection.close()
    return found


def open_and_close(path: Path, layout: Layout) -> None:
    database = Database(path, layout)
    rows_of(database, "SELECT 1")
    database.close()


def with_first_scripts(path: Path, layout: Layout, count: int) -> None:
    """Make a file as an ffc that knew only the first scripts made it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    for script in layout.scripts[:count]:
        for statement in script:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("layout", "version"),
    [(layout, v) for layout in (STATE, ONLINE, STEPS) for v in range(len(layout.scripts) + 1)],
    ids=lambda value: value if isinstance(value, int) else value.noun,
)
def test_every_older_version_becomes_the_newest(
    tmp_path: Path, layout: Layout, version: int
) -> None:
    open_and_close(tmp_path / "new.db", layout)
    old = tmp_path / "old.db"
    with_first_scripts(old, layout, version)
    assert (schema_of(old)[1] if version else 0) == version
    open_and_close(old, layout)
    assert schema_of(old) == schema_of(tmp_path / "new.db")
    assert schema_of(old)[1:] == (len(layout.scripts), layout.application_id)


def test_only_the_missing_scripts_run(path: Path) -> None:
    with_first_scripts(path, STEPS, 1)
    database = Database(path, STEPS)
    assert rows_of(database, "SELECT x FROM a") == [(2,), (3,)]
    database.close()
    database = Database(path, STEPS)
    assert rows_of(database, "SELECT x FROM a") == [(2,), (3,)]
    database.close()


def test_a_script_that_fails_leaves_the_version_before_it(path: Path) -> None:
    first, second, third = STEPS.scripts
    broken = with_scripts(first, second, ("INSERT INTO a VALUES (99)", "BOOM", third[-1]))
    with pytest.raises(StatementFailed, match="BOOM"):
        open_and_close(path, broken)
    assert schema_of(path)[1] == 2
    database = Database(path, STEPS)
    assert rows_of(database, "SELECT x FROM a") == [(2,), (3,)]
    database.close()


def test_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    open_and_close(path, STEPS)
    before = schema_of(path)
    with pytest.raises(StoreError) as caught:
        open_and_close(path, with_scripts(*STEPS.scripts[:2]))
    assert caught.value.message == (
        f"the test store {path} was written by a newer ffc: its version is 3, this ffc knows 2"
    )
    assert caught.value.help == ("upgrade ffc",)
    assert schema_of(path) == before


def test_another_file_is_refused_and_left_alone(path: Path) -> None:
    open_and_close(path, ONLINE)
    with pytest.raises(StateError, match="is no state store of ffc"):
        open_and_close(path, STATE)
    foreign = path.with_name("foreign.db")
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = foreign.read_bytes()
    with pytest.raises(StoreError, match="is no online store of ffc") as caught:
        open_and_close(foreign, ONLINE)
    assert caught.value.help == ("give each store in profiles.yml a `path` of its own",)
    assert foreign.read_bytes() == before


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_new_file_that_somebody_else_has_open_is_waited_for(path: Path, begin: str) -> None:
    with_first_scripts(path, STEPS, 3)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(begin)
    other.execute("SELECT * FROM a")
    database, found = Database(path, STEPS), []
    thread = threading.Thread(
        target=lambda: found.extend(rows_of(database, "PRAGMA journal_mode")), daemon=True
    )
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    other.execute("COMMIT")
    other.close()
    thread.join(10)
    assert found == [("wal",)]
    database.close()


def test_a_new_file_that_can_have_no_log_is_refused(path: Path) -> None:
    with_first_scripts(path, STEPS, 3)
    path.with_name("file.db-wal").mkdir()
    database = Database(path, STEPS)
    with pytest.raises(Unreachable, match="unable to open"), database.read():
        pass


def open_many(folder: str, barrier: Barrier, results: Queue[str]) -> None:
    """Open each of some new files at the same moment as the others do."""
    for number in range(10):
        barrier.wait(30)
        try:
            open_and_close(Path(folder) / f"{number}.db", STEPS)
            results.put("")
        except (StoreError, sqlite3.Error, OSError) as problem:
            results.put(repr(problem))


def test_processes_that_open_a_new_file_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(4), context.Queue()
    processes = [
        context.Process(target=open_many, args=(str(tmp_path), barrier, results)) for _ in range(4)
    ]
    for process in processes:
        process.start()
    assert [results.get(timeout=60) for _ in range(40)] == [""] * 40
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    for number in range(10):
        database = Database(tmp_path / f"{number}.db", STEPS)
        assert rows_of(database, "SELECT x FROM a") == [(2,), (3,)]
        assert rows_of(database, "PRAGMA journal_mode") == [("wal",)]
        database.close()


def test_threads_that_open_a_new_file_at_once(path: Path) -> None:
    barrier = threading.Barrier(8)

    def use(number: int) -> list[object]:
        with closing(Database(path, STATE)) as database:
            barrier.wait(10)
            return list(rows_of(database, "SELECT * FROM builds"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(8))) == [[]] * 8
