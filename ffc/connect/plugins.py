"""Adapters by entry point, ours through the same door as anyone's."""

from __future__ import annotations

from importlib.metadata import entry_points
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


def _load(group: str, name: str) -> object:
    role = group.partition(".")[2]
    known = {point.name: point for point in entry_points(group=group)}
    if name not in known:
        hints = did_you_mean(name, known) or (f"there are {listed(sorted(known))}",)
        raise ProfileError(f"no {role} store of the type `{name}` is installed", help=hints)
    try:
        return known[name].load()
    except ImportError as problem:
        extra = EXTRAS.get(name)
        install = [f"install it with: pip install 'ffc-feature-store[{extra}]'"] if extra else []
        message = f"the {role} store `{name}` can't be loaded: {problem}"
        raise ProfileError(message, help=install) from problem
