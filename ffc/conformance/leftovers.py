"""What runs that died left in a store: found by its name, told by its age, taken away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from msgspec import Struct
from sqlglot import exp

from ffc.adapter import OfflineStore, OnlineStore, Options, StateStore
from ffc.conformance.checks import Role, Store
from ffc.conformance.ledger import Ledger
from ffc.conformance.places import drop_schema, opened
from ffc.conformance.scratch import PREFIX, age, is_left, is_own, scratches
from ffc.connect.warehouse import Warehouse
from ffc.core.errors import FfcError

LIVES: Final = "whoever made it may live"


class Leftover(Struct, frozen=True, kw_only=True):
    """A scratch place of another run, so many seconds old; `why` says why it is not removed."""

    role: str
    store: str
    name: str
    seconds: float
    removed: bool
    why: str = ""


def clear(
    role: Role, name: str, store: Store, options: Options, now: datetime, *, own: bool = False
) -> list[Leftover]:
    """Take away the scratch places of runs that are dead, or only this process's `own`.

    Returns those that there were, the oldest first; raises StoreError, StateError where they can't
    be listed.
    """
    found = []
    for place in scratches(_names(store)):
        if own and not is_own(place):
            continue
        why = LIVES
        if own or is_left(place, now):
            why = _refusal(partial(_remove, store, options, place))
        seconds = age(place, now).total_seconds()
        found.append(
            Leftover(role=role, store=name, name=place, seconds=seconds, removed=not why, why=why)
        )
    return found


def _refusal(remove: Callable[[], None]) -> str:
    """Do what takes a place away; return why that can't be done, nothing where it was."""
    try:
        remove()
    except FfcError as problem:
        return problem.message
    return ""


def _names(store: Store) -> list[str]:
    if isinstance(store, OnlineStore):
        return Ledger(store).names()
    if isinstance(store, StateStore):
        return store.scratches()
    return _schemas(store)


def _schemas(store: OfflineStore) -> list[str]:
    query = exp.select("schema_name").from_("information_schema.schemata")
    return [str(row["schema_name"]) for row in Warehouse(store, PREFIX).rows(query)]


def _remove(store: Store, options: Options, name: str) -> None:
    if isinstance(store, OnlineStore):
        Ledger(store).clear(name)
    elif isinstance(store, OfflineStore):
        drop_schema(store, name)
    else:
        beside = store.scratch(options, name)
        if beside is not None:
            with opened(type(store), beside) as scratch:
                scratch.destroy()
