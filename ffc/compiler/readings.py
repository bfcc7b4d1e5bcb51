"""What is read from a query that is right: its columns, their lineage, its one spelling.

A query is parsed once for all of it. A reading is a fact: it follows from the query's text, its
dialect, and the names and types of the columns of what it reads; so a change of a file that leaves
its columns as they were leaves the readings of all that reads it. Its tree is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Final

import sqlglot
from msgspec import Struct
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ffc.compiler.lineage.queries import query_lineage
from ffc.compiler.lineage.relations import Edge, Ref, Unclear
from ffc.manifest.records import Column, ColumnLineage
from ffc.sql.build import REFERENCE_SCHEMA

# Stands in a text where a parent's fingerprint belongs.
_HOLE: Final = "\0"


class Spelling(Struct, frozen=True):
    """One spelling of a query: no comments, folded names; `parents` belong between the `texts`."""

    texts: tuple[str, ...]
    parents: tuple[str, ...]

    def filled(self, fingerprints: Mapping[str, str]) -> str:
        """Return the query with its parents by fingerprint."""
        known = (fingerprints[parent] for parent in self.parents)
        pairs = zip_longest(self.texts, known, fillvalue="")
        return "".join(part for pair in pairs for part in pair)


class Reading(Struct, frozen=True):
    """What a query is: without its end, with its columns; of no `lineage` nobody can tell."""

    query: str
    columns: tuple[Column, ...]
    lineage: dict[str, ColumnLineage] | None
    spelling: Spelling

    def edges(self) -> dict[str, Edge] | None:
        """Return where each column comes from; None where that can't be told."""
        if self.lineage is None:
            return None
        told = self.lineage.items()
        return {name: Edge(frozenset(own.values), frozenset(own.rows)) for name, own in told}


def read_query(
    query: str,
    tree: exp.Expr,
    dialect: str,
    columns: Sequence[Column],
    nodes: Mapping[str, Sequence[str]],
) -> Reading:
    """Read a query whose columns are known; `nodes` are the columns of what it reads.

    The tree is used up.
    """
    names = [column.name for column in columns]
    return Reading(
        query=query,
        columns=tuple(columns),
        lineage=_lineage(tree, nodes, names),
        spelling=_spelling(tree, query, dialect),
    )


def _lineage(
    tree: exp.Expr, nodes: Mapping[str, Sequence[str]], names: Sequence[str]
) -> dict[str, ColumnLineage] | None:
    try:
        edges = query_lineage(tree, nodes, names)
    except (Unclear, SqlglotError, RecursionError):
        return None
    return {name: recorded(edge.values, edge.rows) for name, edge in edges.items()}


def recorded(values: Iterable[Ref], rows: Iterable[Ref] = ()) -> ColumnLineage:
    """Return where a column comes from, as manifests have it; what is a value is no row besides."""
    known = set(values)
    return ColumnLineage(values=tuple(sorted(known)), rows=tuple(sorted(set(rows) - known)))


def spell(sql: str, dialect: str) -> Spelling:
    """Return the one spelling of a query."""
    return _spelling(sqlglot.parse_one(sql, read=dialect), sql, dialect)


def _spelling(tree: exp.Expr, sql: str, dialect: str) -> Spelling:
    hole = _HOLE
    while hole in sql:
        hole += _HOLE
    parents: list[str] = []
    for table in tree.find_all(exp.Table):
        if table.db == REFERENCE_SCHEMA:
            parents.append(table.name)
            table.this.set("this", f"{hole}{len(parents) - 1}{hole}")
    for join in tree.find_all(exp.Join):
        # `left outer join` is `left join`, and `inner join` is `join`.
        if join.args.get("kind") == ("OUTER" if join.side else "INNER"):
            join.set("kind", None)
    text = tree.sql(
        dialect=dialect, copy=False, comments=False, normalize=True, normalize_functions="upper"
    )
    parts = re.split(f"{hole}([0-9]+){hole}", text)
    return Spelling(tuple(parts[::2]), tuple(parents[int(n)] for n in parts[1::2]))
