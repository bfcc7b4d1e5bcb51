"""Online stores in PostgreSQL: one that is written, one that is read, a server to stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.postgres import PostgresServer, postgres
from support.stores import Stores

from ffc.adapter import OnlineStore


@pytest.fixture
def store(postgres_stores: Stores) -> Iterator[OnlineStore]:
    store = postgres_stores.online()
    yield store
    store.close()


@pytest.fixture
def reader(postgres_stores: Stores) -> Iterator[OnlineStore]:
    store = postgres_stores.online(read_only=True)
    yield store
    store.close()


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that tests stop, and that keeps what it said it kept."""
    with postgres(synchronous_commit="on") as server:
        yield server
