"""A project with two targets, each with a warehouse of its own."""

from __future__ import annotations

from pathlib import Path

from support.projects import small_project

TARGETS = """\
test:
  target: dev
  outputs:
    dev:
      schema: dev
      offline: {type: duckdb, path: .ffc/test.duckdb}
      online: {type: sqlite, path: .ffc/online.db}
      state: {type: sqlite, path: .ffc/state.db}
    prod:
      schema: features
      offline: {type: duckdb, path: .ffc/prod.duckdb}
      online: {type: sqlite, path: .ffc/online_prod.db}
      state: {type: sqlite, path: .ffc/state_prod.db}
"""


def two_targets(folder: Path, **changes: str) -> Path:
    """Write the small project with two targets, `dev` and `prod`, some files replaced."""
    return small_project(folder, **{"profiles.yml": TARGETS, **changes})
