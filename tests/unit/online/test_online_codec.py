"""Rows of the online store: what goes in comes out, what is damaged is refused."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.values import VALUES, Times, times

from ffc.manifest.served import ServedFeature
from ffc.online.codec import (
    BATCH,
    ROW,
    STREAM,
    TOMBSTONE,
    CorruptRow,
    Row,
    RowCodec,
    is_tombstone,
    version,
    version_of,
)

UNTIMED = settings(deadline=None)
HEAD = 19
T = datetime(2024, 1, 5, 12, 30, 0, 250)
Typed = tuple[tuple[str, ...], tuple[object, ...]]


def a_codec(*types: str) -> RowCodec:
    return RowCodec([ServedFeature(name=f"f{i}", type=kind) for i, kind in enumerate(types)])


def typed_rows() -> st.SearchStrategy[Typed]:
    pairs = st.sampled_from(sorted(VALUES)).flatmap(
        lambda kind: st.tuples(st.just(kind), st.none() | VALUES[kind])
    )
    return st.lists(pairs, max_size=10).map(
        lambda drawn: (tuple(kind for kind, _ in drawn), tuple(value for _, value in drawn))
    )


def shown(value: object) -> object:
    """Return what two values share just where they are one: NaN equal to itself, 0.0 not -0.0."""
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return "0.0" if value == 0 and isinstance(value, float) else repr(value)


def exactly(value: object) -> object:
    if isinstance(value, list | tuple):
        return [exactly(item) for item in value]
    return repr(value)


def round_trip(kind: str, value: object) -> object:
    codec = a_codec(kind)
    (back,) = codec.decode(codec.encode(T, None, [value])).values
    return back


@UNTIMED
@given(typed_rows(), times(), st.sampled_from([BATCH, STREAM]))
def test_a_row_comes_out_as_it_went_in(typed: Typed, when: Times, origin: int) -> None:
    types, values = typed
    codec = a_codec(*types)
    row = codec.decode(codec.encode(*when, values, origin))
    assert (row.kind, row.origin, row.event_time, row.created) == (ROW, origin, *when)
    assert exactly(row.values) == shown(values)


@pytest.mark.parametrize("kind", sorted(VALUES))
@UNTIMED
@given(data=st.data())
def test_every_type_round_trips(kind: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[kind])
    assert exactly(round_trip(kind, value)) == shown(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("float64", math.inf),
        ("float64", -math.inf),
        ("float64", math.nan),
        ("float64", 5e-324),
        ("float32", float(struct.unpack(">f", bytes.fromhex("7f7fffff"))[0])),
        ("int64", 2**53 + 1),
        ("int64", 2**63 - 1),
        ("int64", -(2**63)),
        ("int32", 2**31 - 1),
        ("int32", -(2**31)),
        ("list<int64>", [2**53 + 1, None, -(2**63)]),
        ("list<float64>", [math.nan, -math.inf]),
        ("list<decimal(38,0)>", [Decimal("9" * 38)]),
        ("list<string>", []),
        ("timestamp", datetime(1, 1, 1)),
        ("timestamp", datetime(9999, 12, 31, 23, 59, 59, 999_999)),
        ("timestamp", datetime(1969, 12, 31, 23, 59, 59, 999_999)),
        ("date", date(1, 1, 1)),
        ("date", date(9999, 12, 31)),
        ("decimal(38,10)", Decimal("9" * 28 + "." + "9" * 10)),
        ("decimal(38,10)", Decimal("-0.0000000001")),
        ("decimal(38,38)", Decimal("-0." + "9" * 38)),
        ("string", "\0"),
        ("string", "\U0010ffff"),
        ("bytes", b""),
        ("json", "null"),
    ],
)
def test_extremes_round_trip(kind: str, value: object) -> None:
    assert exactly(round_trip(kind, value)) == exactly(value)


@pytest.mark.parametrize(
    ("kind", "empty"),
    [("string", ""), ("bytes", b""), ("list<int64>", []), ("int64", 0), ("bool", False)],
)
def test_empty_is_not_null(kind: str, empty: object) -> None:
    assert round_trip(kind, empty) == empty
    assert round_trip(kind, None) is None


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("float64", -0.0, 0.0),
        ("float32", -0.0, 0.0),
        ("vector(2)", [-0.0, 1.0], [0.0, 1.0]),
        ("list<float64>", [-0.0, None], [0.0, None]),
        ("list<list<float32>>", [None, [-0.0]], [None, [0.0]]),
        ("list<vector(1)>", [[-0.0]], [[0.0]]),
        ("decimal(12,2)", Decimal("1.5"), Decimal("1.50")),
        ("decimal(12,2)", Decimal("-0.00"), Decimal("0.00")),
    ],
)
def test_equal_values_have_one_form(kind: str, value: object, wanted: object) -> None:
    assert exactly(round_trip(kind, value)) == exactly(wanted)
    codec = a_codec(kind)
    assert codec.encode(T, T, [value]) == codec.encode(T, T, [wanted])


def test_every_instant_comes_out_as_zone_less_utc() -> None:
    codec = a_codec("timestamp", "list<timestamp>", "list<list<timestamp>>")
    there = T.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=-7)))
    data = codec.encode(there, there, [there, [there, None], [[there]]])
    wanted = Row(kind=ROW, origin=BATCH, event_time=T, created=T, values=(T, [T, None], [[T]]))
    assert codec.decode(data) == wanted
    assert data == codec.encode(T, T, [T, [T, None], [[T]]])


def test_a_row_is_these_bytes() -> None:
    values = {
        "string": "é",
        "int32": -2,
        "int64": 2**53 + 1,
        "float32": 1.5,
        "float64": -2.5,
        "bool": True,
        "timestamp": datetime(1970, 1, 1, 0, 0, 1),
        "date": date(2024, 1, 2),
        "decimal(12,2)": Decimal("-1.5"),
        "bytes": b"\x00\xff",
        "json": "{}",
        "list<int64>": [1, None],
        "vector(2)": [1.0, -2.0],
        "list<timestamp>": [datetime(1970, 1, 1)],
        "list<decimal(12,2)>": None,
    }
    data = a_codec(*values).encode(T, None, list(values.values()), STREAM)
    parts = (
        "01 01 02",  # codec, kind, origin
        "80060e3201b422fa 0000000000000000",  # event time, created
        "0040",  # the fifteenth is null
        "fffffffe 0020000000000001 3fc00000 c004000000000000 01 00000000000f4240 000b4647",
        "00000002 c3a9",
        "00000002 ff6a",
        "00000002 00ff",
        "00000002 7b7d",
        "00000003 92 01 c0",
        "00000008 3f800000 c0000000",
        "00000015 91 b3 313937302d30312d30315430303a30303a3030",
        "00000000",
    )
    assert data.hex() == bytes.fromhex("".join(parts)).hex()


@UNTIMED
@given(times(), times())
@example((None, T), (datetime(1, 1, 1), None))
@example((datetime(1, 1, 1), None), (datetime(1, 1, 1), datetime(1, 1, 1)))
@example((datetime(1969, 12, 31), T), (datetime(1970, 1, 1), None))
def test_versions_sort_by_event_time_then_created_nulls_least(one: Times, other: Times) -> None:
    def order(when: Times) -> list[tuple[bool, datetime]]:
        return [(instant is not None, instant or datetime.min) for instant in when]

    assert (version(*one) < version(*other)) is (order(one) < order(other))
    assert (version(*one) == version(*other)) is (one == other)


@UNTIMED
@given(times())
def test_a_row_and_a_tombstone_carry_their_version(when: Times) -> None:
    codec = a_codec("int64")
    assert version_of(codec.encode(*when, [1])) == version(*when)
    assert version_of(codec.tombstone(*when)) == version(*when)


@UNTIMED
@given(times())
def test_a_tombstone_has_times_and_no_values(when: Times) -> None:
    codec = a_codec("int64", "string")
    dead = codec.tombstone(*when)
    row = codec.decode(dead)
    assert (row.kind, row.event_time, row.created, row.values) == (TOMBSTONE, *when, ())
    assert is_tombstone(dead)
    assert not is_tombstone(codec.encode(*when, [1, "a"]))


def test_corrupt_bytes_are_no_tombstone() -> None:
    dead = a_codec().tombstone(T, None)
    assert is_tombstone(dead)
    for data in (b"", dead[:-1], dead + b"\0", b"\x02" + dead[1:]):
        assert not is_tombstone(data)
        assert_corrupt(a_codec(), data)


def assert_corrupt(codec: RowCodec, data: bytes) -> None:
    with pytest.raises(CorruptRow) as caught:
        codec.decode(data)
    assert caught.value.code == "FF809"


@UNTIMED
@given(typed_rows(), times())
def test_a_row_cut_anywhere_is_corrupt(typed: Typed, when: Times) -> None:
    codec = a_codec(*typed[0])
    for whole in (codec.encode(*when, typed[1]), codec.tombstone(*when)):
        for end in range(len(whole)):
            assert_corrupt(codec, whole[:end])


@UNTIMED
@given(typed_rows(), times(), st.binary(min_size=1, max_size=9))
def test_a_row_with_more_behind_it_is_corrupt(typed: Typed, when: Times, more: bytes) -> None:
    codec = a_codec(*typed[0])
    assert_corrupt(codec, codec.encode(*when, typed[1]) + more)
    assert_corrupt(codec, codec.tombstone(*when) + more)


@pytest.mark.parametrize(
    ("at", "good", "says"),
    [(0, {1}, "codec version"), (1, {ROW}, "kind"), (2, {BATCH, STREAM}, "origin")],
)
def test_an_unknown_head_is_corrupt(at: int, good: set[int], says: str) -> None:
    codec = a_codec("int64", "string")
    data = bytearray(codec.encode(T, T, [1, "a"]))
    for byte in set(range(256)) - good:
        data[at] = byte
        with pytest.raises(CorruptRow, match=says):
            codec.decode(bytes(data))


def test_a_version_is_read_from_this_codec_only() -> None:
    data = a_codec("int64").encode(T, T, [1])
    assert version_of(data) == version(T, T)
    for bad in (b"", data[: HEAD - 1], b"\x02" + data[1:]):
        with pytest.raises(CorruptRow):
            version_of(bad)


@pytest.mark.parametrize("bit", range(3, 8))
def test_a_bitmap_of_more_features_is_corrupt(bit: int) -> None:
    codec = a_codec("int64", "int64", "int64")
    data = bytearray(codec.encode(T, T, [1, 2, None]))
    data[HEAD] |= 1 << bit
    assert_corrupt(codec, bytes(data))


@pytest.mark.parametrize(
    ("kind", "value"),
    [("int64", 1), ("float64", math.nan), ("bool", True), ("date", date(1, 1, 1)), ("string", "a")],
)
def test_a_value_under_a_null_bit_is_corrupt(kind: str, value: object) -> None:
    codec = a_codec("int64", kind)
    data = bytearray(codec.encode(T, T, [1, value]))
    data[HEAD] |= 2
    assert_corrupt(codec, bytes(data))


@pytest.mark.parametrize(
    ("kind", "value", "other"),
    [
        ("string", b"\xff", "bytes"),
        ("json", b"\xff", "bytes"),
        ("vector(2)", [1.0], "vector(1)"),
        ("list<int64>", ["a"], "list<string>"),
        ("list<string>", [1], "list<int64>"),
        ("list<bool>", [1], "list<int64>"),
        ("list<date>", ["soon"], "list<string>"),
        ("list<list<int64>>", [["a"]], "list<list<string>>"),
        ("list<vector(1)>", ["a"], "list<string>"),
        ("list<int64>", b"\xc1", "bytes"),
        ("date", 0, "int32"),
        ("date", 2**31 - 1, "int32"),
        ("timestamp", 2**63 - 1, "int64"),
        ("int64", 1, "int32"),
    ],
)
def test_a_row_of_another_view_is_corrupt(kind: str, value: object, other: str) -> None:
    assert_corrupt(a_codec(kind), a_codec(other).encode(T, T, [value]))


@pytest.mark.parametrize("at", [3, 11])
def test_a_time_beyond_the_calendar_is_corrupt(at: int) -> None:
    data = a_codec("int64").encode(T, T, [1])
    assert_corrupt(a_codec("int64"), data[:at] + b"\xff" * 8 + data[at + 8 :])


@UNTIMED
@given(st.binary(max_size=64))
def test_any_other_bytes_are_corrupt(data: bytes) -> None:
    assert_corrupt(a_codec("string", "int64", "list<int64>"), data)


@pytest.mark.parametrize("values", [(), (1,), (1, 2, 3), (1, 2, None)])
def test_a_row_has_a_value_for_each_feature(values: Sequence[object]) -> None:
    with pytest.raises(ValueError, match="values for 2 features"):
        a_codec("int64", "int64").encode(T, T, values)
