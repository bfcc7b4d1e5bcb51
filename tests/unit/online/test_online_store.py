"""What every online store keeps, beside what the conformance suite asks of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.slow import examples
from support.stores import Stores, WriteRow, a_batch

from ffc.adapter import Given, OnlineStore, Unreachable


@pytest.fixture
def store(stores: Stores) -> Iterator[OnlineStore]:
    store = stores.online()
    yield store
    store.close()


small = st.binary(max_size=2)
write = st.tuples(small, small, small, small, st.none() | small)


@settings(
    max_examples=examples(50),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(batches=st.lists(st.lists(write, max_size=6), max_size=4))
def test_writes_are_those_of_a_dictionary(stores: Stores, batches: list[list[WriteRow]]) -> None:
    store = stores.elsewhere().online()
    held: dict[bytes, dict[bytes, tuple[bytes, bytes]]] = {}
    for rows in batches:
        changed = 0
        for key, field, value, version, expected in rows:
            assert key is not None
            assert field is not None
            assert value is not None
            assert version is not None
            before = held.get(key, {}).get(field)
            if before is None or before[1] <= version or before[1] == expected:
                held.setdefault(key, {})[field] = (value, version)
                changed += 1
        assert store.write(a_batch(*rows)) == changed
    keys = [*held, b"unknown"]
    found = [{field: value for field, (value, _) in held[key].items()} for key in held]
    assert store.read(keys) == [*found, {}]
    store.close()


def test_what_is_given_need_not_be_written(store: OnlineStore) -> None:
    """Nor is anything left where nothing was."""
    batch = a_batch((b"a", b"f", b"1", b"", None))
    assert store.write(batch, Given(b"k", b"mark", None)) == 1
    assert store.write(batch, Given(b"a", b"f", b"1")) == 1
    assert store.read([b"k", b"a"]) == [{}, {b"f": b"1"}]


def test_a_closed_store_says_so(store: OnlineStore) -> None:
    store.ping()
    store.close()
    with pytest.raises(Unreachable, match="is closed"):
        store.ping()
