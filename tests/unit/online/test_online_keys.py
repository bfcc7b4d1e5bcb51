"""Keys of the online store: equal values share one, different values never do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffc.manifest.served import ServedKey, ServedView
from ffc.manifest.serving import slot_of
from ffc.online.keys import KeyCodec, field_of, marker_key

UNTIMED = settings(deadline=None)
_CENTS = 10**12 - 1
VALUES: dict[str, st.SearchStrategy[object]] = {
    # Few letters and small numbers beside the rest: what could collide is drawn often.
    "string": st.text("ab|\0 1", max_size=4) | st.text("\x7f\x80\u07ff\u20ac\uffff\U0010ffff"),
    "int32": st.integers(0, 12) | st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(0, 12) | st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "date": st.dates(),
    "timestamp": st.datetimes(),
    "decimal(12,2)": st.integers(-_CENTS, _CENTS).map(lambda cents: Decimal(f"{cents}E-2")),
}


def a_view(*types: str, entity: str = "customer") -> ServedView:
    return ServedView(
        id="feature_view.daily@v1",
        name="daily",
        variant="v1",
        entity=entity,
        keys=tuple(ServedKey(name=f"k{i}", type=kind) for i, kind in enumerate(types)),
        store="main",
        slot=slot_of("feature_view.daily@v1"),
        fingerprint="f1_00ff",
        features=(),
    )


def encoded(types: Sequence[str], values: Sequence[object]) -> bytes:
    return KeyCodec("fraud", "dev", a_view(*types)).encode(values)


Typed = tuple[tuple[str, ...], tuple[object, ...]]


def typed_tuples() -> st.SearchStrategy[Typed]:
    pairs = st.sampled_from(sorted(VALUES)).flatmap(
        lambda kind: st.tuples(st.just(kind), VALUES[kind])
    )
    return st.lists(pairs, min_size=1, max_size=3).map(
        lambda drawn: (tuple(kind for kind, _ in drawn), tuple(value for _, value in drawn))
    )


@UNTIMED
@given(typed_tuples(), typed_tuples())
def test_keys_are_equal_just_where_types_and_values_are(one: Typed, other: Typed) -> None:
    assert (encoded(*one) == encoded(*other)) is (one == other)


@UNTIMED
@given(st.data(), st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3))
def test_keys_of_one_entity_are_equal_just_where_values_are(
    data: st.DataObject, types: list[str]
) -> None:
    draws = st.tuples(*(VALUES[kind] for kind in types))
    one, other = data.draw(draws), data.draw(draws)
    assert (encoded(types, one) == encoded(types, other)) is (one == other)


@UNTIMED
@given(st.lists(st.text("ab", max_size=2), min_size=6, max_size=6))
def test_no_part_of_a_key_runs_into_the_next(texts: list[str]) -> None:
    def key(project: str, target: str, entity: str) -> bytes:
        return KeyCodec(project, target, a_view("string", entity=entity)).encode(["x"])

    one, other = texts[:3], texts[3:]
    assert (key(*one) == key(*other)) is (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((("int64", "int64"), (1, 12)), (("int64", "int64"), (11, 2))),
        ((("string", "string"), ("a|b", "c")), (("string", "string"), ("a", "b|c"))),
        ((("string", "string"), ("", "a")), (("string", "string"), ("a", ""))),
        # What a type's tag alone, or with a length that never changes, could not tell apart.
        ((("string", "string"), ("a", "b\1c")), (("string", "string"), ("a\1b", "c"))),
        (
            (("string", "string"), ("a", "b\1\0\0\0\0c")),
            (("string", "string"), ("a\1\0\0\0\0b", "c")),
        ),
        ((("int64",), (1,)), (("string",), ("1",))),
        ((("string",), ("a",)), (("decimal(12,2)",), (Decimal("0.97"),))),
        ((("int64",), (1,)), (("int32",), (1,))),
        ((("int64",), (1,)), (("bool",), (True,))),
        ((("string",), ("é",)), (("string",), ("e\u0301",))),
        ((("string",), ("a",)), (("string",), ("a ",))),
        ((("string",), ("a",)), (("string",), ("A",))),
        ((("date",), (date(1970, 1, 2),)), (("timestamp",), (datetime(1970, 1, 2),))),
    ],
)
def test_what_looks_alike_is_not(one: Typed, other: Typed) -> None:
    assert encoded(*one) != encoded(*other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("decimal(12,2)", Decimal("1.0"), Decimal("1.00")),
        ("decimal(12,2)", Decimal("100"), Decimal("1E+2")),
        ("decimal(12,2)", Decimal("1.50000"), Decimal("1.5")),
        ("decimal(12,2)", Decimal("-0.00"), Decimal("0")),
        ("decimal(38,0)", Decimal("9" * 38), Decimal("9" * 38 + ".0")),
    ],
)
def test_equal_decimals_share_a_key(kind: str, one: Decimal, other: Decimal) -> None:
    assert one == other
    assert encoded([kind], [one]) == encoded([kind], [other])


@UNTIMED
@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)),
    st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_an_instant_has_one_key_in_every_zone(instant: datetime, zone: timezone) -> None:
    elsewhere = instant.replace(tzinfo=UTC).astimezone(zone)
    assert encoded(["timestamp"], [elsewhere]) == encoded(["timestamp"], [instant])
    later = elsewhere + timedelta(microseconds=1)
    assert encoded(["timestamp"], [later]) != encoded(["timestamp"], [instant])


@pytest.mark.parametrize("kind", sorted(VALUES))
def test_null_has_no_key(kind: str) -> None:
    with pytest.raises(TypeError):
        encoded([kind], [None])


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("string", 1, TypeError),
        ("int64", "1", TypeError),
        ("int64", 1.0, TypeError),
        ("date", "2024-01-01", TypeError),
        ("date", datetime(2024, 1, 1, 12), TypeError),
        ("timestamp", date(2024, 1, 1), TypeError),
        ("decimal(12,2)", 1.5, TypeError),
        ("decimal(12,2)", Decimal("NaN"), TypeError),
        ("decimal(12,2)", Decimal("1.005"), ValueError),
    ],
)
def test_a_value_of_another_type_is_refused(
    kind: str, value: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        encoded([kind], [value])


@pytest.mark.parametrize("values", [(), ("a",), ("a", "b", "c")])
def test_a_key_has_all_its_values_and_no_more(values: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="argument 2"):
        encoded(["string", "string"], values)


def test_a_key_is_these_bytes() -> None:
    types = ("string", "int32", "int64", "bool", "date", "timestamp", "decimal(12,2)")
    values = ("é", -1, 2**53 + 1, True, date(2024, 1, 2), datetime(2024, 1, 2), Decimal("-1.5"))
    parts = (
        "01",  # the format
        "00 00000005 6672617564",  # fraud
        "00 00000003 646576",  # dev
        "00 00000008 637573746f6d6572",  # customer
        "01 00000002 c3a9",
        "02 00000008 ffffffffffffffff",
        "03 00000008 0020000000000001",
        "04 00000008 0000000000000001",
        "05 00000008 00000000000b4647",
        "06 00000008 00060deb2df88000",
        "07 00000002 ff6a",
    )
    assert encoded(types, values) == bytes.fromhex("".join(parts))


def test_a_marker_lies_under_no_key() -> None:
    marker = marker_key("fraud", "dev", "customer")
    assert marker == bytes.fromhex(
        "01 00 00000005 6672617564 00 00000003 646576 00 00000008 637573746f6d6572 08 00000000"
    )
    assert marker != encoded(["string"], [""])
    assert marker != marker_key("fraud", "prod", "customer")


def test_a_field_is_slot_fingerprint_and_generation() -> None:
    view = msgspec.structs.replace(a_view("string"), slot=258, generation=3)
    assert field_of(view) == bytes.fromhex("00000102 a4b24a818edd2a21 0000000000000003")


@pytest.mark.parametrize("change", [{"slot": 1}, {"fingerprint": "f1_00fe"}, {"generation": 1}])
def test_a_changed_view_has_another_field(change: dict[str, object]) -> None:
    assert field_of(msgspec.structs.replace(a_view("string"), **change)) != field_of(
        a_view("string")
    )


def test_a_slot_follows_from_the_id_alone() -> None:
    assert slot_of("feature_view.daily@v1") == 0xEDCA497C
    assert slot_of("feature_view.daily@v1") != slot_of("feature_view.daily@v2")
