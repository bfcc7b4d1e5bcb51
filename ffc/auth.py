"""Who may do what: every library verb asks here, once."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import Literal

from ffc.core.errors import Denied

Action = Literal["compile", "run", "sync", "read", "serve", "clean", "test", "record", "rollback"]

# The node id that stands for all of a target.
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks: a person, a job, a service."""

    name: str


def local_user() -> Principal:
    """Return the principal of the person at this machine."""
    try:
        return Principal(getpass.getuser())
    except (KeyError, OSError):
        return Principal("unknown")


def authorize(principal: Principal, action: Action, node: str = EVERYTHING) -> None:
    """Return if the principal may do this to the node; raises Denied.

    Policies are not in this version: whoever has a name may do everything.
    """
    if not principal.name:
        raise Denied(f"nobody may {action} {node}: the request has no principal")
