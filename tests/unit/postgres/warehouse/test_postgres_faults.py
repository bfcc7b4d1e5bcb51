"""What a warehouse of PostgreSQL refuses and ends: each is a clear error, and nothing is lost."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from support.cli import PROFILES, ffc
from support.offline import load, open_postgres, rows_of, tables
from support.postgres import PostgresServer, postgres
from support.postgres_faults import LOST, SLEEP, in_time
from support.projects import small_project

from ffc.adapter import StatementFailed, StoreError, Transient, Unreachable
from ffc.connect.warehouse import Warehouse
from ffc_postgres import PostgresOfflineStore
from ffc_postgres.errors import translate


@pytest.fixture(scope="module", params=[pytest.param(16, marks=pytest.mark.slow), 18])
def server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with postgres(request.param, deadlock_timeout="100ms", wal_level="replica") as server:
        yield server


# No session


@pytest.mark.parametrize(
    ("setting", "value", "said", "help"),
    [
        ("password", "x", "password authentication failed for user", "check `user` and `password`"),
        ("user", "nobody", "password authentication failed for user", "check `user` and"),
        ("dbname", "nowhere", 'database "nowhere" does not exist', "create the database"),
        ("port", 1, "Connection refused", "does the server run"),
        ("host", "nowhere.invalid", "could not translate host name", "does the server run"),
        ("port", "abc", 'invalid integer value "abc"', "check what profiles.yml says"),
        ("port", 65_536, 'invalid port number: "65536"', "check what profiles.yml says"),
        ("sslmode", "full", 'invalid sslmode value: "full"', "check what profiles.yml says"),
        ("sslmode", "require", "does not support SSL", "check what profiles.yml says"),
    ],
)
def test_a_server_that_lets_nobody_in(
    server: PostgresServer, setting: str, value: object, said: str, help: str
) -> None:
    store = open_postgres(server, **{setting: value})
    end = in_time(5)
    for ask in (store.about, store.submit("CREATE TABLE public.t (a int)").wait):
        with pytest.raises(Unreachable) as caught:
            ask()
        assert said in caught.value.message
        assert caught.value.message.startswith("the database ")
        assert caught.value.help[0].startswith(help)
        assert "not a secret" not in str(caught.value)
    assert time.monotonic() < end
    store.close()


def test_too_many_connections(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ffc_postgres.warehouse.sessions.PATIENCE_SECONDS", 0.5)
    database = server.database()
    server.sql(f'ALTER DATABASE "{database}" CONNECTION LIMIT 1')
    store = open_postgres(server, database)
    with closing(server.connect(database, "ffc")) as other:
        with pytest.raises(Transient, match="too many connections for database") as caught:
            store.about()
        assert caught.value.help[0].startswith("others hold all connections")
        # Whoever comes late is waited for.
        monkeypatch.setattr("ffc_postgres.warehouse.sessions.PATIENCE_SECONDS", 10.0)
        threading.Timer(0.5, other.close).start()
        assert rows_of(store, "SELECT 1") == [(1,)]
    store.close()


# What may not be done


def test_permissions_that_are_missing_are_named(server: PostgresServer) -> None:
    database = server.database()
    server.sql(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
    server.sql("DROP ROLE IF EXISTS stranger")
    server.sql("CREATE ROLE stranger LOGIN PASSWORD 'not a secret'")
    server.sql("CREATE SCHEMA s", database)
    server.sql("CREATE TABLE s.t (a int)", database)
    store = open_postgres(server, database, user="stranger")
    with pytest.raises(Unreachable, match='permission denied for database "'):
        store.about()
    server.sql(f'GRANT CONNECT ON DATABASE "{database}" TO stranger')
    for statement, said, needed in (
        ("CREATE SCHEMA u", "permission denied for database", "ffc needs CREATE on the database"),
        ("SELECT * FROM s.t", "permission denied for schema s", "ffc needs USAGE"),
        ("CREATE TABLE s.u (a int)", "permission denied for schema s", "and CREATE in those"),
    ):
        with pytest.raises(StatementFailed, match=said) as caught:
            store.submit(statement).wait()
        assert needed in " ".join(caught.value.help)
    server.sql("GRANT USAGE ON SCHEMA s TO stranger", database)
    with pytest.raises(StatementFailed, match="permission denied for table t") as caught:
        list(store.submit("SELECT * FROM s.t").batches())
    assert "ffc needs SELECT" in " ".join(caught.value.help)
    with pytest.raises(StatementFailed, match="must be owner of table t"):
        store.submit("DROP TABLE s.t").wait()
    store.close()


def test_schemas_that_were_made_by_somebody_else(server: PostgresServer) -> None:
    database = server.database()
    server.sql("DROP ROLE IF EXISTS tenant")
    server.sql("CREATE ROLE tenant LOGIN PASSWORD 'not a secret'")
    store = open_postgres(server, database, user="tenant")
    warehouse = Warehouse(store, "dev")
    with pytest.raises(StatementFailed, match="permission denied for database") as caught:
        warehouse.prepare()
    assert "its schemas made and owned by its user" in " ".join(caught.value.help)
    for schema in ("dev", "dev__ffc"):
        server.sql(f"CREATE SCHEMA {schema} AUTHORIZATION tenant", database)
    assert warehouse.prepare() == {"__journal"}
    store.close()


def test_a_replica_is_read_and_not_written(server: PostgresServer, tmp_path: Path) -> None:
    database = server.database()
    server.sql("CREATE TABLE public.t AS SELECT 1 AS a", database)
    server.sql("GRANT SELECT ON public.t TO ffc", database)
    with server.replica() as replica:
        store = open_postgres(replica, database)
        with pytest.raises(StoreError, match="in a read-only transaction") as caught:
            store.submit("CREATE SCHEMA s").wait()
        assert "a replica?" in caught.value.help[-1]
        (tmp_path / "f.csv").write_text("a\n1\n")
        with pytest.raises(StoreError, match="in a read-only transaction"):
            load(store, {"a": "int64"}, tmp_path / "f.csv")
        store.close()
        reader = open_postgres(replica, database, read_only=True)
        assert rows_of(reader, "SELECT a FROM public.t") == [(1,)]
        reader.close()


# What ends a statement


def test_a_statement_that_takes_too_long(server: PostgresServer) -> None:
    store = open_postgres(server, statement_timeout="1s")
    with pytest.raises(StatementFailed) as caught:
        store.submit(
            "CREATE TABLE public.t (a int)", "DO $$BEGIN PERFORM pg_sleep(30); END$$"
        ).wait()
    message = "the statement took longer than `statement_timeout` in profiles.yml, 1s"
    assert caught.value.message == message
    with pytest.raises(StatementFailed, match="took longer than"):
        list(store.submit(SLEEP).batches())
    assert tables(store) == []
    store.close()
    database = server.database()
    server.sql(f"ALTER DATABASE \"{database}\" SET statement_timeout = '300ms'")
    store = open_postgres(server, database)
    with pytest.raises(StatementFailed, match="longer than the server lets it") as caught:
        list(store.submit(SLEEP).batches())
    assert caught.value.help == ("profiles.yml may say otherwise: `statement_timeout: 4h`",)
    store.close()


def test_a_statement_that_somebody_ends_on_the_server(
    server: PostgresServer, store: PostgresOfflineStore
) -> None:
    for function, kind, said in (
        ("pg_cancel_backend", StatementFailed, "somebody ended the statement on the server"),
        ("pg_terminate_backend", Unreachable, LOST),
    ):
        handle = store.submit(f"CREATE TABLE public.t AS {SLEEP}")
        who = (
            "SELECT count({}(pid)) FROM pg_stat_activity WHERE query LIKE 'CREATE TABLE public.t%'"
        )
        end = in_time(10)
        while server.sql(who.format(function)) == [(0,)]:
            assert time.monotonic() < end
        with pytest.raises(kind, match=said):
            handle.wait(10)
        assert tables(store) == []


def test_a_server_that_is_gone_while_it_sends_rows_may_leave_no_word() -> None:
    said = "error with status PGRES_COPY_OUT and no message from the libpq"
    found = translate(psycopg2.DatabaseError(said), "d on 127.0.0.1:1")
    assert isinstance(found, Unreachable)
    assert re.search(LOST, found.message)


def test_rows_whose_session_is_ended(
    server: PostgresServer, store: PostgresOfflineStore, capfd: pytest.CaptureFixture[str]
) -> None:
    here = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%n / 7%'"
    batches = store.submit("SELECT n / 7 AS n FROM generate_series(1, 30000000) AS g(n)").batches(
        1_000
    )
    next(batches)
    server.sql(here)
    with pytest.raises(Unreachable, match=LOST):
        list(batches)
    assert capfd.readouterr().err == ""
    # Nothing was handed out yet: it is asked again.
    handle = store.submit("SELECT pg_sleep(0.5), n / 7 AS n FROM generate_series(1, 2) AS g(n)")
    handle.wait()
    threading.Timer(0.3, server.sql, [here]).start()
    assert [row["n"] for batch in handle.batches() for row in batch.to_pylist()] == [0, 0]
    assert capfd.readouterr().err == ""


def deadlocked(server: PostgresServer, store: PostgresOfflineStore) -> None:
    """Let a submit of the store's be the one that a deadlock ends."""
    store.submit("CREATE TABLE public.t (a int)", "CREATE TABLE public.u (a int)").wait()
    database = store._sessions.place.parameters["dbname"]
    with closing(server.connect(database)) as other, other.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE public.u")
        handle = store.submit(
            "LOCK TABLE public.t",
            "INSERT INTO public.t VALUES (1)",
            "DO $$BEGIN PERFORM pg_sleep(0.5); END$$",
            "INSERT INTO public.u VALUES (1)",
        )
        time.sleep(0.2)
        cursor.execute("LOCK TABLE public.t")
        cursor.execute("COMMIT")
        handle.wait(10)


def test_a_deadlock_is_gone_through_again(
    server: PostgresServer, store: PostgresOfflineStore
) -> None:
    before = server.log.count("deadlock detected")
    deadlocked(server, store)
    assert server.log.count("deadlock detected") == before + 1
    assert rows_of(store, "SELECT * FROM public.t, public.u AS u(b)") == [(1, 1)]


def test_a_deadlock_that_comes_again_is_told(
    server: PostgresServer, store: PostgresOfflineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc_postgres.warehouse.transactions.ATTEMPTS", 1)
    with pytest.raises(Transient, match="deadlock detected") as caught:
        deadlocked(server, store)
    assert "others write there at the same time: try again" in caught.value.help
    assert rows_of(store, "SELECT * FROM public.t") == []


def test_several_make_the_same_at_once(store: PostgresOfflineStore) -> None:
    def make(n: int) -> None:
        store.submit(
            f"CREATE SCHEMA IF NOT EXISTS s{n // 8}",
            f"CREATE TABLE IF NOT EXISTS s{n // 8}.t (a int)",
            f"CREATE OR REPLACE VIEW s{n // 8}.v AS SELECT {n} AS a FROM s{n // 8}.t",
        ).wait()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(80)))


# What a user sees


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "ok      offline (postgres): PostgreSQL 1"),
        ({"password": "wrong"}, 'password authentication failed for user "ffc"'),
        ({"dbname": "nowhere"}, 'reached: database "nowhere" does not exist'),
        ({"statement_timeout": "soon"}, "`statement_timeout`"),
        (None, "pip install 'ffc-feature-store[postgres]'"),
    ],
    ids=["fine", "password", "database", "setting", "driver"],
)
def test_ffc_debug(
    server: PostgresServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, object] | None,
    said: str,
) -> None:
    settings = {"type": "postgres", **server.settings_of(server.database()), **(change or {})}
    listed = ", ".join(f"{name}: {value}" for name, value in settings.items())
    profiles = PROFILES.replace("{type: duckdb, path: .ffc/test.duckdb}", f"{{{listed}}}")
    project = small_project(tmp_path, **{"profiles.yml": profiles})
    monkeypatch.setenv("COLUMNS", "200")
    if change is None:
        monkeypatch.setitem(sys.modules, "psycopg2", None)
    done = ffc(project, "debug")
    assert said in done.stdout
    assert (done.code == 0) == (change == {})
    assert "not a secret" not in done.stdout + done.stderr
