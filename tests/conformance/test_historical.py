"""Features looked up for any table: every point-in-time case, and random projects by brute force."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from conformance.project import write_project
from support.cli import PROFILES, ffc, write_files
from support.postgres import profiles_in, shared
from support.slow import all_but_first

from ffc import Client
from ffc.conformance.brute_force import training_rows
from ffc.conformance.cases import NOT_YET, read_cases, time_zone, times_of
from ffc.conformance.comparing import differences
from ffc.conformance.random_projects import (
    arrow_table,
    project_files,
    random_project,
    tables_of,
    write_rows,
)

CASES: Final = [
    case for case in read_cases() if case["name"] not in NOT_YET and "error" not in case["expect"]
]
FEW: Final = 16
MANY: Final = 240
PARTS: Final = 8


@pytest.fixture(
    params=["duckdb", pytest.param("postgres", marks=pytest.mark.slow)],
)
def profiles(request: pytest.FixtureRequest) -> str:
    """Return profiles.yml of a target that is empty."""
    return PROFILES if request.param == "duckdb" else profiles_in(shared())


@pytest.mark.parametrize("case", all_but_first(CASES, fast=10), ids=lambda case: case["name"])
def test_case(case: dict[str, Any], profiles: str, tmp_path: Path) -> None:
    write_project(case, tmp_path)
    write_files(tmp_path, {"profiles.yml": profiles})
    label, wanted = case["label"], case["training_set"]
    with time_zone(case.get("session_time_zone")):
        built = ffc(tmp_path, "run")
        assert built.code == 0, built.stderr
        found = Client(tmp_path).historical(
            wanted["features"],
            f"select * from {{{{ ref('label.{label['name']}') }}}}",
            timestamp=label.get("timestamp"),
            entities=label["entities"],
            boundary=wanted.get("boundary"),
            as_known=wanted.get("as_known"),
        )
        table = found.dataframe("arrow")
    expected = case["expect"]
    own = [
        label.get("column") or label["name"] if c == label["name"] else c
        for c in expected["columns"]
    ]
    rows = list(zip(*(table.column(name).to_pylist() for name in own), strict=True))
    assert differences(expected["rows"], rows, times_of(case)) == []


def _check(seed: int, folder: Path, profiles: str) -> None:
    project = random_project(seed)
    files = project_files(project)
    files["ffc.yml"] = files["ffc.yml"].replace('"profile": "checked"', '"profile": "test"')
    write_files(folder, {**files, "profiles.yml": profiles})
    label = project["label"]
    for table in tables_of(project):
        write_rows(folder / "data" / f"{table['name']}.parquet", table)
    built = ffc(folder, "run")
    assert built.code == 0, (seed, built.stderr)
    words = json.loads(files["features/all.yml"])["training_sets"][0]
    answer = Client(folder).historical(
        words["features"],
        arrow_table(label),
        timestamp=label["timestamp"],
        entities=label["roles"],
        boundary=project["boundary"],
        as_known=project["as_known"],
    )
    names = [pick["column"] for pick in project["picks"]]
    table = answer.dataframe("arrow")
    assert table.select(label["columns"]).equals(arrow_table(label)), seed
    found = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    # The rows stay in their order, so that each is compared with its own.
    for row, told in zip(training_rows(project), found, strict=True):
        plain = tuple(v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in told)
        assert differences([row[-1 - len(names) : -1]], [plain], [False] * len(names)) == [], seed


@pytest.mark.parametrize("seed", all_but_first(range(FEW), fast=6))
def test_a_few_random_projects(seed: int, profiles: str, tmp_path: Path) -> None:
    _check(seed, tmp_path, profiles)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_random_projects(part: int, tmp_path: Path) -> None:
    for seed in range(FEW + part, MANY, PARTS):
        _check(seed, tmp_path / str(seed), PROFILES)
