"""Batches for the online store: byte for byte what the codecs of one key and one row write."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.values import VALUES, times

from ffc.core.arrow import arrow_type
from ffc.core.types import known_type
from ffc.manifest.served import ServedFeature, ServedKey, ServedView
from ffc.online.codec import RowCodec, version
from ffc.online.columns import BatchEncoder, pieces
from ffc.online.keys import KeyCodec, field_of

UNTIMED = settings(deadline=None)
T = datetime(2024, 1, 5, 12, 30, 0, 250)
KEYS = ("string", "int32", "int64", "bool", "date", "timestamp", "decimal(12,2)", "decimal(38,19)")
ZONES = st.sampled_from([None, "UTC", "America/New_York", "+05:45"])
Cells = list[Any]


def a_view(types: Sequence[str], keys: Sequence[str] = ("int64",)) -> ServedView:
    return ServedView(
        id="feature_view.v",
        name="v",
        variant="default",
        entity="user",
        keys=tuple(ServedKey(name=f"k{i}", type=kind) for i, kind in enumerate(keys)),
        store="default",
        slot=7,
        fingerprint="1_ab",
        ttl=None,
        features=tuple(ServedFeature(name=f"f{i}", type=kind) for i, kind in enumerate(types)),
    )


def encoder(types: Sequence[str], keys: Sequence[str] = ("int64",)) -> BatchEncoder:
    return BatchEncoder("p", "dev", a_view(types, keys))


def column(kind: str, values: Cells, zone: str | None = None) -> pa.Array:
    """Return values as a warehouse gives them; of a larger array, so that it begins somewhere."""
    found = pa.timestamp("us", zone) if kind == "timestamp" else arrow_type(known_type(kind))
    return pa.array([None, *map(_as_arrow, values)], found).slice(1)


def _as_arrow(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_arrow(item) for item in value]
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def instants(values: Cells, zone: str | None = None) -> pa.Array:
    return column("timestamp", values, zone)


def by_row(types: Sequence[str], whens: Cells, rows: Sequence[Cells]) -> list[bytes]:
    codec = RowCodec(a_view(types).features)
    return [codec.encode(*when, row) for when, row in zip(whens, rows, strict=True)]


def by_column(
    types: Sequence[str], whens: Cells, rows: Sequence[Cells], zone: str | None = None
) -> list[bytes]:
    columns = [column(kind, [row[i] for row in rows], zone) for i, kind in enumerate(types)]
    event_times, created = (instants([when[i] for when in whens], zone) for i in (0, 1))
    found: list[bytes] = encoder(types).rows(event_times, created, columns).to_pylist()
    return found


@UNTIMED
@given(st.data())
def test_rows_are_those_of_the_codec(data: st.DataObject) -> None:
    types = data.draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=18))
    row = st.tuples(*(st.none() | VALUES[kind] for kind in types)).map(list)
    rows = data.draw(st.lists(row, max_size=5))
    whens = [data.draw(times()) for _ in rows]
    assert by_column(types, whens, rows, data.draw(ZONES)) == by_row(types, whens, rows)


@pytest.mark.parametrize("kind", sorted(VALUES))
@UNTIMED
@given(data=st.data())
def test_every_type_is_packed_as_the_codec_does(kind: str, data: st.DataObject) -> None:
    rows = [[value] for value in data.draw(st.lists(st.none() | VALUES[kind], max_size=9))]
    whens = [(T, None)] * len(rows)
    assert by_column([kind], whens, rows) == by_row([kind], whens, rows)


@pytest.mark.parametrize("kind", KEYS)
@UNTIMED
@given(data=st.data())
def test_keys_are_those_of_the_codec(kind: str, data: st.DataObject) -> None:
    kinds = [kind, *data.draw(st.lists(st.sampled_from(KEYS), max_size=3))]
    rows = data.draw(st.lists(st.tuples(*(VALUES[k] for k in kinds)), max_size=5))
    columns = [column(k, [row[i] for row in rows]) for i, k in enumerate(kinds)]
    codec = KeyCodec("p", "dev", a_view([], kinds))
    found = encoder([], kinds).keys(columns, len(rows)).to_pylist()
    assert found == [codec.encode(row) for row in rows]


EXTREMES: dict[str, Cells] = {
    "float64": [math.inf, -math.inf, math.nan, -0.0, 0.0, 5e-324, None],
    "float32": [math.inf, math.nan, -0.0, struct.unpack(">f", bytes.fromhex("7f7fffff"))[0]],
    "int64": [2**63 - 1, -(2**63), 2**53 + 1, None, 0],
    "int32": [2**31 - 1, -(2**31), None],
    "bool": [True, False, None],
    "timestamp": [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999), None,
                  datetime(1969, 12, 31, 23, 59, 59, 999_999)],
    "date": [date(1, 1, 1), date(9999, 12, 31), None, date(1969, 12, 31)],
    "decimal(38,0)": [
        *(Decimal(sign * (2**bits + off)) for bits in range(0, 126) for off in (-1, 0, 1)
          for sign in (1, -1)),
        Decimal("9" * 38), Decimal("-" + "9" * 38), None,
    ],
    "decimal(4,2)": [Decimal("-0.00"), Decimal("1.5"), Decimal("-99.99"), Decimal("-1.28")],
    "string": ["", "\0", "\U0010ffff", None, "x" * 70_000],
    "bytes": [b"", b"\x00", None, b"\xff" * 300],
    "vector(2)": [[-0.0, math.nan], None, [1.0, -2.0]],
    "list<float64>": [[-0.0, None, math.nan], [], None],
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(EXTREMES))
def test_extremes(kind: str) -> None:
    rows = [[value] for value in EXTREMES[kind]]
    whens = [(T, None)] * len(rows)
    assert by_column([kind], whens, rows) == by_row([kind], whens, rows)


@pytest.mark.parametrize(("kind", "form", "size"), [("float64", "<Q", 8), ("float32", "<I", 4)])
def test_every_nan_keeps_its_bits(kind: str, form: str, size: int) -> None:
    quiet = {8: 0x7FF8 << 48, 4: 0x7FC0 << 16}[size]
    bits = [quiet, quiet | 1, quiet | 1 << (size * 8 - 1), quiet | 0x12345]
    raw = pa.py_buffer(b"".join(struct.pack(form, one) for one in bits))
    array = pa.Array.from_buffers(arrow_type(known_type(kind)), len(bits), [None, raw])
    nothing = instants([None] * len(bits))
    found = encoder([kind]).rows(nothing, nothing, [array]).to_pylist()
    assert found == by_row([kind], [(None, None)] * len(bits), [[v] for v in array.to_pylist()])


def test_what_lies_under_a_null_is_not_seen() -> None:
    """Arrow leaves there whatever was there."""
    mask, raw = pa.py_buffer(b"\x00"), pa.py_buffer(b"\xff" * 16)
    for kind in ("int64", "float64", "date", "timestamp", "decimal(38,0)"):
        found = pa.timestamp("us") if kind == "timestamp" else arrow_type(known_type(kind))
        hidden = pa.Array.from_buffers(found, 1, [mask, raw])
        assert hidden.null_count == 1
        nothing = instants([None])
        rows = encoder([kind]).rows(nothing, nothing, [hidden]).to_pylist()
        assert rows == by_row([kind], [(None, None)], [[None]])
        if kind == "timestamp":
            rows = encoder([]).rows(hidden, hidden, []).to_pylist()
            assert rows == by_row([], [(None, None)], [[]])


def a_difference(rows: Sequence[Cells], kinds: Sequence[str]) -> pa.RecordBatch:
    """Return rows of key, gone, event time, created, features, old times, known."""
    types = ["int64", "bool", "timestamp", "timestamp", *kinds, "timestamp", "timestamp", "bool"]
    arrays = [column(kind, [row[i] for row in rows]) for i, kind in enumerate(types)]
    return pa.RecordBatch.from_arrays(arrays, names=[f"c{i}" for i in range(len(types))])


def test_a_difference_is_written_with_what_it_replaces() -> None:
    early, late = T - timedelta(days=3), T + timedelta(days=1)
    rows: list[Cells] = [
        [1, False, T, None, "new", None, None, False],
        [2, True, None, None, None, late, T, True],
        [3, False, early, T, None, late, None, True],
        [4, False, None, None, "static", None, None, True],
    ]
    found = encoder(["string"]).encode(a_difference(rows, ["string"]))
    assert (found.new, found.changed, found.removed) == (1, 2, 1)
    view = a_view(["string"])
    keys, codec = KeyCodec("p", "dev", view), RowCodec(view.features)
    place, nothing = field_of(view), version(None, None)
    wanted = {
        (keys.encode([1]), place, codec.encode(T, None, ["new"]), version(T, None), None),
        (keys.encode([2]), place, codec.tombstone(None, None), nothing, version(late, T)),
        (
            keys.encode([3]),
            place,
            codec.encode(early, T, [None]),
            version(early, T),
            version(late, None),
        ),
        (keys.encode([4]), place, codec.encode(None, None, ["static"]), nothing, nothing),
    }
    written = zip(*(c.to_pylist() for c in found.batch.columns), strict=True)
    assert set(written) == wanted


@pytest.mark.parametrize("gone", [[], [False], [True]])
def test_batches_of_one_sort(gone: list[bool]) -> None:
    rows: list[Cells] = [[1, flag, T, T, 1.5, T, T, True] for flag in gone]
    found = encoder(["float64"]).encode(a_difference(rows, ["float64"]))
    assert found.batch.num_rows == len(gone)
    assert (found.new, found.changed, found.removed) == (0, gone.count(False), gone.count(True))


def far(kind: pa.DataType, number: int) -> pa.Array:
    return pa.array([0, number], pa.int32() if kind == pa.date32() else pa.int64()).view(kind)


@pytest.mark.parametrize(
    ("kind", "values", "says"),
    [
        ("timestamp", far(pa.timestamp("us"), 2**62), "out of the years 1 to 9999"),
        ("date", far(pa.date32(), 2_932_897), "out of the years 1 to 9999"),
        ("date", far(pa.date32(), -719_163), "out of the years 1 to 9999"),
        ("vector(2)", pa.array([[1.0, None], None], pa.list_(pa.float32())), "takes 2 numbers"),
        ("vector(2)", pa.array([[1.0], None], pa.list_(pa.float32())), "takes 2 numbers"),
        ("vector(2)", pa.array([[1.0, 2.0], None], pa.list_(pa.float64())), "takes 2 numbers"),
        ("int32", pa.array([2**40, None], pa.int64()), "not in range"),
        ("decimal(4,1)", pa.array([Decimal("1.25"), None]), "data loss"),
    ],
)
def test_what_no_row_can_hold_is_refused(kind: str, values: pa.Array, says: str) -> None:
    nothing = instants([None, None])
    with pytest.raises(ValueError, match=says):
        encoder([kind]).rows(nothing, nothing, [values])


def test_a_null_is_no_key() -> None:
    with pytest.raises(ValueError, match="a key is null"):
        encoder([]).keys([column("int64", [1, None])], 2)


@pytest.mark.parametrize("most", [1, 100, 10**9])
def test_pieces_are_the_batch(most: int) -> None:
    batch = pa.RecordBatch.from_pydict({"a": ["x" * (i % 7) for i in range(100)]})
    parts = list(pieces(batch, most))
    assert pa.Table.from_batches(parts).combine_chunks() == pa.Table.from_batches([batch])
    assert len(parts) == {1: 100, 10**9: 1}.get(most, len(parts))
    assert list(pieces(batch.slice(0, 0), most)) == []
