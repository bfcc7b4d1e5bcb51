"""A warehouse in which nothing was built."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.projects import open_session, small_project

from ffc.connect.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_session(small_project(tmp_path)) as session:
        found = Warehouse(session.offline, session.schema)
        found.prepare()
        yield found
