"""Where the parts of a record were written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ffc.core.diagnostics import Position, Span

Path = tuple[str | int, ...]
# What the path of a key begins with: no field has this name.
KEY: Final = ""
# A place as plain values: line and column of its start and of its end.
Place = tuple[int, int, int, int]
Packed = Sequence[Any]


class Spans:
    """Where each value and each key of a record was written, by its path in the record.

    All of it lies in one file. Places that come packed are unpacked when one is asked for.
    """

    __slots__ = ("_packed", "_places", "whole")

    def __init__(
        self, whole: Span, places: Mapping[Path, Span | Place], packed: bytes = b""
    ) -> None:
        self.whole = whole
        self._places = places
        self._packed = packed

    def __call__(self, *path: str | int) -> Span:
        """Return the place of a value; of the whole record where it was not written."""
        return self._find(path)

    def key(self, *path: str | int) -> Span:
        """Return the place of a key; of the whole record where it was not written."""
        return self._find((KEY, *path))

    def wrote(self, *path: str | int) -> bool:
        """Tell whether a value was written."""
        return path in self._known()

    def also(self, name: str, key: Span, value: Span) -> Spans:
        """Return these places and one more: of a value that was written elsewhere."""
        return Spans(self.whole, {**self._known(), (KEY, name): key, (name,): value})

    def packed(self) -> Packed:
        """Return the places as plain values, without their file."""
        places = {
            path: place if isinstance(place, tuple) else place_of(place)
            for path, place in self._known().items()
        }
        return [*place_of(self.whole), msgspec.msgpack.encode(places)]

    @classmethod
    def unpacked(cls, packed: Packed, file: str) -> Spans:
        """Return places that were packed."""
        return cls(span_at(packed, file), {}, packed[4])

    def _find(self, path: Path) -> Span:
        known = self._known()
        place = known.get(path, self.whole)
        if not isinstance(place, tuple):
            return place
        span = span_at(place, self.whole.file)
        if isinstance(known, dict):
            known[path] = span  # who is asked once is asked again
        return span

    def _known(self) -> Mapping[Path, Span | Place]:
        if self._packed:
            self._places = _PLACES.decode(self._packed)
            self._packed = b""
        return self._places


_PLACES: Final = msgspec.msgpack.Decoder(dict[Path, Place])


def place_of(span: Span) -> Place:
    """Return a place as plain values, without its file and its label."""
    return (span.start.line, span.start.column, span.end.line, span.end.column)


def span_at(place: Packed, file: str) -> Span:
    """Return a place that `place_of` has made plain."""
    start, end = Position(place[0], place[1]), Position(place[2], place[3])
    return Span(file=file, start=start, end=end)
