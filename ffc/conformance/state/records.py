"""Records that checks of state stores write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from msgspec.structs import replace

from ffc.adapter import Build, Lease, ModelUse, Move, Observation, OnlineView, Pointer, StateStore

T1, T2, T3, T4 = (f"2025-03-0{day}T00:00:00.000000Z" for day in (1, 2, 3, 4))
TARGET: Final = "dev"
NODE: Final = "training_set.main"
SCHEMA: Final = "dev__ffc"
# A lock's times are seconds, as its holders say them.
BEGAN: Final = 1_000.0
SECONDS: Final = 60.0


def a_build(name: str = "b1", **changes: Any) -> Build:
    """Return a build, every field of which says something."""
    build = Build(
        id=name,
        node=NODE,
        fingerprint="f1",
        relation=(SCHEMA, f"t_{name}"),
        inputs={"source.a": "x", "source.b": 'é"y'},
        rows=3,
        created=T1,
        principal="ann",
        deployment="d1",
        commit="c0ffee",
        dirty=True,
        content_hash="h:3-1",
    )
    return replace(build, **changes)


def a_view(**changes: Any) -> OnlineView:
    """Return what an online store holds."""
    view = OnlineView(store="main", view="v", fingerprint="f1", generation=1, as_of=T1, rows=3)
    return replace(view, **changes)


def a_use(**changes: Any) -> ModelUse:
    """Return that a model used a build."""
    use = ModelUse(model="rf", node=NODE, build="b1", principal="ann", time=T1, purpose="training")
    return replace(use, **changes)


def a_figure(**changes: Any) -> Observation:
    """Return a figure about a build."""
    figure = Observation(node=NODE, column="c", metric="mean", window="1d", value=1.5, build="b1")
    return replace(figure, **changes)


def a_move(manifest: bytes = b"new") -> Move:
    """Return a move of two pointers, with what an online store holds."""
    snapshot = a_build("b9", node="online.main.v", fingerprint="f9")
    builds = (a_build("b1"), snapshot)
    return Move(
        manifest=manifest,
        definitions=[(NODE, "f1", b"{1}"), ("online.main.v", "f9", b"{9}")],
        pointers=[
            Pointer(target=TARGET, node=b.node, definition=b.fingerprint, build=b) for b in builds
        ],
        online=[a_view(fingerprint="f9", generation=4, as_of=T2)],
    )


def leased(store: StateStore, owner: str = "me:1") -> Lease:
    """Take the lock of the target."""
    return store.acquire(f"target:{TARGET}", owner, BEGAN, SECONDS)


def hold_view(store: StateStore, lease: Lease, view: OnlineView, target: str = TARGET) -> None:
    """Say that an online store holds a view."""
    move = Move(manifest=b"{}", definitions=[], pointers=[], online=[view])
    store.move(lease, target, move, T1, "me")


@contextmanager
def built(store: StateStore, *builds: Build) -> Iterator[Lease]:
    """Take the lock, and record builds; give it back at the end."""
    lease = leased(store)
    for build in builds:
        store.finish_build(lease, TARGET, build, b"{}")
    yield lease
    store.release(lease)


def pointed(store: StateStore, target: str = TARGET) -> dict[str, str]:
    """Return the ids of the builds that pointers lead to, by node."""
    return {node: pointer.build.id for node, pointer in store.pointers(target).items()}
