"""How a SQLite file is opened, shared, refused and closed."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support.sqlite_files import STEPS, rows_of

from ffc.adapter import StateError, StatementFailed, StoreError, Transient, Unreachable
from ffc_sqlite.connection import HELP, TABLE, Database, translate
from ffc_sqlite.schema import ONLINE, STATE


def every_subclass(cls: type[Exception]) -> set[type[Exception]]:
    return {cls}.union(*(every_subclass(sub) for sub in cls.__subclasses__()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "file.db"


# Failures


def test_every_sqlite_exception_is_in_the_table() -> None:
    in_module = {
        value
        for value in vars(sqlite3).values()
        if isinstance(value, type) and issubclass(value, sqlite3.Error)
    }
    assert len(in_module) == 9
    assert in_module | every_subclass(sqlite3.Error) <= set(TABLE)


@pytest.mark.parametrize("cls", sorted(every_subclass(sqlite3.Error), key=lambda c: c.__name__))
def test_every_sqlite_exception_becomes_the_layouts(cls: type[sqlite3.Error]) -> None:
    assert type(translate(cls("boom"), ONLINE, Path("x.db"))) is StatementFailed
    assert type(translate(cls("boom"), STATE, Path("x.db"))) is StateError


def test_every_code_with_a_hint_has_a_class() -> None:
    assert set(HELP) <= set(TABLE)


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        (sqlite3.SQLITE_BUSY, Transient, "another process is writing to it: try again"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Transient, "another process is writing to it: try again"),
        (sqlite3.SQLITE_LOCKED, Transient, "another process is writing to it: try again"),
        (
            sqlite3.SQLITE_CANTOPEN,
            Unreachable,
            "check that the path is a file's, and that you may write there",
        ),
        (sqlite3.SQLITE_IOERR_READ, Unreachable, None),
        (sqlite3.SQLITE_FULL, StoreError, "make room on the disk"),
        (sqlite3.SQLITE_CORRUPT, StoreError, ONLINE.remedy),
        (sqlite3.SQLITE_NOTADB, StoreError, ONLINE.remedy),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, StatementFailed, None),
    ],
)
def test_result_codes(code: int, kind: type[StoreError], hint: str | None) -> None:
    problem = sqlite3.OperationalError("boom")
    problem.sqlite_errorcode = code
    found = translate(problem, ONLINE, Path("x.db"))
    assert type(found) is kind
    assert found.message == "the online store x.db can't be used: boom"
    assert found.help == ((hint,) if hint else ())
    assert type(translate(problem, STATE, Path("x.db"))) is StateError


def test_a_file_that_is_no_database(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database, but long enough to have a header" * 100)
    database = Database(path, STATE)
    with pytest.raises(StateError, match="file is not a database") as caught, database.read():
        pass
    assert caught.value.message.startswith(f"the state store {path} can't be used")
    assert caught.value.help == (STATE.remedy,)


def test_a_corrupt_page(path: Path) -> None:
    database = Database(path, STEPS)
    with database.write() as connection:
        connection.executemany("INSERT INTO a VALUES (?)", [(b"x" * 1000,)] * 100)
    database.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    database = Database(path, STEPS)
    with pytest.raises(StoreError, match="is damaged: Page 2") as caught:
        rows_of(database, "SELECT * FROM a")
    assert caught.value.help == ("remove it",)
    database.close()


def test_a_path_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    database = Database(tmp_path / "file" / "x.db", ONLINE)
    with pytest.raises(Unreachable, match=re.escape(str(tmp_path / "file"))), database.read():
        pass
    folder = Database(tmp_path, ONLINE)
    with pytest.raises(Unreachable, match="unable to open"), folder.read():
        pass


def test_a_writer_that_waits_too_long_may_try_again(path: Path) -> None:
    one, two = Database(path, STEPS), Database(path, STEPS, busy_seconds=0.05)
    rows_of(two, "SELECT 1")
    with one.write(), pytest.raises(Transient, match="locked"), two.write():
        pass
    with two.write() as connection:
        connection.execute("INSERT INTO a VALUES (9)")
    assert rows_of(one, "SELECT x FROM a WHERE x = 9") == [(9,)]
    one.close()
    two.close()


# Settings and transactions


def test_settings(path: Path) -> None:
    database = Database(path, STEPS)
    with database.read() as connection:
        asked = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    assert found == ["wal", 1, 2, 10_000]
    database.close()


def test_where_nobody_may_write_a_file_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Database(path, STEPS)
    rows_of(writer, "SELECT x FROM a")
    monkeypatch.setattr(os, "access", lambda *_: False)
    # Somebody writes all the same: what is in the log must be read.
    beside = Database(path, STEPS, read_only=True)
    assert rows_of(beside, "PRAGMA journal_mode") == [("wal",)]
    beside.close()
    writer.close()
    frozen = Database(path, STEPS, read_only=True)
    assert rows_of(frozen, "SELECT x FROM a ORDER BY x") == [(2,), (3,)]
    with pytest.raises(StoreError, match="readonly database"), frozen.write() as connection:
        connection.execute("INSERT INTO a VALUES (4)")
    assert [each.name for each in path.parent.iterdir()] == ["file.db"]
    frozen.close()


def insert(database: Database, value: int, then: Callable[[sqlite3.Connection], object]) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO a VALUES (?)", (value,))
        then(connection)


def test_a_failed_transaction_leaves_nothing_and_the_next_one_works(path: Path) -> None:
    database = Database(path, STEPS)
    with pytest.raises(StatementFailed, match="no such table"):
        insert(database, 4, lambda connection: connection.execute("INSERT INTO b VALUES (5)"))
    with pytest.raises(ZeroDivisionError):
        insert(database, 6, lambda _: 1 / 0)
    with database.write() as connection:
        connection.execute("INSERT INTO a VALUES (7)")
    assert rows_of(database, "SELECT x FROM a") == [(2,), (3,), (7,)]
    database.close()


def test_a_reader_sees_one_state_and_is_not_blocked_by_a_writer(path: Path) -> None:
    one, two = Database(path, STEPS), Database(path, STEPS, busy_seconds=0)
    with two.read() as reader:
        assert reader.execute("SELECT count(*) FROM a").fetchone() == (2,)
        with one.write() as writer:
            writer.execute("DELETE FROM a")
            assert reader.execute("SELECT count(*) FROM a").fetchone() == (2,)
        assert reader.execute("SELECT count(*) FROM a").fetchone() == (2,)
    assert rows_of(two, "SELECT count(*) FROM a") == [(0,)]
    one.close()
    two.close()


def open_files(path: Path) -> int:
    links = [fd for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    return [link.readlink() for link in links].count(path.resolve())


# Threads and closing


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files by /proc")
def test_close_closes_the_connections_of_all_threads(path: Path) -> None:
    database = Database(path, STEPS)
    ready, done = threading.Barrier(4), threading.Event()

    def use() -> None:
        rows_of(database, "SELECT 1")
        ready.wait(10)
        done.wait(10)

    threads = [threading.Thread(target=use, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait(10)
    rows_of(database, "SELECT 1")
    assert open_files(path) == 4
    database.close()
    assert open_files(path) == 0
    done.set()
    for thread in threads:
        thread.join()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files by /proc")
def test_connections_of_ended_threads_do_not_pile_up(path: Path) -> None:
    database = Database(path, STEPS)
    for _ in range(5):
        thread = threading.Thread(target=rows_of, args=(database, "SELECT 1"), daemon=True)
        thread.start()
        thread.join()
    assert open_files(path) == 1
    database.close()


def test_close_waits_for_a_transaction_of_another_thread(path: Path) -> None:
    database = Database(path, STEPS)
    inside, go_on = threading.Event(), threading.Event()

    def use() -> None:
        with database.write() as connection:
            inside.set()
            go_on.wait(10)
            connection.execute("INSERT INTO a VALUES (8)")

    user = threading.Thread(target=use, daemon=True)
    user.start()
    inside.wait(10)
    closer = threading.Thread(target=database.close, daemon=True)
    closer.start()
    closer.join(0.05)
    assert closer.is_alive()
    go_on.set()
    closer.join(10)
    user.join(10)
    assert not closer.is_alive()
    again = Database(path, STEPS)
    assert rows_of(again, "SELECT x FROM a") == [(2,), (3,), (8,)]
    again.close()


def test_a_closed_store_says_so(path: Path) -> None:
    used, unused = Database(path, ONLINE), Database(path, STATE)
    rows_of(used, "SELECT 1")
    for database in (used, unused):
        database.close()
        database.close()
    with pytest.raises(StoreError, match="closed"), used.read():
        pass
    with pytest.raises(StateError, match=f"the state store {re.escape(str(path))} is closed"):
        rows_of(unused, "SELECT 1")
