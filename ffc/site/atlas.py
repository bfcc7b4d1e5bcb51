"""A manifest with what its pages look up: who reads whom, and where each thing's page is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ffc.core.characters import visible
from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.lineage import LineageGraph, column_graph
from ffc.manifest.records import AnyNode, Column, FeatureView, Manifest
from ffc.site.names import column_anchor, node_page, owner_page, tag_page

# The kinds in the order in which data go through them: one, many.
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "source": ("source", "sources"),
    "transformation": ("transformation", "transformations"),
    "entity": ("entity", "entities"),
    "feature_view": ("feature view", "feature views"),
    "label": ("label", "labels"),
    "training_set": ("training set", "training sets"),
    "model": ("model", "models"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text: `href` is where it leads within the site, `mark` what it is."""

    text: str
    href: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A column with what its node says of it beyond its type: a feature has its own words."""

    column: Column
    description: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Atlas:
    """All that pages are made from."""

    manifest: Manifest
    nodes: Mapping[str, AnyNode]
    read_by: Mapping[str, tuple[str, ...]]
    columns: LineageGraph
    column_names: Mapping[str, frozenset[str]]

    def link(self, node_id: str, text: str = "") -> Piece:
        """Return a node's name with the way to its page; a node that is not there has none."""
        node = self.nodes.get(node_id)
        if node is None:
            return Piece(text=visible(text or node_id), mark="code")
        return Piece(text=visible(text or title(node)), href=node_page(node_id), mark="code")

    def column_link(self, node_id: str, column: str, text: str = "") -> Piece:
        """Return a column's name with the way to its row on its node's page."""
        shown = visible(text or column)
        if column not in self.column_names.get(node_id, ()):
            return Piece(text=shown, mark="code")
        href = f"{node_page(node_id)}#{column_anchor(column)}"
        return Piece(text=shown, href=href, mark="code")

    def of_kind(self, kind: str) -> list[AnyNode]:
        """Return the nodes of a kind, by name."""
        return by_name(node for node in self.manifest.nodes if node.kind == kind)


def chart(manifest: Manifest) -> Atlas:
    """Look everything up once."""
    nodes = {node.id: node for node in manifest.nodes}
    read_by: dict[str, list[str]] = {}
    for node in manifest.nodes:
        for parent in dict.fromkeys(node.depends_on):
            read_by.setdefault(parent, []).append(node.id)
    return Atlas(
        manifest=manifest,
        nodes=nodes,
        read_by={parent: tuple(sorted(found)) for parent, found in read_by.items()},
        columns=column_graph(manifest),
        column_names={node.id: frozenset(c.name for c in node.columns) for node in manifest.nodes},
    )


def title(node: AnyNode) -> str:
    """Return what people call a node: its name, and its variant unless it is the default one."""
    return node.name if node.variant == DEFAULT_VARIANT else f"{node.name}@{node.variant}"


def by_name(nodes: Iterator[AnyNode] | list[AnyNode]) -> list[AnyNode]:
    """Put nodes in the order in which people look for them."""
    return sorted(nodes, key=lambda node: (title(node).lower(), node.id))


def described(node: AnyNode) -> list[Described]:
    """Return a node's columns with the words about them, those of its features too."""
    words = (
        {feature.name: feature for feature in node.features}
        if isinstance(node, FeatureView)
        else {}
    )
    found = []
    for column in node.columns:
        feature = words.get(column.name)
        own = (feature.description, feature.tags) if feature else ("", ())
        found.append(
            Described(
                column=column,
                description=column.description or own[0],
                tags=tuple(dict.fromkeys((*column.tags, *own[1]))),
            )
        )
    return found


def tag_link(tag: str) -> Piece:
    """Return a tag with the way to its page."""
    return Piece(text=visible(tag), href=tag_page(tag), mark="tag")


def owner_link(owner: str) -> Piece:
    """Return an owner with the way to its page."""
    return Piece(text=visible(owner), href=owner_page(owner))
