"""Lineage as a diagram, for what draws Mermaid or DOT: whatever a column is named, it is a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ffc.core.characters import visible
from ffc.manifest.lineage import LineageGraph, Link, Place

# Beside letters and digits, what Mermaid takes as it is wherever it stands in a label.
_PLAIN: Final = " _,"


def mermaid(graph: LineageGraph, start: Place, ways: tuple[bool, ...]) -> str:
    """Return a Mermaid flowchart: arrows for values, dotted ones for rows.

    https://mermaid.js.org/syntax/flowchart.html
    """
    links, numbers = _numbered(graph, start, ways)
    lines = ["flowchart LR"]
    lines += [f'  {number}["{_mermaid_label(place)}"]' for place, number in numbers.items()]
    for link in links:
        arrow = "-->" if link.kind == "value" else "-.->"
        lines.append(f"  {numbers[link.parent]} {arrow} {numbers[link.child]}")
    return "\n".join([*lines, f"  style {numbers[start]} stroke-width:3px"])


def dot(graph: LineageGraph, start: Place, ways: tuple[bool, ...]) -> str:
    """Return a graph in DOT, for Graphviz: arrows for values, dashed ones for rows.

    https://graphviz.org/doc/info/lang.html
    """
    links, numbers = _numbered(graph, start, ways)
    lines = ["digraph lineage {", "  rankdir=LR;", "  node [shape=box];"]
    for place, number in numbers.items():
        mark = ", penwidth=3" if place == start else ""
        lines.append(f'  {number} [label="{_dot_label(place)}"{mark}];')
    for link in links:
        style = "" if link.kind == "value" else " [style=dashed]"
        lines.append(f"  {numbers[link.parent]} -> {numbers[link.child]}{style};")
    return "\n".join([*lines, "}"])


def _numbered(
    graph: LineageGraph, start: Place, ways: tuple[bool, ...]
) -> tuple[list[Link], dict[Place, str]]:
    """Return the links in order, and a short name for each place that they join."""
    links = sorted({link for up in ways for link in graph.links(start, up)})
    places = sorted({start, *(p for link in links for p in (link.parent, link.child))})
    return links, {place: f"n{index}" for index, place in enumerate(places)}


def _mermaid_label(place: Place) -> str:
    # A dot is part of every node; in a column it could make a list of it, as in `1. a`.
    parts = ["".join(_mermaid(place.node, f"{_PLAIN}.")), "".join(_mermaid(place.column, _PLAIN))]
    return "<br/>".join(part for part in parts if part)


def _mermaid(text: str, plain: str) -> Iterator[str]:
    """Yield a text's characters; what could be a quote, a tag or a directive as its number."""
    for character in visible(text):
        as_it_is = character.isalnum() or character in plain or not character.isascii()
        yield character if as_it_is else f"#{ord(character)};"


def _dot_label(place: Place) -> str:
    parts = [_dot(place.node), _dot(place.column)]
    return "\\n".join(part for part in parts if part)


def _dot(text: str) -> str:
    # Graphviz reads entities in quotes, as HTML has them.
    found = visible(text).replace("&", "&amp;")
    return found.replace("\\", "\\\\").replace('"', '\\"')
