"""Data sets: what each step keeps, in which order, and what it costs to hold."""

from __future__ import annotations

import importlib.util
import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import compute as pc

from ffc.client.dataset import Dataset, Plan
from ffc.client.progress import progress_of
from ffc.client.stored import Fetched, StoredRows
from ffc.client.tensors import _arrays as tensor_arrays
from ffc.core.errors import BadRequest, Unreachable
from ffc.manifest.records import OutputColumn

ROWS = 1_000
BATCH = 64
START = datetime(2024, 1, 1, tzinfo=UTC)
COLUMNS = tuple(
    OutputColumn(name=name, role=role, type=kind, origin=name)
    for name, role, kind in (
        ("key", "key", "string"),
        ("other", "key", "int64"),
        ("at", "timestamp", "timestamp"),
        ("weight", "include", "float64"),
        ("number", "feature", "int64"),
        ("share", "feature", "float64"),
        ("y", "label", "bool"),
    )
)


def table(rows: int = ROWS) -> pa.Table:
    """Return rows in no order of time; some times come often, some rows have none."""
    rng = np.random.default_rng(7)
    hours = rng.integers(0, rows // 3, rows)
    times = [None if i % 50 == 7 else START + timedelta(hours=int(h)) for i, h in enumerate(hours)]
    return pa.table(
        {
            "key": [
                None if i % 97 == 3 else f"k{k}" for i, k in enumerate(rng.integers(0, 40, rows))
            ],
            "other": pa.array(rng.integers(0, 5, rows)),
            "at": pa.array(times, pa.timestamp("us", tz="UTC")),
            "weight": rng.random(rows),
            "number": pa.array([None if i % 10 == 0 else i for i in range(rows)], pa.int64()),
            "share": pa.array(np.arange(rows) / rows),
            "y": pa.array(rng.random(rows) < 0.5),
        }
    )


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return made(tmp_path, table())


def made(folder: Path, rows: pa.Table, told: int | None = None) -> Dataset:
    @contextmanager
    def fetch() -> Iterator[Fetched]:
        batches = iter(rows.to_batches(BATCH))
        yield Fetched(schema=rows.schema, rows=told, batches=batches)

    stored = StoredRows(folder / "rows.arrow", fetch, progress_of("rows", False))
    return Dataset(stored, Plan(name="set", columns=COLUMNS))


def shares(found: Dataset) -> list[float]:
    """Return what tells rows apart, in the order in which they come."""
    return [row.features["share"] for row in found]


def test_rows_as_they_are(data: Dataset) -> None:
    whole = table()
    assert data.dataframe("arrow").equals(whole)
    assert data.count() == ROWS
    assert (data.features, data.label) == (["number", "share"], "y")
    first, *_ = data
    assert first == ({"number": None, "share": 0.0}, whole.column("y")[0].as_py())
    features, label = first
    assert (features, label) == (first.features, first.label)
    frame = data.dataframe()
    assert list(frame.columns) == whole.column_names
    assert str(frame["number"].dtype) == "Int64"
    assert str(data.dataframe("polars").schema["number"]) == "Int64"


@pytest.mark.parametrize("size", [1, 7, BATCH, 100, ROWS, ROWS + 1])
def test_batches_have_their_size(data: Dataset, size: int) -> None:
    batches = list(data.batch(size))
    assert [len(b) for b in batches[:-1]] == [size] * (len(batches) - 1)
    assert sum(map(len, batches)) == ROWS
    whole = list(data.batch(size, drop_last=True))
    assert [len(b) for b in whole] == [size] * (ROWS // size)
    features, label = batches[0]
    assert features.schema.names == ["number", "share"]
    assert label.type == pa.bool_()
    together = pa.Table.from_batches([b.arrow for b in batches])
    assert together.equals(table().select(["number", "share", "y"]))


@pytest.mark.parametrize(("backend", "kind"), [("pandas", pd.DataFrame), ("numpy", np.ndarray)])
def test_batches_of_a_backend(data: Dataset, backend: str, kind: type) -> None:
    features, label, weight = next(iter(data.weights("weight").batch(8, backend=backend)))
    assert isinstance(features, kind)
    assert features.shape == (8, 2)
    assert (len(label), len(weight)) == (8, 8)


def test_features_and_label_apart(data: Dataset) -> None:
    features, label = data.xy()
    assert list(features.columns) == ["number", "share"]
    assert label.name == "y"
    features, label, weight = data.weights("weight").xy("numpy")
    assert (features.shape, features.dtype) == ((ROWS, 2), np.float64)
    assert np.isnan(features[0, 0])
    assert weight.sum() == pytest.approx(pc.sum(table().column("weight")).as_py())
    assert len(label) == ROWS


def test_shuffle_loses_nothing_and_says_the_same_for_a_seed(data: Dataset) -> None:
    mixed = shares(data.shuffle(100, seed=3))
    assert sorted(mixed) == shares(data)
    assert mixed != shares(data)
    assert mixed == shares(data.shuffle(100, seed=3))
    assert mixed != shares(data.shuffle(100, seed=4))
    assert mixed != shares(data.shuffle(99, seed=3))


def test_shuffle_says_the_same_in_each_version(data: Dataset) -> None:
    # These rows are what seed 1 means: a model that was trained with it can be trained again.
    assert shares(data.shuffle(ROWS, seed=1))[:5] == [0.458, 0.323, 0.622, 0.828, 0.093]


def test_shuffle_moves_rows_no_farther_than_its_buffer_holds(data: Dataset) -> None:
    for place, share in enumerate(shares(data.shuffle(100, seed=1))):
        assert round(share * ROWS) - place < 150


def test_repeat(data: Dataset) -> None:
    assert shares(data.repeat(2)) == shares(data) * 2
    twice = shares(data.shuffle(ROWS, seed=1).repeat(2))
    assert sorted(twice[:ROWS]) == sorted(twice[ROWS:]) == shares(data)
    assert twice[:ROWS] != twice[ROWS:], "each pass is in another order"
    assert shares(data.shuffle(ROWS, seed=1).repeat(2)) == twice
    endless = itertools.islice(iter(data.repeat()), 2 * ROWS + 5)
    assert len(list(endless)) == 2 * ROWS + 5
    for method in ("dataframe", "count", "xy"):
        with pytest.raises(BadRequest, match="has no end"):
            getattr(data.repeat(), method)()


@pytest.mark.parametrize("by", ["random", "key", "time"])
def test_both_sides_of_a_split(data: Dataset, by: Any) -> None:
    train, test = data.split(0.25, by=by, seed=5)
    left, right = set(shares(train)), set(shares(test))
    assert not left & right
    expected = {
        s
        for s, at in zip(shares(data), data.dataframe()["at"], strict=True)
        if by != "time" or not pd.isna(at)
    }
    assert left | right == expected
    assert 0.15 < len(right) / ROWS < 0.35
    again, _ = data.split(0.25, by=by, seed=5)
    assert shares(again) == shares(train)
    if by != "time":
        other, _ = data.split(0.25, by=by, seed=6)
        assert shares(other) != shares(train)


def test_a_split_by_key_keeps_a_key_on_one_side(data: Dataset) -> None:
    train, test = data.split(by="key")
    assert not set(train.dataframe()["key"].dropna()) & set(test.dataframe()["key"].dropna())
    train, test = data.split(by="key", key=["key", "other"])
    pairs = [
        set(map(tuple, d.dataframe()[["key", "other"]].astype(str).values)) for d in (train, test)
    ]
    assert not pairs[0] & pairs[1]
    assert set(train.dataframe()["other"]) & set(test.dataframe()["other"])


def test_a_split_by_time_trains_on_nothing_of_the_future(data: Dataset) -> None:
    for share in (0.01, 0.2, 0.5, 0.99):
        train, test = data.split(share, by="time")
        newest, oldest = train.dataframe()["at"].max(), test.dataframe()["at"].min()
        assert newest < oldest
        times = data.dataframe()["at"].dropna().sort_values()
        # The border is the one that leaves the nearest share behind it, instants kept together.
        assert oldest == times.iloc[len(times) - int(share * len(times))] if share < 0.99 else True
        assert len(train.dataframe()) + len(test.dataframe()) == len(times)
    train, test = data.split(by="time", at="2024-01-05T12:00:00Z")
    border = pd.Timestamp("2024-01-05T12:00:00Z")
    assert train.dataframe()["at"].max() < border <= test.dataframe()["at"].min()


def test_a_split_after_a_shuffle_is_of_the_same_rows(data: Dataset) -> None:
    for by in ("random", "key", "time"):
        before = set(shares(data.split(by=by)[1].shuffle(50)))
        after = set(shares(data.shuffle(50).split(by=by)[1]))
        assert before == after
        # Epochs are in other orders, and a row is on the same side in each.
        _, test = data.shuffle(50).repeat(3).split(by=by)
        assert set(shares(test)) == before
        assert len(shares(test)) == 3 * len(before)


def test_steps_chain_in_any_order(data: Dataset) -> None:
    plain = data.filter("number >= 500").select("share").shuffle(64, seed=2)
    expected = [row.features["share"] for row in plain]
    for other in (
        data.select("share").filter("number >= 500").shuffle(64, seed=2),
        data.batch(10).filter("number >= 500").shuffle(64, seed=2).select("share"),
    ):
        found = [s for b in other.batch(10) for s in b.features.column("share").to_pylist()]
        assert found == expected


def test_select(data: Dataset) -> None:
    found = data.select("share", "weight")
    assert found.features == ["share", "weight"]
    assert [c.name for c in found.columns] == ["share", "weight", "y"]
    assert list(found.dataframe().columns) == ["share", "weight", "y"]
    train, _ = found.split(by="time")
    assert list(train.dataframe().columns) == ["share", "weight", "y"]
    for wrong in ((), ("share", "share"), ("shar",)):
        with pytest.raises(BadRequest):
            data.select(*wrong)


@pytest.mark.parametrize(
    "condition",
    [
        "number % 2 = 0 AND share > 0.5",
        (pc.field("number") > 500) & (pc.field("share") < 0.8),
        "at >= '2024-01-03' OR key IS NULL",
        "NUMBER in (1, 2, 3)",
    ],
)
def test_filter(data: Dataset, condition: Any) -> None:
    import duckdb

    rows = table()
    if isinstance(condition, str):
        duckdb.execute("SET TimeZone = 'UTC'")
        expected = (
            duckdb.from_arrow(rows)
            .filter(condition.replace("at >", '"at" >'))
            .to_arrow_table()
            .column("share")
        )
        assert shares(data.filter(condition)) == expected.to_pylist()
    else:
        assert shares(data.filter(condition)) == rows.filter(condition).column("share").to_pylist()


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("nmber > 3", "there is no column `nmber`"),
        ("number", "neither true nor false"),
        ("number >", "no condition"),
        ("number > 'x'", "no condition"),
        ("y, y", "no condition"),
        (pc.field("nope") > 1, "no condition"),
    ],
)
def test_conditions_that_are_none(data: Dataset, condition: Any, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        data.filter(condition).count()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda d: d.batch(0),
        lambda d: d.batch(2.5),
        lambda d: d.shuffle(-1),
        lambda d: d.repeat(0),
        lambda d: d.split(0),
        lambda d: d.split(1.5),
        lambda d: d.split(by="luck"),
        lambda d: d.split(by="key", key="nope"),
        lambda d: d.weights("nope"),
        lambda d: d.dataframe("excel"),
        lambda d: d.batch(3, backend="excel"),
        lambda d: d.select("key").xy("numpy"),
        lambda d: d.repeat().split(by="time"),
    ],
)
def test_what_means_nothing_is_refused(data: Dataset, wrong: Any) -> None:
    with pytest.raises(BadRequest):
        wrong(data)


def test_rows_are_fetched_once_and_whole(tmp_path: Path) -> None:
    found = made(tmp_path, table(), told=ROWS)
    assert not list(tmp_path.iterdir()), "nothing is read before it is needed"
    assert found.count() == ROWS
    (tmp_path / "rows.arrow").unlink()
    assert found.count() == ROWS, "a file that is gone is fetched again"
    torn = made(tmp_path / "torn", table(), told=ROWS + 1)
    with pytest.raises(Unreachable, match="1,000 rows came, of 1,001"):
        torn.count()
    assert not list((tmp_path / "torn").iterdir())


def test_tensors(data: Dataset) -> None:
    arrays = list(tensor_arrays(data.weights("weight").batch(300, backend="numpy")))
    assert [x.shape for x, *_ in arrays] == [(300, 2)] * 3 + [(100, 2)]
    assert [array.dtype for array in arrays[0]] == [np.float32] * 3
    assert np.isnan(arrays[0][0][0, 0])
    labels = np.concatenate([y for _, y, _ in arrays])
    assert labels.tolist() == [float(y) for y in table().column("y").to_pylist()]


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        (["a", "b"], pa.string(), "a label of string is no number"),
        ([1, None], pa.int64(), "is null in some rows"),
    ],
)
def test_labels_that_are_no_tensors(tmp_path: Path, values: Any, kind: Any, said: str) -> None:
    rows = table(9).slice(0, 2).set_column(6, "y", pa.array(values, kind))
    with pytest.raises(BadRequest, match=said):
        list(tensor_arrays(made(tmp_path, rows).batch(2, backend="numpy")))


@pytest.mark.parametrize("library", ["torch", "tensorflow"])
def test_a_library_that_is_missing_is_named(data: Dataset, library: str) -> None:
    if importlib.util.find_spec(library) is None:
        with pytest.raises(BadRequest, match=f"needs {library}, which is not installed"):
            getattr(data, library)()
        return
    found = list(getattr(data, library)(300))
    assert [tuple(x.shape) for x, _ in found] == [(300, 2)] * 3 + [(100, 2)]


def test_libraries_are_imported_when_they_are_asked_for(data: Dataset) -> None:
    code = (
        "import sys, ffc; ffc.Client; "
        "print([m for m in ('torch', 'tensorflow', 'pandas', 'polars', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Go through many rows in a process of its own, in every way; its memory stays where it was."""
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).parents[2] / "support" / "streaming.py"),
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    few, many = map(int, done.stdout.split())
    assert many < few + 60_000, f"{few:,} KiB for few rows, {many:,} KiB for many"
