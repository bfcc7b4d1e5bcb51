"""A hash of rows: the same whatever their order, another one for other rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ffc.adapter import OfflineStore, Options, Relation
from ffc.connect.warehouse import Warehouse
from ffc_duckdb import DuckDBOfflineStore

ROWS = "(1, 'a', 0.5), (1, 'a', 0.5), (2, null, 1.5), (3, 'c', null)"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    store = DuckDBOfflineStore(
        Options(where="t", folder=tmp_path, values={"path": "w.duckdb"}, read_only=False)
    )
    yield Warehouse(store, "dev")
    store.close()


def hashed(warehouse: Warehouse, rows: str, columns: tuple[str, ...] = ("a", "b", "c")) -> str:
    warehouse.do(f"create or replace table t as select * from (values {rows}) t(a, b, c)")
    return warehouse.content_hash(Relation("main", "t"), columns)


def test_it_names_how_it_is_reckoned_and_how_many_rows(warehouse: Warehouse) -> None:
    assert re.fullmatch(r"duckdb_[0-9a-f]{8}:4-[0-9a-f]+", hashed(warehouse, ROWS))
    warehouse.do("delete from t")
    empty = warehouse.content_hash(Relation("main", "t"), ["a"])
    assert re.fullmatch(r"duckdb_[0-9a-f]{8}:0-0", empty)


def test_the_order_of_rows_is_no_matter(warehouse: Warehouse) -> None:
    turned = "(3, 'c', null), (1, 'a', 0.5), (2, null, 1.5), (1, 'a', 0.5)"
    assert hashed(warehouse, turned) == hashed(warehouse, ROWS)


@pytest.mark.parametrize(
    "rows",
    [
        ROWS.replace("(3, 'c', null)", "(3, 'c', 0.0)"),
        ROWS.replace("(2, null, 1.5)", "(2, 'c', 1.5)").replace(
            "(3, 'c', null)", "(3, null, null)"
        ),
        ROWS.removeprefix("(1, 'a', 0.5), "),
        ROWS + ", (1, 'a', 0.5)",
        ROWS.replace("(1, 'a', 0.5), (1, 'a', 0.5)", "(3, 'c', null), (1, 'a', 0.5)"),
        ROWS.replace("(1, 'a', 0.5), (1, 'a', 0.5)", "(2, 'a', 0.5), (0, 'a', 0.5)"),
    ],
    ids=["a value", "swapped", "one less", "one more", "another twice", "the same sum"],
)
def test_other_rows_have_another_one(warehouse: Warehouse, rows: str) -> None:
    assert hashed(warehouse, rows) != hashed(warehouse, ROWS)


def test_columns_count_in_their_order(warehouse: Warehouse) -> None:
    plain = hashed(warehouse, "(1, 2, 3)")
    assert hashed(warehouse, "(1, 2, 3)", ("b", "a", "c")) != plain
    assert hashed(warehouse, "(2, 1, 3)", ("b", "a", "c")) == plain


def test_another_way_of_reckoning_has_another_name(warehouse: Warehouse) -> None:
    query = warehouse.store.content_hash(Relation("main", "t"), ["a"])
    assert query is not None
    sql = query.sql(dialect="duckdb")
    with duckdb.connect() as connection:
        connection.execute("create table main.t as select 1 as a")
        (now,) = connection.execute(sql).fetchone() or ("",)
        # As a DuckDB would that hashes a number otherwise.
        other = sql.replace("CAST(7 AS BIGINT)", "CAST(8 AS BIGINT)")
        assert other != sql
        (then,) = connection.execute(other).fetchone() or ("",)
    assert now.partition(":")[0] != then.partition(":")[0]
    assert now.partition(":")[2] == then.partition(":")[2]


def test_a_store_that_can_not_tell_tells_nothing(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DuckDBOfflineStore, "content_hash", OfflineStore.content_hash)
    assert hashed(warehouse, ROWS) == ""
