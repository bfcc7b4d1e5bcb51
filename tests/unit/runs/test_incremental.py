"""Incrementals: batches merged or replaced, at one stroke, and what hangs on them follows."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.cli import ffc
from support.projects import FILES, small_project
from support.slow import all_but_first

HEAD = "user_id,amount,paid,seen,loaded\n"
KEYED = """\
{{ config(materialized='incremental', time_column='seen', unique_key=['user_id', 'seen']) }}
select user_id, amount, paid, seen, loaded
from {{ source('raw', 'events') }}
{% if is_incremental() %}where loaded >= {{ watermark() }}{% endif %}
"""
DATED = """\
{{ config(materialized='incremental', time_column='seen', lookback='1d') }}
select user_id, amount, paid, seen, loaded
from {{ source('raw', 'events') }}
{% if is_incremental() %}where seen >= {{ watermark() }}{% endif %}
"""
ROWS = [
    "u1,1.5,true,2024-01-01T00:00:00Z,2024-01-01T01:00:00Z",
    "u1,2.5,false,2024-01-02T00:00:00Z,2024-01-02T01:00:00Z",
    "u2,4,true,2024-01-03T00:00:00Z,2024-01-05T01:00:00Z",
]


def query(project: Path, sql: str) -> list[Any]:
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


def results(project: Path) -> dict[str, Any]:
    document = json.loads((project / "target" / "run_results.json").read_text())
    return {r["id"]: r for r in document["results"] if r["action"] == "build"}


def run(project: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = ffc(project, "run", *arguments)
    assert done.code == code, done.stderr
    return results(project)


def events(project: Path, *rows: str) -> None:
    (project / "data" / "events.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))


def made(tmp_path: Path, sql: str) -> Path:
    project = small_project(tmp_path, **{"transformations/clean.sql": sql})
    events(project, *ROWS)
    run(project)
    return project


CLEAN = "select user_id, amount, strftime(seen, '%d') from dev.clean order by all"
SPENDING = "select user_id, seen, loaded, amount from dev.spending order by all"


def test_a_batch_is_merged_by_its_key(tmp_path: Path) -> None:
    project = made(tmp_path, KEYED)
    relation = results(project)["transformation.clean"]["relation"]
    late = "u1,9,true,2024-01-02T00:00:00Z,2024-01-06T00:00:00Z"
    new = "u3,7,true,2024-01-04T00:00:00Z,2024-01-06T00:00:00Z"
    events(project, *ROWS, late, new)
    found = run(project)["transformation.clean"]
    assert found["rows"] == {"out": 4, "added": 2, "removed": 1}
    assert found["relation"] == relation
    assert query(project, CLEAN) == [
        ("u1", 1.5, "01"),
        ("u1", 9.0, "02"),
        ("u2", 4.0, "03"),
        ("u3", 7.0, "04"),
    ]


def test_a_batch_without_a_key_replaces_what_follows_the_watermark(tmp_path: Path) -> None:
    project = made(tmp_path, DATED)
    # The newest is the 3rd: the 2nd and the 3rd are read again, the 1st is left as it was.
    events(project, "u1,0,true,2024-01-01T00:00:00Z,2024-01-01T01:00:00Z", ROWS[2], ROWS[2])
    found = run(project)["transformation.clean"]
    assert found["rows"] == {"out": 3, "added": 1, "removed": 1}
    assert query(project, CLEAN) == [("u1", 1.5, "01"), ("u2", 4.0, "03"), ("u2", 4.0, "03")]


@pytest.mark.parametrize("sql", [KEYED, DATED])
def test_a_batch_that_brings_nothing_new_changes_nothing(tmp_path: Path, sql: str) -> None:
    project = made(tmp_path, sql)
    before = query(project, CLEAN)
    # The file is another one, its rows are the same: what hangs on them is not built again.
    events(project, *reversed(ROWS))
    found = run(project)
    built = {node for node, r in found.items() if r["status"] != "unchanged"}
    assert built == {"source.raw.events"}
    assert query(project, CLEAN) == before
    again = run(project)
    assert {r["status"] for r in again.values()} == {"unchanged"}
    assert {r["attempts"] for r in again.values()} == {0}


@pytest.mark.parametrize("sql", [KEYED, DATED])
def test_a_history_follows_with_what_changed(tmp_path: Path, sql: str) -> None:
    project = made(tmp_path, sql)
    relation = results(project)["feature_view.spending"]["relation"]
    tied = "u2,8,true,2024-01-03T00:00:00Z,2024-01-05T01:00:00Z"
    new = "u3,7,true,2024-01-04T00:00:00Z,2024-01-06T00:00:00Z"
    gone = [ROWS[0], ROWS[1]] if sql == DATED else ROWS[:2]
    events(project, *gone, tied, new)
    found = run(project)
    assert found["feature_view.spending"]["relation"] == relation
    assert found["feature_view.spending"]["rows"]["added"] == 2
    anew = query(project, SPENDING)
    run(project, "--full-refresh")
    assert query(project, SPENDING) == anew
    assert [(user, amount) for user, _, _, amount in anew][-2:] == [("u2", 8.0), ("u3", 7.0)]


def test_a_key_twice_is_refused_and_named(tmp_path: Path) -> None:
    project = made(tmp_path, KEYED)
    before = query(project, CLEAN)
    again = "u2,5,true,2024-01-03T00:00:00Z,2024-01-07T00:00:00Z"
    events(project, *ROWS, again)
    refused = ffc(project, "run")
    assert refused.code == 1
    assert "`clean` has more than one row for a `unique_key`" in refused.stderr
    assert "user_id = 'u2'" in refused.stderr
    assert query(project, CLEAN) == before
    left = [n for (n,) in query(project, "select table_name from information_schema.tables")]
    assert not [n for n in left if n.startswith(("batch_", "changes_", "ahead_"))]


def test_an_empty_table_takes_all(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"transformations/clean.sql": DATED})
    events(project)
    run(project)
    assert query(project, CLEAN) == []
    events(project, *ROWS)
    assert run(project)["transformation.clean"]["rows"]["out"] == 3


def test_full_refresh_builds_from_nothing(tmp_path: Path) -> None:
    project = made(tmp_path, DATED)
    events(project, ROWS[2])
    assert run(project)["transformation.clean"]["rows"]["out"] == 2
    found = run(project, "--full-refresh")["transformation.clean"]
    assert found["rows"] == {"out": 1}


@pytest.mark.parametrize("how", ["fail", "append", "rebuild"])
def test_columns_that_change(tmp_path: Path, how: str) -> None:
    sql = DATED.replace("lookback='1d'", f"lookback='1d', on_schema_change='{how}'")
    project = made(tmp_path, sql)
    relation = results(project)["transformation.clean"]["relation"]
    wider = sql.replace("loaded\n", "loaded, 'x' as more\n")
    (project / "transformations" / "clean.sql").write_text(wider)
    if how == "fail":
        refused = ffc(project, "run")
        assert refused.code == 1
        assert "changed since it was built: with `more`" in refused.stderr
        assert "--full-refresh" in refused.stderr
        assert run(project, "--full-refresh")["transformation.clean"]["status"] == "success"
        return
    found = run(project)["transformation.clean"]
    assert (found["relation"] == relation) == (how == "append")
    more = [value for (value,) in query(project, "select more from dev.clean order by seen")]
    assert more == ([None, "x", "x"] if how == "append" else ["x", "x", "x"])


def test_a_range_is_filled_anew_in_batches(tmp_path: Path) -> None:
    project = made(tmp_path, DATED)
    changed = [row.replace(",1.5,", ",100,").replace(",4,", ",400,") for row in ROWS]
    events(project, *changed)
    period = ("--from", "2024-01-01", "--to", "2024-01-03", "--batch", "1d")
    found = run(project, *period)["transformation.clean"]
    assert found["reason"] == "2 batches"
    # The 3rd is out of the range, and stays as it was.
    assert {amount for _, amount, _ in query(project, CLEAN)} == {100.0, 2.5, 4.0}
    spent = [amount for *_, amount in query(project, SPENDING)]
    assert spent == [100.0, 2.5, 4.0]


def test_a_range_of_more_batches_than_anybody_means(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    period = ("--from", "0001-01-01", "--to", "9999-12-31", "--batch", "1s")
    refused = ffc(project, "run", *period)
    assert refused.code == 2
    assert "more than 100,000 batches: take longer ones" in " ".join(refused.stderr.split())


def test_a_range_needs_both_ends_and_a_column(tmp_path: Path) -> None:
    sql = KEYED.replace("time_column='seen', ", "").replace("loaded >= {{ watermark() }}", "true")
    project = made(tmp_path, sql)
    assert ffc(project, "run", "--from", "2024-01-01").code == 2
    refused = ffc(project, "run", "--from", "2024-01-01", "--to", "2024-01-02")
    assert refused.code == 1
    assert "`clean` has no `time_column`" in refused.stderr


def test_a_batch_by_key_alone(tmp_path: Path) -> None:
    sql = KEYED.replace("time_column='seen', ", "").replace("loaded >= {{ watermark() }}", "true")
    project = made(tmp_path, sql)
    events(project, ROWS[0].replace(",1.5,", ",8,"))
    found = run(project)["transformation.clean"]
    assert found["rows"] == {"out": 3, "added": 1, "removed": 1}


SNAPSHOT = """\
{{ config(materialized='snapshot', unique_key='user_id', STRATEGY) }}
select user_id, country, seen from {{ source('raw', 'users') }}
"""
SOURCES = FILES["sources/raw.yml"].replace(
    "          - {name: country, type: string}",
    "          - {name: country, type: string}\n          - {name: seen, type: timestamp}",
)
VERSIONS = "select user_id, country, valid_from::text, valid_to::text from dev.homes order by all"


def users(project: Path, *rows: str) -> None:
    text = "user_id,country,seen\n" + "".join(f"{row}\n" for row in rows)
    (project / "data" / "users.csv").write_text(text)


@pytest.fixture
def homes(tmp_path: Path) -> Path:
    sql = SNAPSHOT.replace("STRATEGY", "strategy='timestamp', updated_at='seen'")
    project = small_project(
        tmp_path, **{"transformations/homes.sql": sql, "sources/raw.yml": SOURCES}
    )
    users(project, "u1,NL,2024-01-01", "u2,DE,2024-01-01", "u3,FR,")
    run(project)
    return project


def test_a_snapshot_remembers(homes: Path) -> None:
    users(homes, "u1,BE,2024-02-01", "u2,AT,2023-01-01", "u4,ES,2024-02-01")
    found = run(homes)["transformation.homes"]
    versions = query(homes, VERSIONS)
    assert [v[:3] for v in versions if v[0] in ("u1", "u2", "u4")] == [
        ("u1", "BE", "2024-02-01 00:00:00"),
        ("u1", "NL", "2024-01-01 00:00:00"),
        ("u2", "DE", "2024-01-01 00:00:00"),
        ("u4", "ES", "2024-02-01 00:00:00"),
    ]
    ends = {(user, country): end for user, country, _, end in versions}
    assert ends["u1", "NL"] == "2024-02-01 00:00:00"
    # What is older than what is known is no news; what is gone ended.
    assert ends["u1", "BE"] is ends["u2", "DE"] is ends["u4", "ES"] is None
    assert ends["u3", "FR"] is not None
    assert found["rows"]["out"] == 5
    assert run(homes, "--full-refresh")["transformation.homes"]["status"] == "unchanged"
    assert query(homes, VERSIONS) == versions


def test_a_row_that_comes_back_begins_after_it_ended(homes: Path) -> None:
    users(homes, "u2,DE,2024-01-01")
    run(homes)
    users(homes, "u2,DE,2024-01-01", "u1,NL,2024-01-01")
    run(homes)
    first, second = [v for v in query(homes, VERSIONS) if v[0] == "u1"]
    assert first[2] == "2024-01-01 00:00:00"
    assert first[3] == second[2]
    assert second[3] is None


def test_a_snapshot_by_its_columns(tmp_path: Path) -> None:
    sql = SNAPSHOT.replace("STRATEGY", "strategy='check', check_columns=['country']")
    files = {"transformations/homes.sql": sql, "sources/raw.yml": SOURCES}
    project = small_project(tmp_path, **files)
    users(project, "u1,NL,2024-01-01", "u2,,2024-01-01")
    run(project)
    users(project, "u1,NL,2025-01-01", "u2,DE,2024-01-01")
    found = run(project)["transformation.homes"]
    assert found["rows"] == {"out": 3, "added": 2, "removed": 1}
    nothing, known = [v for v in query(project, VERSIONS) if v[0] == "u2"][::-1]
    assert (nothing[1], known[1]) == (None, "DE")
    assert nothing[3] == known[2]


def test_a_snapshot_is_never_built_from_nothing(homes: Path) -> None:
    users(homes, "u1,BE,2024-02-01")
    run(homes)
    versions = query(homes, VERSIONS)
    file = homes / "transformations" / "homes.sql"
    file.write_text(file.read_text().replace("seen from", "seen, 1 as more from"))
    run(homes)
    assert query(homes, VERSIONS) == versions
    file.write_text(file.read_text().replace("country, seen", "1 as country, seen"))
    refused = ffc(homes, "run")
    assert refused.code == 1
    assert "`country` (was VARCHAR, is INTEGER)" in " ".join(refused.stderr.split())
    assert query(homes, VERSIONS) == versions


EPHEMERAL = """\
{{ config(materialized='ephemeral') }}
select user_id, amount, paid, seen, loaded from {{ source('raw', 'events') }} -- all
"""


def test_an_ephemeral_is_put_where_it_is_read(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"transformations/clean.sql": EPHEMERAL})
    more = project / "transformations" / "more.sql"
    more.write_text("select a.user_id, b.amount from {{ ref('clean') }} a, {{ ref('clean') }} as b")
    found = run(project)
    assert "transformation.clean" not in found
    names = "select table_name from information_schema.tables where table_name like '%clean%'"
    assert query(project, names) == []
    assert len(query(project, "from dev.more")) == 16
    (project / "transformations" / "clean.sql").write_text(EPHEMERAL.replace("-- all", "limit 1"))
    assert len(query(project, "from dev.more")) == 16
    assert run(project)["transformation.more"]["status"] == "success"
    assert len(query(project, "from dev.more")) == 1


@pytest.mark.parametrize("seed", all_but_first(range(3)))
def test_a_history_is_what_its_source_says_whatever_came_and_went(
    tmp_path: Path, seed: int
) -> None:
    """Random batches, late, corrected, tied and taken back; the history made anew beside it."""
    chance = random.Random(seed)
    sql = KEYED if seed % 2 else DATED.replace("lookback='1d'", "lookback='30d'")
    project = made(tmp_path, sql)
    manifest = json.loads((project / "target" / "manifest.json").read_text())
    (view,) = [n for n in manifest["nodes"] if n["id"] == "feature_view.spending"]
    history = view["sql"].replace('"__ffc"."transformation.clean"', "dev.clean")
    rows = {("u1", 1): (1.5, 1)}
    went_on = 0
    for _ in range(6):
        for _ in range(chance.randint(1, 6)):
            key = (f"u{chance.randint(1, 3)}", chance.randint(1, 9))
            if chance.random() < 0.2:
                rows.pop(key, None)
            else:
                rows[key] = (float(chance.randint(0, 3)), chance.randint(1, 3))
        events(
            project,
            *(
                f"{user},{amount},true,2024-01-{day:02}T00:00:00Z,2024-02-{learned:02}T00:00:00Z"
                for (user, day), (amount, learned) in rows.items()
            ),
        )
        found = run(project)["feature_view.spending"]
        went_on += "added" in found["rows"]
        for one, other in (("dev.spending", f"({history})"), (f"({history})", "dev.spending")):
            assert query(project, f"from {one} as a except all from {other} as b") == []
        assert found["rows"]["out"] == len(query(project, "from dev.spending"))
    assert went_on > 2
