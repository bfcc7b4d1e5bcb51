"""What is PostgreSQL's own of its online store: whose rows are read, crashes, leave, other writers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from support.postgres import PASSWORD, PostgresServer, postgres
from support.stores import Stores, WriteRow, a_batch

from ffc.adapter import (
    Given,
    OnlineStore,
    ProfileError,
    StatementFailed,
    StoreError,
    Transient,
    Unreachable,
)
from ffc_postgres.stores import database as databases
from ffc_postgres.stores import online
from ffc_postgres.stores.database import Database
from ffc_postgres.stores.line import Line

SCHEMA = "ffc_o"


@pytest.fixture
def store(postgres_stores: Stores) -> Iterator[OnlineStore]:
    store = postgres_stores.online()
    yield store
    store.close()


@pytest.fixture
def reader(postgres_stores: Stores) -> Iterator[OnlineStore]:
    store = postgres_stores.online(read_only=True)
    yield store
    store.close()


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that tests stop, and that keeps what it said it kept."""
    with postgres(synchronous_commit="on") as server:
        yield server


@pytest.fixture
def own(own_server: PostgresServer, tmp_path: Path) -> Stores:
    values = own_server.settings_of(own_server.database())
    return Stores(kind="postgres", folder=tmp_path, values=values)


def database_of(stores: Stores) -> str:
    return str(stores.values["dbname"])


def one(value: bytes = b"1") -> Any:
    return a_batch((b"a", b"f", value, b"v", None))


# Settings


def test_settings(postgres_stores: Stores) -> None:
    with pytest.raises(ProfileError, match="has no setting `path`"):
        postgres_stores.online(path="x")
    for schema in ("", "pg_mine", "x" * 64, "é" * 32):
        with pytest.raises(ProfileError, match="`schema` can't be `"):
            postgres_stores.online(schema=schema)
    with pytest.raises(ProfileError, match="`unlogged` must be true or false"):
        postgres_stores.online(unlogged="yes")


@pytest.mark.parametrize("schema", ['a"b; -- %s', "x" * 63, "Select", "ffc online"])
def test_any_name_of_a_schema(postgres_stores: Stores, schema: str) -> None:
    store = postgres_stores.online(schema=schema)
    assert store.write(one()) == 1
    assert store.read([b"a"]) == [{b"f": b"1"}]
    store.check()
    store.close()


# Made at the first write


def test_nothing_is_made_by_who_reads(
    postgres_stores: Stores, postgres_server: PostgresServer, store: OnlineStore
) -> None:
    store.ping()
    store.check()
    assert store.read([b"a"]) == [{}]
    made = "SELECT nspname FROM pg_namespace WHERE nspname = 'ffc_o'"
    assert postgres_server.sql(made, database_of(postgres_stores)) == []
    store.write(one())
    assert postgres_server.sql(made, database_of(postgres_stores)) == [("ffc_o",)]


def test_a_reader_is_told_that_there_is_no_store_until_there_is_one(
    store: OnlineStore, reader: OnlineStore
) -> None:
    for use in (lambda: reader.read([b"a"]), lambda: reader.read(()), reader.ping):
        with pytest.raises(Unreachable, match="is not there") as caught:
            use()
        assert caught.value.help == ("`ffc sync` makes it, in the schema `ffc_o`",)
    store.write(one())
    assert reader.read([b"a"]) == [{b"f": b"1"}]


def test_a_schema_that_is_a_state_store(postgres_stores: Stores, store: OnlineStore) -> None:
    postgres_stores.state(schema=SCHEMA).audit("a", "b", "c", "d")
    with pytest.raises(StoreError, match="the schema `ffc_o` is no online store of ffc") as caught:
        store.write(one())
    assert caught.value.help == ("give each store in profiles.yml a `schema` of its own",)


def test_a_schema_with_tables_of_others(
    postgres_stores: Stores, postgres_server: PostgresServer, store: OnlineStore
) -> None:
    database = database_of(postgres_stores)
    postgres_server.sql("CREATE SCHEMA ffc_o AUTHORIZATION ffc CREATE TABLE rows (x int)", database)
    with pytest.raises(StoreError, match="holds something else"):
        store.read([b"a"])


def test_a_newer_ffcs_store_is_refused(
    postgres_stores: Stores, postgres_server: PostgresServer, store: OnlineStore
) -> None:
    store.write(one())
    postgres_server.sql("UPDATE ffc_o.layout SET version = 99", database_of(postgres_stores))
    with pytest.raises(StoreError, match="its version is 99, this ffc knows 1") as caught:
        postgres_stores.online().read([b"a"])
    assert caught.value.help == ("upgrade ffc",)


# Whose rows are read


def test_a_reader_never_reads_another_store(
    postgres_stores: Stores, postgres_server: PostgresServer, reader: OnlineStore
) -> None:
    """Also where the other one is there before the next look-up."""
    store, database = postgres_stores.online(), database_of(postgres_stores)
    store.write(one())
    assert reader.read([b"a"]) == [{b"f": b"1"}]
    postgres_server.sql("DROP SCHEMA ffc_o CASCADE", database)
    with pytest.raises(Unreachable, match="is not there"):
        reader.read([b"a"])
    assert store.read([b"a"]) == [{}], "who is not bound reads what is there by now"
    store.write(one(b"other"))
    for _ in range(2):
        with pytest.raises(Unreachable, match="another one is in its place"):
            reader.read([b"a"])
        with pytest.raises(Unreachable, match="another one is in its place"):
            reader.read(())
    again = postgres_stores.online(read_only=True)
    assert again.read([b"a"]) == store.read([b"a"]) == [{b"f": b"other"}]
    # At one stroke.
    postgres_server.sql(
        "BEGIN; DROP TABLE ffc_o.origin; CREATE TABLE ffc_o.origin AS SELECT true AS one, "
        "gen_random_uuid() AS id; GRANT ALL ON ffc_o.origin TO ffc; COMMIT",
        database,
    )
    with pytest.raises(Unreachable, match="another one is in its place"):
        again.read([b"a"])
    assert store.read([b"a"]) == [{b"f": b"other"}]
    again.close()
    store.close()


def test_a_reader_looks_anew_at_a_server_that_was_started_anew(
    own: Stores, own_server: PostgresServer
) -> None:
    """It may be another machine's, or hold an older state; who only writes goes on."""
    store, reader = own.online(), own.online(read_only=True)
    store.write(one())
    assert reader.read([b"a"]) == [{b"f": b"1"}]
    own_server.stop()
    for each in (store, reader):
        with pytest.raises(Unreachable, match="can't be reached"):
            each.read([b"a"])
    own_server.start()
    for _ in range(2):
        with pytest.raises(Unreachable, match="or its server was started anew"):
            reader.read([b"a"])
    assert store.read([b"a"]) == [{b"f": b"1"}]
    again = own.online(read_only=True)
    assert again.read([b"a"]) == [{b"f": b"1"}]
    for each in (store, reader, again):
        each.close()


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


# Leave


@pytest.fixture
def stranger(postgres_stores: Stores, postgres_server: PostgresServer) -> Iterator[Stores]:
    """The same stores, as a user who is allowed nothing."""
    name = database_of(postgres_stores)
    postgres_server.sql(f"CREATE ROLE r_{name} LOGIN PASSWORD '{PASSWORD}'")
    values = {**postgres_stores.values, "user": f"r_{name}"}
    yield Stores(kind="postgres", folder=postgres_stores.folder, values=values)
    postgres_server.sql(f"DROP OWNED BY r_{name}", name)
    postgres_server.sql(f"DROP ROLE r_{name}")


def test_what_a_user_is_not_allowed_is_named(
    postgres_stores: Stores, postgres_server: PostgresServer, stranger: Stores
) -> None:
    database, user = database_of(postgres_stores), stranger.values["user"]
    mine = stranger.online()
    for use in (mine.check, lambda: mine.write(one())):
        with pytest.raises(StoreError, match="permission denied for database") as caught:
            use()
        assert caught.value.help == (
            f'let an administrator run: CREATE SCHEMA "ffc_o" AUTHORIZATION {user}',
        )
    postgres_stores.online().write(one())
    with pytest.raises(StoreError, match="permission denied for schema ffc_o") as caught:
        mine.read([b"a"])
    assert caught.value.help == (
        f'let an administrator run: GRANT USAGE ON SCHEMA "ffc_o" TO {user};'
        f' GRANT SELECT ON ALL TABLES IN SCHEMA "ffc_o" TO {user}',
    )
    grant = f"GRANT USAGE ON SCHEMA ffc_o TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA ffc_o TO"
    postgres_server.sql(f"{grant} {user}", database)
    assert mine.read([b"a"]) == stranger.online(read_only=True).read([b"a"]) == [{b"f": b"1"}]
    with pytest.raises(StoreError, match="permission denied for table"):
        mine.write(one())
    with pytest.raises(StoreError, match=r"permission denied for table layout: INSERT") as caught:
        mine.check()
    assert "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES" in caught.value.help[0]
    mine.close()


def test_a_role_is_taken_on(
    postgres_stores: Stores, postgres_server: PostgresServer, stranger: Stores
) -> None:
    postgres_server.sql(f"GRANT ffc TO {stranger.values['user']}")
    store = stranger.online(role="ffc")
    assert store.write(one()) == 1
    assert postgres_stores.online().read([b"a"]) == [{b"f": b"1"}]
    store.close()


def test_what_is_only_read_is_not_written(postgres_stores: Stores, reader: OnlineStore) -> None:
    postgres_stores.online().write(one())
    assert reader.read([b"a"]) == [{b"f": b"1"}]
    with pytest.raises(StoreError, match="it takes no writes") as caught:
        reader.write(one(b"2"))
    assert "takes no writes (a replica?)" in caught.value.help[0]


# How


def test_rows_are_found_by_their_keys_however_many_there_are(postgres_stores: Stores) -> None:
    """Also where the server was told nothing yet of how many there are."""
    store = postgres_stores.online()
    store.write(a_batch(*((b"%06d" % i, b"f", b"1", b"v", None) for i in range(20_000))))
    assert isinstance(store, online.PostgresOnlineStore)
    database: Database = store._database
    for asked in ("one ('\\x30')", 'many (\'{"\\\\x30","\\\\x31"}\')'):
        lines = database.rows(f"EXPLAIN EXECUTE {asked}")
        plan = "\n".join(line for (line,) in lines)
        assert "Index Scan using rows_pkey" in plan
        assert "Seq Scan on rows" not in plan
    store.close()


def test_room_is_given_back(postgres_stores: Stores) -> None:
    store = postgres_stores.online()
    for field in (b"f", b"g"):
        rows: list[WriteRow] = [(b"%06d" % i, field, bytes(100), b"v", None) for i in range(5_000)]
        store.write(a_batch(*rows))
    assert store.shrink() == 0
    sum(store.remove(b"0", b"g"))
    sum(store.remove(b"0", b"f"))
    assert store.shrink() > 500_000
    store.close()


def test_a_statement_that_takes_too_long(postgres_stores: Stores) -> None:
    store = postgres_stores.online()
    store.write(one())
    assert isinstance(store, online.PostgresOnlineStore)
    with pytest.raises(Transient, match="statement timeout"):
        store._database.ask("SET statement_timeout = 100; SELECT pg_sleep(5)")
    with pytest.raises(StatementFailed, match="syntax error"):
        store._database.ask("SELEC 1")
    store.close()
