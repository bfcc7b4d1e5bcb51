"""Who holds a target's lock, whatever the state store, and what nobody else may do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from support.states import a_build, a_view, hold, leased
from support.stores import Stores

from ffc.adapter import Lease, Locked, StateStore


@pytest.fixture
def store(stores: Stores) -> Iterator[StateStore]:
    store = stores.state()
    yield store
    store.close()


@pytest.fixture
def lease(store: StateStore) -> Lease:
    return leased(store)


def test_a_held_lock_is_refused_naming_its_holder(store: StateStore, lease: Lease) -> None:
    assert lease == Lease(name="target:dev", owner="me:1", token=1)
    for owner in ("you:2", "me:1"):
        with pytest.raises(Locked) as caught:
            store.acquire("target:dev", owner, 159.0, 60.0)
        assert caught.value.message == "`target:dev` is held by me:1"
        assert caught.value.help == ("if that one died, the lock is free in 1 s",)
    assert store.acquire("target:prod", "you:2", 159.0, 60.0).token == 1


def test_an_expired_lock_is_taken_over(store: StateStore, lease: Lease) -> None:
    taken = store.acquire("target:dev", "you:2", 160.0, 60.0)
    assert taken == Lease(name="target:dev", owner="you:2", token=2)
    with pytest.raises(Locked) as caught:
        store.renew(lease, 161.0, 60.0)
    assert caught.value.message == "me:1 does not hold `target:dev`: it was taken over by you:2"
    store.release(lease)
    with pytest.raises(Locked, match="held by you:2"):
        store.acquire("target:dev", "third", 219.0, 60.0)


def test_a_renewed_lock_lives_on(store: StateStore, lease: Lease) -> None:
    store.renew(lease, 150.0, 60.0)
    with pytest.raises(Locked):
        store.acquire("target:dev", "you:2", 209.0, 60.0)
    # Late, but nobody took it.
    store.renew(lease, 300.0, 60.0)
    with pytest.raises(Locked):
        store.acquire("target:dev", "you:2", 359.0, 60.0)
    assert store.acquire("target:dev", "you:2", 360.0, 60.0).token == 2


def test_a_lock_that_was_given_back_is_free_and_its_token_never_returns(
    store: StateStore, lease: Lease
) -> None:
    store.release(lease)
    with pytest.raises(Locked) as caught:
        store.renew(lease, 101.0, 60.0)
    assert caught.value.message == "me:1 does not hold `target:dev`: it was given back"
    again = store.acquire("target:dev", "me:1", 101.0, 60.0)
    assert again.token == 2
    store.release(lease)
    with pytest.raises(Locked):
        store.acquire("target:dev", "you:2", 102.0, 60.0)


def test_a_lock_that_never_was(store: StateStore) -> None:
    nobody = Lease(name="target:x", owner="me:1", token=1)
    store.release(nobody)
    with pytest.raises(Locked, match="me:1 does not hold `target:x`: it was never taken"):
        store.renew(nobody, 0.0, 60.0)


def test_one_of_many_gets_the_lock(stores: Stores) -> None:
    barrier, won, lost = threading.Barrier(8), [], []

    def contend(number: int) -> None:
        store = stores.state()
        barrier.wait(10)
        try:
            won.append(store.acquire("target:dev", f"p:{number}", 0.0, 60.0))
        except Locked:
            lost.append(number)
        store.close()

    threads = [threading.Thread(target=contend, args=(number,), daemon=True) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)


def test_a_lock_that_was_renewed_while_somebody_waited_is_held(
    store: StateStore, lease: Lease
) -> None:
    """The clock is read before it is known who has the lock: by then it may end later."""
    store.renew(lease, 101.0, 60.0)
    with pytest.raises(Locked, match="held by me:1"):
        store.acquire("target:dev", "you:2", 100.5, 60.0)


def test_a_lock_of_a_clock_that_was_set_back_is_free(store: StateStore, lease: Lease) -> None:
    with pytest.raises(Locked, match="held by me:1"):
        store.acquire("target:dev", "you:2", 40.0, 60.0)
    assert store.acquire("target:dev", "you:2", 39.0, 60.0).token == 2


def test_a_dead_holder_is_not_waited_for(store: StateStore, lease: Lease) -> None:
    with pytest.raises(Locked, match="held by me:1"):
        store.acquire("target:dev", "you:2", 101.0, 60.0, dead="other:1")
    assert store.acquire("target:dev", "you:2", 101.0, 60.0, dead="me:1").token == 2


def test_locks_go_by_a_clock(store: StateStore) -> None:
    assert abs(store.clock() - time.time()) < 5.0


def release(store: StateStore, lease: Lease) -> None:
    store.release(lease)


def take_over(store: StateStore, lease: Lease) -> None:
    store.acquire(lease.name, "you:2", 1000.0, 60.0)


@pytest.mark.parametrize(
    ("lose", "why"),
    [(release, "given back"), (take_over, "taken over by you:2")],
    ids=["released", "taken over"],
)
def test_a_stale_holder_changes_nothing(
    store: StateStore,
    lease: Lease,
    lose: Callable[[StateStore, Lease], None],
    why: str,
) -> None:
    store.finish_build(lease, "dev", a_build(), b"{}")
    hold(store, lease, "dev", a_view())
    lose(store, lease)
    with pytest.raises(Locked, match=f"me:1 does not hold `target:dev`: it was {why}"):
        store.finish_build(lease, "dev", a_build(id="b2", fingerprint="f2"), b"{2}")
    with pytest.raises(Locked, match=why):
        hold(store, lease, "dev", a_view(generation=2))
    with pytest.raises(Locked, match=why):
        store.redefine(lease, "source.raw.orders", "f1", b"{new}")
    assert store.pointers("dev")["source.raw.orders"].build == a_build()
    wanted = [("source.raw.orders", "f1"), ("source.raw.orders", "f2")]
    assert store.definitions(wanted) == {("source.raw.orders", "f1"): b"{}"}
    assert store.online_views("dev") == [a_view()]


def test_a_late_holder_that_nobody_replaced_may_finish(store: StateStore, lease: Lease) -> None:
    store.finish_build(lease, "dev", a_build(), b"{}")
    assert list(store.pointers("dev")) == ["source.raw.orders"]
