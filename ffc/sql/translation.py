"""From the dialect that people write to the one that a store speaks, by an allow-list.

An adapter lists the words that it knows to mean the same once they are translated, and rewrites the
few that don't. What is not on the list is refused when the project compiles: a query that reads
alike and means something else would be found much later, in a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.qualify_tables import qualify_tables
from sqlglot.schema import MappingSchema

from ffc.manifest.records import Column
from ffc.sql.build import REFERENCE_SCHEMA

Rewrite = Callable[[exp.Expr], exp.Expr]

# What standard SQL has, and every store means alike. A word is a node of sqlglot's tree in small
# letters, or one of the names that `words_of` gives to what a node says beside itself.
_CORE: Final = """
    select from where group having order ordered limit offset with cte subquery tablealias table
    column identifier alias star literal boolean null paren tuple distinct union except intersect
    join and or not eq neq lt lte gt gte is in between exists add sub mul neg case if coalesce
    nullif cast datatype datatypeparam count sum min max upper lower trim length window
    windowspec rownumber rank denserank lag lead like escape concat dpipe abs interval var
"""
_TYPES: Final = "int bigint text varchar double float boolean date timestamp decimal"
CORE: Final = frozenset([*_CORE.split(), *(f"type {name}" for name in _TYPES.split())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """What an adapter translates from one dialect: the words, and rewrites by the word.

    A rewrite gets a copy of a node whose types are known (`node.type`), and returns what stands in
    its place.
    """

    words: frozenset[str] = CORE
    rewrites: Mapping[str, Rewrite] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Untranslated:
    """A word that is on no list: the node that says it, the word."""

    node: exp.Expr
    word: str


def words_of(node: exp.Expr) -> Iterator[str]:
    """Yield what a node says: its own word, and what it adds to it."""
    yield node.key if not isinstance(node, exp.Anonymous) else f"{node.name.lower()}()"
    args = node.args
    if isinstance(node, exp.Join):
        kinds = (args.get("method") or "", args.get("kind") or "")
        yield from (f"{k.lower()} join" for k in kinds if k not in ("", "INNER", "OUTER", "CROSS"))
    elif isinstance(node, exp.Star):
        names = {"except_": "exclude", "replace": "replace", "rename": "rename"}
        yield from (f"star {said}" for name, said in names.items() if args.get(name))
    elif isinstance(node, exp.Group):
        yield from ("group by all" for _ in [0] if args.get("all"))
        yield from (name for name in ("grouping_sets", "cube", "rollup") if args.get(name))
    elif isinstance(node, exp.Distinct):
        yield from ("distinct on" for _ in [0] if args.get("on") is not None)
    elif isinstance(node, exp.SetOperation):
        yield from ("by name" for _ in [0] if args.get("by_name"))
    elif isinstance(node, exp.DataType):
        yield f"type {node.this.value.lower()}"


def untranslated(tree: exp.Expr, translation: Translation) -> list[Untranslated]:
    """Return what of a query a translation doesn't have, each word at its first place."""
    found: dict[str, Untranslated] = {}
    for node in tree.walk(bfs=False):
        for word in words_of(node):
            if word not in translation.words and word not in translation.rewrites:
                found.setdefault(word, Untranslated(node=node, word=word))
    return list(found.values())


def translated(
    tree: exp.Expr,
    columns: Mapping[str, Sequence[Column]],
    translation: Translation,
    dialect: str,
    target: str,
) -> str:
    """Return a query in a target's dialect, its nodes typed before they are written.

    `columns` are those of the nodes that it names, with their types in the dialect it is written
    in. Raises SqlglotError where the tree can't be typed.
    """
    typed = with_types(tree, columns, dialect)
    rewritten = typed.transform(lambda node: _rewritten(node, translation))
    return rewritten.sql(dialect=target, pretty=True)


def with_types(tree: exp.Expr, columns: Mapping[str, Sequence[Column]], dialect: str) -> exp.Expr:
    """Return a query whose columns know their tables and whose nodes know their types."""
    schema = MappingSchema(dialect=dialect, normalize=False)
    for node, own in columns.items():
        types: dict[str, str] = {c.name: c.native or c.type or "unknown" for c in own}
        schema.add_table(exp.table_(node, db=REFERENCE_SCHEMA, quoted=True), types, dialect=dialect)
    spelt = qualify_tables(_one_spelling(tree.copy(), columns), dialect=dialect)
    typed = qualify_columns(spelt, schema, expand_stars=True)
    for identifier in typed.find_all(exp.Identifier):
        identifier.set("quoted", True)
    return annotate_types(typed, schema=schema, dialect=dialect)


def _one_spelling(tree: exp.Expr, columns: Mapping[str, Sequence[Column]]) -> exp.Expr:
    """Return a query that spells each name in one way, in quotes: stores differ on case.

    A column of a node is spelled as it was declared, any other name as it is written first.
    """
    known = {column.name.lower(): column.name for own in columns.values() for column in own}
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", known.setdefault(identifier.name.lower(), identifier.name))
        identifier.set("quoted", True)
    return tree


def _rewritten(node: exp.Expr, translation: Translation) -> exp.Expr:
    for word in words_of(node):
        if word in translation.rewrites:
            return translation.rewrites[word](node)
    return node
