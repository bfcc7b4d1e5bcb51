"""Runs and how their nodes fared, whatever the state store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.states import T1, T2, T3, leased
from support.stores import Stores

from ffc.adapter import NodeRun, RunRecord, StateError, StateStore


@pytest.fixture
def store(stores: Stores) -> Iterator[StateStore]:
    store = stores.state()
    yield store
    store.close()


def test_runs(store: StateStore, stores: Stores) -> None:
    assert store.begin_run("dev", "run", "ann", T1) == "r1"
    assert store.begin_run("prod", "sync", "bob", T2) == "r2"
    assert store.begin_run("dev", "sync", "bob", T2) == "r3"
    store.finish_run("r1", "success", T3)
    first = RunRecord(
        id="r1",
        target="dev",
        command="run",
        principal="ann",
        started=T1,
        finished=T3,
        status="success",
    )
    third = RunRecord(id="r3", target="dev", command="sync", principal="bob", started=T2)
    assert store.runs("dev", 10) == [third, first]
    assert store.runs("dev", 1) == [third]
    assert store.runs("test", 10) == []


def test_ten_runs_are_in_order(store: StateStore) -> None:
    ids = [store.begin_run("dev", "run", "ann", T1) for _ in range(11)]
    assert [run.id for run in store.runs("dev", 3)] == ["r11", "r10", "r9"]
    assert ids[-1] == "r11"


def test_the_nodes_of_a_run(store: StateStore, stores: Stores) -> None:
    run = store.begin_run("dev", "run", "ann", T1)
    store.record_node(run, NodeRun(id="v", action="build", status="error", error={"code": "X"}))
    store.record_node(run, NodeRun(id="w", action="check", status="skipped"))
    good = NodeRun(
        id="v",
        action="build",
        status="success",
        reason="again",
        attempts=2,
        seconds=1.5,
        rows={"out": 3},
        relation="s.t",
        build="b1",
        error={"help": ("a", "b"), "at": Path("x")},
    )
    store.record_node(run, good)
    rows = stores.table("SELECT * FROM run_nodes ORDER BY node")
    assert [row[1:] for row in rows] == [
        (
            *(1, "v", "build", "success", "again", 2, 1.5, '{"out": 3}', "s.t", "b1"),
            '{"help": ["a", "b"], "at": "x"}',
        ),
        (1, "w", "check", "skipped", "", 0, 0.0, "{}", "", "", "null"),
    ]
    told = store.run_nodes(run)
    assert [(node.id, node.action, node.status) for node in told] == [
        ("w", "check", "skipped"),
        ("v", "build", "success"),
    ]
    assert told[1].rows == {"out": 3}
    assert told[1].error == {"help": ["a", "b"], "at": "x"}


def test_a_node_may_be_built_and_synced_in_one_run(store: StateStore) -> None:
    run = store.begin_run("dev", "run", "ann", T1)
    for action in ("build", "sync"):
        store.record_node(run, NodeRun(id="v", action=action, status="success"))
    assert [node.action for node in store.run_nodes(run)] == ["build", "sync"]


def test_a_run_that_never_began(store: StateStore) -> None:
    store.begin_run("dev", "run", "ann", T1)
    with pytest.raises(StateError, match="the state store knows no run `r2`"):
        store.finish_run("r2", "success", T2)
    with pytest.raises(StateError, match=r"(?i)foreign key"):
        store.record_node("r2", NodeRun(id="v", action="build", status="success"))
    assert store.runs("dev", 5)[0].status == "running"


def test_texts_that_a_database_may_not_keep(store: StateStore) -> None:
    run = store.begin_run("dev", "run", "ann", T1)
    store.record_node(run, NodeRun(id="v", action="build", status="error", reason="a\0b % %s"))
    (node,) = store.run_nodes(run)
    assert node.reason in ("a\0b % %s", "a\ufffdb % %s")


def test_runs_whose_process_died(store: StateStore) -> None:
    lease = leased(store)
    for target, command in (("dev", "run"), ("dev", "sync"), ("prod", "run"), ("dev", "test")):
        store.begin_run(target, command, "ann", T1)
    store.finish_run("r1", "success", T2)
    store.end_dead_runs(lease, "dev", ["run", "sync"])
    ended = [(run.id, run.status) for run in store.runs("dev", 9)]
    assert ended == [("r4", "running"), ("r2", "interrupted"), ("r1", "success")]
    assert store.runs("prod", 9)[0].status == "running"
