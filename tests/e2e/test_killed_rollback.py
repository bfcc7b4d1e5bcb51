"""Rollbacks that are killed at any instant: the next rollback, or the next run, ends whole."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import duckdb
import pytest
from support.cli import ffc, write_files
from support.projects import FILES, open_session, small_project
from support.slow import all_but_first

from ffc.manifest.names import published_name
from ffc.registry import StateRegistry

USERS: Final = 30_000
SEED: Final = 8_086
OLD: Final = FILES["features/all.yml"].replace("    ttl: 30d\n", "")
NEW: Final = OLD.replace("default: 0", "default: 7")
WIDER: Final = FILES["transformations/clean.sql"].replace("amount,", "amount + 1000 as amount,")

# Where a process dies, and what is called just then: what it was to do is not done.
PLACES: Final = {
    "before anything is synced": "ffc.run.deploying.rollback.sync_view",
    "as rows are written online": "ffc_sqlite.SQLiteOnlineStore.write",
    "before the views move": "ffc.run.deploying.rollback.publish",
    "when the views have moved": "ffc_sqlite.SQLiteStateStore.move",
    "when all has moved": "ffc_sqlite.SQLiteStateStore.finish_run",
}
# The one that leaves most apart; the others in the slow suite.
TORN: Final = "when the views have moved"
SOME: Final = [
    pytest.param(place, marks=[] if place == TORN else [pytest.mark.slow]) for place in PLACES
]
DYING: Final = """
import os, signal, sys
from importlib import import_module
from ffc.cli.main import run
place, _, name = sys.argv[1].rpartition(".")
try:
    owner = import_module(place)
except ModuleNotFoundError:
    module, _, kind = place.rpartition(".")
    owner = getattr(import_module(module), kind)
setattr(owner, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
run(["rollback", "--quiet"])
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project in whose store nothing is left of its first deployment's rows."""
    rows = "".join(
        f"u{n},{n % 97},true,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z\n" for n in range(USERS)
    )
    events = FILES["data/events.csv"].splitlines(keepends=True)[0] + rows
    folder = small_project(
        tmp_path_factory.mktemp("killed"), **{"data/events.csv": events, "features/all.yml": OLD}
    )
    assert ffc(folder, "run").code == 0
    write_files(folder, {"features/all.yml": NEW, "transformations/clean.sql": WIDER})
    assert ffc(folder, "run").code == 0
    for path in (folder / ".ffc").glob("online.db*"):
        path.unlink()
    assert ffc(folder, "sync").code == 0
    return folder


@pytest.fixture
def copy(project: Path, tmp_path: Path) -> Path:
    shutil.copytree(project, tmp_path / "project")
    return tmp_path / "project"


def answers(project: Path) -> list[object]:
    """Return what a model is told of a user that there is, and of one that there is not."""
    found = []
    for user in ("u5", "nobody"):
        asked = ("get", "spending.amount", "--key", f"user_id={user}", "--output", "json")
        done = ffc(project, *asked)
        assert done.code == 0, done.stderr
        found += done.json()["rows"][0]["values"]
    return found


def said_by(project: Path) -> str:
    """Return the deployment that a target is as a whole: names, views and what is served."""
    with open_session(project) as session:
        registry = StateRegistry(session.state, "dev")
        live = session.state.deployments("dev", limit=1)[0]
        declared = {node.id: node for node in registry.manifest().nodes}
        built = registry.nodes()
        served = {view.id: view.fingerprint for view in registry.serving().views}
        relations = {name: registry.relation(name) for name in built}
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        sql = "select view_name, sql from duckdb_views() where schema_name = 'dev'"
        views = dict(connection.execute(sql).fetchall())
        high = connection.execute("select max(amount) > 900 from dev.spending").fetchone()
    for name, node in built.items():
        assert node.data_fingerprint == declared[name].data_fingerprint, name
        if node.kind != "source":
            assert relations[name].name in views[published_name(node.name, node.variant)], name
    for name, fingerprint in served.items():
        assert fingerprint == declared[name].data_fingerprint, name
    new = answers(project) == [1005.0, 7.0]
    assert new or answers(project) == [5.0, 0.0]
    assert high == (new,)
    return live.same_as or live.id


def killed_at(project: Path, place: str) -> None:
    command = [sys.executable, "-c", DYING, PLACES[place]]
    done = subprocess.run(command, cwd=project, capture_output=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("place", all_but_first(PLACES))
def test_a_second_rollback_completes_it(copy: Path, place: str) -> None:
    killed_at(copy, place)
    done = ffc(copy, "rollback")
    assert done.code == 0, done.stderr
    assert said_by(copy) == "d1"
    runs = ffc(copy, "runs", "--output", "json").json()["runs"]
    assert [run["status"] for run in runs[:2]] == ["success", "interrupted"]
    # And it is over: the next one goes back to what was live before.
    assert ffc(copy, "rollback").code == 0
    assert said_by(copy) == "d2"


@pytest.mark.parametrize("place", SOME)
def test_a_run_of_the_newer_text_completes_it(copy: Path, place: str) -> None:
    killed_at(copy, place)
    done = ffc(copy, "run")
    assert done.code == 0, done.stderr
    assert said_by(copy) == "d2"


@pytest.mark.parametrize("place", SOME)
def test_a_run_of_the_older_text_completes_it(copy: Path, place: str) -> None:
    killed_at(copy, place)
    clean = "transformations/clean.sql"
    older = {"features/all.yml": OLD, clean: FILES[clean]}
    done = ffc(write_files(copy, older), "run")
    assert done.code == 0, done.stderr
    assert said_by(copy) == "d1"


def test_a_run_of_one_node_puts_all_views_back(copy: Path) -> None:
    killed_at(copy, TORN)
    assert ffc(copy, "run", "--select", "profile").code == 0
    assert said_by(copy) == "d2"


@pytest.mark.parametrize("command", ["run", "rollback"])
def test_a_table_that_somebody_dropped_meanwhile_stops_nothing(copy: Path, command: str) -> None:
    """The label's view can't be put back: it looks at a table that is gone."""
    with open_session(copy) as session:
        build = session.state.pointers("dev")["transformation.clean"].build
    killed_at(copy, TORN)
    with duckdb.connect(copy / ".ffc" / "test.duckdb") as connection:
        connection.execute(f'drop table dev__ffc."{build.relation[1]}"')
    done = ffc(copy, command)
    assert done.code == 0, done.stderr
    assert said_by(copy) == ("d2" if command == "run" else "d1")


def started(project: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ffc", "rollback", "--quiet"],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def seconds(project: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Return how long a rollback takes that nobody kills."""
    folder = tmp_path_factory.mktemp("whole") / "project"
    shutil.copytree(project, folder)
    began = time.monotonic()
    assert started(folder).wait(60) == 0
    assert said_by(folder) == "d1"
    return time.monotonic() - began


def check_killed(project: Path, after: float) -> None:
    process = started(project)
    time.sleep(after)
    process.kill()
    ended = process.wait(30)
    # Before anything else is done what is served is one thing or the other.
    assert answers(project) in ([1005.0, 7.0], [5.0, 0.0])
    done = ffc(project, "rollback", "--to", "d1")
    assert done.code == 0, done.stderr
    assert said_by(project) == "d1", ended
    assert ffc(project, "clean", "--unused").code == 0
    assert said_by(project) == "d1"


@pytest.mark.slow
@pytest.mark.parametrize("number", range(50))
def test_killed_at_any_instant(copy: Path, seconds: float, number: int) -> None:
    """One in each fiftieth of a rollback."""
    check_killed(copy, (number + random.Random(SEED + number).random()) / 50 * seconds)


@pytest.mark.parametrize("share", [0.8])
def test_killed(copy: Path, seconds: float, share: float) -> None:
    check_killed(copy, share * seconds)
