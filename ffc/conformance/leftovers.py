"""What runs that died left in a store: found by its name, told by its age, taken away."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlglot import exp

from ffc.adapter import OfflineStore, OnlineStore, Options, StateStore
from ffc.conformance.checks import Role, Store
from ffc.conformance.ledger import Ledger
from ffc.conformance.places import drop_schema, opened
from ffc.conformance.scratch import age, is_left, is_own, scratches


class Leftover(Struct, frozen=True, kw_only=True):
    """A scratch place of another run, so many seconds old; one that may live is not removed."""

    role: str
    store: str
    name: str
    seconds: float
    removed: bool


def clear(
    role: Role, name: str, store: Store, options: Options, now: datetime, *, own: bool = False
) -> list[Leftover]:
    """Take away the scratch places of runs that are dead, or only this process's `own`.

    Returns those that there were, the oldest first; raises StoreError, StateError.
    """
    found = []
    for place in scratches(_names(store)):
        gone = is_own(place) if own else is_left(place, now)
        if gone:
            _remove(store, options, place)
        if gone or not own:
            seconds = age(place, now).total_seconds()
            found.append(Leftover(role=role, store=name, name=place, seconds=seconds, removed=gone))
    return found


def _names(store: Store) -> list[str]:
    if isinstance(store, OnlineStore):
        return Ledger(store).names()
    if isinstance(store, StateStore):
        return store.scratches()
    return _schemas(store)


def _schemas(store: OfflineStore) -> list[str]:
    query = exp.select("schema_name").from_("information_schema.schemata")
    batches = store.submit(query.sql(dialect=store.dialect)).batches()
    return [str(name) for batch in batches for name in batch.column(0).to_pylist()]


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
