"""`ffc query`: refs and sources, in every form, refused before anything runs."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.cli import ffc
from support.projects import FILES, small_project


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
