"""What a sync brings to the online store: all that changed, nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
from support.cli import ffc
from support.projects import open_session
from support.syncs import NOTHING, NOW, PRINCIPAL, Shop, days_of, first_rows, instant_at, winners

from ffc.core.clock import utc_now
from ffc.online.codec import RowCodec, version_of
from ffc.online.keys import KeyCodec, field_of
from ffc.online.sync import sync


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
    value = RowCodec(view.features).encode(instant_at(50), instant_at(50), [99.0])
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
    limit = days_of(NOW.replace(tzinfo=None))
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
    limit = days_of(NOW.replace(tzinfo=None))
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
    limit = days_of(NOW.replace(tzinfo=None))
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


def test_the_present_is_the_default(empty: Shop) -> None:
    with open_session(empty.folder) as session:
        found = sync(session, "small", principal=PRINCIPAL)
        synced = {view.view: view.as_of for view in session.state.online_views("dev")}
    assert {result.status for result in found} == {"success"}
    assert all(datetime.fromisoformat(at) <= utc_now() for at in synced.values())
