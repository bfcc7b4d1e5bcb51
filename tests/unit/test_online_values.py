"""Values between JSON and Python: what requests may say, and what answers look like."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from ffc.core.types import known_type
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
