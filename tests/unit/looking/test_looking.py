"""Looking at what is deployed: nodes, rows, runs; who holds a file; what is broken."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from pyarrow import parquet
from support.cli import ffc
from support.projects import FILES, ran_project, small_project

from ffc.core.errors import Unreachable
from ffc_duckdb.files import open_file


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ran_project(tmp_path_factory.mktemp("small"))


def test_a_node_is_shown(project: Path) -> None:
    shown = ffc(project, "show", "spending", "--rows", "2").stdout
    assert re.search(r"^node +feature_view.spending$", shown, re.MULTILINE)
    assert re.search(r"^ttl +30d$", shown, re.MULTILINE)
    assert re.search(r"build +b\w+, 4 rows", shown)
    assert "row 2" in shown or "u1" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "u1" not in ffc(project, "show", "feature_view.spending", "--rows", "0").stdout
    document = ffc(project, "show", "main", "--output", "json").json()
    (search,) = document["searches"]
    assert search["view"] == "feature_view.spending"
    assert search["shape"] in ("pairs", "ranges")
    assert "4 rows" in search["reason"]
    assert re.search(rf"^search +{search['view']}: ", ffc(project, "show", "main").stdout, re.M)
    assert document["node"]["kind"] == "training_set"
    assert len(document["rows"]) == 4
    refused = ffc(project, "show", "spendin")
    assert refused.code == 1
    assert "did you mean `spending`?" in refused.stderr


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select count(*) as n from {{ ref('clean') }}", [[4]]),
        ('select count(*) as n from {{ source("raw", "users") }} as u;', [[2]]),
        ("select max(amount) as n from dev.clean", [[8.0]]),
        ("with a as (select 1 as n) from a", [[1]]),
        (
            "select 'nan'::double a, '-inf'::float b, 1.50::decimal(5, 2) c, [1, null] d, "
            "timestamp '2024-01-01 10:00:00' e, date '2024-01-01' f, 'x'::blob g, null h, true i",
            [
                [
                    "NaN",
                    "-Infinity",
                    "1.50",
                    [1, None],
                    "2024-01-01 10:00:00",
                    "2024-01-01",
                    "eA==",
                    None,
                    True,
                ]
            ],
        ),
    ],
)
def test_a_query_is_answered(project: Path, sql: str, rows: list[list[object]]) -> None:
    done = ffc(project, "query", sql, "--output", "json")
    assert done.code == 0, done.stderr
    assert done.json()["rows"] == rows


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("drop table dev.clean", "a query is one SELECT, not `DROP`"),
        ("select 1; select 2", "2 statements"),
        ("copy dev.clean to 'x.csv'", "a query is one SELECT, not `COPY`"),
        ("", "there is no SQL in this query"),
        ("select from where", "error[FF301]"),
        ("select * from {{ ref('cleen') }}", "did you mean `clean`?"),
        ("select {{ var('x') }}", "the variable `x` has no value"),
        ("select nope from {{ ref('clean') }}", "--> query:1:8"),
    ],
)
def test_a_query_that_is_none(project: Path, sql: str, said: str) -> None:
    refused = ffc(project, "query", sql)
    assert (refused.code, refused.stdout) == (1, "")
    assert said in " ".join(refused.stderr.split())
    assert not (project / "x.csv").exists()


def test_a_query_has_a_limit_and_may_go_to_a_file(project: Path, tmp_path: Path) -> None:
    sql = "select * from range(250) t(i)"
    shown = ffc(project, "query", sql)
    assert len(shown.stdout.splitlines()) == 102
    assert "100 rows; there are more" in shown.stderr
    assert len(ffc(project, "query", sql, "--limit", "0").stdout.splitlines()) == 252
    assert ffc(project, "query", sql, "--to", str(tmp_path / "x.parquet")).code == 0
    assert parquet.read_table(tmp_path / "x.parquet").num_rows == 250
    file = tmp_path / "q.sql"
    file.write_text("select 7 as seven")
    assert "7" in ffc(project, "query", "--file", str(file)).stdout
    assert ffc(project, "query").code == 2


def test_runs_are_listed_and_shown(project: Path) -> None:
    listed = ffc(project, "runs").stdout
    assert re.search(r"r1 +run .* success +10 +0 +0 +0", listed)
    shown = ffc(project, "runs", "show", "r1").stdout
    assert "training_set.main" in shown
    document = ffc(project, "runs", "show", "r1", "--output", "json").json()
    assert len(document["results"]) == 10
    assert ffc(project, "runs", "show", "r99").code == 1
    assert ffc(project, "runs", "what").code == 2


@pytest.mark.parametrize(
    ("sql", "text", "json"),
    [
        ("interval 1 day", "1 day", "1 day"),
        ("interval '14 months 2 days 1.5 seconds'", "14 months 2 days 1.5 seconds", None),
        ("interval 0 day", "0 seconds", "0 seconds"),
        ("['a', null]", "['a', null]", ["a", None]),
        (
            "{'a': timestamp '2024-01-01', 'b': [1.50, null], 'c': true}",
            "{'a': 2024-01-01 00:00:00, 'b': [1.50, null], 'c': true}",
            {"a": "2024-01-01 00:00:00", "b": ["1.50", None], "c": True},
        ),
    ],
)
def test_a_value_that_holds_others(project: Path, sql: str, text: str, json: object) -> None:
    query = f"select {sql} as x"
    assert ffc(project, "query", query).stdout.splitlines()[2].strip() == text
    found = ffc(project, "query", query, "--output", "json").json()["rows"]
    assert found == [[text if json is None else json]]


def test_a_run_during_which_the_clock_went_back(tmp_path: Path) -> None:
    folder = ran_project(tmp_path)
    import sqlite3

    with sqlite3.connect(folder / ".ffc" / "state.db") as state:
        state.execute("update runs set finished = '2024-01-01T00:00:00.000000Z'")
    assert re.search(r"r1 .* 0\.0s +success", ffc(folder, "runs").stdout)


@pytest.mark.parametrize("command", ["run", "retry", "rollback", "test", "freshness"])
def test_a_killed_run_is_told_as_interrupted(tmp_path: Path, command: str) -> None:
    folder = ran_project(tmp_path)
    import sqlite3

    with sqlite3.connect(folder / ".ffc" / "state.db") as state:
        state.execute("update runs set status = 'running', finished = '', command = ?", [command])
    assert ffc(folder, "run").code == 0
    runs = ffc(folder, "runs", "--output", "json").json()["runs"]
    assert [run["status"] for run in runs] == ["success", "interrupted"]


def test_looking_lets_go_at_once(project: Path) -> None:
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True):
        assert ffc(project, "show", "main").code == 0
        assert ffc(project, "training-set", "main").code == 0
    with duckdb.connect(project / ".ffc" / "test.duckdb") as connection:
        assert connection.execute("select count(*) from dev.main").fetchone() == (4,)


@contextmanager
def held(path: Path, seconds: float, *, read_only: bool = False) -> Iterator[int]:
    """Hold a DuckDB file in another process for a while."""
    code = (
        "import duckdb, sys, time\n"
        f"c = duckdb.connect(sys.argv[1], read_only={read_only})\n"
        "print('held', flush=True)\n"
        f"time.sleep({seconds})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_who_holds_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    duckdb.connect(path).close()
    for theirs, ours in ((False, True), (True, False)):
        with held(path, 60, read_only=theirs) as pid:
            with pytest.raises(Unreachable) as caught:
                open_file(path, "", read_only=ours, patience=0.3)
            assert f"in use by the process {pid} (`" in caught.value.message
            assert "python" in caught.value.message
            assert "wait until that process lets go" in caught.value.help[0]


def test_whoever_lets_go_soon_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    duckdb.connect(path).close()
    with held(path, 1):
        started = time.monotonic()
        open_file(path, "", read_only=False, patience=20).close()
    assert time.monotonic() - started < 15


def test_a_run_met_by_a_reader_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ffc_duckdb.files.PATIENCE", 0.2)
    monkeypatch.setattr(open_file, "__kwdefaults__", {"patience": 0.2})
    folder = ran_project(tmp_path)
    with held(folder / ".ffc" / "test.duckdb", 60, read_only=True) as pid:
        refused = ffc(folder, "run")
    assert refused.code == 1
    assert f"in use by the process {pid}" in " ".join(refused.stderr.split())
    assert ffc(folder, "run").code == 0


def test_a_warehouse_in_use_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of tests that could not look: none of them failed."""
    monkeypatch.setattr(open_file, "__kwdefaults__", {"patience": 0.2})
    sources = FILES["sources/raw.yml"].replace(
        "file: data/events.csv",
        "file: data/events.csv\n        freshness: {column: seen, warn_after: 1h}\n"
        "        tests: [{row_count: {min: 1}}, {row_count: {min: 2, name: two}}]",
    )
    folder = small_project(tmp_path, **{"sources/raw.yml": sources})
    assert ffc(folder, "run").code == 0
    with held(folder / ".ffc" / "test.duckdb", 60) as pid:
        refused = [ffc(folder, command) for command in ("test", "freshness")]
    for done in refused:
        assert (done.code, done.stdout) == (1, "")
        assert " ".join(done.stderr.split()).count(f"in use by the process {pid}") == 1
    runs = ffc(folder, "runs", "--output", "json").json()["runs"]
    assert [run["status"] for run in runs] == ["error", "error", "success"]
    shown = ffc(folder, "runs", "show", "r2", "--output", "json").json()
    assert shown["results"] == []


@pytest.mark.parametrize("what", ["text", "cut", "folder"])
def test_a_file_that_is_none(tmp_path: Path, what: str) -> None:
    folder = ran_project(tmp_path)
    path = folder / ".ffc" / "test.duckdb"
    whole = path.read_bytes()
    path.unlink()
    if what == "folder":
        path.mkdir()
    else:
        path.write_bytes(
            b"this is no database, whatever its name\n" * 500
            if what == "text"
            else b"\0" * len(whole)
        )
    refused = ffc(folder, "run")
    assert refused.code == 1
    said = " ".join(refused.stderr.split())
    assert (
        "it is a folder" in said
        if what == "folder"
        else "is no DuckDB file, or a broken one" in said
    )
    assert "FF900" not in said
    if what != "folder":
        path.unlink()
        assert ffc(folder, "run").code == 0


def test_nothing_was_built_yet(tmp_path: Path) -> None:
    folder = small_project(tmp_path)
    refused = ffc(folder, "query", "select 1")
    assert refused.code == 1
    assert "run `ffc run`" in refused.stderr


def test_a_broken_state_store_says_so(tmp_path: Path) -> None:
    folder = ran_project(tmp_path)
    path = folder / ".ffc" / "state.db"
    before = json.loads((folder / "target" / "run_results.json").read_text())
    for extra in ("-wal", "-shm"):
        path.with_name(path.name + extra).unlink(missing_ok=True)
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 20_000)
    refused = ffc(folder, "run")
    assert refused.code == 1
    said = " ".join(refused.stderr.split())
    assert "error[FF703]: the state store" in said
    assert "restore a backup, or move the file away" in said
    path.unlink()
    assert ffc(folder, "run").code == 0
    after = json.loads((folder / "target" / "run_results.json").read_text())
    assert {r["id"]: r["rows"] for r in after["results"] if r["action"] == "build"} == {
        r["id"]: r["rows"] for r in before["results"] if r["action"] == "build"
    }


def test_every_connection_is_tried(tmp_path: Path) -> None:
    folder = small_project(tmp_path)
    done = ffc(folder, "debug")
    assert done.code == 0, done.stdout
    assert re.search(r"^ok +offline \(duckdb\): DuckDB \d", done.stdout, re.MULTILINE)
    assert re.search(
        r"^ok +state \(sqlite\): read and written; there was no run", done.stdout, re.MULTILINE
    )
    assert re.search(r"^ok +online `default` \(sqlite\)", done.stdout, re.MULTILINE)
    assert max(map(len, done.stdout.splitlines())) <= 80
    with duckdb.connect(folder / ".ffc" / "test.duckdb", read_only=True) as connection:
        names = connection.execute("select table_name from information_schema.tables").fetchall()
    assert names == [("__journal",)]


def test_what_fails_is_named_and_how_to_mend_it(tmp_path: Path) -> None:
    folder = small_project(tmp_path)
    assert ffc(folder, "debug").code == 0
    for name in ("state.db", "online.db"):
        for path in (folder / ".ffc").glob(f"{name}*"):
            path.unlink()
        (folder / ".ffc" / name).write_bytes(b"no store of anybody's" * 200)
    (folder / ".ffc" / "test.duckdb").unlink()
    (folder / ".ffc" / "test.duckdb").mkdir()
    failed = ffc(folder, "debug", "--quiet")
    assert failed.code == 1
    assert len(re.findall(r"^failed", failed.stdout, re.MULTILINE)) == 3
    assert failed.stdout.count("= help:") >= 3


def test_a_store_does_not_fail_for_another(tmp_path: Path) -> None:
    folder = small_project(tmp_path)
    (folder / ".ffc").mkdir()
    (folder / ".ffc" / "state.db").write_bytes(b"no store of anybody's" * 200)
    failed = ffc(folder, "debug")
    assert re.findall(r"^failed +(\w+)", failed.stdout, re.MULTILINE) == ["state"]
    assert "online `default` (sqlite): opened and read" in failed.stdout
    assert "0 tables and views there" in " ".join(failed.stdout.split())


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("path: profiles.yml/x.duckdb", "`path` in profiles.yml says where: name a folder"),
        ("path: x.duckdb, memory_limit: 3x", "`memory_limit` in profiles.yml is such as `4GB`"),
    ],
)
def test_a_setting_that_is_wrong_is_named(tmp_path: Path, setting: str, said: str) -> None:
    profiles = FILES["profiles.yml"].replace("path: .ffc/test.duckdb", setting)
    failed = ffc(small_project(tmp_path, **{"profiles.yml": profiles}), "debug")
    assert failed.code == 1
    assert said in " ".join(failed.stdout.split())


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    folder = small_project(tmp_path)
    profiles = folder / "profiles.yml"
    unset = "\"{{ env_var('NO_SUCH') }}\""
    profiles.write_text(profiles.read_text().replace(".ffc/test.duckdb", unset))
    failed = ffc(folder, "debug")
    assert failed.code == 1
    assert "needs the environment variable NO_SUCH" in " ".join(failed.stdout.split())
