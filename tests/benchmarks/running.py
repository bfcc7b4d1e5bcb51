"""What a run costs beside the same SQL typed by hand into DuckDB: medians, spread, ratios.

    python tests/benchmarks/running.py [--views 1000] [--rows 50000000] [--rounds 3]

Prints: the overhead a node of many trivial views and tables, in milliseconds; that of one node that
takes over ten seconds, as a ratio; and the most memory that one takes under a limit of 4 GB.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

PROFILES = """\
bench:
  target: dev
  outputs:
    dev:
      schema: dev
      offline: {type: duckdb, path: .ffc/bench.duckdb, memory_limit: 4GB}
"""
SOURCE = """\
sources:
  - name: raw
    tables:
      - {name: one, file: data/one.csv, columns: [{name: n, type: int64}]}
"""
# Ten million groups of fifty million rows, sorted: more than fits, so that it is spilled to disk.
HEAVY = (
    "select k, count(*) as n, sum(v) as total, string_agg(v::varchar, ',' order by v) as listed "
    "from (select (hash(i) % {keys})::bigint as k, i as v from range({rows}) t(i)) group by k"
)


def project(folder: Path, transformations: dict[str, str]) -> Path:
    """Write a project of transformations over a source of one row."""
    files = {
        "ffc.yml": "name: bench\nversion: 1\nprofile: bench\n",
        "profiles.yml": PROFILES,
        "sources/raw.yml": SOURCE,
        "data/one.csv": "n\n1\n",
        **{f"transformations/{name}.sql": sql for name, sql in transformations.items()},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def ffc(folder: Path, command: str) -> None:
    """Run a command in a process of its own."""
    subprocess.run([sys.executable, "-m", "ffc", command, "--quiet"], cwd=folder, check=True)


def many(count: int, kind: str, rounds: int) -> None:
    """Print the overhead of many trivial nodes."""
    ours, compiling, hand = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = project(
                Path(name),
                {
                    f"t{i:04}": f"{{{{ config(materialized='{kind}') }}}}\n"
                    f"select n + {i} as n from {{{{ source('raw', 'one') }}}}\n"
                    for i in range(count)
                },
            )
            compiling.append(timed(lambda folder=folder: ffc(folder, "compile")))
            ours.append(timed(lambda folder=folder: ffc(folder, "run")))
        with tempfile.TemporaryDirectory() as name:
            hand.append(timed(lambda name=name: by_hand(Path(name), count, kind)))
    whole, compiled, typed = (statistics.median(times) for times in (ours, compiling, hand))
    each = 1000 * (whole - compiled - typed) / count
    print(
        f"{count} trivial {kind}s: ffc run {spread(ours)}, of that ffc compile {spread(compiling)}; "
        f"by hand {spread(hand)}; {each:.1f} ms a node beyond both"
    )


def by_hand(folder: Path, count: int, kind: str) -> None:
    """Do the same in DuckDB, and nothing else."""
    with duckdb.connect(folder / "hand.duckdb") as connection:
        connection.execute("create table one as select 1::bigint as n")
        for i in range(count):
            connection.execute(f"create {kind} t{i:04} as select n + {i} as n from one")


def heavy(rows: int, rounds: int) -> None:
    """Print the overhead, and the memory, of one node that takes long."""
    sql = HEAVY.format(rows=rows, keys=rows // 5)
    ours, hand = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            config = "{{ config(materialized='table') }} "
            folder = project(Path(name), {"heavy": config + sql})
            ours.append(timed(lambda folder=folder: ffc(folder, "run")))
        with tempfile.TemporaryDirectory() as name:
            typed = (
                "import duckdb, sys; c = duckdb.connect('hand.duckdb', "
                "config={'memory_limit': '4GB'}); c.execute('SET enable_progress_bar = false'); "
                "c.execute('create table t as ' + sys.argv[1])"
            )
            command = [sys.executable, "-c", typed, sql]
            hand.append(timed(partial(subprocess.run, command, cwd=name, check=True)))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    ratio = statistics.median(ours) / statistics.median(hand)
    print(
        f"{rows:,} rows into {rows // 5:,} groups under 4 GB: ffc run {spread(ours)}, by hand "
        f"{spread(hand)}: {ratio:.3f} times; at most {peak:.1f} GiB in a process"
    )


def spread(times: list[float]) -> str:
    """Return the median, and how far the others lie."""
    return f"{statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--views", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=50_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"DuckDB {duckdb.__version__}, Python {sys.version.split()[0]}, {options.rounds} rounds")
    if options.views:
        many(options.views, "view", options.rounds)
        many(options.views // 5, "table", options.rounds)
    if options.rows:
        heavy(options.rows, options.rounds)


if __name__ == "__main__":
    main()
