"""YAML read with the place of every value, by the 1.2 core rules: `yes` and `on` are text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, TypeAlias

import yaml
from msgspec import Struct, field

from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, shortened
from ffc.core.lines import Lines
from ffc.core.yaml_words import (
    NO_JINJA,
    QUOTED_JINJA,
    jinja_error,
    no_colon,
    syntax_error,
    tight_colon,
)

Scalar = str | int | float | bool | None
# What libyaml reads one after another; the fields of each kind are its own.
Event: TypeAlias = Any

MAX_DEPTH: Final = 100
# How many values a file may stand for through its aliases: a few lines can stand for billions.
MAX_ALIASED: Final = 200_000
TOO_DEEP: Final = "this is nested too deep"
MERGE: Final = "<<"
_NULL = ("", "~", "null", "Null", "NULL")
_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_SPECIAL = {".inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}
_NAMES = re.compile(r"\bname(?:[ ]*:[ ]*|[ ]+)['\"]?([\w-]+)")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]*)*")
# `name:x` and `name x`, where `name: x` is meant.
_LOOSE = re.compile(r"([A-Za-z_][\w-]*)(?::(?!//)| +)(\S.*)")


class Node(Struct, frozen=True, kw_only=True):
    """A value with its place: a scalar, a sequence, pairs, or `broken`: it was reported.

    `size` is how many values it is made of, itself and those of aliases included; `height` how
    deep they are nested.
    """

    kind: Literal["scalar", "sequence", "mapping", "broken"]
    span: Span
    value: Scalar = None
    text: str = ""
    items: tuple[Node, ...] = ()
    pairs: tuple[tuple[Node, Node], ...] = field(default=())
    size: int = 1
    height: int = 0

    def get(self, key: str) -> Node | None:
        """Return the value under a key of a mapping."""
        return next((value for name, value in self.pairs if name.text == key), None)

    def plain(self) -> object:
        """Return the value without places, as lists and dictionaries."""
        if self.kind == "sequence":
            return [item.plain() for item in self.items]
        if self.kind == "mapping":
            return {key.text: value.plain() for key, value in self.pairs}
        return self.value

    def named(self) -> Iterator[str]:
        """Yield every text under a key like `name`, at any depth: what a broken part declares."""
        yield from (name.text for name in self.names())
        for value in (*self.items, *(value for _, value in self.pairs)):
            yield from value.named()

    def names(self) -> Iterator[Node]:
        """Yield what stands under a mapping's own `name`, or a key that looks like it."""
        for key, value in self.pairs:
            if key.text == "name" or did_you_mean(key.text, ["name"]):
                yield value

    @property
    def described(self) -> str:
        """Name the value in words, for a message."""
        if self.kind != "scalar":
            return {"sequence": "a list", "mapping": "a mapping"}.get(self.kind, "this")
        return "nothing" if self.value is None else f"`{shortened(self.text)}`"


class _Unreadable(Exception):
    """A document that is not read to its end; already reported."""


def read_yaml(
    file: str, text: str, *, templated: bool = False
) -> tuple[Node | None, list[Diagnostic]]:
    """Parse one document; return None for an empty file or one that does not parse.

    In a `templated` one Jinja may stand in quotes.
    """
    reader = _Reader(Lines(file, text), QUOTED_JINJA if templated else NO_JINJA)
    try:
        return reader.document(), reader.diagnostics
    except _Unreadable:
        return None, reader.diagnostics
    except yaml.MarkedYAMLError as problem:
        return None, [syntax_error(reader.lines, problem, reader.jinja)]


def names_in(text: str) -> set[str]:
    """Return the names that a text which is not YAML seems to declare."""
    return set(_NAMES.findall(text))


class _Reader:
    """Turn the events of a document into nodes, collecting what is wrong with it."""

    def __init__(self, lines: Lines, jinja: str) -> None:
        self.lines = lines
        self.jinja = jinja
        self.diagnostics: list[Diagnostic] = []
        # libyaml does not count a mark at the very beginning that says how the text is encoded.
        self._shift = 1 if lines.text.startswith("\ufeff") else 0
        self._events: Iterator[Event] = iter(())
        self._depth = 0
        self._aliased = 0
        self._anchors: dict[str, Node | None] = {}
        self._places: dict[str, Span] = {}

    def document(self) -> Node | None:
        """Return the root of the one document; None where there is none."""
        unseen = _UNSEEN.search(self.lines.text, self._shift)
        if unseen is not None:
            what = "this is not YAML: there is a control character here"
            span = self.lines.span(*unseen.span())
            self._stop(what, span, "delete the character that can't be seen")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events = yaml.parse(self.lines.text[self._shift :], Loader=loader)
        root = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    message = "this is not YAML: a second document begins here"
                    help_ = "a file is one document: leave the `---` out, or make two files"
                    self._stop(message, self._between(event, event), help_)
                root = self._node(next(self._events))
        return root

    def _stop(self, message: str, span: Span, help_: str = "", *related: Span) -> None:
        hints = [help_] if help_ else []
        self.diagnostics.append(error("FF101", message, span, related=related, help=hints))
        raise _Unreadable

    def _report(self, code: str, message: str, span: Span, *hints: str) -> Node:
        self.diagnostics.append(error(code, message, span, help=hints))
        return Node(kind="broken", span=span)

    def _start(self, event: Event) -> int:
        """Return where a value begins, behind its anchor and its tag."""
        start: int = event.start_mark.index + self._shift
        if getattr(event, "anchor", None):
            found = _PROPERTIES.match(self.lines.text, start)
            end = found.end() if found is not None else start
            return end if self.lines.text[end : end + 1].strip() else start
        return start

    def _between(self, first: Event, last: Event) -> Span:
        """Return the place from one event to another, without the blanks behind it."""
        start, end = self._start(first), last.end_mark.index + self._shift
        text = self.lines.text
        while end > start and text[end - 1] in " \t\n":
            end -= 1
        return self.lines.span(start, end)

    def _whole(self, opening: Event, closing: Event, nodes: list[Node]) -> Span:
        """Return the place of a list or a mapping, without the comments behind it."""
        span = self._between(opening, closing)
        end = max((node.span.end for node in nodes), default=span.start)
        # What stands here through an alias can have its place before.
        whole = opening.flow_style or end <= span.start
        return span if whole else Span(file=span.file, start=span.start, end=end)

    def _node(self, event: Event) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        anchor = event.anchor
        if anchor is not None:
            self._declare(anchor, event)
        node = self._tagged(event) if event.tag is not None else self._value(event)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _value(self, event: Event) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            plain = not event.style
            value = resolve_plain(event.value) if plain else str(event.value)
            span = self._between(event, event)
            return Node(kind="scalar", span=span, value=value, text=str(event.value))
        start = self._start(event)
        if self._depth == MAX_DEPTH:
            self._skip(event)
            return self._report("FF101", TOO_DEEP, self.lines.span(start, start + 1))
        if event.flow_style and self.lines.text.startswith("{{", start):
            self._skip(event)
            self.diagnostics.append(jinja_error(self.lines, start, self.jinja))
            return Node(kind="broken", span=self.diagnostics[-1].span)
        self._depth += 1
        mapping = isinstance(event, yaml.MappingStartEvent)
        node = self._mapping(event) if mapping else self._sequence(event)
        self._depth -= 1
        return node

    def _skip(self, opening: Event) -> None:
        """Read past a value that is not looked at."""
        depth, event = 0, opening
        while True:
            opens = isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent)
            closes = isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)
            depth += opens - closes
            if depth == 0:
                return
            if depth > 10 * MAX_DEPTH:
                # Ever slower the deeper it goes: what follows is not looked at.
                start = self._start(opening)
                self._stop(TOO_DEEP, self.lines.span(start, start + 1))
            event = next(self._events)

    def _tagged(self, event: Event) -> Node:
        """Report a tag, which makes something else of a value than what is written."""
        start = event.start_mark.index + self._shift
        found = re.compile(r"(?:&\S+\s+)?(!\S*)").match(self.lines.text, start)
        span = self.lines.span(*(found.span(1) if found else (start, start + 1)))
        self._skip(event)
        hints = ("write the value itself; put text that begins with `!` in quotes",)
        return self._report("FF102", "a tag can't stand here", span, *hints)

    def _declare(self, anchor: str, event: Event) -> None:
        start = event.start_mark.index + self._shift
        start = self.lines.text.index("&", start)
        place = self.lines.span(start, start + 1 + len(anchor))
        if anchor in self._places:
            first = self._places[anchor].labelled("first here")
            message = "there is an anchor of this name already"
            help_ = ["rename one of them"]
            found = error("FF101", message, place, related=[first], help=help_)
            self.diagnostics.append(found)
        self._places[anchor] = place
        self._anchors[anchor] = None

    def _alias(self, event: Event) -> Node:
        """Return the value that an alias stands for: the same node, places and all."""
        span = self._between(event, event)
        if event.anchor not in self._anchors:
            help_ = "put text that begins with `*` in quotes"
            return self._report("FF101", "there is no anchor of this name", span, help_)
        node = self._anchors[event.anchor]
        if node is None:
            return self._report("FF101", "this holds itself through an alias", span)
        self._aliased += node.size
        if self._aliased > MAX_ALIASED:
            message = "this stands for too many values through its aliases"
            help_ = "an alias of a list of aliases multiplies: write out what is meant"
            used = span.labelled("used here")
            self._stop(message, self._places[event.anchor], help_, used)
        if self._depth + node.height > MAX_DEPTH:
            return self._report("FF101", TOO_DEEP, span)
        return node

    def _sequence(self, opening: Event) -> Node:
        items = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event))
        size, height = _measure(items)
        span = self._whole(opening, event, items)
        return Node(kind="sequence", span=span, items=tuple(items), size=size, height=height)

    def _mapping(self, opening: Event) -> Node:
        pairs: dict[str, tuple[Node, Node]] = {}
        merged: tuple[Node, Node] | None = None
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key, value = self._node(event), self._node(next(self._events))
            merging = key.text == MERGE and isinstance(event, yaml.ScalarEvent) and not event.style
            if opening.flow_style and key.kind == "scalar" and not event.style:
                key, value = self._loosened(key, value)
            known = merged if merging else pairs.get(key.text)
            if key.kind != "scalar" or key.value is None:
                self._no_key(key)
            elif known is not None:
                self._twice(key, known[0])
            elif merging:
                merged = (key, value)
            else:
                pairs[key.text] = (key, value)
        if merged is not None:
            self._merge(merged[1], pairs)
        nodes = [node for pair in pairs.values() for node in pair]
        size, height = _measure(nodes)
        span, found = self._whole(opening, event, nodes), tuple(pairs.values())
        return Node(kind="mapping", span=span, pairs=found, size=size, height=height)

    def _no_key(self, key: Node) -> None:
        if key.kind != "broken":
            what = "" if key.kind != "scalar" else ", not nothing"
            self._report("FF102", f"a key must be a plain word{what}", key.span)

    def _twice(self, key: Node, first: Node) -> None:
        message = f"the key `{shortened(key.text)}` is written twice"
        hints = ["merge two with `<<: [*one, *two]`"] if key.text == MERGE else []
        related = [first.span.labelled("first here")]
        found = error("FF103", message, key.span, related=related, help=hints)
        self.diagnostics.append(found)

    def _loosened(self, key: Node, value: Node) -> tuple[Node, Node]:
        """Report `{name:x}` or `{name x}`, a key without a value, and return what is meant."""
        found = _LOOSE.fullmatch(key.text) if value.value is None else None
        start = self.lines.offset(key.span.start)
        end = start + len(key.text)
        if found is None or value.text or not self.lines.text.startswith(key.text, start):
            return key, value
        if self.lines.text[end:].lstrip().startswith(":"):
            return key, value
        colon, begin = start + found.end(1), start + found.start(2)
        tight = self.lines.text[colon] == ":"
        words = tight_colon() if tight else no_colon()
        place = self.lines.span(colon, colon + 1) if tight else self.lines.span(start, colon)
        self._report("FF101", f"this is not YAML: {words.what}", place, words.help)
        spans = (self.lines.span(start, colon), self.lines.span(begin, end))
        meant = Node(kind="scalar", span=spans[0], value=found[1], text=found[1])
        word = resolve_plain(found[2])
        return meant, Node(kind="scalar", span=spans[1], value=word, text=found[2])

    def _merge(self, value: Node, pairs: dict[str, tuple[Node, Node]]) -> None:
        """Add what `<<` brings: a mapping's own keys go first, then those of earlier mappings."""
        for source in value.items if value.kind == "sequence" else (value,):
            if source.kind == "mapping":
                pairs.update({k.text: (k, v) for k, v in source.pairs if k.text not in pairs})
            elif source.kind != "broken":
                what = "text" if source.kind == "scalar" else source.described
                message = f"`<<` takes a mapping or a list of mappings, not {what}"
                self._report("FF102", message, source.span, "name an anchor: `<<: *base`")


def _measure(nodes: Iterable[Node]) -> tuple[int, int]:
    """Return the size and the height of what holds these nodes."""
    size, height = 1, 0
    for node in nodes:
        size += node.size
        height = max(height, node.height)
    return size, height + 1


def resolve_plain(text: str) -> Scalar:
    """Read an unquoted scalar: null, bool, int, float, else text.

    What a reader may take for another number than the rules do stays text: 007, 0o17, 1e999.
    """
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text)
    if text.lower() in _SPECIAL:
        return _SPECIAL[text.lower()]
    number = float(text) if _FLOAT.fullmatch(text) else None
    return text if number is None or abs(number) == float("inf") else number
