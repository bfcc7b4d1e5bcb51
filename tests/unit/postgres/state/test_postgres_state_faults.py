"""What happens to a state store in PostgreSQL: a network that fails, a disk that is full."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from support.postgres import PostgresServer
from support.postgres_stores import database_of
from support.states import T1, a_build, leased
from support.stores import Stores

from ffc.adapter import StateError, StateStore, Unreachable
from ffc_postgres.stores import database as databases
from ffc_postgres.stores.line import Line
from ffc_postgres.stores.state import PostgresStateStore


class Cut:
    """Lets lines lose their connection around the COMMIT: `before` or after it is done."""

    def __init__(self, times: int, *, before: bool) -> None:
        self.left = times
        self._before = before
        self._whole = Line.ask

    def ask(self, line: Line, statement: Any, values: Any = ()) -> Any:
        if statement == "COMMIT" and self.left:
            self.left -= 1
            if not self._before:
                self._whole(line, statement, values)
            line.lost = True
            raise Unreachable("the connection was lost")
        return self._whole(line, statement, values)


# A connection that is lost


@pytest.mark.parametrize("before", [True, False], ids=["rolled back", "committed"])
def test_what_was_not_answered_is_found_out_and_done_once(
    postgres_stores: Stores, store: StateStore, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    lease = leased(store)
    cut = Cut(3, before=before)
    monkeypatch.setattr(Line, "ask", lambda *given, **more: cut.ask(*given, **more))
    assert store.begin_run("dev", "run", "ann", T1)
    assert store.acquire("target:prod", "me:1", 100.0, 60.0).token == 1
    store.finish_build(lease, "dev", a_build(), b"{}")
    monkeypatch.undo()
    assert cut.left == 0
    assert len(store.runs("dev", 9)) == 1
    assert [build.id for build in store.builds()] == ["b1"]
    store.close()


def test_what_nobody_can_find_out_is_said(
    own: Stores, own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is gone for longer than is waited; what was done is there when it comes back."""
    monkeypatch.setattr(databases, "DOUBT_SECONDS", 0.3)
    store = own.state()
    store.deploy("dev", b"one", T1, "ann")
    whole = Line.ask

    def stopping(self: Line, statement: Any, values: Any = ()) -> Any:
        answer = whole(self, statement, values)
        if statement == "COMMIT":
            own_server.kill()
            self.lost = True
            raise Unreachable("the connection was lost")
        return answer

    monkeypatch.setattr(Line, "ask", stopping)
    with pytest.raises(StateError, match="whether it was is not known") as caught:
        store.deploy("dev", b"two", T1, "ann")
    monkeypatch.undo()
    assert caught.value.help == ("do it again: what was done already is found",)
    with pytest.raises(StateError, match="can't be reached"):
        store.deployment("dev")
    own_server.start()
    assert store.deployment("dev") in [("d2", b"two"), ("d1", b"one")]
    assert store.deploy("dev", b"two", T1, "ann")
    store.close()


def test_a_server_that_was_started_anew_gives_numbers_again(
    own: Stores, own_server: PostgresServer
) -> None:
    """So what it says of one from before counts for nothing."""
    store = own.state()
    assert isinstance(store, PostgresStateStore)
    store.deploy("dev", b"one", T1, "ann")
    database = store._database
    ((number, started),) = database.rows(databases._TRANSACTION)
    assert database._committed(number, started, Unreachable("lost"))
    own_server.stop()
    own_server.start()
    with pytest.raises(Unreachable, match="is not known"):
        database._committed(number, started, Unreachable("lost"))
    store.close()


def test_lines_that_are_ended_at_any_time_lose_nothing(
    postgres_stores: Stores, postgres_server: PostgresServer, store: StateStore
) -> None:
    lease = leased(store)
    done, ended = threading.Event(), []
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{database_of(postgres_stores)}'"
    )

    def ending() -> None:
        while not done.wait(0.3):
            ended.extend(postgres_server.sql(end))

    thread = threading.Thread(target=ending, daemon=True)
    thread.start()
    number = 0
    try:
        while len(ended) < 6:
            number += 1
            build = a_build(id=f"b{number}", rows=number)
            store.finish_build(lease, "dev", build, b"%d" % number)
            assert store.pointers("dev")[build.node].build == build
    finally:
        done.set()
        thread.join(10)
    assert len(store.builds()) == number


def test_a_server_that_stands_still(
    own: Stores, own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc_postgres.stores.state.SILENT_SECONDS", 0.5)
    monkeypatch.setattr("ffc_postgres.stores.line.CONNECT_SECONDS", 0.5)
    store = own.state(connect_timeout=1)
    lease = leased(store)
    with own_server.hanging():
        began = time.monotonic()
        for use in (lambda: store.pointers("dev"), lambda: store.renew(lease, 101.0, 60.0)):
            with pytest.raises(StateError, match="does not answer within"):
                use()
        assert time.monotonic() - began < 4.0
    store.renew(lease, 101.0, 60.0)
    store.close()


# A disk that is full


def test_a_full_disk_leaves_what_was_there(
    postgres_stores: Stores, postgres_server: PostgresServer, store: StateStore
) -> None:
    lease = leased(store)
    store.finish_build(lease, "dev", a_build(), b"{1}")
    database = database_of(postgres_stores)
    postgres_server.failing(database, "ffc_s.pointers", "53100")
    with pytest.raises(StateError, match="as if it failed") as caught:
        store.finish_build(lease, "dev", a_build(id="b2", fingerprint="f2"), b"{2}")
    assert caught.value.help == (
        "make room on the server's disk: what was there before is as it was",
    )
    assert [build.id for build in store.builds()] == ["b1"]
    assert store.definitions([("source.raw.orders", "f2")]) == {}
    postgres_server.sql("DROP TRIGGER failing ON ffc_s.pointers", database)
    store.finish_build(lease, "dev", a_build(id="b2", fingerprint="f2"), b"{2}")
