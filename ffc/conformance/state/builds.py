"""Definitions, builds and pointers; what online stores hold; which models used what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from ffc.adapter import Pointer, StateError
from ffc.conformance.checks import Check, Group, expect_equal, expect_refusal
from ffc.conformance.places import StatePlace, state_place
from ffc.conformance.state.records import (
    NODE,
    SCHEMA,
    T1,
    T2,
    T3,
    T4,
    TARGET,
    a_build,
    a_use,
    a_view,
    built,
    hold_view,
    leased,
    pointed,
)

BUILDS: Final = Group(
    role="state",
    name="builds",
    place=state_place,
    help="a finished build never changes; every method is one transaction",
)
_CHANGES: Final[Mapping[str, Mapping[str, Any]]] = {
    "fingerprint": {"fingerprint": "f2"},
    "relation": {"relation": (SCHEMA, "other")},
    "inputs": {"inputs": {"a": "z"}},
    "rows": {"rows": 4},
    "created": {"created": T2},
    "principal": {"principal": "bob"},
    "content_hash": {"content_hash": "h:3-2"},
}


def checks() -> Iterator[Check[StatePlace]]:
    """Yield the checks of builds."""
    yield from BUILDS.checks(
        a_build_moves_its_nodes_pointer,
        targets_share_a_build_but_no_pointer,
        definitions_are_known_by_node_and_fingerprint,
        definitions_are_found_by_how_a_name_begins,
        inputs_can_be_said_anew,
        collected_builds_are_told_of_and_no_more_there,
        past_builds_are_of_a_schema_kinds_and_a_node,
        models_use_builds,
        online_views_are_of_a_store,
        an_online_view_is_forgotten_with_its_pointer,
    )
    for name, change in _CHANGES.items():
        yield BUILDS.check(
            partial(_refuses_change, change),
            name=f"{name}_never_changes",
            claim=f"the {name} of a finished build never changes",
        )


def a_build_moves_its_nodes_pointer(place: StatePlace) -> None:
    """A finished build moves its node's pointer, and no other's"""
    store = place.store
    expect_equal(store.pointers(TARGET), {}, "a new store has pointers")
    first, other = a_build(), a_build("b2", node="source.raw.x", rows=None, inputs={})
    with built(store, first, other) as lease:
        expected = {
            b.node: Pointer(target=TARGET, node=b.node, definition="f1", build=b)
            for b in (first, other)
        }
        expect_equal(store.pointers(TARGET), expected, "other pointers")
        store.finish_build(lease, TARGET, a_build("b3", fingerprint="f2"), b"{3}")
    expect_equal(pointed(store), {NODE: "b3", "source.raw.x": "b2"}, "other pointers")
    expect_equal(store.pointers(TARGET)[NODE].definition, "f2", "another definition")
    expect_equal(store.in_use(), {"b2", "b3"}, "other builds are in use")


def targets_share_a_build_but_no_pointer(place: StatePlace) -> None:
    """Targets may point to one build, and each has pointers of its own"""
    store = place.store
    with built(store, a_build()) as lease:
        expect_equal(store.pointers("prod"), {}, "another target has the pointer too")
        store.finish_build(lease, "prod", a_build(), b"{}")
        store.finish_build(lease, TARGET, a_build("b2"), b"{}")
    expect_equal((pointed(store), pointed(store, "prod")), ({NODE: "b2"}, {NODE: "b1"}), "other")


def _refuses_change(change: Mapping[str, Any], place: StatePlace) -> None:
    store = place.store
    with built(store, a_build()) as lease:
        other = a_build(**change)
        work = partial(store.finish_build, lease, TARGET, other, b"{new}")
        expect_refusal(work, StateError, "a finished build is changed")
    expect_equal(store.pointers(TARGET)[NODE].build, a_build(), "the build is another")
    known = store.definitions([(NODE, "f1"), (NODE, "f2")])
    expect_equal(known, {(NODE, "f1"): b"{}"}, "a definition was recorded all the same")


def definitions_are_known_by_node_and_fingerprint(place: StatePlace) -> None:
    """Definitions are known by node and fingerprint, and what is said anew takes their place"""
    store = place.store
    with built(store, a_build(), a_build("b2", fingerprint="f2")) as lease:
        store.finish_build(lease, TARGET, a_build("b3"), b'{"owner": "\xc3\xa9"}')
        expect_equal(store.definitions([]), {}, "definitions that nobody asked for")
        found = store.definitions([(NODE, "f1"), (NODE, "f3"), ("x", "f1")])
        expect_equal(found, {(NODE, "f1"): b'{"owner": "\xc3\xa9"}'}, "other definitions")
        store.redefine(lease, NODE, "f2", b"{described}")
    expect_equal(store.definitions([(NODE, "f2")]), {(NODE, "f2"): b"{described}"}, "not anew")
    expect_equal(pointed(store), {NODE: "b3"}, "a pointer moved with it")


def definitions_are_found_by_how_a_name_begins(place: StatePlace) -> None:
    """Definitions are found by how the name of their node begins, letter by letter"""
    names = ("feature_view.a", "feature_viewXb", "online.x.feature_view.a", "Feature_view.a")
    builds = [a_build(f"b{n}", node=node, fingerprint=f"f{n}") for n, node in enumerate(names)]
    store = place.store
    with built(store) as lease:
        for number, build in enumerate(builds):
            store.finish_build(lease, TARGET, build, b"%d" % number)
    for prefix, expected in (
        ("feature_view.", [b"0"]),
        ("feature_view", [b"0", b"1"]),
        ("online.", [b"2"]),
        ("%", []),
        ("label.", []),
    ):
        found = sorted(store.defined(prefix))
        expect_equal(found, expected, f"other definitions begin with `{prefix}`")


def inputs_can_be_said_anew(place: StatePlace) -> None:
    """What a build was made of can be said anew, of one that there is"""
    store = place.store
    with built(store, a_build()) as lease:
        store.set_inputs(lease, "b1", {"a": "z"})
        found = store.pointers(TARGET)[NODE].build
        expect_equal(found, a_build(inputs={"a": "z"}), "another build")
        work = partial(store.set_inputs, lease, "b7", {})
        expect_refusal(work, StateError, "a build that never was has inputs")


def collected_builds_are_told_of_and_no_more_there(place: StatePlace) -> None:
    """A collected build is told of and no more there; one that is pointed to is not collected"""
    store = place.store
    first, second = a_build(), a_build("b2", created=T2)
    with built(store, first, second) as lease:
        store.forget_builds(lease, ["b1"], T3)
        expect_equal([b.id for b in store.builds()], ["b2"], "other builds are there")
        expect_equal([b.id for b in store.builds(NODE)], ["b2"], "other builds of the node")
        past = store.past_builds(SCHEMA)
        expect_equal(past, [second, replace(first, collected=T3)], "other builds ever were")
        work = partial(store.forget_builds, lease, ["b2"], T3)
        expect_refusal(work, StateError, "a build that is pointed to is collected")
    expect_equal([b.id for b in store.builds()], ["b2"], "it is collected all the same")


def past_builds_are_of_a_schema_kinds_and_a_node(place: StatePlace) -> None:
    """Past builds come newest first, of a schema, of kinds of nodes, of one node"""
    store = place.store
    builds = [
        a_build("b1", created=T1),
        a_build("b2", created=T3),
        a_build("b3", created=T2, node="label.y"),
        a_build("b4", created=T4, relation=("other__ffc", "t")),
    ]
    with built(store, *builds):
        pass

    def ids(**words: Any) -> list[str]:
        return [build.id for build in store.past_builds(SCHEMA, **words)]

    expect_equal(ids(), ["b2", "b3", "b1"], "other builds, or another order")
    expect_equal(ids(limit=2), ["b2", "b3"], "another number")
    expect_equal(ids(limit=0), [], "another number")
    expect_equal(ids(kinds=["label"]), ["b3"], "builds of other kinds")
    expect_equal(ids(kinds=["training_set", "label"]), ["b2", "b3", "b1"], "builds of other kinds")
    expect_equal(ids(node=NODE), ["b2", "b1"], "builds of another node")
    expect_equal([b.id for b in store.builds()], ["b1", "b3", "b2", "b4"], "not oldest first")


def models_use_builds(place: StatePlace) -> None:
    """What models used is remembered without a lock, the oldest first"""
    store = place.store
    with built(store, a_build(), a_build("b2")):
        pass
    later, other = a_use(time=T2, purpose="serving"), a_use(build="b2", model="nn", time=T3)
    for use in (a_use(), later, other):
        store.record_use(use)
    expect_equal(store.uses(), [a_use(), later, other], "other uses, or another order")
    expect_equal(store.uses(["b1"]), [a_use(), later], "uses of other builds")
    expect_equal(store.uses(model="nn"), [other], "uses by other models")
    expect_equal(store.uses([]), [], "uses of builds that nobody asked for")


def online_views_are_of_a_store(place: StatePlace) -> None:
    """What online stores hold is known by target, store and view, the newest of each"""
    store = place.store
    lease = leased(store)
    for view in (a_view(), a_view(store="other", as_of=T2), a_view(rows=9, generation=2)):
        hold_view(store, lease, view)
    hold_view(store, lease, a_view(rows=4), "prod")
    found = {view.store: view for view in store.online_views(TARGET)}
    expected = {"main": a_view(rows=9, generation=2), "other": a_view(store="other", as_of=T2)}
    expect_equal(found, expected, "other views")
    expect_equal(store.online_views("prod"), [a_view(rows=4)], "another target's")


def an_online_view_is_forgotten_with_its_pointer(place: StatePlace) -> None:
    """What a store holds no more is forgotten with its pointer, unless it holds another by now"""
    store = place.store
    with built(store, a_build(node="online.main.v"), a_build("b2", node="other")) as lease:
        hold_view(store, lease, a_view())
        for view in (a_view(generation=2), a_view(fingerprint="f2")):
            store.forget_online_view(lease, TARGET, view, "online.main.v")
            expect_equal(store.online_views(TARGET), [a_view()], "another one is forgotten")
        store.forget_online_view(lease, TARGET, a_view(as_of=T3, rows=9), "online.main.v")
    expect_equal(store.online_views(TARGET), [], "it is not forgotten")
    expect_equal(pointed(store), {"other": "b2"}, "other pointers")
