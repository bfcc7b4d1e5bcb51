"""What a store tells of itself to whoever checks it."""

from __future__ import annotations

from msgspec import Struct


class About(Struct, frozen=True, kw_only=True):
    """Facts of a store that answers; None for what it doesn't tell.

    `ahead` is by how many seconds its clock is ahead of this machine's, 0 where they are one;
    `free` is how many bytes it can still write.
    """

    version: str = ""
    ahead: float | None = None
    free: int | None = None
