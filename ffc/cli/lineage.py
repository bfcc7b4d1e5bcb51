"""Lineage as a tree of text, and as a diagram."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from ffc.core.characters import visible
from ffc.core.tables import WIDTH
from ffc.manifest.lineage import LineageGraph, Link, Place
from ffc.manifest.records import Manifest


def render_lineage(
    manifest: Manifest, graph: LineageGraph, start: Place, ways: tuple[bool, ...]
) -> str:
    """Return a tree for each way: what a place comes from, and what comes from it.

    Branches are what a value is computed from; the columns that only choose its rows stand behind
    `rows:`, and are not followed. What was shown above is not shown again.
    """
    facts = _facts(manifest)
    parts = []
    for up in ways:
        heading = "comes from" if up else "goes into"
        lines = [click.style(f"{start} {heading}", bold=True)]
        seen: set[Place] = set()
        body = list(_branches(graph, start, up, "", seen, facts))
        parts.append("\n".join([*lines, *(body or ["  nothing"])]))
    return "\n\n".join(parts)


def _facts(manifest: Manifest) -> dict[Place, str]:
    """Return the type and the tags of each column."""
    return {
        Place(node.id, column.name): " ".join(
            [column.type or column.native, *(f"[{tag}]" for tag in column.tags)]
        )
        for node in manifest.nodes
        for column in node.columns
    }


def _branches(
    graph: LineageGraph,
    place: Place,
    up: bool,
    indent: str,
    seen: set[Place],
    facts: dict[Place, str],
) -> Iterator[str]:
    links = sorted(graph.around(place, up))
    others = [_other(link, up) for link in links if link.kind == "value"]
    rows = [_other(link, up) for link in links if link.kind == "row"]
    bar = "│" if others else " "
    said = "rows:" if up else "rows of:"
    yield from (f"{indent}{bar}  {line}" for line in _rows(said, rows, WIDTH - len(indent) - 3))
    for index, other in enumerate(others):
        last = index == len(others) - 1
        again = other in seen and bool(graph.around(other, up))
        told = facts.get(other, "") + (" (above)" if again else "")
        line = f"{indent}{'└─' if last else '├─'} {visible(str(other))}"
        yield line + (click.style(f"  {told.strip()}", dim=True) if told else "")
        if not again:
            seen.add(other)
            deeper = indent + ("   " if last else "│  ")
            yield from _branches(graph, other, up, deeper, seen, facts)


def _other(link: Link, up: bool) -> Place:
    return link.parent if up else link.child


def _rows(said: str, places: list[Place], width: int) -> Iterator[str]:
    """Yield the columns that only choose rows, those of a node together."""
    nodes: dict[str, list[str]] = {}
    for place in places:
        nodes.setdefault(place.node, []).append(place.column)
    for node, columns in nodes.items():
        text = f"{said} {visible(node)} ({', '.join(map(visible, columns))})"
        lines = textwrap.wrap(text, max(width, 30), subsequent_indent="  ", break_long_words=False)
        yield from (click.style(line, dim=True) for line in lines)


def mermaid(graph: LineageGraph, start: Place, ways: tuple[bool, ...]) -> str:
    """Return a Mermaid flowchart: arrows for values, dotted ones for rows.

    https://mermaid.js.org/syntax/flowchart.html
    """
    links = sorted({link for up in ways for link in graph.links(start, up)})
    places = sorted({start, *(p for link in links for p in (link.parent, link.child))})
    numbers = {place: f"n{index}" for index, place in enumerate(places)}
    lines = ["flowchart LR"]
    lines += [f'  {number}["{_quoted(place)}"]' for place, number in numbers.items()]
    for link in links:
        arrow = "-->" if link.kind == "value" else "-.->"
        lines.append(f"  {numbers[link.parent]} {arrow} {numbers[link.child]}")
    return "\n".join([*lines, f"  style {numbers[start]} stroke-width:3px"])


def _quoted(place: Place) -> str:
    text = visible(place.node) + (f"<br/>{visible(place.column)}" if place.column else "")
    return text.replace("#", "#35;").replace('"', "#quot;")
