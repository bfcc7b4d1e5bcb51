"""Which builds a deployment can be gone back to with, and what deployments changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.projects import FILES, manifest

from ffc.adapter import Build, Lease, Locked, Move, OnlineView, Options, Pointer
from ffc.adapter.state import RunRecord
from ffc.registry import StateRegistry
from ffc.run.deploying.deployments import GoodBuilds, Outline, changes, outlines, some, way_to
from ffc.run.publishing import torn
from ffc_sqlite import SQLiteStateStore

T1, T2, T3 = (f"2025-03-0{day}T00:00:00.000000Z" for day in (1, 2, 3))
NODE = "transformation.a"


def a_build(name: str, node: str = NODE, fingerprint: str = "f1", **more: Any) -> Build:
    build = Build(
        id=name,
        node=node,
        fingerprint=fingerprint,
        relation=("dev__ffc", f"t_{name}"),
        inputs={},
        rows=1,
        created=T1,
    )
    return msgspec.structs.replace(build, **more)


def a_pointer(build: Build) -> Pointer:
    return Pointer(target="dev", node=build.node, definition=build.fingerprint, build=build)


def outline(name: str = NODE, data: str = "f1", **more: str) -> Outline:
    kind = name.partition(".")[0]
    return Outline(id=name, kind=kind, data_fingerprint=data, metadata_fingerprint="m", **more)


def of(*nodes: Outline) -> dict[str, Outline]:
    return {node.id: node for node in nodes}


# What changed


def test_what_a_manifest_has_otherwise() -> None:
    before = of(outline("entity.e"), outline("label.l"), outline("model.m"), outline("source.s"))
    after = of(
        outline("label.l", "f2"),
        msgspec.structs.replace(outline("model.m"), metadata_fingerprint="m2"),
        outline("source.s"),
        outline("training_set.t"),
    )
    assert changes(before, after) == [
        ("entity.e", "removed"),
        ("label.l", "changed"),
        ("model.m", "described"),
        ("training_set.t", "added"),
    ]


def test_outlines_are_those_of_the_nodes() -> None:
    made = manifest()
    found = outlines(msgspec.json.encode(made))
    assert list(found) == [node.id for node in made.nodes]
    assert all(found[n.id].data_fingerprint == n.data_fingerprint for n in made.nodes)
    assert found["transformation.clean"].materialized == "table"
    passing = FILES["transformations/clean.sql"].replace("'table'", "'ephemeral'")
    other = outlines(msgspec.json.encode(manifest(**{"transformations/clean.sql": passing})))
    assert [name for name, node in found.items() if not node.is_built] == ["entity.user"]
    assert not other["transformation.clean"].is_built


# Which builds hold


def test_the_newest_build_of_a_definition() -> None:
    one, two, other = a_build("b1"), a_build("b2"), a_build("b3", fingerprint="f2")
    good = GoodBuilds([one, two, other])
    assert good.of(NODE, "f1") == two
    assert good.of(NODE, "f2") == other
    assert good.of(NODE, "f3") is None
    assert good.of("transformation.b", "f1") is None


def test_a_table_that_went_on_as_something_else_is_lost() -> None:
    first = a_build("b1")
    same = a_build("b2", relation=first.relation, previous="b1")
    assert GoodBuilds([first, same]).of(NODE, "f1") == same
    other = a_build("b3", fingerprint="f2", relation=first.relation, previous="b2")
    good = GoodBuilds([first, same, other])
    assert good.of(NODE, "f1") is None
    assert good.of(NODE, "f2") == other


@pytest.mark.parametrize("kind", ["label", "view"])
def test_a_view_is_lost_with_what_it_reads(kind: str) -> None:
    read, table = a_build("b1"), a_build("b4", "transformation.t", inputs={NODE: "b1"})
    node = "label.l" if kind == "label" else "transformation.v"
    inputs = {NODE: "b1"} | ({"materialized": "view"} if kind == "view" else {})
    view = a_build("b2", node, inputs=inputs)
    more = a_build("b5", relation=read.relation, previous="b1")
    assert GoodBuilds([read, view, table]).of(node, "f1") == view
    assert GoodBuilds([read, view, table, more]).of(node, "f1") == view, "rows may come"
    assert GoodBuilds([view, table]).of(node, "f1") is None
    other = a_build("b3", fingerprint="f2", relation=read.relation, previous="b1")
    good = GoodBuilds([read, view, other, table])
    assert good.of(node, "f1") is None
    assert good.of("transformation.t", "f1") == table, "a table has its rows"


# The way


def test_the_way_to_what_was() -> None:
    old, new = a_build("b1"), a_build("b2", fingerprint="f2")
    way = way_to(of(outline()), of(outline(data="f2")), {NODE: a_pointer(new)}, GoodBuilds([old]))
    assert (way.builds, way.missing) == ({NODE: old}, [])
    gone = way_to(of(outline()), of(outline(data="f2")), {NODE: a_pointer(new)}, GoodBuilds([new]))
    assert (gone.builds, gone.missing) == ({}, [NODE])


def test_what_is_pointed_to_stays_though_a_newer_build_is_there() -> None:
    old, new = a_build("b1"), a_build("b2")
    way = way_to(of(outline()), {}, {NODE: a_pointer(old)}, GoodBuilds([old, new]))
    assert way.builds == {NODE: old}


def test_what_neither_has_built_stays_as_it_is() -> None:
    both = of(outline(data="f3"))
    way = way_to(both, both, {NODE: a_pointer(a_build("b1"))}, GoodBuilds([a_build("b1")]))
    assert (way.builds, way.missing) == ({}, [])
    assert way_to(both, {}, {}, GoodBuilds([])).missing == [NODE]
    never = of(outline("entity.e"), outline("model.m"), outline(materialized="ephemeral"))
    assert way_to(never, {}, {}, GoodBuilds([])).missing == []


def test_few_nodes_are_named() -> None:
    assert some(["a", "b"]) == "`a` and `b`"
    assert some([*"abcdefgh"]) == "`a`, `b`, `c`, `d`, `e`, `f` and 2 more"


# A rollback that died


def a_run(command: str, status: str) -> RunRecord:
    return RunRecord(
        id="r1", target="dev", command=command, principal="p", started=T1, status=status
    )


@pytest.mark.parametrize(
    ("runs", "is_torn"),
    [
        ([], False),
        ([("run", "success"), ("rollback", "running")], False),
        ([("rollback", "success"), ("rollback", "running")], False),
        ([("rollback", "running")], True),
        ([("rollback", "interrupted"), ("run", "success")], True),
        ([("test", "success"), ("freshness", "success"), ("rollback", "error")], True),
        ([("run", "error"), ("retry", "interrupted"), ("rollback", "interrupted")], True),
        ([("run", "error"), ("run", "success"), ("rollback", "interrupted")], False),
    ],
)
def test_a_rollback_that_died_is_told(runs: list[tuple[str, str]], is_torn: bool) -> None:
    found = torn([a_run(*each) for each in runs])
    assert (found is not None) == is_torn
    assert found is None or found.command == "rollback"


# The state store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStateStore]:
    store = SQLiteStateStore(Options(where="t", folder=tmp_path, values={"path": "s.db"}))
    yield store
    store.close()


@pytest.fixture
def lease(store: SQLiteStateStore) -> Lease:
    return store.acquire("target:dev", "me:1", 100.0, 60.0)


def test_deployments_are_listed(store: SQLiteStateStore, lease: Lease) -> None:
    for target, text in (("dev", b"one"), ("prod", b"one"), ("dev", b"two"), ("dev", b"one")):
        store.deploy(target, text, T1, "ann")
    newer, older = ({"deployment": "d3", "created": at} for at in (T2, T1))
    for build in (
        a_build("b1", **newer, commit="c2", dirty=True),
        a_build("b2", **older, commit="c1"),
        a_build("b3", **newer),
        a_build("b4", deployment="d1"),
    ):
        store.finish_build(lease, "dev", build, b"{}")
    found = store.deployments("dev")
    assert [(d.id, d.manifest, d.same_as) for d in found] == [
        ("d4", b"one", "d1"),
        ("d3", b"two", ""),
        ("d1", b"one", ""),
    ]
    assert [(d.commit, d.dirty) for d in found] == [("", False), ("c2", True), ("", False)]
    assert {(d.target, d.principal, d.created) for d in found} == {("dev", "ann", T1)}
    assert [d.id for d in store.deployments("dev", limit=2)] == ["d4", "d3"]
    assert [d.id for d in store.deployments("dev", only="d3")] == ["d3"]
    assert store.deployments("dev", only="d2") == [], "it is of another target"
    assert store.deployments("test") == []


def a_move(manifest: bytes = b"new") -> Move:
    snapshot = a_build("b9", "online.main.v", "f9")
    return Move(
        manifest=manifest,
        definitions=[(NODE, "f1", b"{1}"), ("online.main.v", "f9", b"{9}")],
        pointers=[a_pointer(a_build("b1")), a_pointer(snapshot)],
        online=[
            OnlineView(store="main", view="v", fingerprint="f9", generation=4, as_of=T2, rows=2)
        ],
    )


def test_a_move_is_all_of_it(store: SQLiteStateStore, lease: Lease) -> None:
    store.deploy("dev", b"old", T1, "ann")
    store.finish_build(lease, "dev", a_build("b1"), b"{}")
    store.finish_build(lease, "dev", a_build("b2", fingerprint="f2"), b"{2}")
    assert store.move(lease, "dev", a_move(), T3, "bob") == "d2"
    assert {n: p.build.id for n, p in store.pointers("dev").items()} == {
        NODE: "b1",
        "online.main.v": "b9",
    }
    assert store.definitions([(NODE, "f1"), (NODE, "f2")]) == {
        (NODE, "f1"): b"{1}",
        (NODE, "f2"): b"{2}",
    }
    assert store.online_views("dev") == a_move().online
    newest = store.deployments("dev", limit=1)[0]
    assert (newest.manifest, newest.created, newest.principal) == (b"new", T3, "bob")
    assert store.move(lease, "dev", a_move(), T3, "bob") == "d2", "the same is the same"


def test_a_move_is_nothing_where_part_of_it_fails(store: SQLiteStateStore, lease: Lease) -> None:
    store.deploy("dev", b"old", T1, "ann")
    store.finish_build(lease, "dev", a_build("b2", fingerprint="f2"), b"{2}")
    before = store.pointers("dev")
    taken = store.acquire("target:dev", "you:2", 900.0, 60.0)
    with pytest.raises(Locked, match="taken over by you:2"):
        store.move(lease, "dev", a_move(), T3, "bob")
    torn_move = msgspec.structs.replace(a_move(), definitions=a_move().definitions[:1])
    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.move(taken, "dev", torn_move, T3, "bob")
    assert store.pointers("dev") == before
    assert store.online_views("dev") == []
    assert store.deployment("dev") == ("d1", b"old")


def test_a_registry_is_of_one_instant(
    store: SQLiteStateStore, lease: Lease, tmp_path: Path
) -> None:
    """A rollback between two look-ups of its reader is seen whole, or not at all."""

    class Moving(SQLiteStateStore):
        moved = False

        def pointers(self, target: str) -> dict[str, Pointer]:
            if not self.moved:
                self.moved = True
                store.move(lease, "dev", a_move(_manifest("online.main.v")), T3, "bob")
            return super().pointers(target)

    store.deploy("dev", _manifest(NODE), T1, "ann")
    store.finish_build(lease, "dev", a_build("b2", fingerprint="f2"), b"{2}")
    reader = Moving(Options(where="t", folder=tmp_path, values={"path": "s.db"}))
    registry = StateRegistry(reader, "dev")
    reader.close()
    assert registry.deployment == "d2"
    assert NODE not in registry._pointers


def _manifest(*nodes: str) -> bytes:
    return msgspec.json.encode({"nodes": [{"id": node} for node in nodes]})
