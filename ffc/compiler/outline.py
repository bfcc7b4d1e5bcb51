"""Outlines: what the next compilation needs to know of one that ended well, beside its manifest.

With both it can tell whether an edit stays in its place (`ffc/compiler/in_place.py`). What few ask
for is not decoded until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from ffc.compiler.compilation import Compilation
from ffc.compiler.fingerprints import Recipe
from ffc.manifest.records import AnyNode, Target
from ffc.project.folders import PROJECT_FILE
from ffc.project.packing import Unpackable, packed, unpacked
from ffc.project.rendered import Rendered
from ffc.project.resources import ProjectFile

_RECIPES: Final = msgspec.msgpack.Decoder(Recipe)


class Asked(Struct, frozen=True, array_like=True):
    """What the template of a transformation asked for: names with their ids, the environment."""

    names: tuple[tuple[tuple[str, ...], str], ...]
    environment: tuple[str, ...]


_ASKED: Final = msgspec.msgpack.Decoder(Asked)


class Outline(Struct, frozen=True, array_like=True):
    """The nodes in the order of the passes, parents before children: what each is made of.

    `project` is ffc.yml with the variables that were given; `parents` are numbers of nodes, in the
    order of `depends_on`; `recipes` and `asked` are packed. What reads an `exact` node sees its
    query, not its columns alone; a `tested` one has unit tests that look at its text.
    """

    project: Any
    target: Target
    ids: tuple[str, ...]
    parents: tuple[tuple[int, ...], ...]
    fingerprints: tuple[str, ...]
    recipes: tuple[msgspec.Raw, ...]
    asked: dict[str, msgspec.Raw]
    exact: frozenset[str]
    tested: frozenset[str]

    def recipe(self, number: int) -> Recipe:
        """Return what a node gives to its data fingerprint."""
        return _RECIPES.decode(self.recipes[number])

    def asked_by(self, node: str) -> Asked:
        """Return what a transformation's template asked for."""
        return _ASKED.decode(self.asked[node])

    def settings(self) -> ProjectFile:
        """Return what ffc.yml says."""
        project: ProjectFile = unpacked(self.project, PROJECT_FILE)
        return project


def outline_of(
    state: Compilation, nodes: Iterable[AnyNode], recipes: Mapping[str, Recipe]
) -> Outline | None:
    """Return the outline of a compilation that ended in these nodes, in their order.

    None where ffc.yml says what can't be kept.
    """
    nodes = list(nodes)
    number = {node.id: at for at, node in enumerate(nodes)}
    try:
        project = packed(state.project)
    except Unpackable:
        return None
    return Outline(
        project=project,
        target=state.target,
        ids=tuple(number),
        parents=tuple(tuple(number[parent] for parent in node.depends_on) for node in nodes),
        fingerprints=tuple(node.data_fingerprint for node in nodes),
        recipes=tuple(raw(recipes[node.id]) for node in nodes),
        asked={
            node: raw(asked_by(rendered, state.following.get(node)))
            for node, rendered in state.rendered.items()
        },
        exact=frozenset(state.exact),
        tested=frozenset(_tested(state)),
    )


def raw(record: Struct) -> msgspec.Raw:
    """Return a record as outlines have it."""
    return msgspec.Raw(msgspec.msgpack.encode(record))


def asked_by(*renderings: Rendered | None) -> Asked:
    """Return what a transformation's template asked for, over its renderings."""
    made = [rendered for rendered in renderings if rendered is not None]
    names = {words: node for rendered in made for words, node in rendered.names.items()}
    environment = {name for rendered in made for name in rendered.environment}
    return Asked(tuple(names.items()), tuple(sorted(environment)))


def _tested(state: Compilation) -> Iterable[str]:
    """Yield the nodes of which unit tests see more than columns and what they read."""
    for test in state.resources.unit_tests:
        of = state.catalog.find(test.of, "transformation", "feature_view")
        if of is not None and (test.overrides is not None or of.id in state.following):
            yield of.id
