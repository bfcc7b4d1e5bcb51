"""An edit that stays in its place: of a transformation's text, and of nothing that others see.

Most edits are of one query, and leave its columns, what they come from and how it is built as they
were. Then every other node is what it was, and so is what was said of it: only the fingerprints of
what reads the query are others. Such an edit costs what one query costs, however large the project.

A mistake in a query stays in its place too, where nothing else has to be said than what is wrong
with it: nobody reports what hangs on a query that is wrong.

Nothing is guessed. The query is rendered, checked and bound as in any compilation. Where anything
that others could see is another than before, or there is more to say, the answer is None, and the
project is compiled as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Final

import msgspec
from msgspec import Struct, structs

from ffc.compiler.catalog import read_catalog
from ffc.compiler.compilation import Compilation
from ffc.compiler.dialects import translate_all
from ffc.compiler.fingerprints import recipe_of
from ffc.compiler.lineage.nodes import lineage_of
from ffc.compiler.oracle import Oracle, says_more
from ffc.compiler.outline import Outline, asked_by, raw
from ffc.compiler.transformations import render_transformations, type_transformation
from ffc.core.diagnostics import Diagnostic, Span, ordered
from ffc.core.interrupts import interruptible
from ffc.core.names import node_id
from ffc.manifest.lines import Lines
from ffc.manifest.records import AnyNode, FeatureView, Transformation
from ffc.project.reader import Resources, SqlFile
from ffc.sql.build import generate
from ffc.sql.translation import Translation

# What is said of files, whatever becomes of nodes; of names that stand for nothing; of a node, but
# for what is made of it.
_OF_FILES: Final = ("FF115", "FF116", "FF123")
_OF_NAMES: Final = ("FF201", "FF202")
_OF_READERS: Final = ("FF509", "FF510", "FF511", "FF512", "FF513", "FF514")
_VIEW: Final = "feature_view."
# What others don't see of a transformation.
_TEXTS: Final = ("raw", "sql", "sql_next", "target_sql", "target_sql_next")
# What an edit of its text can't change, while its columns and what they come from are the same.
_ELSEWHERE: Final = (
    "preferred",
    "description",
    "owner",
    "tags",
    "described_in",
    "columns",
    "lineage",
    "tests",
    "data_fingerprint",
    "metadata_fingerprint",
)


class Earlier(Struct, frozen=True, kw_only=True):
    """A compilation that ended well: its outline, its manifest, what it warned of."""

    outline: Outline
    lines: Lines
    diagnostics: tuple[Diagnostic, ...]


class Around(Struct, frozen=True, kw_only=True):
    """What is as it was and a query depends on: macros, the environment, the adapter's words."""

    macros: list[tuple[str, str]]
    environment: Mapping[str, str]
    translations: Callable[[], Mapping[str, Translation]]


class Edit(Struct, frozen=True, kw_only=True):
    """What a compilation ends in, and the nodes of the files that were edited."""

    now: Earlier
    nodes: list[Transformation]


class Broken(Struct, frozen=True, kw_only=True):
    """What is wrong with a query, and the nodes that are gone with it."""

    diagnostics: tuple[Diagnostic, ...]
    gone: frozenset[str]


@interruptible()
def edit_in_place(
    earlier: Earlier, files: Sequence[SqlFile], around: Around
) -> Edit | Broken | None:
    """Return what a compilation ends in after an edit of these files; nothing else may be another.

    None where the edit doesn't stay in its place.
    """
    known = _Known(earlier)
    made: dict[int, Transformation] = {}
    for file in files:
        number = known.at.get(node_id("transformation", file.name, file.variant))
        edited = _edited(known, number, file, around) if number is not None else None
        if isinstance(edited, Broken) and len(files) == 1:
            return edited
        if not isinstance(edited, tuple) or number is None:
            return None
        made[number], known.recipes[number] = edited
    return Edit(now=known.with_nodes(made), nodes=list(made.values()))


class _Known:
    """An earlier compilation, its nodes by number, and what of it becomes another."""

    def __init__(self, earlier: Earlier) -> None:
        self.earlier = earlier
        self.outline = earlier.outline
        ids = self.outline.ids
        self.at = dict(zip(ids, count()))
        self.recipes = list(self.outline.recipes)
        # Manifests have nodes in the order of their ids.
        by_id = sorted(range(len(ids)), key=ids.__getitem__)
        self._line = dict(zip(by_id, count()))

    def node(self, number: int) -> AnyNode:
        """Return a node as it was."""
        return self.earlier.lines.node(self._line[number])

    def reached(self, number: int) -> list[int]:
        """Return a node, all that reads it, and what reads that."""
        reached = {number}
        for other, parents in enumerate(self.outline.parents[number + 1 :], number + 1):
            if not reached.isdisjoint(parents):
                reached.add(other)
        return sorted(reached)

    def views(self, number: int) -> list[FeatureView]:
        """Return the feature views that a node reaches."""
        ids = self.outline.ids
        nodes = (self.node(n) for n in self.reached(number) if ids[n].startswith(_VIEW))
        return [node for node in nodes if isinstance(node, FeatureView)]

    def with_nodes(self, made: Mapping[int, Transformation]) -> Earlier:
        """Return the compilation with other nodes, and with the fingerprints that follow."""
        outline = structs.replace(self.outline, recipes=tuple(self.recipes))
        before = outline.fingerprints
        now = list(before)
        moved: set[int] = set()
        for number, parents in enumerate(outline.parents):
            if number in made or not moved.isdisjoint(parents):
                now[number] = outline.recipe(number).fingerprint([now[each] for each in parents])
                moved |= {number} if now[number] != before[number] else set()
        nodes = {
            self._line[number]: structs.replace(node, data_fingerprint=now[number])
            for number, node in made.items()
        }
        others = {self._line[n]: (before[n], now[n]) for n in moved if n not in made}
        return structs.replace(
            self.earlier,
            outline=structs.replace(outline, fingerprints=tuple(now)),
            lines=self.earlier.lines.put(nodes, others),
        )


def _edited(
    known: _Known, number: int, file: SqlFile, around: Around
) -> tuple[Transformation, msgspec.Raw] | Broken | None:
    """Return a file's node and its recipe, or what is wrong with it.

    None where that is not all that an edit of the file changes.
    """
    outline = known.outline
    old = known.node(number)
    parents = [known.node(parent) for parent in outline.parents[number]]
    if not isinstance(old, Transformation) or not _is_plain(known, old, parents):
        return None
    asked = outline.asked_by(old.id)
    state = _state(outline, file, parents, around)
    oracle = Oracle()
    try:
        for parent in parents:
            oracle.declare_known(parent.id, parent.columns)
        render_transformations(state, dict(asked.names))
        rendered = state.rendered[old.id]
        if "dialect" in rendered.settings:
            return None
        type_transformation(state, old.id, oracle)
        translate_all(state)
        made = state.nodes.get(old.id)
        if asked_by(rendered, state.following.get(old.id)).environment != asked.environment:
            return None
        if not isinstance(made, Transformation):
            return None if oracle.lacked else _broken(known, number, state)
        if lineage_of(state, made) != old.lineage or not _seen_as(old, made):
            return None
        if says_more(made.sql, made.columns) or state.diagnostics:
            return None
        if _is_hazard(state, made.id, known.views(number)):
            return None
    finally:
        oracle.close()
    spellings = {reading.query: reading.spelling for reading in state.readings.values()}
    made = structs.replace(made, **{name: getattr(old, name) for name in _ELSEWHERE})
    return made, raw(recipe_of(made, state.project.dialect, spellings))


def _broken(known: _Known, number: int, state: Compilation) -> Broken | None:
    """Return what is wrong with a query, if that is all that there is to say besides."""
    (rendered,) = state.rendered.values()
    earlier = known.earlier.diagnostics
    ids = known.outline.ids
    gone = frozenset(ids[each] for each in known.reached(number))
    # What else was warned of may hang on nodes that are gone now.
    alone = all(
        said.code in _OF_FILES or (said.node not in ("", *gone) and said.code not in _OF_READERS)
        for said in earlier
    )
    # Who is meant by a name that was not read before, only the whole project tells.
    names = any(said.code in _OF_NAMES for said in state.diagnostics) or "?" in rendered.refs
    own = all(said.span.file == rendered.file.path for said in state.diagnostics)
    if not (alone and own and state.diagnostics) or names:
        return None
    return Broken(diagnostics=tuple(ordered((*earlier, *state.diagnostics))), gone=gone)


def _is_hazard(state: Compilation, node: str, views: Sequence[FeatureView]) -> bool:
    """Tell whether there is anything to warn of in a query that views are made of."""
    if not views:
        return False
    from ffc.compiler.hazards import hazards_of  # few edits need it

    nowhere = Span(file="")
    return any(True for _ in hazards_of(state, node, views, lambda _: nowhere))


def _is_plain(known: _Known, old: Transformation, parents: Sequence[AnyNode]) -> bool:
    """Tell whether nobody sees more of a node than its columns, nor the node of its parents."""
    outline = known.outline
    names = {old.id, *(parent.id for parent in parents)}
    said = {place.file for d in known.earlier.diagnostics for place in (d.span, *d.related)}
    foreign = any(getattr(node, "dialect", "") for node in (old, *parents))
    return not (foreign or names & outline.exact or old.id in outline.tested or old.path in said)


def _state(
    outline: Outline, file: SqlFile, parents: Sequence[AnyNode], around: Around
) -> Compilation:
    """Return a compilation of one file, its parents known."""
    project = outline.settings()
    resources = Resources(project=project, sql=[file])
    return Compilation(
        resources=resources,
        project=project,
        target=outline.target,
        max_identifier=0,
        catalog=read_catalog(Resources())[0],
        macros=around.macros,
        translations=around.translations() if project.dialect != outline.target.dialect else {},
        text=partial(generate, dialect=outline.target.dialect),
        environment=around.environment,
        nodes={parent.id: parent for parent in parents},
    )


def _seen_as(old: Transformation, made: Transformation) -> bool:
    """Tell whether others see a node as they saw it before."""
    columns = ([(c.name, c.type, c.native) for c in node.columns] for node in (old, made))
    first, then = columns
    whole = {name: getattr(old, name) for name in (*_ELSEWHERE, *_TEXTS)}
    return first == then and structs.replace(made, **whole) == old
