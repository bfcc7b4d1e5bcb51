"""What the search looks into, as a script: pages from files may load scripts, not data."""

from __future__ import annotations

import json
from typing import Any, Final

from ffc.core.characters import visible
from ffc.manifest.records import AnyNode
from ffc.site.atlas import Atlas, described, title
from ffc.site.facts import counted
from ffc.site.indexes import Indexes, Named
from ffc.site.names import column_anchor, node_page, owner_page, tag_page
from ffc.site.texts import one_line

VARIABLE: Final = "ffcIndex"
# So much of a description is searched, and shown beside what is found.
LONGEST: Final = 240


def index_script(atlas: Atlas, indexes: Indexes) -> str:
    """Return the script: a row for each node, column's name, tag and owner.

    A row is kind, name, page, description, tags, owner, and of a node the numbers of its columns'
    names. The page of a column that one node has alone is its place there.
    """
    numbers = {found.name: number for number, found in enumerate(indexes.columns)}
    index = {
        "columns": [visible(found.name) for found in indexes.columns],
        "rows": [
            *(_node(node, numbers) for node in atlas.manifest.nodes),
            *(_column(indexes, found) for found in indexes.columns),
            *(_tag(tag, indexes) for tag in indexes.tags),
            *(_owner(owner, indexes) for owner in indexes.owners),
        ],
    }
    return f"var {VARIABLE} = {json.dumps(index, separators=(',', ':'))};\n"


def _node(node: AnyNode, numbers: dict[str, int]) -> list[Any]:
    columns = sorted(numbers[each.column.name] for each in described(node))
    tags = [visible(tag) for tag in node.tags]
    found = _row(node.kind, title(node), node_page(node.id), node.description, tags, node.owner)
    return [*found, columns]


def _column(indexes: Indexes, found: Named) -> list[Any]:
    href = indexes.column_hrefs[found.name]
    if len(found.places) == 1:
        href = f"{node_page(found.places[0][0].id)}#{column_anchor(found.name)}"
    names = ", ".join(title(node) for node, _ in found.places[:3])
    more = f" and {len(found.places) - 3} more" if len(found.places) > 3 else ""
    words = " ".join(found.descriptions)
    told = f"{', '.join(found.types)} in {names}{more}{f'. {words}' if words else ''}"
    return _row("column", found.name, href, told, [visible(tag) for tag in found.tags])


def _tag(tag: str, indexes: Indexes) -> list[Any]:
    nodes, columns = indexes.tags[tag]
    counts = (counted(len(nodes), "node"), counted(len(columns), "column"))
    told = ", ".join(count for count in counts if not count.startswith("0 "))
    return _row("tag", tag, tag_page(tag), told)


def _owner(owner: str, indexes: Indexes) -> list[Any]:
    return _row("owner", owner, owner_page(owner), counted(len(indexes.owners[owner]), "node"))


def _row(
    kind: str, name: str, page: str, words: str, tags: list[str] | None = None, owner: str = ""
) -> list[Any]:
    told = one_line(words)
    told = told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"
    return [kind, visible(name), page, told, tags or [], visible(owner)]
