"""Renderings kept as facts: of templates that nothing is wrong with.

What a template makes follows from its text, its place, the target, and the files of macros that it
may use, unless it needs none. What else it asks for is known only when it was rendered: names,
variables, the environment. Those are noted with their answers, and a fact is believed only where
all answers are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import Struct, structs

from ffc.core.facts import Facts, key_of
from ffc.core.spans import Place, place_of, span_at
from ffc.project.jinja.marks import Piece, SourceMap
from ffc.project.jinja.source import Source
from ffc.project.packing import Unpackable, packed, unpacked
from ffc.project.reader import SqlFile
from ffc.project.rendered import Rendered, Resolver, Setting, Unresolved

_WORD: Final = re.compile(r"[^\W\d]\w*")
_DECLARED: Final = re.compile(r"\bmacro\s+([^\W\d]\w*)")
_IMPORTS: Final = {"import", "include", "extends"}
Answers = tuple[tuple[tuple[str, ...], str], ...]
# Renders a file without looking at facts.
Render = Callable[[], Rendered]


class Kept(Struct, frozen=True, array_like=True):
    """A rendering: its SQL and what it found, then what it asked for, with the answers.

    `settings` are names, packed values, and places: of the name, the value, the items.
    """

    sql: str
    refs: tuple[tuple[str, Place], ...]
    settings: tuple[tuple[str, Any, Place, Place, tuple[Place, ...]], ...]
    names: Answers
    variables: tuple[tuple[str, bytes], ...]
    environment: tuple[tuple[str, bytes], ...]


class MacroUse:
    """Tells which files of macros a text may use: by the words in it, which is never too few.

    A macro is called by its name, and its file may call others. What imports files may use all.
    """

    def __init__(self, files: Iterable[tuple[str, str]]) -> None:
        self._files = dict(files)
        self._words = {path: set(_WORD.findall(text)) for path, text in self._files.items()}
        self._declared: dict[str, set[str]] = {}
        for path, text in self._files.items():
            for name in _DECLARED.findall(text):
                self._declared.setdefault(name, set()).add(path)

    def key(self, text: str) -> bytes:
        """Return the key of the files that a text may use."""
        used: set[str] = set()
        pending = [set(_WORD.findall(text))] if self._files else []
        while pending:
            words = pending.pop()
            found = set(self._files) if words & _IMPORTS else self._declaring(words)
            pending += [self._words[path] for path in found - used]
            used |= found
        return key_of([(path, self._files[path]) for path in sorted(used)])

    def _declaring(self, words: set[str]) -> set[str]:
        return {path for name in words & self._declared.keys() for path in self._declared[name]}


class Keeper:
    """Renders files, or finds that they were rendered."""

    def __init__(
        self,
        facts: Facts,
        resolver: Resolver,
        macros: Iterable[tuple[str, str]],
        render: Callable[[SqlFile, str, Resolver, bool], tuple[Rendered, bool]],
    ) -> None:
        self._facts = facts
        self._resolver = resolver
        self._macros = MacroUse(macros)
        self._target = key_of(dict(resolver.target))
        self._render = render
        self._answers: dict[tuple[str, ...], str] = {}
        self._values = {name: _hashed(value) for name, value in resolver.variables.items()}

    def rendered(self, file: SqlFile, node: str, incremental: bool = False) -> Rendered:
        """Return a file's rendering."""
        alone = key_of("rendered", file.path, file.text, node, incremental, self._target)
        known = self._known(alone)
        with_macros = key_of(alone, self._macros.key(file.text)) if known is None else alone
        known = known or self._known(with_macros)
        if known is not None:
            return self._again(known, file, node, incremental)
        asked: dict[tuple[str, ...], str] = {}
        made, plain = self._render(file, node, _noting(self._resolver, asked), incremental)
        made.names = asked
        if not (made.diagnostics or made.hidden or made.incomplete):
            self._keep(alone if plain else with_macros, made)
        return made

    def _known(self, key: bytes) -> Kept | None:
        """Return what was kept under a key, if it is believed."""
        kept = self._facts.find(key, Kept)
        return kept if kept is not None and self._is_so(kept) else None

    def _is_so(self, kept: Kept) -> bool:
        """Tell whether all that was asked for is answered as it was."""
        resolver = self._resolver
        if any(self._values.get(name, b"") != value for name, value in kept.variables):
            return False
        if any(key_of(resolver.environment.get(n)) != value for n, value in kept.environment):
            return False
        try:
            return all(self._answer(words) == node for words, node in kept.names)
        except Unresolved:
            return False

    def _answer(self, words: tuple[str, ...]) -> str:
        """Return the id that a name stands for; many files ask for the same."""
        known = self._answers.get(words)
        if known is None:
            resolver = self._resolver
            known = resolver.ref(*words) if len(words) == 1 else resolver.source(*words)
            self._answers[words] = known
        return known

    def _again(self, kept: Kept, file: SqlFile, node: str, incremental: bool) -> Rendered:
        """Return what was kept; its map is drawn when a place is asked for."""
        path = file.path
        settings = {
            name: Setting(
                unpacked(value, path),
                span_at(named, path),
                span_at(at, path),
                tuple(span_at(item, path) for item in items),
            )
            for name, value, named, at, items in kept.settings
        }
        made = SourceMap(None, Source(path, file.text), kept.sql, list)

        def draw() -> list[Piece]:
            again = self._render(file, node, self._resolver, incremental)[0].map
            made.parsed = again.parsed
            return list(again.draw())

        made.draw = draw
        return Rendered(
            file=file,
            node=node,
            sql=kept.sql,
            map=made,
            incremental=incremental,
            refs={name: span_at(place, path) for name, place in kept.refs},
            settings=settings,
            variables={name for name, _ in kept.variables},
            environment={name for name, _ in kept.environment},
            names=dict(kept.names),
        )

    def _keep(self, key: bytes, made: Rendered) -> None:
        path = made.file.path
        places = [*made.refs.values()]
        places += [p for s in made.settings.values() for p in (s.name_at, s.value_at, *s.items_at)]
        if any(place.file != path or place.label for place in places):
            return
        try:
            settings = tuple(_packed(name, each) for name, each in made.settings.items())
        except Unpackable:
            return
        environment = self._resolver.environment
        kept = Kept(
            sql=made.sql,
            refs=tuple((name, place_of(place)) for name, place in made.refs.items()),
            settings=settings,
            names=tuple(made.names.items()),
            variables=tuple((n, self._values.get(n, b"")) for n in sorted(made.variables)),
            environment=tuple((n, key_of(environment.get(n))) for n in sorted(made.environment)),
        )
        self._facts.keep(key, kept)


def _packed(name: str, setting: Setting) -> tuple[str, Any, Place, Place, tuple[Place, ...]]:
    items = tuple(map(place_of, setting.items_at))
    value = packed(setting.value)
    return (name, value, place_of(setting.name_at), place_of(setting.value_at), items)


def _hashed(value: object) -> bytes:
    return key_of(repr(value))


def _noting(resolver: Resolver, asked: dict[tuple[str, ...], str]) -> Resolver:
    """Return a resolver that notes what it is asked, and what it answers."""

    def ref(name: str) -> str:
        return asked.setdefault((name,), resolver.ref(name))

    def source(group: str, table: str) -> str:
        return asked.setdefault((group, table), resolver.source(group, table))

    return structs.replace(resolver, ref=ref, source=source)
