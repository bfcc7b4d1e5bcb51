"""What was built of a training set: its builds, its rows, its bytes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa

from ffc.auth import Principal
from ffc.run.point_in_time.training import read_training_set
from support.cli import ffc
from support.projects import FILES, open_session

ME = Principal("me")


def builds(project: Path, *arguments: str) -> list[dict[str, Any]]:
    listed = ffc(project, "builds", *arguments, "--output", "json")
    assert listed.code == 0, listed.stderr
    found: list[dict[str, Any]] = listed.json()["builds"]
    return found


def rows_of(project: Path, build: str | None = None, name: str = "main") -> pa.Table:
    with open_session(project) as session:
        found = read_training_set(session, name, principal=ME, build=build)
        return pa.Table.from_batches(list(found.batches))


def exported(project: Path, *arguments: str) -> bytes:
    path = project.parent / "set.arrow"
    done = ffc(project, "training-set", "main", "--to", str(path), *arguments)
    assert done.code == 0, done.stderr
    return path.read_bytes()


def many(project: Path, seed: int) -> None:
    """Write events in some order, several of each user and instant, labels not known among them."""
    header, *_ = FILES["data/events.csv"].split("\n")
    rows = [
        f"u{user},{amount},{paid},2024-01-{day:02}T00:00:00Z,2024-01-{day:02}T01:00:00Z"
        for user in range(40)
        for day in range(1, 29)
        for amount, paid in ((1, "true"), (2, "false"), (2, "false"), (3, ""))
    ]
    random.Random(seed).shuffle(rows)
    (project / "data" / "events.csv").write_text("\n".join([header, *rows]) + "\n")
