"""Tables that features can be looked up for: of any form, names, types and times."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from support.cli import ffc
from support.projects import FILES
from support.spines import FORMS, KEYS, at, keyed_project, spine

from ffc import Client
from ffc.run.point_in_time.spines import instants

AMOUNT = ["spending.amount"]
US = pa.timestamp("us", tz="UTC")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = keyed_project(tmp_path_factory.mktemp("spines") / "small")
    assert ffc(built, "run").code == 0
    return built


@pytest.fixture(scope="module")
def client(project: Path) -> Client:
    return Client(project)


def found(client: Client, given: object, **words: Any) -> pa.Table:
    """Return features as they were known, of `spending.amount` where nothing else is said."""
    return client.historical(words.pop("features", AMOUNT), given, **words).dataframe("arrow")


def amounts(client: Client, given: object, **words: Any) -> list[object]:
    """Return the last column."""
    return found(client, given, **words).columns[-1].to_pylist()


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_table(form: str, client: Client, tmp_path: Path) -> None:
    asked = FORMS[form](spine(note=["x", "y"]), tmp_path)
    table = found(client, asked)
    assert table.column_names == ["user_id", "at", "note", "spending__amount"]
    assert table.column("spending__amount").to_pylist() == [2.5, 8.0]
    assert table.column("note").to_pylist() == ["x", "y"]
    roles = [column.role for column in client.historical(AMOUNT, spine(x=[1, 2])).columns]
    assert roles == ["key", "timestamp", "include", "feature"]


def test_sql(client: Client) -> None:
    sql = "select user_id, seen, amount as own from {{ ref('clean') }} order by seen desc"
    table = found(client, sql)
    assert table.column("own").to_pylist() == [8.0, 4.0, 2.5, 1.5]
    assert table.column("spending__amount").to_pylist() == [0.0, 0.0, 1.5, 0.0]
    for form in (f"-- why\n{sql}", f"/* why */ {sql}", f"  with x as ({sql}) select * from x"):
        assert found(client, form).num_rows == 4


def test_a_file_that_is_called_as_sql_begins(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("from.csv", "select.parquet", "with.arrow"):
        path = FORMS[name.partition(".")[2].replace("arrow", "arrow file")](spine(), tmp_path)
        Path(str(path)).rename(name)
        assert amounts(client, name) == [2.5, 8.0]


def test_a_file_of_texts(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "asked.csv"
    path.write_text(
        "customer,at,note\n007,2024-01-10 00:00:00,NA\nNA,2024-01-10 00:00:00,null\n"
        'u1,2024-01-10 00:00:00,""\n,2024-01-10 00:00:00,\n'
    )
    table = found(client, path, entities={"user": "customer"})
    assert table.column("customer").to_pylist() == ["007", "NA", "u1", None]
    assert table.column("note").to_pylist() == ["NA", "null", "", None]
    assert table.columns[-1].to_pylist() == [0.0, 0.0, 2.5, 0.0]
    path.write_text("user_id,timestamp\n")
    assert found(client, path).num_rows == 0


def _key(kind: str) -> list[pa.Array]:
    """Return arrays of one key, each of a type that is as good as the declared one."""
    texts: list[pa.DataType] = [pa.string(), pa.large_string(), pa.string_view()]
    numbers = [pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16()]
    moment = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    plain: dict[str, list[pa.Array]] = {
        "string": [pa.array(["c7"], kind) for kind in texts],
        "int32": [pa.array([7], kind) for kind in numbers],
        "int64": [pa.array([7], kind) for kind in (*numbers, pa.int64(), pa.uint32())],
        "date": [pa.array([date(1969, 12, 31)])],
        "timestamp": [
            pa.array([moment], US),
            pa.array([moment], pa.timestamp("us", tz="America/New_York")),
            pa.array([moment.replace(tzinfo=None)], pa.timestamp("us")),
            pa.array([-1], pa.int64()).cast(pa.timestamp("ns", tz="Europe/Berlin")),
        ],
        "decimal(10,2)": [
            pa.array([Decimal("12.5")], kind)
            for kind in (pa.decimal128(10, 2), pa.decimal128(3, 1), pa.decimal256(9, 2))
        ],
        "bool": [pa.array([True])],
    }
    arrays = plain[kind]
    return [*arrays, *(array.dictionary_encode() for array in arrays if kind == "string")]


@pytest.mark.parametrize("kind", KEYS)
def test_types_of_keys(kind: str, client: Client) -> None:
    name = f"of_{kind.partition('(')[0]}"
    for key in _key(kind):
        given = pa.table({f"{name}_id": key, "at": pa.array([at(10)], US)})
        table = found(client, given, features=[f"{name}.n"], timestamp="at")
        assert table.columns[-1].to_pylist() == [1], key.type
        assert table.schema.field(0).type == key.type
    null = pa.table({f"{name}_id": pa.nulls(1), "at": pa.array([at(10)], US)})
    assert amounts(client, null, features=[f"{name}.n"], timestamp="at") == [None]


def test_a_key_that_is_a_day_is_no_time(client: Client) -> None:
    given = {"day": [date(1969, 12, 31)], "at": [at(2)]}
    words: Any = {"features": ["of_date.n"], "entities": {"of_date": "day"}}
    assert amounts(client, pa.table(given), **words) == [1]
    # The key of an entity that nobody asks of is a column as others are.
    own = pa.table({"user_id": ["u1"], "of_date_id": [date(2024, 1, 9)]})
    assert amounts(client, own) == [2.5]


def test_several_keys_and_roles(client: Client) -> None:
    given = pa.table({"user_id": ["u1", "u1", "u2"], "item": [1, 2, 1], "at": [at(9)] * 3})
    assert amounts(client, given, features=["pairs.n"]) == [1, 2, None]
    given = given.rename_columns(["who", "what", "at"])
    words: Any = {"features": ["pairs.n"], "entities": {"pair": ["who", "what"]}}
    assert amounts(client, given, **words) == [1, 2, None]
    two = pa.table({"buyer": ["u1"], "BUYER": ["u2"], "at": [at(10)]})
    roles = {name: {"entity": "user", "keys": [name]} for name in ("buyer", "BUYER")}
    asked = [
        {"feature": AMOUNT[0], "for": "buyer", "as": "a"},
        {"feature": AMOUNT[0], "for": "BUYER"},
    ]
    table = found(client, two, features=asked, entities=roles)
    assert table.to_pylist()[0] | {"at": None} == {
        "buyer": "u1",
        "BUYER": "u2",
        "at": None,
        "a": 2.5,
        "BUYER__spending__amount": 8.0,
    }


@pytest.mark.parametrize("name", ["__row", "__time", "__k0", "__key_0", 'a"b', "ü x", "select", ""])
def test_names_of_columns(name: str, client: Client) -> None:
    table = found(client, spine(**{name: [1, 2]}))
    assert table.column_names == ["user_id", "at", name, "spending__amount"]
    assert table.columns[2].to_pylist() == [1, 2]
    key = spine().rename_columns([name, "at"])
    answer = client.historical(AMOUNT, key, entities={"user": name})
    assert answer.dataframe("arrow").columns[-1].to_pylist() == [2.5, 8.0]
    assert sum(part.count() for part in answer.split()) == 2
    time = spine().rename_columns(["user_id", name])
    assert amounts(client, time, timestamp=name) == [2.5, 8.0]


def _times() -> Iterator[pa.Array]:
    yield pa.array([date(2024, 1, 10)])
    yield pa.array([date(2024, 1, 10)], pa.date64())
    for unit in ("s", "ms", "us", "ns"):
        for zone in (None, "UTC", "Europe/Berlin", "+05:30", "Mars/Phobos"):
            yield pa.array([at(10)], US).cast(pa.timestamp(unit, tz=zone))
    yield pa.array([at(10)], US).dictionary_encode()


@pytest.mark.parametrize("times", [pytest.param(t, id=str(t.type)) for t in _times()])
def test_types_of_times(times: pa.Array, client: Client) -> None:
    table = found(client, pa.table({"user_id": ["u1"], "at": times}), timestamp="at")
    assert table.columns[-1].to_pylist() == [2.5]
    assert table.column("at").combine_chunks().cast(times.type).equals(times)


def test_instants_are_floored_to_the_microsecond() -> None:
    ends = [-(2**63) + 1, -1001, -1000, -999, -1, 0, 1, 999, 1000, 2**63 - 1, None]
    days = [day * 86_400_000_000_000 + ns for day in (-99, 19_665, 19_997) for ns in (-1, 0, 1)]
    for zone in (None, "UTC", "Europe/Berlin", "America/New_York"):
        numbers = pa.array([*ends, *days], pa.int64())
        told = instants(numbers.cast(pa.timestamp("ns", tz=zone)), "at")
        assert told.type == pa.timestamp("us")
        floored = [None if n is None else n // 1000 for n in numbers.to_pylist()]
        assert told.cast(pa.int64()).to_pylist() == floored, zone


def test_a_value_of_the_next_nanosecond_is_not_known(client: Client) -> None:
    # What became true at 1970-01-01T00:00:00Z is not known a nanosecond before.
    for nanosecond, inclusive in ((-1, None), (0, 1), (1, 1)):
        given = {
            "of_int64_id": [7],
            "at": pa.array([_EPOCH + nanosecond], pa.int64()).cast(pa.timestamp("ns")),
        }
        words: Any = {"features": ["of_int64.n"], "boundary": "inclusive"}
        assert amounts(client, pa.table(given), **words) == [inclusive], nanosecond


_EPOCH = int(at(1).timestamp()) * 10**9


def test_the_first_and_the_last_instant(client: Client) -> None:
    ends = [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)]
    for unit in ("us",):
        given = pa.table({"user_id": ["u1", "u1"], "at": pa.array(ends, pa.timestamp(unit))})
        words: Any = {"features": ["profile.country", "of_int64.n"], "timestamp": "at"}
        given = given.append_column("of_int64_id", pa.array([7, 7]))
        assert amounts(client, given, **words) == [None, 1]


def test_nulls_and_nothing(client: Client) -> None:
    nulls = pa.table({"user_id": ["u1", None], "at": [None, at(10)]})
    assert amounts(client, nulls) == [0.0, 0.0]
    assert (
        amounts(client, pa.table({"user_id": pa.nulls(2), "timestamp": pa.nulls(2)})) == [0.0] * 2
    )
    empty = pd.DataFrame(columns=["user_id", "event_timestamp"])
    assert found(client, empty).column_names[-1] == "spending__amount"
    for form in (spine().slice(0, 0), spine().slice(0, 0).to_reader()):
        answer = client.historical(AMOUNT, form)
        assert (answer.count(), list(answer)) == (0, [])
        assert str(answer.schema.field("spending__amount").type) == "double"
    assert amounts(client, spine().select(["user_id"]), timestamp=None) == [8.0 / 3.2, 8.0]


def test_rows_stay_in_their_order(client: Client) -> None:
    mixed = random.Random(5)
    users = mixed.choices(["u1", "u2", "u3", None], k=5_000)
    times = [at(mixed.randint(1, 12), mixed.randint(0, 23)) for _ in users]
    given = pa.table({"user_id": users, "at": pa.array(times, US), "row": range(5_000)})
    batches = [given.slice(n, s) for n, s in ((0, 1), (1, 0), (1, 1), (2, 4_000), (4_002, 998))]
    answer = found(client, pa.concat_tables(batches).to_reader())
    assert answer.select(given.column_names).equals(given)
    values = [_known(u, t) for u, t in zip(users, times, strict=True)]
    assert answer.column("spending__amount").to_pylist() == values


def _known(user: str | None, time: datetime) -> float:
    """Return the amount that was known, from the rows of the small project."""
    rows = [line.split(",") for line in FILES["data/events.csv"].splitlines()[1:]]
    seen = [
        (datetime.fromisoformat(row[3]), float(row[1]))
        for row in rows
        if row[0] == user and max(map(datetime.fromisoformat, row[3:])) < time
    ]
    return max(seen)[1] if seen else 0.0


def _exotic() -> dict[str, pa.Array]:
    return {
        "struct": pa.array([{"a": 1, "b": [None]}, None]),
        "map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int8())),
        "large_list": pa.array([[1], None], pa.large_list(pa.int8())),
        "fixed": pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)),
        "duration": pa.array([1, None], pa.duration("ns")),
        "time": pa.array([1, None], pa.time64("ns")),
        "months": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
        "zoned": pa.array([1, None], pa.timestamp("s", tz="Asia/Kathmandu")),
        "date64": pa.array([86_400_000, None], pa.date64()),
        "half": pa.array(np.array([1.5, np.inf], np.float16)),
        "view": pa.array(["a long text that is not inline", None], pa.string_view()),
        "binary": pa.array([b"\x00\xff", None], pa.binary(2)),
        "huge": pa.array([Decimal(10) ** 60, None], pa.decimal256(70, 2)),
        "categories": pa.array(["b", None]).dictionary_encode(),
        "inner": pa.array([["b"], None], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
        "runs": pa.RunEndEncodedArray.from_arrays([2], [7]),
        "nothing": pa.nulls(2),
        "one_of": pa.UnionArray.from_sparse(
            pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["x", "y"])]
        ),
    }


@pytest.mark.parametrize("name", _exotic())
def test_other_columns_come_back_as_they_were(name: str, client: Client, tmp_path: Path) -> None:
    given = pa.table({"user_id": ["u1", "u2"], "at": pa.array([at(10)] * 2, US)})
    given = given.append_column("timestamp", given.column("at")).append_column(
        pa.field("extra", _exotic()[name].type, metadata={"why": "ours"}), _exotic()[name]
    )
    for form in ("arrow", "reader", "arrow file"):
        table = found(client, FORMS[form](given, tmp_path))
        assert table.column("spending__amount").to_pylist() == [2.5, 8.0]
        own = table.select(given.column_names)
        assert own.schema.field("extra").equals(given.schema.field("extra"), check_metadata=True)
        assert own.column("extra").to_pylist() == given.column("extra").to_pylist()


def test_columns_of_pandas_and_polars(client: Client) -> None:
    frame = pd.DataFrame({"user_id": pd.Categorical(["u1", "u2"]), "at": [at(10), at(20)]})
    frame["period"] = pd.period_range("2024", periods=2, freq="M")
    frame["range"] = pd.interval_range(0, 2)
    frame["count"] = pd.array([1, None], "Int8")
    frame["text"] = pd.array(["a", None], "string[pyarrow]")
    assert amounts(client, frame.set_index(["at", "user_id"])) == [2.5, 8.0]
    back = client.historical(AMOUNT, frame).dataframe()
    assert list(back["spending__amount"]) == [2.5, 8.0]
    assert (back["period"] == frame["period"]).all()
    assert (back["range"] == frame["range"]).all()
    told = client.historical(AMOUNT, frame.drop(columns=["period", "range"])).dataframe("polars")
    assert told["count"].to_list() == [1, None]
    parts = [pl.DataFrame({"user_id": [u], "at": [at(10)]}) for u in ("u1", "u2")]
    parts = [part.with_columns(pl.col("user_id").cast(pl.Categorical)) for part in parts]
    assert amounts(client, pl.concat(parts, rechunk=False)) == [2.5, 8.0]


def test_each_batch_with_a_dictionary_of_its_own(client: Client, tmp_path: Path) -> None:
    kinds = [("user_id", pa.dictionary(pa.int8(), pa.string())), ("at", US)]
    schema = pa.schema([*kinds, ("x", pa.struct([("y", kinds[0][1])]))])
    batches = [
        pa.RecordBatch.from_pylist([{"user_id": u, "at": at(10), "x": {"y": u}}], schema)
        for u in ("u1", "u2", "u1")
    ]
    for given in (
        pa.Table.from_batches(batches),
        pa.RecordBatchReader.from_batches(schema, iter(batches)),
    ):
        answer = client.historical(AMOUNT, given)
        assert answer.schema.field("user_id").type == schema.field("user_id").type
        assert answer.count() == 3
        table = answer.dataframe("arrow")
        assert table.column("user_id").to_pylist() == ["u1", "u2", "u1"]
        assert table.column("x").to_pylist() == [{"y": u} for u in ("u1", "u2", "u1")]
        assert answer.select("spending__amount").dataframe("arrow").columns[0].to_pylist() == [
            *(2.5, 8.0, 2.5)
        ]


def test_picks(client: Client) -> None:
    asked: list[object] = [
        "spending.*",
        {"feature": "spending.amount", "as": "again"},
        {"feature": "spending@default.amount", "lag": "8d"},
        {"feature": "profile.country", "as": "profile__land"},
    ]
    table = found(client, spine(), features=asked)
    assert table.to_pylist()[0] | {"at": None} == {
        "user_id": "u1",
        "at": None,
        "spending__amount": 2.5,
        "again": 2.5,
        "spending__amount__lag_8d": 1.5,
        "profile__land": "NL",
    }
