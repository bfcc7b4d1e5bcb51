"""A state store opened again, by several, and before there is one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from support.states import T1, a_build
from support.stores import Stores

from ffc.adapter import StateError, StateStore


@pytest.fixture
def store(stores: Stores) -> Iterator[StateStore]:
    store = stores.state()
    yield store
    store.close()


def test_everything_is_there_after_reopening(stores: Stores) -> None:
    store = stores.state()
    held = store.acquire("target:dev", "me:1", 100.0, 60.0)
    store.deploy("dev", b"one", T1, "ann")
    store.finish_build(held, "dev", a_build(), b"{}")
    store.close()
    with pytest.raises(StateError, match="is closed"):
        store.deployment("dev")
    store = stores.state()
    assert store.deployment("dev") == ("d1", b"one")
    assert store.pointers("dev")["source.raw.orders"].build == a_build()
    store.renew(held, 101.0, 60.0)
    assert store.deploy("dev", b"two", T1, "ann") == "d2"
    store.close()


def test_a_store_is_shared_by_threads(store: StateStore) -> None:
    def run_ten() -> None:
        for _ in range(10):
            store.begin_run("dev", "run", "ann", T1)

    threads = [threading.Thread(target=run_ten, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.id for run in store.runs("dev", 100)] == [f"r{n}" for n in range(40, 0, -1)]


def test_what_is_not_there_is_empty_to_who_reads(stores: Stores) -> None:
    store = stores.state(read_only=True)
    assert store.deployment("dev") is None
    assert (store.pointers("dev"), store.in_use(), store.builds()) == ({}, set(), [])
    assert (store.runs("dev", 9), store.online_views("dev"), store.uses()) == ([], [], [])
    assert (store.definitions([("a", "b")]), store.defined("")) == ({}, [])
    store.close()
