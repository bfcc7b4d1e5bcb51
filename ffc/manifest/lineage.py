"""Lineage through a manifest: what a node or a column comes from, and what comes from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from ffc.core.diagnostics import closest, did_you_mean
from ffc.core.errors import NotFound
from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.names import meant
from ffc.manifest.records import AnyNode, Manifest

SCHEMA: Final = "ffc.lineage/v1"
# A value is computed from a column; its rows are filtered, grouped, joined or ordered by one.
EdgeKind = Literal["value", "row"]


class Place(NamedTuple):
    """A column of a node, or a node where `column` is empty."""

    node: str
    column: str = ""

    def __str__(self) -> str:
        """Write it as `ffc lineage` takes it."""
        return f"{self.node}.{self.column}" if self.column else self.node


class Link(NamedTuple):
    """One thing comes from another."""

    parent: Place
    child: Place
    kind: EdgeKind


@dataclass(frozen=True, slots=True)
class LineageGraph:
    """All links of a manifest, between columns or between nodes."""

    parents: Mapping[Place, tuple[Link, ...]]
    children: Mapping[Place, tuple[Link, ...]] = field(default_factory=dict)

    def around(self, place: Place, up: bool) -> tuple[Link, ...]:
        """Return the links to what a place comes from, or to what comes from it."""
        return (self.parents if up else self.children).get(place, ())

    def reached(self, start: Place, up: bool) -> dict[Place, EdgeKind]:
        """Return all that a place comes from (or that comes from it), nearest first.

        What is reached by values all the way is a value; anything else has to do with rows.
        """
        found: dict[Place, EdgeKind] = {}
        pending: deque[tuple[Place, EdgeKind]] = deque([(start, "value")])
        while pending:
            place, kind = pending.popleft()
            for link in self.around(place, up):
                other = link.parent if up else link.child
                own: EdgeKind = "value" if kind == link.kind == "value" else "row"
                if found.get(other) in (None, "row") and found.get(other) != own:
                    found[other] = own
                    pending.append((other, own))
        return found

    def links(self, start: Place, up: bool, depth: int | None = None) -> Iterator[Link]:
        """Yield every link on the way, each once, the nearest first; no further than `depth`."""
        seen = {start}
        pending = deque([(start, 0)])
        while pending:
            place, steps = pending.popleft()
            for link in self.around(place, up) if steps != depth else ():
                yield link
                other = link.parent if up else link.child
                if other not in seen:
                    seen.add(other)
                    pending.append((other, steps + 1))

    def near(self, start: Place, ways: tuple[bool, ...], depth: int | None) -> LineageGraph:
        """Return the links that are no more than `depth` steps away, all of them if it is None."""
        if depth is None:
            return self
        found = [link for up in ways for link in self.links(start, up, depth)]
        return _graph(dict.fromkeys(found))


def column_graph(manifest: Manifest) -> LineageGraph:
    """Return the links between columns."""
    found: list[Link] = []
    for node in manifest.nodes:
        for column, lineage in node.lineage.items():
            place = Place(node.id, column)
            found += [Link(Place(*ref), place, "value") for ref in lineage.values]
            found += [Link(Place(*ref), place, "row") for ref in lineage.rows]
    return _graph(found)


def node_graph(manifest: Manifest) -> LineageGraph:
    """Return the links between nodes."""
    return _graph(
        [
            Link(Place(parent), Place(node.id), "value")
            for node in manifest.nodes
            for parent in node.depends_on
        ]
    )


def _graph(links: Iterable[Link]) -> LineageGraph:
    parents: dict[Place, list[Link]] = {}
    children: dict[Place, list[Link]] = {}
    for link in links:
        parents.setdefault(link.child, []).append(link)
        children.setdefault(link.parent, []).append(link)
    return LineageGraph(
        {place: tuple(found) for place, found in parents.items()},
        {place: tuple(found) for place, found in children.items()},
    )


@dataclass(frozen=True, slots=True)
class Origin:
    """The columns of sources that a column is computed from, in order.

    Where there are none, as of a count, those that choose its rows: the `kind` tells.
    """

    kind: EdgeKind
    sources: tuple[Place, ...]


def origins(manifest: Manifest, node: AnyNode) -> dict[str, Origin]:
    """Return where each column of a node comes from in the end.

    A column of a source comes from nowhere else, nor does one of an entity.
    """
    nodes = {each.id: each for each in manifest.nodes}
    # The node itself may be one that is deployed, where others have moved on.
    nodes[node.id] = node
    found = {}
    for column in node.columns:
        place = Place(node.id, column.name)
        values = _ends(nodes, place, rows=False)
        found[column.name] = (
            Origin("value", values) if values else Origin("row", _ends(nodes, place, rows=True))
        )
    return found


def _ends(nodes: Mapping[str, AnyNode], start: Place, *, rows: bool) -> tuple[Place, ...]:
    found: list[Place] = []
    seen, pending = {start}, [start]
    while pending:
        place = pending.pop()
        own = nodes[place.node].lineage.get(place.column) if place.node in nodes else None
        if own is None and place != start:
            found.append(place)
        behind = [*own.values, *(own.rows if rows else ())] if own is not None else []
        fresh = {each for ref in behind if (each := Place(*ref)) not in seen}
        seen |= fresh
        pending += fresh
    return tuple(sorted(found))


def dependents(manifest: Manifest, node_id: str) -> tuple[str, ...]:
    """Return the ids of the nodes that read a node."""
    return tuple(node.id for node in manifest.nodes if node_id in node.depends_on)


def find_place(manifest: Manifest, text: str) -> Place:
    """Return what NODE or NODE.COLUMN stands for: an id, a name, `name@variant`, `group.table`.

    Of several variants a bare name means the one that goes first, as everywhere. Raises NotFound,
    with what could be meant.
    """
    names: dict[str, list[AnyNode]] = {}
    for node in manifest.nodes:
        for name in _names(node):
            names.setdefault(name, []).append(node)
    # The longest name that fits: a source's has a dot of its own.
    for end in sorted({len(text), *(i for i, c in enumerate(text) if c == ".")}, reverse=True):
        found = _meant(names.get(text[:end], []))
        if len(found) > 1:
            ids = ", ".join(f"`{node.id}`" for node in found)
            raise NotFound(f"`{text[:end]}` is several nodes", help=[f"write one of {ids}"])
        if found:
            return _column(found[0], text[end + 1 :])
    close = closest(text, names) or closest(text.rpartition(".")[0], names)
    hints = [f"did you mean `{close}`?"] if close else ["a node is named as in YAML, or by its id"]
    raise NotFound(f"there is no node `{text}`", help=hints)


def _meant(named: list[AnyNode]) -> list[AnyNode]:
    """Return those of the nodes of one name that it means: of each kind one, if one goes first."""
    kinds = dict.fromkeys(node.kind for node in named)
    return [n for kind in kinds for n in meant((n for n in named if n.kind == kind), None)]


def _names(node: AnyNode) -> set[str]:
    own = node.name if node.variant == DEFAULT_VARIANT else f"{node.name}@{node.variant}"
    return {node.id, own, node.name}


def _column(node: AnyNode, column: str) -> Place:
    known = [each.name for each in node.columns]
    if column and column not in known:
        hints = did_you_mean(column, known) or (f"it has {', '.join(known)}",)
        raise NotFound(f"`{node.id}` has no column `{column}`", help=list(hints))
    return Place(node.id, column)


def lineage_document(
    manifest: Manifest, graph: LineageGraph, start: Place, ways: tuple[bool, ...]
) -> dict[str, Any]:
    """Return the `ffc.lineage/v1` document; a way is up (True) or down (False)."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "target": manifest.target.name,
        "node": start.node,
        "column": start.column or None,
    }
    for up in ways:
        reached = graph.reached(start, up)
        document["up" if up else "down"] = [
            {"node": place.node, "column": place.column or None, "kind": kind}
            for place, kind in sorted(reached.items())
        ]
    document["edges"] = [
        {
            "from": {"node": link.parent.node, "column": link.parent.column or None},
            "to": {"node": link.child.node, "column": link.child.column or None},
            "kind": link.kind,
        }
        for link in sorted({link for up in ways for link in graph.links(start, up)})
    ]
    return document
