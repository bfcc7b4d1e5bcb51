"""Names of scratch places: who made one and when, so that what a dead process left is found."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from ffc.connect.holding import process_of
from ffc.connect.warehouse import builds_schema

PREFIX: Final = "ffc_conformance"
# Nothing is checked that long: by it a process that can't be seen from here is known to be dead.
HOUR: Final = timedelta(hours=1)
_NAME: Final = re.compile(
    rf"{PREFIX}_(\d{{14}})_(\d+)_([0-9a-f]{{4}})([0-9a-f]{{4}})_[0-9a-f]{{6}}"
)
_TIME: Final = "%Y%m%d%H%M%S"


def scratch_name(now: datetime) -> str:
    """Return the name of a new scratch place of this process, at most 56 characters long."""
    pid = os.getpid()
    time = now.astimezone(UTC).strftime(_TIME)
    return f"{PREFIX}_{time}_{pid}_{''.join(_digests(pid))}_{secrets.token_hex(3)}"


def is_scratch(name: str) -> bool:
    """Tell whether a name is one of a scratch place."""
    return _NAME.fullmatch(name) is not None


def age(name: str, now: datetime) -> timedelta:
    """Return how long ago a scratch place was made."""
    return now - datetime.strptime(_parts(name)[0], _TIME).replace(tzinfo=UTC)


def is_left(name: str, now: datetime) -> bool:
    """Tell whether whoever made a scratch place is gone: dead on this machine, or long ago."""
    _, pid, machine, process = _parts(name)
    here, now_there = _digests(int(pid))
    return age(name, now) > HOUR or (machine == here and process != now_there)


def is_own(name: str) -> bool:
    """Tell whether this process made a scratch place."""
    _, pid, *digests = _parts(name)
    return int(pid) == os.getpid() and tuple(digests) == _digests(os.getpid())


def _parts(name: str) -> tuple[str, str, str, str]:
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(name)
    return found[1], found[2], found[3], found[4]


def _digests(pid: int) -> tuple[str, str]:
    """Return what tells this machine, or a container on it, from others, and a process of it."""
    whole = process_of(pid)
    host, _, _, space = whole.split(":")
    machine, process = (
        blake2b(said.encode(), digest_size=2).hexdigest() for said in (f"{host}:{space}", whole)
    )
    return machine, process


def scratches(names: Iterable[str]) -> list[str]:
    """Return the names that are of scratch places, the oldest first.

    A schema of builds counts as the one that it is of.
    """
    bare = {name.removesuffix(builds_schema("")) for name in names}
    return sorted(filter(is_scratch, bare))
