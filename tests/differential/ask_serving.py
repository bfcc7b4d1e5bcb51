"""Features asked of a server by Feast's client, and of Feast's own store: run by Feast's interpreter.

    .venv-feast/bin/python tests/differential/ask_serving.py FOLDER

FOLDER/asking.json has the server's port, the entities and views with their rows, and questions.
What Feast's client says is put beside it, in answered.json: for each question what it is told by the
server, over its remote store, and by its own SQLite store, into which the same rows were written.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource
from feast.infra.online_stores.remote import RemoteOnlineStoreConfig
from feast.infra.online_stores.sqlite import SqliteOnlineStoreConfig
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import Bool, Float64, Int64, String, UnixTimestamp
from feast.value_type import ValueType

TYPES = {
    "string": String,
    "int64": Int64,
    "float64": Float64,
    "bool": Bool,
    "timestamp": UnixTimestamp,
}
KEYS = {"string": ValueType.STRING, "int64": ValueType.INT64}


def main() -> None:
    folder = Path(sys.argv[1])
    asking = json.loads((folder / "asking.json").read_text())
    remote = RemoteOnlineStoreConfig(path=f"http://127.0.0.1:{asking['port']}")
    local = SqliteOnlineStoreConfig(path=str(folder / "feast.db"))
    stores = {"remote": _store(folder, "remote", remote), "local": _store(folder, "local", local)}
    for store in stores.values():
        _declare(folder, store, asking)
    for view in asking["views"]:
        stores["local"].write_to_online_store(view["name"], _frame(view))
    told = {name: [_ask(store, q) for q in asking["questions"]] for name, store in stores.items()}
    told["read"] = [_read(stores["remote"], asking["read"])]
    (folder / "answered.json").write_text(json.dumps(told))


def _store(folder: Path, name: str, online: Any) -> FeatureStore:
    return FeatureStore(
        config=RepoConfig(
            project="small",
            provider="local",
            registry=RegistryConfig(path=str(folder / f"{name}.registry.db")),
            online_store=online,
            entity_key_serialization_version=3,
        )
    )


def _declare(folder: Path, store: FeatureStore, asking: dict[str, Any]) -> None:
    entities = {
        key: Entity(name=key, join_keys=[key], value_type=KEYS[kind])
        for key, kind in asking["keys"].items()
    }
    views = {}
    for view in asking["views"]:
        path = folder / f"{view['name']}.parquet"
        _frame(view).to_parquet(path)
        views[view["name"]] = FeatureView(
            name=view["name"],
            entities=[entities[key] for key in view["keys"]],
            ttl=timedelta(0),
            schema=[Field(name=n, dtype=TYPES[kind]) for n, kind in view["features"].items()],
            source=FileSource(path=str(path), timestamp_field="event_timestamp"),
        )
    services = [
        FeatureService(name=name, features=[views[view][[*features]] for view, features in picks])
        for name, picks in asking["services"].items()
    ]
    store.apply([*entities.values(), *views.values(), *services])


def _frame(view: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(view["rows"])
    for name, kind in view["features"].items():
        if kind == "timestamp":
            frame[name] = pd.to_datetime(frame[name], utc=True)
        if kind == "int64":
            frame[name] = frame[name].astype("Int64")
    frame["event_timestamp"] = pd.Timestamp(2024, 1, 1, tz="UTC")
    return frame


def _ask(store: FeatureStore, question: dict[str, Any]) -> dict[str, Any]:
    asked = question["features"]
    features = store.get_feature_service(asked) if isinstance(asked, str) else asked
    try:
        found = store.get_online_features(
            features, question["entities"], full_feature_names=question.get("whole", False)
        )
    except Exception as problem:  # noqa: BLE001 (what Feast raises is what is asked)
        return {"error": str(problem)}
    names = found.proto.metadata.feature_names.val
    statuses = {
        name: [FieldStatus.Name(status) for status in column.statuses]
        for name, column in zip(names, found.proto.results, strict=True)
    }
    values = {n: [_plain(v) for v in column] for n, column in found.to_dict().items()}
    return {"values": values, "statuses": statuses}


def _read(store: FeatureStore, read: dict[str, Any]) -> list[dict[str, Any]]:
    """Read rows as Feast does below `get_online_features`, with the types of a view."""
    view = store.get_feature_view(read["view"])
    keys = [
        EntityKey(join_keys=[read["key"]], entity_values=[Value(int64_val=value)])
        for value in read["values"]
    ]
    found = store._get_provider().online_read(store.config, view, keys, read["features"])
    return [
        {name: _of_proto(value) for name, value in (values or {}).items()} for _, values in found
    ]


def _of_proto(value: Value) -> list[Any]:
    kind = value.WhichOneof("val")
    return [kind, None if kind is None else getattr(value, kind)]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: what Feast's store gives as a time its server gives as seconds."""
    if isinstance(value, datetime):
        zoned = value if value.tzinfo else value.replace(tzinfo=UTC)
        return int(zoned.timestamp())
    return value


if __name__ == "__main__":
    main()
