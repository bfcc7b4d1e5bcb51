"""The figures of a real server with several workers, kept in its state store."""

from __future__ import annotations

import os
import shutil
import signal
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from support.projects import open_session, ran_project
from support.server import Server, serving

ASK = {"features": ["spending.amount", "profile.country"], "entities": [{"user_id": "u1"}]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = ran_project(tmp_path_factory.mktemp("figures") / "small")
    return built


def copied(project: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(project, tmp_path / "small"))


def counted(server: Server) -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    asked = [line.rsplit(" ", 1) for line in lines if line.startswith("ffc_requests_total{")]
    return {label: int(count) for label, count in asked}


def kept(project: Path) -> list[dict[str, Any]]:
    with serving(project, "--offline") as server:
        found: list[dict[str, Any]] = server.call("GET", "/v1/figures?minutes=1440")[1]["minutes"]
        return found


def ask(server: Server, times: int) -> int:
    answered = 0
    end = time.monotonic() + 20
    while answered < times and time.monotonic() < end:
        try:
            answered += server.call("POST", "/v1/features", ASK)[0] == 200
        except OSError:
            time.sleep(0.05)
    return answered


def test_every_request_is_kept_once_whichever_worker_answered(
    project: Path, tmp_path: Path
) -> None:
    """Three workers, of which one is killed: what it answered is not lost, nor there twice."""
    here = copied(project, tmp_path)
    with serving(here, "--workers", "3") as server:
        assert ask(server, 60) == 60
        # What a worker counted lies with the others after a second.
        time.sleep(2.5)
        os.kill(server.workers()[0], signal.SIGKILL)
        assert ask(server, 40) == 40
    minutes = kept(here)
    assert 1 <= len(minutes) <= 3
    routes = [route for minute in minutes for route in minute["routes"]]
    codes = [r["codes"].get("200", 0) for r in routes if r["route"] == "/v1/features"]
    assert sum(codes) == 100
    assert sum(minute["entities"] for minute in minutes) == 100
    views = [(view["view"], view["statuses"]) for m in minutes for view in m["views"]]
    for name, status in (("profile", "ok"), ("spending", "expired")):
        assert sum(own[status] for view, own in views if view == name) == 100
    (latency,) = [r["seconds"] for r in routes if r["route"] == "/v1/features"][-1:]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"]


def test_a_server_that_starts_again_adds_to_what_was_kept(project: Path, tmp_path: Path) -> None:
    here = copied(project, tmp_path)
    for _ in range(2):
        with serving(here) as server:
            assert ask(server, 5) == 5
            assert counted(server)['ffc_requests_total{route="/v1/features",code="200"}'] == 5
    assert sum(minute["entities"] for minute in kept(here)) == 10


def test_the_route_says_what_it_takes(project: Path, tmp_path: Path) -> None:
    with serving(copied(project, tmp_path), "--offline") as server:
        status, told = server.call("GET", "/v1/figures")
        assert (status, told) == (200, {"schema": "ffc.figures/v1", "target": "dev", "minutes": []})
        status, told = server.call("GET", "/v1/figures?minutes=many")
        assert (status, told["error"]["field"]) == (422, "minutes")


def test_figures_that_cannot_be_kept_hurt_nobody(project: Path, tmp_path: Path) -> None:
    here = copied(project, tmp_path)
    state = here / ".ffc" / "state.db"
    with serving(here) as server:
        shutil.move(state, here / "away.db")
        state.mkdir()
        assert ask(server, 5) == 5
    assert server.said.count("figures_failed") == 1
    state.rmdir()
    shutil.move(here / "away.db", state)
    with open_session(here) as session:
        assert session.state.served("dev", "") == []


def test_a_manifest_alone_keeps_no_figures(project: Path, tmp_path: Path) -> None:
    here = copied(project, tmp_path)
    shutil.copy(here / "target" / "manifest.json", here / "manifest.json")
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        (here / ".ffc" / name).unlink(missing_ok=True)
    with serving(here, "--manifest", "manifest.json") as server:
        assert ask(server, 5) == 5
    assert "figures" not in server.said
    assert not (here / ".ffc" / "state.db").exists()
