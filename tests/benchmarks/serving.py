"""What serving costs: requests a second beside an empty answer and beside Feast's server.

    python tests/benchmarks/serving.py [--rounds 5] [--seconds 3] [--feast PYTHON]

A project of five views with ten features each, of 10,000 keys, is served by one worker from SQLite;
the load comes from a process of its own over kept connections. `make feast-env` makes an environment
with Feast, whose server is given the same rows if its interpreter is there; the two take turns.
Prints requests a second, p50 and p99 in milliseconds, and the ratios; and what a call in process takes.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb

VIEWS: Final = 5
FEATURES: Final = 10
KEYS: Final = 10_000
FEAST: Final = Path(".venv-feast/bin/python")
WITH_FEAST: Final = Path(__file__).resolve().with_name("feast_serving.py")
LOAD: Final = Path(__file__).resolve().with_name("serving_load.py")
PROFILES: Final = """\
bench:
  target: dev
  outputs:
    dev:
      schema: dev
      offline: {type: duckdb, path: .ffc/bench.duckdb}
      online: {type: sqlite, path: .ffc/online.db}
"""


def project(folder: Path, views: int = VIEWS, keys: int = KEYS) -> None:
    """Write a project, run it, and so sync its views."""
    (folder / "data").mkdir()
    names = [f"f{n}" for n in range(FEATURES)]
    with duckdb.connect() as connection:
        connection.execute("select setseed(0.5)")
        for view in range(views):
            values = ", ".join(f"random() * 100 as {name}" for name in names)
            connection.execute(
                f"copy (select i::bigint as k, current_timestamp::timestamp - to_seconds(i) as e, "
                f"current_timestamp::timestamp as created, {values} from range({keys}) t(i)) "
                f"to '{folder / 'data' / f'r{view}.parquet'}'"
            )
    declared = ", ".join(f"{{name: {name}, type: float64}}" for name in names)
    columns = f"{{name: k, type: int64}}, {{name: e, type: timestamp}}, {declared}"
    tables = "".join(
        f"      - {{name: r{n}, file: data/r{n}.parquet, columns: [{columns}]}}\n"
        for n in range(views)
    )
    declarations = "".join(
        f"  - {{name: v{n}, entity: customer, source: \"source('raw', 'r{n}')\", timestamp: e, "
        f"delay: 0s, online: true, features: [{declared}]}}\n"
        for n in range(views)
    )
    files = {
        "ffc.yml": "name: bench\nversion: 1\nprofile: bench\n",
        "profiles.yml": PROFILES,
        "sources/raw.yml": f"sources:\n  - name: raw\n    tables:\n{tables}",
        "features/all.yml": "entities:\n  - {name: customer, keys: [{name: k, type: int64}]}\n"
        f"feature_views:\n{declarations}",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    subprocess.run([sys.executable, "-m", "ffc", "run", "--quiet"], cwd=folder, check=True)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(command: list[str], folder: Path, port: int, health: str) -> Iterator[int]:
    """Run a server until the block ends."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{health}", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def ours(entities: int, views: int) -> dict[str, Any]:
    """Return a request to ffc."""
    features = [f"v{v}.f{f}" for v in range(views) for f in range(FEATURES)]
    return {"features": features, "entities": [{"k": 7 * n} for n in range(entities)]}


def feasts(entities: int, views: int) -> dict[str, Any]:
    """Return the same request to Feast."""
    features = [f"v{v}:f{f}" for v in range(views) for f in range(FEATURES)]
    keys = {"k": [7 * n for n in range(entities)]}
    return {"features": features, "entities": keys, "full_feature_names": True}


def load(port: int, path: str, body: Any, concurrency: int, seconds: float) -> dict[str, float]:
    """Ask for some seconds; return requests a second, p50 and p99."""
    asked = {
        "port": port,
        "path": path,
        "body": json.dumps(body) if body is not None else "",
        "concurrency": concurrency,
        "seconds": seconds,
    }
    command = [sys.executable, str(LOAD), json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


CASES: Final = {"1 entity x 10 features": (1, 1), "100 entities x 50 features": (100, VIEWS)}


def rounds(ports: dict[str, int], count: int, seconds: float) -> dict[str, list[dict[str, float]]]:
    """Ask every server in turn."""
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(count):
        ask = found.setdefault("empty", [])
        ask.append(load(ports["ffc"], "/healthz", None, 16, seconds))
        for name, size in CASES.items():
            asks = {"ffc": ("/v1/features", ours(*size))}
            if "Feast" in ports:
                asks["Feast"] = ("/get-online-features", feasts(*size))
            for who, (path, body) in asks.items():
                told = load(ports[who], path, body, 16, seconds)
                found.setdefault(f"{who}, {name}", []).append(told)
    return found


def in_process(folder: Path) -> None:
    """Print what a call takes without a server."""
    from ffc import Client

    client = Client(folder)
    for name, (entities, views) in CASES.items():
        asked = ours(entities, views)
        taken = []
        for _ in range(max(200, 5_000 // entities)):
            started = time.perf_counter()
            client.features(asked["features"], asked["entities"])
            taken.append(time.perf_counter() - started)
        print(f"in process, {name}: {1e6 * statistics.median(taken):.0f} us")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--feast", type=Path, default=FEAST)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        project(folder)
        port = free_port()
        command = [sys.executable, "-m", "ffc", "serve", "--quiet", "--port", str(port)]
        ports = {"ffc": stack.enter_context(served(command, folder, port, "/readyz"))}
        if options.feast.exists():
            port = free_port()
            command = [str(options.feast.absolute()), str(WITH_FEAST), str(folder), str(port)]
            ports["Feast"] = stack.enter_context(served(command, folder, port, "/health"))
        else:
            print("without Feast: `make feast-env` makes an environment for it")
        found = rounds(ports, options.rounds, options.seconds)
        report(found)
        in_process(folder)


def report(found: dict[str, list[dict[str, float]]]) -> None:
    """Print medians and ratios."""
    medians = {
        name: {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        for name, rounds in found.items()
    }
    for name, told in medians.items():
        rate, p50, p99 = told["rate"], told["p50"], told["p99"]
        print(f"{name:36} {rate:9,.0f}/s  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms ({p99 / p50:.1f}x)")
    one = "1 entity x 10 features"
    print(f"{medians[f'ffc, {one}']['rate'] / medians['empty']['rate']:.2f} of an empty answer")
    for name in CASES:
        if f"Feast, {name}" in medians:
            ratio = medians[f"ffc, {name}"]["rate"] / medians[f"Feast, {name}"]["rate"]
            print(f"{ratio:.1f} times Feast, {name}")


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main()
