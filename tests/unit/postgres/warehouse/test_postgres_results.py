"""The rows of a query to PostgreSQL as Arrow has them: every type, its extremes, what is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from support.offline import open_postgres, rows_of
from support.postgres import shared

from ffc.adapter import DataError, StatementFailed
from ffc_postgres import PostgresOfflineStore
from ffc_postgres.warehouse import results as results_module


@pytest.fixture(scope="module", params=[pytest.param(16, marks=pytest.mark.slow), 18])
def store(request: pytest.FixtureRequest) -> Iterator[PostgresOfflineStore]:
    store = open_postgres(shared(request.param))
    yield store
    store.close()


def column(store: PostgresOfflineStore, *values: str) -> pa.ChunkedArray:
    rows = ", ".join(f"({value})" for value in values)
    batches = list(store.submit(f"SELECT * FROM (VALUES {rows}) AS v(x)").batches())
    return pa.Table.from_batches(batches)["x"]


FIRST = datetime(1, 1, 1)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999)
NINES = Decimal("9" * 38)


@pytest.mark.parametrize(
    ("kind", "texts", "arrow", "values"),
    [
        ("boolean", ["t", "f"], pa.bool_(), [True, False]),
        ("smallint", ["-32768", "32767"], pa.int16(), [-(2**15), 2**15 - 1]),
        ("int", ["-2147483648", "2147483647"], pa.int32(), [-(2**31), 2**31 - 1]),
        ("bigint", [str(-(2**63)), str(2**63 - 1)], pa.int64(), [-(2**63), 2**63 - 1]),
        ("oid", ["0", str(2**32 - 1)], pa.uint32(), [0, 2**32 - 1]),
        ("real", ["0.1", "-Infinity"], pa.float32(), [0.10000000149011612, -math.inf]),
        ("double precision", ["1e-323", "Infinity"], pa.float64(), [1e-323, math.inf]),
        ("text", ["", "é\t\n\"\\'"], pa.string(), ["", "é\t\n\"\\'"]),
        ("varchar(3)", ["abc"], pa.string(), ["abc"]),
        ("char(3)", ["a"], pa.string(), ["a  "]),
        ("name", ["n"], pa.string(), ["n"]),
        ('"char"', ["c"], pa.string(), ["c"]),
        ("bytea", ["", r"\x00ff"], pa.binary(), [b"", b"\x00\xff"]),
        ("json", ['{"a":  1}'], pa.string(), ['{"a":  1}']),
        ("jsonb", ['{"a":  1}'], pa.string(), ['{"a": 1}']),
        ("uuid", ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"], pa.string(), None),
        ("interval", ["1 mon 2 days"], pa.string(), ["1 mon 2 days"]),
        ("inet", ["10.0.0.1/8"], pa.string(), ["10.0.0.1/8"]),
        ("int4range", ["[1,3)"], pa.string(), ["[1,3)"]),
        ("date", ["0001-01-01", "9999-12-31"], pa.date32(), [FIRST.date(), LAST.date()]),
        ("timestamp", [str(FIRST), str(LAST)], pa.timestamp("us"), [FIRST, LAST]),
        ("timestamp", ["1969-12-31 23:59:59.999999"], pa.timestamp("us"), None),
        (
            "timestamptz",
            ["2024-01-01 12:00:00.5+02"],
            pa.timestamp("us", "UTC"),
            [datetime(2024, 1, 1, 10, 0, 0, 500_000, tzinfo=UTC)],
        ),
        ("numeric(9,2)", ["-1.5", "0"], pa.decimal128(9, 2), [Decimal("-1.50"), Decimal("0.00")]),
        (
            "numeric(38,0)",
            ["9" * 38, "-" + "9" * 38],
            pa.decimal128(38, 0),
            [NINES, Decimal(f"-{NINES}")],
        ),
        ("numeric(38,38)", ["0." + "9" * 38], pa.decimal128(38, 38), [Decimal(f"0.{NINES}")]),
        ("numeric(4,0)", ["1e3"], pa.decimal128(4, 0), [Decimal(1000)]),
        ("int[]", ["{1,NULL,3}", "{}"], pa.list_(pa.int32()), [[1, None, 3], []]),
        ("smallint[]", ["[3:4]={1,2}"], pa.list_(pa.int16()), [[1, 2]]),
        ("bigint[]", ["{9223372036854775807}"], pa.list_(pa.int64()), [[2**63 - 1]]),
        ("real[]", ["{0.5}"], pa.list_(pa.float32()), [[0.5]]),
        ("float8[]", ["{0.1,-0}"], pa.list_(pa.float64()), [[0.1, -0.0]]),
        ("boolean[]", ["{t,f,NULL}"], pa.list_(pa.bool_()), [[True, False, None]]),
        ("text[]", ['{"a,b",NULL,"NULL",""}'], pa.list_(pa.string()), [["a,b", None, "NULL", ""]]),
        ("varchar(2)[]", ["{ab}"], pa.list_(pa.string()), [["ab"]]),
        ("bytea[]", [r'{"\\x00ff"}'], pa.list_(pa.binary()), [[b"\x00\xff"]]),
        ("date[]", ["{2024-02-29}"], pa.list_(pa.date32()), [[date(2024, 2, 29)]]),
        ("timestamp[]", ["{2024-02-29}"], pa.list_(pa.timestamp("us")), [[datetime(2024, 2, 29)]]),
        (
            "numeric(9,2)[]",
            ["{1.5,NULL}"],
            pa.list_(pa.decimal128(9, 2)),
            [[Decimal("1.50"), None]],
        ),
        ("uuid[]", ["{}"], pa.string(), ["{}"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_type_and_its_extremes(
    store: PostgresOfflineStore, kind: str, texts: list[str], arrow: pa.DataType, values: Any
) -> None:
    given = [f"""'{text.replace("'", "''")}'::{kind}""" for text in texts]
    found = column(store, f"NULL::{kind}", *given, f"NULL::{kind}")
    assert found.type == arrow
    found.validate(full=True)
    if values is None:
        values = [datetime.fromisoformat(t) if kind == "timestamp" else t for t in texts]
    assert found.to_pylist() == [None, *values, None]
    assert column(store, f"NULL::{kind}").to_pylist() == [None]
    none = list(store.submit(f"SELECT NULL::{kind} AS x WHERE false").batches())
    assert [(batch.num_rows, batch.schema.field("x").type) for batch in none] == [(0, arrow)]


def test_types_of_the_users(store: PostgresOfflineStore) -> None:
    store.submit(
        "CREATE TYPE public.mood AS ENUM ('sad', 'ok')",
        "CREATE DOMAIN public.amount AS numeric(9, 2)",
        "CREATE TYPE public.both AS (a int, b text)",
    ).wait()
    assert column(store, "'ok'::public.mood").to_pylist() == ["ok"]
    assert column(store, "1.5::public.amount").to_pylist() == [Decimal("1.50")]
    assert column(store, "ROW(1, 'x y')::public.both").to_pylist() == ['(1,"x y")']


def test_nan_is_a_float(store: PostgresOfflineStore) -> None:
    assert math.isnan(column(store, "'NaN'::float8").to_pylist()[0])
    assert str(column(store, "'-0'::real").to_pylist()[0]) == "-0.0"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'infinity'::timestamp", "a time that is infinite, or not of the years 0001 to 9999"),
        ("'-infinity'::timestamptz", "a time that is infinite, or not of the years 0001 to 9999"),
        ("'10000-01-01'::timestamp", "a time that is infinite, or not of the years 0001 to 9999"),
        ("'infinity'::date", "a time that is infinite, or not of the years 0001 to 9999"),
        ("'0001-12-31 BC'::date", "a time that is infinite, or not of the years 0001 to 9999"),
        ("'NaN'::numeric(9, 2)", "a number that is NaN or infinite"),
        ("ARRAY['NaN']::numeric(9, 2)[]", "a number that is NaN or infinite"),
        ("ARRAY[[1, 2], [3, 4]]", "an array of several dimensions"),
        ("ARRAY['infinity']::date[]", "a time that is infinite, or not of the years 0001 to 9999"),
    ],
)
def test_a_value_that_arrow_has_not_is_refused_naming_its_column(
    store: PostgresOfflineStore, value: str, said: str
) -> None:
    with pytest.raises(DataError) as caught:
        list(store.submit(f'SELECT 1 AS a, {value} AS "the column"').batches())
    assert caught.value.message == f"the column `the column` holds {said}"


@pytest.mark.parametrize(
    "kind", ["numeric", "numeric(39, 2)", "numeric[]", "numeric(50, 0)[]", "numeric(2, -3)"]
)
def test_a_numeric_of_any_size_is_refused_naming_its_column(
    store: PostgresOfflineStore, kind: str
) -> None:
    with pytest.raises(StatementFailed) as caught:
        store.submit(f"SELECT NULL::{kind} AS n").wait()
    assert caught.value.message.startswith("the column `n` is a numeric without a precision")
    assert "cast it, to numeric(38, 9)" in caught.value.help[0]


def test_text_that_is_none() -> None:
    server = shared(18)
    without = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    server.sql(f"CREATE DATABASE no_encoding {without}")
    store = open_postgres(server, "no_encoding")
    with pytest.raises(DataError, match="invalid byte sequence for encoding"):
        rows_of(store, r"SELECT convert_from('\xff'::bytea, 'SQL_ASCII') AS a")
    store.close()


def test_names_of_columns_are_whatever_they_are(store: PostgresOfflineStore) -> None:
    query = """SELECT 1 AS a, 2 AS a, '{}'::jsonb AS "c0", 1 AS "x""y", 2.5::numeric(2, 1), 'é' AS "é" """
    (batch,) = store.submit(query).batches()
    assert batch.schema.names == ["a", "a", "c0", 'x"y', "numeric", "é"]
    assert [array.to_pylist() for array in batch.columns] == [
        [1],
        [2],
        ["{}"],
        [1],
        [Decimal("2.5")],
        ["é"],
    ]


def test_rows_keep_the_order_of_the_query(store: PostgresOfflineStore) -> None:
    query = "SELECT n, (n / 8)::numeric(9, 3) AS x FROM generate_series(1, 20000) AS g(n) ORDER BY n DESC"
    batches = list(store.submit(query).batches(3_000))
    assert [batch.num_rows for batch in batches] == [3_000] * 6 + [2_000]
    assert pa.Table.from_batches(batches)["n"].to_pylist() == list(range(20_000, 0, -1))


def test_big_results_take_little_memory(
    store: PostgresOfflineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_module, "_CHUNK", 1 << 20)
    before = pa.total_allocated_bytes()
    count = most = 0
    query = "SELECT n, repeat(md5(n::text), 32) AS t FROM generate_series(1, 100000) AS g(n)"
    for batch in store.submit(query).batches():
        count += batch.num_rows
        most = max(most, batch.nbytes)
    assert count == 100_000
    assert most < 2 << 20
    assert pa.total_allocated_bytes() - before < 8 << 20


def test_rows_that_are_long(store: PostgresOfflineStore) -> None:
    query = "SELECT repeat('x', 20000000) AS t, ARRAY(SELECT generate_series(1, 100000)) AS a FROM generate_series(1, 3)"
    batches = list(store.submit(query).batches())
    assert [batch.num_rows for batch in batches] == [1, 1, 1]
    assert len(batches[2]["t"][0].as_py()) == 20_000_000
    assert batches[2]["a"][0].as_py() == list(range(1, 100_001))
