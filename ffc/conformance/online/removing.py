"""Fields taken away, a part at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ffc.conformance.checks import Check, Group, expect, expect_equal
from ffc.conformance.online.rows import LOOK_ALIKES, put
from ffc.conformance.places import OnlinePlace, online_place

REMOVING: Final = Group(
    role="online",
    name="removing",
    place=online_place,
    help="see `remove` in ffc/adapter/online.py: only keys that begin so, only that field",
)
_MANY: Final = 25_000


def checks() -> Iterator[Check[OnlinePlace]]:
    """Yield the checks of what is taken away."""
    yield from REMOVING.checks(
        only_keys_that_begin_so_are_taken,
        a_whole_key_is_a_prefix,
        only_a_given_value_is_taken,
        other_fields_stay,
        high_bytes_end_a_prefix,
        many_rows_go_in_parts,
        what_was_left_half_way_is_gone_on_with,
        writers_go_on_between_two_parts,
        what_is_taken_can_be_written_again,
    )


def _remove(place: OnlinePlace, prefix: bytes, field: bytes, value: bytes | None = None) -> int:
    return sum(place.store.remove(place.key(prefix), field, value))


def _there(place: OnlinePlace, keys: Sequence[bytes], field: bytes = b"f") -> list[bytes]:
    found = place.read(*keys)
    return [key for key, row in zip(keys, found, strict=True) if field in row]


def only_keys_that_begin_so_are_taken(place: OnlinePlace) -> None:
    """A field is taken of the keys that begin so, and of no look-alike"""
    put(place, *((key, b"f", b"1", b"v", None) for key in LOOK_ALIKES))
    for prefix in (b"a", b"\x00", b"%", b"k" * 199):
        before = _there(place, LOOK_ALIKES)
        gone = [key for key in before if key.startswith(prefix)]
        expect_equal(_remove(place, prefix, b"f"), len(gone), f"another count for {prefix!r}")
        left = [key for key in before if key not in gone]
        expect_equal(_there(place, LOOK_ALIKES), left, f"other keys were taken with {prefix!r}")


def a_whole_key_is_a_prefix(place: OnlinePlace) -> None:
    """A whole key can be given, and the keys that go on behind it are taken with it"""
    put(place, *((key, b"f", b"1", b"v", None) for key in (b"key", b"key1", b"kex", b"kez")))
    expect_equal(_remove(place, b"key", b"f"), 2, "another count")
    expect_equal(_there(place, [b"key", b"key1", b"kex", b"kez"]), [b"kex", b"kez"], "other keys")
    expect_equal(_remove(place, b"key", b"f"), 0, "what is gone is taken again")


def only_a_given_value_is_taken(place: OnlinePlace) -> None:
    """Where a value is given, only what is just that is taken"""
    put(place, *((b"%d" % n, b"f", b"x" * (n % 3), b"v", None) for n in range(9)))
    expect_equal(_remove(place, b"", b"f", b"x"), 3, "another count")
    expect_equal(_remove(place, b"", b"f", b""), 3, "another count of empty values")
    left = _there(place, [b"%d" % n for n in range(9)])
    expect_equal(left, [b"2", b"5", b"8"], "other keys are left")


def other_fields_stay(place: OnlinePlace) -> None:
    """Other fields of the same keys stay"""
    fields = (b"f", b"f\x00", b"F", b"", b"ff")
    put(place, *((b"k", field, b"1", b"v", None) for field in fields))
    expect_equal(_remove(place, b"", b"f"), 1, "another count")
    (found,) = place.read(b"k")
    expect_equal(set(found), set(fields) - {b"f"}, "other fields are left")


def high_bytes_end_a_prefix(place: OnlinePlace) -> None:
    """A prefix may end in bytes that nothing is greater than"""
    keys = [b"a", b"a\xff", b"a\xff\xff", b"a\xff\xff\x00", b"a\xfe\xff", b"b"]
    put(place, *((key, b"f", b"1", b"v", None) for key in keys))
    expect_equal(_remove(place, b"a\xff\xff", b"f"), 2, "another count")
    expect_equal(_there(place, keys), [b"a", b"a\xff", b"a\xfe\xff", b"b"], "other keys are left")


def many_rows_go_in_parts(place: OnlinePlace) -> None:
    """Many rows go in parts, each of some, and the counts add up"""
    keys = [b"%05d" % n for n in range(_MANY)]
    put(place, *((key, b"f", b"1", b"v", None) for key in keys))
    counts = list(place.store.remove(place.key(), b"f"))
    expect_equal(sum(counts), _MANY, "another count")
    expect(len(counts) > 1, "all go at once: nobody else could read or write", got=counts)
    expect_equal(_there(place, keys[::100]), [], "some are left")


def what_was_left_half_way_is_gone_on_with(place: OnlinePlace) -> None:
    """Who asks for no more parts leaves the rest, which the next one takes"""
    keys = [b"%05d" % n for n in range(_MANY)]
    put(place, *((key, b"f", b"1", b"v", None) for key in keys))
    parts = place.store.remove(place.key(), b"f")
    first = next(parts)
    close = getattr(parts, "close", None)
    if close is not None:
        close()
    left = len(_there(place, keys))
    expect_equal(left, _MANY - first, "other rows went than were counted")
    expect_equal(_remove(place, b"", b"f"), left, "another count of the rest")


def writers_go_on_between_two_parts(place: OnlinePlace) -> None:
    """Between two parts others read and write"""
    keys = [b"%05d" % n for n in range(_MANY)]
    put(place, *((key, b"f", b"1", b"v", None) for key in keys))
    with place.again() as store:
        for number, _ in enumerate(place.store.remove(place.key(), b"f")):
            put(place, (b"!", b"g", b"%d" % number, b"v", None))
            found = store.read([place.key(b"!")])
            expect_equal(found, [{b"g": b"%d" % number}], "others can't write meanwhile")


def what_is_taken_can_be_written_again(place: OnlinePlace) -> None:
    """What was taken away can be written again, with an older version"""
    put(place, (b"k", b"f", b"1", b"v5", None))
    _remove(place, b"k", b"f")
    expect_equal(put(place, (b"k", b"f", b"2", b"v1", None)), 1, "it is remembered")
    expect_equal(place.read(b"k"), [{b"f": b"2"}], "other values")
