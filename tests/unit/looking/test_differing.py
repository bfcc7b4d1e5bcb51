"""Rows of two sides compared: every difference found, and nothing else taken for one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.slow import examples

from ffc.core.errors import StoreError, Transient
from ffc.run.looking import differing as module
from ffc.run.looking.differing import Differing, Side, coarse, differing
from ffc.sql.comparison import Comparison, Tolerance

SCHEMA = pa.schema([("c0", pa.string()), ("c1", pa.int64()), ("c2", pa.float64())])
KEYED = Comparison(identity=("c0",), compared=("c1", "c2"), near=frozenset({"c2"}))
KEYLESS = Comparison(identity=("c0", "c1"), compared=("c2",), near=frozenset({"c2"}))
EXACT = Tolerance(relative=0.0)

Row = tuple[Any, ...]


def side(rows: Sequence[Row], schema: pa.Schema = SCHEMA, size: int = 3) -> Side:
    def read() -> Iterator[pa.RecordBatch]:
        for start in range(0, max(len(rows), 1), size):
            part = rows[start : start + size]
            arrays = [pa.array([row[i] for row in part], f.type) for i, f in enumerate(schema)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return Side(schema=schema, read=read)


def compared(
    first: Sequence[Row], second: Sequence[Row], asked: Comparison = KEYED, most: int = 5
) -> Differing:
    return differing(asked, (side(first), side(second)), most)


def exactly(asked: Comparison) -> Comparison:
    return Comparison(
        identity=asked.identity, compared=asked.compared, near=asked.near, tolerance=EXACT
    )


FLOATS = st.sampled_from([None, 0.0, -0.0, 1.0, math.nextafter(1.0, 2.0), math.nan, math.inf])
ROWS = st.lists(
    st.tuples(st.sampled_from([None, "", "a", "A", "ä"]), st.sampled_from([None, 0, 1]), FLOATS),
    max_size=8,
)


def _plain(row: Row) -> Row:
    """Return a row as it is equal to others: NaN to itself, -0.0 to 0.0."""
    value = row[2]
    if value is None:
        return row
    return (*row[:2], "nan" if math.isnan(value) else value + 0.0)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS, ROWS)
def test_what_differs_is_what_counting_finds(first: list[Row], second: list[Row]) -> None:
    one, other = Counter(map(_plain, first)), Counter(map(_plain, second))
    left, right = (Counter(r[0] for r in found.elements()) for found in (one - other, other - one))
    changed = left & right
    found = compared(first, second, exactly(KEYED))
    assert found.rows == (len(first), len(second))
    assert found.changed == changed.total()
    assert found.only == ((left - changed).total(), (right - changed).total())


def test_a_float_may_lie_near() -> None:
    one = [("a", 1, 0.1 + 0.2), ("b", 1, 1e300)]
    other = [("a", 1, 0.3), ("b", 1, math.nextafter(1e300, 0.0))]
    assert compared(one, other).changed == 0
    assert compared(one, other, exactly(KEYED)).columns == {"c1": 0, "c2": 2}
    assert compared([("a", 1, 1.0)], [("a", 1, 1.0 + 2e-9)]).changed == 1
    # What is near by its amount is not near as a share.
    near_zero = [("a", 1, 1e-17)], [("a", 1, 0.0)]
    assert compared(*near_zero).changed == 1
    within = Tolerance(absolute=1e-12)
    asked = Comparison(
        identity=("c0",), compared=("c1", "c2"), near=frozenset({"c2"}), tolerance=within
    )
    assert compared(*near_zero, asked).changed == 0


@pytest.mark.parametrize("other", [None, math.nan, math.inf, -math.inf, 0.0])
def test_what_is_no_number_is_near_none(other: float | None) -> None:
    assert compared([("a", 1, 5.0)], [("a", 1, other)]).changed == 1
    assert compared([("a", 1, other)], [("a", 1, other)]).changed == 0


def test_without_a_key_rows_are_counted() -> None:
    one = [("a", 1, 1.0), ("a", 1, 1.0), ("a", 1, 2.0), ("b", 1, None)]
    found = compared(one, [*one[1:], ("c", 1, None)], KEYLESS)
    assert (found.changed, found.only) == (0, (1, 1))
    assert [found.samples[k].num_rows for k in ("changed", "first", "second")] == [0, 1, 1]
    # In its floats alone a row can be changed: all else says which one it is.
    found = compared(
        [("a", 1, 1.0), ("a", 1, 5.0)], [("a", 1, 1.0 + 1e-15), ("a", 1, 6.0)], KEYLESS
    )
    assert (found.changed, found.only, found.columns) == (1, (0, 0), {"c2": 1})


def test_samples_are_the_first_by_their_key() -> None:
    rows = [(f"{n:03}", n, float(n)) for n in range(40)]
    changed = [(k, -n if n % 2 else n, f) for k, n, f in reversed(rows)]
    found = compared(rows, changed, most=3)
    assert (found.changed, found.columns) == (20, {"c1": 20, "c2": 0})
    sample = found.samples["changed"].to_pylist()
    assert [(row["of_c0"], row["first_c1"], row["second_c1"]) for row in sample] == [
        ("001", 1, -1),
        ("003", 3, -3),
        ("005", 5, -5),
    ]


def test_only_buckets_that_differ_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"{n}", n, math.sin(n)) for n in range(20_000)]
    noisy = [(k, n, f * (1 + 2**-50)) for k, n, f in rows]
    noisy[7] = ("7", -7, noisy[7][2])
    kept = []
    put = module._put

    def counted(connection: Any, name: str, found: pa.Table, *, anew: bool = True) -> None:
        kept.append(found.num_rows)
        put(connection, name, found, anew=anew)

    monkeypatch.setattr(module, "_put", counted)
    big = 65_536
    found = differing(KEYED, (side(rows, size=big), side(noisy, size=big)), 5)
    assert (found.changed, found.only) == (1, (0, 0))
    assert 2 <= sum(kept) < 400
    kept.clear()
    assert differing(KEYED, (side(rows, size=big), side(rows, size=big)), 5).changed == 0
    assert kept == []


@settings(max_examples=examples(200), deadline=None)
@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([1e-9, 1e-6, 0.25]),
    st.sampled_from([pa.float64(), pa.float32()]),
)
def test_what_is_coarsened_stays_near(value: float, relative: float, kind: pa.DataType) -> None:
    column = pa.array([value, None], pa.float64()).cast(kind, safe=False)
    given_, found = column[0].as_py(), coarse(column, relative)[0].as_py()
    assert coarse(column, relative)[1].as_py() is None
    assert math.isnan(given_) == math.isnan(found)
    assert math.isnan(given_) or given_ == found or abs(given_ - found) <= relative * abs(given_)


def test_rows_that_change_meanwhile_are_told() -> None:
    reads = iter([[("a", 1, 1.0)], [("a", 1, 1.0)], [("a", 2, 1.0)]])
    fixed = side([("a", 3, 1.0)])

    def read() -> Iterator[pa.RecordBatch]:
        return side(next(reads)).read()

    moving = Side(schema=SCHEMA, read=read)
    assert differing(KEYED, (moving, fixed), 5).changed == 1
    reads = iter([[("a", 1, 1.0)], [("a", 2, 1.0)]])
    with pytest.raises(Transient, match="changed while they were compared"):
        differing(KEYED, (moving, fixed), 5)


def test_no_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MEMORY", "1MB")
    rows = [(f"{n}", n, float(n)) for n in range(60_000)]
    other = [(k, n + 1, f) for k, n, f in rows]
    with pytest.raises(StoreError, match="the rows can't be compared"):
        differing(KEYED, (side(rows, size=9_000), side(other, size=9_000)), 5)
