"""A small project that compiles without a word, to be bent by tests."""

from __future__ import annotations

from pathlib import Path

from ffc.compiler.compile import Compiled, compile_project
from ffc.connect.profiles import choose_target, read_profile, usable
from ffc.connect.session import Session
from ffc.manifest.records import Manifest, Target
from ffc.project.files import ProjectFiles, read_files
from support.cli import PROFILES, write_files
from support.postgres import PostgresServer

TARGET = Target(name="dev", offline="duckdb", dialect="duckdb", online=("default",))

FILES = {
    "ffc.yml": "name: small\nversion: 1\nprofile: test\nvars: {least: 0}\n",
    "profiles.yml": PROFILES,
    "sources/raw.yml": """\
sources:
  - name: raw
    tables:
      - name: events
        file: data/events.csv
        columns:
          - {name: user_id, type: string}
          - {name: amount, type: float64}
          - {name: paid, type: bool}
          - {name: seen, type: timestamp}
          - {name: loaded, type: timestamp}
      - name: users
        file: data/users.csv
        columns:
          - {name: user_id, type: string}
          - {name: country, type: string}
""",
    "transformations/clean.sql": """\
{{ config(materialized='table') }}
select user_id, amount, paid, seen, loaded
from {{ source('raw', 'events') }}
where amount >= {{ var('least', 0) }}
""",
    "features/all.yml": """\
entities:
  - {name: user, keys: [{name: user_id, type: string}]}
feature_views:
  - name: spending
    entity: user
    source: ref('clean')
    timestamp: seen
    created: loaded
    ttl: 30d
    online: true
    features:
      - {name: amount, type: float64, default: 0}
  - name: profile
    entity: user
    source: source('raw', 'users')
    timestamp: null
    online: true
    features:
      - {name: country, type: string}
labels:
  - name: paid_back
    source: ref('clean')
    entities: {user: user_id}
    timestamp: seen
    column: paid
""",
    "training_sets/main.yml": """\
training_sets:
  - name: main
    label: paid_back
    features: [spending.amount, profile.*]
""",
    "data/events.csv": """\
user_id,amount,paid,seen,loaded
u1,1.5,true,2024-01-01T00:00:00Z,2024-01-01T01:00:00Z
u1,2.5,false,2024-01-02T00:00:00Z,2024-01-02T01:00:00Z
u2,4,true,2024-01-03T00:00:00Z,2024-01-05T01:00:00Z
u2,8,,2024-01-04T00:00:00Z,2024-01-04T01:00:00Z
""",
    "data/users.csv": "user_id,country\nu1,NL\nu2,DE\n",
}


def small_project(folder: Path, **changes: str) -> Path:
    """Write the project, some files replaced: `small_project(folder, **{"ffc.yml": ...})`."""
    return write_files(folder, {**FILES, **changes})


def compiled(**changes: str) -> Compiled:
    """Compile the project without a folder, some files replaced."""
    texts = {name: text for name, text in FILES.items() if not name.startswith(("data", "prof"))}
    return compile_project(ProjectFiles(texts={**texts, **changes}), TARGET, {})


def manifest(**changes: str) -> Manifest:
    """Return the manifest of the project, some files replaced."""
    found = compiled(**changes)
    assert found.manifest is not None, found.diagnostics
    return found.manifest


def on_postgres(server: PostgresServer, database: str, *, online: str = "") -> str:
    """Return profiles.yml with the online store, with settings of its own, and the state there."""
    settings = ", ".join(f"{k}: {v!r}" for k, v in server.settings_of(database).items())
    return (
        "test:\n  target: dev\n  outputs:\n    dev:\n      schema: dev\n"
        "      offline: {type: duckdb, path: .ffc/test.duckdb}\n"
        f"      online: {{type: postgres, {settings}, {online}}}\n"
        f"      state: {{type: postgres, {settings}}}\n"
    )


def compile_folder(folder: Path) -> Manifest:
    """Compile a project on disk that must compile."""
    files, problems = read_files(folder)
    assert problems == []
    found = compile_project(files, TARGET, {})
    assert found.manifest is not None, found.diagnostics
    return found.manifest


def open_session(project: Path, target: str | None = None) -> Session:
    """Open the project's target, or another one."""
    profile = usable(*read_profile(project, None, "test"))
    return Session(choose_target(profile, target, project))
