"""What is listed across nodes: the names of columns, the tags, the owners."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

from ffc.core.characters import visible
from ffc.manifest.records import AnyNode
from ffc.site.atlas import Atlas, Piece, by_name, described, tag_link
from ffc.site.facts import Pieces, commas, counted
from ffc.site.names import column_anchor, column_page, listing_page
from ffc.site.paging import cut

# So many nodes are named beside a column.
NAMED: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A column's name, wherever it occurs: (node, type) of each."""

    name: str
    places: tuple[tuple[AnyNode, str], ...]
    tags: tuple[str, ...]
    descriptions: tuple[str, ...]

    @property
    def types(self) -> tuple[str, ...]:
        """Return the types that it has, each once."""
        return tuple(sorted({kind for _, kind in self.places if kind}))


@dataclass(frozen=True, kw_only=True)
class Indexes:
    """The columns by name, and what has each tag and each owner."""

    atlas: Atlas

    @cached_property
    def columns(self) -> tuple[Named, ...]:
        """Return the names of columns, in order."""
        places: dict[str, list[tuple[AnyNode, str]]] = {}
        tags: dict[str, dict[str, None]] = {}
        words: dict[str, dict[str, None]] = {}
        for node in by_name(list(self.atlas.manifest.nodes)):
            for found in described(node):
                name = found.column.name
                kind = found.column.type or found.column.native
                places.setdefault(name, []).append((node, kind))
                tags.setdefault(name, {}).update(dict.fromkeys(found.tags))
                if found.description:
                    words.setdefault(name, {})[found.description] = None
        return tuple(
            Named(
                name=name,
                places=tuple(places[name]),
                tags=tuple(sorted(tags[name])),
                descriptions=tuple(words.get(name, ())),
            )
            for name in sorted(places, key=lambda name: (name.lower(), name))
        )

    @cached_property
    def column_hrefs(self) -> Mapping[str, str]:
        """Return where each name stands in the list of columns."""
        return {
            found.name: f"{listing_page('columns', number)}#{column_anchor(found.name)}"
            for number, page in enumerate(cut(self.columns), 1)
            for found in page
        }

    @cached_property
    def tags(self) -> Mapping[str, tuple[tuple[AnyNode, ...], tuple[tuple[AnyNode, str], ...]]]:
        """Return the nodes and the columns with each tag, in order."""
        found: dict[str, tuple[list[AnyNode], list[tuple[AnyNode, str]]]] = {}
        for node in by_name(list(self.atlas.manifest.nodes)):
            for tag in dict.fromkeys(node.tags):
                found.setdefault(tag, ([], []))[0].append(node)
            for each in described(node):
                for tag in each.tags:
                    found.setdefault(tag, ([], []))[1].append((node, each.column.name))
        return {tag: (tuple(found[tag][0]), tuple(found[tag][1])) for tag in sorted(found)}

    @cached_property
    def owners(self) -> Mapping[str, tuple[AnyNode, ...]]:
        """Return the nodes of each owner, in order."""
        found: dict[str, list[AnyNode]] = {}
        for node in by_name(list(self.atlas.manifest.nodes)):
            if node.owner:
                found.setdefault(node.owner, []).append(node)
        return {owner: tuple(found[owner]) for owner in sorted(found)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRow:
    """A column's name as its row of the list shows it."""

    anchor: str
    name: str
    href: str
    types: str
    tags: tuple[Piece, ...]
    nodes: Pieces


def named_row(atlas: Atlas, found: Named) -> NamedRow:
    """Return a row; where many nodes have the column, it leads to a page of its own."""
    many = len(found.places) > NAMED
    rest = len(found.places) - NAMED
    nodes = commas(
        atlas.column_link(node.id, found.name, atlas.link(node.id).text)
        for node, _ in islice(found.places, NAMED)
    )
    more = (
        (Piece(text=", "), Piece(text=counted(rest, "more", "more"), href=column_page(found.name)))
        if many
        else ()
    )
    return NamedRow(
        anchor=column_anchor(found.name),
        name=visible(found.name),
        href=column_page(found.name) if many else "",
        types=visible(", ".join(found.types)),
        tags=tuple(map(tag_link, found.tags)),
        nodes=(*nodes, *more),
    )


def tagged_nodes(pairs: Iterable[tuple[AnyNode, str]]) -> dict[str, list[str]]:
    """Return the columns of each node, by the node's id."""
    found: dict[str, list[str]] = {}
    for node, column in pairs:
        found.setdefault(node.id, []).append(column)
    return found
