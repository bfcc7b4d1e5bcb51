"""What ffc tells PostgreSQL: joins that are hashed, indexes, views that stay what they are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg2
import pytest
from sqlglot import exp
from support.cli import ffc, write_files
from support.postgres import SORTS_BY_BYTES, PostgresServer, postgres
from support.projects import open_session, small_project
from support.two_targets import POSTGRES, add_target, differences

from ffc.adapter import Options, Relation
from ffc.connect.warehouse import Warehouse, table_of
from ffc.manifest.records import Label, TrainingSet
from ffc.registry import StateRegistry
from ffc.run.point_in_time.searching import searches
from ffc.sql import build, increments, relations
from ffc_postgres import PostgresOfflineStore
from ffc_postgres.warehouse.types import type_of

NODE: Final = Label(
    id="label.shown", name="shown", path="", line=1, source="", roles=(), column="", sql=""
)


@pytest.fixture(scope="module", params=[pytest.param(16, marks=pytest.mark.slow), 18])
def server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with postgres(request.param) as found:
        yield found


@pytest.fixture
def database(server: PostgresServer) -> str:
    return server.database()


@pytest.fixture
def warehouse(server: PostgresServer, database: str, tmp_path: Path) -> Iterator[Warehouse]:
    values = server.settings_of(database)
    options = Options(where="target pg, offline", folder=tmp_path, values=values)
    with closing(PostgresOfflineStore(options)) as store:
        found = Warehouse(store, "dev")
        found.prepare()
        yield found


def made(warehouse: Warehouse, name: str, query: str) -> exp.Table:
    relation = Relation("dev__ffc", name)
    warehouse.create(relation, "TABLE", query)
    return table_of(relation)


def told(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    batches = warehouse.store.submit(query).batches()
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


ROWS: Final = """SELECT * FROM (VALUES
  (1, 'a', ARRAY[1, 2], 1.5::float8), (NULL, 'b', NULL, 'NaN'), (NULL, NULL, ARRAY[]::int[], NULL),
  (2, '', ARRAY[NULL::int], -0.0)) AS v(i, s, l, d)"""


def test_rows_that_are_alike_are_found_though_they_hold_nulls(warehouse: Warehouse) -> None:
    names = ["i", "s", "l", "d"]
    table = made(warehouse, "kept", ROWS)
    batch = made(warehouse, "batch", f"{ROWS} UNION ALL SELECT NULL, NULL, NULL, 1")
    query = exp.select("*").from_(table)
    changed = increments.changes(batch, query, names)
    assert warehouse.rows(changed) == [{"i": None, "s": None, "l": None, "d": 1.0, "__change": 1}]
    # A null list and an empty one are two.
    scope = increments.keyed_scope(query, batch, ["i", "s", "l"])
    assert len(warehouse.rows(scope)) == 4
    some = made(warehouse, "some", "SELECT NULL::int AS i, NULL AS s, NULL::int[] AS l, NULL AS d")
    assert warehouse.rows(increments.keyed_scope(query, some, ["i", "s", "l"])) == []


def test_joins_of_rows_that_may_be_null_are_hashed(warehouse: Warehouse) -> None:
    rows = "SELECT i, i::text AS s FROM generate_series(1, 20000) AS i"
    table, batch = made(warehouse, "kept", rows), made(warehouse, "batch", rows)
    scope = increments.keyed_scope(exp.select("*").from_(table), batch, ["i", "s"])
    with closing(psycopg2.connect(**_settings(warehouse))) as session, session.cursor() as cursor:
        cursor.execute(f"EXPLAIN {warehouse.text(scope)}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Hash Join" in plan or "Merge Join" in plan
    assert "Nested Loop" not in plan


def _settings(warehouse: Warehouse) -> dict[str, str]:
    store = warehouse.store
    assert isinstance(store, PostgresOfflineStore)
    return dict(store._sessions.place.parameters)


def test_text_is_in_the_order_of_its_bytes(warehouse: Warehouse) -> None:
    value = exp.cast(build.column("x"), exp.DType.TEXT)
    query = exp.select(exp.Max(this=value)).from_(
        made(warehouse, "texts", "SELECT x FROM (VALUES ('Z'), ('a'), ('é'), ('É')) AS v(x)")
    )
    assert list(warehouse.rows(query)[0].values()) == ["é"]
    # The server's own order is another one, wherever it can have one.
    assert told(warehouse, "SELECT 'a' < 'B' AS people") == [(not SORTS_BY_BYTES,)]


def test_what_one_may_not_read_is_listed(
    warehouse: Warehouse, server: PostgresServer, database: str
) -> None:
    server.sql('CREATE TABLE "dev__ffc"."of_others" AS SELECT 1 AS i', database)
    server.sql('CREATE VIEW "dev__ffc"."seen_by_others" AS SELECT 1 AS i', database)
    assert warehouse.kinds() == {
        "__journal": "TABLE",
        "of_others": "TABLE",
        "seen_by_others": "VIEW",
    }


def test_a_view_that_grows_stays_the_same_view(
    warehouse: Warehouse, server: PostgresServer, database: str
) -> None:
    server.sql("DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN END $$")
    first = made(warehouse, "first", "SELECT 1 AS a")
    more = made(warehouse, "more", "SELECT 1 AS a, 2 AS b")
    other = made(warehouse, "other", "SELECT 'x' AS a, 3 AS c")
    readable = "SELECT has_table_privilege('reader', 'dev.shown', 'SELECT')"
    warehouse.publish((NODE, Relation("dev__ffc", first.name)))
    server.sql("GRANT SELECT ON dev.shown TO reader", database)
    warehouse.publish((NODE, Relation("dev__ffc", more.name)))
    assert told(warehouse, "SELECT * FROM dev.shown") == [(1, 2)]
    assert server.sql(readable, database) == [(True,)]
    warehouse.publish((NODE, Relation("dev__ffc", other.name)))
    assert told(warehouse, "SELECT * FROM dev.shown") == [("x", 3)]


def test_readers_never_miss_a_view_that_changes_its_columns(
    warehouse: Warehouse, server: PostgresServer, database: str
) -> None:
    tables = [made(warehouse, f"t{i}", f"SELECT {i} AS c{i}") for i in range(2)]
    warehouse.publish((NODE, Relation("dev__ffc", tables[0].name)))
    over, seen = threading.Event(), set()

    def read() -> None:
        with closing(server.connect(database)) as reader, reader.cursor() as cursor:
            while not over.is_set():
                cursor.execute("SELECT * FROM dev.shown")
                seen.update(cursor.fetchall())

    with ThreadPoolExecutor(2) as readers:
        reading = [readers.submit(read) for _ in range(2)]
        for turn in range(60):
            warehouse.publish((NODE, Relation("dev__ffc", tables[turn % 2].name)))
        over.set()
        for each in reading:
            each.result()
    assert seen == {(0,), (1,)}


def test_a_history_has_an_index_and_training_sets_use_it(
    server: PostgresServer, tmp_path: Path
) -> None:
    lines = [
        f"u{i % 50},{i},true,2024-01-{1 + i % 28:02}T00:00:{i % 60:02}Z,2024-01-01T00:00:00Z"
        for i in range(3_000)
    ]
    project = small_project(tmp_path)
    write_files(
        project, {"data/events.csv": "user_id,amount,paid,seen,loaded\n" + "\n".join(lines)}
    )
    add_target(project, server)
    done = ffc(project, "run", "--target", POSTGRES)
    assert done.code == 0, done.stderr
    shown = ffc(project, "show", "main", "--target", POSTGRES)
    assert "feature_view.spending: lateral" in shown.stdout
    with open_session(project, POSTGRES) as session:
        warehouse = Warehouse(session.offline, session.schema)
        registry = StateRegistry(session.state, session.target.name)
        node = registry.nodes()["training_set.main"]
        assert isinstance(node, TrainingSet)
        read = {name: registry.relation(name) for name in (node.label, *node.depends_on)}
        shapes = {each.view: each.shape for each in searches(warehouse, node.plan, read)}
        query = warehouse.bound(warehouse.training_query(node.plan, shapes), read)
        with closing(psycopg2.connect(**_settings(warehouse))) as plain, plain.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan Backward" in plan


def test_rows_that_are_learned_much_later_are_walked_along(
    server: PostgresServer, tmp_path: Path
) -> None:
    rows = [
        f"u1,{i},true,2024-01-01T00:{i // 60:02}:{i % 60:02}Z,2025-01-01T00:00:00Z"
        for i in range(2_000)
    ]
    project = small_project(tmp_path)
    write_files(project, {"data/events.csv": "user_id,amount,paid,seen,loaded\n" + "\n".join(rows)})
    add_target(project, server)
    for target in ("dev", POSTGRES):
        assert ffc(project, "run", "--target", target).code == 0
    shown = ffc(project, "show", "main", "--target", POSTGRES).stdout
    assert "feature_view.spending: walk" in " ".join(shown.split())
    assert differences(project) == []


@pytest.mark.parametrize(
    ("native", "wanted"),
    [
        ("text", "string"),
        ("character varying(20)", "string"),
        ("character(3)", "string"),
        ("smallint", "int32"),
        ("bigint", "int64"),
        ("real", "float32"),
        ("numeric(10,2)", "decimal(10,2)"),
        ("numeric", ""),
        ("numeric(50,2)", ""),
        ("timestamp without time zone", "timestamp"),
        ("timestamp(3) with time zone", "timestamp"),
        ("real[]", "list<float32>"),
        ("bytea", "bytes"),
        ("jsonb", "json"),
        ("interval", ""),
        ("uuid", ""),
    ],
)
def test_its_types_are_ours(native: str, wanted: str) -> None:
    assert str(type_of(native) or "") == wanted


def test_a_table_that_exists(server: PostgresServer, tmp_path: Path) -> None:
    project = small_project(tmp_path)
    database = add_target(project, server)
    server.sql(
        """CREATE SCHEMA shop AUTHORIZATION ffc; SET timezone = 'America/New_York';
        CREATE TABLE shop.events AS SELECT * FROM (VALUES
          ('b'::varchar(9), 1::real, true, timestamp '2024-01-01 00:00:00',
           timestamptz '2024-01-02 00:00:00+02'), ('B', 2, null, '2024-01-01 12:00', null)
        ) AS v(user_id, amount, paid, seen, loaded); GRANT SELECT ON shop.events TO ffc""",
        database,
    )
    source = (project / "sources/raw.yml").read_text()
    table = source.replace("file: data/events.csv", "table: shop.events", 1)
    (project / "sources/raw.yml").write_text(table)
    done = ffc(project, "run", "--target", POSTGRES)
    assert done.code == 0, done.stderr
    query = "select user_id, amount, loaded from {{ ref('clean') }} order by user_id"
    found = ffc(project, "query", query, "--target", POSTGRES, "--output", "json")
    rows = found.json()["rows"]
    assert [row[0] for row in rows] == ["B", "b"]
    assert rows[1][2].startswith("2024-01-01 22:00:00")


def test_a_schema_is_made_but_once(warehouse: Warehouse) -> None:
    warehouse.do(relations.create_schema("dev"), relations.create_schema("dev"))
