"""The demo: a new project from nothing to an HTTP answer, each step said and shown."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from ffc.auth import local_user
from ffc.cli.diagnosing import show_diagnostics
from ffc.cli.progress import TerminalSink
from ffc.cli.starter import copy_template
from ffc.cli.widths import answer_width
from ffc.connect.session import Session
from ffc.core.errors import FfcError, ProjectError
from ffc.core.tables import render_records
from ffc.manifest.files import write_project
from ffc.run.events import Sink
from ffc.run.executor import run
from ffc.run.point_in_time.training import read_training_set
from ffc.run.requests import RunRequest
from ffc.run.sinks import ResultsSink
from ffc.workspace.folder import compile_workspace

SERVER_SECONDS: Final = 15.0
TRAINING_SET: Final = "fraud_training"
QUESTION: Final = {
    "features": ["customer_daily.txn_count_7d", "customer_profile.credit_limit"],
    "entities": [{"customer_id": "C00042"}],
}


def free_folder(parent: Path) -> Path:
    """Return the first of ffc-demo, ffc-demo-2, ... that does not exist."""
    number = 1
    while (folder := parent / ("ffc-demo" if number == 1 else f"ffc-demo-{number}")).exists():
        number += 1
    return folder


def show_demo(folder: Path) -> None:
    """Do it all, and say so on stdout."""
    started = time.monotonic()
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    _step(f"ffc init {shown}", "a fraud project: YAML, SQL and generated data")
    for name, rows in copy_template(folder).items():
        click.echo(f"  data/{name:<24} {rows:>7,} rows")
    _build(folder)
    _step("ffc serve", "the newest values over HTTP")
    with _server(folder) as port:
        click.echo(f"  POST http://127.0.0.1:{port}/v1/features")
        click.echo(_indented(_compact(QUESTION)))
        answer = _ask(port)
    click.echo("\n  answers\n")
    click.echo(_indented(_compact(answer)))
    click.secho(f"\nAll of that took {time.monotonic() - started:.1f} s. Next:\n", bold=True)
    if shutil.which("ffc") is None:
        folder_of_ffc = Path(sys.argv[0]).resolve().parent
        click.echo(f'  export PATH="{folder_of_ffc}:$PATH"')
    click.echo(f"  cd {shlex.quote(str(shown))}")
    click.echo(f"  ffc training-set {TRAINING_SET} --to training.parquet")
    click.echo("  ffc get customer_daily.txn_count_7d --key customer_id=C00007")
    click.echo("  ffc compile        # after a typo in features/customer.yml, say")


def _step(command: str, what: str) -> None:
    prompt, remark = click.style(f"$ {command}", bold=True), click.style(f"# {what}", dim=True)
    click.echo(f"\n{prompt}   {remark}\n")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))


def _compact(answer: Mapping[str, object]) -> str:
    """Lay out an answer with each of its columns and rows on a line."""
    lines = []
    for key, value in answer.items():
        if isinstance(value, list):
            items = ",\n".join(f"    {_json(item)}" for item in value)
            lines.append(f'  "{key}": [\n{items}\n  ]')
        else:
            lines.append(f'  "{key}": {_json(value)}')
    return "{\n" + ",\n".join(lines) + "\n}"


def _json(value: object) -> str:
    if isinstance(value, dict) and "entity" in value:
        parts = [f'"{key}": {json.dumps(part)}' for key, part in value.items()]
        return "{" + ",\n     ".join(parts) + "}"
    return json.dumps(value)


def _build(folder: Path) -> None:
    """Compile and run the project, and show some of its training set."""
    _step("ffc compile", "every check there is, no connection needed")
    workspace = compile_workspace(folder, None, None)
    show_diagnostics(workspace)
    if workspace.manifest is None or workspace.target is None:
        raise ProjectError("the demo's project does not compile", workspace.diagnostics)
    write_project(workspace.manifest, folder / "target")
    click.echo(f"  {len(workspace.manifest.nodes)} nodes, no errors: target/manifest.json")
    _step("ffc run", "tables and point-in-time training sets in DuckDB, values online")
    with Session(workspace.target) as session:
        file = ResultsSink(folder / "target" / "run_results.json")
        sinks: list[Sink] = [file, TerminalSink(err=False)]
        request = RunRequest(threads=1)  # one after the other is easier to follow
        results = run(
            workspace.manifest,
            session,
            principal=local_user(),
            request=request,
            sinks=sinks,
        )
        if results.status != "success":
            raise FfcError("the demo's run failed")
        _step(f"ffc training-set {TRAINING_SET}", "what was known at each label's instant")
        found = read_training_set(session, TRAINING_SET, principal=local_user(), limit=2)
        rows = [found.text_row(row) for batch in found.batches for row in batch.to_pylist()]
        names = [column.name for column in found.columns]
        click.echo(render_records(names, rows, answer_width()))


@contextmanager
def _server(folder: Path) -> Iterator[int]:
    """Serve the project from a process of its own on a free port, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "ffc", "serve", "--quiet", "--port", str(port)]
    # What the environment says of other projects is nothing to this one.
    others = {name: value for name, value in os.environ.items() if not name.startswith("FFC_")}
    environment = {**others, "FFC_PROJECT_DIR": str(folder)}
    process = subprocess.Popen(command, env=environment)
    try:
        _wait_until_ready(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=SERVER_SECONDS)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if _call(port, "GET", "/readyz", b"")[0] == http.client.OK:
                return
        except OSError:
            time.sleep(0.05)
    raise FfcError("the demo's server did not come up", help=["try `ffc serve` in its folder"])


def _ask(port: int) -> dict[str, object]:
    status, body = _call(port, "POST", "/v1/features", json.dumps(QUESTION).encode())
    if status != http.client.OK:
        raise FfcError(f"the demo's server answered {status}: {body.decode()}")
    answer: dict[str, object] = json.loads(body)
    return answer


def _call(port: int, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SERVER_SECONDS)
    try:
        connection.request(method, path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
