"""Looking at what is there: ls, show, query, runs and debug, as somebody types them."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from support.cli import PROFILES, ffc
from support.holder import held
from support.projects import FILES, small_project

from ffc.cli.running import run_project
from ffc.cli.selecting import Selecting
from ffc.run.requests import RunRequest
from ffc_duckdb import opening

ALL = """\
source.raw.events
source.raw.users
entity.user
transformation.clean
feature_view.profile
feature_view.spending
label.paid_back
training_set.main
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that was run; nobody changes it."""
    project = small_project(tmp_path_factory.mktemp("built"))
    assert ffc(project, "run").code == 0
    return project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path)


# ls


def test_ls_lists_what_is_selected(project: Path) -> None:
    everything = ffc(project, "ls")
    assert (everything.code, everything.stderr) == (0, "")
    assert sorted(everything.stdout.splitlines()) == sorted(ALL.splitlines())
    done = ffc(project, "ls", "-s", "1+main", "-s", "raw", "--exclude", "kind:label main")
    assert done.stdout.splitlines() == [
        line
        for line in everything.stdout.splitlines()
        if line.partition(".")[2] in ("raw.events", "raw.users", "profile", "spending")
    ]


def test_ls_tells_what_matches_nothing(project: Path) -> None:
    done = ffc(project, "ls", "-s", "clean spendin")
    assert (done.code, done.stdout) == (0, "transformation.clean\n")
    assert done.stderr == "warning: `spendin` matches no node; did you mean `spending`?\n"
    assert ffc(project, "ls", "-s", "clean spendin", "--strict").code == 1
    nothing = ffc(project, "ls", "-s", "clean,profile")
    assert (nothing.code, nothing.stdout, nothing.stderr) == (0, "", "nothing is selected\n")
    assert ffc(project, "ls", "-s", "clean,profile", "--strict").code == 1
    assert ffc(project, "ls", "-s", "spendin", "--quiet").stderr == ""


def test_a_selection_that_is_none_is_misuse(project: Path) -> None:
    done = ffc(project, "ls", "-s", "tags:x")
    assert (done.code, done.stdout) == (2, "")
    assert (
        done.stderr
        == """\
error[FF820]: `tags:x`: there is no method `tags:`
  = help: did you mean `tag`?
  = more: ffc explain FF820
"""
    )


def test_ls_compares_with_another_manifest(project: Path, tmp_path: Path) -> None:
    assert ffc(project, "compile").code == 0
    before = tmp_path / "before"
    shutil.copytree(project / "target", before)
    (project / "transformations" / "more.sql").write_text("select * from {{ ref('clean') }}\n")
    (project / "training_sets" / "main.yml").unlink()
    state = ("--state", str(before))
    assert ffc(project, "ls", "-s", "state:new", *state).stdout == "transformation.more\n"
    gone = ffc(project, "ls", "-s", "state:removed", *state)
    assert gone.stdout == "training_set.main  (removed)\n"
    assert ffc(project, "ls", "-s", "state:new").code == 2
    absent = ffc(project, "ls", "-s", "state:new", "--state", str(tmp_path / "no"))
    assert absent.code == 2
    assert "there is no manifest.json in" in absent.stderr


def test_ls_by_the_last_results(project: Path) -> None:
    asked = ffc(project, "ls", "-s", "result:error")
    assert asked.code == 2
    assert "`ffc run` writes target/run_results.json" in asked.stderr
    (project / "data" / "users.csv").write_text("user_id,country\nu1,NL\nu1,DE\n")
    assert ffc(project, "run").code == 1
    assert ffc(project, "ls", "-s", "result:error").stdout == "feature_view.profile\n"
    assert ffc(project, "ls", "-s", "result:error+").stdout.split() == [
        "feature_view.profile",
        "training_set.main",
    ]
    (project / "target" / "run_results.json").write_text("{")
    broken = ffc(project, "ls", "-s", "result:error")
    assert broken.code == 2
    assert "holds no results of a run" in broken.stderr


def git(folder: Path, *arguments: str) -> None:
    name = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


def test_ls_by_what_git_says(tmp_path: Path) -> None:
    # The project is a folder of its repository, and its paths are from there.
    project = small_project(tmp_path / "repo" / "shop")
    outside = ffc(project, "ls", "-s", "git:main")
    assert outside.code == 2
    git(project.parent, "init", "-b", "main")
    git(project.parent, "add", "-A")
    git(project.parent, "commit", "-m", "first")
    assert ffc(project, "ls", "-s", "git:main").stdout == ""
    with (project / "transformations" / "clean.sql").open("a") as file:
        file.write("and paid\n")
    (project / "data" / "users.csv").write_text("user_id,country\nu1,NL\n")
    (project / "transformations" / "fresh.sql").write_text("select 1 as a\n")
    done = ffc(project, "ls", "-s", "git:main")
    assert sorted(done.stdout.split()) == [
        "source.raw.users",
        "transformation.clean",
        "transformation.fresh",
    ]
    unknown = ffc(project, "ls", "-s", "git:nowhere")
    assert unknown.code == 2
    assert "git knows no revision `nowhere`" in unknown.stderr
    assert ffc(project, "ls", "-s", "git:--output=x").code == 2
    assert not (project / "x").exists()


def test_a_run_of_what_is_selected(project: Path) -> None:
    where = (project, None, None, None, False)
    some = Selecting(select=("+profile",), quiet=True)
    assert run_project(where, RunRequest(), None, "text", True, some.in_session) == 0
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    assert {r["id"] for r in results if r["action"] == "build"} == {
        "source.raw.users",
        "feature_view.profile",
    }
    everything = Selecting()
    assert run_project(where, RunRequest(), None, "text", True, everything.in_session) == 0
    assert ffc(project, "show", "main", "--output", "json").json()["build"]["rows"] == 4


def test_ls_of_a_project_that_does_not_compile(project: Path) -> None:
    (project / "transformations" / "clean.sql").write_text("select")
    done = ffc(project, "ls")
    assert (done.code, done.stdout) == (1, "")
    assert "error[FF301]" in done.stderr


# show


def test_show_tells_what_is_deployed(built: Path) -> None:
    done = ffc(built, "show", "spending", "--rows", "1")
    assert (done.code, done.stderr) == (0, "")
    head, columns, rows = done.stdout.split("\n\n")
    assert head.startswith("feature_view.spending\n  file      features/all.yml:")
    assert "  made of   entity.user, transformation.clean\n" in head
    assert ", 4 rows, 2" in head
    assert "  table     dev__ffc.feature_view_spending_" in head
    assert "amount   float64" in columns
    assert "row 1" in rows or "user_id" in rows
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_show_as_json(built: Path) -> None:
    found = ffc(built, "show", "paid_back", "--rows", "2", "--output", "json").json()
    assert (found["id"], found["deployed"], found["build"]["rows"]) == (
        "label.paid_back",
        True,
        None,
    )
    assert len(found["preview"]["rows"]) == 2
    assert [c["name"] for c in found["preview"]["columns"]][:2] == ["user_id", "amount"]
    facts = ffc(built, "show", "paid_back", "--rows", "0", "--output", "json").json()
    assert facts["preview"] is None
    entity = ffc(built, "show", "user", "--output", "json").json()
    assert (entity["kind"], entity["build"], entity["deployed"]) == ("entity", None, True)


def test_show_of_what_was_never_built(project: Path) -> None:
    done = ffc(project, "show", "clean")
    assert done.code == 0
    assert "never built in this target: `ffc run` builds it" in done.stdout
    assert not (project / ".ffc").exists(), "who only looks makes no file"
    entity = ffc(project, "show", "user").stdout
    assert "not deployed yet: `ffc run` does it" in entity


def test_show_finds_what_is_new_beside_what_is_deployed(built: Path, tmp_path: Path) -> None:
    project = tmp_path / "copy"
    shutil.copytree(built, project)
    (project / "transformations" / "more.sql").write_text("select 1 as a\n")
    assert "never built" in ffc(project, "show", "more").stdout
    (project / "transformations" / "more.sql").write_text("selec")
    broken = ffc(project, "show", "more")
    assert broken.code == 1
    assert "the project does not compile" in broken.stderr
    assert ffc(project, "show", "clean").code == 0, "what is deployed needs no compiling"


def test_show_of_a_name_that_there_is_not(built: Path) -> None:
    done = ffc(built, "show", "spendin")
    assert (done.code, done.stdout) == (1, "")
    assert "there is no node `spendin`" in done.stderr
    assert "did you mean `spending`?" in done.stderr


def test_show_of_an_ephemeral_shows_its_query(project: Path) -> None:
    sql = "{{ config(materialized='ephemeral') }}\nselect amount from {{ ref('clean') }}\n"
    (project / "transformations" / "inner.sql").write_text(sql)
    assert ffc(project, "run").code == 0
    shown = ffc(project, "show", "inner")
    assert shown.code == 0
    assert "built as  ephemeral" in shown.stdout
    counted = ffc(project, "query", "select count(*) as n from {{ ref('inner') }} x")
    assert counted.stdout == "n\n-\n4\n"


# query


def test_query_over_refs_and_sources(built: Path) -> None:
    sql = """\
select c.user_id, sum(c.amount) as total, any_value(u.country) as country
from {{ ref('clean') }} c join {{ source('raw', 'users') }} u using (user_id)
group by all order by 1"""
    done = ffc(built, "query", sql)
    assert (done.code, done.stderr) == (0, "")
    assert (
        done.stdout
        == """\
user_id  total  country
-------  -----  -------
u1         4.0  NL
u2        12.0  DE
"""
    )
    for name in ("spending", "main", "feature_view.profile", "label.paid_back"):
        assert ffc(built, "query", f"select * from {{{{ ref('{name}') }}}}").code == 0, name
    assert ffc(built, "query", "select amount from dev.clean order by 1 limit 1").code == 0


def test_query_as_json_in_the_order_and_names_of_the_query(built: Path) -> None:
    done = ffc(built, "query", "select 2 as b, 1::decimal(4,1) as a, 3 as b", "--output", "json")
    assert done.json()["columns"] == [
        {"name": "b", "type": "int32"},
        {"name": "a", "type": "decimal(4,1)"},
        {"name": "b", "type": "int32"},
    ]
    assert done.json()["rows"] == [[2, "1.0", 3]]


def test_query_shows_so_many_rows(built: Path) -> None:
    done = ffc(built, "query", "from range(101)")
    assert len(done.stdout.splitlines()) == 102
    assert done.stderr == "the first 100 rows; `--rows 0` shows all, `--to FILE` writes them\n"
    assert ffc(built, "query", "from range(100)").stderr == ""
    assert len(ffc(built, "query", "from range(101)", "--rows", "0").stdout.splitlines()) == 103
    few = ffc(built, "query", "from range(101)", "--limit", "3", "--quiet")
    assert (few.stdout.splitlines()[-1].strip(), few.stderr) == ("2", "")
    assert ffc(built, "query", "from range(5)", "--rows", "3", "--output", "json").json()["more"]


def test_query_to_a_file(built: Path, tmp_path: Path) -> None:
    done = ffc(built, "query", "from range(70000)", "--to", str(tmp_path / "x.parquet"))
    assert (done.code, done.stdout) == (0, "")
    assert done.stderr.startswith("70,000 rows to ")
    assert pq.read_table(tmp_path / "x.parquet").num_rows == 70_000
    sql = "from range(70000)"
    assert ffc(built, "query", sql, "--rows", "66000", "--to", str(tmp_path / "x.csv")).code == 0
    assert len((tmp_path / "x.csv").read_text().splitlines()) == 66_001
    refused = ffc(built, "query", "select [1] as a", "--to", str(tmp_path / "y.csv"))
    assert refused.code == 1
    assert "a `.csv` file can't hold these rows" in refused.stderr
    assert not (tmp_path / "y.csv").exists()


def test_query_from_stdin_and_from_a_file(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("select 7 as a\n"))
    assert ffc(built, "query", "-").stdout == "a\n-\n7\n"
    file = tmp_path / "q.sql"
    file.write_text("select 8 as a;\n")
    assert ffc(built, "query", "--file", str(file)).stdout == "a\n-\n8\n"
    file.write_text("select 8 as a\nfrom nowhere\n")
    assert f"--> {file}:2:6" in ffc(built, "query", "--file", str(file)).stderr
    assert (
        ffc(built, "query").code == ffc(built, "query", "select 1", "--file", str(file)).code == 2
    )


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("insert into dev.clean values (1)", "a query is one SELECT, not `INSERT`"),
        ("create table x as select 1", "a query is one SELECT, not `CREATE`"),
        ("drop table x", "a query is one SELECT, not `DROP`"),
        ("with a as (select 1) delete from b", "a query is one SELECT, not `DELETE`"),
        ("copy (select 1) to 'x.csv'", "a query is one SELECT, not `COPY`"),
        ("attach 'x.db'", "a query is one SELECT, not `ATTACH`"),
        ("select 1; drop table x", "there are 2 statements in this query"),
        (" ", "there is no SQL in this query"),
        ("selec 1", "did you mean `select`?"),
        ("select * from {{ ref('clen') }}", "no node named `clen` is deployed"),
        ("select * from {{ source('raw', 'usrs') }}", "did you mean `raw.users`?"),
        ("select * from {{ ref(clean) }}", "write `'clean'` in quotes"),
    ],
)
def test_query_refuses_before_anything_runs(built: Path, sql: str, said: str) -> None:
    done = ffc(built, "query", sql)
    assert (done.code, done.stdout) == (1, "")
    assert said in done.stderr
    assert " --> query:1:" in done.stderr
    assert not (built / "x.csv").exists()


def test_what_the_warehouse_refuses_has_its_place(built: Path) -> None:
    wrong = ffc(built, "query", "select 1,\n  amount, nope + 1 from {{ ref('clean') }}")
    assert wrong.code == 1
    assert (
        wrong.stderr
        == """\
error[FF804]: Binder Error: Referenced column "nope" not found in FROM clause!
 --> query:2:11
  |
2 |   amount, nope + 1 from {{ ref('clean') }}
  |           ^^^^
  = help: Candidate bindings: "loaded", "seen"
  = more: ffc explain FF804
"""
    )
    # Behind references, whose relations have longer names than what was typed.
    behind = "select 1 from {{ ref('clean') }} é join {{ ref('clean') }} d on é.a = d.b"
    assert " --> query:1:65\n" in ffc(built, "query", behind).stderr
    table = ffc(built, "query", "select *\nfrom clean").stderr
    assert " --> query:2:6\n" in table
    assert 'Did you mean "dev.clean"?' in table
    value = ffc(built, "query", "select 1, 'x'::int as a").stderr
    assert "error[FF807]: Conversion Error: Could not convert string 'x'" in value
    assert " --> query:1:14\n" in value
    late = ffc(built, "query", "select error('boom') from {{ ref('clean') }}")
    assert (late.code, late.stdout) == (1, "")
    assert "boom" in late.stderr


def test_values_as_people_read_them(built: Path) -> None:
    sql = """\
select null as n, true as t, 'nan'::double as f, 'infinity'::timestamp as e, [1.5::double, null] as l,
 {'a': date '2024-01-31'} as s, timestamptz '2024-01-01 00:00:00+01' as z, 'a'::blob as b,
 interval '14 months 2 days 1.5 seconds' as i, timestamp_ns '2024-01-01 00:00:00.123456789' as ns,
 uuid '00000000-0000-0000-0000-000000000001' as u, date '20000-01-01' as y"""
    done = ffc(built, "query", sql, "--output", "json")
    (row,) = done.json()["rows"]
    assert row == [
        *(None, True, "NaN", "infinity", [1.5, None], {"a": "2024-01-31"}),
        *("2023-12-31T23:00:00Z", "YQ==", "14 months 2 days 1.5 seconds"),
        *("2024-01-01T00:00:00.123456Z", "00000000-0000-0000-0000-000000000001", "20000-01-01"),
    ]


def test_a_query_before_the_first_run(project: Path) -> None:
    done = ffc(project, "query", "select 1 as a")
    assert done.code == 1
    assert "nothing was built yet" in done.stderr
    done = ffc(project, "query", "select * from {{ ref('clean') }}")
    assert "nothing was deployed yet: run `ffc run`" in done.stderr
    assert not (project / ".ffc").exists()


# Several at a time


def test_looking_beside_a_notebook_that_reads(built: Path, tmp_path: Path) -> None:
    with held(built / ".ffc" / "test.duckdb", "read", tmp_path / "notebook.py"):
        assert ffc(built, "show", "clean").code == 0
        assert ffc(built, "query", "select 1 as a").code == 0
        assert ffc(built, "training-set", "main").code == 0


def test_looking_while_somebody_writes_says_who(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.2)
    with held(built / ".ffc" / "test.duckdb", "write", tmp_path / "notebook.py") as holder:
        for command in (["show", "clean"], ["query", "select 1"], ["training-set", "main"]):
            done = ffc(built, *command)
            assert done.code == 1
            said = " ".join(done.stderr.split())
            assert "error[FF803]: the DuckDB file `test.duckdb` is in use by `python" in said
            assert f"(PID {holder.pid}, user " in said
        assert ffc(built, "show", "clean", "--rows", "0").code == 0, "facts need no warehouse"


def test_a_run_waits_for_a_notebook_that_lets_go(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    (project / ".ffc").mkdir()
    duckdb.connect(project / ".ffc" / "test.duckdb").close()
    monkeypatch.setattr(opening, "PATIENCE", 20)
    with held(project / ".ffc" / "test.duckdb", "read", tmp_path / "notebook.py") as holder:
        timer = threading.Timer(0.5, holder.let_go)
        timer.start()
        assert ffc(project, "run").code == 0
        timer.join()


# runs


def test_runs_and_one_of_them(project: Path) -> None:
    nothing = ffc(project, "runs")
    assert (nothing.code, nothing.stdout) == (0, "")
    assert nothing.stderr == "nothing ran in the target `dev` yet: `ffc run` does\n"
    assert ffc(project, "runs", "show").code == 1
    assert not (project / ".ffc").exists()
    (project / "data" / "users.csv").write_text("user_id,country\nu1,NL\nu1,DE\n")
    assert ffc(project, "run").code == 1
    (project / "data" / "users.csv").write_text(FILES["data/users.csv"])
    assert ffc(project, "run").code == 0
    lines = ffc(project, "runs").stdout.splitlines()
    assert lines[0].split() == ["run", "command", "started", "(UTC)", "took", "status", "nodes"]
    assert [line.split()[:2] for line in lines[2:]] == [["r2", "run"], ["r1", "run"]]
    assert "error    " in lines[3]
    assert "1 error, 2 skipped" in lines[3]
    assert max(map(len, lines)) <= 80
    assert len(ffc(project, "runs", "--limit", "1").stdout.splitlines()) == 3
    one = ffc(project, "runs", "show", "r1").stdout
    assert one.startswith("run r1: run in target `dev`, by ")
    assert "feature_view.profile\nerror[FF807]: the static view `profile` has more" in one
    assert max(map(len, one.splitlines())) <= 80
    assert ffc(project, "runs", "show", "1").stdout == one
    assert ffc(project, "runs", "show").stdout.startswith("run r2")
    document = ffc(project, "runs", "show", "r1", "--output", "json").json()
    assert document["counts"]["error"] == 1
    assert document["seconds"] > 0
    assert {r["status"] for r in document["results"]} >= {"success", "error", "skipped"}
    unknown = ffc(project, "runs", "show", "r9")
    assert unknown.code == 1
    assert "the newest are `r2` and `r1`" in unknown.stderr
    assert ffc(project, "runs", "shwo").code == 2


# debug


def test_debug_where_all_is_well(built: Path) -> None:
    done = ffc(built, "debug")
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("ffc ")
    assert [line.split()[:2] for line in lines if line.startswith("ok")] == [
        *(["ok", "settings"], ["ok", "environment"], ["ok", "offline"]),
        *(["ok", "online"], ["ok", "state"]),
    ]
    assert lines[-1] == "all is well"
    assert done.stdout.count("read, write, ") == 3
    assert done.stdout.count("clock +0.0 s") == 3
    assert max(map(len, lines)) <= 80
    with duckdb.connect(built / ".ffc" / "test.duckdb", read_only=True) as connection:
        left = "select schema_name from information_schema.schemata where schema_name like 'ffc_d%'"
        assert connection.execute(left).fetchall() == []
    assert ffc(built, "debug", "--quiet").stdout == ""


def test_debug_tells_each_failure_and_goes_on(project: Path, tmp_path: Path) -> None:
    junk = tmp_path / "junk.duckdb"
    junk.write_bytes(b"junk" * 5000)
    text = PROFILES.replace(".ffc/test.duckdb", "junk.duckdb")
    text = text.replace(".ffc/online.db", "\"{{ env_var('FFC_T_ONLINE') }}\"")
    (project / "profiles.yml").write_text(text)
    done = ffc(project, "debug")
    assert done.code == 1
    said = " ".join(done.stdout.split())
    assert "profiles.yml needs `FFC_T_ONLINE`, which is not set" in said
    assert "= help: export FFC_T_ONLINE=... and try again" in said
    assert "failed offline (duckdb) error[FF803]: DuckDB can't open `junk.duckdb`" in said
    assert "skipped online (sqlite) needs `FFC_T_ONLINE`" in said
    assert "ok state (sqlite) read, write" in said
    assert said.endswith("2 of 5 checks failed, 1 could not be made")
    document = ffc(project, "debug", "--output", "json")
    assert document.code == 1
    found = json.loads(document.stdout)
    assert [c["status"] for c in found["checks"]] == ["ok", "failed", "failed", "skipped", "ok"]


def test_debug_shows_no_secret(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFC_T_SECRET", "/proc/?token=hunter2/online.db")
    text = PROFILES.replace(".ffc/online.db", "\"{{ env_var('FFC_T_SECRET') }}\"")
    (project / "profiles.yml").write_text(text)
    for output in ("text", "json"):
        done = ffc(project, "debug", "--output", output)
        assert done.code == 1
        assert "hunter2" not in done.stdout + done.stderr
        assert "the online store ***" in done.stdout


def test_debug_of_settings_that_are_wrong(project: Path, tmp_path: Path) -> None:
    (project / "profiles.yml").write_text(PROFILES.replace("duckdb,", "duckbd,"))
    done = ffc(project, "debug")
    assert done.code == 1
    said = " ".join(done.stdout.split())
    assert "failed settings error[FF114]: profiles.yml:6: no offline store" in said
    assert "did you mean `duckdb`?" in said
    (tmp_path / "elsewhere").mkdir()
    nowhere = ffc(tmp_path.parent, "debug", "--project-dir", str(tmp_path / "elsewhere"))
    assert nowhere.code in (0, 1)
    assert ffc(project, "debug", "--target", "prod").code == 2
