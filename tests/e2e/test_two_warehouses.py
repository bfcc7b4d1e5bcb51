"""DuckDB and PostgreSQL compared; sources of PostgreSQL written down and held to what is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.cli import Result, ffc
from support.postgres import PostgresServer, postgres
from support.projects import FILES, small_project
from support.targets import TARGETS

EVERY = """\
{{ config(materialized='table') }}
select user_id, seen, amount / 3 as third, paid, upper(user_id) as name,
  sum(amount) over (partition by user_id order by seen) as running
from {{ ref('clean') }}
"""


@dataclass(frozen=True)
class Both:
    """A project with a target in each warehouse: `dev` in DuckDB, `pg` in PostgreSQL."""

    project: Path
    server: PostgresServer
    database: str

    def ffc(self, *arguments: str) -> Result:
        return ffc(self.project, *arguments)

    def run(self, *targets: str) -> None:
        for target in targets:
            done = self.ffc("run", "-q", "--target", target)
            assert done.code == 0, done.stderr


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres() as started:
        yield started


@pytest.fixture
def both(server: PostgresServer, tmp_path: Path) -> Both:
    database = server.database()
    settings = json.dumps({"type": "postgres", **server.settings_of(database)})
    profiles = TARGETS.replace("    prod:", "    pg:").replace(
        "{type: duckdb, path: .ffc/prod.duckdb}", settings
    )
    files = {"profiles.yml": profiles, "transformations/every.sql": EVERY}
    return Both(small_project(tmp_path, **files), server, database)


def test_two_warehouses_of_different_kinds_hold_the_same(both: Both) -> None:
    both.run("dev", "pg")
    done = both.ffc("compare", "--target", "dev", "--target", "pg")
    assert (done.code, done.stderr) == (0, "8 nodes compared: no difference\n"), done.stdout
    text = FILES["data/events.csv"].replace("u2,4,true", "u2,4.5,true")
    (both.project / "data" / "events.csv").write_text(text)
    both.run("pg")
    done = both.ffc("compare", "-t", "pg", "every", "--key", "user_id", "--key", "seen")
    assert done.code == 1
    assert "2 rows with other values (by `user_id`, `seen`)" in done.stdout
    node = both.ffc("compare", "-t", "pg", "main", "--output", "json").json()["nodes"][0]
    assert node["status"] == "same"


def test_tables_of_postgres_are_sources(both: Both) -> None:
    both.server.sql("create schema shop authorization ffc", both.database)
    both.server.sql(
        'create table shop.orders (id bigint, "Amount" numeric(12, 2), at timestamptz, '
        "note varchar(10), place point, whole jsonb, many int[])",
        both.database,
    )
    both.server.sql("alter table shop.orders owner to ffc", both.database)
    done = both.ffc("source", "sync", "wh", "--table", "shop.orders", "--target", "pg")
    assert done.code == 0, done.stderr
    assert "? place: no source can have a column of the type point" in done.stdout
    path = both.project / "sources" / "wh.yml"
    assert (
        path.read_text()
        == """\
sources:
  - name: wh
    tables:
      - name: orders
        table: shop.orders
        columns:
          - {name: id, type: int64}
          - {name: Amount, type: "decimal(12,2)"}
          - {name: at, type: timestamp}
          - {name: note, type: string}
          - {name: whole, type: json}
          - {name: many, type: list<int32>}
"""
    )
    assert both.ffc("compile", "--introspect", "--target", "pg").code == 0
    both.run("pg")
    both.server.sql("alter table shop.orders drop column note cascade", both.database)
    both.server.sql("alter table shop.orders rename column id to order_id", both.database)
    done = both.ffc("compile", "--introspect", "--target", "pg", "--output", "concise")
    assert done.code == 1
    assert (
        done.stdout
        == """\
sources/wh.yml:7:20: error[FF411]: `shop.orders` has no column `id`
sources/wh.yml:10:20: error[FF411]: `shop.orders` has no column `note`
"""
    )
    path.write_text(path.read_text().replace("shop.orders", "shop.order"))
    done = both.ffc("compile", "--introspect", "--target", "pg")
    assert "= help: did you mean `shop.orders`?" in done.stderr
