"""How long after a save `ffc compile --watch` has drawn what is wrong, on a terminal.

In the project of `make bench-compile`. A save breaks a transformation half way, the next one mends
it; the clock runs from before the save to the last character drawn.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from same_project import touched, widened, write_project

ENDED = re.compile(r"\x1b\[J$")
FOUND = re.compile(r"in ([\d.]+) (m?s); watching")
MISTAKE = "a mistake"
# Each is made, and undone again.
EDITS = {
    MISTAKE: lambda text: text.replace("a.amount >", "a.amuont >"),
    "what it computes": touched,
    "a column more": widened,
}


def main() -> None:
    """Measure, and print a line for each kind of edit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--saves", type=int, default=12)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_project("ffc", folder, asked.nodes)
        found = _measure(folder, folder / f"transformations/m{asked.nodes // 2}.sql", asked.saves)
    print(f"{asked.nodes} nodes, {asked.saves} saves each: median (least-most), in ms")
    print(f"  {'':<18}{'save to screen':>20}{'of it compiling':>20}")
    for name, measured in found.items():
        cells = "".join(f"{_cell(each):>20}" for each in zip(*measured, strict=True))
        print(f"  {name:<18}{cells}")


def _cell(seconds: Sequence[float]) -> str:
    ms = [1000 * each for each in seconds]
    return f"{statistics.median(ms):.0f} ({min(ms):.0f}-{max(ms):.0f})"


def _measure(folder: Path, path: Path, saves: int) -> dict[str, list[tuple[float, float]]]:
    """Return how long each save took until it was drawn, and how much of it was compiling."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ffc", "compile", "--watch"],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    right = path.read_text()
    found: dict[str, list[tuple[float, float]]] = {}
    try:
        _drawn(ours)
        for name, edit in EDITS.items():
            for number in range(saves):
                # What is written after it was drawn, and what is cleared up, is waited for.
                time.sleep(1)
                is_edit = number % 2 == 0
                started = time.perf_counter()
                path.write_text(edit(right) if is_edit else right)
                said = _drawn(ours)
                waited = time.perf_counter() - started
                took = FOUND.search(said)
                assert took is not None, said
                assert ("error" in said) == (is_edit and name == MISTAKE), said
                own = float(took[1]) / (1000 if took[2] == "ms" else 1)
                found.setdefault(name, []).append((waited, own))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        os.close(ours)
    return found


def _drawn(terminal: int) -> str:
    """Return what is drawn, up to the end of one drawing."""
    said = ""
    while not ENDED.search(said):
        assert select.select([terminal], [], [], 120)[0], said
        said += os.read(terminal, 65_536).decode(errors="replace")
    return said


if __name__ == "__main__":
    main()
