"""Sessions of PostgreSQL: kept, shared by nobody, followed, cancelled."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from support.offline import open_postgres, rows_of, tables
from support.postgres import PostgresServer, shared

from ffc.adapter import Cancelled, StatementFailed, Status, StoreError
from ffc_postgres import PostgresOfflineStore

ENDLESS = (
    "SELECT sum(a.n::float8 * b.n) AS n FROM generate_series(1, 1000000) AS a(n), "
    "generate_series(1, 1000000) AS b(n)"
)
# A process that presses Ctrl-C while its main thread waits for rows.
INTERRUPTED = f"""\
import json, os, pathlib, signal, sys, threading
from ffc.adapter import Options
from ffc_postgres import PostgresOfflineStore

values = json.loads(sys.argv[1])
store = PostgresOfflineStore(Options(where="here", folder=pathlib.Path(), values=values))
handle = store.submit({ENDLESS!r})
handle.wait()
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    list(handle.batches())
except KeyboardInterrupt:
    store.close()
    print("interrupted")
"""


@pytest.fixture(params=[pytest.param(16, marks=pytest.mark.slow), 18])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    return shared(request.param)


def sessions(server: PostgresServer, store: PostgresOfflineStore) -> list[str]:
    database = store._sessions.place.parameters["dbname"]
    found = server.sql(f"SELECT query FROM pg_stat_activity WHERE datname = '{database}'")
    return [query for (query,) in found]


def until_no_session(server: PostgresServer, store: PostgresOfflineStore) -> None:
    end = time.monotonic() + 10
    while found := sessions(server, store):
        assert time.monotonic() < end, found
        time.sleep(0.02)


# Sessions


def test_sessions_share_no_state_and_are_kept(
    server: PostgresServer, store: PostgresOfflineStore
) -> None:
    here = (
        "SELECT pg_backend_pid(), current_setting('timezone') AS a, current_setting('search_path')"
    )
    first = rows_of(store, here)
    store.submit(
        "SET timezone = 'Asia/Tokyo'",
        "SET search_path = public",
        "CREATE TEMP TABLE mine AS SELECT pg_try_advisory_lock(1)",
    ).wait()
    assert rows_of(store, here) == first
    assert first[0][1:] == ("UTC", "pg_catalog")
    with pytest.raises(StatementFailed, match="mine"):
        store.submit("SELECT * FROM pg_temp.mine").wait()
    assert rows_of(store, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]
    assert len(sessions(server, store)) == 1


def test_a_role_is_taken_on(server: PostgresServer) -> None:
    server.sql("DROP ROLE IF EXISTS readers")
    server.sql("CREATE ROLE readers")
    server.sql("GRANT readers TO ffc")
    store = open_postgres(server, role="readers")
    for _ in range(2):
        assert rows_of(store, "SELECT current_user::text") == [("readers",)]
    store.close()


def test_sessions_that_nobody_needs_any_more_are_gone(server: PostgresServer) -> None:
    store = open_postgres(server)
    unread = store.submit("CREATE TABLE public.t (a int)", "SELECT 1")
    unread.wait()
    batches = store.submit("SELECT n FROM generate_series(1, 10000000) AS g(n)").batches(1_000)
    next(batches)
    assert len(sessions(server, store)) == 2
    store.close()
    with pytest.raises(StoreError):
        list(batches)
    del unread
    until_no_session(server, store)
    with pytest.raises(StoreError, match="is closed"):
        store.about()


def test_rows_that_are_not_read_to_the_end_free_their_session(
    server: PostgresServer, store: PostgresOfflineStore
) -> None:
    store.submit("CREATE TABLE public.t AS SELECT generate_series(1, 1000000) AS n").wait()
    batches = store.submit("SELECT n FROM public.t").batches(1_000)
    assert next(batches)["n"].to_pylist() == list(range(1, 1_001))
    batches.close()
    # It would wait for whoever still reads.
    store.submit("DROP TABLE public.t").wait(10)


def test_who_reads_too_slowly_is_told_so(
    store: PostgresOfflineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc_postgres.warehouse.results.SLOW_SECONDS", 0.2)
    store.submit("CREATE TABLE public.t AS SELECT generate_series(1, 1000000) AS n").wait()
    batches = store.submit("SELECT n FROM public.t").batches(1_000)
    next(batches)
    store.submit("DROP TABLE public.t").wait(10)
    with pytest.raises(StoreError, match="nobody read the rows for"):
        list(batches)


def test_rows_that_came_are_read_as_slowly_as_one_likes(
    store: PostgresOfflineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc_postgres.warehouse.results.SLOW_SECONDS", 0.1)
    batches = store.submit("SELECT n FROM generate_series(1, 3500) AS g(n)").batches(1_000)
    counts = [next(batches).num_rows]
    time.sleep(0.5)
    assert counts + [batch.num_rows for batch in batches] == [1_000, 1_000, 1_000, 500]


# Cancelling


def test_cancel_stops_statements(server: PostgresServer, store: PostgresOfflineStore) -> None:
    handle = store.submit("CREATE TABLE public.a (b int)", f"CREATE TABLE public.t AS {ENDLESS}")
    with pytest.raises(TimeoutError):
        handle.wait(0.2)
    assert handle.poll() is Status.RUNNING
    handle.cancel()
    with pytest.raises(Cancelled):
        handle.wait(10)
    assert handle.poll() is Status.CANCELLED
    assert tables(store) == []


def test_cancel_at_once_is_not_lost(store: PostgresOfflineStore) -> None:
    for n in range(20):
        handle = store.submit(f"CREATE TABLE public.t{n} AS {ENDLESS}")
        time.sleep(n / 2_000)
        handle.cancel()
        with pytest.raises(Cancelled):
            handle.wait(10)
    assert rows_of(store, "SELECT 1") == [(1,)]


def test_cancel_stops_a_query_that_is_being_read(store: PostgresOfflineStore) -> None:
    handle = store.submit(ENDLESS)
    timer = threading.Timer(0.1, handle.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        list(handle.batches())
    timer.join()


def test_cancel_between_two_batches(store: PostgresOfflineStore) -> None:
    handle = store.submit("SELECT n FROM generate_series(1, 10000000) AS g(n)")
    batches = handle.batches(1_000)
    next(batches)
    handle.cancel()
    with pytest.raises(Cancelled):
        list(batches)


def test_cancel_of_statements_that_wait_for_their_turn(store: PostgresOfflineStore) -> None:
    running = [store.submit(f"CREATE TABLE public.t{n} AS {ENDLESS}") for n in range(8)]
    waiting = store.submit("CREATE TABLE public.t9 (a int)")
    assert waiting.poll() is Status.RUNNING
    waiting.cancel()
    assert waiting.poll() is Status.CANCELLED
    with pytest.raises(Cancelled):
        waiting.wait(0)
    for handle in running:
        handle.cancel()
    for handle in running:
        with pytest.raises(Cancelled):
            handle.wait(10)
    assert tables(store) == []


def test_cancel_of_what_is_done_changes_nothing(store: PostgresOfflineStore) -> None:
    handle = store.submit("CREATE TABLE public.t AS SELECT 1 AS a", "SELECT a FROM public.t")
    handle.wait()
    handle.cancel()
    assert handle.poll() is Status.DONE
    assert [batch.to_pylist() for batch in handle.batches()] == [[{"a": 1}]]
    handle.cancel()
    assert handle.poll() is Status.DONE


def test_an_interrupt_is_one(server: PostgresServer) -> None:
    import json

    values = json.dumps(server.settings_of(server.database()))
    command = [sys.executable, "-c", INTERRUPTED, values]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")
