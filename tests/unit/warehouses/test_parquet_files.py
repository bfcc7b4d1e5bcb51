"""Parquet files as tables of a warehouse: widened, never narrowed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.offline import NEW_YORK, WAREHOUSES, called, load, loaded, warehouse

from ffc.adapter import DataError, OfflineStore


@pytest.fixture(params=WAREHOUSES, scope="module")
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OfflineStore]:
    with warehouse(request.param, tmp_path_factory.mktemp("warehouse")) as store:
        yield store


def parquet(
    store: OfflineStore, folder: Path, kind: str, values: pa.Array, timezone: str = "UTC"
) -> list[Any]:
    file = folder / "f.parquet"
    pq.write_table(pa.table({"a": values, "v": values}), file)
    return [v for (v,) in load(store, {"v": kind}, file, kind="parquet", timezone=timezone)]


@pytest.mark.parametrize(
    ("values", "kind", "kept"),
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
    store: OfflineStore, tmp_path: Path, values: pa.Array, kind: str, kept: str
) -> None:
    assert parquet(store, tmp_path, kind, values) == values.to_pylist()
    assert store.columns(loaded(store)) == [("v", called(store, kept))]


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
    store: OfflineStore, tmp_path: Path, values: pa.Array, kind: str, given: str
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
    store: OfflineStore,
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
    assert store.columns(loaded(store)) == [("v", called(store, "TIMESTAMP[]"))]


@pytest.mark.parametrize("unit", ["ns", "us", "ms"])
def test_naive_parquet_times_are_in_the_sources_zone(
    store: OfflineStore, tmp_path: Path, unit: str
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
    store: OfflineStore, tmp_path: Path, values: pa.Array, kind: str, shown: str
) -> None:
    with pytest.raises(DataError) as caught:
        parquet(store, tmp_path, kind, values)
    assert caught.value.message == (
        f"`f.parquet`: the column `v` holds `{shown}`, which is not {kind}"
    )


def test_parquet_files_are_read_by_their_columns_names(store: OfflineStore, tmp_path: Path) -> None:
    one, two, three = (tmp_path / f"{n}.parquet" for n in range(3))
    pq.write_table(pa.table({"a": pa.array([1], pa.int32()), "b": ["x"]}), one)
    pq.write_table(pa.table({"b": ["y"], "a": [2**40], "c": [1]}), two)
    columns = {"a": "int64", "b": "string"}
    assert load(store, columns, one, two, kind="parquet") == [(1, "x"), (2**40, "y")]
    pq.write_table(pa.table({"a": [3]}), three)
    with pytest.raises(DataError) as caught:
        load(store, columns, one, three, kind="parquet")
    assert caught.value.message == "`2.parquet` has no column `b`"


def test_parquet_floats(store: OfflineStore, tmp_path: Path) -> None:
    found = parquet(store, tmp_path, "float64", pa.array([-0.0, math.inf, math.nan]))
    assert [str(value) for value in found] == ["0.0", "inf", "nan"]
    items = pa.array([[-0.0]], pa.list_(pa.float64()))
    assert str(parquet(store, tmp_path, "list<float64>", items)) == "[[0.0]]"
