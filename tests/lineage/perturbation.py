"""What a query's columns really depend on, found by changing its sources on a real DuckDB."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import duckdb
import pyarrow as pa
import sqlglot

from ffc.compiler.lineage.queries import query_lineage
from ffc.compiler.lineage.relations import Edge, Ref
from ffc.sql import build, relations

Tables = Mapping[str, pa.Table]
Answer = list[Counter[str]]


@dataclass
class Query:
    """A query, its columns, and where its lineage says that they come from."""

    sql: str
    columns: list[str]
    edges: list[Edge]
    nodes: frozenset[str]
    plain: bool
    answer: Answer | None = None
    changed: list[set[Ref]] = field(default_factory=list)


class Warehouse:
    """A DuckDB whose tables are named as nodes are; each may be changed and put back."""

    def __init__(self, tables: Tables, steady: bool = False) -> None:
        self.tables = tables
        self.connection = duckdb.connect()
        self.connection.execute("SET threads = 1")
        if steady:
            # The plan, and with it the order of rows, is to follow from the query alone.
            self.connection.execute("PRAGMA disable_optimizer")
        schema = relations.create_schema(build.REFERENCE_SCHEMA)
        self.connection.execute(schema.sql(dialect="duckdb"))
        for name, table in tables.items():
            self.put(name, table)

    def put(self, name: str, table: pa.Table) -> None:
        """Make a table anew."""
        reference = build.reference(name).sql(dialect="duckdb")
        self.connection.register("given", table)
        self.connection.execute(f"CREATE OR REPLACE TABLE {reference} AS FROM given")
        self.connection.unregister("given")

    def read(self, sql: str) -> Query | None:
        """Return a query with its lineage; None where it does not bind."""
        try:
            described = self.connection.execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.Error:
            return None
        columns = [name for name, *_ in described]
        if len(set(columns)) < len(columns):
            columns = [f"{index} {name}" for index, name in enumerate(columns)]
        tree = sqlglot.parse_one(sql, read="duckdb")
        nodes = {name: table.column_names for name, table in self.tables.items()}
        found = query_lineage(tree, nodes, columns)
        return Query(
            sql=sql,
            columns=columns,
            edges=[found[name] for name in columns],
            nodes=frozenset(name for name in nodes if f'"{name}"' in sql),
            plain=not any(edge.rows for edge in found.values()),
            answer=self.answer(sql),
            changed=[set() for _ in columns],
        )

    def answer(self, sql: str) -> Answer | None:
        """Return each column's values, however often; None where the data make the query fail."""
        try:
            cursor = self.connection.execute(sql)
        except duckdb.Error:
            return None
        rows = cursor.fetchall()
        width = len(cursor.description or ())
        return [Counter(_written(row[index]) for row in rows) for index in range(width)]

    def close(self) -> None:
        """Let go of the database."""
        self.connection.close()


def perturb(warehouse: Warehouse, queries: Iterable[Query], seeds: Sequence[int]) -> None:
    """Change each column of each table in turn; note which columns of each query change by it."""
    queries = [query for query in queries if query.answer is not None]
    for name, table in warehouse.tables.items():
        readers = [query for query in queries if name in query.nodes]
        if not readers:
            continue
        for column in table.column_names:
            for other in _others(table, column, seeds):
                warehouse.put(name, other)
                for query in readers:
                    _note(query, warehouse.answer(query.sql), (name, column))
        warehouse.put(name, table)


def misses(queries: Iterable[Query]) -> list[str]:
    """Return, in words, every dependence that lineage does not tell."""
    return [
        f"{column} depends on {node}.{source}, which lineage does not tell:\n    {query.sql}"
        for query in queries
        for column, edge, changed in zip(query.columns, query.edges, query.changed, strict=True)
        for node, source in sorted(changed - edge.all)
    ]


def share(queries: Iterable[Query], tables: Tables) -> float:
    """Return which part of the columns that a query could read a column is said to come from."""
    parts = []
    for query in queries:
        could = sum(len(tables[node].column_names) for node in query.nodes)
        parts += [len(edge.all) / could for edge in query.edges if could]
    return sum(parts) / len(parts)


def tightness(queries: Iterable[Query]) -> float:
    """Return which part of the told dependences was seen; the others are too much, or rare."""
    pairs = [pair for q in queries for pair in zip(q.edges, q.changed, strict=True)]
    told = sum(len(edge.all) for edge, _ in pairs)
    return sum(len(changed & edge.all) for edge, changed in pairs) / told


def _note(query: Query, answer: Answer | None, changed: Ref) -> None:
    if answer is None or query.answer is None:
        return
    for index, (before, now) in enumerate(zip(query.answer, answer, strict=True)):
        if before != now:
            query.changed[index].add(changed)


def _others(table: pa.Table, column: str, seeds: Sequence[int]) -> Iterator[pa.Table]:
    """Make the table with other values in one column: shuffled, drawn anew with nulls, all one."""
    place = table.column_names.index(column)
    kind = table.schema.field(place)
    values = table.column(place).to_pylist()
    for seed in seeds:
        random = Random(seed)
        shuffled = random.sample(values, len(values))
        holed = [random.choice(values) if random.random() < 0.7 else None for _ in values]
        same = [random.choice(values)] * len(values)
        for changed in (shuffled, holed, same):
            yield table.set_column(place, kind, pa.array(changed, kind.type))


def _written(value: object) -> str:
    """Write a value; the last digits of sums of floats depend on the order of rows."""
    return f"{value:.9g}" if isinstance(value, float) else repr(value)
