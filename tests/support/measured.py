"""Tables of every type, the figures about them, and what a state store kept of those."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ffc.adapter.offline import Relation
from ffc.connect.warehouse import Warehouse
from ffc.manifest.records import Column
from ffc.run.looking.statistics import measure

ROWS = 3_000
# Every type, as (name, type, SQL type); values are made by `random_rows`.
TYPES = {
    "i32": ("int32", "INTEGER"),
    "i64": ("int64", "BIGINT"),
    "few": ("int64", "BIGINT"),
    "f32": ("float32", "FLOAT"),
    "f64": ("float64", "DOUBLE"),
    "dec": ("decimal(12,2)", "DECIMAL(12,2)"),
    "at": ("timestamp", "TIMESTAMP"),
    "day": ("date", "DATE"),
    "word": ("string", "VARCHAR"),
    "id": ("string", "VARCHAR"),
    "flag": ("bool", "BOOLEAN"),
    "raw": ("bytes", "BLOB"),
    "doc": ("json", "JSON"),
    "items": ("list<int64>", "BIGINT[]"),
    "place": ("vector(2)", "FLOAT[2]"),
    "odd": ("", "UUID"),
}
NUMBERS = ("i32", "i64", "few", "f32", "f64", "dec", "at", "day")
Figures = dict[tuple[str, str], float]


def random_rows(seed: int, count: int) -> str:
    """Return a VALUES list of rows of every type, about one in ten values null."""
    chance = random.Random(seed)
    start = datetime(2023, 1, 1)

    def row(number: int) -> str:
        second = start + timedelta(seconds=chance.randrange(40_000_000))
        told = [
            str(chance.randrange(-50_000, 50_000)),
            str(chance.randrange(10**12)),
            str(chance.choice([0, 1, 1, 2, 2, 2, 7])),
            f"'{chance.gauss(0, 100)!r}'",
            f"'{math.exp(chance.gauss(3, 1))!r}'",
            f"'{chance.randrange(-(10**9), 10**9) / 100}'",
            f"'{second}'",
            f"'{second.date()}'",
            f"'{chance.choice(['red', 'red', 'green', 'blue', 'its'])}'",
            f"'id {number}'",
            chance.choice(["true", "false", "false"]),
            f"'{chance.randrange(100)}'::BLOB",
            "'{\"a\": 1}'",
            "[1, 2]",
            "[1, 2]",
            "uuid()",
        ]
        return f"({', '.join('null' if chance.random() < 0.1 else text for text in told)})"

    return ", ".join(row(number) for number in range(count))


def made(warehouse: Warehouse, columns: dict[str, tuple[str, str]], rows: str) -> Relation:
    """Make a table; `rows` is a VALUES list, or empty for none."""
    relation = Relation("dev__ffc", "t")
    declared = ", ".join(f'"{name}" {native}' for name, (_, native) in columns.items())
    warehouse.do(f"create or replace table dev__ffc.t ({declared})")
    if rows:
        warehouse.do(f"insert into dev__ffc.t values {rows}")
    return relation


def figures_of(
    warehouse: Warehouse,
    columns: dict[str, tuple[str, str]],
    rows: str,
    tags: tuple[str, ...] = (),
) -> dict[str, Figures]:
    relation = made(warehouse, columns, rows)
    known = [Column(name=n, type=t, native=native, tags=tags) for n, (t, native) in columns.items()]
    return {column: dict(found) for column, found in measure(warehouse, relation, known)}


FLOAT = {"x": ("float64", "DOUBLE")}


def kept_of(project: Path, node: str) -> list[tuple[Any, ...]]:
    import sqlite3

    with sqlite3.connect(project / ".ffc" / "state.db") as connection:
        return connection.execute(
            'select build, "column", metric, "window", value from observations '
            "where node = ? and metric in ('rows', 'count', 'mean')",
            (node,),
        ).fetchall()
