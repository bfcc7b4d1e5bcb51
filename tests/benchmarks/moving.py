"""What a new deployment costs those who ask meanwhile: the slowest answers with and without one.

    python tests/benchmarks/moving.py [--views 200] [--rounds 5]

A project of so many views is served by one worker; three clients ask for ten features every two
milliseconds. In every second round the deployment is deployed anew. Prints medians over rounds of
p50, p99 and the slowest answer, of two seconds each.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import serving

from ffc.core.clock import stamp, utc_now
from ffc.workspace.folder import open_target

CLIENTS = 3
SECONDS = 2.0


def ask(port: int, end: float, taken: list[float]) -> None:
    """Ask until then; add how long each answer took."""
    body = json.dumps(serving.ours(1, 1))
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while time.perf_counter() < end:
        began = time.perf_counter()
        connection.request("POST", "/v1/features", body)
        response = connection.getresponse()
        response.read()
        taken.append(time.perf_counter() - began)
        if response.status != 200:
            raise RuntimeError(response.status)
        time.sleep(0.002)
    connection.close()


def measure(port: int, folder: Path, deploys: bool) -> tuple[float, float, float]:
    """Ask for some seconds; return p50, p99 and the slowest answer in milliseconds."""
    taken: list[float] = []
    end = time.perf_counter() + SECONDS
    threads = [threading.Thread(target=ask, args=(port, end, taken)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    if deploys:
        with open_target(folder, None, None) as opened:
            state, target = opened.session.state, opened.session.target.name
            deployed = state.deployment(target)
            assert deployed is not None
            state.deploy(target, deployed[1], stamp(utc_now()), "benchmark")
    for thread in threads:
        thread.join()
    taken.sort()
    places = (len(taken) // 2, len(taken) * 99 // 100, -1)
    p50, p99, slowest = (1e3 * taken[place] for place in places)
    return p50, p99, slowest


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--views", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        serving.project(folder, options.views, keys=100)
        port = serving.free_port()
        command = [sys.executable, "-m", "ffc", "serve", "--quiet", "--port", str(port)]
        with serving.served(command, folder, port, "/readyz"):
            measure(port, folder, False)
            found: dict[bool, list[tuple[float, float, float]]] = {False: [], True: []}
            for _ in range(options.rounds):
                for deploys, rounds in found.items():
                    rounds.append(measure(port, folder, deploys))
    for deploys, rounds in found.items():
        p50, p99, slowest = (statistics.median(each) for each in zip(*rounds, strict=True))
        what = "with a new deployment" if deploys else "without"
        print(f"{what:24} p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  slowest {slowest:6.2f} ms")


if __name__ == "__main__":
    main()
