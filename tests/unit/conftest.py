"""Servers that many tests use, and the stores that every kind of has to keep the same promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.postgres import PostgresServer, postgres
from support.stores import KINDS, Stores


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server that no test stops or fills."""
    with postgres() as server:
        yield server


@pytest.fixture
def postgres_stores(postgres_server: PostgresServer, tmp_path: Path) -> Stores:
    """Stores in an empty database."""
    values = postgres_server.settings_of(postgres_server.database())
    return Stores(kind="postgres", folder=tmp_path, values=values)


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    """Stores of each kind in turn, at a place where nothing is."""
    if request.param == "postgres":
        found: Stores = request.getfixturevalue("postgres_stores")
        return found
    return Stores(kind="sqlite", folder=tmp_path)
