"""Frames answered by Feast's DuckDB store: run by the interpreter that has Feast.

    .venv-feast/bin/python tests/differential/ask_feast.py FOLDER

Each folder in FOLDER is a frame: frame.json says what its views are, data/ holds their files and, in
asking.parquet, the rows that ask. Feast's answer is put beside them, a file for each form in which
it gives one, or error.txt with what it raised. Prints the versions that answered.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.infra.offline_stores.duckdb import DuckDBOfflineStoreConfig
from feast.infra.online_stores.sqlite import SqliteOnlineStoreConfig
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import from_value_type

KINDS = {
    "string": ValueType.STRING,
    "int64": ValueType.INT64,
    "int32": ValueType.INT32,
    "float64": ValueType.DOUBLE,
    "bool": ValueType.BOOL,
    "timestamp": ValueType.UNIX_TIMESTAMP,
    # Feast has no dates: a column of them is declared as the nearest that it has.
    "date": ValueType.UNIX_TIMESTAMP,
    "decimal(6,2)": ValueType.DECIMAL,
}


def main() -> None:
    """Answer every frame."""
    for folder in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
        try:
            answer(folder)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the test judges it
            (folder / "error.txt").write_text(f"{type(problem).__name__}: {problem}")
    sys.stdout.write(
        json.dumps({name: version(name) for name in ("feast", "duckdb", "ibis-framework")})
    )


def answer(folder: Path) -> None:
    """Answer one frame, as Arrow and as pandas has it."""
    frame = json.loads((folder / "frame.json").read_text())
    store = FeatureStore(config=_config(folder))
    entities = {
        f"{name}_key{i}": Entity(name=f"{name}_key{i}", value_type=KINDS[kind])
        for name, kinds in frame["entities"].items()
        for i, kind in enumerate(kinds)
    }
    views = [_view(folder, view, entities) for view in frame["views"]]
    pairs = zip(views, frame["views"], strict=True)
    asked = [each for view, words in pairs for each in _in_roles(view, words)]
    service = FeatureService(name="asked", features=asked)
    store.apply([*entities.values(), *views, service])
    asking = pq.read_table(folder / "data" / "asking.parquet")
    asking = asking.to_pandas(integer_object_nulls=True)
    asking = asking.astype(dict.fromkeys(frame["integers"], "Int64"))
    job = store.get_historical_features(
        asking,
        service,
        full_feature_names=True,
        filter_by_created_timestamp=frame["as_known"],
    )
    pq.write_table(job.to_arrow(), folder / "arrow.parquet")
    pq.write_table(pa.Table.from_pandas(job.to_df()), folder / "pandas.parquet")


def _config(folder: Path) -> RepoConfig:
    return RepoConfig(
        project="frames",
        provider="local",
        registry=RegistryConfig(path=str(folder / "registry.db")),
        offline_store=DuckDBOfflineStoreConfig(),
        online_store=SqliteOnlineStoreConfig(path=str(folder / "online.db")),
        entity_key_serialization_version=3,
    )


def _view(folder: Path, view: dict[str, Any], entities: dict[str, Entity]) -> FeatureView:
    keys = [f"{view['entity']}_key{i}" for i in range(len(view["keys"]))]
    names = dict(zip(view["keys"], keys, strict=True))
    names |= {feature["column"]: feature["name"] for feature in view["features"]}
    source = FileSource(
        name=f"source_{view['name']}",
        path=str(folder / "data" / f"{view['source']}.parquet"),
        timestamp_field=view["timestamp"],
        created_timestamp_column=view["created"] or "",
        field_mapping=names,
    )
    fields = [
        Field(name=feature["name"], dtype=from_value_type(KINDS[feature["type"]]))
        for feature in view["features"]
    ]
    return FeatureView(
        name=view["name"],
        entities=[entities[key] for key in keys],
        ttl=timedelta(seconds=view["ttl"] or 0),
        schema=fields,
        source=source,
        online=False,
    )


def _in_roles(view: FeatureView, words: dict[str, Any]) -> Iterator[FeatureView]:
    """Yield a view once for each role that its entity has in the rows that ask."""
    for role, keys in words["roles"].items():
        own = [f"{words['entity']}_key{i}" for i in range(len(keys))]
        named = view.with_name(f"{role}_{view.name}")
        yield named.with_join_key_map(dict(zip(own, keys, strict=True)))


if __name__ == "__main__":
    main()
