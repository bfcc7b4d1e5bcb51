"""Locks: one holder at a time, tokens that never return, and nothing moved by who lost one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from ffc.adapter import Lease, Locked, StateStore
from ffc.conformance.checks import Check, Group, expect, expect_equal, expect_refusal
from ffc.conformance.places import StatePlace, state_place
from ffc.conformance.processes import in_processes
from ffc.conformance.state.records import (
    BEGAN,
    NODE,
    SECONDS,
    T1,
    TARGET,
    a_build,
    a_move,
    a_view,
    built,
    hold_view,
    leased,
)
from ffc.conformance.threads import in_threads

LOCKS: Final = Group(
    role="state",
    name="locks",
    place=state_place,
    help="see `acquire`, `renew` and `release` in ffc/adapter/state.py: the lock and what is done "
    "under it must be looked at in one transaction",
)
_LATER: Final = BEGAN + SECONDS
_NAME: Final = f"target:{TARGET}"


def checks() -> Iterator[Check[StatePlace]]:
    """Yield the checks of locks."""
    yield from LOCKS.checks(
        a_held_lock_names_its_holder,
        an_expired_lock_is_taken_over,
        a_renewed_lock_lives_on,
        a_lock_given_back_is_free,
        a_token_never_returns,
        the_lock_of_a_dead_holder_is_free,
        a_clock_that_was_set_back_holds_nothing,
        a_late_holder_that_nobody_replaced_may_finish,
        one_of_many_threads_gets_the_lock,
        one_of_many_processes_gets_the_lock,
    )
    for name, work in _UNDER_A_LEASE.items():
        yield LOCKS.check(
            partial(_refuses_stale, work),
            name=f"{name}_needs_the_lock",
            claim=f"`{name}` by a holder that lost its lock is refused, and changes nothing",
        )


_UNDER_A_LEASE: Final[dict[str, Callable[[StateStore, Lease], object]]] = {
    "finish_build": lambda s, lease: s.finish_build(lease, TARGET, a_build("b2"), b"{2}"),
    "move": lambda s, lease: s.move(lease, TARGET, a_move(), T1, "me"),
    "redefine": lambda s, lease: s.redefine(lease, NODE, "f1", b"{2}"),
    "set_inputs": lambda s, lease: s.set_inputs(lease, "b1", {"a": "z"}),
    "forget_builds": lambda s, lease: s.forget_builds(lease, ["b0"], T1),
    "end_dead_runs": lambda s, lease: s.end_dead_runs(lease, TARGET, ["run"]),
    "forget_online_view": lambda s, lease: s.forget_online_view(lease, TARGET, a_view(), NODE),
    "renew": lambda s, lease: s.renew(lease, BEGAN, SECONDS),
}


def _refuses_stale(work: Callable[[StateStore, Lease], object], place: StatePlace) -> None:
    store = place.store
    lease = leased(store)
    store.begin_run(TARGET, "run", "me", T1)
    for name in ("b0", "b1"):
        store.finish_build(lease, TARGET, a_build(name), b"{}")
    hold_view(store, lease, a_view())
    before = _all_of(store)
    store.release(lease)
    expect_refusal(lambda: work(store, lease), Locked, "it is done without the lock")
    store.acquire(_NAME, "you:2", BEGAN, SECONDS)
    problem = expect_refusal(lambda: work(store, lease), Locked, "it is done under another's lock")
    expect("you:2" in str(problem), "it is not said who has the lock", got=str(problem))
    expect_equal(_all_of(store), before, "something has changed")


def _all_of(store: StateStore) -> tuple[object, ...]:
    return (
        store.pointers(TARGET),
        store.builds(),
        store.definitions([(NODE, "f1")]),
        store.online_views(TARGET),
        store.runs(TARGET, 10),
        store.deployment(TARGET),
    )


def a_held_lock_names_its_holder(place: StatePlace) -> None:
    """A lock that is held is refused, also to its holder, naming it; others are free"""
    store = place.store
    lease = leased(store)
    expect_equal((lease.name, lease.owner), (_NAME, "me:1"), "another lease")
    for owner in ("you:2", "me:1"):
        work = partial(store.acquire, _NAME, owner, _LATER - 1, SECONDS)
        problem = expect_refusal(work, Locked, "a lock has two holders")
        expect_equal(getattr(problem, "holder", ""), "me:1", "another holder is named")
    store.acquire("target:prod", "you:2", _LATER - 1, SECONDS)


def an_expired_lock_is_taken_over(place: StatePlace) -> None:
    """A lock whose time is over is taken over, and who had it is told"""
    store = place.store
    lease = leased(store)
    taken = store.acquire(_NAME, "you:2", _LATER, SECONDS)
    expect(taken.token > lease.token, "the token does not grow", got=(lease.token, taken.token))
    expect_refusal(partial(store.renew, lease, _LATER, SECONDS), Locked, "a lost lock is renewed")
    store.release(lease)
    work = partial(store.acquire, _NAME, "third", _LATER + 1, SECONDS)
    expect_refusal(work, Locked, "who lost a lock gives it back")


def a_renewed_lock_lives_on(place: StatePlace) -> None:
    """A lock that is renewed in time is held on, and one that nobody took can be renewed late"""
    store = place.store
    lease = leased(store)
    for now in (_LATER - 1, _LATER + 10 * SECONDS):
        store.renew(lease, now, SECONDS)
        work = partial(store.acquire, _NAME, "you:2", now + SECONDS - 1, SECONDS)
        expect_refusal(work, Locked, "a lock that was renewed is taken over")
    store.acquire(_NAME, "you:2", now + SECONDS, SECONDS)


def a_lock_given_back_is_free(place: StatePlace) -> None:
    """A lock that was given back is free at once; one that never was can be given back"""
    store = place.store
    lease = leased(store)
    store.release(lease)
    expect_refusal(partial(store.renew, lease, BEGAN, SECONDS), Locked, "it is renewed")
    store.acquire(_NAME, "you:2", BEGAN, SECONDS)
    nobody = Lease(name="target:x", owner="me:1", token=1)
    store.release(nobody)
    expect_refusal(partial(store.renew, nobody, BEGAN, SECONDS), Locked, "it is renewed")


def a_token_never_returns(place: StatePlace) -> None:
    """Each holder's token is greater than all before it, also after the store was opened again"""
    tokens = []
    for number in range(3):
        with place.again() as store:
            lease = leased(store, f"p:{number}")
            tokens.append(lease.token)
            store.release(lease)
    expect_equal(tokens, sorted(set(tokens)), "a token returns")


def the_lock_of_a_dead_holder_is_free(place: StatePlace) -> None:
    """A lock is taken over at once of a holder that is known to be dead, and of no other"""
    store = place.store
    leased(store)
    work = partial(store.acquire, _NAME, "you:2", BEGAN, SECONDS, dead="somebody:3")
    expect_refusal(work, Locked, "a lock is taken of another holder than the dead one")
    store.acquire(_NAME, "you:2", BEGAN, SECONDS, dead="me:1")


def a_clock_that_was_set_back_holds_nothing(place: StatePlace) -> None:
    """A lock that ends much later than it could is no one's: the clock was set back"""
    store = place.store
    leased(store)
    work = partial(store.acquire, _NAME, "you:2", BEGAN - SECONDS / 2, SECONDS)
    expect_refusal(work, Locked, "a lock that was renewed in between is taken over")
    store.acquire(_NAME, "you:2", BEGAN - 2 * SECONDS, SECONDS)


def a_late_holder_that_nobody_replaced_may_finish(place: StatePlace) -> None:
    """A holder whose time is over may finish while nobody took its lock"""
    with built(place.store, a_build()):
        expect_equal(list(place.store.pointers(TARGET)), [NODE], "there is no pointer")


def contend(store: StateStore, owner: str) -> bool:
    """Take the lock, and tell whether it was given."""
    try:
        leased(store, owner)
    except Locked:
        return False
    return True


def one_of_many_threads_gets_the_lock(place: StatePlace) -> None:
    """Of many threads one gets the lock"""
    won: list[bool] = []

    def work(number: int) -> None:
        with place.again() as store:
            won.append(contend(store, f"t:{number}"))

    in_threads([partial(work, number) for number in range(8)])
    expect_equal(sorted(won), [False] * 7 + [True], "another number got it")


def one_of_many_processes_gets_the_lock(place: StatePlace) -> None:
    """Of many processes one gets the lock, whoever makes the tables of a new store"""
    arguments = [(f"p:{number}",) for number in range(3)]
    won = in_processes(place.adapter, place.options, contend, arguments)
    expect_equal(sorted(won), [False] * 2 + [True], "another number got it")
    work = partial(contend, place.store, "late:1")
    expect(not work(), "it is given once more")
