"""Every mistake a project can hold, and the whole text that ffc answers with."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from diagnostics.cases import CASES
from diagnostics.project import Case, write_case
from support.cli import Result, ffc

GOLDEN = Path(__file__).parent / "golden"
FFC = Path(__file__).parent.parent.parent / "ffc"
WIDTH = 80


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder on a machine without a home to look into."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


def compile_case(case: Case, folder: Path) -> Result:
    return ffc(write_case(case, folder), "compile", *case.arguments)


@pytest.mark.parametrize("name", CASES)
def test_the_whole_text(name: str, project: Path) -> None:
    case = CASES[name]
    done = compile_case(case, project)
    said = done.stderr.replace(f"{project}/", "").replace(str(project.parent / "home"), "~")
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("FFC_UPDATE_GOLDEN"):
        golden.write_text(said)
    assert said == golden.read_text()
    assert tuple(re.findall(r"^(?:error|warning)\[(FF\d+)\]", said, re.MULTILINE)) == case.says
    assert done.stdout == ""
    assert done.code == (1 if "error[" in said else 0)
