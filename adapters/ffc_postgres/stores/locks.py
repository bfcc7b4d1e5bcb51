"""Locks in the state store's tables: taken, and asked whether they still are."""

from __future__ import annotations

from typing import NamedTuple

from ffc.adapter import Lease, Locked, is_held
from ffc_postgres.stores.line import Line


class Lock(NamedTuple):
    """A lock's last owner, its token and when it expires; None for one given back."""

    owner: str
    token: int
    expires: float | None


def lock_of(line: Line, name: str) -> Lock | None:
    """Return what is known of a lock, if it was ever taken."""
    rows = line.ask("SELECT owner, token, expires FROM locks WHERE name = %s", [name]).rows
    return Lock(*rows[0]) if rows else None


def check_lease(line: Line, lease: Lease) -> None:
    """Raise Locked unless the lease is the newest of its lock and was not given back."""
    held = lock_of(line, lease.name)
    if held is None or held.token != lease.token:
        by = f"taken over by {held.owner}" if held else "never taken"
        raise Locked(f"{lease.owner} does not hold `{lease.name}`: it was {by}")
    if held.expires is None:
        raise Locked(f"{lease.owner} does not hold `{lease.name}`: it was given back")


def taken(line: Line, name: str, owner: str, now: float, seconds: float, dead: str) -> Lease:
    """Take a lock that nobody holds; raises Locked naming its holder."""
    held = lock_of(line, name)
    if held and held.owner != dead and is_held(held.expires, now, seconds):
        free = (held.expires or now) - now
        raise Locked(
            f"`{name}` is held by {held.owner}",
            help=[f"if that one died, the lock is free in {free:.0f} s"],
            holder=held.owner,
        )
    token = held.token + 1 if held else 1
    line.ask(
        """
        INSERT INTO locks (name, owner, token, expires) VALUES (%s, %s, %s, %s)
        ON CONFLICT (name) DO UPDATE
        SET owner = excluded.owner, token = excluded.token, expires = excluded.expires
        """,
        [name, owner, token, now + seconds],
    )
    return Lease(name=name, owner=owner, token=token)
