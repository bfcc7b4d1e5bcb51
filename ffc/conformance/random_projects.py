"""Random small projects: few keys and few instants, so that ties and edges are common."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ffc.conformance.projects import as_yaml, project_file, source_table
from ffc.core.arrow import arrow_type
from ffc.core.types import known_type

if TYPE_CHECKING:
    import pyarrow as pa

DAY: Final = 86_400
EPOCH: Final = datetime(2024, 1, 1)
KEY_TYPES: Final = ("string", "int64", "int32", "date", "bool", "decimal(6,2)")
FEATURE_TYPES: Final = ("int64", "float64", "string", "bool", "timestamp")


def random_project(seed: int) -> dict[str, Any]:
    """Return a project as plain data, as `brute_force.training_rows` reads it."""
    rng = random.Random(seed)
    entities = {
        f"e{i}": [rng.choice(KEY_TYPES) for _ in range(rng.choice((1, 1, 2)))]
        for i in range(rng.choice((1, 1, 2)))
    }
    sources: list[dict[str, Any]] = []
    views = [_view(rng, i, entities, sources) for i in range(rng.randint(1, 4))]
    label = _label(rng, entities)
    return {
        "entities": entities,
        "sources": sources,
        "views": views,
        "label": label,
        "boundary": rng.choice((None, None, "inclusive", "exclusive")),
        "as_known": rng.choice((None, None, True, False)),
        "include": [c for c in ("note",) if rng.random() < 0.3],
        "picks": _picks(rng, views, label),
    }


def _value(rng: random.Random, kind: str) -> Any:
    if kind == "string":
        return rng.choice(("", "a", "A", "b ", "é", "ab"))
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "date":
        return date(2024, 1, rng.randint(1, 3))
    if kind == "timestamp":
        return _time(rng)
    if kind.startswith("decimal"):
        return Decimal(rng.randint(-1, 2)).quantize(Decimal("0.01"))
    if kind == "float64":
        return rng.choice((float("nan"), float("inf"), -1.5, 0.0, -0.0, 2.0, 2.5))
    return rng.randint(-1, 2)


def _time(rng: random.Random) -> datetime:
    steps = (0, 0, 0, 1, -1, 999_999)
    return EPOCH + timedelta(hours=6 * rng.randint(0, 16), microseconds=rng.choice(steps))


def _maybe(rng: random.Random, value: Any, nulls: float = 0.1) -> Any:
    return None if rng.random() < nulls else value


def _view(
    rng: random.Random, index: int, entities: Mapping[str, Any], sources: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return a view; some read the source of one before them."""
    timed = [source for source in sources if source["timed"]]
    if timed and rng.random() < 0.4:
        source = rng.choice(timed)
    else:
        source = _source(rng, len(sources), entities)
        sources.append(source)
    columns = [name for name in source["columns"] if name.startswith("f")]
    chosen = rng.sample(columns, rng.randint(1, len(columns)))
    created = delay = None
    if source["timed"]:
        created, delay = rng.choice((("learned", None), (None, None), (None, 6 * 3600)))
    return {
        "name": f"v{index}",
        "entity": source["entity"],
        "source": source["name"],
        "rows": source["rows"],
        "keys": source["keys"],
        "timestamp": "at" if source["timed"] else None,
        "created": created,
        "delay": delay,
        "ttl": rng.choice((None, DAY, 2 * DAY)) if source["timed"] else None,
        "boundary": rng.choice((None, None, "inclusive", "exclusive")),
        "as_known": rng.choice((None, None, True, False)),
        "features": [_feature(rng, name, source["columns"][name]) for name in chosen],
    }


def _feature(rng: random.Random, column: str, kind: str) -> dict[str, Any]:
    default = _maybe(rng, _value(rng, kind), 0.5)
    if isinstance(default, float) and default != 2.0:
        default = 2.5
    return {"name": f"n{column}", "column": column, "type": kind, "default": default}


def _source(rng: random.Random, index: int, entities: Mapping[str, Any]) -> dict[str, Any]:
    entity = rng.choice(sorted(entities))
    kinds = entities[entity]
    keys = [f"k{i}" if rng.random() < 0.6 else f"own{i}" for i in range(len(kinds))]
    timed = rng.random() < 0.85
    columns = dict(zip(keys, kinds, strict=True))
    if timed:
        columns |= {"at": rng.choice(("timestamp", "timestamp", "date")), "learned": "timestamp"}
    columns |= {f"f{i}": rng.choice(FEATURE_TYPES) for i in range(rng.randint(1, 3))}
    rows = [
        {name: _maybe(rng, _value(rng, kind)) for name, kind in columns.items()}
        for _ in range(rng.randint(0, 14))
    ]
    if not timed:
        unique = {tuple(str(row[key]) for key in keys): row for row in rows}
        rows = list(unique.values())
    return {
        "name": f"s{index}",
        "entity": entity,
        "keys": keys,
        "columns": columns,
        "rows": rows,
        "timed": timed,
    }


def _label(rng: random.Random, entities: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, str] = {}
    roles: dict[str, dict[str, Any]] = {}
    for entity, kinds in entities.items():
        for role in (entity, f"{entity}_other")[: rng.choice((1, 1, 2))]:
            keys = [f"{role}_key{i}" for i in range(len(kinds))]
            columns |= dict(zip(keys, kinds, strict=True))
            roles[role] = {"entity": entity, "keys": keys}
    timestamp = "asked" if rng.random() < 0.9 else None
    columns |= {"asked": "timestamp"} if timestamp else {}
    columns |= {"note": "string", "y": "int64"}
    rows = [
        {name: _maybe(rng, _value(rng, kind), 0.05) for name, kind in columns.items()}
        for _ in range(rng.randint(0, 12))
    ]
    rows += [dict(row) for row in rng.sample(rows, min(2, len(rows)))]
    return {"roles": roles, "timestamp": timestamp, "column": "y", "columns": columns, "rows": rows}


def _picks(
    rng: random.Random, views: list[dict[str, Any]], label: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return what is picked: of every view something, now and then of a role or from before."""
    picks: dict[str, dict[str, Any]] = {}
    for number, view in enumerate(views):
        for feature in view["features"]:
            for role, named in label["roles"].items():
                if named["entity"] != view["entity"] or rng.random() < 0.3:
                    continue
                timed = view["timestamp"] and label["timestamp"]
                lag = rng.choice((0, 0, 6 * 3600, DAY)) if timed else 0
                column = f"c{len(picks)}"
                picks[column] = {
                    "column": column,
                    "view": number,
                    "feature": feature["name"],
                    "role": role,
                    "lag": lag,
                }
    if not picks:
        view = views[0]
        role = next(r for r, n in label["roles"].items() if n["entity"] == view["entity"])
        name = view["features"][0]["name"]
        picks["c0"] = {"column": "c0", "view": 0, "feature": name, "role": role, "lag": 0}
    return list(picks.values())


def tables_of(project: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the tables of a project, that of the label among them: name, columns, rows."""
    return [*project["sources"], {**project["label"], "name": "asking"}]


def arrow_table(source: Mapping[str, Any]) -> pa.Table:
    """Return the rows of a table, times without a zone."""
    import pyarrow as pa

    return pa.table(
        {
            name: pa.array(
                [row[name] for row in source["rows"]],
                pa.timestamp("us") if kind == "timestamp" else arrow_type(known_type(kind)),
            )
            for name, kind in source["columns"].items()
        }
    )


def write_rows(path: Path, source: Mapping[str, Any]) -> None:
    """Write the rows of a table as Parquet."""
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(arrow_table(source), path)


def project_files(project: Mapping[str, Any]) -> dict[str, str]:
    """Return the project's files; JSON is YAML."""
    label = project["label"]
    resources = {
        "sources": [
            {
                "name": "raw",
                "tables": [
                    source_table(s["name"], s["columns"], "parquet") for s in tables_of(project)
                ],
            }
        ],
        "entities": [
            {"name": name, "keys": [{"name": f"k{i}", "type": k} for i, k in enumerate(kinds)]}
            for name, kinds in project["entities"].items()
        ],
        "feature_views": [_view_words(view) for view in project["views"]],
        "labels": [
            {
                "name": "y",
                "source": "source('raw', 'asking')",
                "entities": label["roles"],
                "column": "y",
                **({"timestamp": label["timestamp"]} if label["timestamp"] else {}),
            }
        ],
        "training_sets": [_set_words(project)],
    }
    return {
        **project_file("random"),
        "features/all.yml": as_yaml(resources),
    }


def _view_words(view: Mapping[str, Any]) -> dict[str, Any]:
    words = {
        "name": view["name"],
        "entity": view["entity"],
        "source": f"source('raw', '{view['source']}')",
        "keys": {f"k{i}": key for i, key in enumerate(view["keys"]) if key != f"k{i}"},
        "features": [
            {k: _plain(v) for k, v in f.items() if k != "default" or v is not None}
            for f in view["features"]
        ],
    }
    for key in ("timestamp", "created", "boundary", "as_known"):
        if view[key] is not None and (view["timestamp"] or key not in ("timestamp", "created")):
            words[key] = view[key]
    for key in ("delay", "ttl"):
        if view[key] is not None:
            words[key] = f"{view[key]}s"
    return words


def _set_words(project: Mapping[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {"name": "ts", "label": "y", "include": project["include"]}
    for key in ("boundary", "as_known"):
        if project[key] is not None:
            words[key] = project[key]
    words["features"] = []
    for pick in project["picks"]:
        view = project["views"][pick["view"]]
        item = {"feature": f"{view['name']}.{pick['feature']}", "as": pick["column"]}
        if pick["role"] != view["entity"]:
            item["for"] = pick["role"]
        if pick["lag"]:
            item["lag"] = f"{pick['lag']}s"
        words["features"].append(item)
    return words


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
