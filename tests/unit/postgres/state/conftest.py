"""State stores in PostgreSQL, and in a server to stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.postgres import PostgresServer, postgres
from support.stores import Stores

from ffc.adapter import StateStore


@pytest.fixture
def store(postgres_stores: Stores) -> Iterator[StateStore]:
    store = postgres_stores.state()
    yield store
    store.close()


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that tests stop, and that keeps what it said it kept."""
    with postgres(16, synchronous_commit="on") as server:
        yield server
