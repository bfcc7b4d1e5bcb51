"""Figures of servers, kept in the state store by the minute and read again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ffc.adapter import Options, ServedMinute, StateError, StateStore
from ffc.serve import keeping
from ffc.serve.figures import recent
from ffc.serve.keeping import Keeper
from ffc.serve.metrics import BOUNDS, Histogram, Metrics, Shared
from ffc_sqlite import SQLiteStateStore

START = datetime(2025, 3, 1, 8, 0, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_minute(self) -> None:
        self.now += timedelta(minutes=1)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SQLiteStateStore]:
    store = SQLiteStateStore(Options(where="state", folder=tmp_path, values={"path": "state/s.db"}))
    yield store
    store.close()


class Server:
    """A worker of a server, and what it tells."""

    def __init__(self, folder: Path, state: StateStore, clock: Clock) -> None:
        folder.mkdir(exist_ok=True)
        self.said: list[str] = []
        self.clock = clock
        self.keeper = Keeper(
            folder,
            lambda: state,
            "dev",
            log=lambda event, **fields: self.said.append(str(fields["message"])),
            clock=clock,
        )
        self.own = Metrics()

    def asked(self, count: int, code: int = 200, seconds: float = 0.0015) -> None:
        for _ in range(count):
            self.own.request("/v1/features", code, seconds)
            self.own.asked(2)
            self.own.status("spending", "ok", 1)
            self.own.status("spending", "missing", 1)
            self.own.store("default", seconds, code >= 500)

    def tick(self) -> None:
        """Tell the time, and wait for what is written then."""
        self.keeper.tick(self.copy)
        if self.keeper._writing is not None:
            self.keeper._writing.result(20)

    def minute(self) -> None:
        self.clock.pass_minute()
        self.tick()

    def copy(self) -> Metrics:
        found = Metrics()
        found.merge(self.own)
        return found


def counts(state: StateStore, now: datetime, minutes: int = 1440) -> dict[str, int]:
    return {m.time[11:16]: m.requests for m in recent(state, "dev", minutes, now).minutes}


def test_each_minute_has_what_was_counted_in_it(tmp_path: Path, state: SQLiteStateStore) -> None:
    clock = Clock()
    server = Server(tmp_path / "one", state, clock)
    server.tick()
    server.asked(3)
    server.asked(1, code=503, seconds=1.5)
    server.tick()
    assert state.served("dev", "") == []
    server.minute()
    server.minute()  # in which nothing happened
    server.asked(5)
    server.minute()
    assert counts(state, clock.now) == {"08:00": 4, "08:02": 5}
    first = recent(state, "dev", 60, clock.now).minutes[0]
    assert (first.time, first.errors, first.entities) == ("2025-03-01T08:00:00.000000Z", 1, 8)
    (route,) = first.routes
    assert (route.route, route.codes) == ("/v1/features", {"200": 3, "503": 1})
    assert (route.seconds.count, route.seconds.mean) == (4, pytest.approx(1.5045 / 4))
    assert 0.001 < route.seconds.p50 <= 0.002
    assert 1 < route.seconds.p99 <= 2
    assert first.views[0].statuses == {"missing": 4, "ok": 4}
    (store,) = first.stores
    assert (store.store, store.errors, store.seconds.count) == ("default", 1, 4)
    assert counts(state, clock.now, minutes=1) == {"08:02": 5}
    assert recent(state, "other", 60, clock.now).minutes == []


def test_old_minutes_go(tmp_path: Path, state: SQLiteStateStore) -> None:
    clock = Clock()
    server = Server(tmp_path / "one", state, clock)
    state.keep_served("prod", [ServedMinute(server="s", minute="2020", counts=b"{}")], "")
    server.tick()
    for _ in range(30):
        server.asked(1)
        clock.now += timedelta(hours=1)
        server.tick()
    kept = state.served("dev", "")
    assert [each.minute[:13] for each in kept] == sorted(each.minute[:13] for each in kept)
    assert len(kept) == 23
    assert min(each.minute for each in kept) >= keeping.stamp(clock.now - timedelta(days=1))
    # Those of another target are not ours to forget.
    assert len(state.served("prod", "")) == 1


def test_servers_are_added_up(tmp_path: Path, state: SQLiteStateStore) -> None:
    clock = Clock()
    servers = [Server(tmp_path / name, state, clock) for name in ("one", "two")]
    for number, server in enumerate(servers, 1):
        server.tick()
        server.asked(number)
    clock.pass_minute()
    for server in servers:
        server.tick()
    assert counts(state, clock.now) == {"08:00": 3}


class Fails:
    """A state store that is away, as often as the test says."""

    def __init__(self, state: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
        keep = state.keep_served
        self.away = ""
        self.asked = 0

        def failing(*given: Any) -> None:
            self.asked += 1
            if self.away:
                raise StateError(self.away)
            keep(*given)

        monkeypatch.setattr(state, "keep_served", failing)


def test_a_state_store_that_is_away_is_told_of_once_and_tried_again(
    tmp_path: Path, state: SQLiteStateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, fails = Clock(), Fails(state, monkeypatch)
    server = Server(tmp_path / "one", state, clock)
    server.tick()
    fails.away = "it is away"
    for number in range(1, 4):
        server.asked(number)
        server.minute()
    server.minute()  # nothing more to tell, but to try
    assert (fails.asked, server.said) == (4, ["it is away"])
    fails.away = ""
    server.minute()
    assert counts(state, clock.now) == {"08:00": 1, "08:01": 2, "08:02": 3}
    server.minute()
    assert fails.asked == 5
    fails.away = "it is away"
    server.asked(1)
    server.minute()
    assert server.said == ["it is away", "it is away"]


def test_no_more_minutes_wait_than_a_bound(
    tmp_path: Path, state: SQLiteStateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "WAITING", 3)
    clock, fails = Clock(), Fails(state, monkeypatch)
    server = Server(tmp_path / "one", state, clock)
    server.tick()
    fails.away = "it is away"
    for number in range(1, 6):
        server.asked(number)
        server.minute()
    fails.away = ""
    server.minute()
    assert counts(state, clock.now) == {"08:02": 3, "08:03": 4, "08:04": 5}


def test_one_of_the_workers_writes_and_another_takes_over(
    tmp_path: Path, state: SQLiteStateStore
) -> None:
    """The lock is of the file that each of them opened, in one process or in two."""
    clock = Clock()
    one, two = (Server(tmp_path / "one", state, clock) for _ in range(2))
    # What they share is in files; here it is in one place.
    two.own = one.own
    for server in (one, two):
        server.tick()
    one.asked(2)
    clock.pass_minute()
    for server in (one, two):
        server.tick()
    assert counts(state, clock.now) == {"08:00": 2}
    one.asked(3)
    # In the middle of a minute; the other one adds to it.
    one.keeper.finish(one.copy)
    assert counts(state, clock.now) == {"08:00": 2, "08:01": 3}
    two.asked(4)
    two.minute()
    assert counts(state, clock.now) == {"08:00": 2, "08:01": 7}


def test_a_worker_that_dies_between_two_steps_leaves_nothing_twice(
    tmp_path: Path, state: SQLiteStateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    one = Server(tmp_path / "one", state, clock)
    one.tick()
    one.asked(2)
    save = Keeper._save

    def dies_after_writing(self: Keeper, saved: keeping.Saved) -> None:
        if saved.written:
            raise KeyboardInterrupt
        save(self, saved)

    clock.pass_minute()
    with monkeypatch.context() as patched:
        patched.setattr(Keeper, "_save", dies_after_writing)
        one.keeper.tick(one.copy)
        assert one.keeper._writing is not None
        with pytest.raises(KeyboardInterrupt):
            one.keeper._writing.result(20)
    assert counts(state, clock.now) == {"08:00": 2}
    assert one.keeper._lock is not None
    os.close(one.keeper._lock)
    two = Server(tmp_path / "one", state, clock)
    two.own = one.own
    two.tick()
    two.asked(5)
    two.minute()
    assert counts(state, clock.now) == {"08:00": 2, "08:01": 5}


def test_the_lock_of_a_process_that_was_killed_is_free(
    tmp_path: Path, state: SQLiteStateStore
) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    script = (
        "import sys, time; from pathlib import Path; from ffc.serve.keeping import Keeper; "
        "k = Keeper(Path(sys.argv[1]), None, 'dev'); print(k._holds(), flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    keeper = Server(folder, state, Clock()).keeper
    assert not keeper._holds()
    other.kill()
    other.wait()
    other.stdout.close()
    assert keeper._holds()


def test_counts_of_another_ffc_are_left_out(tmp_path: Path, state: SQLiteStateStore) -> None:
    minute = "2025-03-01T08:00:00.000000Z"
    other = {"bounds": [1.0], "counts": {"seconds": {"/v1/features": {"counts": [1, 2]}}}}
    rows = [
        ServedMinute(server="a", minute=minute, counts=msgspec.json.encode(other)),
        ServedMinute(server="b", minute=minute, counts=b"what?"),
    ]
    state.keep_served("dev", rows, "")
    assert recent(state, "dev", 60, START).minutes == []


def test_counts_that_cannot_be_left_stop_nothing(tmp_path: Path) -> None:
    """A folder that is gone, a disk that is full: it is told once, and tried again."""
    said: list[str] = []
    folder = tmp_path / "shared"
    folder.write_text("no folder")
    shared = Shared(folder, None, lambda event, **fields: said.append(event))
    shared.leave()
    shared.leave()
    assert said == ["figures_failed"]
    folder.unlink()
    folder.mkdir()
    shared.leave()
    assert [path.name for path in folder.iterdir()] == [f"{os.getpid()}.json"]
    folder.joinpath(f"{os.getpid()}.json").unlink()
    folder.rmdir()
    folder.write_text("no folder")
    shared.leave()
    assert said == ["figures_failed"] * 2


def test_quantiles_are_between_the_bounds() -> None:
    assert Histogram().quantile(0.5) == 0
    found = Histogram()
    for _ in range(100):
        found.add(0.015)
    assert (found.quantile(0.0), found.quantile(0.5), found.quantile(1)) == (0.01, 0.015, 0.02)
    for _ in range(100):
        found.add(60.0)
    assert found.quantile(0.99) == BOUNDS[-1]
    assert found.quantile(0.25) == 0.015


def test_what_was_counted_since() -> None:
    earlier, later = Metrics(), Metrics()
    for each in (earlier, later):
        each.request("/a", 200, 0.1)
        each.status("v", "ok", 3)
    later.request("/a", 200, 0.1)
    later.request("/b", 404, 0.1)
    later.reload("moved")
    told = later.since(earlier)
    assert told.requests == {"/a 200": 1, "/b 404": 1}
    assert {label: sum(h.counts) for label, h in told.seconds.items()} == {"/a": 1, "/b": 1}
    assert (told.statuses, told.reloads) == ({}, {"moved": 1})
    assert later.since(later) == Metrics()
    # A process that took another one's number has counted less.
    assert earlier.since(later) == Metrics()
