"""Facts: what was found before, by the hash of all that it follows from.

Each fact is the value of a pure function, and its key is the hash of the function's name and of all
that the function was given. So nothing is ever invalidated: where something else is asked, the key
is another one, and what was found before is simply not found. Only what is right is kept: whatever
has something to report is looked at each time, and its diagnostics are made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

F = TypeVar("F", bound=Struct)
M = TypeVar("M")

# As long as the hash of a key: no two facts that differ are ever likely to share one.
KEY_SIZE: Final = 16
_KEYS: Final = msgspec.msgpack.Encoder(order="deterministic")
# Of values the order of what is in them counts.
_VALUES: Final = msgspec.msgpack.Encoder()
_DECODERS: Final[dict[type[Struct], msgspec.msgpack.Decoder[Struct]]] = {}


def key_of(*parts: object) -> bytes:
    """Return the key of what follows from these values and from nothing else."""
    return blake2b(_KEYS.encode(parts), digest_size=KEY_SIZE).digest()


class Facts:
    """The facts of one compilation: those that were known before, and those that it found.

    `stored` has the encoded facts of earlier compilations. What is asked for stays in `used`, which
    is what the next compilation may need.
    """

    def __init__(self, stored: Mapping[bytes, bytes] | None = None) -> None:
        self._stored = stored or {}
        self._earlier: Mapping[bytes, Struct] = {}
        self._most = 0
        self._values: dict[bytes, Struct] = {}
        self._made: dict[bytes, Any] = {}
        self._made_earlier: Mapping[bytes, Any] = {}

    def again(self) -> Facts:
        """Return the facts of the next compilation in this process: it knows what this one used.

        And what those before it used, up to twice as much as any of them: where a file is broken
        half of a project may not be looked at, and all of it is when the file is mended.
        """
        if not self._values:
            return self  # nothing was asked of it: an edit stayed in its place
        following = Facts(self._stored)
        following._most = max(self._most, len(self._values))
        older = [item for item in self._earlier.items() if item[0] not in self._values]
        left = max(0, 2 * following._most - len(self._values))
        following._earlier = dict(older[max(0, len(older) - left) :]) | self._values
        following._made_earlier = self._made or self._made_earlier
        return following

    def find(self, key: bytes, kind: type[F]) -> F | None:
        """Return what is known under a key, if anything is."""
        value = self._values.get(key) or self._earlier.get(key)
        if value is not None:
            self._values[key] = value
        else:
            encoded = self._stored.get(key)
            if encoded is None:
                return None
            value = self._values[key] = _decoded(encoded, kind)
        assert isinstance(value, kind)
        return value

    def made_of(self, key: bytes, make: Callable[[], M]) -> M:
        """Return what is made of the fact of a key: once in a process, for it is never changed."""
        if key not in self._made:
            known = self._made_earlier.get(key)
            self._made[key] = known if known is not None else make()
        made: M = self._made[key]
        return made

    def keep(self, key: bytes, value: F) -> F:
        """Note what was found."""
        self._values[key] = value
        return value

    def found_anew(self) -> dict[bytes, bytes]:
        """Return the encoded facts that were not stored before."""
        new = ((key, value) for key, value in self._values.items() if key not in self._stored)
        return {key: _VALUES.encode(value) for key, value in new}

    def kept(self, spare: int) -> dict[bytes, bytes]:
        """Return the encoded facts to store: those of this compilation, and as many others.

        The others may be `spare` bytes more than those.
        """
        stored = self._stored
        found = {key: stored[key] for key in self._values if key in stored} | self.found_anew()
        left = spare + sum(map(len, found.values()))
        for key, encoded in stored.items():
            left -= len(encoded) if key not in found else 0
            if left < 0:
                break
            found.setdefault(key, encoded)
        return found


def _decoded(encoded: bytes, kind: type[F]) -> F:
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS.setdefault(kind, msgspec.msgpack.Decoder(kind))
    value = decoder.decode(encoded)
    assert isinstance(value, kind)
    return value
