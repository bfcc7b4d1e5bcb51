"""A training set by Feast's DuckDB store, to compare with: run by the interpreter that has Feast.

    .venv-feast/bin/python tests/benchmarks/feast_training.py FOLDER TABLES FEATURES

FOLDER has label.parquet and history_N.parquet. Prints seconds, peak memory in MB, rows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.infra.offline_stores.duckdb import DuckDBOfflineStoreConfig
from feast.infra.online_stores.sqlite import SqliteOnlineStoreConfig
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import Float64


def main() -> None:
    """Measure."""
    folder, tables, features = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as name:
        store = FeatureStore(config=_config(Path(name)))
        customer = Entity(name="customer", join_keys=["k"], value_type=ValueType.INT64)
        views = [_view(folder, number, features, customer) for number in range(tables)]
        store.apply([customer, *views])
        wanted = [f"v{n}:f{f}" for n in range(tables) for f in range(features)]
        started = time.perf_counter()
        label = pq.read_table(folder / "label.parquet").to_pandas()
        label = label.rename(columns={"t": "event_timestamp"})
        label["event_timestamp"] = label["event_timestamp"].dt.tz_localize("UTC")
        found = store.get_historical_features(label, wanted, full_feature_names=True).to_arrow()
        print(time.perf_counter() - started, peak(), found.num_rows)


def _config(folder: Path) -> RepoConfig:
    return RepoConfig(
        project="bench",
        provider="local",
        registry=RegistryConfig(path=str(folder / "registry.db")),
        offline_store=DuckDBOfflineStoreConfig(),
        online_store=SqliteOnlineStoreConfig(path=str(folder / "online.db")),
        entity_key_serialization_version=3,
    )


def _view(folder: Path, number: int, features: int, customer: Entity) -> FeatureView:
    source = FileSource(path=str(folder / f"history_{number}.parquet"), timestamp_field="e")
    schema = [Field(name=f"f{f}", dtype=Float64) for f in range(features)]
    return FeatureView(
        name=f"v{number}",
        entities=[customer],
        ttl=timedelta(0),
        schema=schema,
        source=source,
        online=False,
    )


def peak() -> int:
    """Return the most memory that this process had, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


if __name__ == "__main__":
    main()
