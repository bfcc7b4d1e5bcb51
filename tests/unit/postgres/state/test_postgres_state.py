"""What is PostgreSQL's own of its state store: made and migrated, shared by machines."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from support.postgres import PostgresServer
from support.postgres_stores import database_of
from support.states import LOCK, T1
from support.stores import Stores, a_batch

from ffc.adapter import Locked, StateError, StateStore, Transient
from ffc.connect import holding as locks
from ffc.connect.holding import holding
from ffc_postgres.stores import database as databases
from ffc_postgres.stores.layouts import STATE
from ffc_postgres.stores.line import Line
from ffc_postgres.stores.state import PostgresStateStore


def at_once(count: int, work: Any) -> list[Any]:
    """Return what work returns, or raises, in so many threads that begin together."""
    barrier, told = threading.Barrier(count), []

    def one(number: int) -> None:
        barrier.wait(10)
        try:
            told.append(work(number))
        except StateError as problem:
            told.append(problem)

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return told


# Made and migrated


def test_stores_that_are_opened_at_once_make_the_tables_once(postgres_stores: Stores) -> None:
    opened = [postgres_stores.state() for _ in range(8)]
    told = at_once(8, lambda number: opened[number].deploy("dev", b"one", T1, "ann"))
    assert told == ["d1"] * 8
    assert postgres_stores.table("SELECT noun, version FROM layout") == [("state store", 1)]
    for each in opened:
        each.close()


def test_a_schema_that_an_administrator_made(
    postgres_stores: Stores, postgres_server: PostgresServer, store: StateStore
) -> None:
    """Who may not make one is content with one that is there."""
    database = database_of(postgres_stores)
    postgres_server.sql(f'ALTER DATABASE "{database}" OWNER TO postgres')
    with pytest.raises(StateError, match="permission denied for database") as caught:
        store.deploy("dev", b"one", T1, "ann")
    told = 'let an administrator run: CREATE SCHEMA "ffc_s" AUTHORIZATION ffc'
    assert caught.value.help == (told,)
    postgres_server.sql(told.partition(": ")[2], database)
    assert store.deploy("dev", b"one", T1, "ann") == "d1"


def test_a_store_of_a_newer_ffc_is_refused(
    postgres_stores: Stores, postgres_server: PostgresServer, store: StateStore
) -> None:
    store.deploy("dev", b"one", T1, "ann")
    postgres_server.sql("UPDATE ffc_s.layout SET version = 7", database_of(postgres_stores))
    again = postgres_stores.state()
    for use in (lambda: again.runs("dev", 1), lambda: again.audit("a", "b", "c", T1)):
        with pytest.raises(StateError, match="its version is 7, this ffc knows 1") as caught:
            use()
        assert caught.value.help == ("upgrade ffc",)


def test_a_schema_that_is_an_online_store(postgres_stores: Stores, store: StateStore) -> None:
    store.deploy("dev", b"one", T1, "ann")
    postgres_stores.online(schema="other").write(a_batch((b"a", b"f", b"1", b"v", None)))
    other = postgres_stores.state(schema="other")
    with pytest.raises(StateError, match="the schema `other` is no state store of ffc"):
        other.runs("dev", 1)


def test_an_older_layout_is_brought_to_the_newest(
    postgres_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, by the first of many that open it; nothing is lost."""
    store = postgres_stores.state()
    store.deploy("dev", b"one", T1, "ann")
    newer = replace(STATE, scripts=(*STATE.scripts, ("ALTER TABLE runs ADD COLUMN more text",)))
    monkeypatch.setattr("ffc_postgres.stores.state.STATE", newer)
    with pytest.raises(StateError, match="it was written by an older ffc") as caught:
        postgres_stores.state(read_only=True).deployment("dev")
    assert "brings it up to date" in caught.value.help[0]
    opened = [postgres_stores.state() for _ in range(6)]
    assert at_once(6, lambda number: opened[number].deployment("dev")) == [("d1", b"one")] * 6
    assert postgres_stores.table("SELECT version FROM layout") == [(2,)]
    assert postgres_stores.table("SELECT more FROM runs") == []
    assert postgres_stores.state(read_only=True).deployment("dev") == ("d1", b"one")
    monkeypatch.undo()
    with pytest.raises(StateError, match="its version is 2, this ffc knows 1"):
        postgres_stores.state().deployment("dev")


def test_a_migration_that_fails_leaves_what_was_there(
    postgres_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres_stores.state().deploy("dev", b"one", T1, "ann")
    steps = ("ALTER TABLE runs ADD COLUMN more text", "ALTER TABLE nowhere ADD COLUMN x text")
    broken = replace(STATE, scripts=(*STATE.scripts, steps))
    with monkeypatch.context() as patch:
        patch.setattr("ffc_postgres.stores.state.STATE", broken)
        with pytest.raises(StateError, match='relation "nowhere" does not exist'):
            postgres_stores.state().deployment("dev")
    assert postgres_stores.state().deployment("dev") == ("d1", b"one")


# Machines whose clocks differ


@pytest.mark.parametrize("apart", [-3600.0, -70.0, -1.0, 1.0, 70.0, 3600.0])
def test_clocks_that_differ_take_no_lock_away(
    postgres_stores: Stores, monkeypatch: pytest.MonkeyPatch, apart: float
) -> None:
    """The lock of a runner is the runner's, whatever time it is on a laptop."""
    runner, laptop = postgres_stores.state(), postgres_stores.state()
    with holding(runner, "dev") as lease:
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + apart)
        monkeypatch.setattr(locks, "this_process", lambda: "laptop:7:0:0")
        with pytest.raises(Locked, match="another run holds the target: the process"):
            holding(laptop, "dev").__enter__()
        monkeypatch.undo()
        runner.renew(lease, runner.clock(), 60.0)
    with holding(laptop, "dev"):
        pass
    runner.close()
    laptop.close()


# Others


def test_a_writer_that_stands_still_holds_nobody_up_for_long(
    postgres_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one whose machine was put to sleep; when it wakes up it begins anew."""
    monkeypatch.setattr(databases, "LOCK_SECONDS", 1.0)
    sleeping, other = postgres_stores.state(), postgres_stores.state()
    assert isinstance(sleeping, PostgresStateStore)
    other.begin_run("dev", "run", "ann", T1)
    inside, go_on, tries = threading.Event(), threading.Event(), []

    def work(line: Line) -> None:
        tries.append(line)
        line.ask("UPDATE runs SET status = 'slept'")
        inside.set()
        assert go_on.wait(10)

    thread = threading.Thread(target=lambda: sleeping._write(work), daemon=True)
    thread.start()
    assert inside.wait(10)
    began = time.monotonic()
    other.finish_run("r1", "success", T1)
    assert 0.3 < time.monotonic() - began < 3.0
    go_on.set()
    thread.join(10)
    assert len(tries) == 2
    assert other.runs("dev", 1)[0].status == "slept"
    sleeping.close()
    other.close()


def test_a_lock_that_is_never_given_back_is_told(
    postgres_stores: Stores,
    postgres_server: PostgresServer,
    store: StateStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(databases, "LOCK_SECONDS", 0.4)
    impatient = postgres_stores.state()
    store.begin_run("dev", "run", "ann", T1)
    other = postgres_server.connect(database_of(postgres_stores))
    other.cursor().execute("BEGIN; LOCK TABLE ffc_s.runs IN EXCLUSIVE MODE")
    with pytest.raises(StateError, match="lock timeout") as caught:
        impatient.begin_run("dev", "run", "ann", T1)
    assert caught.value.help == ("another session holds it: try again",)
    assert len(impatient.runs("dev", 9)) == 1, "readers don't wait"
    other.close()
    impatient.begin_run("dev", "run", "ann", T1)
    impatient.close()


def test_a_replica_is_read_and_not_written(own: Stores, own_server: PostgresServer) -> None:
    """A real one, of a copy of the server's files."""
    store = own.state()
    store.deploy("dev", b"one", T1, "ann")
    store.close()
    own_server.stop()
    replica = PostgresServer(own_server.folder.with_name(f"{own_server.folder.name}-replica"), 16)
    shutil.copytree(own_server.folder, replica.folder)
    own_server.start()
    shutil.chown(replica.folder, own_server.folder.stat().st_uid, own_server.folder.stat().st_gid)
    for path in replica.folder.rglob("*"):
        shutil.chown(path, own_server.folder.stat().st_uid, own_server.folder.stat().st_gid)
    (replica.folder / "data" / "standby.signal").touch()
    replica.start()
    try:
        there = Stores(
            kind="postgres", folder=own.folder, values={**own.values, "port": replica.port}
        )
        found = there.state()
        assert found.deployment("dev") == ("d1", b"one")
        assert found.clock() > 1e9
        with pytest.raises(StateError, match="it takes no writes") as caught:
            found.deploy("dev", b"two", T1, "ann")
        assert caught.value.help == (
            "this server takes no writes (a replica?): name the one that does in profiles.yml",
        )
        with pytest.raises(StateError, match="it takes no writes"):
            found.acquire(LOCK, "me:1", 100.0, 60.0)
        found.close()
    finally:
        replica.__exit__()


def test_failures_that_pass_are_told_as_the_state_stores(postgres_stores: Stores) -> None:
    store = postgres_stores.state()
    assert isinstance(store, PostgresStateStore)
    store.deploy("dev", b"one", T1, "ann")
    with pytest.raises(StateError, match="statement timeout") as caught:
        store._database.ask("SET statement_timeout = 100; SELECT pg_sleep(5)")
    assert not isinstance(caught.value.__cause__, StateError)
    assert not isinstance(caught.value, Transient)
    store.close()
