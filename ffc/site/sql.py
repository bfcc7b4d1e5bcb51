"""SQL, and Jinja in it, as pieces that a page marks; what names a node leads to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from ffc.core.characters import visible
from ffc.manifest.records import AnyNode
from ffc.site.atlas import Atlas, Piece, title

# Each alternative ends where the text does at the latest, so that reading stays linear.
_TOKENS: Final = re.compile(
    r"""
    (?P<comment>--[^\n]* | /\*(?:.*?\*/|.*) | \{\#(?:.*?\#\}|.*))
  | (?P<jinja>\{\{(?:.*?\}\}|.*) | \{%(?:.*?%\}|.*))
  | "__ffc"\."(?P<node>[^"]*)"
  | (?P<text>'(?:[^']|'')*(?:'|\Z))
  | (?P<name>"(?:[^"]|"")*(?:"|\Z))
  | (?P<number>\b\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\b)
  | (?P<word>[^\W\d]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
_CALLS: Final = re.compile(
    r"""\b(ref|source)\s*\(\s*(?:'([^']*)'|"([^"]*)")\s*(?:,\s*(?:'([^']*)'|"([^"]*)")\s*)?\)"""
)
_WORDS: Final = """
    all and any anti array as asc asof between by case cast collate cross cube current date
    desc distinct else end escape except exclude exists extract false fetch filter first following
    for from full group grouping having ignore ilike in inner intersect interval into is join last
    lateral left like limit natural not null nulls of offset on or order outer over partition pivot
    positional preceding qualify range recursive replace respect right rollup row rows sample
    select semi sets similar some struct table then ties time timestamp timestamptz true try_cast
    unbounded union unnest unpivot using values when where window with within
    bigint bool boolean bytea blob char decimal double float hugeint integer int json numeric
    precision real smallint text tinyint ubigint uinteger utinyint uuid varchar
"""
_KEYWORDS: Final = frozenset(_WORDS.split())


def highlighted(atlas: Atlas, node: AnyNode, sql: str) -> tuple[Piece, ...]:
    """Return SQL as pieces: comments, texts, numbers, keywords, Jinja, and names of nodes."""
    lines = (visible(line.expandtabs(4)).rstrip() for line in sql.strip("\n").split("\n"))
    found: list[Piece] = []
    for marked, group in groupby(_pieces(atlas, node, "\n".join(lines)), key=_is_marked):
        pieces = [piece for piece in group if piece.text]
        plain = "".join(piece.text for piece in pieces)
        found += pieces if marked or not plain else [Piece(text=plain)]
    return tuple(found)


def _is_marked(piece: Piece) -> bool:
    return bool(piece.mark or piece.href)


def _pieces(atlas: Atlas, node: AnyNode, sql: str) -> Iterator[Piece]:
    done = 0
    for token in _TOKENS.finditer(sql):
        yield Piece(text=sql[done : token.start()])
        done = token.end()
        text, kind = token.group(), token.lastgroup or ""
        if kind == "jinja":
            yield from _jinja(atlas, node, text)
        elif kind == "node":
            yield Piece(text=text, href=atlas.link(token.group("node")).href)
        elif kind == "word":
            yield Piece(text=text, mark="keyword" if text.lower() in _KEYWORDS else "")
        else:
            yield Piece(text=text, mark="" if kind == "name" else kind)
    yield Piece(text=sql[done:])


def _jinja(atlas: Atlas, node: AnyNode, text: str) -> Iterator[Piece]:
    """Yield a stretch of Jinja; `ref()` and `source()` lead to what the node reads."""
    done = 0
    for call in _CALLS.finditer(text):
        function, one, other, second, another = call.groups()
        name, table = one or other or "", second or another or ""
        href = _meant(atlas, node, function, name, table)
        if href:
            yield Piece(text=text[done : call.start()], mark="jinja")
            yield Piece(text=call.group(), href=href, mark="jinja")
            done = call.end()
    yield Piece(text=text[done:], mark="jinja")


def _meant(atlas: Atlas, node: AnyNode, function: str, name: str, table: str) -> str:
    """Return the page of that one of a node's parents which a call names, or nothing."""
    read = [atlas.nodes[each] for each in node.depends_on if each in atlas.nodes]
    if function == "source":
        named = [each for each in read if each.kind == "source" and each.name == f"{name}.{table}"]
    else:
        refs = [each for each in read if each.kind in ("transformation", "feature_view")]
        named = [each for each in refs if title(each) == name]
        named = named or [each for each in refs if each.name == name]
    return atlas.link(named[0].id).href if len(named) == 1 else ""
