"""DuckDB behind the adapter API: statements, handles, batches, files."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from ffc.adapter import (
    Cancelled,
    DataError,
    Load,
    Options,
    ProfileError,
    Relation,
    StatementFailed,
    Status,
    Unreachable,
    known_type,
)
from ffc_duckdb import DuckDBOfflineStore

LONG = "create table {} as select count(*) as n from range(100000000000) t(a) where a % 7 = 3"


def _store(folder: Path) -> DuckDBOfflineStore:
    return DuckDBOfflineStore(Options(where="t", folder=folder, values={"path": "x/t.duckdb"}))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBOfflineStore]:
    found = _store(tmp_path)
    yield found
    found.close()


def _rows(store: DuckDBOfflineStore, sql: str) -> list[dict[str, Any]]:
    return [row for batch in store.submit(sql).batches() for row in batch.to_pylist()]


def test_a_setting_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no setting `pth`") as found:
        DuckDBOfflineStore(Options(where="`offline`", folder=tmp_path, values={"pth": "x"}))
    assert found.value.help == ("did you mean `path`?",)


def test_nothing_is_opened_before_the_first_statement(tmp_path: Path) -> None:
    store = _store(tmp_path)
    assert not (tmp_path / "x").exists()
    store.submit("create table t as select 1 as a").wait()
    assert (tmp_path / "x" / "t.duckdb").exists()
    store.close()


def test_statements_of_one_submit_happen_whole_or_not_at_all(store: DuckDBOfflineStore) -> None:
    handle = store.submit("create table t as select 1 as a", "insert into t select nope")
    with pytest.raises(StatementFailed, match="nope"):
        handle.wait()
    assert handle.poll() is Status.FAILED
    with pytest.raises(StatementFailed, match="t does not exist"):
        list(store.submit("select * from t").batches())
    store.submit("create table t as select 1 as a", "insert into t values (2)").wait()
    assert _rows(store, "select sum(a)::bigint as s from t") == [{"s": 3}]


def test_rows_come_in_batches_with_their_schema(store: DuckDBOfflineStore) -> None:
    batches = list(store.submit("select i::bigint as i from range(10000) t(i)").batches(4096))
    assert sum(batch.num_rows for batch in batches) == 10_000
    assert max(batch.num_rows for batch in batches) <= 4096
    (empty,) = store.submit("select 1::bigint as i, 'x' as s where false").batches()
    assert (empty.num_rows, empty.schema.names) == (0, ["i", "s"])


def test_reading_goes_on_beside_other_statements(store: DuckDBOfflineStore) -> None:
    reader = store.submit("select i from range(200000) t(i)").batches(1000)
    count = next(reader).num_rows
    store.submit("create table beside as select 1 as a").wait()
    assert count + sum(batch.num_rows for batch in reader) == 200_000


def test_a_statement_can_be_followed_and_cancelled(store: DuckDBOfflineStore) -> None:
    handle = store.submit(LONG.format("t"))
    assert handle.poll() is Status.RUNNING
    with pytest.raises(TimeoutError):
        handle.wait(0.05)
    started = time.monotonic()
    handle.cancel()
    with pytest.raises(Cancelled):
        handle.wait()
    assert time.monotonic() - started < 10
    assert handle.poll() is Status.CANCELLED
    with pytest.raises(StatementFailed):
        list(store.submit("select * from t").batches())


def test_sessions_are_in_utc_whatever_the_machine_says(store: DuckDBOfflineStore) -> None:
    (row,) = _rows(store, "select ('2024-01-01 00:00:00'::timestamp)::timestamptz::text as t")
    assert row["t"] == "2024-01-01 00:00:00+00"


def test_a_file_that_another_process_holds(tmp_path: Path) -> None:
    path = tmp_path / "x" / "t.duckdb"
    path.parent.mkdir()
    script = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(Unreachable, match=r"`t\.duckdb` is in use"):
            _store(tmp_path).submit("select 1")
    finally:
        holder.communicate()


def _load(
    store: DuckDBOfflineStore, *files: Path, timezone: str = "UTC", **columns: str
) -> list[dict[str, Any]]:
    store.submit('create schema if not exists "s"', 'drop table if exists "s"."t"').wait()
    store.load(
        Load(
            relation=Relation("s", "t"),
            files=[str(file) for file in files],
            format="csv" if files[0].suffix == ".csv" else "parquet",
            columns=[(name, known_type(kind)) for name, kind in columns.items()],
            timezone=timezone,
        )
    ).wait()
    return _rows(store, 'select * from "s"."t"')


def _text(folder: Path, text: str, name: str = "a.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_csv_values_are_what_is_declared(store: DuckDBOfflineStore, tmp_path: Path) -> None:
    file = _text(tmp_path, 'i,f,b,d,m,s,u\n-7,nan,true,2024-02-29,1.50,"a ""b"", c",x\n,,,,,"",\n')
    rows = _load(
        store, file, s="string", i="int32", f="float64", b="bool", d="date", m="decimal(5,2)"
    )
    assert list(rows[0]) == ["s", "i", "f", "b", "d", "m"]
    assert str(rows[0]) == (
        "{'s': 'a \"b\", c', 'i': -7, 'f': nan, 'b': True, 'd': datetime.date(2024, 2, 29), "
        "'m': Decimal('1.50')}"
    )
    # An empty field is null, a quoted empty one is the empty string.
    assert rows[1] == {"s": "", "i": None, "f": None, "b": None, "d": None, "m": None}


@pytest.mark.parametrize(
    ("text", "timezone", "instant"),
    [
        ("2024-07-01T12:00:00+02:00", "UTC", "2024-07-01 10:00:00"),
        ("2024-07-01T12:00:00Z", "Europe/Berlin", "2024-07-01 12:00:00"),
        ("2024-07-01 12:00:00", "UTC", "2024-07-01 12:00:00"),
        ("2024-07-01 12:00:00", "Europe/Berlin", "2024-07-01 10:00:00"),
        ("2024-07-01", "Europe/Berlin", "2024-06-30 22:00:00"),
        ("1969-12-31T23:59:59.9999999Z", "UTC", "1969-12-31 23:59:59.999999"),
        ("0001-01-01T00:00:00Z", "UTC", "0001-01-01 00:00:00"),
    ],
)
def test_csv_times_become_utc(
    store: DuckDBOfflineStore, tmp_path: Path, text: str, timezone: str, instant: str
) -> None:
    file = _text(tmp_path, f"t\n{text}\n")
    (row,) = _load(store, file, timezone=timezone, t="timestamp")
    assert str(row["t"]) == instant


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("a\n1\n2\nx3\n", "int64", "`a.csv`, line 4: the column `a` holds `x3`"),
        ("a\ninfinity\n", "timestamp", "line 2: the column `a` holds `infinity`"),
        ("a\nyesterday\n", "timestamp", "yesterday"),
        ("b\n1\n", "int64", "`a.csv` has no column `a`"),
        ("", "int64", "`a.csv` is empty"),
    ],
)
def test_what_does_not_fit_is_named(
    store: DuckDBOfflineStore, tmp_path: Path, text: str, kind: str, words: str
) -> None:
    with pytest.raises(DataError) as found:
        _load(store, _text(tmp_path, text), a=kind)
    assert words in found.value.message


def test_files_of_one_source_may_differ_in_order(store: DuckDBOfflineStore, tmp_path: Path) -> None:
    one = _text(tmp_path, "a,b\n1,x\n", "1.csv")
    two = _text(tmp_path, "\ufeffb,a,c\r\ny,2,z\r\n", "2.csv")
    assert _load(store, one, two, a="int64", b="string") == [
        {"a": 1, "b": "x"},
        {"a": 2, "b": "y"},
    ]
    assert _load(store, _text(tmp_path, "a\n"), a="int64") == []


def _parquet(folder: Path, column: pa.Array) -> Path:
    parquet.write_table(pa.table({"a": column}), folder / "a.parquet")
    return folder / "a.parquet"


@pytest.mark.parametrize(
    ("kind", "values", "timezone", "declared", "found"),
    [
        (pa.timestamp("ns"), [-1], "UTC", "timestamp", "1969-12-31 23:59:59.999999"),
        (pa.timestamp("ns"), [1_999], "UTC", "timestamp", "1970-01-01 00:00:00.000001"),
        (
            pa.timestamp("us", "America/New_York"),
            [0],
            "Asia/Tokyo",
            "timestamp",
            "1970-01-01 00:00:00",
        ),
        (pa.timestamp("us"), [0], "Asia/Tokyo", "timestamp", "1969-12-31 15:00:00"),
        (pa.int32(), [7], "UTC", "int64", "7"),
        (pa.int16(), [7], "UTC", "int32", "7"),
        (pa.float64(), [-0.0], "UTC", "float64", "0.0"),
    ],
)
def test_parquet_columns_become_what_is_declared(
    store: DuckDBOfflineStore,
    tmp_path: Path,
    kind: pa.DataType,
    values: list[Any],
    timezone: str,
    declared: str,
    found: str,
) -> None:
    file = _parquet(tmp_path, pa.array(values, kind))
    (row,) = _load(store, file, timezone=timezone, a=declared)
    assert str(row["a"]) == found


@pytest.mark.parametrize(
    ("kind", "declared"), [(pa.int64(), "int32"), (pa.float64(), "int64"), (pa.string(), "date")]
)
def test_parquet_columns_that_would_lose_something_are_refused(
    store: DuckDBOfflineStore, tmp_path: Path, kind: pa.DataType, declared: str
) -> None:
    file = _parquet(tmp_path, pa.array([None], kind))
    with pytest.raises(DataError, match="of other types than the source declares") as caught:
        _load(store, file, a=declared)
    assert caught.value.help[0].endswith(f", declared {declared}")
