"""What online stores hold, figures and the audit, whatever the state store."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from support.states import T1, T2, T3, a_build, a_view, hold, leased
from support.stores import Stores

from ffc.adapter import Lease, Locked, Observation, ServedMinute, StateStore


@pytest.fixture
def store(stores: Stores) -> Iterator[StateStore]:
    store = stores.state()
    yield store
    store.close()


@pytest.fixture
def lease(store: StateStore) -> Lease:
    return leased(store)


def test_online_views(store: StateStore, lease: Lease) -> None:
    assert store.online_views("dev") == []
    newer = a_view(view="a", as_of=T2)
    elsewhere = a_view(store="other", as_of=T3)
    for view in (elsewhere, newer, a_view()):
        hold(store, lease, "dev", view)
    hold(store, lease, "prod", a_view(rows=9))
    assert store.online_views("dev") == [a_view(), newer, elsewhere]
    moved = a_view(fingerprint="f2", generation=2, as_of="2025-03-04", rows=4)
    hold(store, lease, "dev", moved)
    assert store.online_views("dev") == [newer, elsewhere, moved]
    assert store.online_views("prod") == [a_view(rows=9)]


def test_what_a_store_holds_no_more_is_forgotten(store: StateStore, lease: Lease) -> None:
    """With the pointer to its rows, and only where nothing came in its place."""
    pointed = a_build(node="online.main.v")
    other = a_build(id="b2", node="online.other.v")
    for build in (pointed, other):
        store.finish_build(lease, "dev", build, b"{}")
        store.finish_build(lease, "prod", build, b"{}")
    for view in (a_view(), a_view(store="other")):
        hold(store, lease, "dev", view)
    hold(store, lease, "prod", a_view())
    store.forget_online_view(lease, "dev", a_view(generation=2), "online.main.v")
    store.forget_online_view(lease, "dev", a_view(fingerprint="f2"), "online.main.v")
    assert len(store.online_views("dev")) == 2
    store.forget_online_view(lease, "dev", a_view(as_of=T3, rows=9), "online.main.v")
    assert store.online_views("dev") == [a_view(store="other")]
    assert list(store.pointers("dev")) == ["online.other.v"]
    assert store.online_views("prod") == [a_view()]
    assert list(store.pointers("prod")) == ["online.main.v", "online.other.v"]
    assert store.in_use() == {"b1", "b2"}
    store.forget_online_view(lease, "prod", a_view(), "online.main.v")
    assert store.in_use() == {"b2"}
    store.release(lease)
    with pytest.raises(Locked, match="was given back"):
        store.forget_online_view(lease, "dev", a_view(store="other"), "online.other.v")
    assert list(store.pointers("dev")) == ["online.other.v"]


def test_observations(store: StateStore) -> None:
    first = Observation(node="v", column="c", metric="mean", window="1d", value=1.5, build="b1")
    store.observe([first])
    second = replace(first, value=2.5)
    other = replace(first, value=float("nan"), build="b2")
    more = replace(first, metric="count", build="b2")
    store.observe([second, other, more])
    assert store.observations(["b1", "b3"]) == [second]
    assert store.observations(["b1", "b2"], "count") == [more]
    assert math.isnan(store.observations(["b2"], "mean")[0].value)


def test_what_servers_counted(store: StateStore) -> None:
    first = ServedMinute(server="a", minute=T1, counts=b"1")
    second = ServedMinute(server="b", minute=T1, counts=b"2")
    third = ServedMinute(server="a", minute=T3, counts=b"3")
    store.keep_served("dev", [third, second, first], T1)
    store.keep_served("prod", [first], T1)
    assert store.served("dev", "") == [first, second, third]
    assert store.served("dev", T2) == [third]
    again = replace(third, counts=b"4")
    store.keep_served("dev", [again], T2)
    assert store.served("dev", "") == [again]
    assert store.served("prod", T1) == [first]
    store.keep_served("dev", [], "9")
    assert store.served("dev", "") == []


def test_audit(store: StateStore, stores: Stores) -> None:
    store.audit("ann", "run", "dev", T1)
    store.audit("ann", "run", "dev", T1)
    rows = stores.table("SELECT principal, action, object, time FROM audit")
    assert rows == [("ann", "run", "dev", T1)] * 2


def test_of_figures_that_are_told_twice_the_last_counts(store: StateStore) -> None:
    first = Observation(node="v", column="c", metric="mean", window="", value=1.5, build="b1")
    store.observe([first, replace(first, value=2.5)])
    assert store.observations(["b1"]) == [replace(first, value=2.5)]
    store.observe([])
