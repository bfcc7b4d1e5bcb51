"""Files that lie elsewhere: behind a web server that was started here, and in an object store."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from support.cli import ffc
from support.projects import FILES, small_project


class Shop(BaseHTTPRequestHandler):
    """Serves what `files` holds; a number is a status."""

    files: ClassVar[dict[str, bytes | int]] = {}
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        found = self.files.get(self.path, 404)
        self.send_response(found if isinstance(found, int) else 200)
        data = b"" if isinstance(found, int) else found
        cut = self.path.startswith("/cut")
        self.send_header("Content-Length", str(len(data) + (100 if cut else 0)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def shop() -> Iterator[str]:
    Shop.files, Shop.asked = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def project_of(folder: Path, url: str) -> Path:
    yaml = FILES["sources/raw.yml"].replace("data/events.csv", url)
    return small_project(folder, **{"sources/raw.yml": yaml})


def statuses(project: Path) -> dict[str, Any]:
    document = json.loads((project / "target" / "run_results.json").read_text())
    return {r["id"]: r for r in document["results"] if r["action"] == "build"}


EVENTS = FILES["data/events.csv"].encode()


def test_a_file_of_a_web_server(tmp_path: Path, shop: str) -> None:
    Shop.files["/events.csv"] = EVENTS
    project = project_of(tmp_path, f"{shop}/events.csv")
    assert ffc(project, "run").code == 0
    assert statuses(project)["source.raw.events"]["rows"] == {"out": 4}
    assert ffc(project, "run").code == 0
    assert {r["status"] for r in statuses(project).values()} == {"unchanged"}
    Shop.files["/events.csv"] = EVENTS + b"u9,1,true,2024-01-09T00:00:00Z,2024-01-09T00:00:00Z\n"
    assert ffc(project, "run").code == 0
    assert statuses(project)["source.raw.events"]["rows"] == {"out": 5}


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/none.csv", 404, "there is no file at"),
        ("/secret.csv", 401, "may not be read: HTTP status 401"),
        ("/broken.csv", 503, "can't be read: 503"),
        ("/cut.csv", EVENTS, "can't be read"),
    ],
)
def test_what_a_web_server_refuses(
    tmp_path: Path, shop: str, path: str, status: int | bytes, said: str
) -> None:
    Shop.files[path] = status
    project = project_of(tmp_path, f"{shop}{path}")
    refused = ffc(project, "run", "--retries", "0")
    assert refused.code == 1
    assert said in " ".join(refused.stderr.split())
    assert "FF900" not in refused.stderr


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That may pass: it is tried again."""
    monkeypatch.setattr("ffc.run.building.nodes.BACK_OFF", 0.01)
    project = project_of(tmp_path, "http://127.0.0.1:1/events.csv")
    refused = ffc(project, "run", "--retries", "2", "--output", "json")
    assert refused.code == 1
    said = " ".join(refused.stderr.split())
    assert "error[FF805]: nobody answers at `http://127.0.0.1:1/events.csv`" in said
    (found,) = (r for r in refused.json()["results"] if r["id"] == "source.raw.events")
    assert found["attempts"] == 3


def test_a_wrong_value_is_named_by_its_address(tmp_path: Path, shop: str) -> None:
    Shop.files["/events.csv"] = EVENTS + b"u9,much,true,2024-01-01,2024-01-01\n"
    refused = ffc(project_of(tmp_path, f"{shop}/events.csv"), "run")
    assert refused.code == 1
    said = " ".join(refused.stderr.split())
    assert f"`{shop}/events.csv`, line" in said
    assert "the column `amount` holds `much`" in said


def test_a_package_that_is_missing_is_named(tmp_path: Path) -> None:
    refused = ffc(project_of(tmp_path, "s3://shop/events.csv"), "run")
    assert refused.code == 1
    assert "pip install 's3fs'" in " ".join(refused.stderr.split())


def test_a_glob_of_an_object_store(tmp_path: Path) -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/shop/events-1.csv", EVENTS)
    project = project_of(tmp_path, "memory://shop/events-*.csv")
    assert ffc(project, "run").code == 0
    assert statuses(project)["source.raw.events"]["rows"] == {"out": 4}
    store.pipe("/shop/events-2.csv", EVENTS)
    assert ffc(project, "run").code == 0
    assert statuses(project)["source.raw.events"]["rows"] == {"out": 8}
    assert ffc(project, "run").code == 0
    assert {r["status"] for r in statuses(project).values()} == {"unchanged"}
    store.rm("/shop", recursive=True)
    refused = ffc(project, "run")
    assert refused.code == 1
    assert "no file matches `memory://shop/events-*.csv`" in " ".join(refused.stderr.split())


def test_nothing_that_was_fetched_stays(
    tmp_path: Path, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    Shop.files["/events.csv"] = EVENTS
    assert ffc(project_of(tmp_path / "p", f"{shop}/events.csv"), "run").code == 0
    assert list((tmp_path / "tmp").iterdir()) == []
