"""The online stores that a reader reads: the very ones that were seen to hold what it serves.

A store's file may vanish, and another one may come in its place that holds nothing yet, or an older
state. A reader never finds itself in such a file: its store is Unreachable from then on, and only a
reader that is made anew, when the new file was looked into, reads there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from msgspec import Struct

from ffc.adapter.online import OnlineStore
from ffc.connect.session import Session
from ffc.core.errors import FfcError, ProfileError, StoreError, Unreachable
from ffc.manifest.served import ServedView
from ffc.online.marks import Marks, Reads


class Gone(Struct, frozen=True):
    """What is there of a store that does not hold a view, or is none: the reason."""

    message: str
    help: tuple[str, ...] = ("`ffc sync` fills it",)

    def read(self, keys: Sequence[bytes]) -> NoReturn:
        """Raise Unreachable."""
        raise Unreachable(self.message, help=self.help)


def without(view: ServedView) -> Gone:
    """Return what is there of a store that has no rows of a view."""
    return Gone(f"the online store `{view.store}` does not hold `{view.name}`")


def opened(session: Session, names: Iterable[str]) -> dict[str, Reads]:
    """Return stores by their names, opened anew where they can't be reached any more."""
    found: dict[str, Reads] = {}
    for name in dict.fromkeys(names):
        try:
            store = session.online(name)
            found[name] = store if _answers(store) else session.reopened(name, _answers)
        except ProfileError as problem:
            found[name] = Gone(problem.message, problem.help)
    return found


def _answers(store: OnlineStore) -> bool:
    try:
        store.read(())
    except Unreachable:
        return False
    except StoreError:
        # Whoever asks is told so: opened again it would be no other.
        return True
    return True


def lost(
    views: Iterable[ServedView], stores: Mapping[str, Reads], project: str, target: str
) -> dict[str, Gone]:
    """Return the views that can't be served, by id, and why: their store has no rows of them."""
    found: dict[str, Gone] = {}
    for view in views:
        try:
            marks = Marks(stores[view.store], project, target, view).read()
        except FfcError as problem:
            found[view.id] = Gone(problem.message, problem.help or Gone(problem.message).help)
        else:
            mark = marks.get(view.generation)
            if view.generation not in marks or (mark is not None and mark.going):
                found[view.id] = without(view)
    return found
