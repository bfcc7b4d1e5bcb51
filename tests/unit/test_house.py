"""The map in CONTRIBUTING is the house; the walls between its rooms hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("ffc", "adapters/ffc_duckdb", "adapters/ffc_postgres", "adapters/ffc_sqlite")


def _map() -> set[str]:
    """Return the paths that the map names: folders with a slash, files in their folder."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    block = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    assert block is not None
    paths, folder = set(), ""
    for line in block[1].splitlines():
        name = line.split()[0]
        if line.startswith(" "):
            paths.add(folder + name)
        else:
            folder = name if name.endswith("/") else ""
            paths.add(name)
    return paths


def test_the_map_names_every_room_and_module() -> None:
    drawn = _map()
    there = {"project_template/"}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if path.name in ("__init__.py", "__main__.py") or "commands" in path.parts:
                continue
            there.add(path.relative_to(ROOT).as_posix())
            if path.parent != ROOT / "ffc":
                there.add(path.parent.relative_to(ROOT).as_posix() + "/")
    there.add("ffc/cli/commands/")
    assert drawn - there == set(), "on the map, but not there"
    assert there - drawn == set(), "there, but not on the map"


def test_every_test_that_a_rule_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", (ROOT / "CONTRIBUTING.md").read_text()))
    assert len(named) > 20
    assert named - {path.name for path in (ROOT / "tests").rglob("test_*.py")} == set()


def test_the_import_rules_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "7 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    "room", ["core", "manifest", "sql", "site", "adapter", "connect", "online", "run", "serve"]
)
def test_nothing_right_of_the_manifest_imports_the_compiler(room: str) -> None:
    for path in (ROOT / "ffc" / room).rglob("*.py"):
        for name in _imports(path):
            assert not name.startswith(("ffc.project", "ffc.compiler", "ffc.cli")), path


@pytest.mark.parametrize("adapter", ["ffc_duckdb", "ffc_postgres", "ffc_sqlite"])
def test_adapters_import_only_the_adapter_api(adapter: str) -> None:
    modules = list((ROOT / "adapters" / adapter).glob("*.py"))
    assert modules
    for path in modules:
        for name in _imports(path):
            if name.split(".")[0] == "ffc":
                assert name == "ffc.adapter" or name.startswith("ffc.adapter."), (path, name)


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, path
            found.add(node.module or "")
    return found


def test_the_adapters_folder_is_no_package() -> None:
    assert not (ROOT / "adapters" / "__init__.py").exists()


def test_our_adapters_are_found_as_anyones() -> None:
    found = {
        (group, point.name): point.load().__module__.split(".")[0]
        for group in ("ffc.offline", "ffc.online", "ffc.state")
        for point in entry_points(group=group)
    }
    assert found == {
        ("ffc.offline", "duckdb"): "ffc_duckdb",
        ("ffc.offline", "postgres"): "ffc_postgres",
        ("ffc.online", "postgres"): "ffc_postgres",
        ("ffc.online", "sqlite"): "ffc_sqlite",
        ("ffc.state", "postgres"): "ffc_postgres",
        ("ffc.state", "sqlite"): "ffc_sqlite",
    }


def test_no_module_has_grown_too_long() -> None:
    for room in (*ROOMS, "tests"):
        for path in (ROOT / room).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 400, path
