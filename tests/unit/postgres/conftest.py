"""Stores in a server of PostgreSQL that tests stop, whichever that is."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.postgres import PostgresServer
from support.stores import Stores


@pytest.fixture
def own(own_server: PostgresServer, tmp_path: Path) -> Stores:
    values = own_server.settings_of(own_server.database())
    return Stores(kind="postgres", folder=tmp_path, values=values)
