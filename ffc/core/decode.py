"""YAML nodes into records, every mistake found: unknown, missing and misspelt keys, wrong types."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.durations import Duration, parse_duration
from ffc.core.names import Name, is_name
from ffc.core.types import Type, parse_type
from ffc.core.yaml import Node

Path = tuple[str | int, ...]
R = TypeVar("R", bound="Record")


class Spans:
    """Where each value of a record was written, by its path in the record."""

    __slots__ = ("_places", "whole")

    def __init__(self, whole: Span, places: Mapping[Path, Span]) -> None:
        self.whole = whole
        self._places = places

    def __call__(self, *path: str | int) -> Span:
        """Return the place of a value; of the whole record where it was not written."""
        return self._places.get(path, self.whole)


class Record(Struct, frozen=True, kw_only=True):
    """A resource as a user wrote it; `at` knows where each of its values stands.

    `LATER` names the keys that belong to the language but not to this version yet.
    """

    LATER: ClassVar[Mapping[str, str]] = {}

    at: Spans


class _Mistake(Exception):
    """A value that can't be what it should be; already reported."""


class Decoder:
    """Decode nodes into records; `diagnostics` collects what was wrong."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def record(self, node: Node, cls: type[R], what: str) -> R | None:
        """Return the record that a mapping stands for, or None where it can't be one."""
        try:
            return self._record(node, cls, what)
        except _Mistake:
            return None

    def _fail(self, code: str, message: str, span: Span, *hints: str) -> _Mistake:
        self.diagnostics.append(error(code, message, span, help=hints))
        return _Mistake()

    def _record(self, node: Node, cls: type[R], what: str) -> R:
        if node.kind != "mapping":
            raise self._fail("FF105", f"{what} must be a mapping, not {node.described}", node.span)
        fields = {f.encode_name: f for f in msgspec.structs.fields(cls) if f.name != "at"}
        misspelt = self._unknown_keys(node, fields, cls.LATER, what)
        places: dict[Path, Span] = {}
        values: dict[str, Any] = {}
        failed = False
        for name, info in fields.items():
            found = node.get(name)
            if found is None or (found.kind == "scalar" and found.value is None):
                failed |= self._missing(node, info, what, misspelt)
                continue
            mark(found, (name,), places)
            try:
                values[info.name] = self._value(found, info.type, f"`{name}`")
            except _Mistake:
                failed = True
        if failed:
            raise _Mistake
        return cls(at=Spans(node.span, places), **values)

    def _missing(self, node: Node, info: FieldInfo, what: str, misspelt: set[str]) -> bool:
        if not info.required:
            return False
        if info.encode_name not in misspelt:
            span = Span(file=node.span.file, start=node.span.start, end=node.span.start)
            message = f"{what} has no `{info.encode_name}`"
            self.diagnostics.append(error("FF106", message, span))
        return True

    def _unknown_keys(
        self, node: Node, fields: Mapping[str, FieldInfo], later: Mapping[str, str], what: str
    ) -> set[str]:
        """Report the keys that are not fields; return the fields that they seem to mean."""
        misspelt: set[str] = set()
        free = [name for name in (*fields, *later) if node.get(name) is None]
        for key, _ in node.pairs:
            if key.text in fields:
                continue
            if key.text in later:
                self._fail("FF107", later[key.text], key.span)
                continue
            hints = did_you_mean(key.text, free)
            misspelt.update(name for name in free if hints and f"`{name}`" in hints[0])
            hints = hints or (f"it may have {listed(sorted(fields))}",)
            self._fail("FF104", f"{what} has no key `{key.text}`", key.span, *hints)
        return misspelt

    def _value(self, node: Node, kind: Any, what: str) -> Any:
        origin = get_origin(kind)
        if origin in (Union, types.UnionType):
            return self._union(node, get_args(kind), what)
        if origin in (tuple, list):
            return self._sequence(node, get_args(kind)[0], what)
        if origin is dict:
            return self._dictionary(node, get_args(kind)[1], what)
        if origin is Literal:
            return self._choice(node, get_args(kind), what)
        if isinstance(kind, type) and issubclass(kind, Record):
            return self._record(node, kind, what)
        return self._scalar(node, kind, what)

    def _union(self, node: Node, kinds: tuple[Any, ...], what: str) -> Any:
        kinds = tuple(kind for kind in kinds if kind is not type(None))
        fitting = [kind for kind in kinds if _shape(kind) == node.kind]
        if len(fitting) > 1 and bool in fitting:
            fitting = (
                [bool] if isinstance(node.value, bool) else [k for k in fitting if k is not bool]
            )
        return self._value(node, fitting[0] if fitting else kinds[0], what)

    def _sequence(self, node: Node, kind: Any, what: str) -> tuple[Any, ...]:
        if node.kind != "sequence":
            raise self._fail("FF105", f"{what} must be a list, not {node.described}", node.span)
        values = []
        for item in node.items:
            try:
                values.append(self._value(item, kind, f"an item of {what}"))
            except _Mistake:
                continue
        if len(values) < len(node.items):
            raise _Mistake
        return tuple(values)

    def _dictionary(self, node: Node, kind: Any, what: str) -> dict[str, Any]:
        if node.kind != "mapping":
            raise self._fail("FF105", f"{what} must be a mapping, not {node.described}", node.span)
        return {key.text: self._value(value, kind, f"`{key.text}`") for key, value in node.pairs}

    def _choice(self, node: Node, choices: tuple[Any, ...], what: str) -> Any:
        if node.kind == "scalar" and node.value in choices:
            return node.value
        valid = listed(str(choice) for choice in choices)
        hints = did_you_mean(node.text, map(str, choices))
        message = f"{what} must be one of {valid}, not {node.described}"
        raise self._fail("FF105", message, node.span, *hints)

    def _scalar(self, node: Node, kind: Any, what: str) -> Any:
        if kind in (object, Any):
            return node.plain()
        if node.kind == "scalar":
            read, wanted = _SCALARS[kind]
            value = read(node)
            if value is not None:
                return value
        else:
            wanted = _SCALARS[kind][1]
        raise self._fail("FF105", f"{what} must be {wanted}, not {node.described}", node.span)


def mark(node: Node, path: Path, places: dict[Path, Span]) -> None:
    """Note the place of a node and of all that is in it."""
    places[path] = node.span
    for index, item in enumerate(node.items):
        mark(item, (*path, index), places)
    for key, value in node.pairs:
        mark(value, (*path, key.text), places)


def _shape(kind: Any) -> str:
    origin = get_origin(kind)
    if origin in (tuple, list):
        return "sequence"
    if origin is dict or (isinstance(kind, type) and issubclass(kind, Record)):
        return "mapping"
    return "scalar"


def _text(node: Node) -> str | None:
    return node.value if isinstance(node.value, str) else None


def _integer(node: Node) -> int | None:
    whole = isinstance(node.value, int) and not isinstance(node.value, bool)
    return node.value if whole else None  # type: ignore[return-value]


def _name(node: Node) -> Name | None:
    return Name(node.value) if isinstance(node.value, str) and is_name(node.value) else None


def _type(node: Node) -> Type | None:
    return parse_type(node.text)


def _duration(node: Node) -> Duration | None:
    return parse_duration(node.text)


def _truth(node: Node) -> bool | None:
    return node.value if isinstance(node.value, bool) else None


_SCALARS: Mapping[Any, tuple[Callable[[Node], Any], str]] = {
    str: (_text, "text"),
    int: (_integer, "a whole number"),
    bool: (_truth, "`true` or `false`"),
    Name: (_name, "a name (letters, digits and single underscores, a letter first)"),
    Type: (
        _type,
        "a type (string int32 int64 float32 float64 bool timestamp date decimal(p,s) bytes json "
        "list<T> vector(n))",
    ),
    Duration: (_duration, "a duration such as `30s`, `15m`, `1h`, `7d` or `4w`"),
}
