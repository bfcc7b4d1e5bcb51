"""Every page of a site: its place, its template, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from ffc.core.characters import visible
from ffc.manifest.names import PUBLISHED, has_relation, published_name
from ffc.manifest.records import AnyNode, Transformation
from ffc.site.asked import asked_views
from ffc.site.atlas import KINDS, Atlas, Piece, by_name, owner_link, tag_link, title
from ffc.site.columns import column_rows, rows_of
from ffc.site.drawing import Picture, near_picture
from ffc.site.facts import counted, facts
from ffc.site.indexes import Indexes, Named, named_row, tagged_nodes
from ffc.site.names import (
    column_page,
    kind_page,
    listing_page,
    node_page,
    numbered_page,
    owner_page,
    tag_page,
)
from ffc.site.paging import PAGE, Part, parts
from ffc.site.sql import highlighted
from ffc.site.texts import one_line, paragraphs

# Up to so many nodes each page lists all of them at its side; else kinds alone.
LISTED: Final = 100
GRAPH_PAGE: Final = "lineage.html"
# A node, and the names of its columns that are meant; none where it is meant itself.
_Tagged = tuple[AnyNode, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page to be rendered; `section` is what of the side it belongs to."""

    path: str
    template: str
    title: str
    section: str = ""
    node: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """A node as lists show it."""

    link: Piece
    kind: str
    kind_name: str
    description: str
    tags: tuple[Piece, ...]
    owner: Piece | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KindList:
    """The nodes of a kind, as the first page shows them; without rows they are only counted."""

    kind: str
    name: str
    said: str
    href: str
    rows: list[NodeRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A query as a page shows it."""

    title: str
    pieces: tuple[Piece, ...]
    open: bool = False


def all_pages(atlas: Atlas, indexes: Indexes, picture: Picture | None) -> Iterator[Page]:
    """Yield every page of the site; `picture` is of the whole project."""
    yield _home(atlas, picture)
    if picture is not None:
        yield Page(
            path=GRAPH_PAGE,
            template="lineage.html",
            title="Lineage",
            section="lineage",
            values={"picture": picture},
        )
    for kind in KINDS:
        nodes = atlas.of_kind(kind)
        if nodes:
            yield from _kind(kind, nodes)
    for node in atlas.manifest.nodes:
        yield _node(atlas, node)
    yield from _columns(atlas, indexes)
    yield from _tags(atlas, indexes)
    yield from _owners(indexes)


def node_row(node: AnyNode) -> NodeRow:
    """Return a node as lists show it."""
    return NodeRow(
        link=Piece(text=visible(title(node)), href=node_page(node.id), mark="code"),
        kind=node.kind,
        kind_name=KINDS[node.kind][0],
        description=one_line(node.description),
        tags=tuple(map(tag_link, node.tags)),
        owner=owner_link(node.owner) if node.owner else None,
    )


def _home(atlas: Atlas, picture: Picture | None) -> Page:
    project = atlas.manifest.project
    small = len(atlas.manifest.nodes) <= LISTED
    kinds = [(kind, atlas.of_kind(kind)) for kind in KINDS]
    values = {
        "kinds": [
            KindList(
                kind=kind,
                name=KINDS[kind][1],
                said=counted(len(nodes), *KINDS[kind]),
                href=kind_page(kind),
                rows=[node_row(node) for node in nodes] if small else [],
            )
            for kind, nodes in kinds
            if nodes
        ],
        "picture": picture,
        "project": project,
        "target": atlas.manifest.target,
        "variables": [
            visible(f"{name}: {json.dumps(value, ensure_ascii=False)}")
            for name, value in project.variables.items()
        ],
        "listed": small,
    }
    name = visible(project.name)
    return Page(path="index.html", template="home.html", title=name, section="home", values=values)


def _kind(kind: str, nodes: list[AnyNode]) -> Iterator[Page]:
    for part in parts(nodes, partial(numbered_page, kind_page(kind)), title):
        yield Page(
            path=part.path,
            template="nodes.html",
            title=KINDS[kind][1].capitalize(),
            section=kind,
            values={
                "rows": [node_row(node) for node in part.rows],
                "spans": part.spans,
                "said": counted(len(nodes), *KINDS[kind]),
                "columns": [],
                "kinds": False,
            },
        )


def _node(atlas: Atlas, node: AnyNode) -> Page:
    read = [atlas.nodes[each] for each in dict.fromkeys(node.depends_on) if each in atlas.nodes]
    readers = [atlas.nodes[each] for each in atlas.read_by.get(node.id, ())]
    values = {
        "node": node,
        "kind_name": KINDS[node.kind][0],
        "kind_href": kind_page(node.kind),
        "queried": _queried(node),
        "description": paragraphs(node.description),
        "facts": facts(atlas, node),
        "picture": near_picture(atlas, node),
        "columns": column_rows(atlas, node),
        "chosen": rows_of(atlas, node),
        "asked": asked_views(atlas, node),
        "tests": node.tests,
        "queries": _queries(atlas, node),
        "read": [node_row(each) for each in by_name(read)[:PAGE]],
        "readers": [node_row(each) for each in by_name(readers)[:PAGE]],
        "unnamed": (max(0, len(read) - PAGE), max(0, len(readers) - PAGE)),
    }
    return Page(
        path=node_page(node.id),
        template="node.html",
        title=visible(title(node)),
        section=node.kind,
        node=node.id,
        values=values,
    )


def _queried(node: AnyNode) -> str:
    """Return the name by which people query a node in the warehouse."""
    published = node.kind in PUBLISHED and has_relation(node)
    return visible(published_name(node.name, node.variant)) if published else ""


def _queries(atlas: Atlas, node: AnyNode) -> list[Code]:
    """Return a node's SQL: as it is written, as it is compiled, as the target has it."""
    found: list[tuple[str, str]] = []
    if isinstance(node, Transformation):
        target = atlas.manifest.target.dialect
        found = [
            ("As written", node.raw),
            ("Compiled", node.sql),
            ("Compiled, builds after the first", node.sql_next),
            (f"In the target's dialect ({target})", node.target_sql),
            (f"In the target's dialect ({target}), builds after the first", node.target_sql_next),
        ]
    else:
        found = [("Compiled", getattr(node, "sql", ""))]
    return [
        Code(title=name, pieces=highlighted(atlas, node, sql), open=index == 0)
        for index, (name, sql) in enumerate((name, sql) for name, sql in found if sql.strip())
    ]


def _columns(atlas: Atlas, indexes: Indexes) -> Iterator[Page]:
    listing = partial(listing_page, "columns")
    for part in parts(indexes.columns, listing, lambda found: found.name):
        if part.rows:
            yield Page(
                path=part.path,
                template="columns.html",
                title="Columns",
                section="columns",
                values={
                    "rows": [named_row(atlas, each) for each in part.rows],
                    "spans": part.spans,
                    "said": counted(len(indexes.columns), "name"),
                },
            )
    for each in indexes.columns:
        if named_row(atlas, each).href:
            yield from _column(atlas, each)


def _column(atlas: Atlas, found: Named) -> Iterator[Page]:
    places = partial(numbered_page, column_page(found.name))
    for part in parts(found.places, places, lambda place: title(place[0])):
        links = [
            (atlas.column_link(node.id, found.name, title(node)), KINDS[node.kind][0], kind)
            for node, kind in part.rows
        ]
        yield Page(
            path=part.path,
            template="column.html",
            title=visible(found.name),
            section="columns",
            values={
                "places": links,
                "spans": part.spans,
                "said": counted(len(found.places), "node"),
            },
        )


def _tags(atlas: Atlas, indexes: Indexes) -> Iterator[Page]:
    rows = [
        (tag_link(tag), counted(len(nodes), "node"), counted(len(columns), "column"))
        for tag, (nodes, columns) in indexes.tags.items()
    ]
    if rows:
        yield from _names("tags", "Tags", rows)
    for tag, (nodes, columns) in indexes.tags.items():
        counts = ((len(nodes), "node"), (len(columns), "column"))
        said = ", ".join(counted(count, what) for count, what in counts if count)
        named = [(atlas.nodes[each], names) for each, names in tagged_nodes(columns).items()]
        places = partial(numbered_page, tag_page(tag))
        # Nodes with the tag, then nodes with columns that have it.
        having: list[_Tagged] = [*((node, []) for node in nodes), *named]
        for part in parts(having, places, lambda row: title(row[0])):
            yield _listing(part, tag, "tags", said, atlas)


def _owners(indexes: Indexes) -> Iterator[Page]:
    rows = [
        (owner_link(owner), counted(len(nodes), "node"), "")
        for owner, nodes in indexes.owners.items()
    ]
    if rows:
        yield from _names("owners", "Owners", rows)
    for owner, nodes in indexes.owners.items():
        theirs: list[_Tagged] = [(node, []) for node in nodes]
        places = partial(numbered_page, owner_page(owner))
        for part in parts(theirs, places, lambda row: title(row[0])):
            yield _listing(part, owner, "owners", counted(len(nodes), "node"), indexes.atlas)


def _names(section: str, name: str, rows: list[tuple[Piece, str, str]]) -> Iterator[Page]:
    for part in parts(rows, partial(listing_page, section), lambda row: row[0].text):
        yield Page(
            path=part.path,
            template="names.html",
            title=name,
            section=section,
            values={"rows": part.rows, "spans": part.spans},
        )


def _listing(part: Part[_Tagged], name: str, section: str, said: str, atlas: Atlas) -> Page:
    return Page(
        path=part.path,
        template="nodes.html",
        title=visible(name),
        section=section,
        values={
            "rows": [node_row(node) for node, columns in part.rows if not columns],
            "spans": part.spans,
            "said": said,
            "columns": [
                (
                    atlas.link(node.id),
                    KINDS[node.kind][0],
                    [atlas.column_link(node.id, column) for column in columns],
                )
                for node, columns in part.rows
                if columns
            ],
            "kinds": True,
        },
    )
