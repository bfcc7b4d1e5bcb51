"""Syncs whose lock, disk or store fails them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from support.cli import ffc
from support.projects import FILES, small_project
from support.syncs import Shop, changed_rows, first_rows, winners

from ffc.adapter import Given, Locked, Unreachable
from ffc.adapter.state import Lease
from ffc.connect.holding import holding
from ffc.online import sync as syncing
from ffc.online.keys import field_of
from ffc_sqlite import SQLiteOnlineStore, SQLiteStateStore


def test_who_lost_the_lock_writes_nothing_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shop.stored()

    def lost(*_: object) -> None:
        raise Locked("another run took the target")

    monkeypatch.setattr(SQLiteStateStore, "renew", lost)
    shop.put(changed_rows(first_rows()))
    result = shop.sync()
    assert result.status == "error"
    assert result.reason == "another run took the target"
    assert [row for row in shop.stored() if row[2]] == [row for row in before if row[2]]
    monkeypatch.undo()
    shop.sync()
    assert shop.served() == winners(shop.rows)


def test_a_sync_that_slept_through_another_writes_nothing_old(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was stopped after it had looked at its lock, for longer than that lasts."""
    whole, slept, field = SQLiteOnlineStore.write, [False], field_of(shop.view())

    def sleeping(self: SQLiteOnlineStore, batch: pa.RecordBatch, given: Given | None = None) -> int:
        if not slept[0] and batch.column("field")[0].as_py() == field:
            slept[0] = True
            monkeypatch.setattr("ffc.online.sync.holding", unheld)
            # Values of the same instants, so that no version tells which are newer.
            shop.put([(*row[:3], row[3] + 100.0) for row in shop.rows])
            assert shop.sync().status == "success"
        return whole(self, batch, given)

    @contextmanager
    def unheld(state: SQLiteStateStore, target: str, *rest: Any) -> Iterator[Lease]:
        with sqlite3.connect(shop.folder / ".ffc" / "state.db") as connection:
            connection.execute("delete from locks")
        with holding(state, target, *rest) as lease:
            yield lease

    shop.put([(*row[:3], row[3] + 1.0) for row in shop.rows])
    monkeypatch.setattr(SQLiteOnlineStore, "write", sleeping)
    with pytest.raises(Locked, match="taken over"):
        shop.sync()
    assert slept == [True]
    assert shop.served() == winners(shop.rows)
    assert shop.sync().status == "unchanged"
    assert shop.served() == winners(shop.rows)


def test_a_full_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, readers go on, and the next sync does what is left."""
    many = [f"n{i}" for i in range(3_000)]
    shop.put([*changed_rows(first_rows()), *((user, 1, 1, 1.0) for user in many)])
    whole = SQLiteOnlineStore.write

    def write(self: SQLiteOnlineStore, batch: pa.RecordBatch, given: Given | None = None) -> int:
        with self._database.write() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {max(pages, 20)}")
        return whole(self, batch, given)

    with monkeypatch.context() as patch:
        patch.setattr(SQLiteOnlineStore, "write", write)
        patch.setattr(syncing, "ROWS", 200)
        full = shop.sync()
    assert full.status == "error"
    assert "full" in full.reason
    assert full.error is not None
    assert full.error["help"] == ("make room on the disk",)
    assert shop.served()["u2"] == winners(shop.rows)["u2"]
    generation = shop.view().generation
    assert 0 < shop.sync().rows["written"] < len(shop.rows)
    assert shop.served(many) == winners(shop.rows)
    assert shop.view().generation == generation
    assert len(shop.fields()) == 1


def test_a_store_that_can_not_be_reached(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> int:
        raise Unreachable("nobody answers")

    with monkeypatch.context() as patch:
        patch.setattr(SQLiteOnlineStore, "write", away)
        shop.put(changed_rows(first_rows()))
        failed = shop.sync()
    assert (failed.status, failed.reason) == ("error", "nobody answers")
    assert shop.sync().rows["written"] == 7
    assert shop.served() == winners(shop.rows)


def test_a_damaged_store_is_told_and_filled_anew_once_it_is_away(shop: Shop) -> None:
    file = shop.folder / ".ffc" / "online.db"
    with sqlite3.connect(file) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xff" * (file.stat().st_size - 4096))
    failed = shop.sync()
    assert (failed.status, "is damaged" in failed.reason) == ("error", True)
    assert failed.error is not None
    assert failed.error["help"] == ("move the file away: the next `ffc sync` fills a new one",)
    file.rename(file.with_suffix(".bad"))
    assert shop.sync().rows["new"] == 12
    assert shop.served() == winners(shop.rows)


VECTORS = FILES["features/all.yml"].replace(
    "{name: amount, type: float64, default: 0}", "{name: amount, type: float64, default: 0}\n"
    "      - {name: taste, type: vector(2)}",
)  # fmt: skip
TASTES = """\
{{ config(materialized='table') }}
select user_id, amount, paid, seen, loaded, [1, nullif(amount, 4)]::float[2] as taste
from {{ source('raw', 'events') }}
"""


def test_a_row_that_can_not_be_stored_is_found_before_any_is_written(tmp_path: Path) -> None:
    files = {"features/all.yml": VECTORS, "transformations/clean.sql": TASTES}
    good = TASTES.replace("nullif(amount, 4)", "amount")
    shop = Shop(small_project(tmp_path, **{**files, "transformations/clean.sql": good}))
    assert ffc(tmp_path, "run").code == 0
    bad = FILES["data/events.csv"] + "u3,4,,2024-01-06T00:00:00Z,2024-01-06T01:00:00Z\n"
    (tmp_path / "data" / "events.csv").write_text(bad)
    (tmp_path / "transformations" / "clean.sql").write_text(TASTES)
    before = shop.stored()
    failed = ffc(tmp_path, "run")
    assert failed.code == 1
    said = "a row of `spending` can't be stored online: vector(2) takes 2 numbers"
    assert said in " ".join(failed.stderr.split())
    assert [row for row in shop.stored() if row[2]] == [row for row in before if row[2]]
    (tmp_path / "transformations" / "clean.sql").write_text(good)
    assert ffc(tmp_path, "run").code == 0
    assert {user: row[2:] for user, row in shop.served().items()} == {
        "u1": (2.5, [1.0, 2.5]), "u2": (8.0, [1.0, 8.0]), "u3": (4.0, [1.0, 4.0]),
    }  # fmt: skip
