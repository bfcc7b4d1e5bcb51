"""The adapter of docs/adapters.md: taken from the page, installed, held to the suite."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.cli import write_files

PAGE = Path(__file__).parent.parent.parent / "docs" / "adapters.md"
PROFILES = """\
test:
  target: dev
  outputs:
    dev:
      schema: dev
      offline: {type: small, path: .ffc/small.db}
      state: {type: sqlite, path: .ffc/state.db}
"""
# What the page says that it does not hold.
NOT_HELD = {"offline.identifiers.columns_of_any_name_become_features"}
MOST_LINES = 140
FEW = ("statements", "transactions", "cancel", "capabilities", "rows", "files", "identifiers")
CASES = ("newest_before", "microsecond_apart", "tie_text", "static_and_timed")


def blocks() -> dict[str, str]:
    """Return the code of the page by what it is."""
    found = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    return {name or language: text for language, name, text in found}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a folder with the example as a package, and a project that uses it."""
    code = blocks()
    points = re.search(r'\[project\.entry-points\."(.*?)"\]\n(.*?)\n', code["toml"])
    assert points is not None
    about = f"[{points[1]}]\n{points[2].replace(chr(34), '')}\n"
    return write_files(
        tmp_path,
        {
            "site/small.py": code["small.py"],
            "site/small-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: small\nVersion: 1\n",
            "site/small-1.dist-info/entry_points.txt": about,
            "shop/ffc.yml": "name: shop\nversion: 1\nprofile: test\n",
            "shop/profiles.yml": PROFILES,
            "tests/test_small.py": code["python"],
        },
    )


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "site")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder / "shop",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def held(folder: Path, *names: str) -> tuple[int, dict[str, Any]]:
    options = [word for name in names for word in ("-c", f"offline.{name}")]
    done = run(folder, "ffc", "conformance", "--output", "json", *(options or ["-c", "offline"]))
    assert done.stdout, done.stderr
    document = json.loads(done.stdout)
    return done.returncode, {c["check"]: c["status"] for c in document["checks"]}


def test_it_holds_what_the_page_says(installed: Path) -> None:
    code, found = held(installed, *FEW, *(f"point_in_time.{case}" for case in CASES))
    assert code == 1
    assert {name for name, status in found.items() if status == "broken"} == NOT_HELD
    undeclared = {name.rpartition(".")[2] for name, s in found.items() if s == "undeclared"}
    assert undeclared == {
        "merge_matches_rows",
        "replace_takes_the_place_of_a_table",
        "rows_keep_their_order",
    }
    assert len(found) > 55


@pytest.mark.slow
def test_it_holds_all_the_rest(installed: Path) -> None:
    _, found = held(installed)
    assert {name for name, status in found.items() if status == "broken"} == NOT_HELD
    assert len(found) > 200


def test_the_page_names_what_does_not_hold_and_is_about_a_hundred_lines() -> None:
    text = PAGE.read_text()
    assert all(f"`{name}`" in text for name in NOT_HELD)
    lines = [line for line in blocks()["small.py"].splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= 100


def test_the_page_names_every_group() -> None:
    from conformance.adapters import ADAPTERS

    groups = {str(c).rpartition(".")[0] for t in ADAPTERS for c in t.checks()}
    told = set(re.findall(r"`((?:offline|online|state)\.[a-z_*]+)`", PAGE.read_text()))
    assert {g for g in groups if not g.startswith("state.")} <= told
    assert "state.*" in told


def test_the_three_lines_work(installed: Path) -> None:
    """The page's own test, of a few checks."""
    options = ("-q", "-p", "no:cacheprovider", "-k", "transactions or case_is_kept")
    done = run(installed, "pytest", str(installed / "tests"), *options)
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout


def test_a_project_is_built_with_it(installed: Path) -> None:
    files = {
        "sources/raw.yml": "sources: [{name: raw, tables: [{name: t, file: data/t.csv, "
        "columns: [{name: k, type: string}, {name: x, type: int64}]}]}]\n",
        "transformations/twice.sql": "{{ config(materialized='table') }}\n"
        "select k, 2 * x as y from {{ source('raw', 't') }}\n",
        "data/t.csv": "k,x\na,21\n",
    }
    write_files(installed / "shop", files)
    done = run(installed, "ffc", "run")
    assert done.returncode == 0, done.stderr
    asked = run(installed, "ffc", "query", "select y from {{ ref('twice') }}", "--output", "json")
    assert json.loads(asked.stdout)["rows"] == [[42]]
