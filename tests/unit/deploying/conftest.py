"""A project that was deployed twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.deployed import CHANGED, deployed
from support.projects import ran_project


@pytest.fixture(scope="session")
def deployed_twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = ran_project(tmp_path_factory.mktemp("twice"))
    deployed(folder, **{"features/all.yml": CHANGED})
    return folder


@pytest.fixture
def project(deployed_twice: Path, tmp_path: Path) -> Path:
    """Return a project whose second deployment has another default in a view."""
    return shutil.copytree(deployed_twice, tmp_path, dirs_exist_ok=True)
