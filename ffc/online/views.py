"""One served view, ready to be read: keys out of requests, values out of stored rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, Final, Literal

from ffc.core.diagnostics import did_you_mean
from ffc.core.errors import BadRequest
from ffc.core.names import DEFAULT_VARIANT
from ffc.core.types import known_type
from ffc.manifest.served import ServedFeature, ServedView
from ffc.online.codec import NO_TIME, CorruptRow, RowCodec, instant_of, is_tombstone, time_of
from ffc.online.keys import KeyCodec, field_of
from ffc.online.values import Unreadable, default_of, iso, reader, writer

Status = Literal["ok", "missing", "expired", "error"]

# So many times are remembered as texts.
_REMEMBERED: Final = 4096


class KeyReader:
    """Reads the key of one entity out of a request's entities."""

    def __init__(self, view: ServedView, project: str, target: str) -> None:
        self._view = view
        self._codec = KeyCodec(project, target, view)
        self._readers = [(key.name, reader(known_type(key.type))) for key in view.keys]

    def key(self, entity: Mapping[str, object], index: int) -> bytes | None:
        """Return the key that an entity stands for, None where a part is null; raises BadRequest.

        `index` is its place among the entities that are asked about.
        """
        values: list[object] = []
        for name, read in self._readers:
            if name not in entity:
                view = self._view
                message = f"`{name}` is missing: `{view.name}` is about {view.entity}"
                hints = did_you_mean(name, entity)
                raise BadRequest(message, field=f"entities[{index}].{name}", help=hints)
            value = entity[name]
            try:
                values.append(None if value is None else read(value))
            except Unreadable as problem:
                message = f"`{name}` must be {problem}"
                raise BadRequest(message, field=f"entities[{index}].{name}") from None
        return None if None in values else self._codec.encode(values)


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature as it is picked out of its view's row; `write` makes a value JSON's, if need be."""

    index: int
    type: str
    default: object
    write: Callable[[object], object] | None


class View:
    """One view: which features it has, and what a stored row of it says."""

    def __init__(self, view: ServedView) -> None:
        self.served = view
        self.field = field_of(view)
        self.features = {f.name: _feature(i, f) for i, f in enumerate(view.features)}
        self._codec = RowCodec(view.features)
        self._ttl = None if view.ttl is None else timedelta(seconds=view.ttl)
        self._times: dict[bytes, str | None] = {NO_TIME: None}

    @property
    def name(self) -> str:
        """What it is called in a request: with its variant, unless that is the default one."""
        view = self.served
        own = view.variant == DEFAULT_VARIANT
        return view.name if own else f"{view.name}@{view.variant}"

    def oldest(self, now: datetime) -> bytes:
        """Return the least event time, as stored, that is not expired."""
        try:
            return NO_TIME if self._ttl is None else time_of(now - self._ttl)
        except OverflowError:
            return NO_TIME

    def read(
        self, fields: Mapping[bytes, bytes], oldest: bytes
    ) -> tuple[Status, bytes, Sequence[object]]:
        """Return a row's status, its event time as stored, and its values unless there are none."""
        found = fields.get(self.field)
        if found is None or is_tombstone(found):
            return "missing", NO_TIME, ()
        try:
            event_time, values = self._codec.read(found)
            self.time(event_time)
        except (CorruptRow, OverflowError):
            return "error", NO_TIME, ()
        if event_time < oldest and event_time != NO_TIME:
            return "expired", event_time, ()
        return "ok", event_time, values

    def time(self, stored: bytes) -> str | None:
        """Return a stored event time as text; None for none."""
        if stored not in self._times:
            if len(self._times) > _REMEMBERED:
                self._times = {NO_TIME: None}
            instant = instant_of(stored)
            self._times[stored] = None if instant is None else iso(instant)
        return self._times[stored]


def _feature(index: int, feature: ServedFeature) -> Feature:
    kind = known_type(feature.type)
    write = writer(kind)
    default = default_of(feature.default, kind)
    if default is not None and write is not None:
        default = write(default)
    return Feature(index=index, type=feature.type, default=default, write=write)


class Take:
    """Takes some features out of a view's rows, in order, each as JSON has it."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.defaults = [feature.default for feature in features]
        self._indexes = [feature.index for feature in features]
        self._whole = self._indexes == list(range(len(self._indexes)))
        floats = ("float32", "float64")
        self._floats = [n for n, f in enumerate(features) if f.type in floats]
        self._all_floats = len(self._floats) == len(features)
        self._writers = [(n, f.write) for n, f in enumerate(features) if f.write is not None]
        self._others = [(n, w) for n, w in self._writers if n not in self._floats]

    def values(self, row: Sequence[Any]) -> list[object]:
        """Return the values of a row."""
        # A row may have more features than are asked for.
        if self._whole:
            taken = list(row[: len(self._indexes)])
        else:
            taken = [row[index] for index in self._indexes]
        for place, write in self._others if self._is_finite(taken) else self._writers:
            value = taken[place]
            if value is not None:
                taken[place] = write(value)
        return taken

    def _is_finite(self, taken: Sequence[Any]) -> bool:
        """Tell whether no float needs a word of its own; of some that need none it may say no."""
        try:
            if self._all_floats:
                return isfinite(sum(taken))
            return isfinite(sum([taken[place] for place in self._floats]))
        except TypeError:
            # Some are null.
            return False
