"""`ffc docs`: written from a project or a manifest, refused where it would hurt, shown."""

from __future__ import annotations

import http.client
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.cli import ffc
from support.projects import small_project
from support.site_pages import pages_of

from ffc.cli import documenting


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path / "small")


def _site(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_projects_docs_are_written_without_a_connection(project: Path) -> None:
    done = ffc(project, "docs")
    assert (done.code, done.stdout) == (0, "target/docs/index.html\n")
    assert re.fullmatch(r"wrote the docs of \d+ nodes: \d+ files, \d+ kB\n", done.stderr)
    assert not (project / ".ffc").exists()
    home = pages_of(_site(project / "target" / "docs"))["index.html"]
    assert "small" in home.text


def test_they_are_the_same_from_the_manifest_alone(project: Path, tmp_path: Path) -> None:
    assert ffc(project, "compile").code == 0
    assert ffc(project, "docs", "generate").code == 0
    shutil.copy(project / "target" / "manifest.json", tmp_path / "manifest.json")
    done = ffc(tmp_path, "docs", "--manifest", "manifest.json")
    assert (done.code, done.stdout) == (0, "docs/index.html\n")
    assert _site(tmp_path / "docs") == _site(project / "target" / "docs")


def test_a_node_that_is_gone_takes_its_page_along(project: Path) -> None:
    assert ffc(project, "docs").code == 0
    page = project / "target" / "docs" / "nodes" / "training_set.main.html"
    assert page.is_file()
    (project / "training_sets" / "main.yml").unlink()
    assert ffc(project, "docs").code == 0
    assert not page.exists()
    assert (project / "target" / "docs" / "nodes" / "label.paid_back.html").is_file()


def test_a_project_that_is_wrong_leaves_the_docs_as_they_were(project: Path) -> None:
    assert ffc(project, "docs").code == 0
    before = _site(project / "target" / "docs")
    (project / "transformations" / "clean.sql").write_text("selec 1")
    done = ffc(project, "docs")
    assert (done.code, done.stdout) == (1, "")
    assert "error[FF" in done.stderr
    assert _site(project / "target" / "docs") == before


def test_a_folder_of_something_else_is_refused(project: Path) -> None:
    done = ffc(project, "docs", "--to", "data")
    assert done.code == 2
    assert "Invalid value for '--to': " in done.stderr
    assert "is no site that ffc wrote" in done.stderr
    assert (project / "data" / "events.csv").is_file()


def test_what_is_no_manifest_is_told(project: Path) -> None:
    done = ffc(project, "docs", "--manifest", "ffc.yml")
    assert done.code == 1
    assert "error[FF703]" in done.stderr


def test_quiet_and_json(project: Path) -> None:
    done = ffc(project, "docs", "-q", "--to", "site")
    assert (done.stdout, done.stderr) == ("site/index.html\n", "")
    told = ffc(project, "docs", "--output", "json", "--to", "site").json()
    assert told["folder"] == "site"
    listed = ffc(project, "ls", "--output", "json").json()
    assert told["nodes"] == len(listed["nodes"])
    assert told["files"] == len(_site(project / "site")) - 1


def test_the_first_page_is_opened(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(documenting.webbrowser, "open", lambda url: opened.append(url))
    done = ffc(project, "docs", "--open")
    assert done.code == 0
    assert opened == [(project / "target" / "docs" / "index.html").resolve().as_uri()]
    assert "no browser could be opened: the docs are at file:///" in done.stderr


@contextmanager
def _shown(project: Path, *arguments: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "ffc", "docs", *arguments, "--port", "0"]
    process = subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            found = re.search(r"serving the docs on http://127\.0\.0\.1:(\d+)/", line)
            if found:
                yield int(found[1]), process
                break
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        process.stderr.close()


def _get(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": f"{host}:{port}"})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize("words", [("--serve",), ("serve",)])
def test_the_site_is_shown_to_this_machine_until_it_is_interrupted(
    project: Path, words: tuple[str, ...]
) -> None:
    with _shown(project, *words) as (port, process):
        site = project / "target" / "docs"
        assert _get(port, "/") == (200, (site / "index.html").read_bytes())
        assert _get(port, "/assets/style.css")[0] == 200
        assert _get(port, "/nodes/")[0] == 404
        assert _get(port, "/../../ffc.yml")[0] == 404
        assert _get(port, "/", "evil.example")[0] == 403
        # Written anew meanwhile: the new site is what is shown.
        (project / "training_sets" / "main.yml").unlink()
        assert ffc(project, "docs").code == 0
        assert _get(port, "/nodes/training_set.main.html")[0] == 404
        assert _get(port, "/index.html") == (200, (site / "index.html").read_bytes())
    assert process.returncode == 0


def test_a_port_that_is_taken_is_told_before_anything_is_written(project: Path) -> None:
    with _shown(project, "serve", "--to", "site") as (port, _):
        done = ffc(project, "docs", "--serve", "--port", str(port))
    assert done.code == 1
    assert "error[FF803]" in done.stderr
    assert "`--port` takes another one" in done.stderr
    assert not (project / "target" / "docs").exists()
