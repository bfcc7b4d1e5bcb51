"""The cache on disk: what it spares, and that nothing can be told from the answers."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.cli import Result, ffc, write_files
from support.projects import FILES

from ffc.manifest import files as files_module
from ffc.workspace import cache as cache_module
from ffc.workspace.folder import Workspace, compile_workspace, write_workspace

HEAVY = ("sqlglot", "duckdb", "jinja2", "pyarrow", "ffc.compiler", "ffc_duckdb")
SQL = "transformations/clean.sql"
NAMES = ("index", "facts", "facts-recent", "manifest-", "outline-")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_files(tmp_path, FILES)
    return tmp_path


def _edit(project: Path, path: str, old: str, new: str) -> None:
    text = (project / path).read_text()
    assert old in text
    (project / path).write_text(text.replace(old, new))


def _compiled(project: Path, *arguments: str) -> Result:
    return ffc(project, "compile", *arguments)


def _target(project: Path) -> dict[str, bytes]:
    """Return what a compilation wrote for people."""
    paths = [project / "target/manifest.json", *(project / "target/compiled").glob("*")]
    return {path.name: path.read_bytes() for path in paths if path.exists()}


def _same_as_without(project: Path, *arguments: str) -> Result:
    """Compile with the cache and without, and tell that nobody can tell."""
    with_it = _compiled(project, *arguments)
    written = _target(project)
    without = _compiled(project, "--no-cache", *arguments)
    assert (with_it.code, with_it.stdout, with_it.stderr) == (
        without.code,
        without.stdout,
        without.stderr,
    )
    if with_it.code == 0:
        assert written == _target(project)
    return with_it


def _cached(project: Path) -> list[Path]:
    return sorted((project / "target/facts").glob("*"))


def _works(project: Path) -> bool:
    """Tell whether a compilation has something to work out."""
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from ffc.workspace.folder import compile_workspace, write_workspace\n"
        f"workspace = compile_workspace(Path({str(project)!r}), None, None)\n"
        "write_workspace(workspace)\nassert workspace.ok\nprint('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return bool({*HEAVY} & {*done.stdout.split()})


def test_an_unchanged_project_is_not_compiled(project: Path) -> None:
    assert _works(project)
    assert not _works(project)
    _edit(project, SQL, ">=", ">")
    assert _works(project)
    _edit(project, SQL, "amount >", "amount >=")
    assert not _works(project), "what was undone is known again"


def test_without_the_cache_nothing_is_kept(project: Path) -> None:
    assert _compiled(project, "--no-cache").code == 0
    assert _cached(project) == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("profiles.yml", "schema: ", "schema: other_"),
        ("profiles.yml", "target: dev", "target: dve"),
        ("profiles.yml", "type: sqlite", "type: sqlight"),
        ("ffc.yml", "profile: test", "profile: tset"),
        ("ffc.yml", "least: 0", "least: 5"),
        (SQL, ">=", ">=="),
        ("features/all.yml", "ttl: 30d", "ttl: 31d"),
    ],
)
def test_whatever_is_edited_is_seen(project: Path, path: str, old: str, new: str) -> None:
    _same_as_without(project)
    _edit(project, path, old, new)
    _same_as_without(project)
    _same_as_without(project, "--output", "json")
    _edit(project, path, new, old)
    assert _same_as_without(project).code == 0


def test_warnings_are_said_again(project: Path) -> None:
    _edit(project, "features/all.yml", "    created: loaded\n", "")
    said = _same_as_without(project)
    assert "FF503" in said.stderr
    assert _compiled(project) == said
    assert _same_as_without(project, "--strict").code == 1
    assert _same_as_without(project).code == 0


def test_errors_are_said_again(project: Path) -> None:
    _edit(project, SQL, "select user_id", "select user_ld")
    said = _same_as_without(project)
    assert "FF303" in said.stderr
    assert _compiled(project) == said


def test_variables_and_the_environment_are_seen(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _edit(
        project,
        SQL,
        "{{ var('least', 0) }}",
        "{{ env_var('FFC_TEST_LEAST', '0') }} + {{ var('least') }}",
    )
    _same_as_without(project)
    monkeypatch.setenv("FFC_TEST_LEAST", "9")
    _same_as_without(project)
    assert b"9 + 0" in _target(project)["transformation.clean.sql"]
    _same_as_without(project, "--vars", "{least: 3}")
    assert b"9 + 3" in _target(project)["transformation.clean.sql"]
    monkeypatch.delenv("FFC_TEST_LEAST")
    _same_as_without(project)
    assert b"0 + 0" in _target(project)["transformation.clean.sql"]


def test_what_lies_in_target_is_put_right(project: Path) -> None:
    assert _compiled(project).code == 0
    right = _target(project)
    compiled = project / "target/compiled"
    for spoil in (
        lambda: (project / "target/manifest.json").unlink(),
        lambda: (project / "target/manifest.json").write_text("{}"),
        lambda: (compiled / "transformation.clean.sql").write_text("select 2"),
        lambda: (compiled / "transformation.clean.sql").unlink(),
        lambda: (compiled / "transformation.other.sql").write_text("select 1"),
    ):
        spoil()
        assert _compiled(project).code == 0
        assert _target(project) == right


def _flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:40],
        _flip,
        lambda data: b"x" * 99,
    ],
    ids=["empty", "short", "head", "flipped", "other"],
)
@pytest.mark.parametrize("name", NAMES)
def test_damage_is_mended_without_a_word(
    project: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    assert _compiled(project).code == 0
    _edit(project, SQL, "where", "where true and")
    said = _compiled(project)
    paths = [path for path in _cached(project) if path.name.startswith(name)]
    assert paths
    for path in paths:
        path.write_bytes(damage(path.read_bytes()))
    assert _compiled(project) == said
    # What `ls` reads is the manifest.
    listed = ffc(project, "ls")
    assert (listed.code, listed.stdout.split()[0]) == (0, "entity.user")
    _edit(project, SQL, ">=", ">")
    _same_as_without(project)


def test_what_is_found_lately_is_kept_apart_until_it_is_much(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a save writes little, however large the project is."""
    monkeypatch.setattr(cache_module, "_FEW", 4000)
    assert _compiled(project).code == 0
    facts, recent = (project / "target/facts" / name for name in ("facts", "facts-recent"))
    before = facts.read_bytes()
    _edit(project, SQL, "select", "select 0 as n0,")
    _same_as_without(project)
    assert facts.read_bytes() == before
    assert 4000 > recent.stat().st_size > 100
    number = 0
    while facts.read_bytes() == before:
        _edit(project, SQL, f"{number} as n{number}", f"{number + 1} as n{number + 1}")
        number += 1
        assert _compiled(project).code == 0
        assert number < 30
    assert number > 1
    assert recent.stat().st_size < 100
    _same_as_without(project)


def test_what_another_writes_meanwhile_is_put_right(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an edit in its place one file is written; what others write then is not taken for ours."""
    assert _compiled(project).code == 0
    _edit(project, SQL, ">=", ">")
    other = project / "target/compiled/feature_view.spending.sql"
    write = files_module.write_atomically

    def slow(path: Path, *data: bytes) -> None:
        write(path, *data)
        if path.name == "manifest.json":
            other.write_text("another's")

    monkeypatch.setattr(files_module, "write_atomically", slow)
    workspace = compile_workspace(project, None, None)
    assert workspace.ended.edited is not None
    write_workspace(workspace)
    monkeypatch.undo()
    assert other.read_text() == "another's"
    assert _same_as_without(project).code == 0
    assert other.read_text() != "another's"


def test_a_folder_in_the_place_of_a_file_is_no_failure(project: Path) -> None:
    for name in ("index", "facts"):
        (project / "target/facts" / name).mkdir(parents=True)
    assert _same_as_without(project).code == 0


def test_where_nothing_can_be_kept_nothing_fails(project: Path) -> None:
    (project / "target").mkdir()
    (project / "target/facts").write_text("a file")
    assert _same_as_without(project).code == 0
    _edit(project, SQL, ">=", ">")
    assert _same_as_without(project).code == 0


def test_what_another_ffc_kept_is_not_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_workspace(compile_workspace(project, None, None))
    monkeypatch.setattr(cache_module, "_made_by", lambda: b"another")
    again = compile_workspace(project, None, None)
    assert again.ok
    assert again.cache.facts().kept(0) == {}
    write_workspace(again)


def test_a_manifest_that_was_lost_is_made_again(project: Path) -> None:
    first = compile_workspace(project, None, None)
    second = compile_workspace(project, None, None)
    for path in _cached(project):
        if path.name.startswith("manifest-"):
            path.unlink()
    assert second.manifest == first.manifest


def test_few_outcomes_are_kept(project: Path) -> None:
    for number in range(8):
        _edit(project, "ffc.yml", f"least: {number}", f"least: {number + 1}")
        assert compile_workspace(project, None, None).ok
    kept = [path.name for path in _cached(project) if path.name.startswith("manifest-")]
    assert 1 < len(kept) <= 4


def test_processes_share_it(project: Path) -> None:
    chance = random.Random(0)
    command = [sys.executable, "-m", "ffc", "compile", "-q"]
    for _ in range(3):
        running = []
        for _ in range(4):
            text = FILES[SQL].replace(">=", chance.choice((">", ">=", "<", "<=")))
            temporary = project / "new"
            temporary.write_text(text)
            temporary.replace(project / SQL)
            running.append(subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE))
        assert [process.communicate()[1] for process in running] == [b""] * 4
        assert [process.returncode for process in running] == [0] * 4
    _same_as_without(project)


def test_a_workspace_says_the_same_whether_it_was_known(project: Path) -> None:
    def told(workspace: Workspace) -> tuple[object, ...]:
        assert workspace.target is not None
        return (workspace.ok, workspace.manifest, workspace.diagnostics, workspace.target.name)

    assert told(compile_workspace(project, None, None)) == told(
        compile_workspace(project, None, None)
    )
    assert json.loads(_compiled(project, "--output", "json").stdout)["target"] == "dev"
