"""Values between JSON and Python: what requests may say, and what answers look like."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ffc.core.types import known_type
from ffc.manifest.served import ServedKey, ServedView
from ffc.online.keys import KeyCodec
from ffc.online.values import Unreadable, default_of, iso, reader, writer


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("string", "", ""),
        ("int32", -(2**31), -(2**31)),
        ("int64", 2**63 - 1, 2**63 - 1),
        ("bool", False, False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("timestamp", "2024-01-01T02:00:00+02:00", datetime(2024, 1, 1)),
        ("timestamp", "2024-01-01T00:00:00.000001", datetime(2024, 1, 1, microsecond=1)),
        ("decimal(5,2)", "123.45", Decimal("123.45")),
        ("decimal(5,2)", 7, Decimal(7)),
        ("decimal(38,0)", "9" * 38, Decimal("9" * 38)),
    ],
)
def test_a_key_is_read_as_its_type(kind: str, value: object, read: object) -> None:
    found = reader(known_type(kind))(value)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 5),
        ("int32", 2**31),
        ("int64", 2**63),
        ("int64", True),
        ("int64", 1.0),
        ("int64", "1"),
        ("bool", 1),
        ("date", "2024-02-30"),
        ("timestamp", "yesterday"),
        ("timestamp", "0001-01-01T00:00:00+05:00"),
        ("decimal(5,2)", "1.234"),
        ("decimal(5,2)", "1234.5"),
        ("decimal(5,2)", "NaN"),
        ("decimal(5,2)", True),
        ("decimal(38,0)", "12345678901234567890123456789.5"),
        ("decimal(38,0)", "1E+1000000"),
    ],
)
def test_what_is_not_of_the_type_is_refused(kind: str, value: object) -> None:
    with pytest.raises(Unreadable):
        reader(known_type(kind))(value)


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("float64", float("nan"), "NaN"),
        ("float64", float("inf"), "Infinity"),
        ("float64", float("-inf"), "-Infinity"),
        ("float64", 0.5, 0.5),
        ("decimal(5,2)", Decimal("1.50"), "1.50"),
        ("date", date(2024, 1, 1), "2024-01-01"),
        ("timestamp", datetime(2024, 1, 1, microsecond=5), "2024-01-01T00:00:00.000005Z"),
        ("bytes", b"\x00\xff", "AP8="),
        ("list<float64>", [1.0, None, float("nan")], [1.0, None, "NaN"]),
        ("vector(2)", [1.0, float("inf")], [1.0, "Infinity"]),
    ],
)
def test_an_answer_is_json(kind: str, value: object, written: object) -> None:
    write = writer(known_type(kind))
    assert write is not None
    assert write(value) == written


@pytest.mark.parametrize("kind", ["string", "int32", "int64", "bool", "json", "list<int64>"])
def test_what_is_json_already_is_left_alone(kind: str) -> None:
    assert writer(known_type(kind)) is None


def test_defaults_of_a_manifest() -> None:
    assert default_of(None, known_type("int64")) is None
    assert default_of(2**53 + 1, known_type("int64")) == 2**53 + 1
    assert default_of("1.50", known_type("decimal(5,2)")) == Decimal("1.50")
    assert default_of("2024-01-01", known_type("date")) == date(2024, 1, 1)
    assert default_of("2024-01-01T00:00:00.000000", known_type("timestamp")) == datetime(2024, 1, 1)
    assert default_of("AP8=", known_type("bytes")) == b"\x00\xff"
    assert default_of("inf", known_type("float64")) == float("inf")


def test_an_instant_says_that_it_is_utc() -> None:
    assert iso(datetime(2024, 1, 1)) == "2024-01-01T00:00:00Z"


UNTIMED = settings(deadline=None)
# A fold says nothing of an instant without zone.
INSTANTS = st.datetimes().map(lambda instant: instant.replace(fold=0))
KEYS: dict[str, st.SearchStrategy[object]] = {
    "string": st.text(),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "date": st.dates(),
    "timestamp": INSTANTS,
    "decimal(38,10)": st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: Decimal(f"{n}E-10")),
}


@pytest.mark.parametrize("kind", sorted(KEYS))
@UNTIMED
@given(data=st.data())
def test_what_an_answer_says_can_be_asked_for(kind: str, data: st.DataObject) -> None:
    value = data.draw(KEYS[kind])
    write = writer(known_type(kind))
    text = json.dumps(write(value) if write else value)
    found = reader(known_type(kind))(json.loads(text))
    assert (type(found), found) == (type(value), value)


@UNTIMED
@given(INSTANTS, st.integers(-23 * 60 - 59, 23 * 60 + 59))
def test_an_instant_is_the_same_in_every_zone(instant: datetime, minutes: int) -> None:
    read = reader(known_type("timestamp"))
    try:
        there = instant.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    except OverflowError:
        return
    assert read(there.isoformat()) == instant


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)
PYTHON = {"string": str, "bool": bool, "date": date, "timestamp": datetime}
PYTHON |= {"int32": int, "int64": int, "decimal(38,10)": Decimal}


@pytest.mark.parametrize("kind", sorted(KEYS))
@UNTIMED
@given(value=JSON)
@example(value=10**5000)
@example(value=20240131)
@example(value="\ud800")
@example(value="1E+1000000")
@example(value="1E-1000000")
@example(value="0E-999999999999")
def test_any_json_is_read_as_its_type_or_refused(kind: str, value: object) -> None:
    try:
        found = reader(known_type(kind))(value)
    except Unreadable:
        return
    assert type(found) is PYTHON[kind]
    view = ServedView(
        id="v",
        name="v",
        variant="",
        entity="e",
        keys=(ServedKey(name="k", type=kind),),
        store="main",
        slot=1,
        fingerprint="f",
        features=(),
    )
    assert KeyCodec("p", "t", view).encode([found])


@pytest.mark.parametrize("value", [20240131, 2024, None, ["2024-01-31"]])
@pytest.mark.parametrize("kind", ["date", "timestamp"])
def test_a_day_is_a_text(kind: str, value: object) -> None:
    with pytest.raises(Unreadable, match=r"such as 2024-01-31"):
        reader(known_type(kind))(value)


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("decimal(38,10)", Decimal("1E-10"), "0.0000000001"),
        ("decimal(38,10)", Decimal("0E-10"), "0.0000000000"),
        ("list<decimal(38,10)>", [Decimal("1E-10"), None], ["0.0000000001", None]),
        ("list<list<date>>", [[date(1, 2, 3)], None], [["0001-02-03"], None]),
        ("list<timestamp>", [datetime(1, 1, 1)], ["0001-01-01T00:00:00Z"]),
        ("list<bytes>", [b"\xff", None], ["/w==", None]),
        ("float32", float("inf"), "Infinity"),
    ],
)
def test_an_answer_is_json_in_one_notation(kind: str, value: object, written: object) -> None:
    write = writer(known_type(kind))
    assert write is not None
    assert write(value) == written


def test_a_default_has_the_places_of_a_stored_value() -> None:
    assert repr(default_of("1.5", known_type("decimal(5,2)"))) == "Decimal('1.50')"
    longest = "9" * 28 + "." + "9" * 10
    assert default_of(longest, known_type("decimal(38,10)")) == Decimal(longest)
    assert default_of(7, known_type("float64")) == 7.0
    assert type(default_of(7, known_type("float64"))) is float
    assert default_of(False, known_type("bool")) is False
    assert default_of([1, None], known_type("list<int64>")) == [1, None]
