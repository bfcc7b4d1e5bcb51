"""YAML read with the place of every value, by the 1.2 core rules: `yes` and `on` are text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import yaml

from ffc.core.diagnostics import Diagnostic, Position, Span, did_you_mean, error, shortened

Scalar = str | int | float | bool | None

MAX_DEPTH: Final = 100
_NULL = ("", "~", "null", "Null", "NULL")
_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = {".inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}
_NAMES = re.compile(r"\bname[ ]*:[ ]*['\"]?([\w-]+)")

# What libyaml says, in our words, with what to do; what is not here is shown as it says it.
_WORDS: Final = {
    "found a tab character that violates indentation": (
        "a tab can't indent",
        "indent with spaces, never with tabs",
    ),
    "found character that cannot start any token": (
        "a value can't begin with this character",
        "put text that begins with a special character in quotes",
    ),
    "mapping values are not allowed in this context": (
        "a `:` can't stand here",
        "put text with a colon in it in quotes; a key stands in line with its neighbours",
    ),
    "did not find expected key": ("this can't stand here", "put text in quotes as a whole"),
    "did not find expected '-' indicator": (
        "this is not in line with the list around it",
        "indent it like its neighbours, or begin it with `- `",
    ),
    "could not find expected ':'": ("there is no `:` after this key", ""),
    "did not find expected ',' or '}'": ("there must be a `,` or a `}` before this", ""),
    "did not find expected ',' or ']'": ("there must be a `,` or a `]` before this", ""),
    "did not find expected node content": ("there must be a value or a closing bracket here", ""),
    "found unexpected end of stream": ("this quote is never closed", ""),
    "found undefined alias": (
        "there is no anchor of this name",
        "put text that begins with `*` in quotes",
    ),
    "but found another document": (
        "a second document begins here",
        "a file is one document: leave the `---` out, or make two files",
    ),
}
# Where the mistake is made where it is noticed too late: there the reading began.
_BEGUN: Final = ("could not find expected ':'", "found unexpected end of stream")
_OPENED: Final = ("while parsing a flow mapping", "while parsing a flow sequence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value with its place: a scalar, a sequence, pairs, or `broken`: it was reported."""

    kind: Literal["scalar", "sequence", "mapping", "broken"]
    span: Span
    value: Scalar = None
    text: str = ""
    items: tuple[Node, ...] = ()
    pairs: tuple[tuple[Node, Node], ...] = field(default=())

    def get(self, key: str) -> Node | None:
        """Return the value under a key of a mapping."""
        return next((value for name, value in self.pairs if name.value == key), None)

    def plain(self) -> object:
        """Return the value without places, as lists and dictionaries."""
        if self.kind == "sequence":
            return [item.plain() for item in self.items]
        if self.kind == "mapping":
            return {key.text: value.plain() for key, value in self.pairs}
        return self.value

    def named(self) -> Iterator[str]:
        """Yield every text under a key like `name`, at any depth: what a broken part declares."""
        for key, value in self.pairs:
            if key.text == "name" or did_you_mean(key.text, ["name"]):
                yield value.text
        for value in (*self.items, *(value for _, value in self.pairs)):
            yield from value.named()

    @property
    def described(self) -> str:
        """Name the value in words, for a message."""
        if self.kind != "scalar":
            return {"sequence": "a list", "mapping": "a mapping"}.get(self.kind, "this")
        return "nothing" if self.value is None else f"`{shortened(self.text)}`"


def read_yaml(file: str, text: str) -> tuple[Node | None, list[Diagnostic]]:
    """Parse one document; return None for an empty file or one that does not parse."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as problem:
        return None, [_syntax_error(file, text, problem)]
    except yaml.YAMLError:
        return None, [_bad_character(file, text)]
    if root is None:
        return None, []
    reader = _Reader(file)
    return reader.node(root), reader.diagnostics


def names_in(text: str) -> set[str]:
    """Return the names that a text which is not YAML seems to declare."""
    return set(_NAMES.findall(text))


def _syntax_error(file: str, text: str, problem: yaml.MarkedYAMLError) -> Diagnostic:
    said = str(problem.problem or problem.context or "it can't be read")
    mark = problem.context_mark if said in _BEGUN else problem.problem_mark
    span = _mark(file, mark or problem.problem_mark)
    lines = text.rstrip().split("\n")
    if span.start.line > len(lines):
        # Noticed at the end of the file: shown behind the last word in it.
        end = Position(len(lines), len(lines[-1]) + 1)
        span = Span(file=file, start=end, end=end)
    line = lines[span.start.line - 1]
    what, help_ = _WORDS.get(said, (said, ""))
    if line[span.start.column - 1 : span.start.column] == "\t":
        what, help_ = _WORDS["found a tab character that violates indentation"]
    elif "{{" in line:
        help_ = "there is no Jinja in YAML: write the value itself"
    opened = problem.context in _OPENED and problem.context_mark is not None
    related = [_mark(file, problem.context_mark).labelled("opened here")] if opened else []
    hints = [help_] if help_ else []
    return error("FF101", f"this is not YAML: {what}", span, related=related, help=hints)


def _bad_character(file: str, text: str) -> Diagnostic:
    found = yaml.SafeLoader.NON_PRINTABLE.search(text)
    offset = found.start() if found else 0
    before = text[:offset]
    line, column = before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
    span = Span(file=file, start=Position(line, column), end=Position(line, column + 1))
    message = "this is not YAML: there is a control character here"
    return error("FF101", message, span, help=["delete the character that can't be seen"])


def _mark(file: str, mark: yaml.Mark | None) -> Span:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Span(file=file, start=Position(line, column), end=Position(line, column + 1))


class _Reader:
    """Turn a composed document into nodes, collecting what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._file = file
        self._open: list[yaml.Node] = []

    def node(self, node: yaml.Node) -> Node:
        span = self._span(node)
        if isinstance(node, yaml.ScalarNode):
            plain = node.style in (None, "")
            value = resolve_plain(node.value) if plain else str(node.value)
            return Node(kind="scalar", span=span, value=value, text=str(node.value))
        if any(node is other for other in self._open):
            return self._broken("FF101", "this holds itself through an alias", span)
        if len(self._open) == MAX_DEPTH:
            return self._broken("FF101", "this is nested too deep", span)
        if _is_jinja(node):
            help_ = "there is no Jinja in YAML: write `ref('...')` without braces"
            return self._broken("FF102", "`{{` can't stand here", span, help_)
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, span)
            items = tuple(self.node(item) for item in node.value)
            return Node(kind="sequence", span=span, items=items)
        finally:
            self._open.pop()

    def _broken(self, code: str, message: str, span: Span, *hints: str) -> Node:
        self.diagnostics.append(error(code, message, span, help=hints))
        return Node(kind="broken", span=span)

    def _span(self, node: yaml.Node) -> Span:
        start, end = node.start_mark, node.end_mark
        return Span(
            file=self._file,
            start=Position(start.line + 1, start.column + 1),
            end=Position(end.line + 1, end.column + 1),
        )

    def _mapping(self, node: yaml.MappingNode, span: Span) -> Node:
        pairs: dict[str, tuple[Node, Node]] = {}
        for raw_key, raw_value in node.value:
            key, value = self.node(raw_key), self.node(raw_value)
            if key.kind == "broken":
                continue
            if key.kind != "scalar":
                self._broken("FF102", "a key must be a plain word", key.span)
            elif key.text in pairs:
                first = pairs[key.text][0].span.labelled("first here")
                message = f"the key `{key.text}` is written twice"
                self.diagnostics.append(error("FF103", message, key.span, related=[first]))
            else:
                pairs[key.text] = (key, value)
        return Node(kind="mapping", span=span, pairs=tuple(pairs.values()))


def _is_jinja(node: yaml.Node) -> bool:
    """Tell whether a node is `{{ ... }}`: to YAML a mapping with a mapping for a key."""
    if not isinstance(node, yaml.MappingNode) or not node.flow_style or len(node.value) != 1:
        return False
    key = node.value[0][0]
    return isinstance(key, yaml.MappingNode) and bool(key.flow_style)


def resolve_plain(text: str) -> Scalar:
    """Read an unquoted scalar: null, bool, int, float, else text."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text)
    if text.lower() in _SPECIAL:
        return _SPECIAL[text.lower()]
    return float(text) if _FLOAT.fullmatch(text) else text
