"""Projects that were written for DuckDB, in PostgreSQL by one flag: every table is the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from projects.flights_data import flights_project
from support.cli import ffc
from support.postgres import PostgresServer, postgres
from support.projects import small_project
from support.two_targets import POSTGRES, add_target, differences

HEAD: Final = "user_id,amount,paid,seen,loaded\n"
ROWS: Final = [
    "u1,1.5,true,2024-01-01T00:00:00Z,2024-01-01T01:00:00Z",
    "U1,2.5,false,2024-01-02T00:00:00Z,2024-01-02T01:00:00Z",
    "é,4,,2024-01-03T00:00:00Z,2024-01-05T01:00:00Z",
    ",5,true,2024-01-03T00:00:00Z,2024-01-05T01:00:00Z",
]
LATER: Final = [
    "u1,9,true,2024-01-01T00:00:00Z,2024-01-06T00:00:00Z",
    "z,7,true,2024-01-04T00:00:00Z,2024-01-06T00:00:00Z",
    ",6,true,2024-01-03T00:00:00Z,2024-01-07T01:00:00Z",
]
# Rows merged by a key that may be null, rows replaced by their time, versions of what changes,
# text of every kind in an order, and statistics and tests of it all.
WRITTEN: Final = {
    "transformations/clean.sql": """\
{{ config(materialized='incremental', time_column='seen', unique_key=['user_id', 'seen']) }}
select user_id, amount, paid, seen, loaded
from {{ source('raw', 'events') }}
{% if is_incremental() %}where loaded >= {{ watermark() }}{% endif %}
qualify row_number() over (partition by user_id, seen order by loaded desc) = 1
""",
    "transformations/days.sql": """\
{{ config(materialized='incremental', time_column='seen', lookback='1d') }}
select seen, count(*) as events, sum(amount) as amount, cast(sum(2) as bigint) as twice
from {{ source('raw', 'events') }}
{% if is_incremental() %}where seen >= {{ watermark() }}{% endif %}
group by seen
""",
    "transformations/versions.sql": """\
{{ config(materialized='snapshot', unique_key=['user_id', 'seen'], strategy='timestamp',
          updated_at='loaded') }}
select user_id, seen, max(amount) as amount, max(loaded) as loaded
from {{ source('raw', 'events') }}
group by user_id, seen
""",
    "transformations/said.sql": """\
select user_id, max(upper(user_id) || ' ' || cast(paid as text)) as said,
    min(case when paid then 'b' else 'B' end) as least, count(distinct loaded) as loads
from {{ ref('clean') }}
group by user_id
qualify row_number() over (order by user_id) < 4
""",
    "transformations/notes.yml": """\
transformations:
  - name: clean
    columns:
      - {name: amount, tests: [not_null, range: {min: 0, max: 10}]}
      - {name: paid, tests: [accepted_values: [true, false]]}
    tests:
      - row_count: {min: 1}
      - expression: {sql: "seen <= loaded and user_id <> 'nobody'", name: learned_later}
  - name: said
    columns: [{name: user_id, tests: [unique]}]
""",
}


@pytest.fixture(scope="module", params=[pytest.param(16, marks=pytest.mark.slow), 18])
def server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with postgres(request.param) as found:
        yield found


def run_both(project: Path, *arguments: str) -> None:
    for target in ("dev", POSTGRES):
        done = ffc(project, "run", "--target", target, *arguments)
        assert done.code == 0, done.stderr


def events(project: Path, *rows: str) -> None:
    (project / "data" / "events.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))


def test_the_demo(server: PostgresServer, tmp_path: Path) -> None:
    made = ffc(tmp_path, "init", "fraud")
    assert made.code == 0, made.stderr
    add_target(tmp_path / "fraud", server)
    run_both(tmp_path / "fraud")
    assert differences(tmp_path / "fraud") == []


@pytest.mark.slow
def test_the_flights(server: PostgresServer, tmp_path: Path) -> None:
    project = flights_project(tmp_path)
    add_target(project, server)
    run_both(project)
    assert differences(project) == []


def test_what_goes_on_from_the_last_build(server: PostgresServer, tmp_path: Path) -> None:
    project = small_project(tmp_path, **WRITTEN)
    add_target(project, server)
    events(project, *ROWS)
    run_both(project)
    assert differences(project) == []
    events(project, *ROWS, *LATER)
    run_both(project)
    assert differences(project) == []
    more = WRITTEN["transformations/days.sql"].replace(
        "as twice", "as twice, max(paid) as any_paid"
    )
    changed = more.replace("lookback='1d'", "lookback='1d', on_schema_change='append'")
    (project / "transformations" / "days.sql").write_text(changed)
    run_both(project)
    assert differences(project) == []
