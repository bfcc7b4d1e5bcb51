"""A conformance case as a project on disk."""

from __future__ import annotations

from pathlib import Path

from support.cli import PROFILES, write_files

from ffc.conformance.cases import Case, case_files


def write_project(case: Case, folder: Path) -> None:
    """Write a case's project, with a profile of the embedded stores."""
    files = case_files(case)
    files["ffc.yml"] = files["ffc.yml"].replace('"checked", "version"', '"case", "version"')
    files["ffc.yml"] = files["ffc.yml"].replace('"profile": "checked"', '"profile": "test"')
    write_files(folder, {**files, "profiles.yml": PROFILES})
