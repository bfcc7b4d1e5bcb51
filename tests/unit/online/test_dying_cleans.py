"""Cleans and syncs that die at any step, fail, or meet another: what they leave is gone on with."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cli import ffc
from support.projects import FILES, open_session
from support.shop import DAY, FAR, HOUR, NOW, PROFILE, SPENDING, Shop, taken
from support.slow import all_but_first

from ffc.adapter import Given, Locked, StoreError
from ffc.connect.holding import holding
from ffc.online.lookup import FeatureReader
from ffc.serve.deployment import BareManifest
from ffc_sqlite import SQLiteOnlineStore, SQLiteStateStore

OFFLINE = ("    timestamp: null\n    online: true\n", "    timestamp: null\n")


class Dying(Exception):
    """The process is gone."""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Count each change that a clean makes; die before the one whose number is at `die`."""
    seen = {"at": 0, "die": -1}

    def counted(owner: type, name: str) -> None:
        whole = getattr(owner, name)

        def step(self: Any, *given: Any, **more: Any) -> Any:
            if seen["at"] == seen["die"]:
                raise Dying
            seen["at"] += 1
            return whole(self, *given, **more)

        monkeypatch.setattr(owner, name, step)

    from ffc.connect.warehouse import Warehouse

    counted(SQLiteStateStore, "forget_online_view")
    counted(SQLiteStateStore, "forget_builds")
    counted(Warehouse, "drop")
    counted(SQLiteOnlineStore, "write")
    counted(SQLiteOnlineStore, "remove")
    counted(SQLiteOnlineStore, "shrink")
    return seen


@pytest.mark.parametrize(
    ("gone", "both"), all_but_first([(False, False), (False, True), (True, True)])
)
def test_a_clean_that_died_is_gone_on_with(
    shop: Shop, tmp_path: Path, steps: dict[str, int], gone: bool, both: bool
) -> None:
    """At every step: what is served is as it was, and no sync is misled; the next one ends it."""
    shop.edit("features/all.yml", ("default: 0", "default: 5"), *([OFFLINE] if gone else []))
    shop.edit("training_sets/main.yml", *([(", profile.*", "")] if gone else []))
    shop.run()
    shop.clean(NOW)
    live = shop.live()
    for die in itertools.count():
        # With a sync before the next clean, or without: by turns at least.
        for between in (False, True) if both else (die % 2 == 0,):
            copy = Shop(tmp_path / f"copy {die} {between}")
            shutil.copytree(shop.folder, copy.folder, ignore=shutil.ignore_patterns("copy *"))
            steps.update(at=0, die=die)
            with contextlib.suppress(Dying):
                copy.clean(FAR + 2 * DAY)
            whole = steps["at"] < die
            steps["die"] = -1
            assert copy.live() == live
            if between:
                assert set(copy.sync(FAR + 2 * DAY).values()) == {0}
            copy.clean(FAR + 9 * DAY)
            assert copy.live() == live
            assert len(copy.stored()) == len(live) + len(copy.marks())
            assert len(copy.marks()) == len(copy.snapshots()) == (1 if gone else 2)
            if gone and between and die % 3 == 0:
                assert copy.back() == {"spending__amount": 5, "profile__country": "NL"}
        if whole:
            break
    assert die > 7


def _served(reader: FeatureReader) -> set[object]:
    return {each["feature"] for each in reader.features()}


def test_what_begins_to_go_is_read_and_gone_on_with_by_nobody(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by a server with the manifest of then, either: it serves no half."""
    manifest = shop.folder / "target" / "manifest.json"
    before = manifest.read_bytes()
    shop.edit("features/all.yml", ("default: 0", "default: 5"))
    shop.run()
    manifest.write_bytes(before)
    with open_session(shop.folder) as session:
        reader = BareManifest(session, manifest).load()
        assert reader is not None
        assert _served(reader) == {"spending.amount", "profile.country"}

    def dying(*_: object) -> Iterator[int]:
        raise Dying

    with monkeypatch.context() as patch:
        patch.setattr(SQLiteOnlineStore, "remove", dying)
        with pytest.raises(Dying):
            shop.clean(FAR)
    assert sorted(bool(mark and mark.going) for mark in shop.marks().values()) == [0, 0, 1]
    with open_session(shop.folder) as session:
        reader = BareManifest(session, manifest).load()
        assert reader is not None
        assert _served(reader) == {"profile.country"}
    shop.edit("features/all.yml")
    shop.run()
    assert shop.written()[SPENDING] == 2
    # However much time it is given, what began to go has to.
    assert taken(shop.clean(FAR, grace=99 * 365 * DAY)) == {SPENDING: [2]}
    assert len(shop.marks()) == 3


def test_a_sync_and_a_run_go_on_while_rows_are_taken_away(
    refilled: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the target nor the file of the warehouse is held."""
    whole = SQLiteOnlineStore.remove
    told: list[tuple[int, str]] = []

    def slow(self: SQLiteOnlineStore, *given: Any) -> Iterator[int]:
        if not told:
            # In another process: within one, a warehouse's file can be open twice.
            run = [sys.executable, "-m", "ffc", "run", "--force"]
            done = subprocess.run(run, cwd=refilled.folder, capture_output=True, text=True)
            told.append((done.returncode, done.stderr))
        yield from whole(self, *given)

    monkeypatch.setattr(SQLiteOnlineStore, "remove", slow)
    assert taken(refilled.clean(NOW + DAY)) == {SPENDING: [2], PROFILE: [2]}
    assert told[0][0] == 0, told[0][1]
    assert len(refilled.marks()) == 2


def test_while_a_run_holds_the_target_nothing_goes(refilled: Shop) -> None:
    before = refilled.stored()
    with open_session(refilled.folder) as session, holding(session.state, "dev"):
        with pytest.raises(Locked):
            refilled.clean(NOW + DAY)
        assert refilled.stored() == before


def test_who_lost_the_lock_marks_nothing(refilled: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = refilled.stored()

    def lost(*_: object) -> None:
        raise Locked("another run took the target")

    monkeypatch.setattr(SQLiteStateStore, "renew", lost)
    with pytest.raises(Locked, match="another run took the target"):
        refilled.clean(NOW + DAY)
    assert refilled.stored() == before


def test_a_store_that_fails_stops_a_clean_before_anything_is_dropped(
    refilled: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = refilled.snapshots()

    def away(*_: object) -> None:
        raise StoreError("nobody answers")

    with monkeypatch.context() as patch:
        patch.setattr(SQLiteOnlineStore, "read", away)
        with pytest.raises(StoreError, match="nobody answers"):
            refilled.clean(NOW + DAY)
    assert refilled.snapshots() == tables


def test_a_sync_that_died_is_gone_on_with_after_a_clean(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was writing stays for a while, and so does what the warehouse has of it."""
    whole = SQLiteOnlineStore.write
    writes: list[int] = []

    def dying(self: SQLiteOnlineStore, batch: Any, given: Given | None = None) -> int:
        writes.append(batch.num_rows)
        if len(writes) > 1:
            raise Dying
        return whole(self, batch, given)

    with monkeypatch.context() as patch:
        patch.setattr(SQLiteOnlineStore, "write", dying)
        with pytest.raises(Dying):
            shop.refill()
    begun = max(int.from_bytes(field[-8:], "big") for field in shop.marks())
    assert [each.number for each in shop.clean(NOW).waiting] == [begun]
    shop.clean(NOW + HOUR)
    with open_session(shop.folder) as session:
        # A state store that knows of no sync is as good as a changed view: the newest is gone on with.
        held = session.state.online_views("dev")
    assert begun not in {view.generation for view in held}
    assert begun in {each.number for each in shop.clean(NOW + HOUR).waiting}
    assert [rows for _, rows in shop.clean(NOW + DAY).taken] == [2]
    assert begun not in {int.from_bytes(field[-8:], "big") for field in shop.marks()}


def test_a_sync_of_changes_that_died_is_gone_on_with_after_a_clean(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No build is recorded of its changes yet, nor of the snapshot that they have become."""
    users = FILES["data/users.csv"]
    whole = SQLiteOnlineStore.write
    for number, writes in enumerate((1, 2, 3)):
        (shop.folder / "data" / "users.csv").write_text(f"{users}u{number + 5},FR\n")
        with monkeypatch.context() as patch:
            left = [writes]

            def dying(
                self: SQLiteOnlineStore,
                batch: Any,
                given: Given | None = None,
                left: list[int] = left,
            ) -> int:
                left[0] -= 1
                if left[0] < 0:
                    raise Dying
                return whole(self, batch, given)

            patch.setattr(SQLiteOnlineStore, "write", dying)
            assert ffc(shop.folder, "run").code == 2
            assert left == [-1]
        assert shop.clean(NOW, keep=0).waiting == []
        shop.run()
        assert len(shop.marks()) == 2, "no generation was begun"
        asked = ("get", "profile.country", "--key", f"user_id=u{number + 5}", "--output", "json")
        assert ffc(shop.folder, *asked).json()["rows"][0]["values"] == ["FR"]
