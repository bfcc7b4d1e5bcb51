"""How the views that are served stand: how long ago they were synced, how far behind they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from ffc.adapter.state import OnlineView, Pointer, StateStore
from ffc.manifest.names import snapshot_id
from ffc.manifest.served import ServedView
from ffc.serve.metrics import Gauge

_HELP: Final = {
    "view_age_seconds": "How long ago a view was synced.",
    "view_lag_seconds": "How long the warehouse has had a build of a view that is not served.",
    "view_rows": "Keys.",
}


class Standing(Struct, frozen=True, kw_only=True):
    """How a view stands, by its id; what is not known is None.

    `as_of` is the instant of the sync that is served, `rows` how many keys it found. `behind` is
    since when the warehouse has a build that is not served, and empty where it has none.
    """

    view: str
    as_of: str | None = None
    rows: int | None = None
    behind: str | None = None


def standings(
    views: Iterable[ServedView], synced: Iterable[OnlineView], behind: Mapping[str, str]
) -> list[Standing]:
    """Return how views stand by what the state store says of them."""
    held = {(each.store, each.view): each for each in synced}
    found = []
    for view in views:
        sync = held.get((view.store, view.id))
        if sync is not None:
            late = behind.get(view.id)
            found.append(Standing(view=view.id, as_of=sync.as_of, rows=sync.rows, behind=late))
    return found


def gauges(found: Iterable[Standing], now: datetime) -> Iterator[Gauge]:
    """Yield how views stand as figures; a clock that is behind makes nothing negative."""
    for each in found:
        late = 0.0 if each.behind == "" else _since(each.behind, now)
        values = (_since(each.as_of, now), late, each.rows)
        labels = {"view": each.view.partition(".")[2]}
        for (name, help), value in zip(_HELP.items(), values, strict=True):
            if value is not None:
                yield Gauge(name=name, help=help, value=value, labels=labels)


def _since(instant: str | None, now: datetime) -> float | None:
    if instant is None:
        return None
    return max(0.0, (now - datetime.fromisoformat(instant)).total_seconds())


class Behind:
    """Knows since when the online stores of a target are behind its warehouse."""

    def __init__(self, state: StateStore, target: str) -> None:
        self._state = state
        self._target = target
        self._known: dict[str, tuple[str, str]] = {}

    def look(self, views: Iterable[ServedView]) -> dict[str, str]:
        """Return since when each view is behind, by id; "" if it is not; raises StateError.

        A view that is not in it was synced by nobody who left word of which build that was.
        """
        pointers = self._state.pointers(self._target)
        found = {}
        for view in views:
            newest = pointers.get(view.id)
            synced = pointers.get(snapshot_id(view.store, view.id))
            if newest is not None and synced is not None:
                same = synced.build.inputs.get(view.id) == newest.build.id
                found[view.id] = "" if same else self._since(newest, synced)
        return found

    def _since(self, newest: Pointer, synced: Pointer) -> str:
        """Return when the first build was finished that is newer than what was synced.

        Not the newest one: a store that is never synced again would seem to catch up with each
        build. After a rollback there may be no newer one; then it is the sync itself that counts.
        """
        known = self._known.get(newest.node)
        if known is not None and known[0] == synced.build.id:
            return known[1]
        builds = self._state.past_builds(newest.build.relation[0], node=newest.node)
        have = synced.build.inputs.get(newest.node)
        after = next((b.created for b in builds if b.id == have), synced.build.created)
        newer = (b.created for b in builds if b.created > after)
        since = min(newer, default=synced.build.created)
        self._known[newest.node] = (synced.build.id, since)
        return since
