"""Values under keys and fields: read, written, newer ones winning, whole batches only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from ffc.adapter import Given, Locked, StoreError
from ffc.conformance.checks import Check, Group, expect, expect_equal, expect_refusal
from ffc.conformance.ledger import Row, one_batch
from ffc.conformance.places import OnlinePlace, online_place

READS: Final = Group(
    role="online",
    name="rows",
    place=online_place,
    help="see `read` in ffc/adapter/online.py: keys and fields are bytes, compared as such",
)
NEWER: Final = Group(
    role="online",
    name="newer",
    place=online_place,
    help="see `write` in ffc/adapter/online.py: a value is written where there is none, where the "
    "one there is not newer, or where the one there has just the expected version",
)
BATCHES: Final = Group(
    role="online",
    name="batches",
    place=online_place,
    help="one call of `write` is one transaction, what is given is looked at within it",
)
# Keys that only whoever compares bytes tells apart.
LOOK_ALIKES: Final = (
    b"",
    b"\x00",
    b"\x00\x00",
    b"\x00a",
    b"a",
    b"a\x00",
    b"a\x00b",
    b"aa",
    b"A",
    b"a ",
    b" a",
    b"%",
    b"_",
    b"*",
    b"?",
    b"[a]",
    b"{a}",
    b":",
    b"a:b",
    b"a::b",
    b"\\",
    b"'",
    b"\n",
    b"\r\n",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xff\xff",
    "é".encode(),
    "e\u0301".encode(),
    "ß".encode(),
    b"ss",
    "\u200b".encode(),
    "\U0001f600".encode(),
    b"k" * 200,
    b"k" * 199 + b"l",
)
_HUGE: Final = 4 * 2**20
_HUGER: Final = 48 * 2**20
_MANY: Final = 20_000
# The version of a new value, what it expects, and whether it takes the place of one of `v5`.
_VERSIONS: Final[Sequence[tuple[bytes, bytes | None, bool]]] = (
    (b"v6", None, True),
    (b"v5", None, True),
    (b"v4", None, False),
    (b"v4", b"v5", True),
    (b"v4", b"v4", False),
    (b"v4", b"v6", False),
    (b"v6", b"v1", True),
    (b"v50", None, True),
    (b"v", None, False),
    (b"", b"", False),
    (b"\xff", None, True),
    (b"\x00", None, False),
)
# What there is, what is given, and whether the batch is written.
_GIVEN: Final[Sequence[tuple[bytes | None, bytes | None, bool]]] = (
    (None, None, True),
    (None, b"1", False),
    (None, b"", False),
    (b"1", None, False),
    (b"1", b"1", True),
    (b"1", b"2", False),
    (b"", b"", True),
    (b"", None, False),
)


def checks() -> Iterator[Check[OnlinePlace]]:
    """Yield the checks of rows and batches."""
    yield from READS.checks(
        a_store_without_rows_is_empty,
        fields_come_by_key_in_the_order_asked,
        look_alike_keys_are_apart,
        look_alike_fields_are_apart,
        columns_are_taken_by_name,
        every_byte_comes_back,
        a_huge_row_comes_back,
        many_keys_are_read_at_once,
        what_was_written_is_there_after_opening_again,
        a_reader_sees_what_a_writer_wrote,
        the_store_answers,
    )
    yield READS.check(a_row_of_many_megabytes_comes_back, thorough=True)
    for version, expected, wins in _VERSIONS:
        verb = "takes the place of" if wins else "leaves"
        yield NEWER.check(
            partial(_holds_version, version, expected, wins),
            name=f"{version.hex() or 'none'}_expecting_{_named(expected)}",
            claim=f"{version!r}, expecting {expected!r}, {verb} a value of the version b'v5'",
        )
    yield from NEWER.checks(
        versions_are_compared_as_unsigned_bytes,
        the_last_of_equal_ones_in_a_batch_stays,
        values_that_were_set_are_counted,
    )
    for there, given, holds in _GIVEN:
        yield BATCHES.check(
            partial(_holds_given, there, given, holds),
            name=f"given_{_named(given)}_where_there_is_{_named(there)}",
            claim=f"a batch that is given {given!r} is {'' if holds else 'not '}written where "
            f"there is {there!r}",
        )
    yield from BATCHES.checks(
        a_batch_without_rows_writes_nothing,
        a_batch_that_cannot_be_written_leaves_nothing,
        a_large_batch_is_written_whole,
    )


def _named(value: bytes | None) -> str:
    return "nothing" if value is None else value.decode() or "empty"


def put(place: OnlinePlace, *rows: tuple[bytes, bytes, bytes, bytes, bytes | None]) -> int:
    """Write rows of key suffix, field, value, version and expected version."""
    return place.store.write(one_batch(_keyed(place, rows)))


def _keyed(place: OnlinePlace, rows: Sequence[Row]) -> Iterator[Row]:
    for key, field, value, version, expected in rows:
        yield place.key(key or b""), field, value, version, expected


def a_store_without_rows_is_empty(place: OnlinePlace) -> None:
    """Keys that nothing was written under have no fields"""
    expect_equal(place.store.read([]), [], "no keys have rows")
    expect_equal(place.read(b"a", b"b"), [{}, {}], "keys of nothing have fields")


def fields_come_by_key_in_the_order_asked(place: OnlinePlace) -> None:
    """Fields come by key in the order asked, a key that is asked twice twice"""
    rows = [(b"a", b"f", b"1", b"v", None), (b"a", b"g", b"2", b"v", None)]
    expect_equal(put(place, *rows, (b"b", b"f", b"3", b"v", None)), 3, "another count")
    expected = [{b"f": b"3"}, {}, {b"f": b"1", b"g": b"2"}, {b"f": b"3"}]
    expect_equal(place.read(b"b", b"c", b"a", b"b"), expected, "other fields")


def look_alike_keys_are_apart(place: OnlinePlace) -> None:
    """Keys are bytes: no prefix, case, Unicode form, pattern or zero byte makes two of them one"""
    rows = [(key, b"f", b"%d" % n, b"v", None) for n, key in enumerate(LOOK_ALIKES)]
    expect_equal(put(place, *rows), len(rows), "another count")
    found = place.read(*LOOK_ALIKES)
    for number, (key, row) in enumerate(zip(LOOK_ALIKES, found, strict=True)):
        expect_equal(row, {b"f": b"%d" % number}, f"the key {key!r} has the row of another one")
    absent = [key + b"!" for key in LOOK_ALIKES]
    expect_equal(place.read(*absent), [{}] * len(absent), "a key that is not there has a row")


def look_alike_fields_are_apart(place: OnlinePlace) -> None:
    """Fields are bytes as keys are"""
    rows = [(b"k", field, field or b"-", b"v", None) for field in LOOK_ALIKES]
    put(place, *rows)
    (found,) = place.read(b"k")
    expect_equal(found, {field: field or b"-" for field in LOOK_ALIKES}, "other fields")


def columns_are_taken_by_name(place: OnlinePlace) -> None:
    """The columns of a batch are taken by their names, in whatever order they come"""
    row: Row = (place.key(b"k"), b"f", b"1", b"v", None)
    names = ("expected", "version", "value", "field", "key")
    expect_equal(place.store.write(one_batch([row], names)), 1, "another count")
    expect_equal(place.read(b"k"), [{b"f": b"1"}], "other fields")


def every_byte_comes_back(place: OnlinePlace) -> None:
    """Values are bytes, of any kind and none"""
    values = [b"", b"\x00", bytes(range(256)), b"\xff" * 300, "é😀".encode()]
    put(place, *((b"%d" % n, b"f", value, b"v", None) for n, value in enumerate(values)))
    found = place.read(*(b"%d" % n for n in range(len(values))))
    expect_equal(found, [{b"f": value} for value in values], "other values")


def a_huge_row_comes_back(place: OnlinePlace) -> None:
    """A value of four megabytes comes back"""
    _holds_size(place, _HUGE)


def a_row_of_many_megabytes_comes_back(place: OnlinePlace) -> None:
    """A value of 48 megabytes comes back, or is refused with a StoreError, and nothing is lost"""
    try:
        _holds_size(place, _HUGER)
    except StoreError:
        expect_equal(place.read(b"huge"), [{}], "half a value is there")


def _holds_size(place: OnlinePlace, size: int) -> None:
    value = bytes(range(256)) * (size // 256)
    put(place, (b"huge", b"f", value, b"v1", None), (b"other", b"f", b"1", b"v1", None))
    huge, other = place.read(b"huge", b"other")
    expect(huge.get(b"f") == value, "another value", expected=size, got=len(huge.get(b"f", b"")))
    expect_equal(other, {b"f": b"1"}, "other fields")
    put(place, (b"huge", b"f", value[::-1], b"v2", None))
    expect(place.read(b"huge")[0][b"f"] == value[::-1], "a huge value can't be replaced")


def many_keys_are_read_at_once(place: OnlinePlace) -> None:
    """Thousands of keys are read with one call"""
    keys = [b"%d" % n for n in range(5_000)]
    put(place, *((key, b"f", key, b"v", None) for key in keys[::2]))
    expected = [{b"f": key} if n % 2 == 0 else {} for n, key in enumerate(keys)]
    expect(place.read(*keys) == expected, "other fields")


def what_was_written_is_there_after_opening_again(place: OnlinePlace) -> None:
    """What was written is there when the store is opened again"""
    put(place, (b"k", b"f", b"1", b"v", None))
    with place.again() as store:
        expect_equal(store.read([place.key(b"k")]), [{b"f": b"1"}], "another store is empty")


def a_reader_sees_what_a_writer_wrote(place: OnlinePlace) -> None:
    """A store that is opened to be read sees at once what another one writes"""
    put(place, (b"k", b"f", b"1", b"v", None))
    with place.again(read_only=True) as store:
        for number in range(2, 6):
            expected = [{b"f": b"%d" % (number - 1)}]
            expect_equal(store.read([place.key(b"k")]), expected, "a reader sees an older value")
            put(place, (b"k", b"f", b"%d" % number, b"v", None))


def the_store_answers(place: OnlinePlace) -> None:
    """`ping` and `check` find nothing wrong, and `shrink` loses nothing"""
    put(place, (b"k", b"f", b"1", b"v", None))
    place.store.ping()
    place.store.check()
    expect(place.store.shrink() >= 0, "less than nothing was given back")
    expect_equal(place.read(b"k"), [{b"f": b"1"}], "other fields")


def _holds_version(version: bytes, expected: bytes | None, wins: bool, place: OnlinePlace) -> None:
    put(place, (b"a", b"f", b"old", b"v5", None), (b"a", b"g", b"old", b"v9", None))
    changed = put(place, (b"a", b"f", b"new", version, expected))
    now = {b"f": b"new" if wins else b"old", b"g": b"old"}
    expect_equal(place.read(b"a"), [now], "another value stays")
    expect_equal(changed, int(wins), "another count")
    # The version moved with the value: what was expected no longer is.
    again = put(place, (b"a", b"f", b"again", b"", b"v5"))
    expect_equal(again, int(not wins or version == b"v5"), "the version did not move with it")


def versions_are_compared_as_unsigned_bytes(place: OnlinePlace) -> None:
    """Versions are compared byte by byte, unsigned, a longer one being greater"""
    order = [
        b"",
        b"\x00",
        b"\x00\x01",
        b"\x01",
        b"\x7f",
        b"\x7f\xff",
        b"\x80",
        b"\xff",
        b"\xff\x00",
    ]
    for number, version in enumerate(order):
        put(place, (b"k", b"f", b"%d" % number, version, None))
        expect_equal(place.read(b"k"), [{b"f": b"%d" % number}], f"{version!r} is not newer")
        for older in order[:number]:
            changed = put(place, (b"k", b"f", b"older", older, None))
            expect_equal(changed, 0, f"{older!r} takes the place of {version!r}")


def the_last_of_equal_ones_in_a_batch_stays(place: OnlinePlace) -> None:
    """Of several rows of a batch for one field the newest stays, of equal ones the last"""
    rows = [(b"k", b"f", value, version, None) for value, version in (
        (b"1", b"v2"), (b"2", b"v1"), (b"3", b"v2"), (b"4", b"v0")
    )]  # fmt: skip
    put(place, *rows)
    expect_equal(place.read(b"k"), [{b"f": b"3"}], "another value stays")


def values_that_were_set_are_counted(place: OnlinePlace) -> None:
    """`write` returns how many values it has set, equal ones included"""
    put(place, (b"a", b"f", b"1", b"v5", None), (b"b", b"f", b"1", b"v5", None))
    count = put(
        place,
        (b"a", b"f", b"1", b"v5", None),
        (b"b", b"f", b"2", b"v4", None),
        (b"c", b"f", b"2", b"v4", None),
    )
    expect_equal(count, 2, "another count")
    expected = [{b"f": b"1"}, {b"f": b"1"}, {b"f": b"2"}]
    expect_equal(place.read(b"a", b"b", b"c"), expected, "other values")


def _holds_given(there: bytes | None, given: bytes | None, holds: bool, place: OnlinePlace) -> None:
    if there is not None:
        put(place, (b"k", b"mark", there, b"", b""))
    before = place.read(b"a", b"k")
    rows: list[Row] = [(b"a", b"f", b"new", b"v1", None), (b"k", b"mark", b"3", b"", b"")]
    batch = one_batch(_keyed(place, rows))
    condition = Given(place.key(b"k"), b"mark", given)
    if holds:
        expect_equal(place.store.write(batch, condition), 2, "another count")
        expect_equal(place.read(b"a", b"k"), [{b"f": b"new"}, {b"mark": b"3"}], "other values")
        return
    message = "a batch is written though something else is there"
    expect_refusal(lambda: place.store.write(batch, condition), Locked, message)
    expect_equal(place.read(b"a", b"k"), before, "a batch that was refused is written")


def a_batch_without_rows_writes_nothing(place: OnlinePlace) -> None:
    """A batch without rows writes nothing, and is refused where something else is there"""
    expect_equal(place.store.write(one_batch([])), 0, "another count")
    condition = Given(place.key(b"k"), b"mark", b"1")
    expect_refusal(
        lambda: place.store.write(one_batch([]), condition), Locked, "nothing is not refused"
    )


def a_batch_that_cannot_be_written_leaves_nothing(place: OnlinePlace) -> None:
    """A batch of which one row can't be written raises StoreError, and none of it is written"""
    put(place, (b"a", b"f", b"old", b"v1", None))
    rows: list[Row] = [
        (place.key(b"a"), b"f", b"new", b"v2", None),
        (place.key(b"b"), b"f", None, b"v2", None),
        (place.key(b"c"), b"f", b"new", b"v2", None),
    ]
    batch = one_batch(rows)
    expect_refusal(lambda: place.store.write(batch), StoreError, "a null is taken for a value")
    expected = [{b"f": b"old"}, {}, {}]
    expect_equal(place.read(b"a", b"b", b"c"), expected, "half a batch is written")
    expect_equal(put(place, (b"a", b"f", b"new", b"v2", None)), 1, "it can't be written any more")


def a_large_batch_is_written_whole(place: OnlinePlace) -> None:
    """A batch of twenty thousand rows is written, and taken back by a smaller one"""
    keys = [b"%d" % n for n in range(_MANY)]
    expect_equal(
        put(place, *((key, b"f", key, b"v1", None) for key in keys)), _MANY, "another count"
    )
    half = put(place, *((key, b"f", b"new", b"v2", None) for key in keys[::2]))
    expect_equal(half, _MANY // 2, "another count")
    found = place.read(*keys[:100])
    expected = [{b"f": b"new" if n % 2 == 0 else key} for n, key in enumerate(keys[:100])]
    expect_equal(found, expected, "other values")
