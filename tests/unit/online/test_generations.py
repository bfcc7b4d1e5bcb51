"""Generations of online views that no name leads to: how long they stay, and what goes with them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from msgspec.structs import replace
from support.cli import ffc
from support.projects import FILES, open_session, small_project
from support.shop import DAY, FAR, HOUR, NOW, PRINCIPAL, PROFILE, SPENDING, Shop, taken

from ffc.adapter import StateError, Unreachable
from ffc.core.clock import stamp
from ffc.online.generations import Generation
from ffc.online.keys import heads_of, marker_key
from ffc.online.marks import Mark, Marks
from ffc.online.requests import FeatureRequest
from ffc.registry import StateRegistry
from ffc.serve.deployment import Deployment


def test_nothing_goes_that_is_served(shop: Shop) -> None:
    before = shop.stored()
    cleaned = shop.clean(NOW + 400 * DAY, grace=timedelta(0), keep=0)
    assert (cleaned.taken, cleaned.waiting, cleaned.tombstones) == ([], [], 0)
    assert {each.view for each in cleaned.served} == {SPENDING, PROFILE}
    assert shop.stored() == before
    assert shop.sync() == {SPENDING: 0, PROFILE: 0}


def test_what_was_left_goes_when_its_time_is_over(refilled: Shop) -> None:
    live, before = refilled.live(), refilled.stored()
    early = refilled.clean(NOW + DAY - timedelta(microseconds=1))
    assert early.taken == []
    assert {each.mark.left for each in early.waiting} == {stamp(NOW)}
    assert refilled.stored() == before
    late = refilled.clean(NOW + DAY)
    assert taken(late) == {SPENDING: [2], PROFILE: [2]}
    assert late.waiting == []
    assert refilled.live() == live
    assert len(refilled.stored()) == len(live) + 2
    assert len(refilled.snapshots()) == 2
    assert len(refilled.marks()) == 2
    assert refilled.clean(NOW + 9 * DAY).taken == []
    assert refilled.sync() == {SPENDING: 0, PROFILE: 0}


@pytest.mark.parametrize("grace", [timedelta(0), HOUR, 30 * DAY])
def test_how_long_is_for_whoever_asks_to_say(refilled: Shop, grace: timedelta) -> None:
    assert taken(refilled.clean(NOW + 2 * HOUR, grace=grace)).keys() == (
        set() if grace > 2 * HOUR else {SPENDING, PROFILE}
    )


def test_who_is_told_nothing_sees_that_its_rows_go(
    refilled: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server whose state store fails goes on with what it knew, as long as that is there."""

    def away(target: str) -> NoReturn:
        raise StateError("it is away")

    request = FeatureRequest(features=["spending.amount"], entities=[{"user_id": "u1"}])
    with open_session(refilled.folder) as session:
        loaded = Deployment(session)
        assert loaded.load() is not None
        with monkeypatch.context() as patched:
            patched.setattr(session.state, "deployment", away)
            refilled.refill(NOW + timedelta(seconds=1))
            with pytest.raises(StateError, match="it is away"):
                loaded.load()
            refilled.clean(grace=timedelta(0))
            reader = loaded.load()
            assert reader is not None
            with pytest.raises(Unreachable, match="does not hold `spending`"):
                b"".join(reader.respond(request, NOW, principal=PRINCIPAL))
        reader = loaded.load()
        assert reader is not None
        assert b"2024-01-02" in b"".join(reader.respond(request, NOW, principal=PRINCIPAL))


def test_what_would_go_is_said_and_stays(refilled: Shop) -> None:
    refilled.edit("features/all.yml", ("default: 0", "default: 5"))
    refilled.run()
    before, tables = refilled.stored(), refilled.snapshots()
    planned = refilled.clean(FAR, dry=True)
    # The number of keys that were synced, as the record of the build has it.
    assert taken(planned) == {SPENDING: [2, 2], PROFILE: [2]}
    snapshots = {name for name in planned.dropped if name.startswith("online_")}
    assert len(snapshots) == 1
    assert (refilled.stored(), refilled.snapshots()) == (before, tables)
    done = refilled.clean(FAR)
    assert (done.dropped, taken(done)) == (planned.dropped, taken(planned))
    assert tables - refilled.snapshots() == snapshots


def test_a_changed_view_is_left_when_readers_move_over(shop: Shop) -> None:
    shop.edit("features/all.yml", ("default: 0", "default: 5"))
    shop.run()
    (waiting,) = shop.clean(NOW).waiting
    assert waiting.view == SPENDING
    left = datetime.fromisoformat(waiting.mark.left)
    assert shop.clean(left + DAY - HOUR).taken == []
    assert taken(shop.clean(left + DAY)) == {SPENDING: [2]}
    assert shop.served() == {"spending__amount": 5, "profile__country": "NL"}


def test_the_way_back_within_that_time_is_the_difference(shop: Shop) -> None:
    """The warehouse keeps the snapshot that it is the difference to, whatever `keep` says."""
    shop.edit("features/all.yml", ("default: 0", "default: 5"))
    shop.run()
    shop.clean(NOW, keep=0)
    shop.edit("features/all.yml")
    shop.run()
    assert shop.written()[SPENDING] == 0
    # The one that is read again was left no more; the other one was, now.
    marks = {number: mark.left for number, mark in _marks_of(shop, SPENDING).items()}
    assert [bool(left) for _, left in sorted(marks.items())] == [False]
    assert sum(bool(mark and mark.left) for mark in shop.marks().values()) == 1


def _marks_of(shop: Shop, view_id: str) -> dict[int, Mark]:
    with open_session(shop.folder) as session:
        views = StateRegistry(session.state, "dev").serving().views
        view = next(view for view in views if view.id == view_id)
        found = Marks(session.online("default"), "small", "dev", view).read()
    return {number: mark for number, mark in found.items() if mark is not None}


def test_the_way_back_after_that_time_fills_anew(shop: Shop) -> None:
    shop.edit("features/all.yml", ("default: 0", "default: 5"))
    shop.run()
    assert taken(shop.clean(NOW, grace=timedelta(0))) == {SPENDING: [2]}
    shop.edit("features/all.yml")
    shop.run()
    assert shop.written()[SPENDING] == 2
    assert shop.served() == {"spending__amount": 0, "profile__country": "NL"}


GONE = (
    "  - name: profile\n    entity: user\n    source: source('raw', 'users')\n    timestamp: null\n"
    "    online: true\n    features:\n      - {name: country, type: string}\n",
    "",
)
OFFLINE = ("    timestamp: null\n    online: true\n", "    timestamp: null\n")


@pytest.mark.parametrize("change", [GONE, OFFLINE], ids=["gone", "offline"])
def test_a_view_that_is_served_no_more(shop: Shop, change: tuple[str, str]) -> None:
    shop.edit("features/all.yml", change)
    shop.edit("training_sets/main.yml", (", profile.*", ""))
    shop.run()
    (waiting,) = shop.clean(NOW).waiting
    assert (waiting.view, waiting.mark.left) == (PROFILE, stamp(NOW))
    spending = shop.live()
    assert len(shop.snapshots()) == 2
    assert taken(shop.clean(NOW + DAY)) == {PROFILE: [2]}
    assert [row for row in shop.stored() if row[2]] == spending
    assert [name.split("_")[1] for name in shop.snapshots()] == ["spending"]
    with open_session(shop.folder) as session:
        assert {held.view for held in session.state.online_views("dev")} == {SPENDING}
        assert f"online.default.{PROFILE}" not in session.state.pointers("dev")
    assert shop.back() == {"spending__amount": 0, "profile__country": "NL"}


def test_another_store_is_another_generation(tmp_path: Path) -> None:
    """What was in the store that a view has left goes, too."""
    profiles = FILES["profiles.yml"]
    one = "online: {type: sqlite, path: .ffc/online.db}"
    assert one in profiles
    two = ("online:\n        default: {type: sqlite, path: .ffc/online.db}\n"
           "        other: {type: sqlite, path: .ffc/other.db}")  # fmt: skip
    shop = Shop(small_project(tmp_path, **{"profiles.yml": profiles.replace(one, two)}))
    named = FILES["features/all.yml"].replace("online: true", "online: default")
    (shop.folder / "features" / "all.yml").write_text(named)
    shop.run()
    moved = named.replace(
        "timestamp: null\n    online: default", "timestamp: null\n    online: other"
    )
    assert moved != named
    (shop.folder / "features" / "all.yml").write_text(moved)
    shop.run()
    shop.clean(NOW)
    cleaned = shop.clean(NOW + DAY)
    assert [(each.store, each.view, rows) for each, rows in cleaned.taken] == [
        ("default", PROFILE, 2)
    ]
    assert {(each.store, each.view) for each in cleaned.served} == {
        ("default", SPENDING), ("other", PROFILE),
    }  # fmt: skip
    assert shop.served() == {"spending__amount": 0, "profile__country": "NL"}


def test_what_is_served_again_is_left_no_more(shop: Shop) -> None:
    """Whatever was noted of it: else it would be late to say so when it is left again."""
    with open_session(shop.folder) as session:
        views = StateRegistry(session.state, "dev").serving().views
        store = session.online("default")
        for view in views:
            marks = Marks(store, "small", "dev", view)
            mark = marks.read()[view.generation]
            assert mark is not None
            store.write(marks.row(view.generation, replace(mark, left=stamp(NOW))))
    cleaned = shop.clean(NOW + 9 * DAY)
    assert (cleaned.taken, cleaned.waiting) == ([], [])
    assert [mark and mark.left for mark in shop.marks().values()] == ["", ""]


def test_keys_that_vanished_leave_nothing(shop: Shop) -> None:
    users = FILES["data/users.csv"]
    (shop.folder / "data" / "users.csv").write_text("user_id,country\nu1,NL\n")
    shop.run()
    live = shop.live()
    assert shop.clean(NOW).tombstones == 1
    assert len(shop.live()) == len(live) - 1
    assert shop.clean(NOW).tombstones == 0
    assert shop.sync() == {SPENDING: 0, PROFILE: 0}
    (shop.folder / "data" / "users.csv").write_text(users)
    shop.run()
    assert [row[:2] for row in shop.live()] == [row[:2] for row in live]
    asked = ("get", "profile.country", "--key", "user_id=u2", "--output", "json")
    assert ffc(shop.folder, *asked).json()["rows"][0]["values"] == ["DE"]


def test_a_generation_that_nothing_is_known_of(shop: Shop) -> None:
    """As of a definition that a lost state store knew, and of a mark that can't be read."""
    key = marker_key("small", "dev", "user")
    field = b"slot" + b"a digest" + (7).to_bytes(8, "big")
    heads = heads_of("small", "dev", "user")
    assert len(heads) == 7
    assert not any(key.startswith(head) for head in heads)
    with sqlite3.connect(shop.folder / ".ffc" / "online.db") as connection:
        rows = [(head + b"key", field, b"v", b"value") for head in heads]
        connection.executemany(
            "insert into rows values (?, ?, ?, ?)", [*rows, (key, field, b"", b"{")]
        )
    (waiting,) = shop.clean(NOW).waiting
    assert (waiting.view, waiting.number, waiting.mark.done) == ("", 7, 0)
    assert taken(shop.clean(NOW + DAY)) == {"": [7]}
    assert field not in {row[1] for row in shop.stored()}


def test_a_target_that_keeps_so_many_is_cleaned_by_each_run(tmp_path: Path) -> None:
    """What was left a day ago goes; what was left now stays."""
    profiles = FILES["profiles.yml"].replace("schema: dev\n", "schema: dev\n      keep: 1\n")
    shop = Shop(small_project(tmp_path, **{"profiles.yml": profiles}))
    shop.run()
    shop.refill(NOW)
    first = len(shop.marks())
    shop.run()
    assert (first, len(shop.marks())) == (4, 2)
    shop.edit("features/all.yml", ("default: 0", "default: 5"))
    shop.run()
    assert len(shop.marks()) == 3
    assert shop.served() == {"spending__amount": 5, "profile__country": "NL"}


def test_what_went_is_told(shop: Shop) -> None:
    shop.refill(datetime.now(UTC))
    refused = ffc(shop.folder, "clean", "--unused", "--grace", "soon")
    assert (refused.code, "`soon` is no duration" in refused.stderr) == (2, True)
    told = ffc(shop.folder, "clean", "--unused")
    assert "online" not in told.stdout
    lines = told.stderr.splitlines()
    assert {line.partition(" 1")[0] for line in lines[-2:]} == {
        f"online.default {PROFILE}", f"online.default {SPENDING}",
    }  # fmt: skip
    assert all(" stays until 2" in line for line in lines[-2:])
    document = ffc(shop.folder, "clean", "--unused", "--output", "json").json()
    assert [sorted(each) for each in document["waiting"]] == [
        ["generation", "goes", "left", "store", "view"]
    ] * 2
    document = ffc(
        shop.folder, "clean", "--unused", "--grace", "0", "--dry-run", "--output", "json"
    ).json()
    assert {e["view"]: e["rows"] for e in document["generations"]} == {SPENDING: 2, PROFILE: 2}
    assert document["dry_run"]
    done = ffc(shop.folder, "clean", "--unused", "--grace", "0")
    assert done.code == 0
    named = [line for line in done.stdout.splitlines() if line.startswith("online.")]
    assert len(named) == 2
    assert all(line.endswith(": 2 rows") for line in named)
    assert "dropped 0 tables or views and 2 generations" in done.stderr


def test_a_generation_is_told_by_what_it_holds() -> None:
    mark = Mark(snapshot="b2", before="b1", done=4, left="x")
    one = Generation(store="s", entity="e", field=bytes(12) + (5).to_bytes(8, "big"), mark=mark)
    assert (one.number, one.snapshots) == (5, {"b1", "b2"})
    assert (one.taken().snapshots, one.taken().mark.left) == (set(), "x")
