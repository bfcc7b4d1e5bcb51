"""A target's warehouse: where its builds lie, and the few statements that runs need."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from ffc.adapter.offline import Load, OfflineStore, Relation
from ffc.manifest.names import physical_name, published_name
from ffc.manifest.records import AnyNode, Plan
from ffc.sql import build, relations
from ffc.sql.binding import bind
from ffc.sql.point_in_time import training_set_query
from ffc.sql.search import Shape

if TYPE_CHECKING:
    import pyarrow as pa


class Warehouse:
    """Builds in `<schema>__ffc`, published as views in `<schema>`."""

    def __init__(self, store: OfflineStore, schema: str) -> None:
        self.store = store
        self.schema = schema
        self.builds_schema = f"{schema}__ffc"

    def prepare(self) -> set[str]:
        """Create the schemas where they are missing; return the names of the builds."""
        schemas = (self.builds_schema, self.schema)
        self.store.submit(*(self._text(relations.create_schema(s)) for s in schemas)).wait()
        return {str(row["table_name"]) for row in self.rows(relations.listing(self.builds_schema))}

    def relation(self, node: AnyNode, build_id: str) -> Relation:
        """Return the relation of a build."""
        return Relation(self.builds_schema, physical_name(node, build_id))

    def bound(self, sql: str, parents: Mapping[str, Relation]) -> str:
        """Return a manifest's SQL over real relations."""
        tables = {node: table_of(relation) for node, relation in parents.items()}
        return bind(sql, self.store.dialect, tables)

    def training_query(self, plan: Plan) -> str:
        """Return the query of a training set's plan, in the shape that the store can run."""
        shape: Shape = "asof" if self.store.capabilities.asof_join else "union"
        return build.generate(training_set_query(plan, shape), self.store.dialect)

    def create(self, relation: Relation, kind: str, query: str) -> None:
        """Make a table or a view of a query."""
        table = table_of(relation)
        self.store.submit(relations.create(table, kind, query, self.store.dialect)).wait()

    def load(self, load: Load) -> None:
        """Make a table of files."""
        self.store.load(load).wait()

    def publish(self, node: AnyNode, relation: Relation) -> None:
        """Point the view that people query to a build."""
        view = build.table(published_name(node.name, node.variant), self.schema)
        self.store.submit(self._text(relations.publish(view, table_of(relation)))).wait()

    def drop(self, relation: Relation, kind: str) -> None:
        """Drop a build that was never pointed to, or is not any more."""
        self.store.submit(self._text(relations.drop(table_of(relation), kind))).wait()

    def count(self, relation: Relation) -> int:
        """Return how many rows a relation has."""
        (row,) = self.rows(relations.count(table_of(relation)))
        return int(str(next(iter(row.values()))))

    def rows(
        self, query: exp.Select, parents: Mapping[str, Relation] | None = None
    ) -> list[dict[str, object]]:
        """Return a small query's rows."""
        return [row for batch in self.batches(query, parents) for row in batch.to_pylist()]

    def batches(
        self, query: exp.Select, parents: Mapping[str, Relation] | None = None, rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Return a query's rows as they come."""
        text = self.bound(self._text(query), parents or {})
        return self.store.submit(text).batches(rows)

    def _text(self, expression: exp.Expr) -> str:
        return expression.sql(dialect=self.store.dialect)


def table_of(relation: Relation) -> exp.Table:
    """Return a relation for a statement."""
    return build.table(relation.name, relation.schema)


def random_build_id() -> str:
    """Return an id that no other build of any state store has."""
    return f"b{secrets.token_hex(4)}"
