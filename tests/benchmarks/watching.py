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
from pathlib import Path

from same_project import write_project

ENDED = re.compile(r"\x1b\[J$")
FOUND = re.compile(r"in ([\d.]+) (m?s); watching")


def main() -> None:
    """Measure, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--saves", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_project("ffc", folder, asked.nodes)
        waits, own = _measure(
            folder, folder / f"transformations/m{asked.nodes // 2}.sql", asked.saves
        )
    print(f"{asked.nodes} nodes, {asked.saves} saves: median (least-most), in ms")
    for name, found in (("save to screen", waits), ("of it compiling", own)):
        ms = [1000 * each for each in found]
        print(f"  {name:<16}{statistics.median(ms):>7.0f} ({min(ms):.0f}-{max(ms):.0f})")


def _measure(folder: Path, path: Path, saves: int) -> tuple[list[float], list[float]]:
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
    waits, own = [], []
    try:
        _drawn(ours)
        for number in range(saves):
            # What is written after it was drawn, and what is cleared up, is waited for.
            time.sleep(1)
            wrong = right.replace("a.amount >", f"a.amount_{number} >")
            started = time.perf_counter()
            path.write_text(right if number % 2 else wrong)
            said = _drawn(ours)
            waits.append(time.perf_counter() - started)
            took = FOUND.search(said)
            assert took is not None, said
            assert ("error" in said) == (number % 2 == 0), said
            own.append(float(took[1]) / (1000 if took[2] == "ms" else 1))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        os.close(ours)
    return waits, own


def _drawn(terminal: int) -> str:
    """Return what is drawn, up to the end of one drawing."""
    said = ""
    while not ENDED.search(said):
        assert select.select([terminal], [], [], 120)[0], said
        said += os.read(terminal, 65_536).decode(errors="replace")
    return said


if __name__ == "__main__":
    main()
