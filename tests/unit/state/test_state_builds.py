"""Deployments, builds, pointers and definitions, whatever the state store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from support.states import T1, T2, T3, a_build, a_view, leased
from support.stores import Stores

from ffc.adapter import Lease, ModelUse, Move, Pointer, StateError, StateStore


@pytest.fixture
def store(stores: Stores) -> Iterator[StateStore]:
    store = stores.state()
    yield store
    store.close()


@pytest.fixture
def lease(store: StateStore) -> Lease:
    return leased(store)


def test_deployments(store: StateStore, stores: Stores) -> None:
    assert store.deployment("dev") is None
    assert store.deploy("dev", b"one", T1, "ann") == "d1"
    assert store.deploy("dev", b"one", T2, "bob") == "d1"
    assert store.deploy("prod", b"one", T2, "bob") == "d2"
    assert store.deploy("dev", b"two", T2, "bob") == "d3"
    assert store.deploy("dev", b"one", T3, "bob") == "d4"
    assert store.deployment("dev") == ("d4", b"one")
    assert store.deployment("prod") == ("d2", b"one")
    rows = stores.table("SELECT created, principal FROM deployments ORDER BY id LIMIT 2")
    assert rows == [(T1, "ann"), (T2, "bob")]


def test_a_build_moves_its_nodes_pointer(store: StateStore, lease: Lease) -> None:
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


def test_targets_share_a_build_but_not_a_pointer(store: StateStore, lease: Lease) -> None:
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
    store: StateStore, lease: Lease, change: dict[str, Any]
) -> None:
    store.finish_build(lease, "dev", a_build(), b"{}")
    with pytest.raises(StateError, match="the build `b1` is finished and can't be changed"):
        store.finish_build(lease, "dev", a_build(**change), b"{new}")
    assert store.pointers("dev")["source.raw.orders"].build == a_build()
    wanted = [("source.raw.orders", "f1"), ("source.raw.orders", "f2")]
    assert store.definitions(wanted) == {("source.raw.orders", "f1"): b"{}"}


def test_definitions(store: StateStore, lease: Lease) -> None:
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


def test_definitions_by_how_the_name_of_their_node_begins(store: StateStore, lease: Lease) -> None:
    named = ("feature_view.a", "feature_view.a", "feature_view_b", "online.x.feature_view.a")
    for number, node in enumerate(named):
        build = a_build(id=f"b{number}", node=node, fingerprint=f"f{number}")
        store.finish_build(lease, "dev", build, b"%d" % number)
    assert sorted(store.defined("feature_view.")) == [b"0", b"1"]
    assert store.defined("online.") == [b"3"]
    assert store.defined("label.") == []


def test_builds_that_were_collected_keep_their_records(store: StateStore, lease: Lease) -> None:
    node = "source.raw.orders"
    for number, created in enumerate((T1, T2, T3), 1):
        store.finish_build(lease, "dev", a_build(id=f"b{number}", created=created), b"{}")
    elsewhere = a_build(id="b4", node="view.v", relation=("prod__ffc", "v"), created=T1)
    store.finish_build(lease, "prod", elsewhere, b"{}")
    with pytest.raises(StateError, match=r"the build `b3` is what `source\.raw\.orders` means"):
        store.forget_builds(lease, ["b1", "b3"], T3)
    store.forget_builds(lease, ["b1"], T3)
    store.forget_builds(lease, ["b1"], T1)
    assert [build.id for build in store.builds()] == ["b4", "b2", "b3"]
    assert [build.id for build in store.builds(node)] == ["b2", "b3"]
    past = store.past_builds("dev__ffc")
    assert [(build.id, build.collected) for build in past] == [("b3", ""), ("b2", ""), ("b1", T3)]
    assert store.past_builds("dev__ffc", kinds=["view", "label"]) == []
    assert store.past_builds("prod__ffc", kinds=["view", "label"]) == [elsewhere]
    assert [build.id for build in store.past_builds("dev__ffc", node=node, limit=2)] == ["b3", "b2"]
    assert store.past_builds("dev__ffc", node="view.v") == []
    assert store.in_use() == {"b3", "b4"}


def test_inputs_are_said_anew(store: StateStore, lease: Lease) -> None:
    store.finish_build(lease, "dev", a_build(), b"{}")
    store.set_inputs(lease, "b1", {"b": "z"})
    assert store.builds() == [a_build(inputs={"b": "z"})]
    with pytest.raises(StateError, match="knows no build `b2`"):
        store.set_inputs(lease, "b2", {})


def test_a_move_is_seen_whole_or_not_at_all(store: StateStore, lease: Lease) -> None:
    store.finish_build(lease, "dev", a_build(), b"{1}")
    store.deploy("dev", b"old", T1, "me")
    new = a_build(id="b2", fingerprint="f2")
    pointer = Pointer(target="dev", node=new.node, definition="f2", build=new)
    definitions = [(new.node, "f2", b"{2}")]
    other = replace(pointer, build=replace(new, id="b1"))
    broken = Move(manifest=b"new", definitions=definitions, pointers=[pointer, other], online=[])
    with pytest.raises(StateError, match="the build `b1` is finished"):
        store.move(lease, "dev", broken, T2, "me")
    assert store.deployment("dev") == ("d1", b"old")
    assert store.definitions([(new.node, "f2")]) == {}
    assert [build.id for build in store.builds()] == ["b1"]
    moved = Move(manifest=b"new", definitions=definitions, pointers=[pointer], online=[a_view()])
    assert store.move(lease, "dev", moved, T2, "me") in ("d2", "d3")
    assert store.pointers("dev") == {new.node: pointer}
    assert store.online_views("dev") == [a_view()]


def test_whose_commit_a_deployment_was_built_of(store: StateStore, lease: Lease) -> None:
    for manifest in (b"one", b"two", b"one"):
        store.deploy("dev", manifest, T1, "ann")
    for number, (created, commit) in enumerate(((T1, "old"), (T3, "new"), (T2, "mid"), (T3, ""))):
        build = a_build(
            id=f"b{number}", created=created, commit=commit, dirty=commit == "new", deployment="d2"
        )
        store.finish_build(lease, "dev", build, b"{}")
    told = [(d.id, d.commit, d.dirty, d.same_as) for d in store.deployments("dev")]
    assert told == [("d3", "", False, "d1"), ("d2", "new", True, ""), ("d1", "", False, "")]
    assert [d.id for d in store.deployments("dev", limit=2)] == ["d3", "d2"]
    assert [d.manifest for d in store.deployments("dev", only="d2")] == [b"two"]
    assert store.deployments("prod") == []


def test_what_models_used(store: StateStore, lease: Lease) -> None:
    for name in ("b1", "b2"):
        store.finish_build(lease, "dev", a_build(id=name), b"{}")
    uses = [
        ModelUse(model=m, node="n", build=b, principal="ann", time=T1, purpose="training")
        for m, b in (("x", "b1"), ("y", "b2"), ("x", "b2"))
    ]
    for use in uses:
        store.record_use(use)
    assert store.uses() == uses
    assert store.uses([]) == []
    assert store.uses(["b2"]) == uses[1:]
    assert store.uses(["b2"], "x") == uses[2:]
    assert store.uses(model="x") == [uses[0], uses[2]]
    with pytest.raises(StateError, match=r"(?i)foreign key"):
        store.record_use(replace(uses[0], build="b3"))
