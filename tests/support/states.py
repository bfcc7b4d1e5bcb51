"""Records of a state store, to be bent by tests."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ffc.adapter import Build, Lease, Move, OnlineView, StateStore

T1, T2, T3 = (f"2025-03-0{day}T00:00:00.000000Z" for day in (1, 2, 3))
LOCK: Final = "target:dev"


def leased(store: StateStore) -> Lease:
    return store.acquire(LOCK, "me:1", 100.0, 60.0)


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


def hold(store: StateStore, lease: Lease, target: str, view: OnlineView) -> None:
    move = Move(manifest=b"{}", definitions=[], pointers=[], online=[view])
    store.move(lease, target, move, T1, "me")
