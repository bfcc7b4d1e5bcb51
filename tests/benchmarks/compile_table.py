"""How long a person waits for the compiler, beside dbt and SQLMesh: `make bench-compile`.

Each tool reads the same project (`same_project.py`) in an environment of its own: cold, again with
nothing changed, again with what one transformation computes changed, and with a column more in it.
They take turns, so that whatever else the machine does meets them all. Seconds of the whole
command; medians, and the least and the most.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from same_project import touched, widened, write_project

ROOT = Path(__file__).parent.parent.parent
CASES = ("cold", "unchanged", "one touched", "a column more")
EDITS = {"one touched": touched, "a column more": widened}
# Nothing of what is measured talks to anyone.
QUIET = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true",
}


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool: how it reads a project, what it keeps between, where transformations lie."""

    name: str
    python: Path
    command: tuple[str, ...]
    kept: tuple[str, ...]
    folder: str
    packages: tuple[str, ...]

    @property
    def line(self) -> list[str]:
        """The command, of the tool's own environment."""
        return [str(self.python.with_name(self.command[0])), *self.command[1:]]


@dataclass
class Measured:
    """Seconds by case, and the most memory, in MB, that one command took."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    memory: float = 0

    def take(self, case: str, seconds: float, memory: float) -> None:
        """Add one measurement."""
        self.seconds.setdefault(case, []).append(seconds)
        self.memory = max(self.memory, memory)


TOOLS = (
    Tool(
        name="ffc",
        python=Path(sys.executable),
        command=("ffc", "compile"),
        kept=("target", ".ffc"),
        folder="transformations",
        packages=("ffc-feature-store", "sqlglot", "duckdb"),
    ),
    Tool(
        name="dbt",
        python=ROOT / ".venv-dbt" / "bin" / "python",
        command=("dbt", "parse", "--profiles-dir", "."),
        kept=("target", "logs"),
        folder="models",
        packages=("dbt-core", "dbt-duckdb"),
    ),
    Tool(
        name="sqlmesh",
        python=ROOT / ".venv-sqlmesh" / "bin" / "python",
        command=("sqlmesh", "dag", "dag.html"),
        kept=(".cache", "dag.html"),
        folder="models",
        packages=("sqlmesh", "sqlglot"),
    ),
)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--others-up-to", type=int, default=1000, metavar="NODES")
    asked = parser.parse_args()
    there = [tool for tool in TOOLS if tool.python.exists()]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}")
    for tool in there:
        print(f"  {tool.name}: {_versions(tool)}")
    print(f"\nseconds: median (least-most) of {asked.rounds}, tools in turn")
    print(f"{'nodes':>7} {'tool':<8}{''.join(f'{case:>22}' for case in CASES)}{'MB':>7}")
    medians = {}
    for nodes in asked.nodes:
        taking = [t for t in there if t.name == "ffc" or nodes <= asked.others_up_to]
        measured = measure(taking, nodes, asked.rounds)
        for name, found in measured.items():
            cells = "".join(f"{_cell(found.seconds[case]):>22}" for case in CASES)
            print(f"{nodes:>7} {name:<8}{cells}{found.memory:>7.0f}", flush=True)
        own = measured["ffc"].seconds
        medians[nodes] = {case: statistics.median(own[case]) for case in CASES}
    _print_growth(medians)
    _print_commands(asked.nodes[0], asked.rounds)


def measure(taking: Sequence[Tool], nodes: int, rounds: int) -> dict[str, Measured]:
    """Let the tools read a project of so many nodes, in turn."""
    found = {tool.name: Measured() for tool in taking}
    with tempfile.TemporaryDirectory() as temporary:
        for tool in taking:
            write_project(tool.name, Path(temporary) / tool.name, nodes)
        for number in range(rounds):
            for tool in taking:
                folder = Path(temporary) / tool.name
                for kept in tool.kept:
                    _take_away(folder / kept)
                for case in CASES:
                    if case in EDITS:
                        # Half way: as much hangs on it as on most.
                        path = folder / tool.folder / f"m{nodes // 2 + number}.sql"
                        path.write_text(EDITS[case](path.read_text()))
                    found[tool.name].take(case, *run(tool.line, folder))
    return found


def run(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Run a command to its good end; return its seconds, and its megabytes at most."""
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=said, stderr=said, env={**os.environ, **QUIET}
        )
        # `wait4` tells what this one process took; nothing else does.
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            sys.exit(f"{' '.join(command)} ended with {process.returncode}\n{said.read().decode()}")
    scale = 1024 if platform.system() == "Linux" else 1024 * 1024
    return seconds, used.ru_maxrss / scale


def _take_away(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _cell(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f})"


def _print_growth(medians: dict[int, dict[str, float]]) -> None:
    """Print how much longer a larger project takes, beside how much larger it is."""
    least, most = min(medians), max(medians)
    if least < most:
        ratios = ", ".join(f"{c} x{medians[most][c] / medians[least][c]:.1f}" for c in CASES)
        print(f"growth of ffc: nodes x{most / least:.1f}; {ratios}")


def _print_commands(nodes: int, rounds: int) -> None:
    """Print how long commands take that compile little or nothing, beside a bare Python."""
    ffc = str(Path(sys.executable).with_name("ffc"))
    cases = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "ffc --help": [ffc, "--help"],
        f"ffc ls, {nodes} nodes": [ffc, "ls"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_project("ffc", folder, nodes)
        run([ffc, "compile"], folder)
        for _ in range(3 * rounds):
            for name, command in cases.items():
                seconds[name].append(run(command, folder)[0])
    print()
    for name, taken in seconds.items():
        print(f"{name:<24}{_cell(taken):>22}")


def _versions(tool: Tool) -> str:
    script = (
        "import sys; from importlib.metadata import version;"
        "print(', '.join(f'{p} {version(p)}' for p in sys.argv[1:]))"
    )
    command = [str(tool.python), "-c", script, *tool.packages]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
