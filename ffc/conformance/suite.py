"""Every check, by role; and those that somebody names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from ffc.adapter import OfflineStore, OnlineStore, StateStore
from ffc.conformance.checks import Check, Store
from ffc.conformance.offline import (
    builds,
    capabilities,
    identifiers,
    order,
    point_in_time,
    statements,
    translations,
    types,
)
from ffc.conformance.online import removing, rows, served, together
from ffc.conformance.places import OfflinePlace, OnlinePlace, StatePlace
from ffc.conformance.state import builds as state_builds
from ffc.conformance.state import history, locks

P = TypeVar("P")


def offline_checks(
    adapter: type[OfflineStore], *, thorough: bool = False
) -> tuple[Check[OfflinePlace], ...]:
    """Return the checks of a warehouse, without those of what it does not declare."""
    found = _chosen(every_offline(adapter), thorough)
    return tuple(check for check in found if declares(adapter, check))


def online_checks(
    adapter: type[OnlineStore], *, thorough: bool = False
) -> tuple[Check[OnlinePlace], ...]:
    """Return the checks of an online store."""
    return tuple(_chosen(every_online(), thorough))


def state_checks(
    adapter: type[StateStore], *, thorough: bool = False
) -> tuple[Check[StatePlace], ...]:
    """Return the checks of a state store."""
    return tuple(_chosen(every_state(), thorough))


def every_offline(adapter: type[OfflineStore]) -> Iterator[Check[OfflinePlace]]:
    """Yield the checks of a warehouse, those of what it does not declare too."""
    yield from statements.checks()
    yield from capabilities.checks()
    yield from types.checks()
    yield from order.checks()
    yield from identifiers.checks()
    yield from translations.checks(adapter)
    yield from builds.checks()
    yield from point_in_time.checks()


def every_online() -> Iterator[Check[OnlinePlace]]:
    """Yield the checks of an online store."""
    yield from rows.checks()
    yield from removing.checks()
    yield from together.checks()
    yield from served.checks()


def every_state() -> Iterator[Check[StatePlace]]:
    """Yield the checks of a state store."""
    yield from locks.checks()
    yield from state_builds.checks()
    yield from history.checks()


def checks_of(adapter: type[Store]) -> list[Check[Any]]:
    """Return every check of an adapter, whatever it declares."""
    if issubclass(adapter, OfflineStore):
        return list(every_offline(adapter))
    return list(every_online() if issubclass(adapter, OnlineStore) else every_state())


def declares(adapter: type[Store], check: Check[Any]) -> bool:
    """Tell whether an adapter declares the capability that a check needs."""
    found = getattr(adapter, "capabilities", None)
    return not check.needs or bool(getattr(found, check.needs, False))


def named(checks: Iterable[Check[P]], names: Sequence[str]) -> list[Check[P]]:
    """Return the checks that names mean: a role, a group, a check, or a pattern of such.

    No names mean all.
    """
    return [check for check in checks if not names or any(is_named(check, n) for n in names)]


def is_named(check: Check[Any], name: str) -> bool:
    """Tell whether a name means a check."""
    own = str(check)
    return own == name or own.startswith(f"{name}.") or fnmatchcase(own, name)


def _chosen(checks: Iterable[Check[P]], thorough: bool) -> Iterator[Check[P]]:
    return (check for check in checks if thorough or not check.thorough)
