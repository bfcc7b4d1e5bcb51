"""Keys of the online store: injective, whatever the values hold.

A key is: format byte, then project, target and entity, then each value; every part is its type's
tag, its length in four bytes and its bytes, so that no two tuples of values share a key.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Final

from ffc.core.types import Type, known_type
from ffc.manifest.served import ServedView

FORMAT: Final = b"\x01"
_DIGEST: Final = 8
_EPOCH: Final = datetime(1970, 1, 1)
_LENGTH: Final = struct.Struct(">BI")
_INTEGER: Final = struct.Struct(">BIq")
TAGS: Final = {
    "text": 0,
    "string": 1,
    "int32": 2,
    "int64": 3,
    "bool": 4,
    "date": 5,
    "timestamp": 6,
    "decimal": 7,
    "marker": 8,
}


class KeyCodec:
    """Encodes the keys of one entity of one target."""

    def __init__(self, project: str, target: str, view: ServedView) -> None:
        self._prefix = prefix_of(project, target, view.entity)
        self._packers = tuple(_packer(known_type(key.type)) for key in view.keys)

    def encode(self, values: Sequence[object]) -> bytes:
        """Return the key of values that are of the entity's types, none of them null.

        Raises TypeError for a value of another type, ValueError for one that does not fit.
        """
        parts = [pack(value) for pack, value in zip(self._packers, values, strict=True)]
        return b"".join((self._prefix, *parts))


def marker_key(project: str, target: str, entity: str) -> bytes:
    """Return the key under which a sync says what the store holds; no entity's key equals it."""
    return prefix_of(project, target, entity) + _part("marker", b"")


def heads_of(project: str, target: str, entity: str, kind: str = "") -> list[bytes]:
    """Return what keys of an entity begin with whose first value is of a type; "" is any type.

    The marker's key begins with none of them.
    """
    kinds = [kind] if kind else [name for name in TAGS if name not in ("text", "marker")]
    return [prefix_of(project, target, entity) + bytes([TAGS[name]]) for name in kinds]


def field_of(view: ServedView) -> bytes:
    """Return a view's field in an entity's row: slot, fingerprint, generation."""
    digest = blake2b(view.fingerprint.encode(), digest_size=_DIGEST).digest()
    return view.slot.to_bytes(4, "big") + digest + view.generation.to_bytes(8, "big")


def prefix_of(*names: str) -> bytes:
    """Return what the keys of a project, a target and an entity begin with."""
    return FORMAT + b"".join(_part("text", name.encode()) for name in names)


def _part(tag: str, data: bytes) -> bytes:
    return _LENGTH.pack(TAGS[tag], len(data)) + data


def _packer(kind: Type) -> Callable[[object], bytes]:
    tag = TAGS[kind.name]
    if kind.name == "string":
        return _text
    if kind.name == "decimal":
        scale = kind.scale
        return lambda value: _decimal(value, scale)
    whole: Callable[[object], int] = {
        "int32": _integer,
        "int64": _integer,
        "bool": _integer,
        "date": _day,
        "timestamp": microseconds,
    }[kind.name]
    return lambda value: _INTEGER.pack(tag, 8, whole(value))


def _text(value: object) -> bytes:
    # Never str(value): null would share its key with the text "None".
    if isinstance(value, str):
        return _part("string", value.encode())
    raise TypeError(f"{value!r} is no text")


def _integer(value: object) -> int:
    if isinstance(value, int):
        return int(value)
    raise TypeError(f"{value!r} is no whole number")


def _day(value: object) -> int:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.toordinal()
    raise TypeError(f"{value!r} is no date")


def microseconds(value: object) -> int:
    """Return an instant as microseconds since 1970; without zone it is UTC."""
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is no instant")
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _decimal(value: object, scale: int) -> bytes:
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} is no decimal")
    return _part("decimal", scaled(value, scale))


def scaled(value: Decimal, scale: int) -> bytes:
    """Return a decimal as the bytes of a whole number of its last places."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise TypeError(f"{value!r} is not finite")
    whole: int = int("".join(map(str, digits)))
    shift = exponent + scale
    if shift >= 0:
        whole *= 10**shift
    else:
        whole, rest = divmod(whole, 10**-shift)
        if rest:
            raise ValueError(f"{value} has more than {scale} places")
    whole = -whole if sign else whole
    return whole.to_bytes((whole.bit_length() + 8) // 8, "big", signed=True)
