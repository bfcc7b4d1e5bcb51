"""A layered drawing of a graph, left to right: who reads stands right of what it reads.

Sugiyama, Tagawa and Toda, 1981: layers, places for long edges to pass, an order in each layer with
few crossings, positions. The same graph gives the same drawing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ffc.core.graphs import in_order

Size = tuple[int, int]
# A node, or the place in a layer where the edges of a node pass.
Spot = tuple[str, int]

_NODE: Final = -1
BETWEEN_LAYERS: Final = 46
BETWEEN_NODES: Final = 14
_BETWEEN_LINES: Final = 8
_ORDERINGS: Final = 12
_SETTLINGS: Final = 8
# Lines are kept straight before boxes are put in the middle of what they read.
_LINE_WEIGHT: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a node is drawn."""

    node: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An edge as points: level from the first to the second, then a curve, and so on in turn."""

    parent: str
    child: str
    points: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A whole graph, and the room that it takes."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def lay_out(sizes: Mapping[str, Size], reads: Mapping[str, Collection[str]]) -> Drawing:
    """Place nodes of given sizes; `reads` are each node's parents.

    An edge of a cycle, which no manifest of ours has, is drawn backwards.
    """
    known = {node: sorted({p for p in reads.get(node, ()) if p in sizes}) for node in sorted(sizes)}
    order, _ = in_order(known)
    rank = {node: index for index, node in enumerate(order)}
    parents = {n: [p for p in known[n] if rank[p] < rank[n]] for n in order}
    layers = _layers(order, parents)
    routes = _routes(parents, layers)
    rows = _rows(order, layers, routes)
    steps = _steps(routes)
    rows = _with_few_crossings(rows, steps)
    return _drawn(sizes, rows, _middles(sizes, rows, steps), routes)


def _layers(order: Sequence[str], parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the layer of each node: right of all that it reads, its longest edges short."""
    layers: dict[str, int] = {}
    children: dict[str, list[str]] = {node: [] for node in order}
    for node in order:
        layers[node] = max((layers[p] + 1 for p in parents[node]), default=0)
        for parent in parents[node]:
            children[parent].append(node)
    for node in reversed(order):
        if len(children[node]) > len(parents[node]):
            layers[node] = min(layers[child] for child in children[node]) - 1
    ranks = {layer: rank for rank, layer in enumerate(sorted(set(layers.values())))}
    return {node: ranks[layer] for node, layer in layers.items()}


def _routes(
    parents: Mapping[str, Sequence[str]], layers: Mapping[str, int]
) -> dict[tuple[str, str], list[Spot]]:
    """Return each edge as the spots it passes; the edges of one node share theirs."""
    return {
        (parent, child): [
            (parent, _NODE),
            *((parent, layer) for layer in range(layers[parent] + 1, layers[child])),
            (child, _NODE),
        ]
        for child, found in parents.items()
        for parent in found
    }


def _rows(
    order: Sequence[str],
    layers: Mapping[str, int],
    routes: Mapping[tuple[str, str], Sequence[Spot]],
) -> list[list[Spot]]:
    """Return the spots of each layer, in the order in which a walk over the graph comes by."""
    rows: list[list[Spot]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    seen: set[Spot] = set()
    passed: dict[str, list[Spot]] = {}
    for (_, child), route in routes.items():
        passed.setdefault(child, []).extend(route[1:-1])
    for node in order:
        for spot in (*passed.get(node, ()), (node, _NODE)):
            if spot not in seen:
                seen.add(spot)
                rows[layers[node] if spot[1] == _NODE else spot[1]].append(spot)
    return rows


@dataclass(frozen=True, slots=True)
class _Steps:
    """The neighbours of each spot in the layers beside its own."""

    left: Mapping[Spot, Sequence[Spot]]
    right: Mapping[Spot, Sequence[Spot]]


def _steps(routes: Mapping[tuple[str, str], Sequence[Spot]]) -> _Steps:
    left: dict[Spot, list[Spot]] = {}
    right: dict[Spot, list[Spot]] = {}
    for one, other in dict.fromkeys(pair for route in routes.values() for pair in pairwise(route)):
        right.setdefault(one, []).append(other)
        left.setdefault(other, []).append(one)
    return _Steps(left, right)


def _with_few_crossings(rows: list[list[Spot]], steps: _Steps) -> list[list[Spot]]:
    """Order each layer by the middle of its neighbours, to and fro; the best order wins."""
    best, least = rows, _crossings(rows, steps)
    for turn in range(_ORDERINGS):
        if least == 0:
            break
        rows = _swept(rows, steps, forward=turn % 2 == 0)
        found = _crossings(rows, steps)
        if found < least:
            best, least = rows, found
    return best


def _swept(rows: list[list[Spot]], steps: _Steps, forward: bool) -> list[list[Spot]]:
    near = steps.left if forward else steps.right
    places: dict[Spot, int] = {}
    found: list[list[Spot]] = []
    for row in rows if forward else reversed(rows):
        middles = {
            spot: sum(places[o] for o in near[spot]) / len(near[spot]) if spot in near else index
            for index, spot in enumerate(row)
        }
        ordered = sorted(row, key=middles.__getitem__)
        places = {spot: index for index, spot in enumerate(ordered)}
        found.append(ordered)
    return found if forward else found[::-1]


def _crossings(rows: Sequence[Sequence[Spot]], steps: _Steps) -> int:
    """Count the pairs of steps that cross."""
    count = 0
    for row, following in pairwise(rows):
        places = {spot: index for index, spot in enumerate(following)}
        ends: list[int] = []
        for spot in row:
            found = sorted(places[other] for other in steps.right.get(spot, ()))
            count += sum(end > other for other in found for end in ends)
            ends += found
    return count


def _middles(
    sizes: Mapping[str, Size], rows: Sequence[Sequence[Spot]], steps: _Steps
) -> dict[Spot, float]:
    """Return the height of each spot's middle: near its neighbours', nothing overlapping."""
    middles: dict[Spot, float] = {}
    for row in rows:
        middles.update(zip(row, _apart(row, sizes, [0.0] * len(row)), strict=True))
    for turn in range(_SETTLINGS):
        forward = turn % 2 == 0
        near = steps.left if forward else steps.right
        for row in rows if forward else reversed(rows):
            wanted = [
                sum(middles[o] for o in near[spot]) / len(near[spot])
                if near.get(spot)
                else middles[spot]
                for spot in row
            ]
            middles.update(zip(row, _apart(row, sizes, wanted), strict=True))
    return middles


def _apart(
    row: Sequence[Spot], sizes: Mapping[str, Size], wanted: Sequence[float]
) -> Iterable[float]:
    """Return heights as near to those wanted as they can be in this order without overlapping.

    Least squares by pooling adjacent violators (Ayer et al., 1955).
    """
    offsets = [0.0]
    for above, below in pairwise(row):
        line = _NODE not in (above[1], below[1])
        gap = _BETWEEN_LINES if line else BETWEEN_NODES
        offsets.append(offsets[-1] + (_height(above, sizes) + _height(below, sizes)) / 2 + gap)
    pools: list[tuple[float, float, int]] = []
    for spot, height, offset in zip(row, wanted, offsets, strict=True):
        weight = 1.0 if spot[1] == _NODE else _LINE_WEIGHT
        total, number = weight * (height - offset), 1
        while pools and pools[-1][0] / pools[-1][1] >= total / weight:
            more, heavier, others = pools.pop()
            total, weight, number = total + more, weight + heavier, number + others
        pools.append((total, weight, number))
    means = [total / weight for total, weight, number in pools for _ in range(number)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _height(spot: Spot, sizes: Mapping[str, Size]) -> int:
    return sizes[spot[0]][1] if spot[1] == _NODE else 0


def _drawn(
    sizes: Mapping[str, Size],
    rows: Sequence[Sequence[Spot]],
    middles: Mapping[Spot, float],
    routes: Mapping[tuple[str, str], Sequence[Spot]],
) -> Drawing:
    top = min((y - _height(spot, sizes) / 2 for spot, y in middles.items()), default=0.0)
    heights = {spot: round(middle - top) for spot, middle in middles.items()}
    lefts, rights = _sides(sizes, rows)
    boxes = tuple(
        Box(
            node=spot[0],
            x=lefts[spot],
            y=heights[spot] - _height(spot, sizes) // 2,
            width=sizes[spot[0]][0],
            height=_height(spot, sizes),
        )
        for row in rows
        for spot in row
        if spot[1] == _NODE
    )
    lines = tuple(
        Line(parent=parent, child=child, points=_points(route, sizes, lefts, rights, heights))
        for (parent, child), route in routes.items()
    )
    bottom = max((box.y + box.height for box in boxes), default=0)
    height = max([bottom, *(y + 1 for line in lines for _, y in line.points)])
    width = max(rights.values(), default=0)
    return Drawing(boxes=boxes, lines=lines, width=width, height=height)


def _sides(
    sizes: Mapping[str, Size], rows: Sequence[Sequence[Spot]]
) -> tuple[dict[Spot, int], dict[Spot, int]]:
    """Return where the layer of each spot begins and ends: a layer is as wide as its widest."""
    lefts: dict[Spot, int] = {}
    rights: dict[Spot, int] = {}
    left = 0
    for row in rows:
        width = max((sizes[node][0] for node, kind in row if kind == _NODE), default=0)
        lefts.update(dict.fromkeys(row, left))
        rights.update(dict.fromkeys(row, left + width))
        left += width + BETWEEN_LAYERS
    return lefts, rights


def _points(
    route: Sequence[Spot],
    sizes: Mapping[str, Size],
    lefts: Mapping[Spot, int],
    rights: Mapping[Spot, int],
    heights: Mapping[Spot, int],
) -> tuple[tuple[int, int], ...]:
    """Return where an edge leaves its parent, leaves and enters each layer, and ends."""
    first = route[0]
    found = [(lefts[first] + sizes[first[0]][0], heights[first])]
    for spot, following in pairwise(route):
        found += [(rights[spot], heights[spot]), (lefts[following], heights[following])]
    return tuple(found)
