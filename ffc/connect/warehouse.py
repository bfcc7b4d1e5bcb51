"""A target's warehouse: where its builds lie, and the few statements that runs need."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from ffc.adapter.offline import Handle, Load, OfflineStore, Relation
from ffc.core.errors import Cancelled, StatementFailed, StoreError
from ffc.manifest.names import physical_name, published_name
from ffc.manifest.records import AnyNode, Plan
from ffc.sql import build, journal, relations
from ffc.sql.binding import bind
from ffc.sql.point_in_time import training_set_query
from ffc.sql.search import Shape, usual_shape

if TYPE_CHECKING:
    import pyarrow as pa


class Warehouse:
    """Builds in `<schema>__ffc`, published as views in `<schema>`.

    Several threads may use one. Whatever runs can be cancelled; from then on nothing new begins,
    and only `drop` still works.
    """

    def __init__(self, store: OfflineStore, schema: str) -> None:
        self.store = store
        self.schema = schema
        self.builds_schema = builds_schema(schema)
        self._lock = threading.Lock()
        self._running: set[Handle] = set()
        self._cancelled = False

    def prepare(self) -> set[str]:
        """Create the schemas where they are missing; return the names of what was built."""
        for schema in (self.builds_schema, self.schema):
            try:
                self.do(relations.create_schema(schema))
            except StatementFailed:
                # Whoever may make no schema may have been given one.
                if not self.rows(relations.schema_named(schema)):
                    raise
        self.do(journal.create(table_of(self.journal)))
        return self.listing()

    @property
    def journal(self) -> Relation:
        """The table that says which build a table is at that takes batches of rows."""
        return Relation(self.builds_schema, "__journal")

    def listing(self) -> set[str]:
        """Return the names of all tables and views among the builds."""
        return set(self.kinds())

    def kinds(self) -> dict[str, str]:
        """Return whether each of the builds is a TABLE or a VIEW, by name."""
        found = self.rows(relations.listing(self.builds_schema))
        return {
            str(row["table_name"]): "VIEW" if row["table_type"] == "VIEW" else "TABLE"
            for row in found
        }

    def do(self, *statements: exp.Expr | str) -> None:
        """Run statements in order, in one transaction where the store has such."""
        texts = [s if isinstance(s, str) else self.text(s) for s in statements]
        self._wait(self.store.submit(*texts))

    def cancel(self) -> None:
        """Stop what runs, and refuse what comes."""
        with self._lock:
            self._cancelled = True
            running = list(self._running)
        for handle in running:
            handle.cancel()

    def _wait(self, handle: Handle) -> None:
        with self._lock:
            self._running.add(handle)
            cancelled = self._cancelled
        if cancelled:
            handle.cancel()
        try:
            handle.wait()
        except KeyboardInterrupt:
            # Whoever closes the store waits for what runs in it.
            handle.cancel()
            raise
        finally:
            with self._lock:
                self._running.discard(handle)
        if cancelled:
            raise Cancelled("the run was cancelled")

    def relation(self, node: AnyNode, build_id: str) -> Relation:
        """Return the relation of a build."""
        return Relation(self.builds_schema, physical_name(node, build_id))

    def aside(self, what: str, build_id: str) -> Relation:
        """Return a relation that stands beside a build: its batch, its changes."""
        return Relation(self.builds_schema, f"{what}_{build_id}")

    def bound(self, sql: str, parents: Mapping[str, Relation | str]) -> str:
        """Return a manifest's SQL over real relations, or over queries given as text."""
        tables = {
            node: found if isinstance(found, str) else table_of(found)
            for node, found in parents.items()
        }
        return bind(sql, self.store.dialect, tables)

    def training_query(self, plan: Plan, shapes: Mapping[str, Shape]) -> str:
        """Return the query of a training set's plan, in a shape that the store can run.

        `shapes` are those of the views that have one of their own.
        """
        able = self.store.capabilities
        shape = usual_shape(able.asof_join, able.indexes)
        return self.store.text(training_set_query(plan, shape, shapes), pretty=True)

    def create(
        self, relation: Relation, kind: str, query: str, ordered: Sequence[str] = ()
    ) -> None:
        """Make a table or a view of a query; `ordered` are columns that a table is searched by."""
        made = relations.create(table_of(relation), kind, query, self.store.dialect)
        settling = self.store.settling(relation, ordered) if kind == "TABLE" else ()
        self.do(made, *settling)

    def load(self, load: Load) -> None:
        """Make a table of files."""
        self._wait(self.store.load(load))

    def publish(self, *places: tuple[AnyNode, Relation]) -> None:
        """Point the views that people query to builds, all in one transaction."""
        statements: list[exp.Expr] = []
        for node, relation in places:
            view = Relation(self.schema, published_name(node.name, node.variant))
            if not self._replaceable(view, relation):
                statements.append(relations.drop(table_of(view), "VIEW"))
            statements.append(relations.publish(table_of(view), table_of(relation)))
        self.do(*statements)

    def _replaceable(self, view: Relation, relation: Relation) -> bool:
        """Tell whether a view may come to stand for another relation and stay the same view.

        Whoever may read it still may then; a view that is dropped and made anew is another one.
        """
        if self.store.capabilities.replace:
            return True
        try:
            old = self.store.columns(view)
        except StoreError:
            return True
        return self.store.columns(relation)[: len(old)] == old

    def drop(self, relation: Relation, kind: str) -> None:
        """Drop a relation if it is there."""
        self.store.submit(self.text(relations.drop(table_of(relation), kind))).wait()

    def count(self, relation: Relation) -> int:
        """Return how many rows a relation has."""
        (row,) = self.rows(relations.count(table_of(relation)))
        return int(str(next(iter(row.values()))))

    def content_hash(self, relation: Relation, columns: Sequence[str]) -> str:
        """Return what tells a relation's rows from others; empty where the store can't tell."""
        query = self.store.content_hash(relation, columns)
        if query is None:
            return ""
        (row,) = self.rows(query)
        return str(next(iter(row.values())))

    def rows(
        self, query: exp.Query, parents: Mapping[str, Relation | str] | None = None
    ) -> list[dict[str, object]]:
        """Return a small query's rows."""
        return [row for batch in self.batches(query, parents) for row in batch.to_pylist()]

    def batches(
        self,
        query: exp.Query,
        parents: Mapping[str, Relation | str] | None = None,
        rows: int = 65_536,
    ) -> Iterator[pa.RecordBatch]:
        """Return a query's rows as they come; a query that is cancelled raises Cancelled."""
        handle = self.store.submit(self.bound(self.text(query), parents or {}))
        self._wait(handle)
        return self._followed(handle, rows)

    def _followed(self, handle: Handle, rows: int) -> Iterator[pa.RecordBatch]:
        with self._lock:
            self._running.add(handle)
        try:
            yield from handle.batches(rows)
        finally:
            with self._lock:
                self._running.discard(handle)

    def text(self, expression: exp.Expr) -> str:
        """Return a statement as the store writes it."""
        return self.store.text(expression)


def builds_schema(schema: str) -> str:
    """Return the schema that builds lie in, by the one that people query."""
    return f"{schema}__ffc"


def table_of(relation: Relation) -> exp.Table:
    """Return a relation for a statement."""
    found = build.table(relation.name, relation.schema)
    if relation.catalog:
        found.set("catalog", build.name(relation.catalog))
    return found


def random_build_id() -> str:
    """Return an id that no other build of any state store has."""
    return f"b{secrets.token_hex(4)}"
