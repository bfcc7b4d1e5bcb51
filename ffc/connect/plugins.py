"""Adapters by entry point, ours through the same door as anyone's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from ffc.adapter import OfflineStore, OnlineStore, StateStore
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import ProfileError

# Types that ffc knows of, and the extra that brings them.
EXTRAS: Final = {"snowflake": "snowflake", "postgres": "postgres", "redis": "redis"}


def offline_adapter(name: str) -> type[OfflineStore]:
    """Return the offline store class of a type; raises ProfileError where there is none."""
    found = _load("ffc.offline", name)
    if not (isinstance(found, type) and issubclass(found, OfflineStore)):
        raise ProfileError(f"the entry point `{name}` is no OfflineStore")
    return found


def online_adapter(name: str) -> type[OnlineStore]:
    """Return the online store class of a type; raises ProfileError where there is none."""
    found = _load("ffc.online", name)
    if not (isinstance(found, type) and issubclass(found, OnlineStore)):
        raise ProfileError(f"the entry point `{name}` is no OnlineStore")
    return found


def state_adapter(name: str) -> type[StateStore]:
    """Return the state store class of a type; raises ProfileError where there is none."""
    found = _load("ffc.state", name)
    if not (isinstance(found, type) and issubclass(found, StateStore)):
        raise ProfileError(f"the entry point `{name}` is no StateStore")
    return found


def settings_of(role: str, name: str) -> Mapping[str, bool] | None:
    """Return the settings of a store's type, each with whether it must be there.

    None where the type does not say: then only opening the store can tell.
    """
    try:
        adapter = _load(f"ffc.{role}", name)
    except ProfileError:
        return None
    found = getattr(adapter, "settings", None)
    return found if isinstance(found, Mapping) else None


def missing(role: str, name: str) -> tuple[str, tuple[str, ...]] | None:
    """Say in words that a role has no store of a type, and what to do; None where it has."""
    known = _points(f"ffc.{role}", name)
    if name in known:
        return None
    if name in EXTRAS:
        return f"the {role} store `{name}` is not in this version of ffc yet", ()
    hints = did_you_mean(name, known) or (f"installed: {listed(sorted(known))}",)
    return f"no {role} store of the type `{name}` is installed", hints


def _load(group: str, name: str) -> object:
    role = group.partition(".")[2]
    absent = missing(role, name)
    if absent is not None:
        raise ProfileError(absent[0], help=absent[1])
    try:
        return _points(group, name)[name].load()
    except ImportError as problem:
        extra = EXTRAS.get(name)
        install = [f"install it with: pip install 'ffc-feature-store[{extra}]'"] if extra else []
        message = f"the {role} store `{name}` can't be loaded: {problem}"
        raise ProfileError(message, help=install) from problem


def _points(group: str, name: str) -> Mapping[str, EntryPoint]:
    """Return the adapters of a group; one by this name may have been installed since."""
    if name not in _installed().get(group, ()):
        _installed.cache_clear()
    return _installed().get(group, {})


@cache
def _installed() -> Mapping[str, Mapping[str, EntryPoint]]:
    """Return the adapters that are installed, by group and name."""
    # It reads a file of every distribution that is installed: once for all groups.
    found = entry_points()
    groups = (f"ffc.{role}" for role in ("offline", "online", "state"))
    return {group: {point.name: point for point in found.select(group=group)} for group in groups}
