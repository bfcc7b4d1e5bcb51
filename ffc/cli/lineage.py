"""Lineage as a tree that fits a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import click

from ffc.cli.widths import answer_folded, answer_width
from ffc.core.characters import cells, encodable, visible
from ffc.core.tables import WIDTH
from ffc.manifest.lineage import LineageGraph, Link, Place
from ffc.manifest.records import AnyNode, Manifest

# So many branches deep a tree is drawn, and so many at least where there is less room; what lies
# behind begins again at the left, below.
DEEPEST: Final = 10
_SHALLOWEST: Final = 6
BRANCHES: Final = "│├└─"
# The same where the encoding of the stream has no lines.
PLAIN: Final = "||`-"
# More steps than any project has.
_ENDLESS: Final = 1_000_000


def render_lineage(
    manifest: Manifest,
    graph: LineageGraph,
    start: Place,
    ways: tuple[bool, ...],
    depth: int | None = None,
    encoding: str | None = None,
) -> str:
    """Return a tree for each way: what a place comes from, and what comes from it.

    Branches are what a value is computed from; the columns that only choose its rows stand behind
    `rows:`, and are not followed. What is drawn once is referred to everywhere else. Of what is
    more than `depth` steps away only the number is told.
    """
    nodes = {node.id: node for node in manifest.nodes}
    parts = []
    for up in ways:
        drawing = _Drawing(graph, up, nodes, answer_width())
        heading = f"{visible(str(start))} {'comes from' if up else 'goes into'}"
        heading = answer_folded(heading)
        body = list(drawing.lines(start, depth or _ENDLESS))
        parts.append("\n".join([click.style(heading, bold=True), *(body or ["  nothing"])]))
    drawn = "\n\n".join(parts)
    has_lines = encodable(BRANCHES, encoding) == BRANCHES
    return drawn if has_lines else drawn.translate(str.maketrans(BRANCHES, PLAIN))


def _facts(nodes: Mapping[str, AnyNode], place: Place) -> str:
    """Return the type and the tags of a column."""
    node = nodes.get(place.node)
    for column in node.columns if node is not None and place.column else ():
        if column.name == place.column:
            return " ".join([column.type or column.native, *(f"[{tag}]" for tag in column.tags)])
    return ""


@dataclass(slots=True)
class _Drawing:
    """A tree that is being drawn: how many steps behind each place were, or will be below."""

    graph: LineageGraph
    up: bool
    nodes: Mapping[str, AnyNode]
    width: int
    above: dict[Place, int] = field(default_factory=dict)
    below: dict[Place, int] = field(default_factory=dict)

    def lines(self, start: Place, steps: int) -> Iterator[str]:
        """Yield the lines of a tree, then of those that did not fit beside it."""
        yield from self._branches(start, steps, "")
        while self.below:
            place = next(iter(self.below))
            steps = self.below.pop(place)
            if self.above.get(place, -1) < steps:
                self.above[place] = steps
                yield f"\n{click.style(visible(str(place)), bold=True)}, from above"
                yield from self._branches(place, steps, "")

    def _branches(self, place: Place, steps: int, indent: str) -> Iterator[str]:
        links = sorted(self.graph.around(place, self.up))
        others = [_other(link, self.up) for link in links if link.kind == "value"]
        rows = [_other(link, self.up) for link in links if link.kind == "row"]
        bar = "│" if others else " "
        said = "rows:" if self.up else "rows of:"
        for line in _rows(said, rows, self.width - len(indent) - 3):
            yield f"{indent}{bar}  {line}"
        for index, other in enumerate(others):
            last = index == len(others) - 1
            note = self._note(other, steps - 1, len(indent) // 3 + 1)
            below = indent + ("   " if last else "│  ")
            first, *more = self._texts(other, note, self.width - len(below))
            yield f"{indent}{'└─' if last else '├─'} {first}"
            behind = () if note else self.graph.around(other, self.up)
            bar = "│" if any(link.kind == "value" for link in behind) else " "
            yield from (f"{below}{bar}  {text}" for text in more)
            if not note:
                self.above[other] = steps - 1
                yield from self._branches(other, steps - 1, below)

    def _texts(self, place: Place, note: str, room: int) -> Iterator[str]:
        """Yield what stands on a branch, in lines that fit: a place, what is said of it."""
        name = visible(str(place))
        column = f".{visible(place.column)}" if place.column and cells(name) > room else ""
        told = " ".join(part for part in (_facts(self.nodes, place), note) if part)
        *lines, last = [visible(place.node), column] if column else [name]
        yield from lines
        said = click.style(told, dim=True)
        if told and cells(last) + cells(told) + 2 > room:
            yield from (last, said)
        else:
            yield f"{last}  {said}" if told else last

    def _note(self, place: Place, steps: int, level: int) -> str:
        """Return why nothing is drawn behind a place here; nothing if it is, or if nothing is."""
        behind = len({_other(link, self.up) for link in self.graph.around(place, self.up)})
        if not behind:
            return ""
        if self.above.get(place, -1) >= steps:
            return "(above)"
        if not steps:
            return f"({behind} more)"
        if level < max(_SHALLOWEST, DEEPEST - (WIDTH - self.width) // 3):
            return ""
        self.below[place] = max(steps, self.below.get(place, 0))
        return "(below)"


def _other(link: Link, up: bool) -> Place:
    return link.parent if up else link.child


def _rows(said: str, places: Sequence[Place], width: int) -> Iterator[str]:
    """Yield the columns that only choose rows, those of a node together."""
    nodes: dict[str, list[str]] = {}
    for place in places:
        nodes.setdefault(place.node, []).append(place.column)
    for node, columns in nodes.items():
        text = f"{said} {visible(node)} ({', '.join(map(visible, columns))})"
        lines = textwrap.wrap(text, max(width, 30), subsequent_indent="  ", break_long_words=False)
        yield from (click.style(line, dim=True) for line in lines)
