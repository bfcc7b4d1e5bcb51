"""Generations of views in the online stores: which ones nobody is to read any more, and their end.

A name leads to one generation of a view; the others are left: those of definitions before, those
that were refilled, those of views that are not served now, and those that a dead sync began. A mark
says since when, so that whoever still reads one has time to move on. What goes has to be told
in an order that a death at any instant leaves right: the state store first, so that no name leads
there; then the warehouse, so that no sync goes on with it; then the mark, which tells those that
read marks; then the rows, in parts; the mark last, since it is what leads to them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from ffc.adapter.online import OnlineStore
from ffc.adapter.state import Lease, OnlineView, StateStore
from ffc.connect.holding import SECONDS
from ffc.core.clock import stamp
from ffc.core.errors import NotFound
from ffc.manifest.names import SNAPSHOT, snapshot_id
from ffc.manifest.records import FeatureView, Manifest
from ffc.manifest.served import ServedView
from ffc.manifest.serving import served_view
from ffc.manifest.upgrades import decode_node
from ffc.online.codec import RowCodec
from ffc.online.keys import field_of, heads_of, marker_key
from ffc.online.marks import GENERATION, UNKNOWN, Mark, marks_of, number_of, rows_of
from ffc.registry import StateRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What lies under one field of an entity's keys in a store.

    `view` is the id of the view, `kind` the type of its first key's values; both are empty where no
    definition is known. `named` is the name that leads to it, `served` whether it does so now.
    """

    store: str
    entity: str
    field: bytes
    mark: Mark
    view: str = ""
    kind: str = ""
    named: OnlineView | None = None
    served: bool = False

    @property
    def number(self) -> int:
        """When it was begun, in microseconds, or a little more."""
        return number_of(self.field)

    @property
    def snapshots(self) -> set[str]:
        """The ids of the builds in the warehouse that a sync needs to go on with it."""
        return {self.mark.snapshot, self.mark.before} - {""}

    def taken(self) -> Generation:
        """Return the generation as it is while it is being taken away."""
        return replace(self, mark=self.mark.taken())


class Generations:
    """The generations of a target's views in some online stores."""

    def __init__(
        self,
        state: StateStore,
        target: str,
        stores: Callable[[str], OnlineStore],
        names: Collection[str],
    ) -> None:
        self._state = state
        self._target = target
        self._stores = stores
        self._names = names
        self._registry = StateRegistry(state, target)
        try:
            self._project = self._registry.manifest().project.name
        except NotFound:
            # Nothing was ever deployed, so nothing was ever synced.
            self._names = ()

    def found(self) -> list[Generation]:
        """Return every generation that a mark tells of, those of a view one after another."""
        views = self._views()
        served = {self._place(view) for view in self._registry.serving().views}
        held = self._held()
        found = []
        for store, entity in sorted({(view.store, view.entity) for view in views}):
            known = {_head(v): v for v in views if (v.store, v.entity) == (store, entity)}
            marks = marks_of(self._stores(store), self._project, self._target, entity)
            for field, mark in sorted(marks.items()):
                view = known.get(field[:-GENERATION])
                found.append(
                    Generation(
                        store=store,
                        entity=entity,
                        field=field,
                        mark=mark or UNKNOWN,
                        view=view.id if view else "",
                        kind=view.keys[0].type.partition("(")[0] if view else "",
                        named=held.get((store, entity, field)),
                        served=(store, entity, field) in served,
                    )
                )
        return found

    def forget(self, lease: Lease, generations: Iterable[Generation]) -> None:
        """Let no name lead to generations that are to go; raises Locked."""
        for each in generations:
            if each.named is not None:
                pointer = snapshot_id(each.store, each.named.view)
                self._state.forget_online_view(lease, self._target, each.named, pointer)

    def mark(self, lease: Lease, generations: Iterable[Generation]) -> None:
        """Write the marks of generations; raises Locked where the target is not ours any more."""
        self._state.renew(lease, self._state.clock(), SECONDS)
        for each in generations:
            row = rows_of(self._project, self._target, each.entity, {each.field: each.mark})
            self._stores(each.store).write(row)

    def take(self, generation: Generation) -> int:
        """Take a generation's rows away, then its mark; return how many rows it had.

        Its mark must say that it is going: then nobody else needs to be kept out.
        """
        store = self._stores(generation.store)
        place = (self._project, self._target, generation.entity)
        heads = heads_of(*place, generation.kind)
        count = sum(sum(store.remove(head, generation.field)) for head in heads)
        for _ in store.remove(marker_key(*place), generation.field):
            pass
        return count

    def take_tombstones(self, generation: Generation) -> int:
        """Take away what says of keys that they vanished; return how many there were.

        Such a value gives way to any other, and reads as none does: it is as good as nothing,
        whoever writes at the same time.
        """
        store = self._stores(generation.store)
        heads = heads_of(self._project, self._target, generation.entity, generation.kind)
        gone = RowCodec(()).tombstone(None, None)
        return sum(sum(store.remove(head, generation.field, gone)) for head in heads)

    def _views(self) -> list[ServedView]:
        """Return every definition of an online view that was ever built or synced."""
        # That a view is in another store is said anew of a definition; the first names the old one.
        told = [*self._state.defined(f"{SNAPSHOT}."), *self._state.defined("feature_view.")]
        nodes = map(decode_node, told)
        views = [served_view(n) for n in nodes if isinstance(n, FeatureView)]
        return [view for view in views if view.store in self._names]

    def _held(self) -> dict[tuple[str, str, bytes], OnlineView]:
        """Return what the state store says that the stores hold, by place."""
        held = self._state.online_views(self._target)
        definitions = self._state.definitions([(view.view, view.fingerprint) for view in held])
        found = {}
        for each in held:
            node = decode_node(definitions[each.view, each.fingerprint])
            assert isinstance(node, FeatureView)
            view = msgspec.structs.replace(served_view(node), generation=each.generation)
            found[each.store, view.entity, field_of(view)] = each
        return found

    def _place(self, view: ServedView) -> tuple[str, str, bytes]:
        return view.store, view.entity, field_of(view)


def forget_returning(state: StateStore, lease: Lease, manifest: Manifest) -> None:
    """Let no name lead to rows of views that were away until now, and come back with a manifest.

    They are as old as the day on which the view went, and served once a sync has been through them.
    """
    target = manifest.target.name
    live = StateRegistry(state, target)
    try:
        served = {(view.store, view.id) for view in live.serving().views}
    except NotFound:
        return
    coming = {(n.online, n.id) for n in manifest.nodes if isinstance(n, FeatureView)}
    for held in state.online_views(target):
        if (held.store, held.view) in coming - served:
            state.forget_online_view(lease, target, held)


def noted(generations: Iterable[Generation], now: datetime) -> list[Generation]:
    """Return generations, each with a mark that says when it was left, if it was."""
    found = []
    for each in generations:
        left = "" if each.served else each.mark.left or stamp(now)
        found.append(replace(each, mark=msgspec.structs.replace(each.mark, left=left)))
    return found


def due(generation: Generation, now: datetime, grace: timedelta) -> bool:
    """Tell whether a generation was left long enough ago; one that began to go has to go on."""
    if generation.served:
        return False
    # Without any grace it doesn't matter what another machine's clock said.
    ended = not grace or now - _instant(generation.mark.left) >= grace
    return generation.mark.going or ended


def goes(generation: Generation, grace: timedelta) -> str:
    """Return when a generation that was left may go."""
    return stamp(_instant(generation.mark.left) + grace)


def _instant(at: str) -> datetime:
    return datetime.fromisoformat(at)


def _head(view: ServedView) -> bytes:
    return field_of(view)[:-GENERATION]
