"""YAML nodes into records, every mistake found: unknown, missing and misspelt keys, wrong types."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from ffc.core.cron import BadCron
from ffc.core.diagnostics import Diagnostic, Position, Span, closest, did_you_mean, error, listed
from ffc.core.scalars import KINDS
from ffc.core.shapes import ANY_KEY, WORDS, how_to_fill, how_to_write, shape_of, wanted
from ffc.core.spans import KEY, Path, Spans
from ffc.core.yaml import Node

R = TypeVar("R", bound="Record")
C = TypeVar("C", bound="Choice")

# Keys that are words about a record, and no part of what it is.
_WORDS_ABOUT: Final = ("description", "owner", "tags", "tests")
# How like a key must be to another to be read as that one.
SURE: Final = 0.75


class Record(Struct, frozen=True, kw_only=True):
    """A resource as a user wrote it; `at` knows where each of its values stands.

    `LATER` names the keys that belong to the language but that this version does not build, with
    what is said of them: those that are fields are read all the same. `MEANT` has the words of
    other tools for a key, `HELP` what is said of a key of theirs that none of ours stands for,
    `FOREIGN` the keys by which the whole was written for another tool. `SHORT` names the key that
    a value alone stands for, and of the keys `ONE_OF` there must be exactly one. A mistake in a
    key of `ASIDE`, or in a word about the record, makes nothing else wrong: the record is checked
    on without it. `PARTS` are lists whose items are checked on without the one that can't be
    understood.
    """

    LATER: ClassVar[Mapping[str, str]] = {}
    MEANT: ClassVar[Mapping[str, str]] = {}
    HELP: ClassVar[Mapping[str, str]] = {}
    FOREIGN: ClassVar[Mapping[str, str]] = {}
    SHORT: ClassVar[str] = ""
    ONE_OF: ClassVar[tuple[str, ...]] = ()
    ASIDE: ClassVar[tuple[str, ...]] = ()
    PARTS: ClassVar[tuple[str, ...]] = ()

    at: Spans


class Choice(Struct, frozen=True, kw_only=True):
    """One of several records, chosen by a word: `word`, or `word: {...}`."""

    WHAT: ClassVar[str]
    KINDS: ClassVar[Mapping[str, type[Record]]]
    ELSEWHERE: ClassVar[Mapping[str, str]] = {}

    word: str
    record: Record
    place: Span


class _Mistake(Exception):
    """A value that can't be what it should be; already reported."""


class Decoder:
    """Decode nodes into records; `diagnostics` collects what was wrong."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        # The parts of records that were left out.
        self.lost: list[Node] = []

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
        node, fields = _short(node, cls), _fields(cls)
        first = next((name for name, info in fields.items() if info.required), ANY_KEY)
        self._expect(node, "mapping", what, first)
        self._not_foreign(node, cls, what)
        meant = self._unknown_keys(node, fields, cls, what)
        if node.pairs and not meant and not any(key.text in fields for key, _ in node.pairs):
            raise _Mistake  # nothing of it is ours: what is missing follows from that
        places: dict[Path, Span] = {(KEY, key.text): key.span for key, _ in node.pairs}
        values: dict[str, Any] = {}
        failed = not self._has_one(node, cls, meant, what)
        for name, info in fields.items():
            found = node.get(name) or meant.get(name)
            if found is None or _is_nothing(found):
                if info.required and name not in meant:
                    self._missing(node, (name,), what, cls)
                failed |= info.required
                continue
            mark(found, (name,), places)
            reported = len(self.diagnostics)
            try:
                values[info.name] = self._field(found, info.type, name, cls)
            except _Mistake:
                failed |= info.required or name not in (*_WORDS_ABOUT, *cls.ASIDE)
                if name in meant:
                    # The misspelt key was reported; whether it was meant is a guess.
                    del self.diagnostics[reported:]
        if failed:
            raise _Mistake
        return cls(at=Spans(node.span, places), **values)

    def _field(self, node: Node, kind: Any, name: str, cls: type[Record]) -> Any:
        if name not in cls.PARTS:
            return self._value(node, kind, f"`{name}`")
        self._expect(node, "sequence", f"`{name}`")
        if not node.items:
            raise self._fail("FF106", f"`{name}` is empty", node.span, "begin each item with `- `")
        parts, lost = self._items(node, get_args(kind)[0], f"`{name}`")
        if lost and not parts:
            raise _Mistake
        self.lost += lost
        return parts

    def _has_one(
        self, node: Node, cls: type[Record], meant: Mapping[str, Node | None], what: str
    ) -> bool:
        """Tell whether exactly one of some keys is there; report it where that is not so."""
        names = cls.ONE_OF
        given = [key for key, value in node.pairs if key.text in names and not _is_nothing(value)]
        guessed = [name for name in names if name in meant]
        if len(given) > 1:
            message = f"{what} has both {listed(key.text for key in given[:2])}: keep one"
            related = [given[0].span.labelled("and this")]
            help_ = [f"leave {listed((key.text for key in given[:2]), 'or')} out"]
            found = error("FF121", message, given[1].span, related=related, help=help_)
            self.diagnostics.append(found)
        elif names and not given and not guessed:
            self._missing(node, names, what, cls)
        return len(given) + len(guessed) == 1 if names else True

    def _expect(self, node: Node, kind: str, what: str, key: str = ANY_KEY) -> None:
        """Report a node that is not of a kind; one that is broken was reported."""
        if node.kind == "broken":
            raise _Mistake
        if node.kind != kind:
            message = f"{what} must be a {WORDS[kind]}, not {node.described}"
            raise self._fail("FF105", message, node.span, *how_to_write(node, kind, key))

    def _missing(self, node: Node, names: tuple[str, ...], what: str, cls: type[Record]) -> None:
        """Report a key that must be there, at the name of what lacks it; at the key if empty.

        Of several names one must be there.
        """
        kinds = {name: _fields(cls)[name].type for name in names}
        empty = next((key for key, _ in node.pairs if key.text in names), None)
        if empty is not None:
            self._empty(empty.text, empty.span, kinds[empty.text])
            return
        own = node.get("name")
        first = node.pairs[0][0] if node.pairs else node
        span = own.span if own is not None and own.kind == "scalar" else first.span
        message = f"{what} has no {' and no '.join(f'`{name}`' for name in names)}"
        hint = " or ".join(f"`{name}:` with {wanted(kind)}" for name, kind in kinds.items())
        self.diagnostics.append(error("FF106", message, span, help=[f"add {hint}"]))

    def _empty(self, name: str, span: Span, kind: Any) -> None:
        """Report a key that has no value."""
        self._fail("FF106", f"`{name}` is empty", span, how_to_fill(kind))

    def _not_foreign(self, node: Node, cls: type[Record], what: str) -> None:
        """Report a mapping that was written for another tool, and nothing else of it."""
        for key, _ in node.pairs:
            if key.text in cls.FOREIGN:
                message = f"{what} has no key `{key.text}`"
                raise self._fail("FF104", message, key.span, cls.FOREIGN[key.text])

    def _unknown_keys(
        self, node: Node, fields: Mapping[str, FieldInfo], cls: type[Record], what: str
    ) -> dict[str, Node | None]:
        """Report the keys that are not fields; return the values by the field they seem to mean.

        What is but misspelt is read as what is meant, so that nothing follows from it; where that
        is a mere guess the value is None.
        """
        meant: dict[str, Node | None] = {}
        later = cls.LATER
        free = [name for name in {**fields, **later} if node.get(name) is None]
        for key, value in node.pairs:
            if key.text in fields:
                continue
            if key.text in later:
                self._fail("FF107", later[key.text], key.span, "leave it out until then")
                continue
            known = cls.MEANT.get(key.text)
            guess = known if known in free else None
            if guess is None and key.text not in cls.HELP:
                guess = closest(key.text, free)
            if guess:
                sure = guess == known or closest(key.text, [guess], SURE)
                meant[guess] = value if sure else None
            may = f"it may have {listed(sorted(fields))}"
            hints = (f"did you mean `{guess}`?" if guess else cls.HELP.get(key.text, may),)
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
        if isinstance(kind, type) and issubclass(kind, Choice):
            return self._chosen(node, kind)
        return self._scalar(node, kind, what)

    def _union(self, node: Node, kinds: tuple[Any, ...], what: str) -> Any:
        kinds = tuple(kind for kind in kinds if kind is not type(None))
        fitting = [kind for kind in kinds if shape_of(kind) == node.kind]
        if len(fitting) > 1 and bool in fitting:
            fitting = (
                [bool] if isinstance(node.value, bool) else [k for k in fitting if k is not bool]
            )
        return self._value(node, fitting[0] if fitting else kinds[0], what)

    def _sequence(self, node: Node, kind: Any, what: str) -> tuple[Any, ...]:
        self._expect(node, "sequence", what)
        values, lost = self._items(node, kind, what)
        if lost:
            raise _Mistake
        return values

    def _items(self, node: Node, kind: Any, what: str) -> tuple[tuple[Any, ...], list[Node]]:
        """Return the items of a list, and those that can't be what they should be."""
        values, lost = [], []
        for item in node.items:
            try:
                values.append(self._value(item, kind, f"an item of {what}"))
            except _Mistake:
                lost.append(item)
        return tuple(values), lost

    def _dictionary(self, node: Node, kind: Any, what: str) -> dict[str, Any]:
        self._expect(node, "mapping", what)
        values = {}
        for key, value in node.pairs:
            if _is_nothing(value) and kind not in (object, Any):
                self._empty(key.text, key.span, kind)
                continue
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
        if node.text in map(str, choices):
            hints = ("write it without quotes",)
        hints = hints or (f"write {valid}",)
        message = f"{what} must be {valid}, not {node.described}"
        raise self._fail("FF105", message, node.span, *hints)

    def _chosen(self, node: Node, cls: type[C]) -> C:
        """Return the record that a word chooses; nothing behind the word is an empty mapping."""
        a = f"a {cls.WHAT}"
        if node.kind == "broken":
            raise _Mistake
        if node.kind == "sequence" or _is_nothing(node):
            message = f"{a} must be a word or a mapping, not {node.described}"
            raise self._fail("FF105", message, node.span, f"there are {listed(cls.KINDS)}")
        pairs = node.pairs or ((node, Node(kind="scalar", span=node.span)),)
        if len(pairs) > 1:
            message = f"{a} is one word, or a mapping with one word, not with {len(pairs)}"
            help_ = f"begin each {cls.WHAT} with `- `, and indent what belongs to it below its name"
            raise self._fail("FF105", message, pairs[1][0].span, help_)
        ((key, value),) = pairs
        kind = cls.KINDS.get(key.text)
        if kind is None:
            elsewhere = cls.ELSEWHERE.get(key.text)
            if elsewhere is not None:
                raise self._fail("FF104", f"`{key.text}` can't stand here", key.span, elsewhere)
            hints = did_you_mean(key.text, cls.KINDS) or (f"there are {listed(cls.KINDS)}",)
            raise self._fail("FF104", f"there is no {cls.WHAT} `{key.text}`", key.span, *hints)
        body = Node(kind="mapping", span=key.span) if _is_nothing(value) else value
        record = self._record(body, kind, f"`{key.text}`")
        return cls(word=key.text, record=record, place=key.span)

    def _scalar(self, node: Node, kind: Any, what: str) -> Any:
        if kind in (object, Any):
            return node.plain()
        scalar = KINDS[kind]
        try:
            value = scalar.read(node) if node.kind == "scalar" else None
        except BadCron as problem:
            place = node.span
            if problem.field is not None:
                found = list(re.finditer(r"\S+", node.text))[problem.field]
                place = part_of(node.span, node.text, *found.span())
            raise self._fail("FF105", str(problem), place, *problem.hints) from None
        if value is not None:
            return value
        message = f"{what} must be {scalar.wanted}, not {node.described}"
        hints = ("write it, or leave it out",) if _is_nothing(node) else scalar.how(node)
        raise self._fail("FF105", message, node.span, *hints)


def part_of(span: Span, text: str, start: int, end: int) -> Span:
    """Return the place of some characters of a text; all of it where YAML changed the text."""
    first, last = span.start, span.end
    quotes = last.column - first.column - len(text)
    if first.line != last.line or quotes not in (0, 2):
        return span
    column = first.column + quotes // 2
    return Span(
        file=span.file,
        start=Position(first.line, column + start),
        end=Position(first.line, column + end),
    )


@cache
def _fields(cls: type[Record]) -> Mapping[str, FieldInfo]:
    """Return the keys of a record; msgspec looks at its annotations anew each time."""
    return {f.encode_name: f for f in msgspec.structs.fields(cls) if f.name != "at"}


def mark(node: Node, path: Path, places: dict[Path, Span]) -> None:
    """Note the place of a node and of all that is in it."""
    places[path] = node.span
    for index, item in enumerate(node.items):
        mark(item, (*path, index), places)
    for key, value in node.pairs:
        places[KEY, *path, key.text] = key.span
        mark(value, (*path, key.text), places)


def _is_nothing(node: Node) -> bool:
    return node.kind == "scalar" and node.value is None


def _short(node: Node, cls: type[Record]) -> Node:
    """Return the mapping that a value alone stands for."""
    if not cls.SHORT or node.kind in ("mapping", "broken") or _is_nothing(node):
        return node
    key = Node(kind="scalar", span=node.span, value=cls.SHORT, text=cls.SHORT)
    return Node(kind="mapping", span=node.span, pairs=((key, node),))
