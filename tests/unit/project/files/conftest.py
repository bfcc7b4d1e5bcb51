"""The base project, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnostics.project import Case, write_case


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the base project, on a machine without profiles in its home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "shop").mkdir()
    return write_case(Case({}, ()), tmp_path / "shop")
