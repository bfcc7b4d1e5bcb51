"""The processes that answer: replaced, stopped, interrupted; and another server than ours."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from support.cli import ffc
from support.projects import FILES, small_project
from support.server import Server, serving

from ffc.core.errors import Unreachable
from ffc.serve.server import address, listening

ASK = {"features": ["spending.amount", "profile.country"], "entities": [{"user_id": "u1"}]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    views = {"features/all.yml": FILES["features/all.yml"].replace("    ttl: 30d\n", "")}
    built = small_project(tmp_path_factory.mktemp("workers") / "small", **views)
    assert ffc(built, "run").code == 0
    return built


def _copy(project: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(project, tmp_path / "small"))


def test_workers_share_their_figures_and_one_that_dies_is_replaced(
    project: Path, tmp_path: Path
) -> None:
    with serving(_copy(project, tmp_path), "--workers", "2") as found:
        for _ in range(40):
            assert found.call("POST", "/v1/features", ASK)[0] == 200
        name = 'ffc_requests_total{route="/v1/features",code="200"} '
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with urllib.request.urlopen(f"http://127.0.0.1:{found.port}/metrics") as told_by:
                lines = told_by.read().decode().splitlines()
            told = [line for line in lines if line.startswith(name)]
            if told == [f"{name}40"]:
                break
            time.sleep(0.2)
        assert told == [f"{name}40"]
        killed = found.workers()[-1]
        os.kill(killed, signal.SIGKILL)
        end = time.monotonic() + 10
        while time.monotonic() < end and (killed in found.workers() or len(found.workers()) < 2):
            assert found.call("POST", "/v1/features", ASK)[0] == 200
        assert len(set(found.workers()) - {killed}) == 2
        # All at once: whoever asks meanwhile waits for the first that is there again.
        for worker in found.workers():
            os.kill(worker, signal.SIGKILL)
        for _ in range(50):
            assert found.call("POST", "/v1/features", ASK)[0] == 200


@pytest.mark.slow
def test_a_worker_that_cannot_start_says_why_and_is_tried_again(
    project: Path, tmp_path: Path
) -> None:
    here = _copy(project, tmp_path)
    profiles = here / "profiles.yml"
    good = profiles.read_text()
    with serving(here, "--log-format", "json") as found:
        profiles.write_text("test: [")
        os.kill(found.workers()[0], signal.SIGKILL)
        time.sleep(6)
        profiles.write_text(good)
        assert found.call("POST", "/v1/features", ASK)[0] == 200
    told = [json.loads(line) for line in found.said.splitlines()[1:]]
    failed = [each for each in told if each["event"] == "worker_failed"]
    assert len(told) == len(failed) + 2
    assert 1 <= len(failed) <= 6
    assert all("is never closed" in each["message"] for each in failed)


def _interrupted(project: Path, port: int, until: Callable[[int], bool]) -> tuple[int, str]:
    """Interrupt a server as a terminal does, all its processes; return code and stderr."""
    command = [sys.executable, "-m", "ffc", "serve", "--quiet", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=project, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        end = time.monotonic() + 20
        while not until(process.pid) and time.monotonic() < end:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGINT)
        told = process.communicate(timeout=20)[1]
    return process.returncode, told


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.4])
def test_an_interrupt_while_workers_start_shows_nothing(project: Path, seconds: float) -> None:
    started: list[float] = []

    def until(pid: int) -> bool:
        if not started and Server(0, pid).workers():
            started.append(time.monotonic())
        return bool(started) and time.monotonic() - started[0] > seconds

    assert _interrupted(project, _port(), until) == (0, "")


def test_an_interrupt_does_not_reach_a_worker() -> None:
    code = (
        "import socket; from support.working import deaf; from ffc.serve.workers import keep\n"
        "if __name__ == '__main__': keep(deaf, socket.socket(), 1, patience=60)\n"
    )
    folder = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=50
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"[{int(signal.SIGINT)}]\n", "")


def test_of_two_servers_at_one_address_one_is_refused(project: Path) -> None:
    """Even before the first one answers."""
    with listening("127.0.0.1", 0) as bound:
        refused = ffc(project, "serve", "--port", str(bound.getsockname()[1]))
    assert refused.code == 1
    assert "can't listen on 127.0.0.1:" in refused.stderr
    assert "`--port`" in refused.stderr
    assert address("::1", 80) == "[::1]:80"
    with pytest.raises(Unreachable, match="Name or service not known") as told:
        listening("no.such.invalid", 80)
    assert told.value.help == ("name another one with `--host`",)
    assert ffc(project, "serve", "--host", "").code == 2


def test_a_second_interrupt_does_not_wait() -> None:
    began = time.monotonic()
    code = (
        "import os, signal, socket, threading, time; from support.working import stubborn;"
        "from ffc.serve.workers import keep\n"
        "if __name__ == '__main__':\n"
        "    def twice():\n"
        "        for _ in range(2): time.sleep(2); os.kill(os.getpid(), signal.SIGINT)\n"
        "    threading.Thread(target=twice, daemon=True).start()\n"
        "    keep(stubborn, socket.socket(), 1, patience=60)\n"
    )
    folder = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=50
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 20


def test_workers_end_with_the_process_that_keeps_them(project: Path, tmp_path: Path) -> None:
    with serving(_copy(project, tmp_path)) as found:
        (worker,) = found.workers()
        os.kill(found.pid, signal.SIGKILL)
        end = time.monotonic() + 10
        while time.monotonic() < end and Path(f"/proc/{worker}").exists():
            time.sleep(0.1)
        assert not Path(f"/proc/{worker}").exists()


THEIRS = """\
from ffc.serve.server import ServeOptions, application

app = application(
    ServeOptions(project={project!r}, profile="test", target="", host="", port=0)
)
"""


def test_another_asgi_server_serves_it_as_well(project: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(THEIRS.format(project=str(project)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port)]
    with subprocess.Popen(
        [*command, "theirs:app"], cwd=tmp_path, stdout=subprocess.DEVNULL
    ) as process:
        found = Server(port)
        told = (0, None)
        end = time.monotonic() + 20
        try:
            while told[0] != 200 and time.monotonic() < end:
                with suppress(OSError):
                    told = found.call("POST", "/v1/features", ASK)
        finally:
            process.terminate()
    assert told[1]["rows"][0]["values"] == [2.5, "NL"]
