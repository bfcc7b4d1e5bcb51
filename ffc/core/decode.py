"""YAML nodes into records, every mistake found: unknown, missing and misspelt keys, wrong types."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from ffc.core.diagnostics import Diagnostic, Span, closest, did_you_mean, error, listed
from ffc.core.durations import Duration, parse_duration
from ffc.core.names import Name, is_name
from ffc.core.types import SCALARS, Type, parse_type
from ffc.core.yaml import Node

Path = tuple[str | int, ...]
R = TypeVar("R", bound="Record")

# What the path of a key begins with: no field has this name.
_KEY: Final = ""
# How like a key must be to another to be read as that one.
SURE: Final = 0.75


class Spans:
    """Where each value and each key of a record was written, by its path in the record."""

    __slots__ = ("_places", "whole")

    def __init__(self, whole: Span, places: Mapping[Path, Span]) -> None:
        self.whole = whole
        self._places = places

    def __call__(self, *path: str | int) -> Span:
        """Return the place of a value; of the whole record where it was not written."""
        return self._places.get(path, self.whole)

    def key(self, *path: str | int) -> Span:
        """Return the place of a key; of the whole record where it was not written."""
        return self._places.get((_KEY, *path), self.whole)


class Record(Struct, frozen=True, kw_only=True):
    """A resource as a user wrote it; `at` knows where each of its values stands.

    `LATER` names the keys that belong to the language but not to this version yet, `INSTEAD` those
    of them that stand for another key: without it the record can't be understood.
    """

    LATER: ClassVar[Mapping[str, str]] = {}
    INSTEAD: ClassVar[Mapping[str, str]] = {}

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
        self._expect(node, "mapping", what)
        fields = {f.encode_name: f for f in msgspec.structs.fields(cls) if f.name != "at"}
        meant = self._unknown_keys(node, fields, cls.LATER, what)
        replaced = {old for new, old in cls.INSTEAD.items() if node.get(new) is not None}
        places: dict[Path, Span] = {(_KEY, key.text): key.span for key, _ in node.pairs}
        values: dict[str, Any] = {}
        failed = bool(replaced)
        for name, info in fields.items():
            found = node.get(name) or meant.get(name)
            if found is None or (found.kind == "scalar" and found.value is None):
                if info.required and not {name} & {*replaced, *meant}:
                    self._missing(node, name, what)
                failed |= info.required
                continue
            mark(found, (name,), places)
            reported = len(self.diagnostics)
            try:
                values[info.name] = self._value(found, info.type, f"`{name}`")
            except _Mistake:
                failed = True
                if name in meant:
                    # The misspelt key was reported; whether it was meant is a guess.
                    del self.diagnostics[reported:]
        if failed:
            raise _Mistake
        return cls(at=Spans(node.span, places), **values)

    def _expect(self, node: Node, kind: str, what: str) -> None:
        """Report a node that is not of a kind; one that is broken was reported."""
        if node.kind == "broken":
            raise _Mistake
        if node.kind != kind:
            message = f"{what} must be a {_KINDS[kind]}, not {node.described}"
            raise self._fail("FF105", message, node.span, *_how(node, kind))

    def _missing(self, node: Node, name: str, what: str) -> None:
        """Report a key that must be there, at the name of what lacks it."""
        own = node.get("name")
        first = node.pairs[0][0] if node.pairs else node
        span = own.span if own is not None and own.kind == "scalar" else first.span
        self.diagnostics.append(error("FF106", f"{what} has no `{name}`", span))

    def _unknown_keys(
        self, node: Node, fields: Mapping[str, FieldInfo], later: Mapping[str, str], what: str
    ) -> dict[str, Node | None]:
        """Report the keys that are not fields; return the values by the field they seem to mean.

        What is but misspelt is read as what is meant, so that nothing follows from it; where that
        is a mere guess the value is None.
        """
        meant: dict[str, Node | None] = {}
        free = [name for name in (*fields, *later) if node.get(name) is None]
        for key, value in node.pairs:
            if key.text in fields:
                continue
            if key.text in later:
                self._fail("FF107", later[key.text], key.span)
                continue
            guess = closest(key.text, free)
            if guess:
                meant[guess] = value if closest(key.text, [guess], SURE) else None
            hints = did_you_mean(key.text, free) or (f"it may have {listed(sorted(fields))}",)
            self._fail("FF104", f"{what} has no key `{key.text}`", key.span, *hints)
        return meant

    def _value(self, node: Node, kind: Any, what: str) -> Any:
        if node.kind == "broken":
            raise _Mistake
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
        self._expect(node, "sequence", what)
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
        self._expect(node, "mapping", what)
        values = {}
        for key, value in node.pairs:
            try:
                values[key.text] = self._value(value, kind, f"`{key.text}`")
            except _Mistake:
                continue
        if len(values) < len(node.pairs):
            raise _Mistake
        return values

    def _choice(self, node: Node, choices: tuple[Any, ...], what: str) -> Any:
        for choice in choices:
            if node.kind == "scalar" and (type(choice), choice) == (type(node.value), node.value):
                return choice
        valid = listed((str(choice) for choice in choices), "or")
        hints = did_you_mean(node.text, map(str, choices))
        message = f"{what} must be {valid}, not {node.described}"
        raise self._fail("FF105", message, node.span, *hints)

    def _scalar(self, node: Node, kind: Any, what: str) -> Any:
        if kind in (object, Any):
            return node.plain()
        read, wanted, hint = _SCALARS[kind]
        value = read(node) if node.kind == "scalar" else None
        if value is not None:
            return value
        message = f"{what} must be {wanted}, not {node.described}"
        hints = hint(node) if node.kind == "scalar" else ()
        raise self._fail("FF105", message, node.span, *hints)


def mark(node: Node, path: Path, places: dict[Path, Span]) -> None:
    """Note the place of a node and of all that is in it."""
    places[path] = node.span
    for index, item in enumerate(node.items):
        mark(item, (*path, index), places)
    for key, value in node.pairs:
        places[_KEY, *path, key.text] = key.span
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
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    return None


def _name(node: Node) -> Name | None:
    return Name(node.value) if isinstance(node.value, str) and is_name(node.value) else None


def _type(node: Node) -> Type | None:
    return parse_type(node.text)


def _duration(node: Node) -> Duration | None:
    return parse_duration(node.text)


def _truth(node: Node) -> bool | None:
    return node.value if isinstance(node.value, bool) else None


_KINDS: Final = {"mapping": "mapping", "sequence": "list"}


def _how(node: Node, kind: str) -> tuple[str, ...]:
    """Say how what was written becomes a list."""
    if kind != "sequence":
        return ()
    return (f"write `[{node.text}]`",) if node.kind == "scalar" else ("begin each item with `- `",)


def _how_text(node: Node) -> tuple[str, ...]:
    return (f'put it in quotes: `"{node.text}"`',)


def _how_truth(node: Node) -> tuple[str, ...]:
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(node.text.lower())
    return (f"`{node.text}` is a text in YAML: write `{meant}`",) if meant else ()


def _how_name(node: Node) -> tuple[str, ...]:
    return ("a name has letters, digits and single underscores, a letter first",)


def _how_type(node: Node) -> tuple[str, ...]:
    word = node.text.strip().lower()
    close = did_you_mean(_SYNONYMS.get(word, word), SCALARS)
    return close or (f"types are {listed((*SCALARS, 'decimal(p,s)', 'list<T>', 'vector(n)'))}",)


def _how_duration(node: Node) -> tuple[str, ...]:
    return ("write a number and a unit: `30s`, `15m`, `1h`, `7d` or `4w`",)


def _how_number(node: Node) -> tuple[str, ...]:
    return ()


_SYNONYMS: Final = {
    **dict.fromkeys(("text", "str", "varchar", "char", "uuid", "object"), "string"),
    **dict.fromkeys(("int", "integer", "bigint", "long"), "int64"),
    **dict.fromkeys(("float", "double", "real", "number", "numeric"), "float64"),
    "smallint": "int32",
    "boolean": "bool",
    "datetime": "timestamp",
    "timestamptz": "timestamp",
    "blob": "bytes",
}
_Hint = Callable[[Node], tuple[str, ...]]
_SCALARS: Mapping[Any, tuple[Callable[[Node], Any], str, _Hint]] = {
    str: (_text, "text", _how_text),
    int: (_integer, "a whole number", _how_number),
    bool: (_truth, "`true` or `false`", _how_truth),
    Name: (_name, "a name", _how_name),
    Type: (_type, "a type", _how_type),
    Duration: (_duration, "a duration", _how_duration),
}
