"""A project to edit."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.edited import MACROS, MORE
from support.projects import small_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    changes = {
        "transformations/more.sql": MORE,
        MACROS: "{% macro doubled(column, times=2) %}{{ column }} * {{ times }}{% endmacro %}\n",
    }
    return small_project(tmp_path, **changes)
