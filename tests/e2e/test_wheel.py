"""The wheel alone, in an empty environment with an empty home, runs the demo."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.wheel


def _pip(python: str | Path, *arguments: str | Path) -> None:
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    _pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    (found,) = folder.glob("ffc_feature_store-*.whl")
    return found


def test_it_holds_the_packages_and_the_template(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"ffc", "ffc_duckdb", "ffc_postgres", "ffc_sqlite"}
    template = {name for name in names if name.startswith("ffc/project_template/")}
    written = {
        f"ffc/project_template/{path.relative_to(ROOT / 'project_template').as_posix()}"
        for path in (ROOT / "project_template").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert template == written
    assert "ffc/py.typed" in names
    pages = {path.name for path in (ROOT / "ffc" / "explain" / "pages").glob("*.md")}
    assert {f"ffc/explain/pages/{name}" for name in pages} <= set(names)
    site = {p.relative_to(ROOT).as_posix() for p in (ROOT / "ffc" / "site").rglob("*.*")}
    assert {name for name in site if "__pycache__" not in name} <= set(names)


def test_the_demo_runs_from_it(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    binaries = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    _pip(binaries / "python", "install", "--constraint", ROOT / "constraints.txt", wheel)
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "PATH": f"{binaries}:/usr/bin:/bin"}

    def answer(*arguments: str) -> str:
        command = [binaries / "ffc", *arguments]
        done = subprocess.run(
            command, cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert '"values": [2, 5000]' in answer("demo")
    assert [path.name for path in home.iterdir()] == ["ffc-demo"]
    assert answer("explain", "FF201").startswith("FF201: ")
