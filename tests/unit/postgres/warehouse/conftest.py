"""A warehouse of PostgreSQL in whatever server a test takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.offline import open_postgres
from support.postgres import PostgresServer

from ffc_postgres import PostgresOfflineStore


@pytest.fixture
def store(server: PostgresServer) -> Iterator[PostgresOfflineStore]:
    store = open_postgres(server)
    yield store
    store.close()
