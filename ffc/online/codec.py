"""Values of the online store: one view's row of one key, packed.

Layout: codec version, kind, origin (a byte each); event time and created (eight bytes each that
sort as the instants do, a null least); null bitmap; then the features in order. Fixed-width types
are packed together by one `struct`, the others follow as length and bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from ffc.core.errors import StoreError
from ffc.core.types import Type, known_type
from ffc.manifest.served import ServedFeature
from ffc.online.keys import microseconds, scaled

CODEC: Final = 1
ROW, TILES, TOMBSTONE = 1, 2, 3
BATCH, STREAM = 1, 2

_HEAD: Final = struct.Struct(">BBB8s8s")
# How a time is stored that there is not.
NO_TIME: Final = bytes(8)
# How a row begins that a sync wrote.
_PLAIN: Final = bytes((CODEC, ROW, BATCH))
_BIAS: Final = 1 << 63
_EPOCH: Final = datetime(1970, 1, 1)
_LENGTH: Final = struct.Struct(">I")
_FIXED: Final = {
    "int32": "i",
    "int64": "q",
    "float32": "f",
    "float64": "d",
    "bool": "?",
    "timestamp": "q",
    "date": "i",
}
_ITEMS: Final[dict[str, Any]] = {
    "string": str,
    "int32": int,
    "int64": int,
    "float32": float,
    "float64": float,
    "bool": bool,
    "timestamp": datetime,
    "date": date,
    "decimal": Decimal,
    "bytes": bytes,
    "json": str,
    "vector": list[float],
}


class CorruptRow(StoreError):
    """Report bytes that are not a row of this codec's version and of this view."""

    code = "FF809"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded row; times are zone-less UTC."""

    kind: int
    origin: int
    event_time: datetime | None
    created: datetime | None
    values: tuple[object, ...]


def version(event_time: datetime | None, created: datetime | None) -> bytes:
    """Return the sixteen bytes by which rows of a key are newer or older."""
    return time_of(event_time) + time_of(created)


def version_of(data: bytes) -> bytes:
    """Return the version of an encoded row; raises CorruptRow."""
    if len(data) < _HEAD.size:
        raise CorruptRow("an online row is cut off")
    if data[0] != CODEC:
        raise CorruptRow(f"an online row of codec version {data[0]}, not {CODEC}")
    return data[3 : _HEAD.size]


def is_tombstone(data: bytes) -> bool:
    """Tell whether a row says that its key has none any more; corrupt bytes say nothing."""
    return len(data) == _HEAD.size and data[0] == CODEC and data[1] == TOMBSTONE


def time_of(instant: datetime | None) -> bytes:
    """Return an instant as it is stored: bytes that sort as instants do, no time before all."""
    if instant is None:
        return NO_TIME
    return (microseconds(instant) + _BIAS).to_bytes(8, "big")


def instant_of(data: bytes) -> datetime | None:
    """Return a stored time as zone-less UTC."""
    if data == NO_TIME:
        return None
    return _EPOCH + timedelta(microseconds=int.from_bytes(data, "big") - _BIAS)


class RowCodec:
    """Packs and unpacks the rows of one view, in the order of its features."""

    def __init__(self, features: Sequence[ServedFeature]) -> None:
        kinds = [known_type(feature.type) for feature in features]
        self._count = len(kinds)
        self._bitmap = (self._count + 7) // 8
        self._fixed = [i for i, kind in enumerate(kinds) if kind.name in _FIXED]
        self._varied = [i for i, kind in enumerate(kinds) if kind.name not in _FIXED]
        self._struct = struct.Struct(">" + "".join(_FIXED[kinds[i].name] for i in self._fixed))
        self._writers = [packer(kind) for kind in kinds]
        self._readers = {i: _reader(kinds[i]) for i in self._varied}
        self._no_nulls = bytes(self._bitmap)
        # Fixed types that struct gives back as they are need no function on the hot path.
        self._convert = [
            (place, i, date.fromordinal if kinds[i].name == "date" else _since_epoch)
            for place, i in enumerate(self._fixed)
            if kinds[i].name in ("timestamp", "date")
        ]
        # All of a row at once, where no value needs more than to be unpacked.
        packed = self._struct.format.removeprefix(">")
        plain = struct.Struct(f">3x8s8s{self._bitmap}s{packed}")
        self._plain = None if self._varied or self._convert else plain

    def encode(
        self,
        event_time: datetime | None,
        created: datetime | None,
        values: Sequence[object],
        origin: int = BATCH,
    ) -> bytes:
        """Return a row's bytes; values are of the view's types or null.

        Raises ValueError where there are more or fewer values than features.
        """
        if len(values) != self._count:
            raise ValueError(f"{len(values)} values for {self._count} features")
        head = _HEAD.pack(CODEC, ROW, origin, time_of(event_time), time_of(created))
        nulls = sum(1 << i for i, value in enumerate(values) if value is None)
        write = self._writers
        fixed = [0 if values[i] is None else write[i](values[i]) for i in self._fixed]
        varied = []
        for i in self._varied:
            data = b"" if values[i] is None else write[i](values[i])
            varied += [_LENGTH.pack(len(data)), data]
        bitmap = nulls.to_bytes(self._bitmap, "little")
        return b"".join((head, bitmap, self._struct.pack(*fixed), *varied))

    def tombstone(self, event_time: datetime | None, created: datetime | None) -> bytes:
        """Return the bytes that say that a key has no row any more."""
        return _HEAD.pack(CODEC, TOMBSTONE, BATCH, time_of(event_time), time_of(created))

    def read(self, data: bytes) -> tuple[bytes, Sequence[object]]:
        """Read a row's event time, as stored, and its values, none of a tombstone.

        Raises CorruptRow for anything that `encode` of this view did not write.
        """
        plain = self._plain
        if plain is not None and data[:3] == _PLAIN and len(data) == plain.size:
            event_time, _, nulls, *values = plain.unpack(data)
            if nulls == self._no_nulls:
                return event_time, values
        row = self.decode(data)
        return data[3:11], row.values

    def decode(self, data: bytes) -> Row:
        """Read a row; raises CorruptRow for anything that `encode` of this view did not write."""
        try:
            codec, kind, origin, event_time, created = _HEAD.unpack_from(data)
            if codec != CODEC:
                raise CorruptRow(f"an online row of codec version {codec}, not {CODEC}")
            if origin not in (BATCH, STREAM):
                raise CorruptRow(f"an online row of an unknown origin ({origin})")
            values = self._values(data) if kind == ROW else ()
            if kind != ROW and not is_tombstone(data):
                raise CorruptRow(f"an online row of an unknown kind or length (kind {kind})")
            return Row(
                kind=kind,
                origin=origin,
                event_time=instant_of(event_time),
                created=instant_of(created),
                values=values,
            )
        except (struct.error, ValueError, OverflowError) as problem:
            raise CorruptRow(f"an online row can't be read: {problem}") from problem

    def _values(self, data: bytes) -> tuple[object, ...]:
        start = _HEAD.size + self._bitmap
        if len(data) < start:
            raise CorruptRow("an online row is cut off")
        nulls = int.from_bytes(data[_HEAD.size : start], "little")
        if nulls >> self._count:
            raise CorruptRow("an online row of another view")
        fixed: list[Any] = list(self._struct.unpack_from(data, start))
        if nulls and any(fixed[at] for at, i in enumerate(self._fixed) if nulls >> i & 1):
            raise CorruptRow("an online row has a value where it says null")
        for place, i, convert in self._convert:
            fixed[place] = None if nulls >> i & 1 else convert(fixed[place])
        position = start + self._struct.size
        if self._varied:
            values, position = self._scattered(data, position, fixed, nulls)
        else:
            values = fixed
        if position != len(data):
            raise CorruptRow("an online row is longer than it should be")
        if nulls:
            values = [None if nulls >> i & 1 else value for i, value in enumerate(values)]
        return tuple(values)

    def _scattered(
        self, data: bytes, position: int, fixed: list[object], nulls: int
    ) -> tuple[list[object], int]:
        values: list[object] = [None] * self._count
        for place, i in enumerate(self._fixed):
            values[i] = fixed[place]
        for i in self._varied:
            (length,) = _LENGTH.unpack_from(data, position)
            position += _LENGTH.size
            part = data[position : position + length]
            if len(part) != length:
                raise CorruptRow("an online row is cut off")
            position += length
            if not nulls >> i & 1:
                values[i] = self._readers[i](part)
            elif length:
                raise CorruptRow("an online row has a value where it says null")
        return values, position


def packer(kind: Type) -> Callable[..., Any]:
    """Return what makes a value bytes, or for a fixed type what `struct` packs."""
    scale, size = kind.scale, kind.size
    clean: Callable[[Any], Any] = _cleaner(kind) or _same
    writers: dict[str, Callable[..., Any]] = {
        "float32": _normal,
        "float64": _normal,
        "timestamp": microseconds,
        "date": date.toordinal,
        "string": str.encode,
        "json": str.encode,
        "bytes": bytes,
        "decimal": lambda value: scaled(value, scale),
        "list": lambda value: msgspec.msgpack.encode(clean(value)),
        "vector": lambda value: struct.pack(f">{size}f", *clean(value)),
    }
    return writers.get(kind.name, _same)


def _cleaner(kind: Type) -> Callable[[Any], Any] | None:
    """Return what brings the items of a list to their one form, or None where they have it."""
    if kind.is_float:
        return _normal
    if kind.name == "timestamp":
        return lambda value: _since_epoch(microseconds(value))
    if kind.name == "vector":
        return lambda value: list(map(_normal, value))
    if kind.item is None or (clean := _cleaner(kind.item)) is None:
        return None
    return lambda value: [None if item is None else clean(item) for item in value]


def _reader(kind: Type) -> Callable[[bytes], object]:
    scale, size = kind.scale, kind.size
    readers: dict[str, Callable[[bytes], object]] = {
        "string": bytes.decode,
        "json": bytes.decode,
        "bytes": bytes,
        "decimal": lambda data: _unscaled(data, scale),
        "list": msgspec.msgpack.Decoder(_items(kind)).decode,
        "vector": lambda data: list(struct.unpack(f">{size}f", data)),
    }
    return readers[kind.name]


def _since_epoch(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


def _same(value: object) -> object:
    return value


def _normal(value: float) -> float:
    return value + 0.0


def _unscaled(data: bytes, scale: int) -> Decimal:
    whole = int.from_bytes(data, "big", signed=True)
    digits = tuple(map(int, str(abs(whole))))
    return Decimal((int(whole < 0), digits, -scale))


def _items(kind: Type) -> Any:
    """Return the Python type of a list, so that items of another type are refused."""
    inner = kind.item or Type(name="string")
    item = _items(inner) if inner.name == "list" else _ITEMS[inner.name]
    return list[item | None]  # type: ignore[valid-type]
