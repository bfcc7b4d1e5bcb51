"""The newest values into SQLite by Feast, to compare with: run by the interpreter that has Feast.

    .venv-feast/bin/python tests/benchmarks/feast_syncing.py STATS.parquet

Prints seconds and rows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.infra.online_stores.sqlite import SqliteOnlineStoreConfig
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import Bool, Float64, Int32, Int64, String

KINDS = (*(Float64,) * 6, Int64, Int32, Bool, String)


def main() -> None:
    """Measure."""
    path = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = FeatureStore(
            config=RepoConfig(
                project="bench",
                provider="local",
                registry=RegistryConfig(path=str(folder / "registry.db")),
                online_store=SqliteOnlineStoreConfig(path=str(folder / "online.db")),
                entity_key_serialization_version=3,
            )
        )
        customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)
        view = FeatureView(
            name="stats",
            entities=[customer],
            schema=[Field(name=f"f{i}", dtype=kind) for i, kind in enumerate(KINDS)],
            source=FileSource(path=str(path), timestamp_field="seen"),
        )
        store.apply([customer, view])
        started = time.perf_counter()
        store.materialize(datetime(2023, 12, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
        took = time.perf_counter() - started
        store.teardown()
    sys.stdout.write(f"\n{took} {pq.read_metadata(path).num_rows}\n")


if __name__ == "__main__":
    main()
