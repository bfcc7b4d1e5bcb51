"""Deployments, runs, figures; a store that is opened by many."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Final

from msgspec.structs import replace

from ffc.adapter import NodeRun, RunRecord, ServedMinute, StateError, StateStore
from ffc.conformance.checks import Check, Group, expect, expect_equal, expect_refusal
from ffc.conformance.places import StatePlace, state_place
from ffc.conformance.processes import in_processes
from ffc.conformance.state.records import (
    NODE,
    T1,
    T2,
    T3,
    TARGET,
    a_build,
    a_figure,
    a_move,
    built,
    leased,
    pointed,
)
from ffc.conformance.threads import in_threads

DEPLOYMENTS: Final = Group(
    role="state",
    name="deployments",
    place=state_place,
    help="see `deploy`, `deployments` and `move` in ffc/adapter/state.py",
)
RUNS: Final = Group(
    role="state", name="runs", place=state_place, help="see `begin_run` in ffc/adapter/state.py"
)
FIGURES: Final = Group(
    role="state", name="figures", place=state_place, help="see `observe` in ffc/adapter/state.py"
)
STORE: Final = Group(
    role="state",
    name="store",
    place=state_place,
    help="whoever opens a store makes its tables, or brings them up to date, once and for all",
)


def checks() -> Iterator[Check[StatePlace]]:
    """Yield the checks of what has been, and of stores."""
    yield from DEPLOYMENTS.checks(
        the_same_manifest_is_the_same_deployment,
        deployments_come_newest_first,
        a_move_is_all_of_it,
        a_move_that_fails_is_nothing,
    )
    yield from RUNS.checks(
        runs_come_newest_first, nodes_come_in_order, dead_runs_are_ended, a_run_that_never_began
    )
    yield from FIGURES.checks(figures_take_the_place_of_older_ones, minutes_are_kept_for_a_while)
    yield from STORE.checks(
        all_is_there_after_opening_again,
        a_new_store_can_be_opened_by_many,
        processes_count_on,
        threads_share_a_store,
        what_is_audited_is_no_failure,
        a_closed_store_refuses,
    )


def the_same_manifest_is_the_same_deployment(place: StatePlace) -> None:
    """A target's newest manifest again is the same deployment, any other is a new one"""
    store = place.store
    expect_equal(store.deployment(TARGET), None, "a new store has a deployment")
    first = store.deploy(TARGET, b"one", T1, "ann")
    expect_equal(store.deploy(TARGET, b"one", T2, "bob"), first, "the same is a new one")
    prod = store.deploy("prod", b"one", T2, "bob")
    second = store.deploy(TARGET, b"two", T2, "bob")
    third = store.deploy(TARGET, b"one", T3, "bob")
    expect_equal(len({first, prod, second, third}), 4, "two deployments have one id")
    expect_equal(store.deployment(TARGET), (third, b"one"), "another one is the newest")
    expect_equal(store.deployment("prod"), (prod, b"one"), "another target's")


def deployments_come_newest_first(place: StatePlace) -> None:
    """Deployments come newest first, ten and more of them too, each with its builds' commit"""
    store = place.store
    ids = [store.deploy(TARGET, b"%d" % (n % 11), T1, "ann") for n in range(12)]
    build = a_build(deployment=ids[3], commit="c3", dirty=True)
    with built(store, build):
        pass
    found = store.deployments(TARGET)
    expect_equal([d.id for d in found], ids[::-1], "another order")
    expect_equal([d.id for d in store.deployments(TARGET, limit=2)], ids[:-3:-1], "another number")
    expect_equal([d.id for d in store.deployments(TARGET, only=ids[3])], [ids[3]], "another one")
    by_id = {d.id: d for d in found}
    expect_equal((by_id[ids[3]].commit, by_id[ids[3]].dirty), ("c3", True), "another commit")
    expect_equal(by_id[ids[11]].same_as, ids[0], "it is not said which one it is the same as")
    expect_equal(by_id[ids[0]].same_as, "", "the first is the same as another")
    expect_equal(store.deployments("prod"), [], "another target's")


def a_move_is_all_of_it(place: StatePlace) -> None:
    """A move deploys a manifest with its definitions, pointers and online views"""
    store = place.store
    with built(store, a_build("b1"), a_build("b2", fingerprint="f2")) as lease:
        moved = store.move(lease, TARGET, a_move(), T3, "bob")
        expect_equal(store.move(lease, TARGET, a_move(), T3, "bob"), moved, "the same is another")
    expect_equal(pointed(store), {NODE: "b1", "online.main.v": "b9"}, "other pointers")
    expect_equal(store.definitions([(NODE, "f1")]), {(NODE, "f1"): b"{1}"}, "other definitions")
    expect_equal(store.online_views(TARGET), a_move().online, "other online views")
    (newest,) = store.deployments(TARGET, limit=1)
    told = (newest.id, newest.manifest, newest.created, newest.principal)
    expect_equal(told, (moved, b"new", T3, "bob"), "another deployment")


def a_move_that_fails_is_nothing(place: StatePlace) -> None:
    """A move of which a part can't be done moves nothing"""
    store = place.store
    store.deploy(TARGET, b"old", T1, "ann")
    with built(store, a_build("b2", fingerprint="f2")) as lease:
        before = (store.pointers(TARGET), store.deployment(TARGET), store.builds())
        # The second pointer is to a definition that there is not.
        torn = replace(a_move(), definitions=a_move().definitions[:1])
        expect_refusal(
            lambda: store.move(lease, TARGET, torn, T3, "bob"), StateError, "half is moved"
        )
        after = (store.pointers(TARGET), store.deployment(TARGET), store.builds())
    expect_equal(after, before, "half of it is done")
    expect_equal(store.online_views(TARGET), [], "half of it is done")


def runs_come_newest_first(place: StatePlace) -> None:
    """Runs come newest first, ten and more of them too, each of its target"""
    store = place.store
    ids = [store.begin_run(TARGET, "run", "ann", T1) for _ in range(11)]
    other = store.begin_run("prod", "sync", "bob", T2)
    store.finish_run(ids[0], "success", T3)
    expect_equal(len({*ids, other}), 12, "two runs have one id")
    expect_equal([run.id for run in store.runs(TARGET, 20)], ids[::-1], "another order")
    expect_equal([run.id for run in store.runs(TARGET, 2)], ids[:-3:-1], "another number")
    first = RunRecord(
        id=ids[0],
        target=TARGET,
        command="run",
        principal="ann",
        started=T1,
        finished=T3,
        status="success",
    )
    expect_equal(store.runs(TARGET, 20)[-1], first, "another run")
    expect_equal(store.runs(TARGET, 1)[0].status, "running", "a run that did not end")
    expect_equal(store.runs("test", 5), [], "runs of no target")


def nodes_come_in_order(place: StatePlace) -> None:
    """How nodes fared comes in the order in which it was noted, the last word of each counting"""
    store = place.store
    run = store.begin_run(TARGET, "run", "ann", T1)
    for node in ("v", "w"):
        store.record_node(run, NodeRun(id=node, action="build", status="error"))
    good = NodeRun(
        id="v",
        action="build",
        status="success",
        reason='é"',
        attempts=2,
        seconds=1.5,
        rows={"out": 3},
        relation="s.t",
        build="b1",
        error={"help": ["a", "b"], "code": "X"},
        samples=("never kept",),
    )
    store.record_node(run, good)
    store.record_node(run, NodeRun(id="v", action="sync", status="success"))
    found = store.run_nodes(run)
    told = [(node.id, node.action, node.status) for node in found]
    expected = [("w", "build", "error"), ("v", "build", "success"), ("v", "sync", "success")]
    expect_equal(told, expected, "other nodes, or another order")
    expect_equal(found[1], replace(good, samples=()), "another word, or samples are kept")


def dead_runs_are_ended(place: StatePlace) -> None:
    """Runs that never ended are noted to be interrupted, of their target and commands alone"""
    store = place.store
    runs = [store.begin_run(TARGET, command, "ann", T1) for command in ("run", "run", "sync")]
    other = store.begin_run("prod", "run", "ann", T1)
    store.finish_run(runs[0], "success", T2)
    lease = leased(store)
    store.end_dead_runs(lease, TARGET, ["run", "retry"])
    found = {run.id: run.status for run in (*store.runs(TARGET, 9), *store.runs("prod", 9))}
    expected = dict(zip(runs, ("success", "interrupted", "running"), strict=True))
    expect_equal(found, {**expected, other: "running"}, "other runs have ended")


def a_run_that_never_began(place: StatePlace) -> None:
    """A run that never began can't end, and has no nodes"""
    store = place.store
    store.begin_run(TARGET, "run", "ann", T1)
    node = NodeRun(id="v", action="build", status="success")
    expect_refusal(partial(store.finish_run, "r999", "success", T2), StateError, "it ends")
    expect_refusal(partial(store.record_node, "r999", node), StateError, "it has a node")
    expect_equal(store.runs(TARGET, 5)[0].status, "running", "another one has ended")


def figures_take_the_place_of_older_ones(place: StatePlace) -> None:
    """A figure takes the place of an older one of the same; NaN comes back"""
    store = place.store
    with built(store, a_build(), a_build("b2")):
        pass
    store.observe([a_figure()])
    newer, nan = a_figure(value=2.5), a_figure(build="b2", value=math.nan)
    count, huge = a_figure(metric="count", build="b2"), a_figure(window="2d", value=1e308)
    store.observe([newer, nan, count, huge])
    found = {o.window: o for o in store.observations(["b1", "b7"])}
    expect_equal(found, {"1d": newer, "2d": huge}, "other figures")
    expect_equal(store.observations(["b1", "b2"], "count"), [count], "figures of other metrics")
    (lost,) = store.observations(["b2"], "mean")
    expect(math.isnan(lost.value), "NaN is another figure", got=lost.value)
    expect_equal(store.observations([]), [], "figures of builds that nobody asked for")


def minutes_are_kept_for_a_while(place: StatePlace) -> None:
    """What servers counted is kept by the minute, and goes when it is old"""
    store = place.store
    first, second, third = (
        ServedMinute(server=server, minute=minute, counts=counts)
        for server, minute, counts in (("a", T1, b"1"), ("b", T1, b"\x00\xff"), ("a", T3, b"3"))
    )
    store.keep_served(TARGET, [third, second, first], T1)
    store.keep_served("prod", [first], T1)
    expect_equal(store.served(TARGET, ""), [first, second, third], "other minutes")
    expect_equal(store.served(TARGET, T2), [third], "older minutes")
    again = replace(third, counts=b"4")
    store.keep_served(TARGET, [again], T2)
    expect_equal(store.served(TARGET, ""), [again], "old minutes stay, or the same comes twice")
    expect_equal(store.served("prod", T1), [first], "another target's went")


def all_is_there_after_opening_again(place: StatePlace) -> None:
    """All is there when a store is opened again, and goes on from there"""
    with place.again() as store:
        lease = leased(store)
        first = store.deploy(TARGET, b"one", T1, "ann")
        store.finish_build(lease, TARGET, a_build(), b"{}")
    with place.again() as store:
        expect_equal(store.deployment(TARGET), (first, b"one"), "another deployment")
        expect_equal(store.pointers(TARGET)[NODE].build, a_build(), "another build")
        store.renew(lease, 1_001.0, 60.0)
        expect(store.deploy(TARGET, b"two", T1, "ann") != first, "an id comes twice")


def count_up(store: StateStore, times: int) -> list[str]:
    """Begin runs, and return their ids."""
    return [store.begin_run(TARGET, "run", "ann", T1) for _ in range(times)]


def a_new_store_can_be_opened_by_many(place: StatePlace) -> None:
    """A new store can be opened by many at a time: its tables are made once"""
    found: list[str] = []

    def work() -> None:
        with place.again() as store:
            found.extend(count_up(store, 3))

    in_threads([work] * 6)
    expect_equal(len(set(found)), 18, "ids come twice")


def processes_count_on(place: StatePlace) -> None:
    """Processes that begin runs at a time get ids that are all different"""
    found = in_processes(place.adapter, place.options, count_up, [(8,)] * 3)
    ids = [each for own in found for each in own]
    expect_equal(len(set(ids)), 24, "ids come twice")
    expect_equal(len(place.store.runs(TARGET, 100)), 24, "runs are lost")


def threads_share_a_store(place: StatePlace) -> None:
    """Threads share a store"""
    found: list[str] = []
    in_threads([lambda: found.extend(count_up(place.store, 8))] * 4)
    expect_equal(sorted(found), sorted(run.id for run in place.store.runs(TARGET, 99)), "other ids")


def what_is_audited_is_no_failure(place: StatePlace) -> None:
    """Who did what is noted, the same twice too"""
    for _ in range(2):
        place.store.audit("ann", "run", TARGET, T1)


def a_closed_store_refuses(place: StatePlace) -> None:
    """A store that was closed remembers nothing more"""
    with place.again() as store:
        store.runs(TARGET, 1)
        store.close()
        expect_refusal(lambda: store.deployment(TARGET), StateError, "a closed store works on")
        store.close()
