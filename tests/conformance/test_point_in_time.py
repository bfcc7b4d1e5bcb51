"""The point-in-time cases that are refused, through the command line: by whom, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance.project import write_project
from support.cli import ffc

from ffc.conformance.cases import NOT_YET, REFUSALS, read_cases

CASES = {case["name"]: case for case in read_cases()}


def test_each_case_is_one_of_three() -> None:
    errors = {name for name, case in CASES.items() if "error" in case["expect"]}
    assert errors - NOT_YET == set(REFUSALS) - NOT_YET
    assert set(CASES) >= NOT_YET
    assert len(CASES) - len(NOT_YET) == 83


@pytest.mark.parametrize("name", REFUSALS)
def test_what_must_be_refused_is(name: str, tmp_path: Path) -> None:
    write_project(CASES[name], tmp_path)
    refused = ffc(tmp_path, "run")
    code, words = REFUSALS[name]
    assert refused.code == 1
    assert f"error[{code}]" in refused.stderr
    assert words in refused.stderr


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_every_case_that_waits_says_what_is_missing(name: str, tmp_path: Path) -> None:
    write_project(CASES[name], tmp_path)
    compiled = ffc(tmp_path, "compile")
    assert compiled.code == 1
    assert "not in this version of ffc yet" in compiled.stderr
    assert "error[FF9" not in compiled.stderr
