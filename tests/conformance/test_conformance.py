"""`ffc conformance`: what it shows, what it leaves, and what it finds that others left."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from support.cli import PROFILES, ffc, write_files
from support.postgres import shared
from support.slow import all_but_first

from ffc.adapter import Given, Options
from ffc.conformance import offline_checks, online_checks, state_checks
from ffc.conformance.scratch import age, is_left, is_own, is_scratch, scratch_name, scratches
from ffc.core.clock import utc_now
from ffc_duckdb import DuckDBOfflineStore
from ffc_sqlite import SQLiteOnlineStore, SQLiteStateStore

FILES = {"ffc.yml": "name: shop\nversion: 1\nprofile: test\n", "profiles.yml": PROFILES}
# A process that makes a scratch place of a role, writes to it, and stays or dies.
PLACES = """\
import os, sys
from pathlib import Path
from ffc.adapter import Options
from ffc.conformance import places
from ffc.conformance.ledger import one_batch
from ffc.conformance.offline.making import create, rows_query
from ffc_duckdb import DuckDBOfflineStore
from ffc_sqlite import SQLiteOnlineStore, SQLiteStateStore

def options(name):
    return Options(where="here", folder=Path.cwd(), values={"path": f".ffc/{name}"})

role, how = sys.argv[1:]
if role == "offline":
    made = places.offline_place(DuckDBOfflineStore, options("test.duckdb"))
elif role == "online":
    made = places.online_place(SQLiteOnlineStore, options("online.db"))
else:
    made = places.state_place(SQLiteStateStore, options("state.db"))
with made as place:
    if role == "offline":
        place.do(create(place, "t", rows_query({"n": "int64"}, [[1]])))
        place.warehouse.prepare()
    elif role == "online":
        place.store.write(one_batch([(place.key(b"k"), b"f", b"1", b"v", None)]))
    else:
        place.store.begin_run("dev", "run", "me", "2025")
    print("made", flush=True)
    sys.stdin.readline()
    if how == "dies":
        os._exit(9)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path / "shop", FILES)


def left(project: Path) -> dict[str, list[str]]:
    """Return what there is of scratch places in each store."""
    folder = project / ".ffc"
    schemas: list[Any] = []
    rows: list[Any] = []
    if (folder / "test.duckdb").exists():
        with duckdb.connect(folder / "test.duckdb") as connection:
            query = "SELECT schema_name FROM information_schema.schemata"
            schemas = connection.execute(query).fetchall()
    if (folder / "online.db").exists():
        with sqlite3.connect(folder / "online.db") as database:
            rows = database.execute("SELECT key, field FROM rows").fetchall()
    return {
        "offline": [name for (name,) in schemas if name.startswith("ffc_conf")],
        "online": [repr(row) for row in rows],
        "state": [path.name for path in folder.glob("ffc_conf*")],
    }


NOTHING: dict[str, list[str]] = {"offline": [], "online": [], "state": []}
FEW = ("-c", "offline.files", "-c", "online.batches", "-c", "state.runs")


def test_what_holds_is_a_row_a_group(project: Path) -> None:
    done = ffc(project, "conformance", *FEW)
    assert done.code == 0, done.stdout + done.stderr
    head, rule, *rows, end = done.stdout.splitlines()
    assert head.split() == ["store", "checks", "hold", "seconds"]
    assert set(rule) == {"-", " "}
    assert [row.rsplit(maxsplit=1)[0].split() for row in rows] == [
        ["offline", "(duckdb)", "files", "19", "of", "19"],
        ["online", "`default`", "(sqlite)", "batches", "11", "of", "11"],
        ["state", "(sqlite)", "runs", "4", "of", "4"],
    ]
    assert end == "34 of 34 checks hold"
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stderr == ""
    assert left(project) == NOTHING
    quiet = ffc(project, "conformance", "-c", "state.runs", "--quiet")
    assert (quiet.code, quiet.stdout, quiet.stderr) == (0, "", "")


def test_the_document(project: Path) -> None:
    done = ffc(project, "conformance", "-c", "state.runs.*order", "--output", "json")
    document = done.json()
    assert document["ok"] is True
    assert [(s["role"], s["type"], s["checks"], s["holds"]) for s in document["stores"]] == [
        ("state", "sqlite", 1, 1)
    ]
    (check,) = document["checks"]
    assert (check["check"], check["status"]) == ("state.runs.nodes_come_in_order", "holds")
    assert done.stderr == ""


def test_what_does_not_hold_is_told_with_what_to_do(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns, write = DuckDBOfflineStore.columns, SQLiteOnlineStore.write

    def turned(store: DuckDBOfflineStore, relation: Any) -> list[tuple[str, str]]:
        return columns(store, relation)[::-1]

    def heedless(
        store: SQLiteOnlineStore, batch: pa.RecordBatch, given: Given | None = None
    ) -> int:
        return write(store, batch)

    monkeypatch.setattr(DuckDBOfflineStore, "columns", turned)
    monkeypatch.setattr(SQLiteOnlineStore, "write", heedless)
    names = ("-c", "offline.statements.columns_come_in_order", "-c", "online.batches.given_1*")
    done = ffc(project, "conformance", *names)
    assert done.code == 1
    lines = done.stdout.splitlines()
    assert lines[2].split()[:-1] == ["offline", "(duckdb)", "statements", "0", "of", "1"]
    assert lines[3:10] == [
        "broken  offline.statements.columns_come_in_order",
        "        The columns of a table and of a view come in their order, spelled as",
        "        they were made: the columns of `t` are others",
        "        expected: ['zebra', 'Apple', 'mango']",
        "        got:      ['mango', 'Apple', 'zebra']",
        "        = help: see `submit` and `Handle` in ffc/adapter/offline.py",
        "        = sql:  target/conformance/offline.statements.columns_come_in_order.sql",
    ]
    assert lines[10].split()[:-1] == ["online", "`default`", "(sqlite)", "batches", "1", "of", "2"]
    assert "        expected: Locked" in lines
    assert lines[-1] == "1 of 3 checks hold"
    assert max(map(len, lines)) <= 80
    written = project / "target/conformance/offline.statements.columns_come_in_order.sql"
    assert "CREATE TABLE" in written.read_text()
    assert left(project) == NOTHING
    found = {
        c["check"]: c
        for c in ffc(project, "conformance", *names, "--output", "json").json()["checks"]
    }
    broken = found["offline.statements.columns_come_in_order"]
    assert (broken["status"], broken["expected"]) == ("broken", "['zebra', 'Apple', 'mango']")
    assert broken["sql"] == str(written)


def test_a_state_store_without_a_scratch_place_is_not_touched(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SQLiteStateStore, "scratch", classmethod(lambda *_: None))
    done = ffc(project, "conformance", "-c", "state.runs", "-c", "online.batches")
    assert done.code == 0
    assert done.stdout.splitlines()[-1] == "11 of 11 checks hold"
    told = " ".join(done.stderr.split())
    assert told.startswith("not checked: state (sqlite): the adapter has no scratch place")
    assert not (project / ".ffc" / "state.db").exists()


def test_an_exception_of_an_adapters_own_is_told_as_that(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(store: DuckDBOfflineStore, relation: Any) -> list[tuple[str, str]]:
        raise ValueError("no such luck")

    monkeypatch.setattr(DuckDBOfflineStore, "columns", fail)
    done = ffc(project, "conformance", "-c", "offline.statements.columns_come_in_order")
    assert done.code == 1
    told = " ".join(done.stdout.split())
    assert "the adapter lets an exception through that is none of ffc's" in told
    assert "got: ValueError: no such luck" in told


def test_a_store_that_cannot_be_opened_is_one_error(project: Path) -> None:
    (project / ".ffc").mkdir()
    (project / ".ffc" / "test.duckdb").write_bytes(b"nothing of the kind" * 1000)
    done = ffc(project, "conformance")
    assert done.code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error[FF803]: ")


def test_what_nobody_may_do_there_is_told_once(project: Path) -> None:
    database = shared(18).database()
    shared(18).sql("CREATE ROLE reads LOGIN PASSWORD 'not a secret'")
    settings = shared(18).settings_of(database, "reads")
    shared(18).sql(f'GRANT CONNECT ON DATABASE "{database}" TO reads')
    place = ", ".join(f"{name}: {value}" for name, value in settings.items())
    profiles = PROFILES.replace("duckdb, path: .ffc/test.duckdb", f"postgres, {place}")
    write_files(project, {"profiles.yml": profiles})
    done = ffc(project, "conformance", "-c", "offline.statements")
    assert (done.code, done.stdout) == (1, "")
    told = " ".join(done.stderr.split())
    assert f"error[FF804]: permission denied for database {database}" in told
    assert "each check makes a schema of its own, and drops it again: that must be" in told


def test_nothing_is_left_in_a_database(project: Path) -> None:
    database = shared(18).database()
    settings = shared(18).settings_of(database)
    place = "{type: postgres, " + ", ".join(f"{n}: {v}" for n, v in settings.items()) + "}"
    profiles = re.sub(r"\{type: .*\}", place, PROFILES)
    assert profiles.count("postgres") == 3
    write_files(project, {"profiles.yml": profiles})
    left = scratch_name(utc_now() - timedelta(hours=2))
    shared(18).sql(f'SET ROLE ffc; CREATE SCHEMA "{left}"; CREATE SCHEMA "{left}__ffc"', database)
    names = ("-c", "offline.transactions", "-c", "online.batches", "-c", "state.runs")
    done = ffc(project, "conformance", *names)
    assert done.code == 0, done.stdout
    told = " ".join(done.stderr.split())
    assert told.startswith(f"removed `{left}`, 2 hours old, in the offline store")
    found = shared(18).sql("SELECT nspname FROM pg_namespace", database)
    assert [name for (name,) in found if "conformance" in name or "state" in name] == []


def test_a_name_that_means_nothing_is_misuse(project: Path) -> None:
    done = ffc(project, "conformance", "-c", "offline.typse")
    assert done.code == 2
    assert "there is no check `offline.typse`; did you mean `offline.types`?" in done.stderr
    assert not (project / ".ffc").exists()


def test_the_list_opens_nothing(project: Path) -> None:
    done = ffc(project, "conformance", "--list", "-c", "online.removing", "-c", "state.figures")
    assert done.code == 0
    names = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert len(names) == 11
    assert (
        "online.removing.other_fields_stay\n    Other fields of the same keys stay" in done.stdout
    )
    assert not (project / ".ffc").exists()
    whole = ffc(project, "conformance", "--list", "--thorough").stdout
    assert "offline.random.seed_119" in whole
    assert "offline.random.seed_119" not in ffc(project, "conformance", "--list").stdout


@contextmanager
def place(project: Path, role: str, how: str) -> Iterator[subprocess.Popen[str]]:
    """Have another process make a scratch place."""
    command = [sys.executable, "-c", PLACES, role, how]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=project, stdin=pipe, stdout=pipe, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        yield process
    finally:
        process.communicate("\n", timeout=20)


ONE = {
    "offline": "offline.statements.rows_come_back",
    "online": "online.rows.every_byte_comes_back",
    "state": "state.runs.dead_runs_are_ended",
}


@pytest.mark.parametrize("role", ["offline", "online", "state"])
def test_what_a_killed_run_left_is_found_and_removed(project: Path, role: str) -> None:
    with place(project, role, "dies"):
        pass
    assert left(project)[role]
    done = ffc(project, "conformance", "-c", ONE[role])
    assert done.code == 0
    told = " ".join(done.stderr.split())
    assert told.startswith("removed `ffc_conformance_")
    assert re.search(rf"\d seconds old, in the {role} store", told)
    assert left(project) == NOTHING


@pytest.mark.parametrize("role", ["online", "state"])
def test_what_a_living_run_has_is_left_alone(project: Path, role: str) -> None:
    with place(project, role, "stays"):
        done = ffc(project, "conformance", "-c", ONE[role], "--output", "json")
        assert done.code == 0
        (found,) = done.json()["leftovers"]
        assert (found["role"], found["removed"]) == (role, False)
        told = " ".join(done.stderr.split())
        assert told.startswith("left alone: `ffc_conformance_")
        assert told.endswith(": whoever made it may live")
        assert left(project)[role]
    assert left(project) == NOTHING


@pytest.mark.parametrize(
    ("number", "code"), all_but_first([(signal.SIGTERM, 143), (signal.SIGINT, 130)])
)
def test_nothing_is_left_of_a_run_that_is_stopped(
    project: Path, number: signal.Signals, code: int
) -> None:
    names = ("-c", "offline.files", "-c", "offline.cancel", "-c", "online", "-c", "state")
    command = [sys.executable, "-m", "ffc", "conformance", *names]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    assert "offline" in lines[-1]
    time.sleep(0.2)
    os.kill(process.pid, number)
    process.communicate(timeout=30)
    assert process.returncode == code
    assert left(project) == NOTHING


def test_names_of_scratch_places() -> None:
    now = utc_now()
    name = scratch_name(now)
    assert is_scratch(name)
    assert is_own(name)
    assert not is_left(name, now)
    assert len(f"{name}__ffc") <= 63
    assert 0 <= age(name, now).total_seconds() <= 1
    other = "ffc_conformance_20240101000000_1_ffffffff_000000"
    assert scratches([f"{name}__ffc", name, "dev", "ffc_conformance", other]) == [other, name]
    assert is_left(other, now)
    begun = now.strftime("%Y%m%d%H%M%S")
    assert not is_left(f"ffc_conformance_{begun}_1_ffffffff_000000", now)


def test_the_suite_in_three_lines(tmp_path: Path) -> None:
    """As the tests of a package with an adapter run it, for each role."""
    few = [
        *((c, DuckDBOfflineStore) for c in offline_checks(DuckDBOfflineStore)[:2]),
        *((c, SQLiteOnlineStore) for c in online_checks(SQLiteOnlineStore)[:2]),
        *((c, SQLiteStateStore) for c in state_checks(SQLiteStateStore)[:2]),
    ]
    for check, adapter in few:
        path = f"{check.role}.db"
        check.hold(adapter, Options(where="a test", folder=tmp_path, values={"path": path}))
    assert {c.role for c, _ in few} == {"offline", "online", "state"}
