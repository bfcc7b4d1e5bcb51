"""How long a person waits: `make bench`. Whole commands, interleaved with a floor, as ratios.

The floor of a command is a bare interpreter that imports what the command can't do without. Times
are medians of wall seconds; this is no test, nothing passes or fails.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9


def main() -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "fraud"
        _seconds([sys.executable, "-m", "ffc", "init", "--quiet", str(project)], Path(folder))
        cases = {
            "ffc --help": (["--help"], "import click"),
            "ffc compile": (["compile", "--quiet"], "import click, duckdb, jinja2, sqlglot, yaml"),
            "ffc run (unchanged)": (["run", "--quiet"], "import click, duckdb, pyarrow, sqlglot"),
            "ffc demo": (["demo"], "import click, duckdb, pyarrow, sqlglot"),
        }
        print(f"{'command':<22}{'seconds':>9}{'spread':>15}{'floor':>9}{'ratio':>8}")
        for name, (arguments, floor) in cases.items():
            _measure(name, [sys.executable, "-m", "ffc", *arguments], floor, project)


def _measure(name: str, command: list[str], floor: str, folder: Path) -> None:
    own, bare = [], []
    _seconds(command, folder)
    for _ in range(ROUNDS):
        own.append(_seconds(command, folder))
        bare.append(_seconds([sys.executable, "-c", floor], folder))
    median, least = statistics.median(own), statistics.median(bare)
    spread = f"{min(own):.3f}-{max(own):.3f}"
    print(f"{name:<22}{median:>9.3f}{spread:>15}{least:>9.3f}{median / least:>8.1f}")


def _seconds(command: list[str], folder: Path) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=60)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
