"""JSON on PostgreSQL: built, advanced, remembered, joined, served, whichever of its types it has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from support.cli import ffc, write_files
from support.postgres import PostgresServer, postgres

from ffc import Client

TABLE: Final = """
CREATE SCHEMA raw AUTHORIZATION ffc;
CREATE TABLE raw.things (user_id text, seen timestamp, loaded timestamp, told json, kept jsonb);
INSERT INTO raw.things VALUES
  ('u1', '2024-01-01', '2024-01-01', '{"b": 1,  "a": 2}', '{"b": 1, "a": 2}'),
  ('u2', '2024-01-02', '2024-01-02', '{"x": null}', '[1, "é"]'),
  ('u1', '2024-01-03', '2024-01-03', '3', NULL);
ALTER TABLE raw.things OWNER TO ffc
"""
LATER: Final = """
UPDATE raw.things SET told = '{"a": 2, "b": 1}' WHERE user_id = 'u1' AND seen = '2024-01-03';
INSERT INTO raw.things VALUES ('u3', '2024-01-04', '2024-01-04', '"s"', '"s"')
"""
TYPES: Final = {
    "user_id": "string",
    "seen": "timestamp",
    "loaded": "timestamp",
    "told": "json",
    "kept": "json",
}
TRANSFORMATIONS: Final = {
    "transformations/rows.sql": """\
{{ config(materialized='incremental', time_column='seen', unique_key=['user_id', 'seen']) }}
select * from {{ source('raw', 'things') }}
""",
    "transformations/versions.sql": """\
{{ config(materialized='snapshot', unique_key='user_id', strategy='check',
          check_columns=['told', 'kept']) }}
select user_id, told, kept from {{ source('raw', 'things') }}
qualify row_number() over (partition by user_id order by seen desc) = 1
""",
    "transformations/groups.sql": """\
select told, count(*) as often, max(seen) as seen from {{ source('raw', 'things') }} group by told
""",
    "transformations/distinct.sql": "select distinct told, kept from {{ ref('rows') }}\n",
}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres() as found:
        yield found


@pytest.fixture
def database(server: PostgresServer) -> str:
    found = server.database()
    server.sql(TABLE, found)
    return found


@pytest.fixture
def project(server: PostgresServer, database: str, tmp_path: Path) -> Path:
    store = {"type": "postgres", **server.settings_of(database)}
    target = {"schema": "dev", "offline": store, "online": store, "state": store}
    columns = [{"name": name, "type": kind} for name, kind in TYPES.items()]
    tables = [{"name": "things", "table": "raw.things", "columns": columns}]
    view = {
        "name": "said",
        "entity": "user",
        "source": "source('raw', 'things')",
        "timestamp": "seen",
        "created": "loaded",
        "online": True,
        "features": [{"name": name, "type": "json"} for name in ("told", "kept")],
    }
    label = {"name": "y", "source": "ref('rows')", "entities": {"user": "user_id"}}
    resources = {
        "sources": [{"name": "raw", "tables": tables}],
        "entities": [{"name": "user", "keys": [{"name": "user_id", "type": "string"}]}],
        "feature_views": [view],
        "labels": [{**label, "timestamp": "loaded", "column": "told"}],
        "training_sets": [{"name": "main", "label": "y", "features": ["said.*"]}],
    }
    profiles = {"test": {"target": "dev", "outputs": {"dev": target}}}
    files = {
        "ffc.yml": "name: test\nversion: 1\nprofile: test\n",
        "profiles.yml": yaml.safe_dump(profiles),
        "features/all.yml": yaml.safe_dump(resources, sort_keys=False),
    }
    return write_files(tmp_path, files | TRANSFORMATIONS)


def rows_of(project: Path, node: str) -> list[tuple[Any, ...]]:
    """Return a node's rows without its times, JSON as what it says, in an order."""
    table = Client(project).dataframe(node, backend="arrow")
    return sorted(
        (tuple(map(_said, row.values())) for row in table.to_pylist()),
        key=repr,
    )


def _said(value: object) -> object:
    return json.loads(value) if isinstance(value, str) and value[0] in '[{"3' else value


def test_json_goes_all_the_way(server: PostgresServer, database: str, project: Path) -> None:
    first = ffc(project, "run")
    assert first.code == 0, first.stdout + first.stderr
    server.sql(LATER, database)
    then = ffc(project, "run")
    assert then.code == 0, then.stdout + then.stderr
    one = {"a": 2, "b": 1}
    groups = [(row[0], row[1]) for row in rows_of(project, "transformation.groups")]
    assert groups == [("s", 1), ({"a": 2, "b": 1}, 2), ({"x": None}, 1)]
    distinct = rows_of(project, "transformation.distinct")
    assert len(distinct) == 4
    assert (one, one) in distinct
    versions = [row[:3] for row in rows_of(project, "transformation.versions")]
    wanted = [("u1", 3, None), ("u1", one, None), ("u2", {"x": None}, [1, "é"]), ("u3", "s", "s")]
    assert sorted(map(repr, versions)) == sorted(map(repr, wanted))
    got = ffc(project, "get", "said.told", "said.kept", "--key", "user_id=u2", "--output", "json")
    asked = json.loads(got.stdout)
    assert [json.loads(value) for value in asked["rows"][0]["values"]] == [{"x": None}, [1, "é"]]
    training = Client(project).dataframe("training_set.main", backend="arrow").to_pylist()
    u2 = [row for row in training if row["user_id"] == "u2"]
    assert [(json.loads(r["y"]), r["said__told"]) for r in u2] == [({"x": None}, None)]
    again = ffc(project, "run")
    assert again.code == 0
    assert "success" not in again.stdout


def test_an_order_of_json_is_refused(project: Path) -> None:
    asked = "select user_id from {{ source('raw', 'things') }} where told = '3' order by kept\n"
    write_files(project, {"transformations/asks.sql": asked})
    done = ffc(project, "compile")
    assert done.code == 1
    assert done.stderr.count("error[FF602]") == 2


def test_its_own_sql_is_told_what_compares(project: Path) -> None:
    config = "{{ config(dialect='postgres') }}\n"
    asked = "select distinct told from {{ source('raw', 'things') }}\n"
    write_files(project, {"transformations/asks.sql": config + asked})
    done = ffc(project, "run", "--select", "+asks")
    assert done.code == 1
    assert "only `jsonb` can be compared" in " ".join((done.stdout + done.stderr).split())
