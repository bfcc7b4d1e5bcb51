"""Builds that go on from the last one: incrementals, snapshots, histories of what went on so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build, Pointer, StateStore
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.errors import DataError
from ffc.manifest.records import AnyNode, FeatureView, Transformation
from ffc.manifest.upgrades import decode_node
from ffc.run.building.increments import BATCH, CHANGES, INSTANTS, ROWS, Increment, staged
from ffc.sql import build, increments, snapshots

Bounds = tuple[datetime, datetime]
# A column of nanoseconds is kept to the microsecond: rows of several times become those of one.
_FINER: Final = ("TIMESTAMP_NS",)


@dataclass(slots=True, kw_only=True)
class Advancing:
    """What it takes to go on from a build: where its parents lie, and what it was made by."""

    warehouse: Warehouse
    state: StateStore
    pointers: Mapping[str, Pointer]
    definitions: Mapping[tuple[str, str], bytes]
    existing: set[str]
    nodes: Mapping[str, AnyNode]
    now: datetime

    def increment(
        self, node: AnyNode, before: Pointer, build_id: str, bounds: Bounds | None
    ) -> Increment | None:
        """Stage what makes the next build of the last one; None where it must be built anew.

        `bounds` are the times that are to be filled anew, if not those that follow the last build.
        """
        if isinstance(node, FeatureView):
            return self._history(node, before, build_id)
        if not isinstance(node, Transformation):
            return None
        if node.materialized not in ("snapshot", "incremental"):
            # Tables and views are made anew, whatever columns they had.
            return None
        known = self._known(node, before)
        if known is None:
            return None
        if node.materialized == "snapshot":
            return self._snapshot(node, before.build, build_id, known)
        return self._incremental(node, before.build, build_id, known, bounds)

    def _parents(self, node: AnyNode) -> dict[str, Relation | str]:
        return relations_of(self.warehouse, self.nodes, self.pointers, node.depends_on)

    def _known(self, node: Transformation, before: Pointer) -> list[str] | None:
        """Return the columns that the last build has; None where there is no going on from it."""
        definition = self.definitions.get((node.id, before.definition))
        old = decode_node(definition) if definition is not None else None
        if not isinstance(old, Transformation) or old.materialized != node.materialized:
            return None
        was = {column.name: column.native for column in old.columns}
        if before.definition == node.data_fingerprint:
            return list(was)
        new = {column.name: column.native for column in node.columns}
        gone = [name for name, native in was.items() if new.get(name) != native]
        if node.materialized == "snapshot":
            if gone:
                raise _changed(
                    node, was, new, "make a variant: what it remembers can't be made anew"
                )
            return list(was)
        if node.on_schema_change == "rebuild" or (was == new and node.on_schema_change == "fail"):
            return None
        if gone or node.on_schema_change == "fail":
            raise _changed(node, was, new, "`ffc run --full-refresh` builds it anew")
        return list(was)

    def _incremental(
        self,
        node: Transformation,
        before: Build,
        build_id: str,
        known: list[str],
        bounds: Bounds | None,
    ) -> Increment | None:
        table = table_of(Relation(*before.relation))
        start, end = self._window(node, table, bounds)
        if start is None and node.time_column:
            return None
        parents: dict[str, Relation | str] = dict(self._parents(node))
        parents[node.id] = Relation(*before.relation)
        if start is not None:
            row = exp.select(build.named(start.copy(), "watermark"))
            parents[f"watermark.{node.id}"] = self.warehouse.text(row)
        query = self.warehouse.bound(node.target_sql_next or node.sql_next, parents)
        if start is not None and (bounds is not None or not node.unique_key):
            query = self._within(query, node.time_column, start, end)
        self.warehouse.create(self.warehouse.aside(BATCH, build_id), "TABLE", query)
        self.check_keys(node, self.warehouse.aside(BATCH, build_id))

        def scope(rows: exp.Select, batch: exp.Table) -> exp.Select:
            if node.unique_key:
                return increments.keyed_scope(rows, batch, node.unique_key)
            assert start is not None
            return increments.dated_scope(rows, node.time_column, start, end)

        return staged(self.warehouse, before, build_id, _columns(node), known, scope)

    def _window(
        self, node: Transformation, table: exp.Table, bounds: Bounds | None
    ) -> tuple[exp.Expr | None, exp.Expr | None]:
        """Return the times that a batch is of; no start where nothing was built yet."""
        if not node.time_column:
            return None, None
        native = time_type(node)
        if bounds is not None:
            return instant(bounds[0], native), instant(bounds[1], native)
        newest = increments.newest(table, node.time_column, native, node.lookback)
        ((text,),) = [tuple(row.values()) for row in self.warehouse.rows(newest)]
        return (exp.cast(exp.Literal.string(str(text)), native) if text else None), None

    def _within(self, query: str, column: str, start: exp.Expr, end: exp.Expr | None) -> str:
        outer = increments.within(
            exp.select("*").from_(build.reference("batch")), column, start, end
        )
        return self.warehouse.bound(self.warehouse.text(outer), {"batch": query})

    def first_batch(self, node: Transformation, query: str, bounds: Bounds) -> str:
        """Return the query of a first build that is of some times only."""
        native = time_type(node)
        start, end = (instant(bound, native) for bound in bounds)
        return self._within(query, node.time_column, start, end)

    def check_keys(self, node: Transformation, rows: Relation) -> None:
        """Return if no key comes twice; raises DataError, which names some that do."""
        if not node.unique_key:
            return
        found = self.warehouse.rows(increments.repeated(table_of(rows), node.unique_key))
        if found:
            shown = [
                ", ".join(f"{key} = {row[key]!r}" for key in node.unique_key)
                + f" ({row['__rows']} rows)"
                for row in found
            ]
            raise DataError(
                f"`{node.name}` has more than one row for a `unique_key`",
                help=[
                    *shown,
                    "deduplicate its query, or add to `unique_key` what tells them apart",
                ],
            )

    def _snapshot(
        self, node: Transformation, before: Build, build_id: str, known: list[str]
    ) -> Increment:
        rows = self.stage_rows(node, build_id)
        kept = increments.aligned(table_of(Relation(*before.relation)), _columns(node), known)
        now = instant(self.now, exp.DataType(this=exp.DType.TIMESTAMP))
        query = snapshots.next_versions(node, kept, rows, now)
        batch = self.warehouse.aside(BATCH, build_id)
        names = [build.column(name) for name, _ in _columns(node)]
        ordered = exp.select(*names).from_(query.subquery(build.name("versions")))
        self.warehouse.create(batch, "TABLE", self.warehouse.text(ordered))

        def scope(kept: exp.Select, batch: exp.Table) -> exp.Select:
            return snapshots.ending(node, kept, rows)

        return staged(self.warehouse, before, build_id, _columns(node), known, scope)

    def stage_rows(self, node: Transformation, build_id: str) -> exp.Table:
        """Make a table of what a snapshot's query gives now; raises DataError for a key twice."""
        rows = self.warehouse.aside(ROWS, build_id)
        query = self.warehouse.bound(node.target_sql or node.sql, self._parents(node))
        self.warehouse.create(rows, "TABLE", query)
        self.check_keys(node, rows)
        return table_of(rows)

    def _history(self, view: FeatureView, before: Pointer, build_id: str) -> Increment | None:
        """Make anew the instants of the rows that changed in the source, and no others."""
        changed = self._changed_rows(view, before)
        if changed is None:
            return None
        source = Relation(*self.pointers[view.source].build.relation)
        raw = [*view.source_keys, *_times(view)]
        rows = increments.touched_rows(table_of(source), changed, raw)
        query = self.warehouse.bound(view.sql, {view.source: self.warehouse.text(rows)})
        self.warehouse.create(self.warehouse.aside(BATCH, build_id), "TABLE", query)
        instants = self.warehouse.aside(INSTANTS, build_id)
        query = self.warehouse.bound(view.sql, {view.source: self.warehouse.text(changed)})
        self.warehouse.create(instants, "TABLE", query)

        def scope(rows: exp.Select, batch: exp.Table) -> exp.Select:
            keys = [*view.keys, *_times(view)]
            return increments.keyed_scope(rows, table_of(instants), keys)

        names = [column.name for column in view.columns]
        return staged(self.warehouse, before.build, build_id, _columns(view), names, scope)

    def _changed_rows(self, view: FeatureView, before: Pointer) -> exp.Query | None:
        """Return the source's rows that came and went since the last build; None if unknown."""
        source, pointer = self.nodes[view.source], self.pointers.get(view.source)
        known = before.build.inputs.get(view.source, "")
        if not view.event_time or before.definition != view.data_fingerprint or pointer is None:
            return None
        natives = {column.name: column.native for column in source.columns}
        if any(natives.get(name) in _FINER for name in (*view.source_keys, *_times(view))):
            return None
        builds = self._since(view.source, pointer.build, known)
        tables = [self.warehouse.aside(CHANGES, build_id) for build_id in builds]
        if not tables or any(table.name not in self.existing for table in tables):
            return None
        names = [build.column(column.name) for column in source.columns]
        queries = [exp.select(*(n.copy() for n in names)).from_(table_of(t)) for t in tables]
        found: exp.Query = queries[0]
        for query in queries[1:]:
            found = exp.union(found, query, distinct=False)
        return found

    def _since(self, node: str, newest: Build, known: str) -> list[str]:
        """Return the builds that batches made of a known one; none where they were not."""
        if not newest.previous:
            return []
        builds = {each.id: each for each in self.state.builds(node)}
        found: list[str] = []
        at: Build | None = newest
        while at is not None and at.id != known:
            found.append(at.id)
            at = builds.get(at.previous)
        return found if at is not None else []


def relations_of(
    warehouse: Warehouse,
    nodes: Mapping[str, AnyNode],
    pointers: Mapping[str, Pointer],
    wanted: Iterable[str],
) -> dict[str, Relation | str]:
    """Return where nodes lie; an ephemeral is its query, over where its own parents lie."""
    found: dict[str, Relation | str] = {}
    for name in wanted:
        node = nodes.get(name)
        if isinstance(node, Transformation) and node.materialized == "ephemeral":
            inner = relations_of(warehouse, nodes, pointers, node.depends_on)
            found[name] = warehouse.bound(node.target_sql or node.sql, inner)
        elif name in pointers:
            found[name] = Relation(*pointers[name].build.relation)
    return found


def time_type(node: Transformation) -> exp.DataType:
    """Return the type of the column that an incremental goes by."""
    native = next(c.native for c in node.columns if c.name == node.time_column)
    return exp.DataType.build(native, dialect="duckdb")


def instant(time: datetime, native: exp.DataType) -> exp.Expr:
    """Return an instant as a value of a column's type."""
    text = time.isoformat(sep=" ") if native.this == exp.DType.TIMESTAMPTZ else _naive(time)
    return exp.cast(exp.Literal.string(text), native.copy())


def _naive(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat(sep=" ")


def _times(view: FeatureView) -> list[str]:
    return [name for name in (view.event_time, view.created) if name]


def _columns(node: AnyNode) -> list[tuple[str, str]]:
    return [(column.name, column.native) for column in node.columns]


def _changed(
    node: Transformation, was: Mapping[str, str], new: Mapping[str, str], remedy: str
) -> DataError:
    gone = [f"`{name}`" for name in was if name not in new]
    came = [f"`{name}`" for name in new if name not in was]
    other = [f"`{n}` (was {was[n]}, is {new[n]})" for n in was if new.get(n, was[n]) != was[n]]
    parts = zip(("without", "with", "of another type"), (gone, came, other), strict=True)
    what = "; ".join(f"{word} {', '.join(names)}" for word, names in parts if names)
    return DataError(
        f"the columns of `{node.name}` changed since it was built: {what}", help=[remedy]
    )
