"""Small projects with tests of data, and how these fared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.projects import FILES, small_project

EVENTS = "user_id,amount,paid,seen,loaded\n"
ROWS = [
    ("u1", "1.5", "true"),
    ("u1", "2.5", "false"),
    ("u2", "4", ""),
    ("", "nan", "true"),
]


def project(folder: Path, *, column: str = "", table: str = "", on: str = "amount") -> Path:
    """Write a small project with tests of a source's column, or of the source."""
    kinds = {"user_id": "string", "amount": "float64", "paid": "bool"}
    yaml = FILES["sources/raw.yml"]
    if column:
        old = f"{{name: {on}, type: {kinds[on]}}}"
        assert old in yaml
        yaml = yaml.replace(old, f"{{name: {on}, type: {kinds[on]}, tests: [{column}]}}", 1)
    if table:
        yaml = yaml.replace(
            "        file: data/events.csv\n",
            f"        file: data/events.csv\n        tests: [{table}]\n",
        )
    written = small_project(folder, **{"sources/raw.yml": yaml})
    events(written, ROWS)
    return written


def events(folder: Path, rows: list[tuple[str, str, str]]) -> None:
    text = "".join(
        f"{user},{amount},{paid},2024-01-0{i}T00:00:00Z,2024-01-0{i}T01:00:00Z\n"
        for i, (user, amount, paid) in enumerate(rows, 1)
    )
    (folder / "data" / "events.csv").write_text(EVENTS + text)


def results(folder: Path) -> dict[tuple[str, str], Any]:
    document = json.loads((folder / "target" / "run_results.json").read_text())
    return {(r["action"], r["id"]): r for r in document["results"]}


def noted(folder: Path, sql: str, column: str) -> Path:
    """Write a small project with a transformation of events, and tests of a column of it."""
    return small_project(
        folder,
        **{
            "transformations/more.sql": f"{{{{ config(materialized='table') }}}}\n{sql}\n"
            "from {{ source('raw', 'events') }}\n",
            "transformations/more.yml": "transformations:\n  - name: more\n"
            f"    columns:\n      - {column}\n",
        },
    )


BLOCKING = FILES["features/all.yml"].replace(
    "      - {name: amount, type: float64, default: 0}",
    "      - {name: amount, type: float64, default: 0, tests: [{range: {max: 50}}]}",
)
