"""A project that was deployed twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.deployed import CHANGED, deployed
from support.projects import small_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose second deployment has another default in a view."""
    folder = small_project(tmp_path)
    deployed(folder)
    deployed(folder, **{"features/all.yml": CHANGED})
    return folder
