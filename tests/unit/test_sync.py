"""What a sync brings to the online store: all that changed, nothing else, whatever happened."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from sqlglot import exp
from support.cli import ffc
from support.projects import FILES, open_session, small_project

from ffc.adapter import Given, Locked, Unreachable
from ffc.adapter.state import Lease, NodeRun
from ffc.auth import Principal
from ffc.connect.holding import holding
from ffc.core.clock import utc_now
from ffc.manifest.records import ServedView
from ffc.online import sync as syncing
from ffc.online.codec import RowCodec, is_tombstone, version_of
from ffc.online.keys import KeyCodec, field_of
from ffc.online.snapshots import Snapshots
from ffc.online.sync import sync
from ffc.registry import StateRegistry
from ffc_duckdb import DuckDBOfflineStore
from ffc_sqlite import SQLiteOnlineStore, SQLiteStateStore

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
DAY = datetime(2024, 1, 1)
NOTHING = {"written": 0, "new": 0, "changed": 0, "removed": 0, "held_back": 0}
SPENDING = "feature_view.spending"

# A user, when it was true (days from DAY), when it was learned, and the value.
Row = tuple[str, float, float, float | None]
USERS = [f"u{i}" for i in range(12)]


def first_rows() -> list[Row]:
    return [(user, 10 + i % 3, 10 + i % 3, float(i)) for i, user in enumerate(USERS)]


class Shop:
    """The small project, with the history of a view as a test wants it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[Row] = []

    def put(self, rows: Sequence[Row]) -> None:
        """Make these the rows of the view's history."""
        self.rows = list(rows)
        with open_session(self.folder) as session:
            relation = StateRegistry(session.state, "dev").relation(SPENDING)
        table = f'"{relation.schema}"."{relation.name}"'
        with duckdb.connect(self.folder / ".ffc" / "test.duckdb") as connection:
            connection.execute(f"delete from {table}")
            values = [(u, _at(e), _at(c), v) for u, e, c, v in rows]
            if values:
                connection.executemany(
                    f"insert into {table} (user_id, seen, loaded, amount) values (?, ?, ?, ?)",
                    values,
                )

    def sync(self, now: datetime = NOW, **options: Any) -> NodeRun:
        """Sync; return how the view fared."""
        with open_session(self.folder) as session:
            found = sync(session, "small", principal=PRINCIPAL, clock=lambda: now, **options)
        return next(result for result in found if result.id == SPENDING)

    def view(self) -> ServedView:
        """Return the view as it is served now."""
        with open_session(self.folder) as session:
            serving = StateRegistry(session.state, "dev").serving()
        return next(view for view in serving.views if view.id == SPENDING)

    def served(self, more: Sequence[str] = ()) -> dict[str, tuple[float, float, Any]]:
        """Return what a model can be answered: per user the times in days, and the value."""
        view = self.view()
        keys, codec, place = KeyCodec("small", "dev", view), RowCodec(view.features), field_of(view)
        names = {keys.encode([user]): user for user in (*USERS, *more)}
        found = {}
        for key, field, version, value in self.stored():
            if field == place and key in names:
                assert version == version_of(value)
                if not is_tombstone(value):
                    row = codec.decode(value)
                    found[names[key]] = (_days(row.event_time), _days(row.created), *row.values)
        return found

    def stored(self) -> list[tuple[bytes, bytes, bytes, bytes]]:
        """Return every row of the file."""
        with sqlite3.connect(self.folder / ".ffc" / "online.db") as connection:
            return connection.execute(
                "select key, field, version, value from rows order by key, field"
            ).fetchall()

    def fields(self) -> set[bytes]:
        """Return the fields under which the view's rows lie, those of lost generations too."""
        slot = field_of(self.view())[:4]
        return {field for _, field, _, _ in self.stored() if field[:4] == slot}

    def snapshots(self, prefix: str = "online_spending") -> set[str]:
        """Return the names of the view's snapshots in the warehouse."""
        with duckdb.connect(self.folder / ".ffc" / "test.duckdb") as connection:
            sql = "select table_name from information_schema.tables where table_schema = 'dev__ffc'"
            names = {name for (name,) in connection.execute(sql).fetchall()}
        return {name for name in names if name.startswith(prefix)}


PRINCIPAL = Principal("tester")


def _at(days: float) -> datetime:
    return DAY + timedelta(days=days)


def _days(instant: datetime | None) -> float:
    assert instant is not None
    return (instant - DAY) / timedelta(days=1)


def winners(rows: Sequence[Row], now: datetime = NOW) -> dict[str, tuple[float, float, Any]]:
    """Return what SPEC says of the newest rows: the greatest event time, then created."""
    limit = _days(now.replace(tzinfo=None))
    known = [row for row in rows if row[1] < limit and row[2] < limit]
    found: dict[str, tuple[float, float, Any]] = {}
    for user, seen, loaded, amount in known:
        if user not in found or (seen, loaded) > found[user][:2]:
            found[user] = (seen, loaded, amount)
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that was built but never synced."""
    folder = small_project(tmp_path_factory.mktemp("built"))
    assert ffc(folder, "run").code == 0
    for path in (folder / ".ffc").glob("online.db*"):
        path.unlink()
    with sqlite3.connect(folder / ".ffc" / "state.db") as connection:
        connection.execute("delete from online_views")
    with duckdb.connect(folder / ".ffc" / "test.duckdb") as warehouse:
        for name in Shop(folder).snapshots("online_"):
            warehouse.execute(f"drop table dev__ffc.{name}")
    return folder


@pytest.fixture
def empty(built: Path, tmp_path: Path) -> Shop:
    import shutil

    shutil.copytree(built, tmp_path / "shop")
    return Shop(tmp_path / "shop")


@pytest.fixture
def shop(empty: Shop) -> Shop:
    empty.put(first_rows())
    assert empty.sync().rows == {"out": 12, **NOTHING, "written": 12, "new": 12}
    return empty


def test_the_first_sync_writes_all(shop: Shop) -> None:
    assert shop.served() == winners(shop.rows)
    assert len(shop.snapshots()) == 1


def test_without_a_change_nothing_is_written(shop: Shop) -> None:
    before = shop.stored()
    again = shop.sync(NOW + timedelta(hours=1))
    assert (again.status, again.rows) == ("unchanged", {"out": 12, **NOTHING})
    place = field_of(shop.view())
    marks = [(f, v) for k, f, v, _ in before if k.endswith(b"\x08\x00\x00\x00\x00")]
    assert place in dict(marks)
    after = shop.stored()
    assert len(after) == len(before)
    assert [a for a, b in zip(after, before, strict=True) if a[3] != b[3] and a[2]] == []
    assert len(shop.snapshots()) == 1


def test_every_kind_of_difference(shop: Shop) -> None:
    rows = first_rows()
    rows += [("u1", 20, 20, 21.0)]  # changed
    rows[2] = ("u2", *rows[2][1:3], 22.0)  # corrected, its times unchanged
    rows += [("u3", rows[3][1], rows[3][2] + 1, 23.0)]  # corrected, and it says when
    rows[4] = ("u4", 2, 2, 24.0)  # retracted: an earlier row is the newest now
    rows[5] = ("u5", *rows[5][1:3], None)  # a null is a fact
    rows[6] = ("u6", 5e4, 5e4, 26.0)  # retracted for a row that lies ahead
    rows = [row for row in rows if row[0] not in ("u7", "u8")]  # vanished
    rows += [("u9", 6e4, 0, 1.0), ("u9", 7e4, 0, 1.0), ("u10", 11, 6e4, 1.0)]  # ahead
    rows += [("new", 1, 1, 1.0)]
    shop.put(rows)
    counts = {"written": 9, "new": 1, "changed": 5, "removed": 3, "held_back": 4}
    assert shop.sync().rows == {"out": 10, **counts}
    wanted = winners(rows)
    assert wanted.pop("new") == (1, 1, 1.0)
    assert shop.served() == wanted
    assert not {"u6", "u7", "u8"} & set(wanted)
    assert wanted["u4"] == (2, 2, 24.0)


def test_a_key_that_comes_back_with_an_earlier_time(shop: Shop) -> None:
    """What is gone must not outlive it: its time was that of a row that is not true any more."""
    shop.put([row for row in first_rows() if row[0] != "u1"])
    assert shop.sync().rows["removed"] == 1
    assert "u1" not in shop.served()
    shop.put([row for row in first_rows() if row[0] != "u1"] + [("u1", 3, 3, 7.0)])
    assert shop.sync().rows == {"out": 12, **NOTHING, "written": 1, "new": 1}
    assert shop.served()["u1"] == (3, 3, 7.0)


def test_a_newer_row_that_somebody_else_wrote_stays(shop: Shop) -> None:
    """As a stream does: a batch may lower only what the last sync wrote."""
    view = shop.view()
    key, place = KeyCodec("small", "dev", view).encode(["u1"]), field_of(view)
    value = RowCodec(view.features).encode(_at(50), _at(50), [99.0])
    with open_session(shop.folder) as session:
        columns = [[key], [place], [value], [version_of(value)], [None]]
        arrays = [pa.array(column, pa.binary()) for column in columns]
        names = ["key", "field", "value", "version", "expected"]
        assert session.online("default").write(pa.RecordBatch.from_arrays(arrays, names=names)) == 1
    shop.put([*first_rows()[:1], ("u1", 40, 40, 4.0), *first_rows()[2:11]])
    result = shop.sync()
    assert (result.rows["changed"], result.rows["removed"], result.rows["written"]) == (1, 1, 1)
    assert shop.served()["u1"] == (50, 50, 99.0)
    shop.put([*first_rows()[:1], *first_rows()[2:11]])
    assert shop.sync().rows == {"out": 10, **NOTHING, "removed": 1}
    assert shop.served()["u1"] == (50, 50, 99.0)


def test_rows_that_lie_ahead_come_when_it_is_time(shop: Shop) -> None:
    limit = _days(NOW.replace(tzinfo=None))
    shop.put([*first_rows(), ("u1", limit + 1, 0, 1.0), ("u2", 30, limit + 2, 2.0)])
    assert shop.sync().rows == {"out": 12, **NOTHING, "held_back": 2}
    later = NOW + timedelta(days=1)
    # At the instant itself a row is not known yet.
    assert shop.sync(later).rows == {"out": 12, **NOTHING, "held_back": 2}
    later += timedelta(microseconds=1)
    counts = NOTHING | {"written": 1, "changed": 1, "held_back": 1}
    assert shop.sync(later).rows == {"out": 12, **counts}
    later += timedelta(days=1)
    assert shop.sync(later).rows == {"out": 12, **NOTHING, "written": 1, "changed": 1}
    assert shop.served() == winners(shop.rows, later)


def test_what_is_held_back_is_told(shop: Shop) -> None:
    shop.put([*first_rows()[1:], ("u1", 9e5, 0, 1.0), ("u2", 20, 20, 1.0), ("u0", 9e5, 0, 1.0)])
    told = ffc(shop.folder, "sync").stderr
    line = next(line for line in told.split("\n") if "spending" in line)
    assert "~1 -1 rows, 2 held back  success" in line
    assert len(line) == 80


def test_a_clock_that_is_set_back_takes_nothing_back(shop: Shop) -> None:
    limit = _days(NOW.replace(tzinfo=None))
    shop.put([*first_rows(), ("u1", limit - 1, limit - 1, 1.0)])
    assert shop.sync().status == "success"
    back = shop.sync(NOW - timedelta(days=2))
    assert (back.status, back.rows) == ("warn", {"out": 12, **NOTHING})
    assert back.error is not None
    assert back.error["code"] == "FF814"
    assert "172,800 s behind the last sync's" in str(back.error["message"])
    assert shop.served() == winners(shop.rows)
    # What is learned under the wrong clock is not lost, and comes when the clock is past that.
    shop.put([*shop.rows, ("u2", limit - 3, limit - 3, 2.0), ("u3", limit + 1, limit + 1, 3.0)])
    back = shop.sync(NOW - timedelta(days=2))
    counts = NOTHING | {"written": 1, "changed": 1, "held_back": 1}
    assert (back.status, back.rows) == ("warn", {"out": 12, **counts})
    assert shop.sync(NOW + timedelta(days=2)).rows["changed"] == 1
    assert shop.served() == winners(shop.rows, NOW + timedelta(days=2))


def test_a_clock_that_is_a_little_behind_is_another_machines(shop: Shop) -> None:
    assert shop.sync(NOW - timedelta(seconds=60)).status == "unchanged"
    assert shop.sync(NOW - timedelta(seconds=61)).status == "warn"


def test_a_clock_that_was_ahead_is_forgotten_on_request(shop: Shop) -> None:
    limit = _days(NOW.replace(tzinfo=None))
    shop.put([*first_rows(), ("u1", limit + 5, limit + 5, 1.0)])
    shop.sync(NOW + timedelta(days=400))
    assert shop.served()["u1"][2] == 1.0
    assert shop.sync().status == "warn"
    assert shop.served()["u1"][2] == 1.0
    before = shop.view().generation
    anew = shop.sync(anew=True)
    assert (anew.status, anew.rows["held_back"], anew.rows["new"]) == ("success", 1, 12)
    assert shop.view().generation > before
    assert shop.served() == winners(shop.rows)
    assert shop.sync().status == "unchanged"
    assert len(shop.snapshots()) == 1


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


def changed_rows(rows: Sequence[Row]) -> list[Row]:
    found = [
        (u, e + 5, c + 5, float(i)) if i % 2 else (u, e, c, v)
        for i, (u, e, c, v) in enumerate(rows)
    ]
    return found[:-2]


@pytest.mark.parametrize(("more", "whole"), [(False, True), (True, True), (True, False)])
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


@pytest.mark.parametrize("seed", range(4))
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
            limit = int(_days(NOW.replace(tzinfo=None)))
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


def test_the_present_is_the_default(empty: Shop) -> None:
    with open_session(empty.folder) as session:
        found = sync(session, "small", principal=PRINCIPAL)
        synced = {view.view: view.as_of for view in session.state.online_views("dev")}
    assert {result.status for result in found} == {"success"}
    assert all(datetime.fromisoformat(at) <= utc_now() for at in synced.values())
