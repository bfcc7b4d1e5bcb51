"""Feast's server over the same rows: run by the interpreter that has Feast.

    .venv-feast/bin/python tests/benchmarks/feast_serving.py PROJECT PORT

Materializes the Parquet files of the benchmark's project into Feast's SQLite store, and serves.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.infra.online_stores.sqlite import SqliteOnlineStoreConfig
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import Float64


def main(folder: Path, port: int) -> None:
    """Serve until told to stop."""
    config = RepoConfig(
        project="bench",
        provider="local",
        registry=RegistryConfig(path=str(folder / "feast_registry.db")),
        online_store=SqliteOnlineStoreConfig(path=str(folder / "feast_online.db")),
        entity_key_serialization_version=3,
    )
    store = FeatureStore(config=config)
    customer = Entity(name="k", value_type=ValueType.INT64)
    views = [
        FeatureView(
            name=f"v{path.stem[1:]}",
            entities=[customer],
            ttl=timedelta(days=3650),
            schema=[Field(name=f"f{n}", dtype=Float64) for n in range(10)],
            source=FileSource(path=str(path), timestamp_field="e"),
        )
        for path in sorted((folder / "data").glob("r*.parquet"))
    ]
    store.apply([customer, *views])
    now = datetime.now(UTC)
    store.materialize(now - timedelta(days=30), now)
    store.serve(
        "127.0.0.1",
        port,
        "http",
        no_access_log=True,
        workers=1,
        worker_connections=1000,
        max_requests=0,
        max_requests_jitter=0,
        keep_alive_timeout=30,
        registry_ttl_sec=600,
        tls_key_path="",
        tls_cert_path="",
        metrics=False,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
