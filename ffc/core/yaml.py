"""YAML read with the place of every value, by the 1.2 core rules: `yes` and `on` are text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import yaml

from ffc.core.diagnostics import Diagnostic, Position, Span, error

Scalar = str | int | float | bool | None

_NULL = ("", "~", "null", "Null", "NULL")
_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = {".inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value with its place: a scalar, a sequence of nodes, or pairs of nodes."""

    kind: Literal["scalar", "sequence", "mapping"]
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

    @property
    def described(self) -> str:
        """Name the value in words, for a message."""
        if self.kind != "scalar":
            return {"sequence": "a list", "mapping": "a mapping"}[self.kind]
        return "nothing" if self.value is None else f"`{self.text}`"


def read_yaml(file: str, text: str) -> tuple[Node | None, list[Diagnostic]]:
    """Parse one document; return None for an empty file or one that does not parse."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as problem:
        return None, [_syntax_error(file, problem)]
    except yaml.YAMLError as problem:
        place = Span(file=file)
        return None, [error("FF101", f"this is not YAML: {problem}", place)]
    if root is None:
        return None, []
    diagnostics: list[Diagnostic] = []
    return _node(file, root, diagnostics), diagnostics


def _syntax_error(file: str, problem: yaml.MarkedYAMLError) -> Diagnostic:
    mark = problem.problem_mark or problem.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    span = Span(file=file, start=Position(line, column), end=Position(line, column + 1))
    what = problem.problem or problem.context or "it can't be read"
    hints = ("indent with spaces, never with tabs",) if "\\t" in what else ()
    return error("FF101", f"this is not YAML: {what}", span, help=hints)


def _span(file: str, node: yaml.Node) -> Span:
    start, end = node.start_mark, node.end_mark
    return Span(
        file=file,
        start=Position(start.line + 1, start.column + 1),
        end=Position(end.line + 1, end.column + 1),
    )


def _node(file: str, node: yaml.Node, diagnostics: list[Diagnostic]) -> Node:
    span = _span(file, node)
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_node(file, item, diagnostics) for item in node.value)
        return Node(kind="sequence", span=span, items=items)
    if isinstance(node, yaml.MappingNode):
        return _mapping(file, node, span, diagnostics)
    plain = getattr(node, "style", None) in (None, "")
    value = resolve_plain(node.value) if plain else str(node.value)
    return Node(kind="scalar", span=span, value=value, text=str(node.value))


def _mapping(file: str, node: yaml.MappingNode, span: Span, diagnostics: list[Diagnostic]) -> Node:
    pairs: dict[str, tuple[Node, Node]] = {}
    for raw_key, raw_value in node.value:
        key = _node(file, raw_key, diagnostics)
        value = _node(file, raw_value, diagnostics)
        if key.kind != "scalar":
            diagnostics.append(error("FF102", "a key must be a plain word", key.span))
        elif key.text in pairs:
            first = pairs[key.text][0].span.labelled("first here")
            message = f"the key `{key.text}` is written twice"
            diagnostics.append(error("FF103", message, key.span, related=[first]))
        else:
            pairs[key.text] = (key, value)
    return Node(kind="mapping", span=span, pairs=tuple(pairs.values()))


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
