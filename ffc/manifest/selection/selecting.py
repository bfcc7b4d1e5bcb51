"""A selection evaluated: unions, intersections, the way up and down the graph, exclusions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from ffc.core.diagnostics import did_you_mean
from ffc.manifest.records import Manifest
from ffc.manifest.selection.finding import suggestions
from ffc.manifest.selection.methods import Nodes, SelectionContext
from ffc.manifest.selection.words import Criterion, read_words

# Methods that find nothing on a good day.
_MAY_BE_EMPTY: Final = ("state", "result", "git")

Edges = Mapping[str, Iterable[str]]


class Unmatched(Struct, frozen=True, kw_only=True):
    """A part of a selection that no node matches, and what could be meant."""

    text: str
    help: tuple[str, ...] = ()


class Selection(Struct, frozen=True, kw_only=True):
    """The ids of the nodes that are meant; with `state:removed`, of nodes that are gone too."""

    nodes: frozenset[str]
    unmatched: tuple[Unmatched, ...] = ()


def select(
    manifest: Manifest,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    *,
    context: SelectionContext | None = None,
) -> Selection:
    """Return the nodes that `select` means (all, where it is empty), without those of `exclude`.

    Texts and the words in them are united; commas intersect. Raises BadSelection.
    """
    graph = _Graph(manifest, context or SelectionContext())
    wanted = graph.union(select) if list(select) else set(graph.nodes.now)
    return Selection(
        nodes=frozenset(wanted - graph.union(exclude)),
        unmatched=tuple(dict.fromkeys(graph.unmatched)),
    )


class _Graph:
    """The nodes of a manifest and the edges between them."""

    def __init__(self, manifest: Manifest, context: SelectionContext) -> None:
        self.nodes = Nodes.of(manifest, context)
        self.unmatched: list[Unmatched] = []
        self._parents: Edges = {n.id: n.depends_on for n in manifest.nodes}
        self._children = _turned(self._parents)

    def union(self, texts: Iterable[str]) -> set[str]:
        """Return the nodes of a selection."""
        found: set[str] = set()
        for criteria in read_words(texts):
            found |= set.intersection(*[self._reached(each) for each in criteria])
        return found

    def _reached(self, criterion: Criterion) -> set[str]:
        start = self.nodes.matching(criterion)
        if not start and criterion.method not in _MAY_BE_EMPTY:
            self.unmatched.append(Unmatched(text=criterion.text, help=self._meant(criterion)))
        parents, children = self._parents, self._children
        if criterion.method == "state" and criterion.value == "removed":
            # What is gone has its place in the graph as it was.
            parents = {**{n.id: n.depends_on for n in self.nodes.before.values()}, **parents}
            was = _turned({n.id: n.depends_on for n in self.nodes.before.values()})
            children = {**children, **{each: was.get(each, []) for each in start}}
            known = {*self.nodes.now, *start}
            return {n for n in _around(start, criterion, parents, children) if n in known}
        return _around(start, criterion, parents, children)

    def _meant(self, criterion: Criterion) -> tuple[str, ...]:
        nodes = list(self.nodes.now.values())
        values: dict[str, Iterable[str]] = {
            "tag": {tag for node in nodes for tag in node.tags},
            "owner": {node.owner for node in nodes if node.owner},
            "entity": {node.name for node in nodes if node.kind == "entity"},
            "path": {node.path for node in nodes},
            "file": {node.path.rpartition("/")[2] for node in nodes},
        }
        if criterion.method in values:
            return did_you_mean(criterion.value, values[criterion.method])
        return tuple(suggestions(nodes, criterion.value))


def _turned(edges: Edges) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node, others in edges.items():
        for other in others:
            found.setdefault(other, []).append(node)
    return found


def _around(start: set[str], criterion: Criterion, parents: Edges, children: Edges) -> set[str]:
    if criterion.around:
        down = _walk(start, children, None)
        return _walk(down, parents, None)
    up = _walk(start, parents, criterion.up)
    return up | _walk(start, children, criterion.down)


def _walk(start: set[str], edges: Edges, steps: int | None) -> set[str]:
    """Return the nodes that so many steps reach (None: any number), and those begun with."""
    found, edge = set(start), set(start)
    while edge and steps != 0:
        edge = {other for node in edge for other in edges.get(node, ())} - found
        found |= edge
        steps = None if steps is None else steps - 1
    return found
