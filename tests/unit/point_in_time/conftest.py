"""A project with a model, that was run."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import ran_project

MODELS = "models:\n  - {name: churn-rf, training_set: main}\n"
SETS = {"training_sets/models.yml": MODELS}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return ran_project(tmp_path / "p", **SETS)
