"""A project with a second target, in PostgreSQL, and what differs between the two."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from ffc import Client
from ffc.manifest.files import read_manifest
from support.postgres import PostgresServer

POSTGRES = "pg"
WITHOUT_ROWS = ("entity", "model")


def add_target(folder: Path, server: PostgresServer) -> str:
    """Give each profile a target `pg` in an empty database; return the database."""
    path, database = folder / "profiles.yml", server.database()
    profiles = yaml.safe_load(path.read_text())
    for profile in profiles.values():
        profile["outputs"][POSTGRES] = {
            "schema": "features",
            "offline": {"type": "postgres", **server.settings_of(database)},
            "online": {"type": "sqlite", "path": ".ffc/pg_online.db"},
            "state": {"type": "sqlite", "path": ".ffc/pg_state.db"},
        }
    path.write_text(yaml.safe_dump(profiles, sort_keys=False))
    return database


def differences(folder: Path, first: str = "dev", second: str = POSTGRES) -> list[str]:
    """Compare every table and training set of two targets: types, rows in any order.

    Floats are compared to nine digits: a sum of them depends on the order of the rows.
    """
    found = []
    for node in read_manifest(folder / "target" / "manifest.json").nodes:
        if node.kind in WITHOUT_ROWS:
            continue
        tables = [_read(folder, target, node.id) for target in (first, second)]
        if not tables[0].schema.equals(tables[1].schema):
            found.append(f"{node.id}: {tables[0].schema} is not {tables[1].schema}")
        rows, others = map(_rows, tables)
        if len(rows) != len(others):
            found.append(f"{node.id}: {len(rows)} rows and {len(others)}")
        unlike = [pair for pair in zip(rows, others, strict=False) if pair[0] != pair[1]]
        found += [f"{node.id}: {unlike[0]} and {len(unlike) - 1} more"] if unlike else []
    return found


def _read(folder: Path, target: str, node: str) -> pa.Table:
    table = Client(folder, target=target).dataframe(node, backend="arrow")
    assert isinstance(table, pa.Table)
    return table


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    columns = [map(_comparable, column.to_pylist()) for column in table.columns]
    return sorted(zip(*columns, strict=True), key=repr)


def _comparable(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return "nan" if math.isnan(value) else float(f"{value:.9g}") + 0.0
