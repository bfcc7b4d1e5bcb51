"""PostgreSQL as a warehouse: settings, statements whole or not at all, tables."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.offline import open_postgres, rows_of, tables
from support.postgres import PostgresServer, shared

from ffc.adapter import (
    DataError,
    Options,
    ProfileError,
    Relation,
    StatementFailed,
    Status,
    StoreError,
    Unreachable,
)
from ffc_postgres import PostgresOfflineStore


@pytest.fixture(params=[pytest.param(16, marks=pytest.mark.slow), 18])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    return shared(request.param)


# Settings


def test_settings(server: PostgresServer) -> None:
    with pytest.raises(ProfileError, match="has no setting `pasword`"):
        open_postgres(server, "d", pasword="x")
    with pytest.raises(ProfileError, match="has no `dbname`"):
        PostgresOfflineStore(Options(where="`offline`", folder=None, values={"host": "h"}))  # type: ignore[arg-type]
    with pytest.raises(ProfileError, match="has both `url` and `host`"):
        open_postgres(server, "d", url="postgresql://h/d")
    values: dict[str, object] = {"url": "postgres:x:y"}
    with pytest.raises(ProfileError, match="`url` can't be read"):
        PostgresOfflineStore(Options(where="`offline`", folder=None, values=values))  # type: ignore[arg-type]
    with pytest.raises(ProfileError, match="`statement_timeout` is no duration") as caught:
        open_postgres(server, "d", statement_timeout="fast")
    assert caught.value.help == ("write it as 30s, 15m, 1h, 7d or 4w",)


def test_nothing_is_connected_to_before_the_first_statement(server: PostgresServer) -> None:
    open_postgres(server, port=1).close()


@pytest.mark.parametrize("name", ["psycopg2", "psycopg2.extensions"])
def test_a_missing_driver_names_the_extra(server: PostgresServer, name: str) -> None:
    script = (
        f"import sys; sys.modules[{name!r}] = None\n"
        "from pathlib import Path\n"
        "from ffc.adapter import Options, ProfileError\n"
        "from ffc.connect.plugins import offline_adapter\n"
        "adapter = offline_adapter('postgres')\n"
        "try: adapter(Options(where='here', folder=Path(), values={'dbname': 'd'}))\n"
        "except ProfileError as problem: print(problem.help[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "install it with: pip install 'ffc-feature-store[postgres]'\n"


def test_an_older_server(store: PostgresOfflineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ffc_postgres.connection.OLDEST", 19)
    with pytest.raises(Unreachable, match=r"is of PostgreSQL 1[68]: ffc needs 19 or newer"):
        store.about()


# Statements


def test_several_statements_end_in_rows(store: PostgresOfflineStore) -> None:
    handle = store.submit(
        "CREATE TABLE public.t (a int)", "INSERT INTO public.t VALUES (1)", "TABLE public.t"
    )
    assert [batch.to_pylist() for batch in handle.batches()] == [[{"a": 1}]]
    assert rows_of(store, "SELECT a + 1 AS b FROM public.t; ") == [(2,)]
    own = store.submit("CREATE TEMP TABLE mine AS SELECT 1 AS a", "SELECT * FROM pg_temp.mine")
    assert [batch.to_pylist() for batch in own.batches()] == [[{"a": 1}]]


@pytest.mark.parametrize(
    "query",
    [
        "(SELECT 1)",
        "-- x\nVALUES (1)",
        "/* x */ WITH a AS (SELECT 1) TABLE a",
        "\n select 1 -- one",
    ],
)
def test_what_a_query_may_begin_with(store: PostgresOfflineStore, query: str) -> None:
    assert rows_of(store, query) == [(1,)]


def test_a_statement_runs_once_whatever_is_asked_of_it(store: PostgresOfflineStore) -> None:
    store.submit("CREATE TABLE public.t (a int)").wait()
    added = store.submit("INSERT INTO public.t VALUES (1), (2)")
    added.wait()
    added.wait()
    assert added.poll() is Status.DONE
    assert rows_of(store, "SELECT a FROM public.t ORDER BY a") == [(1,), (2,)]
    for none in ("INSERT INTO public.t VALUES (3)", ""):
        with pytest.raises(StoreError, match="is no query"):
            list(store.submit(none).batches())


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ("SELECT * FROM public.nowhere", StatementFailed),
        ("INSERT INTO public.u SELECT 1 / 0", DataError),
        ("INSERT INTO public.u VALUES (1)", DataError),
        ("SELEC", StatementFailed),
    ],
)
@pytest.mark.parametrize("after", [(), ("CREATE TABLE public.v (a int)",)], ids=["last", "between"])
def test_several_statements_happen_not_at_all(
    store: PostgresOfflineStore, bad: str, kind: type[Exception], after: tuple[str, ...]
) -> None:
    store.submit(
        "CREATE TABLE public.u (a int PRIMARY KEY)", "INSERT INTO public.u VALUES (1)"
    ).wait()
    first = ("CREATE TABLE public.t (a int)", "INSERT INTO public.u VALUES (2)")
    handle = store.submit(*first, bad, *after)
    with pytest.raises(kind):
        handle.wait()
    assert handle.poll() is Status.FAILED
    assert tables(store) == ["u"]
    assert rows_of(store, "SELECT * FROM public.u") == [(1,)]


def test_where_a_statement_is_wrong(store: PostgresOfflineStore) -> None:
    for query in ("SELECT\n 1 AS a, nope", "SELECT 'é' AS b, nope, 1.5::numeric(9, 2) AS c"):
        with pytest.raises(StatementFailed, match='column "nope" does not exist') as caught:
            store.submit(query).wait()
        assert query[caught.value.position :].startswith("nope")
    with pytest.raises(StatementFailed) as caught:
        store.submit("SELECT 1", "CREATE TABLE public.t AS SELECT nope").wait()
    assert caught.value.position == len("CREATE TABLE public.t AS SELECT ")


def test_a_failure_is_told_by_wait_and_by_batches(store: PostgresOfflineStore) -> None:
    handle = store.submit("SELECT * FROM public.nowhere")
    for ask in (handle.wait, lambda: list(handle.batches()), handle.wait):
        with pytest.raises(StatementFailed, match=r'"public\.nowhere" does not exist'):
            ask()
    assert handle.poll() is Status.FAILED
    handle.cancel()
    assert handle.poll() is Status.FAILED
    late = store.submit("SELECT 1 / (50000 - n) AS a FROM generate_series(1, 60000) AS g(n)")
    batches = late.batches(1_000)
    assert next(batches).num_rows == 1_000
    with pytest.raises(DataError, match="division by zero"):
        list(batches)
    assert rows_of(store, "SELECT 1") == [(1,)]


def test_statements_of_a_store_that_only_reads(server: PostgresServer) -> None:
    store = open_postgres(server, read_only=True)
    assert rows_of(store, "SELECT 1") == [(1,)]
    for _ in range(2):
        with pytest.raises(StoreError, match="read-only transaction"):
            store.submit("CREATE TABLE public.t (a int)").wait()
    store.close()


# Tables


def test_columns_of_tables_and_views(store: PostgresOfflineStore) -> None:
    store.submit(
        'CREATE SCHEMA "a""b"',
        'CREATE TABLE "a""b"."T é" ("x y" int, gone int, "select" numeric(9, 2), c varchar(3)[])',
        'ALTER TABLE "a""b"."T é" DROP COLUMN gone',
        'CREATE VIEW "a""b".v AS SELECT now() AS t FROM "a""b"."T é"',
    ).wait()
    found = store.columns(Relation('a"b', "T é"))
    assert found == [
        ("x y", "integer"),
        ("select", "numeric(9,2)"),
        ("c", "character varying(3)[]"),
    ]
    view = Relation('a"b', "v", catalog=store._sessions.place.parameters["dbname"])
    assert store.columns(view) == [("t", "timestamp with time zone")]
    with pytest.raises(StatementFailed, match=r'"public\.nowhere" does not exist'):
        store.columns(Relation("public", "nowhere"))
    with pytest.raises(StatementFailed, match="`t` is not the whole name of a table") as caught:
        store.columns(Relation("", "t"))
    assert caught.value.help == ("name its schema too, as in `public.orders`",)


def test_the_version_of_a_table_changes_with_its_rows(store: PostgresOfflineStore) -> None:
    table = Relation("public", "t")
    store.submit("CREATE TABLE public.t (a text, b text, c float8, d json)").wait()
    seen = [store.version(table)]
    for change in (
        "INSERT INTO public.t VALUES ('x', 'y')",
        "INSERT INTO public.t VALUES ('x', 'y')",
        "UPDATE public.t SET b = NULL WHERE ctid = (SELECT min(ctid) FROM public.t)",
        "UPDATE public.t SET b = '' WHERE b IS NULL",
        "UPDATE public.t SET a = 'x,y', b = NULL",
        "UPDATE public.t SET c = 0",
        "UPDATE public.t SET c = '-0'",
        "UPDATE public.t SET d = '{}'",
        "DELETE FROM public.t WHERE ctid = (SELECT min(ctid) FROM public.t)",
        "TRUNCATE public.t",
    ):
        store.submit(change).wait()
        seen.append(store.version(table))
    assert seen[-1] == seen[0]
    assert len(set(seen)) == len(seen) - 1


def test_the_hash_of_content_is_that_of_rows_in_any_order(store: PostgresOfflineStore) -> None:
    rows = (
        "(1, 'a', 0.1::float8, '{\"a\": 1}'::jsonb), (2, NULL, 'NaN', NULL), (2, NULL, 'NaN', NULL)"
    )
    store.submit(f"CREATE TABLE public.t AS SELECT * FROM (VALUES {rows}) AS v(a, b, c, d)").wait()
    store.submit("CREATE TABLE public.u AS SELECT d, c, b, a FROM public.t ORDER BY a DESC").wait()

    def content(name: str, *columns: str) -> str:
        query = store.content_hash(Relation("public", name), columns)
        assert query is not None
        ((found,),) = rows_of(store, query.sql("postgres"))
        return str(found)

    found = content("t", "a", "b", "c", "d")
    assert found.startswith("postgres_")
    assert ":3-" in found
    assert content("u", "a", "b", "c", "d") == found
    assert content("t", "b", "a", "c", "d") != found
    assert content("t", "a") != content("t", "c")
    store.submit("UPDATE public.u SET c = 0.2 WHERE a = 1").wait()
    assert content("u", "a", "b", "c", "d") != found
