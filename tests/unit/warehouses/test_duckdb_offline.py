"""DuckDB as a warehouse, at its edges: what fails, what is cancelled, what a file may not hold."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from support.offline import TABLES, open_store, rows_of

from ffc.adapter import (
    Cancelled,
    DataError,
    StatementFailed,
    Status,
    StoreError,
    Transient,
    Unreachable,
)
from ffc_duckdb import DuckDBOfflineStore
from ffc_duckdb.errors import TABLE, translate

ENDLESS = "SELECT sum(a.range * b.range) AS n FROM range(1000000) a, range(1000000) b"
# A process that presses Ctrl-C while its main thread waits for DuckDB.
INTERRUPTED = f"""\
import os, pathlib, signal, threading
import duckdb, pyarrow
from ffc.adapter import Options
from ffc_duckdb import DuckDBOfflineStore

folder = pathlib.Path.cwd()
options = Options(where="here", folder=folder, values={{"path": "x.duckdb"}})
handle = DuckDBOfflineStore(options).submit("{ENDLESS}")
handle.wait()
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    list(handle.batches())
except KeyboardInterrupt:
    os._exit(7)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBOfflineStore]:
    store = open_store(tmp_path)
    yield store
    store.close()


# Failures


def every_subclass(cls: type[Exception]) -> set[type[Exception]]:
    return {cls}.union(*(every_subclass(sub) for sub in cls.__subclasses__()))


def test_the_table_names_every_duckdb_exception_and_no_other() -> None:
    found = {cls.__name__ for cls in every_subclass(duckdb.Error)}
    assert len(found) > 30
    assert found == set(TABLE)


@pytest.mark.parametrize("cls", sorted(every_subclass(duckdb.Error), key=lambda c: c.__name__))
def test_every_duckdb_exception_becomes_its_own(cls: type[duckdb.Error]) -> None:
    found = translate(cls("Some Error: what\n\n  more\nLINE 1: SELECT"))
    assert type(found) is TABLE[cls.__name__]
    assert found.message == "Some Error: what"
    assert found.help == ("more", "LINE 1: SELECT")
    # Carets mean nothing to a reader who sees no statement above them.
    said = "Some Error: what\n\nLINE 2: select cast(a as int) as x\n               ^^^^^^^^^^^^^^"
    assert translate(cls(said)).help == ("at `cast(a as int)`",)
    said = "Some Error: what\n\nLINE 1: select b from t\n               ^"
    assert translate(cls(said)).help == ("at `b from t`",)
    assert translate(cls("")).message == ""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("InterruptException", Cancelled),
        ("TransactionException", Transient),
        ("ConstraintException", DataError),
        ("ConversionException", DataError),
        ("IOException", Unreachable),
        ("CatalogException", StatementFailed),
        ("OutOfMemoryException", StatementFailed),
    ],
)
def test_what_a_caller_tells_apart(name: str, kind: type[Exception]) -> None:
    assert TABLE[name] is kind


def test_memory_limit(tmp_path: Path) -> None:
    limited = open_store(tmp_path, memory_limit="512MB")
    assert rows_of(limited, "SELECT current_setting('memory_limit')") == [("488.2 MiB",)]
    limited.close()
    with pytest.raises(Unreachable, match=r"can't open `x\.duckdb`.*Memory"):
        open_store(tmp_path, memory_limit="much").submit("SELECT 1")


# The second is no "lock" of DuckDB's.
@pytest.mark.parametrize("folder", ["plain", "a lock of hair"])
def test_a_file_that_is_no_duckdb_file(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "x.duckdb").write_bytes(b"nothing of the kind" * 1000)
    with pytest.raises(Unreachable, match=r"x\.duckdb` is no DuckDB file"):
        open_store(tmp_path, path=f"{folder}/x.duckdb").submit("SELECT 1")


def test_a_path_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "wh").write_text("")
    with pytest.raises(Unreachable, match=r"the folder `.*` can't be made"):
        open_store(tmp_path).submit("SELECT 1")


def test_a_closed_store_lets_go_of_the_file_and_opens_it_no_more(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.submit("CREATE TABLE t AS SELECT 1 AS a").wait()
    store.close()
    store.close()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"the DuckDB file `x\.duckdb` is closed"):
            store.submit("SELECT 1")
    code = "import sys, duckdb; print(duckdb.connect(sys.argv[1]).sql('FROM t').fetchall())"
    command = [sys.executable, "-c", code, str(tmp_path / "wh" / "x.duckdb")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[(1,)]\n"


# Statements


def test_a_statement_runs_once_whatever_is_asked_of_it(store: DuckDBOfflineStore) -> None:
    store.submit("CREATE TABLE t (a INTEGER)").wait()
    added = store.submit("INSERT INTO t VALUES (1), (2) RETURNING a * 10 AS b")
    added.wait()
    added.wait()
    assert added.poll() is Status.DONE
    assert [row for batch in added.batches() for row in batch["b"].to_pylist()] == [10, 20]
    assert rows_of(store, "SELECT a FROM t ORDER BY a") == [(1,), (2,)]
    assert rows_of(store, "EXPLAIN SELECT 1")
    assert rows_of(store, "VALUES (1), (2)") == [(1,), (2,)]


def test_sessions_share_no_state(store: DuckDBOfflineStore) -> None:
    store.submit("SET TimeZone = 'Asia/Tokyo'", "CREATE TEMP TABLE mine (a INTEGER)").wait()
    assert rows_of(store, "SELECT current_setting('TimeZone')") == [("UTC",)]
    with pytest.raises(StatementFailed, match="mine does not exist"):
        store.submit("SELECT * FROM mine").wait()


def test_several_statements_end_in_rows(store: DuckDBOfflineStore) -> None:
    handle = store.submit(
        "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)", "SELECT a + 1 AS b FROM t"
    )
    assert [batch.to_pylist() for batch in handle.batches()] == [[{"b": 2}]]
    assert rows_of(store, "SELECT a FROM t") == [(1,)]


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ("SELECT * FROM nowhere", StatementFailed),
        ("INSERT INTO u SELECT error('late')", DataError),
        ("INSERT INTO u VALUES (1)", DataError),
        ("SELEC", StatementFailed),
    ],
)
@pytest.mark.parametrize("after", [(), ("CREATE TABLE v (a INTEGER)",)], ids=["last", "between"])
def test_several_statements_happen_not_at_all(
    store: DuckDBOfflineStore, bad: str, kind: type[Exception], after: tuple[str, ...]
) -> None:
    store.submit("CREATE TABLE u (a INTEGER PRIMARY KEY)", "INSERT INTO u VALUES (1)").wait()
    handle = store.submit("CREATE TABLE t (a INTEGER)", "INSERT INTO u VALUES (2)", bad, *after)
    with pytest.raises(kind):
        handle.wait()
    assert handle.poll() is Status.FAILED
    assert rows_of(store, TABLES) == [("u",)]
    assert rows_of(store, "SELECT * FROM u") == [(1,)]


def test_two_that_change_the_same_are_told_to_try_again(store: DuckDBOfflineStore) -> None:
    store.submit("CREATE TABLE t (a INTEGER)").wait()
    other = duckdb.connect(store._path)
    other.execute("BEGIN")
    other.execute("ALTER TABLE t ADD COLUMN b INTEGER")
    with pytest.raises(Transient):
        store.submit("INSERT INTO t VALUES (1)", "ALTER TABLE t ADD COLUMN c INTEGER").wait()
    other.execute("COMMIT")
    other.close()
    assert rows_of(store, "SELECT * FROM t") == []


def test_a_commit_that_fails_is_told_as_it_is(store: DuckDBOfflineStore) -> None:
    store.submit("CREATE TABLE t (a INTEGER)").wait()
    with pytest.raises(StoreError) as caught:
        # The transaction is over before its COMMIT, and a ROLLBACK is as wrong.
        store.submit("INSERT INTO t VALUES (1)", "COMMIT").wait()
    assert "cannot commit - no transaction is active" in caught.value.message


def test_a_failure_is_told_by_wait_and_by_batches(store: DuckDBOfflineStore) -> None:
    handle = store.submit("SELECT * FROM nowhere")
    for ask in (handle.wait, lambda: list(handle.batches()), handle.wait):
        with pytest.raises(StatementFailed, match="nowhere does not exist"):
            ask()
    assert handle.poll() is Status.FAILED
    handle.cancel()
    assert handle.poll() is Status.FAILED
    late = store.submit("SELECT error('no ' || range) FROM range(3)")
    with pytest.raises(DataError, match="no 0"):
        list(late.batches())
    # After the first batch DuckDB speaks by way of Arrow, which knows its own exceptions alone.
    late = store.submit(
        "SELECT if(range < 500000, range, error('no more')) AS n FROM range(600000)"
    )
    with pytest.raises(DataError, match="no more"):
        list(late.batches(1_000))
    with pytest.raises(StoreError, match="no statement"):
        list(store.submit("").batches())


def test_cancel_stops_a_query_that_is_being_read(store: DuckDBOfflineStore) -> None:
    handle = store.submit(ENDLESS)
    timer = threading.Timer(0.1, handle.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        list(handle.batches())
    timer.join()


def test_cancel_between_two_batches(store: DuckDBOfflineStore) -> None:
    handle = store.submit("SELECT a.range AS n FROM range(1000000) a, range(1000) b")
    batches = handle.batches(1_000)
    next(batches)
    handle.cancel()
    with pytest.raises(Cancelled):
        list(batches)


def test_cancel_of_rows_that_were_all_read(store: DuckDBOfflineStore) -> None:
    handle = store.submit("SELECT 1 AS a")
    assert [batch.to_pylist() for batch in handle.batches()] == [[{"a": 1}]]
    handle.cancel()
    assert handle.poll() is Status.DONE


def test_an_interrupt_is_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 7, done.stderr


def test_cancel_of_statements_that_wait_for_their_turn(store: DuckDBOfflineStore) -> None:
    running = [store.submit(f"CREATE TABLE t{n} AS {ENDLESS}") for n in range(4)]
    waiting = store.submit("CREATE TABLE t9 (a INTEGER)")
    assert waiting.poll() is Status.RUNNING
    waiting.cancel()
    assert waiting.poll() is Status.CANCELLED
    with pytest.raises(Cancelled):
        waiting.wait(0)
    for handle in running:
        # An interrupt that comes before the statement meets nothing.
        while handle.poll() is Status.RUNNING:
            handle.cancel()
        with pytest.raises(Cancelled):
            handle.wait()
    assert rows_of(store, TABLES) == []


def test_cancel_of_what_is_done_changes_nothing(store: DuckDBOfflineStore) -> None:
    handle = store.submit("CREATE TABLE t AS SELECT 1 AS a", "SELECT a FROM t")
    handle.wait()
    handle.cancel()
    assert handle.poll() is Status.DONE
    assert [batch.to_pylist() for batch in handle.batches()] == [[{"a": 1}]]


def test_statements_run_side_by_side(store: DuckDBOfflineStore) -> None:
    endless = store.submit(f"CREATE TABLE t AS {ENDLESS}")
    assert rows_of(store, "SELECT 1") == [(1,)]
    assert endless.poll() is Status.RUNNING
    while endless.poll() is Status.RUNNING:
        endless.cancel()
