"""The two training sets of the flights project, through every method of the client."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest
from projects.flights_data import flights_project
from pyarrow import compute as pc
from support.cli import ffc

from ffc import Client
from ffc.client.dataset import Dataset
from ffc.client.tensors import _arrays as tensor_arrays

pytestmark = pytest.mark.slow

SETS: Final = {"cancellations": 336_776, "late_arrivals": 327_346}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    folder = flights_project(tmp_path_factory.mktemp("nyc"))
    assert ffc(folder, "run", "--quiet").code == 0
    return Client(folder)


@pytest.fixture(params=SETS)
def data(client: Client, request: pytest.FixtureRequest) -> Dataset:
    return client.training_set(request.param)


@pytest.fixture
def whole(data: Dataset) -> pa.Table:
    return data.dataframe("arrow")


def time_of(data: Dataset) -> str:
    return next(column.name for column in data.columns if column.role == "timestamp")


def test_whole(data: Dataset, whole: pa.Table, tmp_path: Path, client: Client) -> None:
    assert data.count() == whole.num_rows == SETS[data.name]
    assert whole.column_names == [column.name for column in data.columns]
    assert data.arrow().read_all().equals(whole)
    frame = data.dataframe()
    assert list(frame.columns) == whole.column_names
    assert len(data.dataframe("polars")) == whole.num_rows
    for name in whole.column_names:
        assert frame[name].isna().sum() == whole.column(name).null_count, name
    assert client.training_sets[data.name].rows == whole.num_rows
    assert client.columns(data.name).names == whole.column_names


def test_rows_and_batches(data: Dataset, whole: pa.Table) -> None:
    first = whole.slice(0, 3).to_pylist()
    for row, expected in zip(data, first, strict=False):
        assert row.features == {name: expected[name] for name in data.features}
        assert row.label == expected[data.label or ""]
    batches = list(data.batch(5_000))
    assert [len(b) for b in batches[:-1]] == [5_000] * (len(batches) - 1)
    label = pa.chunked_array([b.label for b in batches])
    assert label.equals(whole.column(data.label).cast(label.type))
    features, label = data.xy()
    assert features.shape == (whole.num_rows, len(data.features))
    assert len(label) == whole.num_rows


def test_mixed_and_repeated(data: Dataset, whole: pa.Table) -> None:
    name = whole.column_names[0]
    mixed = data.select("flight_number", "scheduled_departure_at").shuffle(50_000, seed=11)
    table = mixed.dataframe("arrow")
    plain = whole.select(table.column_names)
    order = [(column, "ascending") for column in table.column_names]
    assert table.sort_by(order).equals(plain.sort_by(order)), name
    assert not table.equals(plain)
    assert mixed.dataframe("arrow").equals(table)
    twice = sum(len(batch) for batch in mixed.repeat(2).batch(10_000))
    assert twice == 2 * whole.num_rows


@pytest.mark.parametrize("by", ["time", "key", "random"])
def test_split(data: Dataset, whole: pa.Table, by: Any) -> None:
    train, test = (side.dataframe("arrow") for side in data.split(0.2, by=by, seed=1))
    assert train.num_rows + test.num_rows == whole.num_rows
    assert 0.1 < test.num_rows / whole.num_rows < 0.35
    if by == "time":
        time = time_of(data)
        assert pc.max(train.column(time)).as_py() < pc.min(test.column(time)).as_py()
    if by == "key":
        key = next(column.name for column in data.columns if column.role == "key")
        assert not set(pc.unique(train.column(key)).to_pylist()) & set(
            pc.unique(test.column(key)).to_pylist()
        )


def test_chosen(data: Dataset, whole: pa.Table) -> None:
    found = data.filter("origin = 'JFK' AND flight_number % 2 = 0").select("flight_number")
    expected = whole.filter(
        (pc.field("origin") == "JFK") & (pc.bit_wise_and(pc.field("flight_number"), 1) == 0)
    )
    assert found.dataframe("arrow").column("flight_number").equals(expected["flight_number"])
    numbers = [
        field.name
        for field in whole.schema
        if field.name in data.features
        and (pa.types.is_integer(field.type) or pa.types.is_floating(field.type))
    ]
    weighted = data.select(*numbers).weights("flight_number")
    matrix, label, weight = weighted.xy("numpy")
    assert (matrix.shape, matrix.dtype) == ((whole.num_rows, len(numbers)), np.float64)
    assert weight.sum() == pc.sum(whole.column("flight_number")).as_py()
    assert len(label) == whole.num_rows
    arrays = list(tensor_arrays(weighted.batch(100_000, backend="numpy")))
    assert sum(len(x) for x, *_ in arrays) == whole.num_rows


def test_the_same_features_for_any_table(client: Client, data: Dataset, whole: pa.Table) -> None:
    """Look the set's features up for its own keys and times: each cell is the same."""
    plan = client._source._place.declared().manifest.node(f"training_set.{data.name}").plan
    asked = [
        {
            "feature": f"{view.view.partition('.')[2]}.{pick.feature}",
            "as": pick.column,
            **({"lag": f"{view.lag}s"} if view.lag else {}),
            "for": view.label_role,
        }
        for view in plan.views
        for pick in view.picks
    ]
    roles = {
        view.label_role: {"entity": view.entity, "keys": [pair.label for pair in view.keys]}
        for view in plan.views
    }
    own = [c.name for c in data.columns if c.role in ("key", "timestamp", "include")]
    found = client.historical(asked, whole.select(own), timestamp=time_of(data), entities=roles)
    table = found.dataframe("arrow")
    for column in (*own, *data.features):
        assert table.column(column).equals(whole.column(column)), column
