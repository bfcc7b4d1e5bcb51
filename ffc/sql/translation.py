"""From the dialect that people write to the one that a store speaks, by an allow-list.

An adapter lists the words that it knows to mean the same once they are translated, and rewrites the
few that don't. What is not on the list is refused when the project compiles: a query that reads
alike and means something else would be found much later, in a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct, field
from sqlglot import exp

from ffc.manifest.records import Column
from ffc.sql.build import REFERENCE_SCHEMA
from ffc.sql.typing import with_known_types

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
# Text and JSON have no other types, and what is no type of ours is not given one.
_AS_THEY_ARE: Final = ("TEXT", "VARCHAR", "JSON", "INTERVAL", "UNKNOWN", "STRUCT", "MAP")
# A null of no type is kept as an integer by DuckDB; other engines have no integers of 128 bits.
_KNOWN: Final = {
    '"NULL"': exp.DataType(this=exp.DType.INT),
    "HUGEINT": exp.DataType.build("DECIMAL(38, 0)"),
}
CORE: Final = frozenset([*_CORE.split(), *(f"type {name}" for name in _TYPES.split())])


class Translation(Struct, frozen=True, kw_only=True):
    """What an adapter translates from one dialect: the words, and rewrites by the word.

    A rewrite gets a copy of a node whose type and whose parts' types are known (`node.type`), its
    parts rewritten already, and returns what stands in its place. It raises NoTranslation for a
    node that none is known for.
    """

    words: frozenset[str] = CORE
    rewrites: Mapping[str, Rewrite] = field(default_factory=dict)


class NoTranslation(Exception):
    """Rewrites know none for some nodes, or for what those are made of."""

    def __init__(self, *nodes: exp.Expr) -> None:
        super().__init__(", ".join(node.key for node in nodes))
        self.nodes = nodes


class Untranslated(Struct, frozen=True, kw_only=True):
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
    made: Sequence[Column] = (),
) -> str:
    """Return a query in a target's dialect, its nodes typed before they are written.

    `columns` are those of the nodes that it names, with their types in the dialect it is written
    in; `made` are those that it gives, which are cast to the same types. Raises SqlglotError where
    the tree can't be typed, NoTranslation where a rewrite knows no way.
    """
    typed = with_types(tree, columns, dialect)
    rewritten = _rewritten(typed, translation)
    for select in _selects(rewritten) if made else ():
        _give(select, made, dialect)
    return rewritten.sql(dialect=target, pretty=True)


def _rewritten(tree: exp.Expr, translation: Translation) -> exp.Expr:
    """Rewrite every node, the innermost first; what stands in its place is of its type."""
    unknown: list[exp.Expr] = []
    for node in reversed(list(tree.walk(bfs=True))):
        for word in words_of(node):
            if word not in translation.rewrites:
                continue
            parent, index, key = node.parent, node.index, node.arg_key
            try:
                found = translation.rewrites[word](node)
            except NoTranslation as problem:
                unknown += problem.nodes
                break
            if found is node:
                continue
            found.type = node.type
            if parent is None:
                tree = found
            elif key is not None:
                parent.set(key, found, index)
            break
    if unknown:
        raise NoTranslation(*unknown)
    return tree


def _selects(tree: exp.Expr) -> Iterator[exp.Select]:
    """Yield the SELECTs whose rows a query gives."""
    if isinstance(tree, exp.SetOperation):
        yield from (each for side in (tree.left, tree.right) for each in _selects(side))
    elif isinstance(tree, exp.Subquery):
        yield from _selects(tree.this)
    elif isinstance(tree, exp.Select):
        yield tree


def _give(select: exp.Select, made: Sequence[Column], dialect: str) -> None:
    """Cast what a SELECT gives to the types that it has in the dialect it is written in.

    Columns of nodes have them, and text is text.
    """
    nodes = {table.alias_or_name for table in _tables(select) if table.db == REFERENCE_SCHEMA}
    for projection, column in zip(select.expressions, made, strict=False):
        value = projection.unalias()
        wanted = _KNOWN.get(column.native) or exp.DataType.build(column.native, dialect=dialect)
        own = isinstance(value, exp.Column) and value.table in nodes
        if own or wanted.is_type(*_AS_THEY_ARE) or _is_cast(value, wanted):
            continue
        replaced = exp.Cast(this=value.copy(), to=wanted)
        if projection is value:
            value.replace(replaced)
        else:
            projection.set("this", replaced)


def _tables(select: exp.Select) -> Iterator[exp.Table]:
    held = [select.args.get("from_"), *select.args.get("joins", ())]
    yield from (part.this for part in held if part and isinstance(part.this, exp.Table))


def _is_cast(value: exp.Expr, wanted: exp.DataType) -> bool:
    return isinstance(value, exp.Cast) and value.args["to"] == wanted


def with_types(tree: exp.Expr, columns: Mapping[str, Sequence[Column]], dialect: str) -> exp.Expr:
    """Return a query whose columns know their tables and whose nodes know their types."""
    # Who translates nothing need not load sqlglot's optimizer.
    from sqlglot.optimizer.qualify_columns import qualify_columns
    from sqlglot.optimizer.qualify_tables import qualify_tables
    from sqlglot.schema import MappingSchema

    schema = MappingSchema(dialect=dialect, normalize=False)
    for node, own in columns.items():
        types: dict[str, str] = {c.name: c.native or c.type or "unknown" for c in own}
        schema.add_table(exp.table_(node, db=REFERENCE_SCHEMA, quoted=True), types, dialect=dialect)
    spelt = qualify_tables(_one_spelling(tree.copy(), columns), dialect=dialect)
    typed = qualify_columns(spelt, schema, expand_stars=True)
    for identifier in typed.find_all(exp.Identifier):
        identifier.set("quoted", True)
    return with_known_types(typed, schema, dialect)


def _one_spelling(tree: exp.Expr, columns: Mapping[str, Sequence[Column]]) -> exp.Expr:
    """Return a query that spells each name in one way, in quotes: stores differ on case.

    A column of a node is spelled as it was declared, any other name as it is written first.
    """
    known = {column.name.lower(): column.name for own in columns.values() for column in own}
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", known.setdefault(identifier.name.lower(), identifier.name))
        identifier.set("quoted", True)
    return tree
