"""Batches of a training set beside the same rows read from Parquet by pyarrow: medians, ratios.

    python tests/benchmarks/batching.py [--rows 1000000] [--rounds 5]

Both hand out every row in batches of a size, features and label; the client has fetched its rows
before. What the client does to them on the way (shuffle, split, filter) stands below.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from ffc.client.dataset import Dataset, Plan
from ffc.client.progress import progress_of
from ffc.client.stored import Fetched, StoredRows
from ffc.manifest.records import OutputColumn, OutputRole

FEATURES: Final = 30
BATCH: Final = 65_536
SIZES: Final = (256, 1_024, 8_192)


def made(folder: Path, rows: int) -> tuple[Dataset, Path]:
    """Write rows as Parquet, and as the client keeps them."""
    rng = np.random.default_rng(1)
    columns = {"key": pa.array([f"k{k}" for k in rng.integers(0, 100_000, rows)])}
    columns["at"] = pa.array(np.sort(rng.integers(0, 10**15, rows))).cast(pa.timestamp("us", "UTC"))
    columns |= {f"f{i}": pa.array(rng.random(rows).round(3)) for i in range(FEATURES)}
    columns["y"] = pa.array(rng.random(rows) < 0.1)
    table = pa.table(columns)
    path = folder / "rows.parquet"
    parquet.write_table(table, path)
    roles: dict[str, OutputRole] = {"key": "key", "at": "timestamp", "y": "label"}
    told = tuple(
        OutputColumn(name=name, role=roles.get(name, "feature"), type="", origin=name)
        for name in table.column_names
    )

    @contextmanager
    def fetch() -> Iterator[Fetched]:
        yield Fetched(schema=table.schema, rows=rows, batches=iter(table.to_batches(BATCH)))

    stored = StoredRows(folder / "rows.arrow", fetch, progress_of("rows", False))
    stored.fetch()
    return Dataset(stored, Plan(name="rows", columns=told)), path


def read_parquet(path: Path, size: int) -> int:
    """Read every batch with pyarrow; return how many rows came."""
    with parquet.ParquetFile(path) as file:
        names = [name for name in file.schema_arrow.names if name not in ("key", "at")]
        return sum(batch.num_rows for batch in file.iter_batches(size, columns=names))


def read_client(data: Dataset) -> int:
    """Take every batch, features and label; return how many rows came."""
    count = 0
    for features, _ in data:
        count += features.num_rows
    return count


def compared(works: dict[str, Callable[[], int]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each, done in turn."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(each[1:]) for name, each in taken.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data, path = made(Path(folder), options.rows)
        print(f"{options.rows:,} rows x {FEATURES} features; rows a second, and speed to pyarrow's")
        for size in SIZES:
            works = {
                "pyarrow": lambda size=size: read_parquet(path, size),
                "batch": lambda size=size: read_client(data.batch(size)),
            }
            _print(f"batches of {size:,}", compared(works, options.rounds), options.rows)
        train, _ = data.split(by="key")
        works = {
            "pyarrow": lambda: read_parquet(path, 1_024),
            "shuffle": lambda: read_client(data.shuffle(100_000).batch(1_024)),
            "split by key": lambda: read_client(train.batch(1_024)),
            "filter": lambda: read_client(data.filter("f0 > 0.5").batch(1_024)),
            "numpy": lambda: sum(len(x) for x, _ in data.batch(1_024, backend="numpy")),
        }
        _print("batches of 1,024", compared(works, options.rounds), options.rows)


def _print(what: str, taken: dict[str, float], rows: int) -> None:
    base = taken["pyarrow"]
    for name, seconds in taken.items():
        print(f"{what:<18} {name:<14} {rows / seconds:>14,.0f}  {base / seconds:>5.2f}")


if __name__ == "__main__":
    main()
