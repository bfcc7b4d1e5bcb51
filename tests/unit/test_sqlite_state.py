"""What the SQLite state store remembers, and what it refuses."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ffc.adapter import (
    Build,
    Lease,
    Locked,
    Move,
    NodeRun,
    Observation,
    OnlineView,
    Options,
    Pointer,
    ProfileError,
    RunRecord,
    ServedMinute,
    StateError,
)
from ffc_sqlite import SQLiteStateStore

T1, T2, T3 = (f"2025-03-0{day}T00:00:00.000000Z" for day in (1, 2, 3))


def open_store(folder: Path, **values: object) -> SQLiteStateStore:
    return SQLiteStateStore(
        Options(where="target dev, state", folder=folder, values={"path": ".ffc/s.db"} | values)
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStateStore]:
    store = open_store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def lease(store: SQLiteStateStore) -> Lease:
    return store.acquire("target:dev", "me:1", 100.0, 60.0)


def a_build(**changes: Any) -> Build:
    build = Build(
        id="b1",
        node="source.raw.orders",
        fingerprint="f1",
        relation=("dev__ffc", "source_orders_f1_b1"),
        inputs={"a": "x", "b": "y"},
        rows=3,
        created=T1,
    )
    return msgspec.structs.replace(build, **changes)


def a_view(**changes: Any) -> OnlineView:
    view = OnlineView(store="main", view="v", fingerprint="f1", generation=1, as_of=T1, rows=3)
    return msgspec.structs.replace(view, **changes)


def hold(store: SQLiteStateStore, lease: Lease, target: str, view: OnlineView) -> None:
    move = Move(manifest=b"{}", definitions=[], pointers=[], online=[view])
    store.move(lease, target, move, T1, "me")


def table(folder: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / ".ffc" / "s.db")
    rows = connection.execute(query).fetchall()
    connection.close()
    return rows


# Settings


def test_settings(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="has no setting `paht`") as caught:
        open_store(tmp_path, paht="x")
    assert "path" in caught.value.help[0]
    with pytest.raises(ProfileError, match="has no `path`"):
        SQLiteStateStore(Options(where="state", folder=tmp_path, values={}))
    assert list(tmp_path.iterdir()) == []


# Locks


def test_a_held_lock_is_refused_naming_its_holder(store: SQLiteStateStore, lease: Lease) -> None:
    assert lease == Lease(name="target:dev", owner="me:1", token=1)
    for owner in ("you:2", "me:1"):
        with pytest.raises(Locked) as caught:
            store.acquire("target:dev", owner, 159.0, 60.0)
        assert caught.value.message == "`target:dev` is held by me:1"
        assert caught.value.help == ("if that one died, the lock is free in 1 s",)
    assert store.acquire("target:prod", "you:2", 159.0, 60.0).token == 1


def test_an_expired_lock_is_taken_over(store: SQLiteStateStore, lease: Lease) -> None:
    taken = store.acquire("target:dev", "you:2", 160.0, 60.0)
    assert taken == Lease(name="target:dev", owner="you:2", token=2)
    with pytest.raises(Locked) as caught:
        store.renew(lease, 161.0, 60.0)
    assert caught.value.message == "me:1 does not hold `target:dev`: it was taken over by you:2"
    store.release(lease)
    with pytest.raises(Locked, match="held by you:2"):
        store.acquire("target:dev", "third", 219.0, 60.0)


def test_a_renewed_lock_lives_on(store: SQLiteStateStore, lease: Lease) -> None:
    store.renew(lease, 150.0, 60.0)
    with pytest.raises(Locked):
        store.acquire("target:dev", "you:2", 209.0, 60.0)
    # Late, but nobody took it.
    store.renew(lease, 300.0, 60.0)
    with pytest.raises(Locked):
        store.acquire("target:dev", "you:2", 359.0, 60.0)
    assert store.acquire("target:dev", "you:2", 360.0, 60.0).token == 2


def test_a_lock_that_was_given_back_is_free_and_its_token_never_returns(
    store: SQLiteStateStore, lease: Lease
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


def test_a_lock_that_never_was(store: SQLiteStateStore) -> None:
    nobody = Lease(name="target:x", owner="me:1", token=1)
    store.release(nobody)
    with pytest.raises(Locked, match="me:1 does not hold `target:x`: it was never taken"):
        store.renew(nobody, 0.0, 60.0)


def test_one_of_many_gets_the_lock(tmp_path: Path) -> None:
    barrier, won, lost = threading.Barrier(8), [], []

    def contend(number: int) -> None:
        store = open_store(tmp_path)
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


# Deployments


def test_deployments(store: SQLiteStateStore, tmp_path: Path) -> None:
    assert store.deployment("dev") is None
    assert store.deploy("dev", b"one", T1, "ann") == "d1"
    assert store.deploy("dev", b"one", T2, "bob") == "d1"
    assert store.deploy("prod", b"one", T2, "bob") == "d2"
    assert store.deploy("dev", b"two", T2, "bob") == "d3"
    assert store.deploy("dev", b"one", T3, "bob") == "d4"
    assert store.deployment("dev") == ("d4", b"one")
    assert store.deployment("prod") == ("d2", b"one")
    rows = table(tmp_path, "SELECT created, principal FROM deployments ORDER BY id LIMIT 2")
    assert rows == [(T1, "ann"), (T2, "bob")]


# Builds and pointers


def test_a_build_moves_its_nodes_pointer(store: SQLiteStateStore, lease: Lease) -> None:
    assert store.pointers("dev") == {}
    first, other = a_build(), a_build(id="b2", node="view.v", rows=None, inputs={})
    store.finish_build(lease, "dev", first, b"{1}")
    store.finish_build(lease, "dev", other, b"{2}")
    assert store.pointers("dev") == {
        build.node: Pointer(target="dev", node=build.node, definition="f1", build=build)
        for build in (first, other)
    }
    second = a_build(id="b3", fingerprint="f2")
    store.finish_build(lease, "dev", second, b"{3}")
    assert store.pointers("dev")["source.raw.orders"].build == second
    assert store.pointers("dev")["source.raw.orders"].definition == "f2"
    assert store.pointers("dev")["view.v"].build == other


def test_targets_share_a_build_but_not_a_pointer(store: SQLiteStateStore, lease: Lease) -> None:
    store.finish_build(lease, "dev", a_build(), b"{}")
    assert store.pointers("prod") == {}
    store.finish_build(lease, "prod", a_build(), b"{}")
    store.finish_build(lease, "dev", a_build(id="b2"), b"{}")
    assert store.pointers("prod")["source.raw.orders"].build.id == "b1"
    assert store.pointers("dev")["source.raw.orders"].build.id == "b2"


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "f2"},
        {"relation": ("dev__ffc", "other")},
        {"inputs": {"a": "z"}},
        {"rows": 4},
        {"created": T2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_finished_build_never_changes(
    store: SQLiteStateStore, lease: Lease, change: dict[str, Any]
) -> None:
    store.finish_build(lease, "dev", a_build(), b"{}")
    with pytest.raises(StateError, match="the build `b1` is finished and can't be changed"):
        store.finish_build(lease, "dev", a_build(**change), b"{new}")
    assert store.pointers("dev")["source.raw.orders"].build == a_build()
    wanted = [("source.raw.orders", "f1"), ("source.raw.orders", "f2")]
    assert store.definitions(wanted) == {("source.raw.orders", "f1"): b"{}"}


def test_definitions(store: SQLiteStateStore, lease: Lease) -> None:
    store.finish_build(lease, "dev", a_build(), b"{one}")
    store.finish_build(lease, "dev", a_build(id="b2", fingerprint="f2"), b"{two}")
    store.finish_build(lease, "dev", a_build(id="b3"), b"{one, of a new owner}")
    node = "source.raw.orders"
    assert store.definitions([]) == {}
    assert store.definitions([(node, "f2"), (node, "f3"), ("x", "f1")]) == {(node, "f2"): b"{two}"}
    assert store.definitions([(node, "f1"), (node, "f2")]) == {
        (node, "f1"): b"{one, of a new owner}",
        (node, "f2"): b"{two}",
    }
    store.redefine(lease, node, "f2", b"{two, described}")
    assert store.definitions([(node, "f2")]) == {(node, "f2"): b"{two, described}"}
    assert store.pointers("dev")[node].build.id == "b3"


def release(store: SQLiteStateStore, lease: Lease) -> None:
    store.release(lease)


def take_over(store: SQLiteStateStore, lease: Lease) -> None:
    store.acquire(lease.name, "you:2", 1000.0, 60.0)


@pytest.mark.parametrize(
    ("lose", "why"),
    [(release, "given back"), (take_over, "taken over by you:2")],
    ids=["released", "taken over"],
)
def test_a_stale_holder_changes_nothing(
    store: SQLiteStateStore,
    lease: Lease,
    lose: Callable[[SQLiteStateStore, Lease], None],
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


def test_a_late_holder_that_nobody_replaced_may_finish(
    store: SQLiteStateStore, lease: Lease
) -> None:
    store.finish_build(lease, "dev", a_build(), b"{}")
    assert list(store.pointers("dev")) == ["source.raw.orders"]


# Runs


def test_runs(store: SQLiteStateStore, tmp_path: Path) -> None:
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


def test_ten_runs_are_in_order(store: SQLiteStateStore) -> None:
    ids = [store.begin_run("dev", "run", "ann", T1) for _ in range(11)]
    assert [run.id for run in store.runs("dev", 3)] == ["r11", "r10", "r9"]
    assert ids[-1] == "r11"


def test_the_nodes_of_a_run(store: SQLiteStateStore, tmp_path: Path) -> None:
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
    rows = table(tmp_path, "SELECT * FROM run_nodes ORDER BY node")
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


def test_a_node_may_be_built_and_synced_in_one_run(store: SQLiteStateStore) -> None:
    run = store.begin_run("dev", "run", "ann", T1)
    for action in ("build", "sync"):
        store.record_node(run, NodeRun(id="v", action=action, status="success"))
    assert [node.action for node in store.run_nodes(run)] == ["build", "sync"]


def test_a_run_that_never_began(store: SQLiteStateStore) -> None:
    store.begin_run("dev", "run", "ann", T1)
    with pytest.raises(StateError, match="the state store knows no run `r2`"):
        store.finish_run("r2", "success", T2)
    with pytest.raises(StateError, match="FOREIGN KEY"):
        store.record_node("r2", NodeRun(id="v", action="build", status="success"))
    assert store.runs("dev", 5)[0].status == "running"


# Online views, observations, audit


def test_online_views(store: SQLiteStateStore, lease: Lease) -> None:
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


def test_what_a_store_holds_no_more_is_forgotten(store: SQLiteStateStore, lease: Lease) -> None:
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


def test_definitions_by_how_the_name_of_their_node_begins(
    store: SQLiteStateStore, lease: Lease
) -> None:
    named = ("feature_view.a", "feature_view.a", "feature_view_b", "online.x.feature_view.a")
    for number, node in enumerate(named):
        build = a_build(id=f"b{number}", node=node, fingerprint=f"f{number}")
        store.finish_build(lease, "dev", build, b"%d" % number)
    assert sorted(store.defined("feature_view.")) == [b"0", b"1"]
    assert store.defined("online.") == [b"3"]
    assert store.defined("label.") == []


def test_observations(store: SQLiteStateStore, tmp_path: Path) -> None:
    first = Observation(node="v", column="c", metric="mean", window="1d", value=1.5, build="b1")
    store.observe([first])
    second = replace(first, value=2.5)
    other = replace(first, value=float("nan"), build="b2")
    more = replace(first, metric="count", build="b2")
    store.observe([second, other, more])
    rows = table(
        tmp_path,
        'SELECT node, "column", metric, "window", value, build FROM observations'
        " WHERE metric = 'mean' ORDER BY build",
    )
    assert rows == [("v", "c", "mean", "1d", 2.5, "b1"), ("v", "c", "mean", "1d", None, "b2")]
    assert store.observations(["b1", "b3"]) == [second]
    assert store.observations(["b1", "b2"], "count") == [more]
    assert math.isnan(store.observations(["b2"], "mean")[0].value)


def test_what_servers_counted(store: SQLiteStateStore) -> None:
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


def test_audit(store: SQLiteStateStore, tmp_path: Path) -> None:
    store.audit("ann", "run", "dev", T1)
    store.audit("ann", "run", "dev", T1)
    rows = table(tmp_path, "SELECT principal, action, object, time FROM audit")
    assert rows == [("ann", "run", "dev", T1)] * 2


# Files


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    held = store.acquire("target:dev", "me:1", 100.0, 60.0)
    store.deploy("dev", b"one", T1, "ann")
    store.finish_build(held, "dev", a_build(), b"{}")
    store.close()
    with pytest.raises(StateError, match="is closed"):
        store.deployment("dev")
    store = open_store(tmp_path)
    assert store.deployment("dev") == ("d1", b"one")
    assert store.pointers("dev")["source.raw.orders"].build == a_build()
    store.renew(held, 101.0, 60.0)
    assert store.deploy("dev", b"two", T1, "ann") == "d2"
    store.close()


def test_a_newer_ffcs_file_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.runs("dev", 1)
    store.close()
    connection = sqlite3.connect(tmp_path / ".ffc" / "s.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    store = open_store(tmp_path)
    with pytest.raises(StateError, match="its version is 999, this ffc knows 4") as caught:
        store.runs("dev", 1)
    assert caught.value.help == ("upgrade ffc",)


def test_a_store_is_shared_by_threads(store: SQLiteStateStore) -> None:
    def run_ten() -> None:
        for _ in range(10):
            store.begin_run("dev", "run", "ann", T1)

    threads = [threading.Thread(target=run_ten, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.id for run in store.runs("dev", 100)] == [f"r{n}" for n in range(40, 0, -1)]


def test_a_store_beside_another(store: SQLiteStateStore, tmp_path: Path) -> None:
    options = Options(where="state", folder=tmp_path, values={"path": ".ffc/s.db"})
    store.deploy("dev", b"one", T1, "ann")
    beside = SQLiteStateStore.scratch(options, "aside")
    assert beside is not None
    other = SQLiteStateStore(beside)
    assert other.deployment("dev") is None
    other.deploy("dev", b"two", T1, "ann")
    assert sorted(store.scratches()) == ["aside", "s"]
    other.destroy()
    assert sorted(path.name for path in (tmp_path / ".ffc").iterdir() if "aside" in path.name) == []
    assert store.deployment("dev") == ("d1", b"one")
