"""Projects that were built, and never synced or just once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb
import pytest
from support.projects import ran_project
from support.syncs import NOTHING, Shop, first_rows


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that was built but never synced."""
    folder = ran_project(tmp_path_factory.mktemp("built"))
    for path in (folder / ".ffc").glob("online.db*"):
        path.unlink()
    with sqlite3.connect(folder / ".ffc" / "state.db") as connection:
        connection.execute("delete from online_views")
    with duckdb.connect(folder / ".ffc" / "test.duckdb") as warehouse:
        for name in Shop(folder).snapshots("online_"):
            warehouse.execute(f"drop table dev__ffc.{name}")
    return folder


@pytest.fixture
def empty(built: Path, tmp_path: Path) -> Shop:
    import shutil

    shutil.copytree(built, tmp_path / "shop")
    return Shop(tmp_path / "shop")


@pytest.fixture
def shop(empty: Shop) -> Shop:
    empty.put(first_rows())
    assert empty.sync().rows == {"out": 12, **NOTHING, "written": 12, "new": 12}
    return empty
