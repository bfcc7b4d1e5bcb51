"""`ffc compare`: the builds of two targets beside each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli import ffc
from support.projects import FILES
from support.targets import two_targets

EVERY = """\
{{{{ config(materialized='table') }}}}
select * from (values
  (1, {json}::json, [1.5, 'nan'::double, null], [0.5, 1.0]::float[2], {decimal}::decimal(12, 2),
   '\\xAA'::blob, {float}::double, {instant}::timestamp, date '2024-02-29', {text},
   interval 1 day, null::bool, {kind}),
  (2, null, null, null, null, null, null, null, null, null, null, null, null)
) as t(id, j, l, v, d, b, f, t, day, s, i, nothing, n)
"""
ALIKE = {
    "json": """'{"a": 1, "b": [1, 2]}'""",
    "decimal": "1.5",
    "float": "0.3",
    "instant": "'2024-01-01 00:00:00'",
    "text": "'ä'",
    "kind": "1",
}


def built(folder: Path, **changes: str) -> Path:
    """Return a project built in `dev` as it is, and in `prod` with some files changed."""
    project = two_targets(folder)
    assert ffc(project, "run", "-q").code == 0
    for name, text in changes.items():
        (project / name).write_text(text)
    assert ffc(project, "run", "-q", "--target", "prod").code == 0
    return project


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("alike"))


def changed_events() -> str:
    """Return the events with a value changed, and a row for another user."""
    text = FILES["data/events.csv"].replace("u2,4,true", "u2,4.5,true")
    return text.replace("u2,8,,", "u3,8,,")


def test_what_is_built_alike_is_the_same(alike: Path) -> None:
    done = ffc(alike, "compare", "--target", "dev", "--target", "prod")
    assert done.code == 0, done.stdout
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["same", "feature_view.profile"],
        ["same", "feature_view.spending"],
        ["same", "label.paid_back"],
        ["same", "source.raw.events"],
        ["same", "source.raw.users"],
        ["same", "training_set.main"],
        ["same", "transformation.clean"],
    ]
    assert done.stderr == "7 nodes compared: no difference\n"
    quiet = ffc(alike, "compare", "--target", "prod", "-q")
    assert (quiet.code, quiet.stdout, quiet.stderr) == (0, "", "")


def test_what_differs_is_shown(tmp_path: Path) -> None:
    project = built(tmp_path, **{"data/events.csv": changed_events()})
    done = ffc(project, "compare", "spending", "--target", "dev", "--target", "prod")
    assert done.code == 1
    assert (
        done.stdout
        == """\
different  feature_view.spending                                          4 rows
    `amount` differs in 1 row
    1 row with other values (by `user_id`, `seen`, `loaded`)
    1 row in dev only
    1 row in prod only

    user_id  seen                 loaded               column  dev  prod
    -------  -------------------  -------------------  ------  ---  ----
    u2       2024-01-03 00:00:00  2024-01-05 01:00:00  amount  4.0   4.5

    in dev only
    user_id  seen                 loaded               amount
    -------  -------------------  -------------------  ------
    u2       2024-01-04 00:00:00  2024-01-04 01:00:00     8.0

    in prod only
    user_id  seen                 loaded               amount
    -------  -------------------  -------------------  ------
    u3       2024-01-04 00:00:00  2024-01-04 01:00:00     8.0

"""
    )
    assert done.stderr == "1 node compared: 1 differs\n"
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_document_and_how_many_are_shown(tmp_path: Path) -> None:
    project = built(tmp_path, **{"data/events.csv": changed_events()})
    asked = ("compare", "-t", "prod", "main", "--output", "json")
    document = ffc(project, *asked).json()
    assert document["schema"] == "ffc.compared/v1"
    assert document["targets"] == ["dev", "prod"]
    (node,) = document["nodes"]
    assert (node["node"], node["status"], node["rows"]) == (
        "training_set.main",
        "different",
        [4, 4],
    )
    assert (node["key"], node["changed"], node["only"]) == (["user_id", "seen"], 0, [1, 1])
    assert [row["kind"] for row in node["samples"]] == ["first", "second"]
    assert node["samples"][0]["values"]["spending__amount"] == [0.0, None]
    (node,) = ffc(project, *asked, "--rows", "0").json()["nodes"]
    assert (node["only"], node["samples"]) == ([1, 1], [])


def test_every_type_is_compared_by_its_values(tmp_path: Path) -> None:
    project = two_targets(tmp_path, **{"transformations/every.sql": EVERY.format(**ALIKE)})
    assert ffc(project, "run", "-q", "-s", "every").code == 0
    asked = (
        "compare",
        "every",
        "--key",
        "id",
        "--target",
        "dev",
        "--target",
        "prod",
        "--output",
        "json",
    )
    other = {**ALIKE, "json": """'{"b":[1,2],"a":1}'""", "float": "0.1 + 0.2"}
    cases = [
        (other, {}),
        ({**ALIKE, "json": """'{"a": 1, "b": [2, 1]}'"""}, {"j"}),
        ({**ALIKE, "decimal": "1.51"}, {"d"}),
        ({**ALIKE, "instant": "'2024-01-01 00:00:00.000001'"}, {"t"}),
        ({**ALIKE, "text": "'a'"}, {"s"}),
        ({**ALIKE, "float": "'nan'"}, {"f"}),
        ({**ALIKE, "kind": "1::bigint"}, {"n"}),
        ({**ALIKE, "kind": "'1'"}, {"n"}),
    ]
    for values, differing in cases:
        (project / "transformations" / "every.sql").write_text(EVERY.format(**values))
        done = ffc(project, "run", "-q", "-s", "every", "-t", "prod")
        assert done.code == 0, done.stderr
        (node,) = ffc(project, *asked).json()["nodes"]
        assert node["key"] == ["id"]
        assert {column["name"] for column in node["columns"]} == set(differing), values
        assert node["status"] == ("different" if differing else "same")
    (column,) = node["columns"]
    assert (column["types"], column["rows"]) == (["int32", "string"], None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("1 as paid", "`paid` is bool in dev, int32 in prod; its values are not compared"),
        ("paid, 2 as more", "`more` is in prod only: int32"),
        ("paid::varchar as paid", "`paid` is bool in dev, string in prod"),
    ],
)
def test_columns_that_differ_are_told(tmp_path: Path, change: str, said: str) -> None:
    sql = FILES["transformations/clean.sql"].replace("amount, paid,", f"amount, {change},")
    label = FILES["features/all.yml"].partition("labels:")[0]
    project = two_targets(tmp_path)
    assert ffc(project, "run", "-q").code == 0
    (project / "transformations" / "clean.sql").write_text(sql)
    (project / "features" / "all.yml").write_text(label)
    (project / "training_sets" / "main.yml").unlink()
    assert ffc(project, "run", "-q", "-t", "prod", "-s", "+clean").code == 0
    done = ffc(project, "compare", "clean", "-t", "dev", "-t", "prod")
    assert done.code == 1
    told = " ".join(done.stdout.split())
    assert said in told
    assert "their definitions are not the same" in told
    assert ffc(project, "compare", "paid_back", "-t", "prod").stdout.split()[:8] == [
        *("different", "label.paid_back", "it", "is", "not", "built", "in", "`prod`:")
    ]


def test_nodes_are_selected_and_named(alike: Path) -> None:
    def compared(*arguments: str) -> list[str]:
        done = ffc(alike, "compare", "-t", "dev", "-t", "prod", *arguments)
        assert done.code == 0, done.stderr
        return [line.split()[1] for line in done.stdout.splitlines()]

    assert compared("-s", "kind:label", "kind:training_set") == [
        "label.paid_back",
        "training_set.main",
    ]
    assert compared("main", "clean", "--exclude", "clean") == ["training_set.main"]
    assert compared("clean", "-s", "main") == ["transformation.clean", "training_set.main"]
    nothing = ffc(alike, "compare", "-t", "prod", "-s", "kind:model")
    assert (nothing.code, nothing.stdout) == (0, "")
    assert nothing.stderr.count("`kind:model` matches no node") == 1
    assert "nothing to compare" in nothing.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "name two targets: `--target dev --target prod`"),
        (("-t", "dev"), 2, "these are one target: name two"),
        (("-t", "dev", "-t", "prd"), 2, "there is no target `prd`; did you mean `prod`?"),
        (("-t", "prod", "mian"), 1, "did you mean `main`?"),
        (("-t", "prod", "main", "--key", "user"), 2, "did you mean `user_id`?"),
        (("-t", "prod", "--tolerance", "2"), 2, "--tolerance"),
    ],
)
def test_what_can_not_be_compared_is_refused(
    alike: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = ffc(alike, "compare", *arguments)
    assert (done.code, done.stdout) == (code, "")
    assert said in " ".join(done.stderr.split())


def test_a_key_is_given(tmp_path: Path) -> None:
    project = built(tmp_path, **{"data/users.csv": "user_id,country\nu1,NL\nu2,FR\n"})
    asked = ("compare", "source.raw.users", "-t", "dev", "-t", "prod")
    done = ffc(project, *asked)
    assert "it has no key: `--key COLUMN` says which rows belong together" in done.stdout
    assert (
        "1 row with other values (by `user_id`)" in ffc(project, *asked, "--key", "user_id").stdout
    )


def test_rows_that_are_too_wide_stand_below_their_keys(tmp_path: Path) -> None:
    long = "a_name_that_leaves_no_room_for_the_values_of_a_row"
    sql = f"select user_id, seen, amount as {long}, amount + 1 as more from {{{{ ref('clean') }}}}"
    files = {"transformations/wide.sql": f"{{{{ config(materialized='table') }}}}\n{sql}"}
    project = two_targets(tmp_path, **files)
    assert ffc(project, "run", "-q").code == 0
    (project / "data" / "events.csv").write_text(changed_events())
    assert ffc(project, "run", "-q", "--target", "prod").code == 0
    asked = ("compare", "wide", "-t", "prod", "--key", "user_id", "--key", "seen")
    assert (
        f"""
    user_id u2, seen 2024-01-03 00:00:00
    column                                              dev  prod
    --------------------------------------------------  ---  ----
    {long}  4.0   4.5
    more                                                5.0   5.5

    in dev only
"""
        in ffc(project, *asked).stdout
    )


def test_a_secret_that_is_not_set_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = built(tmp_path)
    path = project / "profiles.yml"
    path.write_text(path.read_text().replace(".ffc/prod.duckdb", "\"{{ env_var('PROD_DB') }}\""))
    done = ffc(project, "compare", "-t", "prod")
    assert (done.code, done.stdout) == (1, "")
    assert " ".join(done.stderr.split()).count("PROD_DB, which is not set") == 1
    monkeypatch.setenv("PROD_DB", ".ffc/prod.duckdb")
    assert ffc(project, "compare", "-t", "prod").code == 0


def test_a_build_that_is_gone_is_an_error_of_that_node(tmp_path: Path) -> None:
    import duckdb

    project = built(tmp_path)
    document = ffc(project, "show", "clean", "-t", "prod", "--output", "json").json()
    with duckdb.connect(project / ".ffc" / "prod.duckdb") as connection:
        relation = '"."'.join(document["build"]["relation"])
        connection.execute(f'drop table "{relation}"')
    done = ffc(project, "compare", "-t", "prod", "-s", "clean", "kind:source")
    assert done.code == 1
    assert done.stdout.startswith("same       source.raw.events")
    assert "error      transformation.clean" in done.stdout
    assert "does not exist" in " ".join(done.stdout.split())
