"""What becomes of a template: its SQL, what it refers to, what was wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from ffc.core.decode import part_of
from ffc.core.diagnostics import Diagnostic, Span, error
from ffc.project.jinja.macros import Library
from ffc.project.jinja.marks import SourceMap
from ffc.project.reader import SqlFile


class Unresolved(Exception):
    """A name in a template that stands for nothing; `hints` say what could be meant.

    `part` is where it stands in the text that was looked up, if that holds more.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hints: Sequence[str] = (),
        part: tuple[str, int, int] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hints = tuple(hints)
        self.part = part

    def at(self, span: Span, related: Sequence[Span] = ()) -> Diagnostic:
        """Return the error at the place where the name was written."""
        if self.part is not None:
            span = part_of(span, *self.part)
        if self.code == "FF201":
            span = span.labelled("not found")
        return error(self.code, self.message, span, related=related, help=self.hints)


class Resolver(Struct, frozen=True, kw_only=True):
    """What a template may ask for: `ref` and `source` return a node's id or raise `Unresolved`.

    `environment` are the variables that `env_var()` reads; `target` is what templates see of it.
    """

    ref: Callable[[str], str]
    source: Callable[[str, str], str]
    variables: Mapping[str, object]
    environment: Mapping[str, str] = field(default_factory=dict)
    target: Mapping[str, str] = field(default_factory=dict)
    library: Library = field(default_factory=Library)


class Setting(NamedTuple):
    """A setting of `config()`: its value, where its name, its value and a list's items stand."""

    value: object
    name_at: Span
    value_at: Span
    items_at: tuple[Span, ...] = ()

    def at(self, index: int) -> Span:
        """Return the place of an item; of the value where it is no list."""
        return self.items_at[index] if index < len(self.items_at) else self.value_at


class Rendered(Struct, kw_only=True):
    """SQL with references as `"__ffc"."node id"`, and how to get back to what was typed.

    `incomplete` is a template of which no SQL could be made; `hidden` one that fails by a mistake
    that was reported elsewhere. `names` are what was asked for, each with the id that was answered.
    """

    file: SqlFile
    node: str
    sql: str = ""
    map: SourceMap
    incremental: bool = False
    incomplete: bool = False
    hidden: bool = False
    refs: dict[str, Span] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    variables: set[str] = field(default_factory=set)
    environment: set[str] = field(default_factory=set)
    names: dict[tuple[str, ...], str] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def placeholder(node: str) -> str:
    """Return how rendered SQL names a node; `ffc.sql.binding` puts the real relation there."""
    return f'"__ffc"."{node}"'
