"""Go through few rows, then through many, and print what memory each took at most, in KiB."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from ffc.client.dataset import Dataset, Plan
from ffc.client.progress import progress_of
from ffc.client.stored import Fetched, StoredRows
from ffc.manifest.records import OutputColumn

BATCH = 20_000
ROLES = {"key": "key", "at": "timestamp", "a": "feature", "b": "feature", "y": "label"}
COLUMNS = tuple(OutputColumn(name=n, role=r, type="", origin=n) for n, r in ROLES.items())


def batch(number: int) -> pa.RecordBatch:
    """Return some rows."""
    rng = np.random.default_rng(number)
    arrays = [
        rng.integers(0, 1_000, BATCH),
        pa.array(rng.integers(0, 10**15, BATCH)).cast(pa.timestamp("us")),
        rng.random(BATCH),
        rng.random(BATCH),
        rng.integers(0, 2, BATCH),
    ]
    return pa.RecordBatch.from_arrays([pa.array(a) for a in arrays], names=list(ROLES))


def go_through(folder: Path, count: int) -> None:
    """Read so many batches in every way."""

    @contextmanager
    def fetch() -> Iterator[Fetched]:
        yield Fetched(schema=batch(0).schema, rows=None, batches=map(batch, range(count)))

    stored = StoredRows(folder / f"{count}.arrow", fetch, progress_of("rows", False))
    found = Dataset(stored, Plan(name="many", columns=COLUMNS))
    for by in ("time", "key", "random"):
        train, test = found.split(by=by)
        for each in (train, test):
            steps = each.filter("a > 0.01").shuffle(50_000).repeat(2).batch(1_000, backend="numpy")
            assert sum(len(one) for one in steps)


if __name__ == "__main__":
    for count in (20, 200):
        go_through(Path(sys.argv[1]), count)
        sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")
