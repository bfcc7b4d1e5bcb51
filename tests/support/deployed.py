"""A small project deployed more than once, and all that a way back moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from ffc.auth import Principal
from support.cli import ffc, write_files
from support.projects import FILES, open_session

VIEWS = FILES["features/all.yml"]
CHANGED = VIEWS.replace("default: 0", "default: 7")
ASK = ("get", "spending.amount", "--key", "user_id=none", "--output", "json")
PRINCIPAL = Principal("tester")
MORE = """\
feature_views:
  - name: extra
    entity: user
    source: source('raw', 'users')
    timestamp: null
    online: true
    features:
      - {name: home, column: country, type: string}
"""
DATED = """\
{{ config(materialized='incremental', time_column='seen', on_schema_change='append') }}
select user_id, amount, paid, seen, loaded from {{ source('raw', 'events') }}
{% if is_incremental() %}where seen >= {{ watermark() }}{% endif %}
"""


def deployed(project: Path, **files: str) -> None:
    """Write files and run."""
    done = ffc(write_files(project, files), "run")
    assert done.code == 0, done.stderr


def default_of(project: Path) -> object:
    return ffc(project, *ASK).json()["rows"][0]["values"][0]


def query(project: Path, sql: str) -> list[Any]:
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


def state_of(project: Path) -> dict[str, Any]:
    """Return all that a rollback moves: pointers, what is served, the views that people query."""
    with open_session(project) as session:
        pointers = {n: p.build.id for n, p in session.state.pointers("dev").items()}
        online = session.state.online_views("dev")
        deployment = session.state.deployment("dev")
    views = query(project, "select view_name, sql from duckdb_views() where schema_name = 'dev'")
    return {"pointers": pointers, "online": online, "deployment": deployment, "views": views}
