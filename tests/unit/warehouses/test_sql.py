"""SQL builders: what they write, and that user's SQL is bound without being touched."""

from __future__ import annotations

from typing import Any

import duckdb
import msgspec
import pytest
import sqlglot
from sqlglot import exp
from support.golden import golden
from support.projects import FILES, manifest

from ffc.core.types import Type, known_type
from ffc.manifest.records import FeatureView, TrainingSet
from ffc.sql import build, relations
from ffc.sql.binding import bind, references
from ffc.sql.build import generate
from ffc.sql.difference import difference
from ffc.sql.history import duplicates, newest
from ffc.sql.point_in_time import training_set_query
from ffc.sql.search import Shape, shape_for
from ffc.sql.types import converted, literal, type_of_native

TEXT_KEY = {"k": Type(name="string")}
RELATIONS = {"a.b": build.table("b1", "s"), 'od"d': build.table("b2", "s")}


def test_binding_touches_nothing_but_references() -> None:
    sql = """select "a.b", '"__ffc"."a.b"' -- "__ffc"."a.b"
from  "__ffc"."a.b" x JOIN "__ffc" . "od""d" using (k) /* "__ffc"."a.b" */"""
    assert references(sql, "duckdb") == ["a.b", 'od"d']
    assert bind(sql, "duckdb", RELATIONS) == (
        """select "a.b", '"__ffc"."a.b"' -- "__ffc"."a.b"
from  "s"."b1" x JOIN "s"."b2" using (k) /* "__ffc"."a.b" */"""
    )


def test_a_node_without_a_relation_is_no_sql() -> None:
    with pytest.raises(KeyError, match="gone"):
        bind('select 1 from "__ffc"."gone"', "duckdb", RELATIONS)


def test_a_training_set_in_sql() -> None:
    found = manifest().node("training_set.main")
    assert isinstance(found, TrainingSet)
    assert golden("training_set.duckdb.sql", found.sql + "\n") == found.sql + "\n"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("delay", "created: loaded", "delay: 6h"),
        ("as_known_false", "created: loaded", "created: loaded\n    as_known: false"),
        ("inclusive", "created: loaded", "created: loaded\n    boundary: inclusive"),
        ("no_created", "    created: loaded\n", ""),
    ],
)
def test_a_training_set_in_sql_by_the_views_words(name: str, old: str, new: str) -> None:
    yaml = FILES["features/all.yml"]
    found = manifest(**{"features/all.yml": yaml.replace(old, new)}).node("training_set.main")
    assert isinstance(found, TrainingSet)
    text = found.sql + "\n"
    assert golden(f"training_set.{name}.duckdb.sql", text) == text


def test_a_history_in_sql() -> None:
    found = manifest().node("feature_view.spending")
    assert isinstance(found, FeatureView)
    assert golden("history.duckdb.sql", found.sql + "\n") == found.sql + "\n"


def test_every_statement_is_one_that_sqlglot_reads_back() -> None:
    for node in manifest().nodes:
        sql = getattr(node, "sql", None)
        if sql is not None:
            assert len(sqlglot.parse(sql, read="duckdb")) == 1


def _rows(connection: duckdb.DuckDBPyConnection, query: exp.Expr) -> list[Any]:
    return connection.execute(query.sql(dialect="duckdb")).fetchall()


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    found = duckdb.connect()
    found.execute("SET TimeZone = 'UTC'")
    return found


def test_relations_are_made_published_counted_and_dropped(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for schema in ("s__ffc", "s"):
        _rows(connection, relations.create_schema(schema))
    table, view = build.table('t"1', "s__ffc"), build.table("t", "s")
    connection.execute(relations.create(table, "TABLE", "select 1 as a -- one", "duckdb"))
    _rows(connection, relations.publish(view, table))
    assert _rows(connection, relations.count(view)) == [(1,)]
    assert _rows(connection, relations.listing("s__ffc")) == [('t"1', "BASE TABLE")]
    _rows(connection, relations.drop(view, "VIEW"))
    _rows(connection, relations.drop(table, "TABLE"))
    assert _rows(connection, relations.listing("s__ffc")) == []


def _history(connection: duckdb.DuckDBPyConnection, *rows: str) -> FeatureView:
    view = manifest().node("feature_view.spending")
    assert isinstance(view, FeatureView)
    connection.execute('create schema "__ffc"')
    connection.execute(
        'create table "__ffc"."feature_view.spending"'
        "(user_id text, seen timestamp, loaded timestamp, amount double)"
    )
    for row in rows:
        connection.execute(f'insert into "__ffc"."feature_view.spending" values ({row})')
    return view


def test_the_newest_rows_as_of_an_instant(connection: duckdb.DuckDBPyConnection) -> None:
    view = _history(
        connection,
        "'a', '2024-01-01', '2024-01-02', 1",
        "'a', '2024-01-03', '2024-01-09', 2",
        "'a', '2024-01-03', '2024-01-04', 3",
        "'b', '2024-01-05', '2024-01-05', 4",
    )
    now = literal("2024-01-05", known_type("timestamp"))
    kept = {row[0]: row[3] for row in _rows(connection, newest(view, now, False, True))}
    assert kept == {"a": 3}
    kept = {row[0]: row[3] for row in _rows(connection, newest(view, now, True, True))}
    assert kept == {"a": 3, "b": 4}
    kept = {row[0]: row[3] for row in _rows(connection, newest(view, now, False, False))}
    assert kept == {"a": 2}
    kept = {row[0]: row[3] for row in _rows(connection, newest(view, None, False, True))}
    assert kept == {"a": 2, "b": 4}


def test_a_delay_holds_rows_back(connection: duckdb.DuckDBPyConnection) -> None:
    view = _history(connection, "'a', '2024-01-01', null, 1", "'a', '2024-01-02', null, 2")
    view = msgspec.structs.replace(view, created="", delay=86_400)
    now = literal("2024-01-02T12:00:00", known_type("timestamp"))
    assert [row[3] for row in _rows(connection, newest(view, now, False, True))] == [1]
    assert [row[3] for row in _rows(connection, newest(view, now, False, False))] == [2]


def test_keys_that_a_static_view_holds_twice(connection: duckdb.DuckDBPyConnection) -> None:
    view = manifest().node("feature_view.profile")
    assert isinstance(view, FeatureView)
    connection.execute('create schema "__ffc"')
    connection.execute(
        'create table "__ffc"."feature_view.profile" as '
        "select * from (values ('a', 'x'), ('b', 'x'), ('b', 'x')) t(user_id, country)"
    )
    assert _rows(connection, duplicates(view)) == [("b", 2)]


def test_the_difference_of_two_snapshots(connection: duckdb.DuckDBPyConnection) -> None:
    columns = "(k text, __event_time timestamp, __created timestamp, __feature_0 double)"
    for name in ("old", "new"):
        connection.execute(f"create table {name} {columns}")
    connection.execute(
        "insert into old values ('same', '2024-01-01', null, 'nan'), ('gone', '2024-01-01', null, 1), ('other', '2024-01-01', null, null)"
    )
    connection.execute(
        "insert into new values ('same', '2024-01-01', null, 'nan'), ('fresh', '2024-01-02', null, 2), ('other', '2024-01-01', null, 3)"
    )
    rows = _rows(
        connection, difference(build.table("new"), build.table("old"), TEXT_KEY, ["__feature_0"])
    )
    assert [row[0] for row in rows] == ["gone", "fresh", "other"]
    told = {row[0]: (row[1], row[4], row[-1]) for row in rows}
    assert told == {
        "gone": (True, None, True),
        "fresh": (False, 2, False),
        "other": (False, 3, True),
    }
    rows = _rows(connection, difference(build.table("new"), None, TEXT_KEY, ["__feature_0"]))
    assert [row[0] for row in rows] == ["same", "fresh", "other"]
    assert len(rows) == 3
    assert {(row[1], row[-1]) for row in rows} == {(False, False)}


@pytest.mark.parametrize(
    ("native", "sql", "wanted", "value"),
    [
        ("DOUBLE", "-0.0::double", "float64", "0.0"),
        (
            "TIMESTAMP_NS",
            "'1969-12-31 23:59:59.999999999'::timestamp_ns",
            "timestamp",
            "1969-12-31 23:59:59.999999",
        ),
        (
            "TIMESTAMP_NS",
            "'2024-01-01 00:00:00.000000999'::timestamp_ns",
            "timestamp",
            "2024-01-01 00:00:00",
        ),
        (
            "TIMESTAMP WITH TIME ZONE",
            "'2024-01-01 02:00:00+02'::timestamptz",
            "timestamp",
            "2024-01-01 00:00:00",
        ),
        ("DATE", "'2024-01-01'::date", "timestamp", "2024-01-01 00:00:00"),
        ("SMALLINT", "7::smallint", "int32", "7"),
        ("INTEGER", "7", "int64", "7"),
    ],
)
def test_a_column_becomes_a_type_that_holds_its_values(
    connection: duckdb.DuckDBPyConnection, native: str, sql: str, wanted: str, value: str
) -> None:
    expression = converted(build.column("x"), native, known_type(wanted))
    query = f"select typeof(v), v::text from (select {expression.sql('duckdb')} as v from (select {sql} as x))"
    ((kind, found),) = connection.execute(query).fetchall()
    assert found == value
    assert str(type_of_native(kind)) == wanted


@pytest.mark.parametrize(
    ("questions", "rows", "longest", "shape"),
    [
        (10_000, 100_000, 28, "pairs"),
        (1_000_000, 1_000_000, 28, "ranges"),
        (1_000_000, 1_000_000, 65, "asof"),
        (300_000, 300_000, 1_100, "asof"),
        (1, 1_000_000, 1_000_000, "pairs"),
        (0, 0, 0, "pairs"),
    ],
)
def test_the_shape_of_a_search_by_sizes(
    questions: int, rows: int, longest: int, shape: str
) -> None:
    assert shape_for(questions, rows, longest) == shape


@pytest.mark.parametrize("shape", ["ranges", "pairs"])
def test_a_training_set_in_sql_by_shape(shape: Shape) -> None:
    yaml = FILES["features/all.yml"].replace("    created: loaded\n", "")
    found = manifest(**{"features/all.yml": yaml}).node("training_set.main")
    assert isinstance(found, TrainingSet)
    text = generate(
        training_set_query(found.plan, shapes={found.plan.views[0].view: shape}), "duckdb"
    )
    assert golden(f"training_set.{shape}.duckdb.sql", text + "\n") == text + "\n"
