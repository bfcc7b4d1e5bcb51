"""What the search looks into, as a script: pages from files may load scripts, not data.

The script in assets/search.js finds in it what `ffc search` finds, in its order, by the rules of
`ffc.manifest.finding`; and columns, tags and owners beside nodes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ffc.core.characters import visible
from ffc.manifest.records import AnyNode, FeatureView, Source
from ffc.site.atlas import KINDS, Atlas, by_name
from ffc.site.indexes import Indexes
from ffc.site.names import file_stem
from ffc.site.paging import cut

VARIABLE: Final = "ffcIndex"
_ORDER: Final = list(KINDS)


class _Texts:
    """Each text once; elsewhere its number stands for it, 0 for none."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {"": 0}

    def number(self, text: str) -> int:
        """Return the number of a text, in which what can't be seen is replaced."""
        shown = "\n".join(map(visible, text.split("\n")))
        return self.numbers.setdefault(shown, len(self.numbers))

    def all(self, texts: Iterable[str]) -> list[int]:
        """Return the numbers of texts, each once."""
        return list(dict.fromkeys(self.number(text) for text in texts if text))


def index_script(atlas: Atlas, indexes: Indexes) -> str:
    """Return the script: a row for each node, column's name, tag and owner.

    What a row has is a number of a text, or a list of such numbers. Names that are their page's
    name too, as most are, have 0 for it; empty ends of rows are left out.
    """
    texts, types = _Texts(), _Texts()
    index = {
        "kinds": _ORDER,
        "nodes": [_row(_node(node, texts)) for node in by_name(list(atlas.manifest.nodes))],
        "columns": [_row(each) for each in _columns(indexes, texts, types)],
        "tags": [_row(each) for each in _tags(indexes, texts)],
        "owners": [_row(each) for each in _owners(indexes, texts)],
        "types": list(types.numbers),
        "texts": list(texts.numbers),
    }
    packed = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    return f"var {VARIABLE} = {packed};\n"


def _node(node: AnyNode, texts: _Texts) -> list[Any]:
    """Return kind, name, page; description, owner, tags; columns; what else is said in it."""
    said = [column.description for column in node.columns]
    if isinstance(node, FeatureView):
        said += [feature.description for feature in node.features]
    if isinstance(node, Source):
        said.append(node.group_description)
    return [
        _ORDER.index(node.kind),
        texts.number(node.id.partition(".")[2]),
        _stem(node.id),
        texts.number(node.description),
        texts.number(node.owner),
        texts.all(node.tags),
        texts.all(column.name for column in node.columns),
        texts.all(tag for column in node.columns for tag in column.tags),
        texts.all(said),
    ]


def _columns(indexes: Indexes, texts: _Texts, types: _Texts) -> Iterator[list[Any]]:
    """Yield name, anchor, page of the list; types; tags, descriptions."""
    for page, found in enumerate(cut(indexes.columns), 1):
        for each in found:
            named = (texts.number(each.name), _stem(each.name), page)
            said = (texts.all(each.tags), texts.all(each.descriptions))
            yield [*named, types.number(", ".join(each.types)), *said]


def _tags(indexes: Indexes, texts: _Texts) -> Iterator[list[Any]]:
    """Yield name, page; how many nodes and how many columns have it."""
    for tag, (nodes, columns) in indexes.tags.items():
        yield [texts.number(tag), _stem(tag), len(nodes), len(columns)]


def _owners(indexes: Indexes, texts: _Texts) -> Iterator[list[Any]]:
    """Yield name, page; how many nodes are theirs."""
    for owner, nodes in indexes.owners.items():
        yield [texts.number(owner), _stem(owner), len(nodes)]


def _stem(text: str) -> int | str:
    stem = file_stem(text)
    return 0 if stem == text else stem


def _row(values: list[Any]) -> list[Any]:
    while values and not values[-1]:
        values.pop()
    return values
