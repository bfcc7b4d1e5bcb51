"""DuckDB as a warehouse, at its edges: what fails, what is cancelled, what a file may not hold."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ffc.adapter import (
    Cancelled,
    DataError,
    Load,
    Options,
    Relation,
    StatementFailed,
    Status,
    StoreError,
    Transient,
    Unreachable,
    known_type,
)
from ffc_duckdb import DuckDBOfflineStore
from ffc_duckdb.errors import TABLE, translate

ENDLESS = "SELECT sum(a.range * b.range) AS n FROM range(1000000) a, range(1000000) b"
TABLES = "SELECT table_name FROM duckdb_tables()"
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


def open_store(folder: Path, **values: object) -> DuckDBOfflineStore:
    options = {"path": "wh/x.duckdb"} | values
    return DuckDBOfflineStore(Options(where="target dev, offline", folder=folder, values=options))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBOfflineStore]:
    store = open_store(tmp_path)
    yield store
    store.close()


def rows_of(store: DuckDBOfflineStore, query: str) -> list[tuple[Any, ...]]:
    batches = store.submit(query).batches()
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


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
    with pytest.raises(StoreError, match="no statement"):
        list(store.submit("").batches())


def test_cancel_stops_a_query_that_is_being_read(store: DuckDBOfflineStore) -> None:
    handle = store.submit(ENDLESS)
    timer = threading.Timer(0.1, handle.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        list(handle.batches())
    timer.join()


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


# Files


def load(
    store: DuckDBOfflineStore,
    columns: dict[str, str],
    *files: Path,
    kind: Literal["csv", "parquet"] = "csv",
    timezone: str = "UTC",
) -> list[tuple[Any, ...]]:
    store.submit('DROP TABLE IF EXISTS "t"').wait()
    wanted = Load(
        relation=Relation("main", "t"),
        files=[str(file) for file in files],
        format=kind,
        columns=[(name, known_type(text)) for name, text in columns.items()],
        timezone=timezone,
    )
    store.load(wanted).wait()
    return rows_of(store, "SELECT * FROM t")


def csv_file(folder: Path, text: str, name: str = "f.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder / name


def csv_value(
    store: DuckDBOfflineStore, folder: Path, kind: str, text: str, timezone: str = "UTC"
) -> Any:
    quoted = '"' + text.replace('"', '""') + '"'
    file = csv_file(folder, f"a,v,z\n1,{quoted},x\n")
    ((value,),) = load(store, {"v": kind}, file, timezone=timezone)
    return value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", " a ", " a "),
        ("string", "NULL", "NULL"),
        ("string", 'a,"b"\nc', 'a,"b"\nc'),
        ("int32", "-2147483648", -(2**31)),
        ("int64", "9223372036854775807", 2**63 - 1),
        ("int64", "9007199254740993", 2**53 + 1),
        # As others write the whole numbers of a column that has nulls.
        ("int64", "9007199254740993.0", 2**53 + 1),
        ("int64", " +7 ", 7),
        ("float64", "0.1", 0.1),
        ("float64", "1e3", 1000.0),
        ("float64", "inf", math.inf),
        ("float64", "-Infinity", -math.inf),
        ("float32", "0.1", 0.10000000149011612),
        ("float32", "-inf", -math.inf),
        ("bool", "true", True),
        ("bool", "False", False),
        ("decimal(12,2)", "-1.5", Decimal("-1.50")),
        ("decimal(12,2)", "1.50000", Decimal("1.50")),
        ("decimal(12,2)", ".5", Decimal("0.50")),
        ("decimal(38,0)", "9" * 38, Decimal("9" * 38)),
        ("decimal(38,38)", "0." + "9" * 38, Decimal("0." + "9" * 38)),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", "0001-01-01", date(1, 1, 1)),
        ("date", "9999-12-31", date(9999, 12, 31)),
        ("date", "2024-01-05 00:00:00", date(2024, 1, 5)),
        ("bytes", r"a\x00\xFF", b"a\x00\xff"),
        ("json", '{"a": 1}', '{"a": 1}'),
        ("list<int64>", "[1, NULL, 9007199254740993]", [1, None, 2**53 + 1]),
        ("list<string>", "[]", []),
        ("list<list<int32>>", "[[1, NULL], NULL, []]", [[1, None], None, []]),
        ("vector(2)", "[1, 2.5]", [1.0, 2.5]),
    ],
)
def test_a_csv_value(
    store: DuckDBOfflineStore, tmp_path: Path, kind: str, text: str, value: object
) -> None:
    found = csv_value(store, tmp_path, kind, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_nan_and_negative_zero(store: DuckDBOfflineStore, tmp_path: Path, kind: str) -> None:
    assert str(csv_value(store, tmp_path, kind, "NaN")) == "nan"
    assert str(csv_value(store, tmp_path, kind, "-0.0")) == "0.0"
    assert str(csv_value(store, tmp_path, f"list<{kind}>", "[-0.0]")) == "[0.0]"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int32", "2147483648"),
        ("int64", "9223372036854775808"),
        ("int64", "1.5"),
        ("int64", "1e3"),
        ("int64", "0x10"),
        ("int64", "1_000"),
        ("int64", "true"),
        ("int64", "abc"),
        ("float64", "1e400"),
        ("float64", "1,5"),
        ("float32", "-1e300"),
        ("bool", "maybe"),
        ("decimal(12,2)", "1.005"),
        ("decimal(12,2)", "10000000000"),
        ("decimal(12,2)", "nan"),
        ("decimal(12,2)", "."),
        ("date", "2024-02-30"),
        ("date", "infinity"),
        ("date", "0000-12-31"),
        ("date", "10000-01-01"),
        ("date", "2024-01-05 12:00:00"),
        ("timestamp", "yesterday"),
        ("timestamp", "2024-02-30"),
        ("timestamp", "1704067200"),
        ("timestamp", "infinity"),
        ("timestamp", "-infinity"),
        ("timestamp", "0000-12-31 23:59:59"),
        ("timestamp", "10000-01-01"),
        ("timestamp", "9999-12-31 23:59:59-01:00"),
        ("bytes", "é"),
        ("json", "{"),
        ("list<int64>", "[1.5]"),
        ("list<int64>", "1, 2"),
        ("list<list<int64>>", "[[1], [a]]"),
        ("list<timestamp>", "[infinity]"),
        ("vector(2)", "[1]"),
    ],
)
def test_a_csv_value_that_does_not_fit_is_named_with_its_line(
    store: DuckDBOfflineStore, tmp_path: Path, kind: str, text: str
) -> None:
    file = csv_file(tmp_path, f'a,v\n"1\n2",\n\n"{text}","{text}"\n')
    with pytest.raises(DataError) as caught:
        load(store, {"a": "string", "v": kind}, file)
    assert caught.value.message == (
        f"`f.csv`, line 5: the column `v` holds `{text}`, which is not {kind}"
    )
    assert rows_of(store, TABLES) == []


def test_a_long_value_is_shown_in_part(store: DuckDBOfflineStore, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"`{'x' * 60}…`, which is not date") as caught:
        load(store, {"v": "date"}, csv_file(tmp_path, "v\n" + "x" * 1000 + "\n"))
    assert caught.value.help == ("date is a day such as 2024-01-31, from the years 0001 to 9999",)


def test_an_empty_field_is_null_and_a_quoted_one_is_not(
    store: DuckDBOfflineStore, tmp_path: Path
) -> None:
    kinds = ("string", "int64", "float64", "timestamp", "date", "bool", "decimal(9,1)", "bytes")
    kinds += ("list<int64>", "json", "vector(1)")
    names = [f"c{n}" for n in range(len(kinds))]
    empty = csv_file(tmp_path, ",".join(names) + "\n" + "," * (len(kinds) - 1) + "\n")
    columns = dict(zip(names, kinds, strict=True))
    assert load(store, columns, empty) == [(None,) * len(kinds)]
    texts = csv_file(tmp_path, 'a,b\n"",1\n,2\n')
    assert load(store, {"b": "int64", "a": "string"}, texts) == [(1, ""), (2, None)]
    wrong = csv_file(tmp_path, 'a,b\n,1\n"",2\n')
    with pytest.raises(DataError) as caught:
        load(store, {"a": "int64"}, wrong)
    assert caught.value.message == "`f.csv`: the column `a` holds ``, which is not int64"


NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("text", "utc", "new_york"),
    [
        ("2024-01-01", "2024-01-01T00:00:00", "2024-01-01T05:00:00"),
        ("2024-07-01 12:00", "2024-07-01T12:00:00", "2024-07-01T16:00:00"),
        ("2024-01-01T12:00:00Z", "2024-01-01T12:00:00", None),
        ("2024-01-01T12:00:00+02:00", "2024-01-01T10:00:00", None),
        ("2024-01-01T12:00:00+05:30", "2024-01-01T06:30:00", None),
        ("2024-01-01 12:00:00-05", "2024-01-01T17:00:00", None),
        ("2024-01-01 12:00:00 UTC", "2024-01-01T12:00:00", None),
        ("2024-01-01 12:00:00 Europe/Berlin", "2024-01-01T11:00:00", None),
        ("2024-01-01 00:00:00.1234569", "2024-01-01T00:00:00.123456", "2024-01-01T05:00:00.123456"),
        ("1969-12-31 18:59:59.9999999", "1969-12-31T18:59:59.999999", "1969-12-31T23:59:59.999999"),
        # The hour that is not, taken for winter's, and the one that is twice, for the second.
        ("2024-03-10 02:30:00", "2024-03-10T02:30:00", "2024-03-10T07:30:00"),
        ("2024-11-03 01:30:00", "2024-11-03T01:30:00", "2024-11-03T06:30:00"),
        ("0001-01-01 00:00:00", "0001-01-01T00:00:00", "0001-01-01T04:56:02"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999", None),
    ],
)
def test_a_csv_time(
    store: DuckDBOfflineStore, tmp_path: Path, text: str, utc: str, new_york: str | None
) -> None:
    for timezone, wanted in (("UTC", utc), (NEW_YORK, new_york or utc)):
        instant = datetime.fromisoformat(wanted)
        assert csv_value(store, tmp_path, "timestamp", text, timezone) == instant, timezone
        found = csv_value(store, tmp_path, "list<timestamp>", f"[{text}]", timezone)
        assert found == [instant], timezone


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_files_as_others_write_them(
    store: DuckDBOfflineStore, tmp_path: Path, end: str
) -> None:
    text = "\ufeffé 'x',b\n1,2".replace("\n", end)
    assert load(store, {"é 'x'": "int64"}, csv_file(tmp_path, text)) == [(1,)]
    text = "a,b\n1,x\n2,y\n".replace("\n", end)
    assert load(store, {"b": "string"}, csv_file(tmp_path, text)) == [("x",), ("y",)]


def test_a_header_alone_is_an_empty_table(store: DuckDBOfflineStore, tmp_path: Path) -> None:
    for text in ("a,t\n", "a,t"):
        file = csv_file(tmp_path, text)
        assert load(store, {"t": "timestamp", "a": "decimal(9,2)"}, file) == []
    described = rows_of(store, "SELECT column_name, column_type FROM (DESCRIBE t)")
    assert described == [("t", "TIMESTAMP"), ("a", "DECIMAL(9,2)")]


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("", "`f.csv` is empty: a CSV file begins with its column names", ()),
        ("b,A\n1,2\n", "`f.csv` has no column `a`", ("it has `b`, `A`",)),
        (
            "a;b\n1;2\n",
            "`f.csv` has no column `a`",
            ("it has `a;b`", "columns of a CSV file are separated by commas, not by ';'"),
        ),
        ("a,b,a\n1,2,3\n", "`f.csv` has more than one column `a`", ()),
    ],
)
def test_a_csv_file_without_the_columns(
    store: DuckDBOfflineStore, tmp_path: Path, text: str, message: str, help: tuple[str, ...]
) -> None:
    with pytest.raises(DataError) as caught:
        load(store, {"a": "int64"}, csv_file(tmp_path, text))
    assert (caught.value.message, caught.value.help) == (message, help)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"1,2,3", "Expected Number of Columns: 2 Found: 3"),
        (b"1", "Expected Number of Columns: 2 Found: 1"),
        (b"\xff,2", "it is not UTF-8"),
        (b'"x,2', "Value with unterminated quote found."),
    ],
)
def test_a_csv_row_that_cannot_be_read(
    store: DuckDBOfflineStore, tmp_path: Path, row: bytes, why: str
) -> None:
    (tmp_path / "f.csv").write_bytes(b"a,b\n1,2\n" + row + b"\n")
    with pytest.raises(DataError) as caught:
        load(store, {"a": "string", "b": "string"}, tmp_path / "f.csv")
    assert caught.value.message == "`f.csv`, line 3 can't be read"
    shown, reason = caught.value.help
    assert shown.startswith("Original Line: ")
    assert reason.startswith(why)


@pytest.mark.parametrize("what", ["empty", "text", "cut", "flipped", "page"])
def test_a_parquet_file_that_is_none(store: DuckDBOfflineStore, tmp_path: Path, what: str) -> None:
    file = tmp_path / "f.parquet"
    store.submit(f"COPY (SELECT range AS a FROM range(5000)) TO '{file}'").wait()
    good = file.read_bytes()
    middle = bytes(255 - each for each in good[200:300])
    broken = {
        "empty": b"",
        "text": b"a,b\n1,2\n" * 10,
        "cut": good[: len(good) // 2],
        "flipped": good[:200] + middle + good[300:],
        "page": good[:4] + bytes(16) + good[20:],
    }
    file.write_bytes(broken[what])
    with pytest.raises(DataError) as caught:
        load(store, {"a": "int64"}, file, kind="parquet")
    assert caught.value.message == "`f.parquet` is no Parquet file, or a broken one"
    assert not any("LINE 1" in line for line in caught.value.help)


def test_a_wrong_value_of_a_later_file(store: DuckDBOfflineStore, tmp_path: Path) -> None:
    good = csv_file(tmp_path, "a,b\n1,x\n", "good.csv")
    bad = csv_file(tmp_path, "b,a\ny,1\ny,two\n", "bad.csv")
    with pytest.raises(DataError, match=r"`bad\.csv`, line 3: the column `a` holds `two`"):
        load(store, {"a": "int64", "b": "string"}, good, bad)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_that_is_gone(
    store: DuckDBOfflineStore, tmp_path: Path, kind: Literal["csv", "parquet"]
) -> None:
    with pytest.raises(Unreachable, match=r"gone\.file"):
        load(store, {"a": "int64"}, tmp_path / "gone.file", kind=kind)


@pytest.mark.parametrize("name", ["a[b].csv", "a*.csv", "a?.csv", "it's.csv", "a b.csv"])
def test_a_file_of_any_name_is_that_file(
    store: DuckDBOfflineStore, tmp_path: Path, name: str
) -> None:
    csv_file(tmp_path, "a\n2\n", "ab.csv")
    assert load(store, {"a": "int64"}, csv_file(tmp_path, "a\n1\n", name)) == [(1,)]


# Parquet


def parquet(
    store: DuckDBOfflineStore, folder: Path, kind: str, values: pa.Array, timezone: str = "UTC"
) -> list[Any]:
    file = folder / "f.parquet"
    pq.write_table(pa.table({"a": values, "v": values}), file)
    return [v for (v,) in load(store, {"v": kind}, file, kind="parquet", timezone=timezone)]


@pytest.mark.parametrize(
    ("values", "kind", "native"),
    [
        (pa.array([1, None], pa.int32()), "int64", "BIGINT"),
        (pa.array([1, None], pa.int8()), "int32", "INTEGER"),
        (pa.array([2**32 - 1, None], pa.uint32()), "int64", "BIGINT"),
        (pa.array([1, None], pa.int32()), "float64", "DOUBLE"),
        (pa.array([0.5, None], pa.float32()), "float64", "DOUBLE"),
        (pa.array([Decimal("1.5"), None], pa.decimal128(5, 1)), "decimal(12,2)", "DECIMAL(12,2)"),
        (pa.array([7, None], pa.int32()), "decimal(12,2)", "DECIMAL(12,2)"),
        (pa.array(["a", None]).dictionary_encode(), "string", "VARCHAR"),
        (pa.array([b"\xff", None]), "bytes", "BLOB"),
        (pa.array([True, None]), "bool", "BOOLEAN"),
        (pa.array([date(1, 1, 1), None]), "date", "DATE"),
        (pa.array([[1, None], None], pa.list_(pa.int8())), "list<int32>", "INTEGER[]"),
        (pa.array([[0.5, 1.5], None], pa.list_(pa.float32())), "vector(2)", "FLOAT[2]"),
        (pa.array([[0.5, 1.5], None], pa.list_(pa.float32(), 2)), "vector(2)", "FLOAT[2]"),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else value,
)
def test_parquet_is_widened(
    store: DuckDBOfflineStore, tmp_path: Path, values: pa.Array, kind: str, native: str
) -> None:
    assert parquet(store, tmp_path, kind, values) == values.to_pylist()
    assert rows_of(store, "SELECT column_type FROM (DESCRIBE t)") == [(native,)]


@pytest.mark.parametrize(
    ("values", "kind", "given"),
    [
        (pa.array([1], pa.int64()), "int32", "int64"),
        (pa.array([1], pa.int64()), "float64", "int64"),
        (pa.array([1], pa.uint64()), "int64", ""),
        (pa.array([0.5], pa.float64()), "float32", "float64"),
        (pa.array([0.5], pa.float64()), "decimal(12,2)", "float64"),
        (pa.array([Decimal("1.5")], pa.decimal128(5, 1)), "decimal(5,2)", "decimal(5,1)"),
        (pa.array(["1"]), "int64", "string"),
        (pa.array([b"1"]), "string", "bytes"),
        (pa.array([date(2024, 1, 1)]), "timestamp", "date"),
        (pa.array([1], pa.time64("us")), "timestamp", ""),
        (pa.array([[0.5]], pa.list_(pa.float64())), "vector(1)", "list<float64>"),
        (pa.array([{"a": 1}]), "json", ""),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else value,
)
def test_parquet_that_would_lose_something_is_refused(
    store: DuckDBOfflineStore, tmp_path: Path, values: pa.Array, kind: str, given: str
) -> None:
    with pytest.raises(DataError) as caught:
        parquet(store, tmp_path, kind, values)
    assert caught.value.message == "`f.parquet` has columns of other types than the source declares"
    said, advice = caught.value.help
    assert said.startswith(f"`v` is {given}")
    assert said.endswith(f", declared {kind}")
    assert "cast them in a transformation" in advice


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize(
    ("unit", "value", "microseconds"),
    [
        ("ns", 1_999, 1),
        ("ns", 1_500, 1),
        ("ns", 0, 0),
        ("ns", -1, -1),
        ("ns", -999, -1),
        ("ns", -1_000, -1),
        ("ns", -1_001, -2),
        ("us", -1, -1),
        ("ms", -1, -1_000),
    ],
)
def test_parquet_times_are_floored_to_the_microsecond(
    store: DuckDBOfflineStore,
    tmp_path: Path,
    unit: str,
    value: int,
    microseconds: int,
    zone: str | None,
) -> None:
    given = pa.timestamp(unit, tz=zone)
    wanted = pa.array([microseconds, None], pa.timestamp("us")).to_pylist()
    assert parquet(store, tmp_path, "timestamp", pa.array([value, None], given)) == wanted
    items = pa.array([[value, None], None], pa.list_(given))
    assert parquet(store, tmp_path, "list<timestamp>", items) == [wanted, None]
    assert rows_of(store, "SELECT column_type FROM (DESCRIBE t)") == [("TIMESTAMP[]",)]


@pytest.mark.parametrize("unit", ["ns", "us", "ms"])
def test_naive_parquet_times_are_in_the_sources_zone(
    store: DuckDBOfflineStore, tmp_path: Path, unit: str
) -> None:
    noon, later = datetime(2024, 7, 1, 12), datetime(2024, 7, 1, 16)
    naive = pa.array([noon], pa.timestamp(unit))
    assert parquet(store, tmp_path, "timestamp", naive, NEW_YORK) == [later]
    naive_list = pa.array([[noon]], pa.list_(pa.timestamp(unit)))
    assert parquet(store, tmp_path, "list<timestamp>", naive_list, NEW_YORK) == [[later]]
    zoned = pa.array([noon], pa.timestamp(unit, tz="Asia/Tokyo"))
    assert parquet(store, tmp_path, "timestamp", zoned, NEW_YORK) == [noon]


@pytest.mark.parametrize(
    ("values", "kind", "shown"),
    [
        (pa.array([2**63 - 1], pa.timestamp("us")), "timestamp", "infinity"),
        (pa.array([2**58], pa.timestamp("us")), "timestamp", "11103-08-29 17:22:31.711744"),
        (
            pa.array([2**58], pa.timestamp("us", tz="UTC")),
            "timestamp",
            "11103-08-29 17:22:31.711744+00",
        ),
        (pa.array([2**31 - 1], pa.int32()).cast(pa.date32()), "date", "infinity"),
        (pa.array([-719_163], pa.int32()).cast(pa.date32()), "date", "0001-12-31 (BC)"),
        (pa.array([[1.0]], pa.list_(pa.float32())), "vector(2)", "[1.0]"),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else value,
)
def test_parquet_values_out_of_range_are_refused(
    store: DuckDBOfflineStore, tmp_path: Path, values: pa.Array, kind: str, shown: str
) -> None:
    with pytest.raises(DataError) as caught:
        parquet(store, tmp_path, kind, values)
    assert caught.value.message == (
        f"`f.parquet`: the column `v` holds `{shown}`, which is not {kind}"
    )


def test_parquet_files_are_read_by_their_columns_names(
    store: DuckDBOfflineStore, tmp_path: Path
) -> None:
    one, two, three = (tmp_path / f"{n}.parquet" for n in range(3))
    pq.write_table(pa.table({"a": pa.array([1], pa.int32()), "b": ["x"]}), one)
    pq.write_table(pa.table({"b": ["y"], "a": [2**40], "c": [1]}), two)
    columns = {"a": "int64", "b": "string"}
    assert load(store, columns, one, two, kind="parquet") == [(1, "x"), (2**40, "y")]
    pq.write_table(pa.table({"a": [3]}), three)
    with pytest.raises(DataError) as caught:
        load(store, columns, one, three, kind="parquet")
    assert caught.value.message == "`2.parquet` has no column `b`"


def test_parquet_floats(store: DuckDBOfflineStore, tmp_path: Path) -> None:
    found = parquet(store, tmp_path, "float64", pa.array([-0.0, math.inf, math.nan]))
    assert [str(value) for value in found] == ["0.0", "inf", "nan"]
    items = pa.array([[-0.0]], pa.list_(pa.float64()))
    assert str(parquet(store, tmp_path, "list<float64>", items)) == "[[0.0]]"
