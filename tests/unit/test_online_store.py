"""What every online store keeps: newer values win, and readers see whole batches."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.stores import Stores, WriteRow, a_batch

from ffc.adapter import Given, Locked, OnlineStore, StatementFailed, StoreError, Unreachable


@pytest.fixture
def store(stores: Stores) -> Iterator[OnlineStore]:
    store = stores.online()
    yield store
    store.close()


def test_a_new_store_is_empty(store: OnlineStore) -> None:
    store.ping()
    assert store.read([]) == []
    assert store.read([b"a", b"b"]) == [{}, {}]
    assert store.write(a_batch()) == 0


def test_fields_come_by_key_in_the_order_asked(store: OnlineStore, stores: Stores) -> None:
    rows: list[WriteRow] = [
        (b"a", b"f", b"1", b"v1", None),
        (b"a", b"g", b"2", b"v1", None),
        (b"a\x00", b"f", b"3", b"v1", None),
        (b"", b"", b"", b"", None),
    ]
    assert store.write(a_batch(*rows)) == 4
    expected = [{b"f": b"3"}, {}, {b"f": b"1", b"g": b"2"}, {b"f": b"3"}, {b"": b""}]
    assert store.read([b"a\x00", b"b", b"a", b"a\x00", b""]) == expected
    store.close()
    again = stores.online()
    assert again.read([b"a"]) == [{b"f": b"1", b"g": b"2"}]
    again.close()


@pytest.mark.parametrize(
    ("there", "expected", "holds"),
    [
        (None, None, True),
        (None, b"1", False),
        (None, b"", False),
        (b"1", None, False),
        (b"1", b"1", True),
        (b"1", b"2", False),
        (b"", b"", True),
        (b"", None, False),
    ],
)
def test_a_batch_is_written_where_the_store_holds_what_is_given(
    store: OnlineStore, there: bytes | None, expected: bytes | None, holds: bool
) -> None:
    if there is not None:
        store.write(a_batch((b"k", b"mark", there, b"", b"")))
    before = store.read([b"a", b"k"])
    batch = a_batch((b"a", b"f", b"new", b"v1", None), (b"k", b"mark", b"3", b"", b""))
    if holds:
        assert store.write(batch, Given(b"k", b"mark", expected)) == 2
        assert store.read([b"a", b"k"]) == [{b"f": b"new"}, {b"mark": b"3"}]
    else:
        with pytest.raises(Locked, match="another process has written"):
            store.write(batch, Given(b"k", b"mark", expected))
        assert store.read([b"a", b"k"]) == before


def test_columns_are_taken_by_name(store: OnlineStore) -> None:
    names = ("expected", "version", "value", "field", "key")
    assert store.write(a_batch((None, b"v1", b"1", b"f", b"a"), names=names)) == 1
    assert store.read([b"a"]) == [{b"f": b"1"}]


@pytest.mark.parametrize(
    ("version", "expected", "wins"),
    [
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
    ],
)
def test_newer_is_never_overwritten_unless_expected(
    store: OnlineStore, version: bytes, expected: bytes | None, wins: bool
) -> None:
    store.write(a_batch((b"a", b"f", b"old", b"v5", None), (b"a", b"g", b"old", b"v9", None)))
    assert store.write(a_batch((b"a", b"f", b"new", version, expected))) == int(wins)
    assert store.read([b"a"]) == [{b"f": b"new" if wins else b"old", b"g": b"old"}]
    # The version moved with the value: what was expected no longer is.
    assert store.write(a_batch((b"a", b"f", b"again", b"", b"v5"))) == int(
        not wins or version == b"v5"
    )


def test_bytes_sort_unsigned(store: OnlineStore) -> None:
    store.write(a_batch((b"a", b"f", b"old", b"\x80", None)))
    assert store.write(a_batch((b"a", b"f", b"new", b"\x7f\xff", None))) == 0
    assert store.write(a_batch((b"a", b"f", b"new", b"\xff", None))) == 1


def test_values_that_were_set_are_counted(store: OnlineStore) -> None:
    store.write(a_batch((b"a", b"f", b"1", b"v5", None), (b"b", b"f", b"1", b"v5", None)))
    batch = a_batch(
        (b"a", b"f", b"1", b"v5", None),
        (b"b", b"f", b"2", b"v4", None),
        (b"c", b"f", b"2", b"v4", None),
    )
    assert store.write(batch) == 2
    assert store.read([b"a", b"b", b"c"]) == [{b"f": b"1"}, {b"f": b"1"}, {b"f": b"2"}]


def test_a_batch_is_written_whole_or_not_at_all(store: OnlineStore) -> None:
    store.write(a_batch((b"a", b"f", b"old", b"v1", None)))
    batch = a_batch((b"a", b"f", b"new", b"v2", None), (b"b", b"f", None, b"v2", None))
    with pytest.raises(StatementFailed, match=r"(?i)not.null"):
        store.write(batch)
    assert store.read([b"a", b"b"]) == [{b"f": b"old"}, {}]
    assert store.write(a_batch((b"a", b"f", b"new", b"v2", None))) == 1


small = st.binary(max_size=2)
write = st.tuples(small, small, small, small, st.none() | small)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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


def test_readers_and_writers_together(stores: Stores) -> None:
    store, other = stores.online(), stores.online()
    keys = [b"%d" % number for number in range(50)]
    problems: list[object] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                values = {row.get(b"f") for row in store.read(keys)}
                if len(values) != 1:
                    problems.append(values)
        except StoreError as problem:
            problems.append(problem)

    readers = [threading.Thread(target=read, daemon=True) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for version in range(1, 31):
            text = b"%03d" % version
            writing = (store, other)[version % 2]
            assert writing.write(a_batch(*((key, b"f", text, text, None) for key in keys))) == 50
    finally:
        done.set()
        for reader in readers:
            reader.join(10)
    assert problems == []
    assert store.read([b"7"]) == [{b"f": b"030"}]
    store.close()
    other.close()


WRITER = """
import json, sys
from pathlib import Path
from support.stores import Stores, a_batch
kind, folder, values, number = json.loads(sys.argv[1])
store = Stores(kind=kind, folder=Path(folder), values=values).online()
for step in range(25):
    version = b"%04d" % (step * 4 + number)
    store.write(a_batch(*((b"%d" % key, b"f", version, version, None) for key in range(200))))
    values = {row[b"f"] for row in store.read([b"%d" % key for key in range(200)])}
    assert len(values) == 1, values
    assert values.pop() >= version
store.close()
"""


def test_many_processes_write_and_read(stores: Stores) -> None:
    """Each sees whole batches only, and never an older one than its own; the newest stays."""
    place = [stores.kind, str(stores.folder), stores.values]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, json.dumps([*place, number])],
            cwd=Path(__file__).parent.parent,
            stderr=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for writer in writers:
        _, told = writer.communicate(timeout=60)
        assert writer.returncode == 0, told
    store = stores.online()
    assert {row[b"f"] for row in store.read([b"%d" % key for key in range(200)])} == {b"0099"}
    store.check()
    store.close()


@pytest.mark.parametrize("there", [None, b"1"])
def test_of_many_that_are_given_the_same_one_writes(stores: Stores, there: bytes | None) -> None:
    """Also where nothing is given: the others see what was not there when they began."""
    store = stores.online()
    store.write(a_batch((b"other", b"f", b"1", b"", None)))
    if there is not None:
        store.write(a_batch((b"k", b"mark", there, b"", None)))
    barrier, won, lost = threading.Barrier(6), [], []

    def contend(number: int) -> None:
        own = stores.online()
        own.read([b"k"])
        barrier.wait(10)
        mine = b"by %d" % number
        rows: list[WriteRow] = [(b"a%03d" % i, b"f", mine, b"v", None) for i in range(300)]
        try:
            own.write(a_batch(*rows, (b"k", b"mark", mine, b"", b"")), Given(b"k", b"mark", there))
            won.append(mine)
        except Locked:
            lost.append(mine)
        own.close()

    threads = [threading.Thread(target=contend, args=(number,), daemon=True) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(won), len(lost)) == (1, 5)
    assert store.read([b"k"]) == [{b"mark": won[0]}]
    assert {row[b"f"] for row in store.read([b"a%03d" % i for i in range(300)])} == set(won)
    store.close()


def test_what_is_given_need_not_be_written(store: OnlineStore) -> None:
    """Nor is anything left where nothing was."""
    batch = a_batch((b"a", b"f", b"1", b"", None))
    assert store.write(batch, Given(b"k", b"mark", None)) == 1
    assert store.write(batch, Given(b"a", b"f", b"1")) == 1
    assert store.read([b"k", b"a"]) == [{}, {b"f": b"1"}]


def test_a_huge_value_and_many_keys(store: OnlineStore) -> None:
    huge = bytes(range(256)) * 20_000
    assert store.write(a_batch((b"h", b"f", huge, b"v", None))) == 1
    rows: list[WriteRow] = [(b"%05d" % i, b"f", b"%d" % i, b"v", None) for i in range(10_000)]
    assert store.write(a_batch(*reversed(rows))) == 10_000
    asked = [b"%05d" % (i * 7 % 10_000) for i in range(10_000)]
    assert store.read([b"h"]) == [{b"f": huge}]
    assert [row[b"f"] for row in store.read(asked)] == [b"%d" % int(key) for key in asked]


def test_a_closed_store_says_so(store: OnlineStore) -> None:
    store.ping()
    store.close()
    with pytest.raises(Unreachable, match="is closed"):
        store.ping()
