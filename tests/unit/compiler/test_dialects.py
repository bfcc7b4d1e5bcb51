"""A target of another dialect: typed translation by an allow-list, or an error at the word."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp
from support.projects import FILES

from ffc.compiler.compile import Compiled, compile_project
from ffc.manifest.records import FeatureView, Label, Manifest, Target, TrainingSet, Transformation
from ffc.project.files import ProjectFiles
from ffc.sql.translation import CORE, Translation
from ffc_postgres.translation.words import FROM_DUCKDB

TARGET = Target(
    name="prod", offline="postgres", dialect="postgres", asof_join=False, online=("default",)
)
# What a warehouse's adapter would own: the core, a few functions, one that is written otherwise.
SOME = Translation(
    words=CORE | {"div", "timestamptrunc", "qualify"},
    rewrites={"argmax": lambda node: exp.func("my_arg_max", node.this, node.expression)},
)
HEAD = "{{ config(materialized='table') }}\n"
FROM = "from {{ source('raw', 'events') }}\n"


def compiled(sql: str, translation: Translation | None = SOME, **files: str) -> Compiled:
    texts = {**FILES, "transformations/clean.sql": sql, **files}
    known = {"duckdb": translation} if translation is not None else {}
    own = {name: text for name, text in texts.items() if not name.startswith("data/")}
    return compile_project(ProjectFiles(texts=own), TARGET, {}, translations=known)


def manifest(sql: str, **files: str) -> Manifest:
    found = compiled(sql, **files)
    assert found.manifest is not None, [d.message for d in found.diagnostics]
    return found.manifest


def clean(sql: str) -> Transformation:
    node = manifest(sql).node("transformation.clean")
    assert isinstance(node, Transformation)
    return node


COLUMNS = "select user_id, amount, paid, seen, loaded"


def test_a_query_is_translated_with_its_types() -> None:
    node = clean(f"{HEAD}{COLUMNS}, 1 / 2 as half, date_trunc('day', Seen) as day {FROM}")
    assert node.sql.startswith("select user_id, amount")
    assert 'CAST(CAST(1 AS DOUBLE PRECISION) / 2 AS DOUBLE PRECISION) AS "half"' in " ".join(
        node.target_sql.split()
    )
    assert """DATE_TRUNC('DAY', "source.raw.events"."seen")""" in node.target_sql
    sqlglot.parse_one(node.target_sql, read="postgres")


def test_a_rewrite_stands_in_the_place_of_a_word() -> None:
    node = clean(
        f"{HEAD}select user_id, arg_max(amount, seen) as amount, bool_and(paid) as paid, "
        f"max(seen) as seen, max(loaded) as loaded {FROM} group by 1".replace(
            "bool_and(paid)", "max(paid)"
        )
    )
    assert "MY_ARG_MAX(" in node.target_sql


def test_a_word_that_is_not_on_the_list_is_an_error_in_its_place() -> None:
    found = compiled(
        f"{HEAD}{COLUMNS},\n  list_sort([amount]) as l,\n  try_cast(user_id as int) as i\n{FROM}"
    )
    assert found.manifest is None
    told = {(d.code, d.message, d.span.start.line, d.span.start.column) for d in found.diagnostics}
    assert told == {
        (
            "FF602",
            "the function `list_sort` has no translation from duckdb to postgres",
            3,
            3,
        ),
        ("FF602", "`array` has no translation from duckdb to postgres", 3, 13),
        (
            "FF602",
            "the function `try_cast` has no translation from duckdb to postgres",
            4,
            3,
        ),
    }
    assert all("config(dialect='postgres')" in d.help[0] for d in found.diagnostics)


@pytest.mark.parametrize(
    ("sql", "word", "column"),
    [
        ("select * exclude (paid) from {{ source('raw', 'events') }}", "star exclude", 10),
        ("select distinct on (user_id) * from {{ source('raw', 'events') }}", "distinct on", 8),
        ("select user_id, count(*) as n {{ '' }}" + FROM + "group by all", "group by all", 1),
    ],
)
def test_a_construct_that_is_not_on_the_list_is_refused(sql: str, word: str, column: int) -> None:
    found = compiled(FILES["transformations/clean.sql"], **{"transformations/more.sql": sql})
    (problem,) = [d for d in found.diagnostics if d.severity == "error"]
    assert problem.code == "FF602"
    assert problem.span.file == "transformations/more.sql"
    assert problem.span.start.column == column, (problem.message, problem.span)
    assert f"`{word}` has no translation" in problem.message


def test_a_target_without_a_translation_is_one_error() -> None:
    found = compiled(FILES["transformations/clean.sql"], translation=None)
    assert [(d.code, d.span.file) for d in found.diagnostics] == [("FF603", "ffc.yml")]


def test_what_ffc_writes_itself_is_in_the_targets_dialect() -> None:
    found = manifest(FILES["transformations/clean.sql"])
    for node in found.nodes:
        if isinstance(node, FeatureView | Label | TrainingSet):
            assert "QUALIFY" not in node.sql
            assert "ASOF" not in node.sql
            sqlglot.parse_one(node.sql, read="postgres")


def test_a_file_for_one_target_is_not_translated() -> None:
    sql = (
        "{{ config(dialect='postgres') }}\nselect user_id, amount::numeric(10, 2) as cents, "
        "seen at time zone 'UTC' as at, my_function(amount) as odd {{ '' }}" + FROM
    )
    found = compiled(FILES["transformations/clean.sql"], **{"transformations/own.sql": sql})
    assert [d.code for d in found.diagnostics] == ["FF409", "FF409"]
    notes = "transformations:\n  - {name: own, columns: [{name: odd, type: int64}, {name: at, type: timestamp}]}\n"
    told = manifest(
        FILES["transformations/clean.sql"],
        **{"transformations/own.sql": sql, "transformations/own.yml": notes},
    )
    node = told.node("transformation.own")
    assert isinstance(node, Transformation)
    assert [(c.name, c.type) for c in node.columns] == [
        ("user_id", "string"),
        ("cents", "decimal(10,2)"),
        ("at", "timestamp"),
        ("odd", "int64"),
    ]
    assert node.dialect == "postgres"
    assert node.target_sql == node.sql
    assert "my_function" in node.target_sql
    assert node.lineage["odd"].values == (("source.raw.events", "amount"),)


def test_a_file_for_another_target_is_refused() -> None:
    sql = "{{ config(dialect='snowflake') }}\nselect 1 as one {{ '' }}" + FROM
    found = compiled(FILES["transformations/clean.sql"], **{"transformations/own.sql": sql})
    (problem,) = [d for d in found.diagnostics if d.severity == "error"]
    assert (problem.code, problem.span.start.column) == ("FF603", 19)


def test_a_fingerprint_does_not_know_the_target() -> None:
    other = manifest(FILES["transformations/clean.sql"])
    own = compile_project(
        ProjectFiles(texts={n: t for n, t in FILES.items() if not n.startswith("data/")}),
        Target(name="dev", offline="duckdb", dialect="duckdb", online=("default",)),
        {},
    ).manifest
    assert own is not None
    assert {n.id: n.data_fingerprint for n in own.nodes} == {
        n.id: n.data_fingerprint for n in other.nodes
    }


INCREMENTAL = "{{ config(materialized='incremental', time_column='seen') }}\n"
NEXT = "{% if is_incremental() %} where seen >= {{ watermark() }} {% endif %}\n"


def test_what_follows_the_first_build_is_translated_too() -> None:
    node = clean(f"{INCREMENTAL}{COLUMNS} {FROM}{NEXT}")
    assert "watermark" not in node.target_sql
    assert '"__ffc"."watermark.transformation.clean"' in node.target_sql_next
    sqlglot.parse_one(node.target_sql_next, read="postgres")
    wrong = NEXT.replace("seen >=", "list_sort([seen])[1] >=")
    found = compiled(f"{INCREMENTAL}{COLUMNS} {FROM}{wrong}")
    assert found.manifest is None
    assert {d.code for d in found.diagnostics if d.severity == "error"} == {"FF602"}


def test_an_incremental_may_be_written_for_its_target() -> None:
    config = INCREMENTAL.replace(") }}", ", dialect='postgres') }}")
    again = NEXT.replace("where", "where seen not in (select seen from {{ this }}) and")
    node = clean(f"{config}{COLUMNS} {FROM}{again}")
    assert node.target_sql == node.sql
    assert node.target_sql_next == node.sql_next
    assert "watermark.transformation.clean" in node.sql_next


REFUSED = """\
{{ config(materialized='table') }}
select user_id, amount, paid, seen, loaded,
  cast(amount as text) as said, amount % 2 as rest,
  date_diff('week', seen, loaded) as weeks
from {{ source('raw', 'events') }}
"""


def test_every_use_of_a_word_that_has_no_translation_is_an_error_in_its_place() -> None:
    found = compiled(REFUSED, FROM_DUCKDB)
    errors = [d for d in found.diagnostics if d.severity == "error"]
    assert [(d.code, d.message, d.span.start.line, d.span.start.column) for d in errors] == [
        (
            "FF602",
            "this use of the function `cast` has no translation from duckdb to postgres",
            3,
            3,
        ),
        ("FF602", "this use of `%` has no translation from duckdb to postgres", 3, 40),
        (
            "FF602",
            "this use of the function `date_diff` has no translation from duckdb to postgres",
            4,
            3,
        ),
    ]
    assert all("of these types, or in this place" in d.help[0] for d in errors)


def test_a_test_of_data_whose_words_have_no_translation_is_refused() -> None:
    notes = """\
transformations:
  - name: clean
    tests: [expression: {sql: "amount % 2 = 0", name: even}]
"""
    found = compiled(
        FILES["transformations/clean.sql"], FROM_DUCKDB, **{"transformations/notes.yml": notes}
    )
    (problem,) = [d for d in found.diagnostics if d.severity == "error"]
    assert problem.message.endswith("from duckdb to postgres: this use of `mod`")
