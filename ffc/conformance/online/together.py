"""Several who read and write at a time, in threads and in processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Final

from ffc.adapter import Given, Locked, OnlineStore, Transient
from ffc.conformance.checks import Broken, Check, Group, expect, expect_equal
from ffc.conformance.ledger import one_batch
from ffc.conformance.online.rows import put
from ffc.conformance.places import OnlinePlace, online_place
from ffc.conformance.processes import in_processes, killed_after
from ffc.conformance.threads import in_threads

TOGETHER: Final = Group(
    role="online",
    name="together",
    place=online_place,
    help="a store is used by several threads and processes at a time: a batch is one transaction, "
    "and readers do not wait for it",
)
_FIELDS: Final = (b"f", b"g")
_KEYS: Final = 100
_WRITERS: Final = 3
_STEPS: Final = 15
_LARGE: Final = 4_000
# Python takes as long to begin, and to be at it.
_A_WHILE: Final = 1.2


def checks() -> Iterator[Check[OnlinePlace]]:
    """Yield the checks of several at a time."""
    yield from TOGETHER.checks(
        threads_share_a_store,
        threads_with_stores_of_their_own,
        processes_write_and_read,
        readers_do_not_wait_for_a_large_batch,
        a_killed_writer_leaves_whole_batches,
    )
    for name, number in (("threads", 4), ("processes", 3)):
        yield TOGETHER.check(
            partial(_holds_swaps, name == "processes", number),
            name=f"{name}_swap_one_at_a_time",
            claim=f"of {name} that each write where they have read, none is lost",
        )


def write_versions(
    store: OnlineStore, prefix: bytes, number: int, writers: int, steps: int
) -> None:
    """Write ever newer batches, and look after each that every row is whole and no older."""
    keys = [prefix + b"%d" % key for key in range(_KEYS)]
    for step in range(steps):
        version = b"%06d" % (step * writers + number)
        rows = [(key, field, version, version, None) for key in keys for field in _FIELDS]
        store.write(one_batch(rows))
        for row in store.read(keys):
            values = {row.get(field) for field in _FIELDS}
            if len(values) != 1 or (values.pop() or b"") < version:
                raise Broken("a row is older than a batch that was written", got=repr(row))


def swap(store: OnlineStore, key: bytes, times: int) -> None:
    """Count one up where nobody else has meanwhile, so many times."""
    for _ in range(times):
        while True:
            (row,) = store.read([key])
            there = row.get(b"f")
            following = b"%d" % (int(there or b"0") + 1)
            try:
                store.write(one_batch([(key, b"f", following, b"", b"")]), Given(key, b"f", there))
                break
            except Locked:
                time.sleep(0)


def write_on(store: OnlineStore, prefix: bytes) -> None:
    """Write one large batch after the other, until the end."""
    keys = [prefix + b"%d" % key for key in range(_LARGE)]
    for step in count(1):
        version = b"%06d" % step
        rows = [(key, field, version, version, None) for key in keys for field in _FIELDS]
        store.write(one_batch(rows))


def _prepare(place: OnlinePlace) -> None:
    # What others write under these fields is found, whatever becomes of this process.
    put(place, *((b"-", field, b"", b"", None) for field in _FIELDS))


def _expect_newest(place: OnlinePlace) -> None:
    newest = b"%06d" % ((_STEPS - 1) * _WRITERS + _WRITERS - 1)
    found = place.read(*(b"%d" % key for key in range(_KEYS)))
    expected = [dict.fromkeys(_FIELDS, newest)] * _KEYS
    expect(found == expected, "the newest is not what stays", expected=newest, got=found[:1])


def threads_share_a_store(place: OnlinePlace) -> None:
    """Threads that share a store see whole rows, and the newest stays"""
    _prepare(place)
    arguments = [(place.store, place.key(), n, _WRITERS, _STEPS) for n in range(_WRITERS)]
    in_threads([partial(write_versions, *own) for own in arguments])
    _expect_newest(place)


def threads_with_stores_of_their_own(place: OnlinePlace) -> None:
    """Threads with a store each see whole rows, and the newest stays"""
    _prepare(place)

    def work(number: int) -> None:
        with place.again() as store:
            write_versions(store, place.key(), number, _WRITERS, _STEPS)

    in_threads([partial(work, number) for number in range(_WRITERS)])
    _expect_newest(place)


def processes_write_and_read(place: OnlinePlace) -> None:
    """Processes see whole rows, and the newest stays"""
    _prepare(place)
    arguments = [(place.key(), number, _WRITERS, _STEPS) for number in range(_WRITERS)]
    in_processes(place.adapter, place.options, write_versions, arguments)
    _expect_newest(place)


def _holds_swaps(apart: bool, number: int, place: OnlinePlace) -> None:
    _prepare(place)
    key, times = place.key(b"swapped"), 25
    if apart:
        in_processes(place.adapter, place.options, swap, [(key, times)] * number)
    else:
        in_threads([partial(swap, place.store, key, times)] * number)
    expect_equal(place.read(b"swapped"), [{b"f": b"%d" % (number * times)}], "some are lost")


def a_killed_writer_leaves_whole_batches(place: OnlinePlace) -> None:
    """Of a writer that is killed each batch is there whole, or not at all, and others go on"""
    _prepare(place)
    for _ in range(3):
        killed_after(_A_WHILE, place.adapter, place.options, write_on, place.key())
        found = place.read(*(b"%d" % key for key in range(_LARGE)))
        there = {row.get(field) for row in found for field in _FIELDS}
        expect(len(there) == 1, "half a batch is there", expected="one version", got=there)
    expect_equal(put(place, (b"0", b"f", b"1", b"9", None)), 1, "nobody can write any more")


def readers_do_not_wait_for_a_large_batch(place: OnlinePlace) -> None:
    """While a large batch is written others read, and see none of a key's new fields or both"""
    _prepare(place)
    keys = [b"%d" % key for key in range(20_000)]
    put(place, *((key, field, b"old", b"v1", None) for key in keys[-3:] for field in _FIELDS))
    done = threading.Event()
    waits: list[float] = []
    answers: list[dict[bytes, bytes]] = []

    def read() -> None:
        with place.again(read_only=True) as store:
            while not done.is_set():
                began = time.monotonic()
                # It may refuse to wait: that is an answer, too.
                with suppress(Transient):
                    answers.extend(store.read([place.key(key) for key in keys[-3:]]))
                waits.append(time.monotonic() - began)

    def write() -> None:
        try:
            rows = ((key, field, b"new", b"v2", None) for key in keys for field in _FIELDS)
            put(place, *rows)
        finally:
            done.set()

    in_threads([read, write])
    limit = 2.0
    longest = max(waits, default=0.0)
    expect(longest < limit, "a reader waits", expected=f"{limit} s", got=f"{longest:.1f} s")
    expect(bool(answers), "nothing was read meanwhile")
    torn = [row for row in answers if len({row.get(field) for field in _FIELDS}) != 1]
    expect(not torn, "half a row is seen", expected="two equal fields", got=torn[:1])
