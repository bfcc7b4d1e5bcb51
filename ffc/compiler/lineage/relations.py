"""What a query reads and makes, as far as lineage goes: names, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, field

# A column of a node: the node's id, the column's name.
Ref = tuple[str, str]
NOTHING: Final[frozenset[Ref]] = frozenset()


class Unclear(Exception):
    """A query of which the lineage can't be told; the text says why."""


class Edge(Struct, frozen=True):
    """Where a value comes from: columns it is computed from, columns that choose its rows.

    The latter filter, group, join or order, and no more.
    """

    values: frozenset[Ref] = NOTHING
    rows: frozenset[Ref] = NOTHING

    def __or__(self, other: Edge) -> Edge:
        """Return both together."""
        return Edge(self.values | other.values, self.rows | other.rows)

    @property
    def all(self) -> frozenset[Ref]:
        """Every column that has a part in it."""
        return self.values | self.rows

    def choosing(self) -> Edge:
        """Return the edge of what is chosen by this value."""
        return Edge(NOTHING, self.all)


NO_EDGE: Final = Edge()


def together(edges: Iterable[Edge]) -> Edge:
    """Return the union of edges."""
    found = NO_EDGE
    for edge in edges:
        found |= edge
    return found


class Relation(Struct):
    """A table, a CTE or a subquery: its columns in order, by name in small letters.

    `rest` answers for every other name, where the columns can't be listed (PIVOT, a table
    function); `rows` are the columns that decide which rows there are.
    """

    columns: dict[str, Edge]
    rest: Edge | None = None
    rows: frozenset[Ref] = NOTHING

    def find(self, name: str) -> Edge | None:
        """Return where a column comes from; None where there is no such column."""
        return self.columns.get(name.lower(), self.rest)

    def add(self, name: str, edge: Edge) -> None:
        """Add a column; a second one of a name has a place and can't be asked for."""
        name = name.lower()
        self.columns[name if name and name not in self.columns else _unnamed(self)] = edge

    @property
    def whole(self) -> Edge:
        """All columns together."""
        edges = [*self.columns.values(), *([self.rest] if self.rest is not None else [])]
        return together(edges)

    def renamed(self, names: Iterable[str]) -> Relation:
        """Return the relation with its first columns under other names: `AS t(a, b)`."""
        names = [name.lower() for name in names]
        if not names:
            return self
        if self.rest is not None:
            return Relation(dict.fromkeys(names, self.whole), self.rest, self.rows)
        own = list(self.columns.items())
        pairs = [(names[i] if i < len(names) else name, e) for i, (name, e) in enumerate(own)]
        return Relation(dict(pairs), None, self.rows)


def _unnamed(relation: Relation) -> str:
    return f"\0{len(relation.columns)}"


class Scope(Struct):
    """The names that expressions of one SELECT can use: its tables, then those around it."""

    ctes: Mapping[str, Relation]
    outer: Scope | None = None
    tables: dict[str, Relation] = field(default_factory=dict)
    merged: dict[str, Edge] = field(default_factory=dict)
    aliases: dict[str, Edge] = field(default_factory=dict)

    def column(self, parts: list[str], alias_first: bool = False) -> Edge:
        """Return where a column comes from: `c`, `t.c`, or a field of one; raises Unclear."""
        found = self._find([part.lower() for part in parts], alias_first)
        if found is None and self.outer is not None:
            return self.outer.column(parts)
        if found is None:
            raise Unclear(f"there is no {'.'.join(parts)}")
        return found

    def _find(self, parts: list[str], alias_first: bool) -> Edge | None:
        first = parts[0]
        alias = self.aliases.get(first)
        if alias_first and alias is not None:
            return alias
        # Behind the table may stand fields of a struct, before it a schema.
        for index, part in enumerate(parts[:-1]):
            table = self.tables.get(part)
            found = table.find(parts[index + 1]) if table is not None else None
            if found is not None:
                return found
        if first in self.merged:
            return self.merged[first]
        listed = [t.columns[first] for t in self.tables.values() if first in t.columns]
        if listed:
            return listed[0]
        if first in self.tables:
            return self.tables[first].whole
        if alias is not None:
            return alias
        open_ = [t.rest for t in self.tables.values() if t.rest is not None]
        return together(open_) if open_ else None

    @property
    def rows(self) -> frozenset[Ref]:
        """The columns that decide which rows its tables have."""
        return NOTHING.union(*(table.rows for table in self.tables.values()))
