"""Tests of data run against a build: how many rows break each, five of them, and where all are."""

from __future__ import annotations

import operator
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import msgspec
from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.adapter.state import NodeRun
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, random_build_id, table_of
from ffc.core.clock import Clock, stamp, utc_now
from ffc.core.errors import Cancelled, FfcError, NotFound, TestFailed, Unreachable
from ffc.manifest.records import AnyNode, DataTest
from ffc.registry import Registry, deployed
from ffc.sql import build, data_tests

# So many rows, and so many of their columns, are shown of a test that fails.
ROWS: Final = 5
COLUMNS: Final = 6
_LONGEST: Final = 40
# How many columns the rows of these tests have; of others they are rows of the node.
_OWN_COLUMNS: Final[Mapping[str, int]] = {"unique": 2, "row_count": 1, "freshness": 1}
_COMPARED: Final[Mapping[str, Callable[[int, int], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}

Relations = Mapping[str, Relation | str]


def run_test(
    warehouse: Warehouse,
    node: AnyNode,
    test: DataTest,
    parents: Relations,
    now: datetime,
    build_id: str,
) -> NodeRun:
    """Run a test of a node; `parents` are where it and what it looks into lie.

    The rows that break it are kept as a table among the builds. A test that can't be run fails; one
    that was cancelled raises Cancelled, a warehouse that can't be opened Unreachable.
    """
    started = time.perf_counter()
    instant = now.replace(tzinfo=None).isoformat(sep=" ")
    known = {**parents, data_tests.NOW: warehouse.text(data_tests.at(instant))}
    try:
        result = _tested(warehouse, node, test, known, build_id)
    except (Cancelled, Unreachable):
        raise
    except FfcError as problem:
        result = NodeRun.failed(name_of(node, test), "test", problem)
    return msgspec.structs.replace(result, seconds=round(time.perf_counter() - started, 6))


def name_of(node: AnyNode, test: DataTest) -> str:
    """Return what a test is called in the results of a run."""
    return f"test.{node.id}.{test.name}"


def _tested(
    warehouse: Warehouse, node: AnyNode, test: DataTest, known: Relations, build_id: str
) -> NodeRun:
    status, count = "success", 0
    for sql, worst in ((test.sql, test.severity), (test.sql_warn, "warn")):
        if not sql:
            continue
        query = warehouse.bound(sql, known)
        count = _count(warehouse, query)
        status = _status(test, count, worst)
        if status != "success":
            break
    result = NodeRun(
        id=name_of(node, test), action="test", status=status, attempts=1, rows={"failing": count}
    )
    if status == "success":
        return result
    kept = _kept(warehouse, test, query, build_id)
    problem = TestFailed(_said(node, test, count), help=[_all(warehouse, kept)])
    return msgspec.structs.replace(
        NodeRun.failed(result.id, "test", problem),
        status=status,
        rows=result.rows,
        relation=str(kept),
        samples=_shown(warehouse, node, test, kept),
    )


def _status(test: DataTest, count: int, worst: str) -> str:
    """Return how a test fares by the number of rows that break it."""
    if worst == "error" and _holds(test.error_if, count):
        return "error"
    return "warn" if _holds(test.warn_if, count) else "success"


def _holds(threshold: str, count: int) -> bool:
    match = re.fullmatch(r"\s*(>=?|<=?|!?=)\s*([0-9]+)\s*", threshold or ">0")
    return match is not None and _COMPARED[match[1]](count, int(match[2]))


def _count(warehouse: Warehouse, query: str) -> int:
    rows = exp.select(exp.Count(this=exp.Star())).from_(build.reference("failing"))
    (row,) = warehouse.rows(rows, {"failing": query})
    return int(str(next(iter(row.values()))))


def _kept(warehouse: Warehouse, test: DataTest, query: str, build_id: str) -> Relation:
    kept = warehouse.aside(f"test_{test.name[:_LONGEST]}", build_id)
    warehouse.create(kept, "TABLE", query)
    return kept


def _shown(warehouse: Warehouse, node: AnyNode, test: DataTest, kept: Relation) -> list[str]:
    # By every column, so that the same rows are shown each time.
    columns = _OWN_COLUMNS.get(test.test, len(node.columns))
    order = [exp.Literal.number(i) for i in range(1, columns + 1)]
    query = exp.select("*").from_(table_of(kept)).order_by(*order).limit(ROWS)
    return [_row(test, row) for row in warehouse.rows(query)]


def _row(test: DataTest, row: Mapping[str, object]) -> str:
    names = [*([test.column] if test.column in row else []), *(n for n in row if n != test.column)]
    shown = ", ".join(f"{name} = {_value(row[name])}" for name in names[:COLUMNS])
    return f"{shown}, …" if len(names) > COLUMNS else shown


def _value(value: object) -> str:
    if value is None:
        return "null"
    return repr(value) if isinstance(value, str) else str(value)


def _all(warehouse: Warehouse, kept: Relation) -> str:
    # What needs no quotes has none: this is read by people and pasted into a shell.
    table = exp.table_(kept.name, db=kept.schema).sql(dialect=warehouse.store.dialect)
    query = f"select * from {table}"
    quote = "'" if '"' in query else '"'
    return f"all of them: ffc query {quote}{query}{quote}"


def _said(node: AnyNode, test: DataTest, count: int) -> str:
    what = f"the test `{test.name}` of `{node.name}`"
    if test.test == "unique":
        return f"{what} fails: {count:,} value{' comes' if count == 1 else 's come'} more than once"
    if test.test == "row_count":
        return f"{what} fails: it has too few rows, or too many"
    if test.test == "freshness":
        return f"{what} fails: its newest row is too old"
    return f"{what} fails: {count:,} row{'' if count == 1 else 's'}"


def _on_good_builds(
    registry: Registry,
    warehouse: Warehouse,
    node: AnyNode,
    test: DataTest,
    now: datetime,
    build_id: str,
) -> NodeRun:
    """Run a test on good builds; it fails alone where what it looks into has none."""
    try:
        parents = {name: registry.relation(name) for name in (node.id, test.other) if name}
    except NotFound as problem:
        return NodeRun.failed(name_of(node, test), "test", problem)
    return run_test(warehouse, node, test, parents, now, build_id)


def run_tests(
    session: Session,
    *,
    principal: Principal,
    selected: frozenset[str] | None = None,
    report: Callable[[NodeRun], None] = lambda _: None,
    clock: Clock = utc_now,
    build_id: Callable[[], str] = random_build_id,
) -> list[NodeRun]:
    """Run the tests of what is deployed against its good builds; return how each fared.

    Nothing is held: a run may go on meanwhile. `selected` are ids of nodes, None for all. Raises
    NotFound where nothing is deployed, Unreachable where the warehouse can't be opened.
    """
    authorize(principal, "test")
    state, target = session.state, session.target.name
    registry = deployed(state, target)
    warehouse = Warehouse(session.offline, session.schema)
    run = state.begin_run(target, "test", principal.name, stamp(clock()))
    results: list[NodeRun] = []
    status = "error"
    try:
        for node in registry.nodes().values():
            tests = node.tests if selected is None or node.id in selected else ()
            for test in tests:
                result = _on_good_builds(registry, warehouse, node, test, clock(), build_id())
                state.record_node(run, result)
                results.append(result)
                report(result)
        status = "error" if any(r.status == "error" for r in results) else "success"
    finally:
        state.finish_run(run, status, stamp(clock()))
    return results
