"""A project with a model, that was run."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli import ffc
from support.projects import small_project

MODELS = "models:\n  - {name: churn-rf, training_set: main}\n"
SETS = {"training_sets/models.yml": MODELS}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    small_project(tmp_path / "p", **SETS)
    built = ffc(tmp_path / "p", "run")
    assert built.code == 0, built.stderr
    return tmp_path / "p"
