"""Records as plain values and back: what a file of resources says, kept as a fact.

A record is its class's name, its values in the order of the class and the places of both; places
are made again only when one is asked for, since most never are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec

from ffc.core.decode import Choice, Record
from ffc.core.durations import Duration
from ffc.core.spans import Spans, place_of, span_at
from ffc.core.types import Type, parse_type
from ffc.project import checks, resources

# What a value of each kind begins with, where it is not the value itself.
_TUPLE, _LIST, _MAPPING, _DURATION, _TYPE, _RECORD, _CHOICE = range(7)
# Whole numbers that are longer have no plain form.
_BITS: Final = 63
_PLAIN: Final = (str, int, float, bool, type(None))


class Unpackable(Exception):
    """A value that is not kept."""


def packed(value: object) -> Any:
    """Return a value of a record as plain values; raises Unpackable."""
    if type(value) in _PLAIN and not (isinstance(value, int) and value.bit_length() > _BITS):
        return value
    if isinstance(value, tuple):
        return [_TUPLE, *map(packed, value)]
    if isinstance(value, list):
        return [_LIST, *map(packed, value)]
    if isinstance(value, dict):
        return [_MAPPING, *(part for pair in value.items() for part in map(packed, pair))]
    if isinstance(value, Duration):
        return [_DURATION, int(value), value.written]
    if isinstance(value, Type):
        return [_TYPE, str(value)]
    if isinstance(value, Record):
        values = [packed(getattr(value, name)) for name in _fields(type(value))]
        return [_RECORD, type(value).__name__, value.at.packed(), *values]
    if isinstance(value, Choice):
        place = place_of(value.place)
        return [_CHOICE, type(value).__name__, value.word, packed(value.record), place]
    raise Unpackable(type(value).__name__)


def unpacked(value: Any, file: str) -> Any:
    """Return the value again; `file` is where it was written."""
    return _UNPACK[value[0]](value, file) if type(value) is list else value


def _tuple(value: Any, file: str) -> Any:
    return tuple([unpacked(item, file) for item in value[1:]])


def _list(value: Any, file: str) -> Any:
    return [unpacked(item, file) for item in value[1:]]


def _mapping(value: Any, file: str) -> Any:
    plain = [unpacked(item, file) for item in value[1:]]
    return dict(zip(plain[::2], plain[1::2], strict=True))


def _duration(value: Any, file: str) -> Any:
    found = Duration(value[1])
    found.written = value[2]
    return found


def _type(value: Any, file: str) -> Any:
    return _parsed(value[1])


def _record(value: Any, file: str) -> Any:
    cls = _CLASSES[value[1]]
    names = _fields(cls)
    values = {
        name: unpacked(part, file) if type(part) is list else part
        for name, part in zip(names, value[3:], strict=True)
    }
    return cls(at=Spans.unpacked(value[2], file), **values)


def _choice(value: Any, file: str) -> Any:
    record = unpacked(value[3], file)
    return _CLASSES[value[1]](word=value[2], record=record, place=span_at(value[4], file))


_UNPACK: Final[Sequence[Callable[[Any, str], Any]]] = (
    _tuple,
    _list,
    _mapping,
    _duration,
    _type,
    _record,
    _choice,
)


def _classes() -> Mapping[str, Callable[..., Any]]:
    """Return the classes of records and choices by name."""
    return {
        name: each
        for module in (resources, checks)
        for name, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, Record | Choice)
    }


_CLASSES: Final = _classes()


@cache
def _fields(cls: type[Record]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(cls) if field.name != "at")


@cache
def _parsed(text: str) -> Type | None:
    return parse_type(text)
