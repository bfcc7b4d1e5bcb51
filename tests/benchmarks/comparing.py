"""What it takes to compare two sides: where nothing differs, noise, one row, and every row.

    python tests/benchmarks/comparing.py [--rows 2000000]

Rows have a text and a time as their key, a whole number and a float. Each case is a process of its
own; prints seconds, rows a second of both sides together, and the most memory that it took.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ffc.run.looking.differing import Side, differing
from ffc.sql.comparison import Comparison

CASES = ("same", "noise", "one", "all")
BATCH = 65_536
SCHEMA = pa.schema(
    [
        ("c0", pa.string()),
        ("c1", pa.timestamp("us", tz="UTC")),
        ("c2", pa.int64()),
        ("c3", pa.float64()),
    ]
)
ASKED = Comparison(identity=("c0", "c1"), compared=("c2", "c3"), near=frozenset({"c3"}))


def side(count: int, case: str) -> Side:
    """Return rows that are made as they are read, bent as a case says."""

    def read() -> Iterator[pa.RecordBatch]:
        for start in range(0, count, BATCH):
            numbers = np.arange(start, min(start + BATCH, count))
            whole, floats = numbers.copy(), np.sin(numbers)
            if case == "noise":
                floats *= 1 + 2**-50
            if case == "one" and start == 0:
                whole[5] = -1
            if case == "all":
                whole += 1
            keys = pa.array(np.char.add("user", (numbers % 100_000).astype(str)))
            times = pa.array(numbers).cast(SCHEMA.field("c1").type)
            arrays = [keys, times, pa.array(whole), pa.array(floats)]
            yield pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)

    return Side(schema=SCHEMA, read=read)


def compare(count: int, case: str) -> None:
    """Compare the rows with those of a case, and print what it took."""
    began = time.perf_counter()
    found = differing(ASKED, (side(count, "same"), side(count, case)), 5)
    took = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    speed = 2 * count / took
    sys.stdout.write(
        f"{case:<6} {took:>7.1f} s  {speed:>10,.0f} rows/s  {memory:>6,} MB  "
        f"{found.changed:>10,} changed\n"
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--case", choices=CASES)
    options = parser.parse_args()
    if options.case:
        compare(options.rows, options.case)
        return
    for case in CASES:
        command = [sys.executable, __file__, "--rows", str(options.rows), "--case", case]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
