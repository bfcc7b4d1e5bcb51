"""Files into PostgreSQL tables, and rows of files lent to its queries: what is its own in both."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.offline import load, loaded, open_postgres, rows_of, tables
from support.postgres import SORTS_BY_BYTES, PostgresServer, shared

from ffc.adapter import Cancelled, DataError, Load, Relation, known_type
from ffc_postgres import PostgresOfflineStore
from ffc_postgres.warehouse import lending


@pytest.fixture
def server() -> PostgresServer:
    return shared()


def load_of(folder: Path, rows: int) -> Load:
    file = folder / "many.csv"
    file.write_text("a,b\n" + "".join(f"{n},text {n}\n" for n in range(rows)))
    columns = [("a", known_type("int64")), ("b", known_type("string"))]
    relation = Relation("public", "t")
    return Load(relation=relation, files=[str(file)], format="csv", columns=columns, timezone="UTC")


# Loading


def test_text_is_compared_by_its_bytes(store: PostgresOfflineStore, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text('s,l\nb,"[b]"\nA,"[A]"\na,"[a]"\nB,"[B]"\n')
    load(store, {"s": "string", "l": "list<string>"}, tmp_path / "f.csv")
    for name in ("s", "l"):
        found = rows_of(store, f"SELECT s FROM public.t ORDER BY {name}")
        assert [text for (text,) in found] == ["A", "B", "a", "b"]
    # A database sorts otherwise by itself, wherever it can.
    given = "SELECT s FROM (VALUES ('b'), ('A'), ('a'), ('B')) AS v(s) ORDER BY s"
    own = ["A", "B", "a", "b"] if SORTS_BY_BYTES else ["a", "A", "b", "B"]
    assert [text for (text,) in rows_of(store, given)] == own


@pytest.mark.parametrize(
    "text", ["\\.", "\\N", "NULL", '""', "a\\nb", "x\r\ny", "'", ",", "{", "\t", " "]
)
def test_text_that_means_something_on_the_way(
    store: PostgresOfflineStore, tmp_path: Path, text: str
) -> None:
    values = [text, None, "", f"x{text}"]
    pq.write_table(pa.table({"s": values, "l": [values, [], None, [text]]}), tmp_path / "f.parquet")
    columns = {"s": "string", "l": "list<string>"}
    found = load(store, columns, tmp_path / "f.parquet", kind="parquet")
    assert found == [(text, values), (None, []), ("", None), (f"x{text}", [text])]


def test_json_files(store: PostgresOfflineStore, tmp_path: Path) -> None:
    record = {
        "a": 1,
        "j": {"x": [1, None]},
        "l": ["x", None],
        "t": "2024-01-01T00:00:00Z",
        "b": True,
    }
    lines, array = tmp_path / "lines.json", tmp_path / "array.json"
    lines.write_text(json.dumps(record) + "\n{}\n")
    array.write_text(json.dumps([record]))
    columns = {"a": "int64", "j": "json", "l": "list<string>", "t": "timestamp", "b": "bool"}
    row = (1, '{"x":[1,null]}', ["x", None], datetime(2024, 1, 1), True)
    found = load(store, columns, lines, array, kind="json")
    assert [(a, j and j.replace(" ", ""), *rest) for a, j, *rest in found] == [
        row,
        (None,) * 5,
        row,
    ]
    lines.write_text('{"a": 1}\n{"a": "x"}\n')
    with pytest.raises(DataError, match=r"`lines\.json`, line 2: the column `a` holds `x`"):
        load(store, {"a": "int64"}, lines, kind="json")
    lines.write_text('{"a": 1}\n{"a"\n')
    with pytest.raises(DataError, match=r"`lines\.json`, line 2"):
        load(store, {"a": "int64"}, lines, kind="json")


def test_a_nul_is_no_text(store: PostgresOfflineStore, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(b"a,b\n1,x\n2,y\x00z\n")
    with pytest.raises(DataError) as caught:
        load(store, {"a": "int64", "b": "string"}, tmp_path / "f.csv")
    assert caught.value.message == "`f.csv`, line 3: the column `b` holds a NUL in its text"
    assert "declare it as bytes" in caught.value.help[0]
    good, bad = tmp_path / "good.parquet", tmp_path / "bad.parquet"
    pq.write_table(pa.table({"l": [["x"]]}), good)
    pq.write_table(pa.table({"l": [["y\x00"]]}), bad)
    with pytest.raises(DataError) as caught:
        load(store, {"l": "list<string>"}, good, bad, kind="parquet")
    assert caught.value.message == "`bad.parquet`: the column `l` holds a NUL in its text"
    assert tables(store) == []


def test_names_of_columns_and_tables(store: PostgresOfflineStore, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text('"select","x ""y""","É"\n1,2,3\n')
    columns = {"É": "int32", 'x "y"': "int64", "select": "string"}
    assert load(store, columns, tmp_path / "f.csv") == [(3, 2, "1")]
    assert [name for name, _ in store.columns(loaded(store))] == list(columns)


def test_many_rows_and_files_are_one_table(store: PostgresOfflineStore, tmp_path: Path) -> None:
    for n in range(30):
        pq.write_table(
            pa.table({"a": range(n * 5_000, (n + 1) * 5_000)}), tmp_path / f"{n}.parquet"
        )
    files = [tmp_path / f"{n}.parquet" for n in range(30)]
    found = load(store, {"a": "int64"}, *files, kind="parquet")
    assert sorted(found) == [(n,) for n in range(150_000)]


def test_a_table_that_is_there_is_not_loaded_into(
    store: PostgresOfflineStore, tmp_path: Path
) -> None:
    wanted = load_of(tmp_path, 10)
    store.load(wanted).wait()
    with pytest.raises(Exception, match='relation "t" already exists'):
        store.load(wanted).wait()
    assert rows_of(store, "SELECT count(*) FROM public.t") == [(10,)]


def test_loading_is_cancelled(store: PostgresOfflineStore, tmp_path: Path) -> None:
    wanted = load_of(tmp_path, 1_000_000)
    threads = threading.active_count()
    for seconds in (0.0, 0.1, 0.3):
        handle = store.load(wanted)
        time.sleep(seconds)
        handle.cancel()
        with pytest.raises(Cancelled):
            handle.wait(10)
    assert tables(store) == []
    end = time.monotonic() + 10
    # The pool's own threads stay.
    while threading.active_count() > threads + 5:
        assert time.monotonic() < end
        time.sleep(0.05)


# Lending


def questions(folder: Path, rows: int) -> Path:
    file = folder / "questions.parquet"
    columns = {
        "n": pa.array(range(rows), pa.int64()),
        "s": pa.array([None if n % 3 == 0 else f"k'{n}\\\"{{" for n in range(rows)], pa.string()),
        "t": pa.array([datetime(2024, 1, 1, 0, 0, 0, n) for n in range(rows)], pa.timestamp("us")),
        "d": pa.array([date(2024, 1, 1)] * rows, pa.date32()),
        "b": pa.array([n % 2 == 0 for n in range(rows)], pa.bool_()),
        "m": pa.array([Decimal(n).scaleb(-2) for n in range(rows)], pa.decimal128(9, 2)),
    }
    pq.write_table(pa.table(columns), file)
    return file


def asked(store: PostgresOfflineStore, lent: Relation | str) -> list[tuple[Any, ...]]:
    text = lent if isinstance(lent, str) else f'SELECT * FROM "{lent.schema}"."{lent.name}"'
    return rows_of(store, f"SELECT * FROM (\n{text}\n) AS lent ORDER BY n")


def lent_tables(store: PostgresOfflineStore) -> list[str]:
    query = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname LIKE 'rows_%'"
    return [name for (name,) in rows_of(store, query)]


@pytest.mark.parametrize("rows", [0, 1, 1_000, lending.FEW + 1])
@pytest.mark.parametrize("read_only", [False, True])
def test_rows_that_are_lent(
    server: PostgresServer, tmp_path: Path, rows: int, read_only: bool
) -> None:
    store = open_postgres(server, read_only=read_only)
    file = questions(tmp_path, rows)
    wanted = [tuple(row.values()) for row in pq.read_table(file).to_pylist()]
    with store.lend(file) as lent:
        assert asked(store, lent) == wanted
        assert isinstance(lent, Relation) == (rows > lending.FEW and not read_only)
        if rows:
            text = lent if isinstance(lent, str) else f'SELECT * FROM "{lent.schema}"."{lent.name}"'
            by_bytes = f"SELECT pg_collation_for(s) FROM ({text}) AS lent LIMIT 1"
            assert rows_of(store, by_bytes) == [('"C"',)]
    assert lent_tables(store) == []
    store.close()


def test_rows_are_lent_where_no_schema_may_be_made(server: PostgresServer, tmp_path: Path) -> None:
    database = server.database()
    server.sql("DROP ROLE IF EXISTS reader")
    server.sql("CREATE ROLE reader")
    server.sql("GRANT reader TO ffc")
    store = open_postgres(server, database, role="reader")
    with store.lend(questions(tmp_path, lending.FEW + 1)) as lent:
        assert isinstance(lent, str)
        assert len(asked(store, lent)) == lending.FEW + 1
    store.close()


def test_what_the_dead_lent_is_swept_and_what_the_living_lend_is_not(
    server: PostgresServer, tmp_path: Path
) -> None:
    database = server.database()
    one, two, three = (open_postgres(server, database) for _ in range(3))
    file = questions(tmp_path, lending.FEW + 1)
    living = one.lend(file)
    lent = living.__enter__()
    dead = two.lend(file)
    left = dead.__enter__()
    server.sql(
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        f"WHERE l.locktype = 'advisory' AND a.datname = '{database}' ORDER BY a.backend_start DESC LIMIT 1"
    )
    dead.__exit__(None, None, None)
    assert isinstance(left, Relation)
    assert isinstance(lent, Relation)
    assert sorted(lent_tables(three)) == sorted([lent.name, left.name])
    with three.lend(file) as found:
        assert isinstance(found, Relation)
        assert sorted(lent_tables(three)) == sorted([lent.name, found.name])
    living.__exit__(None, None, None)
    assert lent_tables(three) == []
    for store in (one, two, three):
        store.close()


def test_lent_times_are_utc(store: PostgresOfflineStore, tmp_path: Path) -> None:
    times = pa.array([datetime(2024, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"n": times}), tmp_path / "f.parquet")
    with store.lend(tmp_path / "f.parquet") as lent:
        assert asked(store, lent) == [(datetime(2024, 1, 1),)]
