"""What it costs to take old generations out of a SQLite store: medians, sizes, readers meanwhile.

    python tests/benchmarks/cleaning.py [--keys 1000000] [--rounds 3] [--refills 4]

Prints how large the store is after each of some refills of a view of ten features, with nothing taken
away, and with a clean after each; how long a clean takes of one generation and of several, with the
file rewritten; and how long a look-up takes alone and beside a clean, one of each sample beside the
other.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

from syncing import built, looked_up, opened, spread, view_of

from ffc.adapter import Options
from ffc.auth import Principal
from ffc.online.keys import KeyCodec
from ffc.online.sync import sync
from ffc.run import collecting
from ffc.run.collecting import Cleaned, clean
from ffc_sqlite import SQLiteOnlineStore


def size(folder: Path) -> str:
    """Return how large the store is, its log counted in."""
    found = sum(path.stat().st_size for path in (folder / ".ffc").glob("online.db*"))
    return f"{found / 2**20:.0f} MiB"


def refill(folder: Path) -> float:
    """Fill a new generation; return how long it took."""
    began = time.perf_counter()
    with opened(folder) as session:
        sync(session, "bench", principal=Principal("bench"), anew=True)
    return time.perf_counter() - began


def cleaned(folder: Path) -> tuple[float, Cleaned]:
    """Take away what was left; return how long it took, and what went."""
    # It has nobody to wait for.
    collecting.SEEN_SECONDS = 0.0
    began = time.perf_counter()
    with opened(folder) as session:
        found = clean(session, principal=Principal("bench"), grace=timedelta(0))
    return time.perf_counter() - began, found


def rows(found: Cleaned) -> int:
    """Return how many rows went."""
    return sum(count or 0 for _, count in found.taken)


def refills(folder: Path, number: int) -> None:
    """Print how large the store becomes with a clean after each refill; leave the last one's."""
    sizes, took, filled = [size(folder)], [], []
    for _ in range(number):
        filled.append(refill(folder))
        sizes.append(size(folder))
        seconds, _ = cleaned(folder)
        took.append(seconds)
        sizes.append(size(folder))
    print(f"refills, a clean after each: {', '.join(sizes)}; refills {spread(filled)}")
    print(f"  a clean of one generation: {spread(took)}")


def several(folder: Path, number: int) -> None:
    """Print how large the store becomes without a clean, and what one takes at last."""
    sizes, filled = [size(folder)], []
    for _ in range(number):
        filled.append(refill(folder))
        sizes.append(size(folder))
    seconds, found = cleaned(folder)
    print(f"refills, nothing taken away: {', '.join(sizes)}; refills {spread(filled)}")
    print(
        f"  a clean of {len(found.taken)} generations, {rows(found):,} rows: {seconds:.2f} s,"
        f" {seconds / rows(found) * 1e6:.2f} s a million; then {size(folder)}"
    )


def reads_beside(folder: Path, keys: int, rounds: int) -> None:
    """Print how long one look-up takes with nobody else there, and while rows are taken away."""
    _, _, served = view_of(folder)
    codec = KeyCodec("bench", "dev", served)
    wanted = [codec.encode([i * 2654435761 % 1099511627776]) for i in range(0, keys, 97)]
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(rounds):
        refill(folder)
        store = SQLiteOnlineStore(
            Options(where="bench", folder=folder, values={"path": ".ffc/online.db"})
        )
        looked_up(store, wanted, lambda: False)
        alone += looked_up(store, wanted, lambda: False)
        command = [sys.executable, "-m", "ffc", "clean", "--unused", "--grace", "0", "--quiet"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
            beside += looked_up(store, wanted, partial(_runs, process))
        assert process.returncode == 0
        store.close()
    for what, times in (("alone", alone), ("beside a clean", beside)):
        cuts = statistics.quantiles(times, n=1000)
        print(
            f"one look-up {what}: p50 {cuts[499] * 1e6:.0f} us, p99 {cuts[989] * 1e6:.0f} us,"
            f" p99.9 {cuts[998] * 1e6:.0f} us, most {max(times) * 1e3:.1f} ms, of {len(times):,}"
        )


def _runs(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--refills", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = built(Path(name) / "one", options.keys)
        other = Path(name) / "other"
        shutil.copytree(folder, other)
        several(other, options.refills)
        refills(folder, options.refills)
        reads_beside(folder, options.keys, options.rounds)


if __name__ == "__main__":
    main()
