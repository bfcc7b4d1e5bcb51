"""A small project, and one that was run."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import ran_project, small_project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that was run; nobody changes it."""
    return ran_project(tmp_path_factory.mktemp("built"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path)
