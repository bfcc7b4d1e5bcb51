"""A server goes on answering while all around it changes, and tells what training sets are made of."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from support.cli import PROFILES, ffc
from support.server import Server, serving
from support.slow import all_but_first

from ffc import Client

CLIENTS = 6
USERS = 300
# A view whose two features always say the same: a row that is half of one thing shows.
SQL = "select user_id, seen, loaded, n as a, n{plus} as b from {{{{ source('raw', 'events') }}}}\n"
FILES = {
    "ffc.yml": "name: load\nversion: 1\nprofile: test\n",
    "profiles.yml": PROFILES,
    "sources/raw.yml": """\
sources:
  - name: raw
    tables:
      - name: events
        file: data/events.csv
        columns:
          - {name: user_id, type: int64}
          - {name: n, type: int64}
          - {name: seen, type: timestamp}
          - {name: loaded, type: timestamp}
""",
    "features/all.yml": """\
entities:
  - {name: user, keys: [{name: user_id, type: int64}]}
feature_views:
  - name: twice
    entity: user
    source: ref('pairs')
    timestamp: seen
    created: loaded
    online: true
    features:
      - {name: a, type: int64}
      - {name: b, type: int64}
""",
}
ASK = {"features": ["twice.a", "twice.b"], "entities": [{"user_id": n} for n in range(USERS)]}


def _write(folder: Path, plus: str, rounds: int) -> None:
    """Write the project as it is after some rounds of data; `plus` is what `b` has more than `a`."""
    files = {**FILES, "transformations/pairs.sql": SQL.format(plus=plus)}
    rows = ["user_id,n,seen,loaded"]
    for n in range(1, rounds + 1):
        at = f"2024-01-{n:02}T00:00:00Z"
        rows += [f"{user},{n},{at},{at}" for user in range(USERS)]
    files["data/events.csv"] = "\n".join(rows) + "\n"
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Load:
    """Clients that ask without a pause, by turns for one thing or another; what answers said."""

    def __init__(self, server: Server, *asked: dict[str, Any]) -> None:
        self.seen: list[tuple[float, int, Any]] = []
        self._server = server
        self._going = True
        bodies = [json.dumps((asked or (ASK,))[n % max(1, len(asked))]) for n in range(CLIENTS)]
        self._threads = [threading.Thread(target=self._ask, args=(body,)) for body in bodies]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        for thread in self._threads:
            thread.join()

    def _ask(self, body: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=30)
        while self._going:
            try:
                connection.request("POST", "/v1/features", body)
                response = connection.getresponse()
                told = json.loads(response.read())
                self.seen.append((time.monotonic(), response.status, told))
            except (OSError, http.client.HTTPException) as problem:
                self.seen.append((time.monotonic(), 0, problem))
                connection.close()
        connection.close()

    def until(self, holds: Callable[[Any], bool], seconds: float = 20, times: int = 1) -> None:
        """Return when something holds of the newest answers, of so many in a row."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            newest = self.seen[-times:]
            if len(newest) == times and all(s == 200 and holds(told) for _, s, told in newest):
                return
            time.sleep(0.05)
        raise AssertionError(self.seen[-1])


def _all(n: int, plus: int) -> Callable[[Any], bool]:
    return lambda told: all(row["values"] == [n, n + plus] for row in told["rows"])


def test_nothing_fails_and_nothing_is_mixed(tmp_path: Path) -> None:
    """Through a run, a sync, a changed view, ways back: at each step by every answer."""
    _write(tmp_path, "", 1)
    assert ffc(tmp_path, "run").code == 0
    with serving(tmp_path) as server, Load(server) as load:
        load.until(_all(1, 0))
        for rounds, plus, command in (
            (2, "", ("run",)),
            (3, "", ("run", "--force")),
            (3, "", ("sync",)),
            # The view means something else: it is filled beside the old one, and cut over.
            (3, " + 1000", ("run",)),
            (4, " + 1000", ("run",)),
            # And back, to the data as they are now.
            (4, "", ("run",)),
            # Forth and back again at once: the newest builds of either are of these data.
            (4, " + 1000", ("rollback",)),
            (4, "", ("rollback",)),
            (5, "", ("run",)),
        ):
            _write(tmp_path, plus, rounds)
            done = ffc(tmp_path, *command)
            assert done.code == 0, done.stderr
            load.until(_all(rounds, 1000 if plus else 0))
    failed = [told for _, status, told in load.seen if status != 200]
    assert failed == []
    assert len(load.seen) > 200
    allowed = {(n, n + plus) for n in (1, 2, 3, 4, 5) for plus in (0, 1000)}
    for _, _, told in load.seen:
        assert len(told["rows"]) == USERS
        values = {tuple(row["values"]) for row in told["rows"]}
        assert values <= allowed
        # One definition an answer: what `b` has more is the same in all its rows.
        assert len({b - a for a, b in values}) == 1
        assert {status for row in told["rows"] for status in row["statuses"]} == {"ok"}


@pytest.mark.parametrize("workers", all_but_first([2, 1]))
def test_a_killed_worker_takes_along_what_it_was_answering_and_no_more(
    tmp_path: Path, workers: int
) -> None:
    _write(tmp_path, "", 1)
    assert ffc(tmp_path, "run").code == 0
    with serving(tmp_path, "--workers", str(workers)) as server, Load(server) as load:
        for _ in range(3):
            load.until(_all(1, 0))
            known = server.workers()
            os.kill(known[0], signal.SIGKILL)
            load.until(_all(1, 0))
            # Whichever worker it was: all are there again, and all clients are answered.
            end = time.monotonic() + 20
            while known[0] in (now := server.workers()) or len(now) < workers:
                assert time.monotonic() < end
                time.sleep(0.05)
            count = len(load.seen)
            load.until(lambda told, count=count: len(load.seen) > count + 10 * CLIENTS)
    failed = [told for _, status, told in load.seen if status != 200]
    # A connection that breaks is told of once; who connects again waits, and is answered.
    assert 0 < len(failed) <= 3 * CLIENTS
    broken = ConnectionError | http.client.IncompleteRead
    assert all(isinstance(told, broken) for told in failed), failed
    assert all(_all(1, 0)(told) for _, status, told in load.seen if status == 200)


# What the second deployment has more: another view, which a model asks for, too.
MORE = """\
feature_views:
  - name: thrice
    entity: user
    source: ref('pairs')
    timestamp: seen
    created: loaded
    online: true
    features:
      - {name: c, column: b, type: int64}
"""
MODELS = "models:\n  - {{name: guess, features: [twice.a, twice.b{more}]}}\n"
GUESS = {"model": "guess", "entities": ASK["entities"]}


@pytest.mark.slow
def test_nothing_fails_and_nothing_is_mixed_by_a_rollback(tmp_path: Path) -> None:
    """Views, models and what they mean go back together; each answer is of one deployment."""
    _write(tmp_path, "", 1)
    (tmp_path / "training_sets").mkdir()
    models, more = tmp_path / "training_sets" / "m.yml", tmp_path / "features" / "more.yml"
    models.write_text(MODELS.format(more=""))
    assert ffc(tmp_path, "run").code == 0
    _write(tmp_path, " + 1000", 1)
    models.write_text(MODELS.format(more=", thrice.c"))
    more.write_text(MORE)
    assert ffc(tmp_path, "run").code == 0
    with serving(tmp_path) as server, Load(server, ASK, GUESS) as load:
        load.until(lambda told: told["deployment"] == "d2", times=20)
        for deployment in ("d3", "d4", "d5", "d6"):
            done = ffc(tmp_path, "rollback")
            assert done.code == 0, done.stderr
            load.until(lambda told, now=deployment: told["deployment"] == now, times=20)
    assert [told for _, status, told in load.seen if status != 200] == []
    by = {name: [told for _, _, told in load.seen if told["deployment"] == name] for name in DS}
    assert all(len(told) > 10 for told in by.values())
    assert sum(map(len, by.values())) == len(load.seen)
    for name, answers in by.items():
        new = name in ("d2", "d4", "d6")
        whole = [1, 1001, 1001] if new else [1, 1]
        asked = {len(told["columns"]) for told in answers}
        assert asked == ({2, 3} if new else {2}), name
        for told in answers:
            assert len(told["rows"]) == USERS
            expected = whole[: len(told["columns"])]
            assert {tuple(row["values"]) for row in told["rows"]} == {tuple(expected)}, name
            assert {status for row in told["rows"] for status in row["statuses"]} == {"ok"}


DS = ("d2", "d3", "d4", "d5", "d6")


@pytest.mark.slow
def test_nothing_fails_and_nothing_is_mixed_where_models_and_views_change_together(
    tmp_path: Path,
) -> None:
    """A model means what it meant until all that it asks for now is there; then all moves."""
    _write(tmp_path, "", 1)
    (tmp_path / "training_sets").mkdir()
    models, more = tmp_path / "training_sets" / "m.yml", tmp_path / "features" / "more.yml"
    models.write_text(MODELS.format(more=""))
    assert ffc(tmp_path, "run").code == 0
    known = [(1, 1)]
    with serving(tmp_path) as server, Load(server, GUESS) as load:
        load.until(lambda told: told["deployment"] == "d1")
        for plus, asked, view in (
            # Another view, a view that means something else, and a model that asks for both.
            (1000, ", thrice.c", MORE),
            # Two views mean something else at once.
            (2000, ", thrice.c", MORE),
            # A feature that another name is given.
            (2000, ", thrice.d", MORE.replace("name: c,", "name: d,")),
            # A model that asks for less of views that mean something else.
            (0, "", MORE),
            # A view that is declared no more is gone at once.
            (0, "", ""),
        ):
            _write(tmp_path, f" + {plus}", 1)
            models.write_text(MODELS.format(more=asked))
            more.write_text(view)
            done = ffc(tmp_path, "run")
            assert done.code == 0, done.stderr
            known.append((1, 1 + plus, 1 + plus) if asked else (1, 1))
            load.until(lambda told, now=known[-1]: tuple(told["rows"][0]["values"]) == now)
    assert [told for _, status, told in load.seen if status != 200] == []
    assert {_values(told) for _, _, told in load.seen} <= set(known)


def _values(told: Any) -> tuple[int, ...]:
    (values,) = {tuple(row["values"]) for row in told["rows"]}
    return values


@pytest.mark.parametrize(
    ("view", "key"),
    [
        ("customer_daily", "customer_id"),
        ("customer_profile", "customer_id"),
        ("merchant_profile", "merchant_id"),
    ],
)
def test_what_is_served_is_what_training_would_have(
    fraud: Path, served: Server, view: str, key: str
) -> None:
    """For every key of the demo, at the instant of the answer: the same value."""
    client = Client(fraud)
    keys = client.dataframe(view, backend="arrow").column(key).unique().sort()
    unknown = pa.array(["nobody"] if pa.types.is_string(keys.type) else [-1], keys.type)
    asked = pa.concat_arrays([keys, unknown])
    entities = [{key: value} for value in asked.to_pylist()]
    status, told = served.call(
        "POST", "/v1/features", {"features": [f"{view}.*"], "entities": entities}
    )
    assert status == 200
    instant = pa.scalar(told["as_of"]).cast(pa.timestamp("us", tz="UTC"))
    spine = pa.table({key: asked, "at": pa.array([instant.as_py()] * len(asked), instant.type)})
    found = client.historical([f"{view}.*"], spine).dataframe("arrow")
    names = [column["name"] for column in told["columns"]]
    for index, name in enumerate(names):
        expected = found.column(name).to_pylist()
        assert [row["values"][index] for row in told["rows"]] == expected, name
    assert len(told["rows"]) > 50
    assert told["rows"][-1]["statuses"] == ["missing"] * len(names)
    assert pc.count(found.column(names[0])).as_py() > 0


@pytest.fixture(scope="module")
def fraud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fraud")
    assert ffc(folder, "init", "fraud").code == 0
    assert ffc(folder / "fraud", "run").code == 0
    return folder / "fraud"


@pytest.fixture(scope="module")
def served(fraud: Path) -> Any:
    with serving(fraud) as found:
        yield found
