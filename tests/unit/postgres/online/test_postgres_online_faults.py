"""What happens to an online store in PostgreSQL: crashes, waits, other writers."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from support.postgres import PostgresServer, postgres
from support.postgres_stores import database_of, one
from support.stores import Stores, WriteRow, a_batch

from ffc.adapter import Given, OnlineStore, StoreError, Transient, Unreachable
from ffc_postgres.stores import database as databases
from ffc_postgres.stores.line import Line


@pytest.mark.parametrize("unlogged", [False, True])
def test_a_power_failure(own: Stores, own_server: PostgresServer, unlogged: bool) -> None:
    """Tables that are not logged are empty then, and nobody takes them for what they were."""
    store = own.online(unlogged=unlogged)
    reader = own.online(read_only=True)
    store.write(one(), Given(b"a", b"f", None))
    assert reader.read([b"a"]) == [{b"f": b"1"}]
    own_server.kill()
    own_server.start()
    with pytest.raises(Unreachable):
        reader.read([b"a"])
    if not unlogged:
        assert store.read([b"a"]) == [{b"f": b"1"}]
    else:
        assert store.read([b"a"]) == [{}]
        with pytest.raises(Unreachable, match="it is empty: its server lost what was not logged"):
            own.online(read_only=True).read([b"a"])
        assert store.write(one(b"2"), Given(b"a", b"f", None)) == 1
        store.check()
        assert own.online(read_only=True).read([b"a"]) == [{b"f": b"2"}]
    store.close()


def test_who_says_otherwise_what_a_crash_leaves(postgres_stores: Stores) -> None:
    postgres_stores.online(unlogged=True).write(one())
    with pytest.raises(
        StoreError, match=r"was made unlogged, profiles\.yml does not say"
    ) as caught:
        postgres_stores.online().check()
    assert caught.value.help == (
        'say what it is, or run: ALTER TABLE "ffc_o".rows SET LOGGED, and "ffc_o".origin likewise',
    )
    postgres_stores.online(unlogged=True).check()


# Waits


def test_a_server_that_stands_still(own: Stores, own_server: PostgresServer) -> None:
    store, reader = own.online(), own.online(read_only=True)
    store.write(one())
    assert reader.read([b"a"]) == [{b"f": b"1"}]
    with own_server.hanging():
        for _ in range(12):
            began = time.monotonic()
            with pytest.raises(Transient, match=r"does not answer within 0\.[24] s"):
                reader.read([b"a"])
            assert time.monotonic() - began < 0.8
    end = time.monotonic() + 5
    while True:
        try:
            assert reader.read([b"a"]) == [{b"f": b"1"}]
        except Transient:
            assert time.monotonic() < end
        else:
            break
    store.close()
    reader.close()


def test_a_line_that_is_ended_costs_no_answer(
    postgres_stores: Stores, postgres_server: PostgresServer, reader: OnlineStore
) -> None:
    store = postgres_stores.online()
    store.write(one())
    for each in (reader, store):
        for _ in range(3):
            assert each.read([b"a"]) == [{b"f": b"1"}]
            postgres_server.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                f" '{database_of(postgres_stores)}'"
            )
    assert store.write(one(b"2")) == 1
    store.close()


def test_too_many_connections(tmp_path: Path) -> None:
    with postgres(max_connections="6", superuser_reserved_connections="1") as server:
        values = server.settings_of(server.database())
        stores = Stores(kind="postgres", folder=tmp_path, values=values)
        store = stores.online()
        store.write(one())
        held = [server.connect(user="ffc", database="postgres") for _ in range(4)]
        assert store.read([b"a"]) == [{b"f": b"1"}]
        with pytest.raises(
            Transient, match=r"too many clients|remaining connection slots"
        ) as caught:
            stores.online(read_only=True).read([b"a"])
        assert "others hold all connections of the server" in caught.value.help[0]
        # Who need not answer at once waits until one is free.
        later = threading.Timer(0.5, lambda: [connection.close() for connection in held])
        later.start()
        began = time.monotonic()
        assert stores.online().read([b"a"]) == [{b"f": b"1"}]
        assert 0.3 < time.monotonic() - began < 5.0
        later.join()
        store.close()


# Other writers


def test_writers_that_are_in_each_others_way_both_write(
    postgres_stores: Stores, postgres_server: PostgresServer
) -> None:
    """A stranger locks rows in the other order: the server ends one, which is begun anew."""
    store = postgres_stores.online()
    rows: list[WriteRow] = [(key, b"f", b"1", b"v", None) for key in (b"a", b"b")]
    store.write(a_batch(*rows))
    other = postgres_server.connect(database_of(postgres_stores))
    cursor = other.cursor()
    # The server looks for a deadlock on behalf of who has waited longest: the store.
    cursor.execute("SET deadlock_timeout = '10s'")
    cursor.execute("BEGIN; SELECT FROM ffc_o.rows WHERE key = 'b' FOR UPDATE")
    written: list[int] = []
    writer = threading.Thread(
        target=lambda: written.append(store.write(a_batch(*rows))), daemon=True
    )
    writer.start()
    time.sleep(0.3)
    # It holds `a` and waits for `b`: now each waits for the other.
    cursor.execute("UPDATE ffc_o.rows SET value = 'x' WHERE key = 'a'")
    cursor.execute("COMMIT")
    writer.join(10)
    other.close()
    assert written == [2]
    assert store.read([b"a", b"b"]) == [{b"f": b"1"}] * 2
    store.close()


def test_a_row_that_somebody_locks_is_not_waited_for_for_ever(
    postgres_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "LOCK_SECONDS", 0.5)
    store = postgres_stores.online()
    store.write(one())
    other = psycopg2.connect(**postgres_stores.values)
    other.cursor().execute("SELECT FROM ffc_o.rows FOR UPDATE")
    with pytest.raises(Transient, match="lock timeout") as caught:
        store.write(one(b"2"))
    assert caught.value.help == ("another session holds it: try again",)
    other.close()
    assert store.write(one(b"2")) == 1
    store.close()


def test_a_batch_whose_commit_was_not_answered_is_found_to_be_in(
    postgres_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = postgres_stores.online()
    store.write(one())
    whole = Line.ask

    def cut(self: Line, statement: str, values: Any = ()) -> Any:
        answer = whole(self, statement, values)
        if statement == "COMMIT":
            self.lost = True
            raise Unreachable("the connection was lost")
        return answer

    monkeypatch.setattr(Line, "ask", cut)
    assert store.write(one(b"2"), Given(b"a", b"f", b"1")) == 1
    monkeypatch.undo()
    assert store.read([b"a"]) == [{b"f": b"2"}]
    store.close()


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        ("53100", StoreError, "make room on the server's disk"),
        ("58030", StoreError, ""),
        ("XX001", StoreError, ""),
        ("40P01", Transient, "others write there at the same time: try again"),
        ("40001", Transient, "others write there at the same time: try again"),
    ],
)
def test_a_batch_that_fails_half_way_leaves_what_was_there(
    postgres_stores: Stores,
    postgres_server: PostgresServer,
    code: str,
    kind: type[StoreError],
    hint: str,
) -> None:
    store, database = postgres_stores.online(), database_of(postgres_stores)
    rows: list[WriteRow] = [(b"%03d" % i, b"f", b"1", b"v", None) for i in range(100)]
    store.write(a_batch(*rows[:50]))
    postgres_server.failing(database, "ffc_o.rows", code, "new.key = '070'")
    with pytest.raises(kind, match="as if it failed") as caught:
        store.write(a_batch(*((*row[:2], b"2", *row[3:]) for row in rows)), Given(b"k", b"m", None))
    assert [help for help in caught.value.help if hint and hint in help] or not hint
    assert store.read([b"000", b"060", b"k"]) == [{b"f": b"1"}, {}, {}]
    postgres_server.sql("DROP TRIGGER failing ON ffc_o.rows", database)
    assert store.write(a_batch(*rows), Given(b"k", b"m", None)) == 100
    store.close()
