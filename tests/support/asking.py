"""Look features up for few rows, then for many, and print what memory each took at most, in KiB."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ffc import Client

BATCH = 50_000
SCHEMA = pa.schema([("user_id", pa.string()), ("at", pa.timestamp("us", tz="UTC"))])


def batches(count: int) -> Iterator[pa.RecordBatch]:
    """Yield rows that are made as they are read."""
    users = pa.array([f"u{number}" for number in range(1_000)])
    for number in range(count):
        rng = np.random.default_rng(number)
        times = pa.array(rng.integers(1_700_000_000_000_000, 1_710_000_000_000_000, BATCH))
        arrays = [users.take(pa.array(rng.integers(0, 1_000, BATCH))), times.cast(SCHEMA[1].type)]
        yield pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


if __name__ == "__main__":
    client = Client(sys.argv[1])
    for count in (20, 100):
        spine = pa.RecordBatchReader.from_batches(SCHEMA, batches(count))
        found = client.historical(["spending.*", "profile.*"], spine)
        assert sum(batch.num_rows for batch in found.arrow()) == count * BATCH
        sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")
