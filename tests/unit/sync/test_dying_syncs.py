"""Syncs that died are gone on with: what is in is not written again, nothing is left out."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from sqlglot import exp
from support.cli import ffc
from support.projects import FILES
from support.slow import all_but_first
from support.syncs import NOW, USERS, Shop, changed_rows, days_of, first_rows, winners

from ffc.adapter import Given
from ffc.online import sync as syncing
from ffc.online.keys import field_of
from ffc.online.snapshots import Snapshots
from ffc_duckdb import DuckDBOfflineStore
from ffc_sqlite import SQLiteOnlineStore


class Dying(Exception):
    """The process is gone."""


@contextmanager
def dying_after(monkeypatch: pytest.MonkeyPatch, writes: int, rows: int = 2) -> Iterator[list[int]]:
    """Let a sync write batches of so few rows, and die before the write after so many.

    Gives the number of rows of each write.
    """
    whole = SQLiteOnlineStore.write
    sizes: list[int] = []

    def write(self: SQLiteOnlineStore, batch: pa.RecordBatch, given: Given | None = None) -> int:
        if len(sizes) == writes:
            raise Dying
        sizes.append(batch.num_rows)
        return whole(self, batch, given)

    with monkeypatch.context() as patch:
        patch.setattr(SQLiteOnlineStore, "write", write)
        patch.setattr(syncing, "ROWS", rows)
        yield sizes


@pytest.mark.parametrize("writes", range(8))
def test_a_first_sync_that_died_is_gone_on_with(
    empty: Shop, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    empty.put(first_rows())
    with dying_after(monkeypatch, writes), pytest.raises(Dying):
        # The other view is written first or last, in one batch and a mark.
        empty.sync()
    at = len(empty.stored())
    with dying_after(monkeypatch, 99) as sizes:
        assert empty.sync().status == "success"
    assert empty.served() == winners(empty.rows)
    assert len(empty.fields()) == 1, "no second generation was begun"
    # Each row was written once, beside the mark of each batch.
    rows = [size - 1 for size in sizes]
    assert at == 0 or sum(rows) < 14
    assert len(empty.snapshots()) == 1 or writes in (0, 2)
    assert empty.sync().status == "unchanged"


def test_rows_that_are_in_are_not_written_again(
    empty: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.put(first_rows())
    with dying_after(monkeypatch, 99) as sizes:
        empty.sync()
    # Six batches of two rows and a mark, then the mark alone; and the other view's.
    assert sorted(sizes) == [1, 1, *[3] * 7]


@pytest.mark.parametrize(
    ("more", "whole"), all_but_first([(True, True), (False, True), (True, False)])
)
@pytest.mark.parametrize("writes", range(7))
def test_a_sync_that_died_is_gone_on_with(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, writes: int, more: bool, whole: bool
) -> None:
    """Also where rows changed again, were taken back, or vanished meanwhile.

    And in a warehouse that makes no tables within a transaction.
    """
    able = replace(DuckDBOfflineStore.capabilities, transactional_ddl=whole)
    monkeypatch.setattr(DuckDBOfflineStore, "capabilities", able)
    generation = shop.view().generation
    shop.put(changed_rows(first_rows()))
    with dying_after(monkeypatch, writes), pytest.raises(Dying):
        shop.sync()
    if more:
        shop.put([*first_rows()[:3], *changed_rows(first_rows())[5:], ("u11", 1, 1, 1.0)])
    shop.sync()
    assert shop.served() == winners(shop.rows)
    assert shop.view().generation == generation
    assert shop.sync().rows["written"] == 0
    assert len(shop.fields()) == 1
    # Changes that were never begun to be written are left to `ffc clean`.
    assert len(shop.snapshots()) == 1
    assert len(shop.snapshots("syncing_spending")) == int(writes == 2)


@pytest.mark.parametrize("writes", range(4))
def test_a_sync_of_no_change_that_died(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    generation = shop.view().generation
    with dying_after(monkeypatch, writes), pytest.raises(Dying):
        shop.sync()
    shop.put(changed_rows(first_rows()))
    shop.sync()
    assert shop.served() == winners(shop.rows)
    assert shop.view().generation == generation


def test_another_order_of_rows_is_no_reason_to_skip_any(
    empty: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer ffc goes on with what an older one began."""
    empty.put(first_rows())
    with dying_after(monkeypatch, 5), pytest.raises(Dying):
        empty.sync()
    whole = Snapshots.rows

    def backwards(*arguments: Any) -> Any:
        found = whole(*arguments)
        keys = [exp.Ordered(this=key.copy(), desc=True) for key in found.args["order"].expressions]
        return found.order_by(*keys, append=False)

    monkeypatch.setattr(Snapshots, "rows", backwards)
    empty.sync()
    assert empty.served() == winners(empty.rows)


def test_a_snapshot_that_is_gone_is_no_ground_to_go_on_from(
    empty: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.put(first_rows())
    with dying_after(monkeypatch, 5), pytest.raises(Dying):
        empty.sync()
    assert ffc(empty.folder, "clean", "--unused").code == 0
    empty.put(first_rows()[4:])
    empty.sync()
    assert empty.served() == winners(empty.rows)


def test_what_an_older_ffc_left_is_understood(shop: Shop) -> None:
    view = shop.view()
    place, file = field_of(view), shop.folder / ".ffc" / "online.db"
    (snapshot,) = shop.snapshots()
    build = snapshot.rpartition("_")[2].encode()
    # It wrote the build's id alone, and nothing while it wrote.
    for mark, same in ((build, True), (b"", False), (b"{", False), (b"\xff", False)):
        with sqlite3.connect(file) as connection:
            changed = connection.execute(
                "update rows set value = ? where field = ? and version = x'' and length(value) < 200",
                (mark, place),
            ).rowcount
        assert changed == 1
        before = shop.view().generation
        shop.sync()
        assert (shop.view().generation == before) is same
        assert shop.served() == winners(shop.rows)
        place = field_of(shop.view())


@pytest.mark.parametrize("writes", [4, 99])
def test_rows_of_another_codec_are_written_anew(
    empty: Shop, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Those that are half-way in, too; until then the old ones are read."""
    empty.put(first_rows())
    with dying_after(monkeypatch, writes):
        try:
            empty.sync()
        except Dying:
            assert writes == 4
    monkeypatch.setattr(syncing, "CODEC", 2)
    result = empty.sync()
    assert (result.rows["new"], result.rows["written"]) == (12, 12)
    assert len(empty.fields()) == 2
    assert empty.sync().status == "unchanged"


def test_a_view_that_changed_and_changed_back(shop: Shop) -> None:
    """The rows of its first definition are still there; what came between is not lost."""
    original = shop.view()
    text = FILES["features/all.yml"]
    (shop.folder / "features" / "all.yml").write_text(text.replace("default: 0", "default: 5"))
    assert ffc(shop.folder, "run").code == 0
    assert shop.view().fingerprint != original.fingerprint
    events = FILES["data/events.csv"].replace("u2,8,,2024-01-04", "u2,9,,2024-01-04")
    (shop.folder / "data" / "events.csv").write_text(events)
    (shop.folder / "features" / "all.yml").write_text(text)
    assert ffc(shop.folder, "run").code == 0
    assert shop.view().fingerprint == original.fingerprint
    assert {user: row[2] for user, row in shop.served().items()} == {"u1": 2.5, "u2": 9.0}


def test_old_values_are_served_until_a_new_generation_is_whole(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = winners(shop.rows)
    shop.put(changed_rows(first_rows()))
    for writes in range(7):
        with dying_after(monkeypatch, writes), pytest.raises(Dying):
            shop.sync(anew=True)
        assert shop.served() == before
    shop.sync(anew=True)
    assert shop.served() == winners(shop.rows)


@pytest.mark.parametrize("seed", all_but_first(range(4)))
def test_whatever_happens_the_newest_rows_are_served(
    empty: Shop, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Rows come, change and go; syncs die, clocks jump; a sync that ends has brought what is true."""
    chance = random.Random(seed)
    now, latest, rows = NOW, NOW, first_rows()
    for _ in range(12):
        for _ in range(chance.randrange(6)):
            user = chance.choice(USERS)
            rows = [row for row in rows if row[0] != user or chance.random() < 0.5]
            limit = int(days_of(NOW.replace(tzinfo=None)))
            at = float(chance.choice([chance.randrange(limit), limit + chance.randrange(4)]))
            if all(row[:2] != (user, at) for row in rows):
                rows.append((user, at, at, float(chance.randrange(1000))))
        empty.put(rows)
        now = NOW + timedelta(hours=chance.randrange(96))
        if chance.random() < 0.5:
            with dying_after(monkeypatch, chance.randrange(9)):
                try:
                    empty.sync(now)
                except Dying:
                    latest = max(latest, now)
                    continue
        else:
            empty.sync(now)
        latest = max(latest, now)
        found = empty.served()
        assert any(found == winners(rows, at) for at in (latest, now)), (
            found,
            winners(rows, latest),
        )
    empty.sync(latest + timedelta(days=9))
    assert empty.served() == winners(rows, latest + timedelta(days=9))
    assert len(empty.fields()) == 1
