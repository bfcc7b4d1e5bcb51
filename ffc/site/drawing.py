"""Lineage as SVG: the whole project where it is small, and what is near each node."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from ffc.core.characters import cells, leading, visible
from ffc.manifest.records import AnyNode
from ffc.site.atlas import KINDS, Atlas, title
from ffc.site.layout import Box, Line, Size, lay_out
from ffc.site.names import node_page

# Up to so many nodes the whole project is one drawing; so many are drawn around one node.
WHOLE: Final = 120
NEAR: Final = 26
STEPS: Final = 3

# In pixels. No fixed-width font in use has wider characters at the size that the style gives them.
_CHARACTER: Final = 7.9
_ROW: Final = 17
_HEAD: Final = 25
_FOOT: Final = 9
_SIDE: Final = 13
_LEAST: Final = 118
MARGIN: Final = 14
# A name is broken into so many lines of so many characters.
_LETTERS: Final = 26
_LINES: Final = 4
_WORD: Final = re.compile(r"[^_.@-]*[_.@-]+|[^_.@-]+")
# Stand for the direct neighbours that there is no room for, on either side; no ids of nodes.
_MORE_READ: Final = "\0read"
_MORE_READERS: Final = "\0readers"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnNode:
    """A box with the lines of its name; without `href` it stands for nodes that are not drawn."""

    box: Box
    name: str
    lines: tuple[tuple[int, str], ...]
    kind: str
    kind_name: str
    href: str
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drawing as its template takes it; each path is one edge.

    `beyond` are the ends of edges to nodes that are not drawn.
    """

    width: int
    height: int
    label: str
    nodes: tuple[DrawnNode, ...]
    paths: tuple[str, ...]
    beyond: tuple[str, ...] = ()


def whole_picture(atlas: Atlas) -> Picture | None:
    """Draw the project's data, entities aside; None where there is nothing, or too much to see."""
    wanted = [node.id for node in atlas.manifest.nodes if node.kind != "entity"]
    if not wanted or len(wanted) > WHOLE:
        return None
    label = f"Lineage of the project {visible(atlas.manifest.project.name)}"
    return _picture(atlas, _reads(atlas, wanted), {}, "", label)


def near_picture(atlas: Atlas, node: AnyNode) -> Picture | None:
    """Draw what a node comes from and goes into, step by step while there is room.

    Entities say what rows are about; data do not come from them, so they are drawn on their own
    pages alone.
    """
    around = {_MORE_READ: _neighbours(atlas, node, up=True)}
    around[_MORE_READERS] = _neighbours(atlas, node, up=False)
    room = NEAR // 2
    taken = [node.id, *(each for found in around.values() for each in found[:room])]
    more = {side: len(found) - room for side, found in around.items() if len(found) > room}
    sides = {side: found[:room] for side, found in around.items()}
    for side, found in sides.items():
        if side not in more:
            farther = _farther(atlas, found, taken, up=side == _MORE_READ)
            taken += farther
            sides[side] = [*found, *farther]
    if len(taken) < 2:
        return None
    reads = _reads(atlas, taken)
    if _MORE_READ in more:
        reads[_MORE_READ] = []
        reads[node.id].append(_MORE_READ)
    if _MORE_READERS in more:
        reads[_MORE_READERS] = [node.id]
    label = f"Lineage around {visible(title(node))}"
    drawn = _picture(atlas, reads, more, node.id, label)
    return replace(drawn, beyond=tuple(_beyond(atlas, drawn, sides)))


def _beyond(atlas: Atlas, drawn: Picture, sides: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Yield a short level path where a node on a side has neighbours farther on, not drawn."""
    boxes = {node.box.node: node.box for node in drawn.nodes}
    for side, nodes in sides.items():
        up = side == _MORE_READ
        for name in nodes:
            if not all(each in boxes for each in _neighbours(atlas, atlas.nodes[name], up)):
                box = boxes[name]
                left = box.x - MARGIN if up else box.x + box.width
                # Below the middle, where edges to what is drawn arrive and leave.
                yield f"M{left} {box.y + box.height * 3 // 4}h{MARGIN}"


def _neighbours(atlas: Atlas, node: AnyNode, up: bool) -> list[str]:
    found = node.depends_on if up else atlas.read_by.get(node.id, ())
    known = [atlas.nodes[each] for each in dict.fromkeys(found) if each in atlas.nodes]
    return sorted(each.id for each in known if each.kind != "entity" and each is not node)


def _farther(atlas: Atlas, ring: Sequence[str], taken: Collection[str], up: bool) -> list[str]:
    """Return the nodes of the next steps, each step whole or not at all."""
    found: list[str] = []
    for _ in range(STEPS - 1):
        near = (each for one in ring for each in _neighbours(atlas, atlas.nodes[one], up))
        ring = [each for each in dict.fromkeys(near) if each not in taken and each not in found]
        if len(taken) + len(found) + len(ring) > NEAR:
            break
        found += ring
    return found


def _reads(atlas: Atlas, wanted: Iterable[str]) -> dict[str, list[str]]:
    found = dict.fromkeys(wanted)
    return {node: [p for p in atlas.nodes[node].depends_on if p in found] for node in found}


def _picture(
    atlas: Atlas,
    reads: Mapping[str, Collection[str]],
    more: Mapping[str, int],
    here: str,
    label: str,
) -> Picture:
    lines = {
        name: (f"{more[name]} more",) if name in more else name_lines(title(atlas.nodes[name]))
        for name in reads
    }
    drawing = lay_out({name: _size(found) for name, found in lines.items()}, reads)
    return Picture(
        width=drawing.width + 2 * MARGIN,
        height=drawing.height + 2 * MARGIN,
        label=label,
        nodes=tuple(_drawn(atlas, box, lines[box.node], here) for box in drawing.boxes),
        paths=tuple(_path(line) for line in drawing.lines),
    )


def _drawn(atlas: Atlas, box: Box, lines: Sequence[str], here: str) -> DrawnNode:
    node = atlas.nodes.get(box.node)
    text_tops = (box.y + MARGIN + _HEAD + _ROW * index + 11 for index in range(len(lines)))
    return DrawnNode(
        box=Box(
            node=box.node,
            x=box.x + MARGIN,
            y=box.y + MARGIN,
            width=box.width,
            height=box.height,
        ),
        name=visible(title(node)) if node else lines[0],
        lines=tuple(zip(text_tops, lines, strict=True)),
        kind=node.kind if node else "more",
        kind_name=KINDS[node.kind][0] if node else _side(box.node),
        href=node_page(node.id) if node else "",
        here=box.node == here,
    )


def _side(box: str) -> str:
    return "read" if box == _MORE_READ else "readers"


def _size(lines: Sequence[str]) -> Size:
    widest = max(map(cells, lines))
    width = max(_LEAST, round(widest * _CHARACTER) + 2 * _SIDE)
    return width, _HEAD + _ROW * len(lines) + _FOOT


def name_lines(name: str) -> tuple[str, ...]:
    """Break a name into a few short lines, at its underscores and dots where it has them."""
    lines = [""]
    for word in _WORD.findall(visible(name)) or [visible(name)]:
        if lines[-1] and cells(lines[-1] + word) > _LETTERS:
            lines.append("")
        lines[-1] += word
        while cells(lines[-1]) > _LETTERS:
            cut = leading(lines[-1], _LETTERS)
            lines[-1:] = [lines[-1][:cut], lines[-1][cut:]]
    if len(lines) > _LINES:
        last = lines[_LINES - 1]
        lines = [*lines[: _LINES - 1], f"{last[: leading(last, _LETTERS - 1)]}…"]
    return tuple(lines)


def _path(line: Line) -> str:
    """Return an edge as a path: level where it leaves and arrives, curved between layers."""
    points = [(x + MARGIN, y + MARGIN) for x, y in line.points]
    (x, y) = points[0]
    parts = [f"M{x} {y}"]
    for index, ((left, high), (right, low)) in enumerate(pairwise(points)):
        middle = (left + right) // 2
        straight = index % 2 == 0 or high == low
        parts.append(f"H{right}" if straight else f"C{middle} {high} {middle} {low} {right} {low}")
    return "".join(parts)
