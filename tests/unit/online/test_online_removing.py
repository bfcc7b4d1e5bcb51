"""Fields taken out of an online store, a part at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.stores import Stores, WriteRow, a_batch

from ffc.adapter import OnlineStore
from ffc_postgres.stores import online as postgres_online
from ffc_sqlite import online as sqlite_online


@pytest.fixture
def store(stores: Stores) -> Iterator[OnlineStore]:
    store = stores.online()
    yield store
    store.close()


def some_rows(store: OnlineStore, count: int, size: int = 100) -> None:
    """Write two fields of so many keys, and one of a key with another prefix."""
    for field in (b"f", b"g"):
        rows: list[WriteRow] = [
            (b"p%06d" % i, field, bytes(size), b"v", None) for i in range(count)
        ]
        store.write(a_batch(*rows))
    store.write(a_batch((b"q", b"f", b"1", b"v", None), (b"o\xff", b"f", b"1", b"v", None)))


def test_a_field_is_taken_away_in_parts(
    store: OnlineStore, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_online, "PART", 100)
    monkeypatch.setattr(postgres_online, "PART", 100)
    some_rows(store, 1_000)
    parts = store.remove(b"p", b"f")
    assert next(parts) == 50, "a part looks at a hundred rows"
    assert [dict(r) for r in store.read([b"p000049", b"p000050"])] == [
        {b"g": bytes(100)}, {b"f": bytes(100), b"g": bytes(100)},
    ]  # fmt: skip
    # Others write between two parts.
    other = stores.online()
    assert other.write(a_batch((b"p000049", b"h", b"2", b"v", None))) == 1
    other.close()
    parts.close()
    assert sum(store.remove(b"p", b"f")) == 950, "begun again it takes what is left"
    assert sum(store.remove(b"p", b"f")) == 0
    assert store.read([b"q", b"o\xff"]) == [{b"f": b"1"}] * 2
    assert all(set(row) <= {b"g", b"h"} for row in store.read([b"p%06d" % i for i in range(1_000)]))


def test_nothing_is_taken_out_of_a_store_that_is_not_there(store: OnlineStore) -> None:
    assert list(store.remove(b"p", b"f")) == [0]
    assert store.shrink() == 0


@pytest.mark.parametrize("prefix", [b"a", b"a\xff", b"a\xff\xff", b"\x01\x00"])
def test_only_keys_that_begin_so(store: OnlineStore, prefix: bytes) -> None:
    inside = [prefix, prefix + b"\0", prefix + b"\xff", prefix + b"\xff" * 9, prefix + b"z"]
    outside = [prefix[:-1], b"b", b"\x01\x01", b"\0", b"a\xfe", b"a!", b"\x01", b"a\xfe\xff\xff"]
    outside = [key for key in outside if not key.startswith(prefix)]
    for key in (*inside, *outside):
        store.write(a_batch((key, b"f", b"1", b"v", None)))
    assert sum(store.remove(prefix, b"f")) == len(inside)
    assert store.read(inside) == [{}] * len(inside)
    assert store.read(outside) == [{b"f": b"1"}] * len(outside)


def test_only_values_that_are_just_that(store: OnlineStore) -> None:
    rows: list[WriteRow] = [(b"p%d" % i, b"f", b"%d" % (i % 2), b"v", None) for i in range(6)]
    store.write(a_batch(*rows))
    assert sum(store.remove(b"p", b"f", b"1")) == 3
    assert store.read([b"p0", b"p1"]) == [{b"f": b"0"}, {}]
    assert sum(store.remove(b"p", b"g", b"0")) == 0
