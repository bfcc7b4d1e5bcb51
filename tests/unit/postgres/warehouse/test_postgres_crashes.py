"""Servers of PostgreSQL that fill up, go, come back or hang: nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.offline import load, open_postgres, rows_of, tables
from support.postgres import PostgresServer, postgres
from support.postgres_faults import LOST, SLEEP, in_time
from support.proxy import proxy

from ffc.adapter import StoreError, Transient, Unreachable
from ffc_postgres import PostgresOfflineStore


@pytest.fixture(scope="module", params=[pytest.param(16, marks=pytest.mark.slow), 18])
def server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with postgres(request.param, deadlock_timeout="100ms", wal_level="replica") as server:
        yield server


# No room


def test_a_full_disk(server: PostgresServer, tmp_path: Path) -> None:
    store = open_postgres(server)
    store.submit("CREATE TABLE public.kept AS SELECT 1 AS a").wait()
    (tmp_path / "f.csv").write_text("a\n" + ("x" * 1_000 + "\n") * 40_000)
    server.stop()
    # A segment of the log has its 16 MiB.
    server.start(largest_file=(20 << 20) + 4_096)
    try:
        big = "SELECT repeat('x', 1000) AS t FROM generate_series(1, 100000)"
        for fail in (
            store.submit(f"CREATE TABLE public.t AS {big}").wait,
            lambda: load(store, {"a": "string"}, tmp_path / "f.csv"),
            lambda: rows_of(store, f"{big} ORDER BY random()"),
        ):
            with pytest.raises(StoreError, match="the server has no room for more") as caught:
                fail()
            assert caught.value.help[0].startswith("make room on the server's disk")
        assert tables(store) == ["kept"]
    finally:
        server.stop()
        server.start()
    assert len(load(store, {"a": "string"}, tmp_path / "f.csv")) == 40_000
    store.close()


# A server that goes, and comes back


def test_a_server_that_is_killed_loses_nothing_and_is_gone_on_with(
    server: PostgresServer, store: PostgresOfflineStore
) -> None:
    store.submit("CREATE TABLE public.kept AS SELECT 1 AS a").wait()
    handle = store.submit("CREATE TABLE public.t (a int)", f"CREATE TABLE public.u AS {SLEEP}")
    time.sleep(0.3)
    server.kill()
    with pytest.raises(Unreachable) as caught:
        handle.wait(10)
    assert "was lost" in caught.value.message
    assert caught.value.help[-1].startswith("what was under way there was undone: run again")
    server.start()
    assert tables(store) == ["kept"]
    store.submit("CREATE TABLE public.t (a int)").wait()


def test_a_server_that_was_started_anew_between_two_statements(
    server: PostgresServer, store: PostgresOfflineStore
) -> None:
    assert rows_of(store, "SELECT 1") == [(1,)]
    server.stop()
    server.start()
    store.submit("CREATE TABLE public.t AS SELECT 1 AS a").wait()
    server.stop()
    threading.Timer(0.5, server.start).start()
    # It is waited for a while.
    assert rows_of(store, "SELECT a FROM public.t") == [(1,)]


def test_a_server_that_does_not_come_back(
    store: PostgresOfflineStore, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc_postgres.warehouse.sessions.PATIENCE_SECONDS", 0.5)
    assert rows_of(store, "SELECT 1") == [(1,)]
    server.stop()
    try:
        for _ in range(2):
            with pytest.raises(Unreachable, match="can't be reached: Connection refused"):
                store.about()
            # It is waited for once, not by each statement that is still to come.
            monkeypatch.setattr("ffc_postgres.warehouse.sessions.PATIENCE_SECONDS", 60.0)
    finally:
        server.start()


# A line that breaks while the server commits


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "unheard"])
def test_a_commit_of_which_nobody_heard_happens_once(server: PostgresServer, heard: bool) -> None:
    broken: list[bytes] = []

    def breaks(said: bytes) -> bool | None:
        if b"COMMIT" not in said or broken:
            return None
        broken.append(said)
        return heard

    with proxy(server.port, breaks) as port:
        store = open_postgres(server, port=port)
        store.submit("CREATE TABLE public.t AS SELECT 1 AS a").wait(20)
        assert broken
        broken.clear()
        store.submit("INSERT INTO public.t VALUES (2)", "INSERT INTO public.t VALUES (3)").wait(20)
        assert broken
        assert rows_of(store, "SELECT a FROM public.t ORDER BY a") == [(1,), (2,), (3,)]
        store.close()


def test_a_commit_of_which_nobody_will_hear_is_told_so(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc_postgres.warehouse.transactions.DOUBT_SECONDS", 0.5)
    monkeypatch.setattr("ffc_postgres.warehouse.sessions.PATIENCE_SECONDS", 0.1)
    gone = threading.Event()

    def breaks(said: bytes) -> bool | None:
        if b"COMMIT" in said:
            gone.set()
            return True
        return False if gone.is_set() else None

    with proxy(server.port, breaks) as port:
        store = open_postgres(server, port=port)
        with pytest.raises(StoreError, match="nobody tells whether it was done") as caught:
            store.submit("CREATE TABLE public.t AS SELECT 1 AS a").wait(20)
        assert not isinstance(caught.value, Transient)
        store.close()


# A server that hangs


@pytest.mark.slow
def test_a_server_that_hangs_is_found_out(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ffc_postgres.warehouse.watching.SILENT_SECONDS", 1.0)
    monkeypatch.setattr("ffc_postgres.connection.CONNECT_SECONDS", 1)
    monkeypatch.setattr("ffc_postgres.warehouse.sessions.CONNECT_SECONDS", 1)
    monkeypatch.setattr("ffc_postgres.warehouse.sessions.PATIENCE_SECONDS", 0.1)
    store = open_postgres(server, connect_timeout=2)
    # One that only takes long is left alone.
    assert rows_of(store, "SELECT 1 AS a FROM pg_sleep(3)") == [(1,)]
    (tmp_path / "f.csv").write_text("a\n" + ("x" * 1_000 + "\n") * 40_000)
    batches = store.submit("SELECT n FROM generate_series(1, 10000000) AS g(n)").batches(1_000)
    next(batches)
    running = store.submit(f"CREATE TABLE public.t AS {SLEEP}")
    time.sleep(0.3)
    with server.hanging():
        end = in_time(20)
        for wait in (
            lambda: running.wait(20),
            lambda: list(batches),
            lambda: load(store, {"a": "string"}, tmp_path / "f.csv"),
            store.about,
        ):
            with pytest.raises(Unreachable, match=LOST):
                wait()
        assert time.monotonic() < end
        store.close()


def test_cancelling_ends_where_a_server_hangs(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc_postgres.warehouse.sessions.END_SECONDS", 0.5)
    store = open_postgres(server)
    handle = store.submit(f"CREATE TABLE public.t AS {SLEEP}")
    batches = store.submit("SELECT n FROM generate_series(1, 10000000) AS g(n)").batches(1_000)
    next(batches)
    with server.hanging():
        end = in_time(5)
        handle.cancel()
        with pytest.raises(StoreError, match="cancelled"):
            handle.wait(5)
        batches.close()
        store.close()
        assert time.monotonic() < end
