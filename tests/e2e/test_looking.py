"""Looking at what is there: ls and query, and what is shown of what was never built."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from support.cli import ffc
from support.holder import held
from support.projects import FILES, small_project

from ffc_duckdb.files import open_file

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
    done = ffc(project, "ls", "-s", "1+main", "-s", "raw.*", "--exclude", "kind:label main")
    assert done.stdout.splitlines() == [
        line
        for line in everything.stdout.splitlines()
        if line.partition(".")[2] in ("raw.events", "raw.users", "profile", "spending")
    ]


def test_ls_tells_what_matches_nothing(project: Path) -> None:
    done = ffc(project, "ls", "-s", "clean spendin")
    assert (done.code, done.stdout) == (0, "transformation.clean\n")
    assert done.stderr == "warning: `spendin` matches no node; did you mean `spending`?\n"
    nothing = ffc(project, "ls", "-s", "clean,profile")
    assert (nothing.code, nothing.stdout, nothing.stderr) == (0, "", "nothing is selected\n")
    assert ffc(project, "ls", "-s", "clean,profile", "--strict").code == 1


def test_ls_lists_names_and_files_a_line_each(project: Path) -> None:
    names = ffc(project, "ls", "--output", "name").stdout.split()
    assert sorted(names) == sorted(line.partition(".")[2] for line in ALL.split())
    paths = ffc(project, "ls", "--output", "path", "--exclude", "kind:source").stdout
    assert paths.splitlines() == [
        "features/all.yml",
        "training_sets/main.yml",
        "transformations/clean.sql",
    ]
    ids = ffc(project, "ls").stdout
    for output in ("name", "path"):
        listed = ffc(project, "ls", "--output", output).stdout.split()
        assert ffc(project, "ls", "-s", *listed).stdout == ids


def test_ls_names_each_node_so_that_nothing_else_is_meant(project: Path) -> None:
    text = FILES["features/all.yml"]
    twin = text.replace("labels:\n", "").replace("  - name: paid_back\n", TWIN)
    (project / "features" / "all.yml").write_text(twin)
    (project / "training_sets" / "main.yml").unlink()
    more = project / "transformations" / "marts"
    more.mkdir()
    (more / "marts.sql").write_text("select 1 as one")
    (more / "other.sql").write_text("select 1 as one")
    ids = ffc(project, "ls").stdout.split()
    names = ffc(project, "ls", "--output", "name").stdout.split()
    assert dict(zip(names, ids, strict=True)).keys() >= {
        *("profile@default", "profile@v1", "transformation.marts", "other", "entity.user"),
        *("label.user", "clean", "raw.events"),
    }
    for name, node in zip(names, ids, strict=True):
        assert ffc(project, "ls", "-s", name).stdout == f"{node}\n"


TWIN = """\
  - name: profile
    variant: v1
    entity: user
    source: source('raw', 'users')
    timestamp: null
    features:
      - {name: country, type: string}
labels:
  - name: user
"""


def test_ls_has_the_keys_that_are_asked_for(project: Path) -> None:
    whole = ffc(project, "ls", "--output", "json", "-s", "clean").json()
    assert whole["schema"] == "ffc.ls/v1"
    assert list(whole["nodes"][0]) == [
        *("id", "kind", "name", "variant", "path", "line", "owner", "tags", "depends_on"),
        *("data_fingerprint", "metadata_fingerprint"),
    ]
    for keys in (("--keys", "name,kind"), ("--keys", "name", "--keys", "kind, name")):
        some = ffc(project, "ls", "--output", "json", "-s", "clean", *keys).json()
        assert some["nodes"] == [{"name": "clean", "kind": "transformation"}]
    assert ffc(project, "ls", "--output", "json", "--output-keys", "id").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--output", "json", "--keys", "nam"), "there is no key `nam`; did you mean `name`?"),
        (("--output", "json", "--keys", "unique_id"), "did you mean `id`?"),
        (("--output", "json", "--keys", "resource_type"), "did you mean `kind`?"),
        (("--output", "json", "--keys", "zzz"), "there are `id`, `kind`"),
        (("--keys", "name"), "`--keys` goes with `--output json`"),
        (("--output", "paths"), "'paths' is not one of"),
    ],
)
def test_ls_refuses_what_it_has_not(project: Path, arguments: tuple[str, ...], said: str) -> None:
    done = ffc(project, "ls", *arguments)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr


def test_words_go_on_until_the_next_option(project: Path) -> None:
    expected = ffc(project, "ls", "-s", "clean", "-s", "main").stdout
    for words in (
        ("-s", "clean", "main"),
        ("--select=clean", "main"),
        ("-sclean", "main"),
        ("--select", "clean", "main", "zzz", "--exclude", "zzz", "raw.*"),
        ("-q", "-s", "clean main"),
    ):
        assert ffc(project, "ls", *words).stdout == expected
    assert ffc(project, "ls", "-s", "clean", "--", "main").code == 2


def test_a_word_that_matches_nothing_is_an_error_when_warnings_are(project: Path) -> None:
    done = ffc(project, "ls", "-s", "clean", "spendin", "--strict")
    assert (done.code, done.stdout) == (1, "")
    assert (
        done.stderr
        == """\
error[FF811]: `spendin` matches no node
  = help: did you mean `spending`?
  = more: ffc explain FF811
"""
    )
    assert ffc(project, "ls", "-s", "clean", "spendin", "-q").stderr == ""


def test_results_beside_another_manifest_are_what_is_asked(project: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    results = before / "run_results.json"
    results.write_text('{"results": [{"id": "label.paid_back", "status": "error"}]}')
    asked = ("ls", "-s", "result:error", "--state", str(before))
    assert ffc(project, "compile").code == 0
    shutil.copy(project / "target" / "manifest.json", before)
    assert ffc(project, *asked).stdout == "label.paid_back\n"
    for text in ("", "[]", '{"results": [1]}'):
        results.write_text(text)
        done = ffc(project, *asked)
        assert (done.code, "is not what a run leaves behind" in done.stderr) == (2, True), text


def test_a_selection_that_is_none_is_misuse(project: Path) -> None:
    done = ffc(project, "ls", "-s", "tags:x")
    assert (done.code, done.stdout) == (2, "")
    assert (
        done.stderr
        == """\
error[FF811]: there is no way to select by `tags:`
  = help: did you mean `tag`?
  = more: ffc explain FF811
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
    around = ffc(project, "ls", "-s", "1+state:removed", *state).stdout
    assert around.split() == [
        "feature_view.profile",
        "feature_view.spending",
        "label.paid_back",
        "training_set.main",
        "(removed)",
    ]
    assert ffc(project, "ls", "-s", "kind:source", *state).stdout.count("removed") == 0
    absent = ffc(project, "ls", "-s", "state:new", "--state", str(tmp_path / "no"))
    assert absent.code == 1
    assert "there is no manifest in" in absent.stderr


def test_ls_by_the_last_results(project: Path) -> None:
    assert ffc(project, "ls", "-s", "result:error").code == 2
    assert not (project / ".ffc").exists(), "who only looks makes no file"
    (project / "data" / "users.csv").write_text("user_id,country\nu1,NL\nu1,DE\n")
    assert ffc(project, "run").code == 1
    assert ffc(project, "ls", "-s", "result:error").stdout == "feature_view.profile\n"


def test_ls_by_what_git_says(tmp_path: Path) -> None:
    # The project is a folder of its repository, and its paths are from there.
    project = small_project(tmp_path / "repo" / "shop")
    more = project / "transformations" / "größe" / "more.sql"
    more.parent.mkdir()
    more.write_text("select 1 as a\n")

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", *who, *arguments], cwd=project.parent, check=True)

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "first")
    assert ffc(project, "ls", "-s", "git:main").stdout == ""
    more.write_text("select 2 as a\n")
    assert ffc(project, "ls", "-s", "git:main").stdout == "transformation.more\n"
    for unknown in ("nowhere", "--output=x"):
        done = ffc(project, "ls", "-s", f"git:{unknown}")
        assert done.code == 2
        assert f"git can't tell what changed: it knows no `{unknown}`" in done.stderr
    assert "did you mean `main`?" in ffc(project, "ls", "-s", "git:mian").stderr
    assert not (project / "x").exists()


def test_ls_of_a_project_that_does_not_compile(project: Path) -> None:
    (project / "transformations" / "clean.sql").write_text("select")
    done = ffc(project, "ls")
    assert (done.code, done.stdout) == (1, "")
    assert "error[FF301]" in done.stderr


# show


def test_show_of_what_was_never_built(project: Path) -> None:
    done = ffc(project, "show", "clean")
    assert (done.code, done.stderr) == (0, "")
    assert "transformation.clean" in done.stdout
    assert "none yet: `ffc run` deploys it" in done.stdout
    assert not (project / ".ffc").exists(), "who only looks makes no file"
    document = ffc(project, "show", "clean", "--output", "json").json()
    assert (document["build"], document["rows"]) == (None, [])


def test_show_finds_what_is_new_beside_what_is_deployed(built: Path, tmp_path: Path) -> None:
    project = tmp_path / "copy"
    shutil.copytree(built, project)
    (project / "transformations" / "more.sql").write_text("select 1 as a\n")
    assert "none yet" in ffc(project, "show", "more").stdout
    (project / "transformations" / "more.sql").write_text("selec")
    broken = ffc(project, "show", "more")
    assert broken.code == 1
    assert "the project does not compile" in broken.stderr
    assert ffc(project, "show", "clean").code == 0, "what is deployed needs no compiling"


# query


def test_query_over_refs_and_sources(built: Path) -> None:
    sql = """\
select c.user_id, sum(c.amount) as total, any_value(u.country) as country
from {{ ref('clean') }} c join {{ source('raw', 'users') }} u using (user_id)
group by all order by 1"""
    done = ffc(built, "query", sql)
    assert (done.code, done.stderr) == (0, "2 rows\n")
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


def test_query_over_an_ephemeral_and_a_variable(tmp_path: Path) -> None:
    project = small_project(
        tmp_path,
        **{
            "ffc.yml": FILES["ffc.yml"].replace("least: 0", "least: 2"),
            "transformations/passing.sql": "{{ config(materialized='ephemeral') }}\n"
            "select amount * 2 as twice from {{ ref('clean') }} where amount > {{ var('least') }}\n",
            "transformations/again.sql": "{{ config(materialized='ephemeral') }}\n"
            "select twice + 1 as more from {{ ref('passing') }}\n",
        },
    )
    assert ffc(project, "run").code == 0
    sql = "select more, {{ var('least') }} as least from {{ ref('again') }} order by 1"
    rows = ffc(project, "query", sql, "--output", "json").json()["rows"]
    assert rows == [[6.0, 2], [9.0, 2], [17.0, 2]]
    refused = ffc(project, "query", "select lesss from {{ ref('again') }}")
    assert refused.code == 1
    assert "--> query:1:8" in refused.stderr


def test_query_as_json_in_the_order_and_names_of_the_query(built: Path) -> None:
    done = ffc(built, "query", "select 2 as b, 1::decimal(4,1) as a, 3 as b", "--output", "json")
    assert done.json()["columns"] == [
        {"name": "b", "type": "int32"},
        {"name": "a", "type": "decimal128(4, 1)"},
        {"name": "b", "type": "int32"},
    ]
    assert done.json()["rows"] == [[2, "1.0", 3]]


def test_query_shows_so_many_rows(built: Path) -> None:
    done = ffc(built, "query", "from range(101)")
    assert len(done.stdout.splitlines()) == 102
    assert done.stderr == "100 rows; there are more: `--limit`\n"
    assert ffc(built, "query", "from range(100)").stderr == "100 rows\n"
    few = ffc(built, "query", "from range(101)", "--limit", "3", "--quiet")
    assert (few.stdout.splitlines()[-1].strip(), few.stderr) == ("2", "")


def test_query_to_a_file(built: Path, tmp_path: Path) -> None:
    done = ffc(built, "query", "from range(70000)", "--to", str(tmp_path / "x.parquet"))
    assert (done.code, done.stdout) == (0, "")
    assert done.stderr.startswith("70,000 rows to ")
    assert pq.read_table(tmp_path / "x.parquet").num_rows == 70_000
    sql = "from range(70000)"
    assert ffc(built, "query", sql, "--limit", "66000", "--to", str(tmp_path / "x.csv")).code == 0
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
    assert ffc(built, "query", "select 1", "--file", str(file)).code == 2


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
        ("select * from {{ ref('clen') }}", "did you mean `clean`?"),
        ("select * from {{ source('raw', 'usrs') }}", "no node named `source.raw.usrs`"),
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


def test_values_that_python_does_not_know(built: Path) -> None:
    sql = """\
select 'infinity'::timestamp a, '-infinity'::timestamptz b, 'infinity'::date c,
 ['infinity'::timestamp] d, timestamp_ns '2024-01-01 00:00:00.123456789' e, date '20000-01-01' f"""
    (row,) = ffc(built, "query", sql, "--output", "json").json()["rows"]
    ends = ["infinity", "-infinity", "infinity", ["infinity"]]
    assert row == [*ends, "2024-01-01 00:00:00.123456", "20000-01-01"]


def test_a_query_before_the_first_run(project: Path) -> None:
    for sql in ("select 1 as a", "select * from {{ ref('clean') }}"):
        done = ffc(project, "query", sql)
        assert done.code == 1
        assert "`ffc run`" in done.stderr
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
    monkeypatch.setitem(open_file.__kwdefaults__, "patience", 0.2)
    with held(built / ".ffc" / "test.duckdb", "write", tmp_path / "notebook.py") as holder:
        for command in (["show", "clean"], ["query", "select 1"], ["training-set", "main"]):
            done = ffc(built, *command)
            assert done.code == 1
            said = " ".join(done.stderr.split())
            assert "error[FF803]: the DuckDB file `test.duckdb` is in use by the process" in said
            assert f" {holder.pid} (`python" in said
        assert ffc(built, "show", "clean", "--rows", "0").code == 0, "facts need no warehouse"


def test_a_run_waits_for_a_notebook_that_lets_go(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    (project / ".ffc").mkdir()
    duckdb.connect(project / ".ffc" / "test.duckdb").close()
    monkeypatch.setitem(open_file.__kwdefaults__, "patience", 20)
    with held(project / ".ffc" / "test.duckdb", "read", tmp_path / "notebook.py") as holder:
        timer = threading.Timer(0.5, holder.let_go)
        timer.start()
        assert ffc(project, "run").code == 0
        timer.join()
