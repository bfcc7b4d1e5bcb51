"""Looking at what was never built, and while others read and write."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from support.cli import ffc
from support.holder import held

from ffc_duckdb.files import open_file

# show


def test_show_of_what_was_never_built(project: Path) -> None:
    done = ffc(project, "show", "clean")
    assert (done.code, done.stderr) == (0, "")
    assert "transformation.clean" in done.stdout
    assert "none yet: `ffc run` deploys it" in done.stdout
    assert not (project / ".ffc").exists(), "who only looks makes no file"
    document = ffc(project, "show", "clean", "--output", "json").json()
    assert (document["build"], document["rows"]) == (None, [])


def test_show_finds_what_is_new_beside_what_is_deployed(built: Path, tmp_path: Path) -> None:
    project = tmp_path / "copy"
    shutil.copytree(built, project)
    (project / "transformations" / "more.sql").write_text("select 1 as a\n")
    assert "none yet" in ffc(project, "show", "more").stdout
    (project / "transformations" / "more.sql").write_text("selec")
    broken = ffc(project, "show", "more")
    assert broken.code == 1
    assert "the project does not compile" in broken.stderr
    assert ffc(project, "show", "clean").code == 0, "what is deployed needs no compiling"


# Several at a time


def test_looking_beside_a_notebook_that_reads(built: Path, tmp_path: Path) -> None:
    with held(built / ".ffc" / "test.duckdb", "read", tmp_path / "notebook.py"):
        assert ffc(built, "show", "clean").code == 0
        assert ffc(built, "query", "select 1 as a").code == 0
        assert ffc(built, "training-set", "main").code == 0


def test_looking_while_somebody_writes_says_who(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(open_file.__kwdefaults__, "patience", 0.2)
    with held(built / ".ffc" / "test.duckdb", "write", tmp_path / "notebook.py") as holder:
        for command in (["show", "clean"], ["query", "select 1"], ["training-set", "main"]):
            done = ffc(built, *command)
            assert done.code == 1
            said = " ".join(done.stderr.split())
            assert "error[FF803]: the DuckDB file `test.duckdb` is in use by the process" in said
            assert f" {holder.pid} (`python" in said
        assert ffc(built, "show", "clean", "--rows", "0").code == 0, "facts need no warehouse"


def test_a_run_waits_for_a_notebook_that_lets_go(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    (project / ".ffc").mkdir()
    duckdb.connect(project / ".ffc" / "test.duckdb").close()
    monkeypatch.setitem(open_file.__kwdefaults__, "patience", 20)
    with held(project / ".ffc" / "test.duckdb", "read", tmp_path / "notebook.py") as holder:
        timer = threading.Timer(0.5, holder.let_go)
        timer.start()
        assert ffc(project, "run").code == 0
        timer.join()
