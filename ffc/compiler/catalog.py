"""Every name of a project: what it stands for, and where it was written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.names import DEFAULT_VARIANT, node_id, split_variant
from ffc.project.reader import Resources
from ffc.project.resources import Entity, Model, UnitTest
from ffc.project.template import Unresolved

# Kinds of one namespace share their names; the first is what messages call it.
NAMESPACES: Final = {
    "transformation": "relation",
    "feature_view": "relation",
    "entity": "entity",
    "label": "label",
    "on_demand": "on_demand",
    "training_set": "training_set",
    "model": "model",
    "unit_test": "unit_test",
    "source": "source",
}
WORDS: Final = {
    "transformation": "transformation",
    "feature_view": "feature view",
    "entity": "entity",
    "label": "label",
    "on_demand": "on-demand feature",
    "training_set": "training set",
    "model": "model",
    "unit_test": "unit test",
    "source": "source",
}
# The key of a file that lists resources of one kind; a source's name is that of its table.
LISTED_AS: Final = {
    "entities": "entity",
    "feature_views": "feature_view",
    "labels": "label",
    "on_demand": "on_demand",
    "training_sets": "training_set",
    "models": "model",
    "unit_tests": "unit_test",
}
# Kinds whose resources have no variants.
SINGLE: Final = ("entity", "model", "source", "unit_test")


class Entry(Struct, frozen=True, kw_only=True):
    """A declared resource."""

    kind: str
    name: str
    variant: str
    default: bool
    span: Span

    @property
    def id(self) -> str:
        """The id that the manifest knows the resource by."""
        return node_id(self.kind, self.name, self.variant)


class Catalog:
    """The declared resources by namespace and name; looks up what people write.

    `broken` are names that seem to be declared in what is broken, `nameless` the namespaces in
    which something broken has no name at all. `twice` are the ids of which nobody can tell which
    resource is meant; that was reported.
    """

    def __init__(self, broken: Iterable[str], nameless: Iterable[str] = ()) -> None:
        self._entries: dict[str, dict[str, dict[str, Entry]]] = {}
        self._by_name: dict[str, list[Entry]] = {}
        self._sources: dict[str, str] = {}
        self._of_kinds: dict[tuple[str, ...], list[str]] = {}
        self.broken = {_folded(name) for name in broken}
        self._nameless = set(nameless)
        self.twice: set[str] = set()

    def declare(self, entry: Entry) -> Diagnostic | None:
        """Add a resource; a second one of its name and variant is a diagnostic."""
        names = self._entries.setdefault(NAMESPACES[entry.kind], {})
        name = entry.name
        if entry.kind == "source":
            # No two published names are equal case aside; a source has no published name.
            name = self._sources.setdefault(name.lower(), name)
        variants = names.setdefault(entry.name, names.setdefault(name, {}))
        first = variants.setdefault(entry.variant, entry)
        if first is entry:
            for known in {entry.name, entry.name.partition(".")[2]}:
                self._by_name.setdefault(known, []).append(entry)
            self._of_kinds.clear()
            return None
        self.twice |= {first.id, entry.id}
        what = entry.name if entry.variant == DEFAULT_VARIANT else f"{entry.name}@{entry.variant}"
        message = f"`{what}` is declared twice: a {WORDS[first.kind]} and a {WORDS[entry.kind]}"
        if first.kind == entry.kind:
            message = f"the {WORDS[entry.kind]} `{what}` is declared twice"
        help_ = "give one of them another name"
        if entry.kind not in SINGLE:
            help_ += ", or another variant"
        return error(
            "FF204", message, entry.span, related=[first.span.labelled("first here")], help=[help_]
        )

    def defaults(self) -> Iterator[Diagnostic]:
        """Yield the names of which two variants say that they are the default one."""
        for names in self._entries.values():
            for name, variants in names.items():
                chosen = [entry for entry in variants.values() if entry.default]
                for entry in chosen[1:]:
                    self.twice |= {chosen[0].id, entry.id}
                    message = f"two variants of `{name}` say `default: true`"
                    related = [chosen[0].span.labelled("first here")]
                    help_ = "keep it on the one that the bare name means"
                    yield error("FF204", message, entry.span, related=related, help=[help_])

    def find(self, text: str, *kinds: str) -> Entry | None:
        """Return what `name` or `name@variant` stands for; None where an earlier error hides it.

        A bare name means the only variant, else the one that says `default: true`, else the one
        without a variant. Raises `Unresolved` for a name that stands for nothing.
        """
        name, variant = split_variant(text)
        names = self._entries.get(NAMESPACES[kinds[0]], {})
        known = {v: e for v, e in names.get(name, {}).items() if e.kind in kinds}
        if variant is not None and variant in known:
            return known[variant]
        if known and variant is None:
            return self._bare(name, known)
        if self.hides(name) or any(e.id in self.twice for e in names.get(name, {}).values()):
            return None
        hints = self._hints(name, kinds, known)
        if not hints and NAMESPACES[kinds[0]] in self._nameless:
            return None
        what = " or ".join(dict.fromkeys(WORDS[kind] for kind in kinds))
        shown = name if variant == DEFAULT_VARIANT else text
        message = f"no {what} is named `{shown}`"
        raise Unresolved("FF201", message, hints)

    def _hints(self, name: str, kinds: tuple[str, ...], known: dict[str, Entry]) -> list[str]:
        """Say what could be meant by a name, or by a variant of a name, that there is not."""
        if list(known) == [DEFAULT_VARIANT]:
            return [f"`{name}` has no variants: write `{name}`"]
        if known:
            return [f"`{name}` has the variants {listed(sorted(known))}"]
        names = self._entries.get(NAMESPACES[kinds[0]], {})
        others = [e for e in self._by_name.get(name, ()) if e.kind not in kinds]
        if others:
            return [_other_kind(others[0])]
        if kinds not in self._of_kinds:
            self._of_kinds[kinds] = [n for n, v in names.items() if _any(v, kinds)]
        return [_with_place(hint, names) for hint in did_you_mean(name, self._of_kinds[kinds])]

    def knows(self, name: str) -> bool:
        """Tell whether a name can be read with `ref()`."""
        return name in self._entries.get("relation", {})

    def has_group(self, name: str) -> bool:
        """Tell whether there is a group of sources of this name."""
        sources = self._entries.get(NAMESPACES["source"], {})
        return any(known.partition(".")[0] == name for known in sources)

    def hides(self, name: str) -> bool:
        """Tell whether a name seems to be declared in what is broken."""
        return _folded(name) in self.broken

    def place(self, kind: str, name: str, variant: str) -> Span | None:
        """Return where a resource is declared; None where the name stands for another one."""
        entry = self._entries.get(NAMESPACES[kind], {}).get(name, {}).get(variant)
        return entry.span if entry is not None and entry.kind == kind else None

    def _bare(self, name: str, known: dict[str, Entry]) -> Entry:
        if len(known) == 1:
            return next(iter(known.values()))
        chosen = [entry for entry in known.values() if entry.default]
        if len(chosen) == 1:
            return chosen[0]
        if not chosen and DEFAULT_VARIANT in known:
            return known[DEFAULT_VARIANT]
        variants = listed(f"{name}@{variant}" for variant in sorted(known))
        hints = [f"write one of {variants}, or say `default: true` on one of them"]
        raise Unresolved("FF208", f"`{name}` has several variants", hints)


def _folded(name: str) -> str:
    """Return what is left of a name when it is written as a name must be."""
    return re.sub(r"[^a-z0-9]", "", split_variant(name)[0].lower())


def _any(variants: dict[str, Entry], kinds: tuple[str, ...]) -> bool:
    return any(entry.kind in kinds for entry in variants.values())


def _other_kind(entry: Entry) -> str:
    if entry.kind == "source":
        group, _, table = entry.name.partition(".")
        return f"there is a source of this name: write `source('{group}', '{table}')`"
    article = "an" if WORDS[entry.kind][0] in "aeiou" else "a"
    return f"`{entry.name}` is {article} {WORDS[entry.kind]} ({entry.span.file})"


def _with_place(hint: str, names: dict[str, dict[str, Entry]]) -> str:
    found = re.search(r"`(.+)`", hint)
    entry = next(iter(names.get(found[1], {}).values()), None) if found else None
    return f"{hint[:-1]} ({entry.span.file})?" if entry else hint


def read_catalog(resources: Resources) -> tuple[Catalog, list[Diagnostic]]:
    """Declare every resource of a project."""
    nameless = {NAMESPACES[LISTED_AS[key]] for key in resources.nameless if key in LISTED_AS}
    catalog = Catalog(resources.broken, nameless)
    problems = [catalog.declare(entry) for entry in entries_of(resources)]
    found = [problem for problem in problems if problem is not None]
    return catalog, [*found, *catalog.defaults()]


def entries_of(resources: Resources) -> list[Entry]:
    """Return what resources declare, in the order of kinds."""
    entries = [
        Entry(kind="transformation", name=f.name, variant=f.variant, default=False, span=f.span)
        for f in resources.sql
    ]
    for group in resources.sources:
        entries += [
            Entry(
                kind="source",
                name=f"{group.name}.{table.name}",
                variant=DEFAULT_VARIANT,
                default=False,
                span=table.at("name"),
            )
            for table in group.tables
        ]
    entries += _single("entity", resources.entities)
    entries += _single("model", resources.models)
    entries += _single("unit_test", resources.unit_tests)
    for kind, records in (
        ("feature_view", resources.feature_views),
        ("label", resources.labels),
        ("on_demand", resources.on_demand),
        ("training_set", resources.training_sets),
    ):
        entries += [
            Entry(kind=kind, name=r.name, variant=r.variant, default=r.default, span=r.at("name"))
            for r in records
        ]
    return entries


def _single(kind: str, records: Iterable[Entity | Model | UnitTest]) -> list[Entry]:
    return [
        Entry(kind=kind, name=r.name, variant=DEFAULT_VARIANT, default=False, span=r.at("name"))
        for r in records
    ]


_REF = re.compile(r"\s*ref\(\s*(['\"])([^'\"]+)\1\s*\)\s*")
_SOURCE = re.compile(r"\s*source\(\s*(['\"])([^'\"]+)\1\s*,\s*(['\"])([^'\"]+)\3\s*\)\s*")


def resolve_relation(catalog: Catalog, text: str) -> Entry | None:
    """Return what `ref('x')` or `source('group', 'table')` in YAML stands for."""
    if match := _REF.fullmatch(text):
        try:
            return catalog.find(match[2], "transformation", "feature_view")
        except Unresolved as problem:
            raise _within(problem, text, match.start(1), match.end(2) + 1) from None
    if match := _SOURCE.fullmatch(text):
        try:
            return find_source(catalog, match[2], match[4])
        except Unresolved as problem:
            wrong = 3 if catalog.has_group(match[2]) else 1
            raise _within(problem, text, match.start(wrong), match.end(wrong + 1) + 1) from None
    plain = text.strip("{} ")
    help_ = "write `ref('a_transformation')` or `source('group', 'table')`"
    if plain != text and (_REF.fullmatch(plain) or _SOURCE.fullmatch(plain)):
        help_ = f"there is no Jinja in YAML: write `{plain}` without braces"
    elif catalog.knows(plain):
        help_ = f"write `ref('{plain}')`"
    raise Unresolved("FF110", f"`{text}` is neither a `ref()` nor a `source()`", [help_])


def _within(problem: Unresolved, text: str, start: int, end: int) -> Unresolved:
    """Return a problem as one of a part of a text."""
    return Unresolved(problem.code, problem.message, problem.hints, (text, start, end))


def find_source(catalog: Catalog, group: str, table: str) -> Entry | None:
    """Return a source table."""
    try:
        return catalog.find(f"{group}.{table}", "source")
    except Unresolved as problem:
        if {_folded(group), _folded(table)} & catalog.broken:
            return None
        raise Unresolved(
            problem.code, f"no source is named `{table}` in the group `{group}`", problem.hints
        ) from None
