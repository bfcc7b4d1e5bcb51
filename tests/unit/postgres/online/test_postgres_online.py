"""What is PostgreSQL's own of its online store: whose rows are read, leave, how."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.postgres import PASSWORD, PostgresServer
from support.postgres_stores import database_of, one
from support.stores import Stores, WriteRow, a_batch

from ffc.adapter import (
    OnlineStore,
    ProfileError,
    StatementFailed,
    StoreError,
    Transient,
    Unreachable,
)
from ffc_postgres.stores import online
from ffc_postgres.stores.database import Database

SCHEMA = "ffc_o"


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


@pytest.fixture
def stranger(postgres_stores: Stores, postgres_server: PostgresServer) -> Iterator[Stores]:
    """The same stores, as a user who is allowed nothing."""
    name = database_of(postgres_stores)
    postgres_server.sql(f"CREATE ROLE r_{name} LOGIN PASSWORD '{PASSWORD}'")
    values = {**postgres_stores.values, "user": f"r_{name}"}
    yield Stores(kind="postgres", folder=postgres_stores.folder, values=values)
    postgres_server.sql(f"DROP OWNED BY r_{name}", name)
    postgres_server.sql(f"DROP ROLE r_{name}")


# Leave


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
