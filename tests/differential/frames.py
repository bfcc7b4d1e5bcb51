"""Random frames to ask two feature stores with: rows of feature views, rows of keys and instants.

A frame is plain data, as `ffc.conformance.brute_force` reads it: what both stores can be told of and no
more. `unit` is how its times lie in files.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

HOUR: Final = 3600
EPOCHS: Final = (datetime(2024, 1, 1), datetime(2024, 3, 31), datetime(1969, 12, 31, 12))
KEY_TYPES: Final = ("string", "int64", "int32", "bool", "date", "decimal(6,2)")
FEATURE_TYPES: Final = (
    "int64",
    "int32",
    "float64",
    "string",
    "bool",
    "timestamp",
    "date",
    "decimal(6,2)",
)
UNITS: Final = ("us", "us", "ns", "ms", "us UTC")
TTLS: Final = (None, 1, 14 * 60, 6 * HOUR, 24 * HOUR)
TIME: Final = "event_timestamp"


def random_frame(seed: int) -> dict[str, Any]:
    """Return a frame; each seed draws its own habits, so that the habits meet in many ways."""
    rng = random.Random(f"frame {seed}")
    habits = _habits(rng)
    kinds = [[rng.choice(KEY_TYPES) for _ in range(count)] for count in habits["entities"]]
    entities = {f"e{index}": kind for index, kind in enumerate(kinds)}
    # Few keys, so that those who ask find some.
    habits["keys"] = {name: _pool(rng, kind, habits) for name, kind in entities.items()}
    sources = [_source(rng, i, entities, habits) for i in range(rng.randint(1, 3))]
    views = [_view(rng, i, source, habits) for i, source in enumerate(sources)]
    if rng.random() < 0.4:
        views.append(_view(rng, len(views), rng.choice(sources), habits))
    label = _label(rng, entities, views, habits)
    return {
        "seed": seed,
        "unit": habits["unit"],
        "entities": entities,
        "sources": sources,
        "views": views,
        "label": label,
        "boundary": "inclusive",
        "as_known": habits["as_known"],
        "include": [],
        "picks": _picks(views, label),
    }


def _habits(rng: random.Random) -> dict[str, Any]:
    unit = rng.choice(UNITS)
    finest = timedelta(milliseconds=1) if unit == "ms" else timedelta(microseconds=1)
    return {
        "unit": unit,
        "as_known": rng.random() < 0.2,
        "entities": rng.choice(((1,), (2,), (1, 1), (1, 2), (3,))),
        "roles": rng.choice((1, 1, 2)),
        "epoch": rng.choice(EPOCHS),
        # Few instants make ties, many make long histories.
        "steps": rng.choice((3, 8, 40, 400)),
        "step": rng.choice((timedelta(hours=6), timedelta(minutes=7), 3 * finest)),
        "finest": finest,
        "off": rng.choice((0.0, 0.3)),
        "rows": rng.choice((0, 14, 40, 40, 300)),
        "asked": rng.choice((1, 9, 25)),
        "twice": rng.choice((0, 3, 8)),
        "null_keys": rng.choice((0.0, 0.1)),
        "null_times": rng.choice((0.0, 0.1)),
        "null_asked": rng.choice((0.0, 0.0, 0.1)),
        "null_created": rng.choice((0.0, 0.2, 0.9)),
        "null_values": rng.choice((0.0, 0.2, 0.5)),
        "ending": "_y" if rng.random() < 0.05 else "",
    }


def _pool(rng: random.Random, kinds: list[str], habits: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [
        tuple(_value(rng, kind, habits) for kind in kinds) for _ in range(rng.choice((1, 3, 6)))
    ]


def _value(rng: random.Random, kind: str, habits: Mapping[str, Any]) -> Any:
    makers = {
        "string": lambda: rng.choice(("", "a", "A", "b ", "é", "ab", "1", "11")),
        "bool": lambda: rng.random() < 0.5,
        "date": lambda: date(2024, 1, rng.randint(1, 3)),
        "timestamp": lambda: _time(rng, habits),
        "float64": lambda: rng.choice((float("nan"), float("inf"), -1.5, 0.0, 0.1, 2.0, 1e300)),
        "int64": lambda: rng.choice((-1, 0, 1, 2, 11, 2**53 + 1)),
        "int32": lambda: rng.choice((-1, 0, 1, 2, 11)),
        "decimal(6,2)": lambda: Decimal(rng.randint(-1, 2)).quantize(Decimal("0.01")),
    }
    return makers[kind]()


def _time(rng: random.Random, habits: Mapping[str, Any]) -> datetime:
    """Return an instant on the frame's grid, now and then the finest step beside it."""
    at = habits["epoch"] + rng.randrange(habits["steps"]) * habits["step"]
    return at + rng.choice((-1, 1)) * habits["finest"] if rng.random() < habits["off"] else at


def _maybe(rng: random.Random, value: Any, nulls: float) -> Any:
    return None if rng.random() < nulls else value


def _source(
    rng: random.Random, index: int, entities: Mapping[str, Any], habits: Mapping[str, Any]
) -> dict[str, Any]:
    entity = rng.choice(sorted(entities))
    kinds = entities[entity]
    keys = [f"k{i}" if rng.random() < 0.6 else f"own{i}" for i in range(len(kinds))]
    columns = dict(zip(keys, kinds, strict=True)) | {"at": "timestamp", "learned": "timestamp"}
    columns |= {f"f{i}": rng.choice(FEATURE_TYPES) for i in range(rng.randint(1, 4))}
    nulls = {"at": habits["null_times"], "learned": habits["null_created"]}
    rows = [
        {
            **_keys(rng, keys, entity, habits),
            **{
                name: _maybe(rng, _value(rng, kind, habits), nulls.get(name, habits["null_values"]))
                for name, kind in columns.items()
                if name not in keys
            },
        }
        for _ in range(habits["rows"])
    ]
    return {
        "name": f"s{index}",
        "entity": entity,
        "keys": keys,
        "columns": columns,
        "rows": rows,
        "timed": True,
    }


def _keys(
    rng: random.Random, names: list[str], entity: str, habits: Mapping[str, Any]
) -> dict[str, Any]:
    found = rng.choice(habits["keys"][entity])
    return {n: _maybe(rng, v, habits["null_keys"]) for n, v in zip(names, found, strict=True)}


def _view(
    rng: random.Random, index: int, source: Mapping[str, Any], habits: Mapping[str, Any]
) -> dict[str, Any]:
    columns = [name for name in source["columns"] if name.startswith("f")]
    chosen = rng.sample(columns, rng.randint(1, len(columns)))
    return {
        "name": f"v{index}",
        "entity": source["entity"],
        "source": source["name"],
        "rows": source["rows"],
        "keys": source["keys"],
        "timestamp": "at",
        "created": rng.choice(("learned", None)),
        "delay": None,
        "ttl": 30 * HOUR if rng.random() < 0.03 else rng.choice(TTLS),
        "boundary": None,
        "as_known": None,
        "features": [
            {
                "name": f"n{name}{habits['ending']}",
                "column": name,
                "type": source["columns"][name],
                "default": None,
            }
            for name in chosen
        ],
    }


def _label(
    rng: random.Random,
    entities: Mapping[str, Any],
    views: list[dict[str, Any]],
    habits: Mapping[str, Any],
) -> dict[str, Any]:
    columns: dict[str, str] = {"row": "int64"}
    roles: dict[str, dict[str, Any]] = {}
    for entity, kinds in entities.items():
        for role in (entity, f"{entity}_other")[: habits["roles"]]:
            keys = [f"{role}_key{i}" for i in range(len(kinds))]
            columns |= dict(zip(keys, kinds, strict=True))
            roles[role] = {"entity": entity, "keys": keys}
    columns |= {TIME: "timestamp", "y": "int64"}
    rows = []
    for _ in range(habits["asked"]):
        row: dict[str, Any] = {"y": _maybe(rng, rng.randint(0, 1), 0.1)}
        for role in roles.values():
            row |= _keys(rng, role["keys"], role["entity"], habits)
        # Most ask on the grid of the values, a few before every value or after all.
        moved = rng.choice((0, 0, 0, 0, -habits["steps"], 1, habits["steps"]))
        at = _time(rng, habits) + moved * habits["step"]
        row[TIME] = _maybe(rng, at, habits["null_asked"])
        rows.append(row | _just_in_time(rng, views, roles) if rng.random() < 0.1 else row)
    rows += [dict(rng.choice(rows)) for _ in range(habits["twice"])]
    rows = [{"row": number, **row} for number, row in enumerate(rows)]
    return {"roles": roles, "timestamp": TIME, "column": "y", "columns": columns, "rows": rows}


def _just_in_time(
    rng: random.Random, views: list[dict[str, Any]], roles: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a key and the last instant at which the ttl of a view lets its newest value count."""
    found = [v for v in views if v["ttl"] and any(row["at"] for row in v["rows"])]
    if not found:
        return {}
    view = rng.choice(found)
    newest = max((row for row in view["rows"] if row["at"]), key=lambda row: row["at"])
    asked = {TIME: newest["at"] + timedelta(seconds=view["ttl"])}
    for role in roles.values():
        if role["entity"] == view["entity"]:
            values = (newest[name] for name in view["keys"])
            asked |= dict(zip(role["keys"], values, strict=True))
    return asked


def _picks(views: list[dict[str, Any]], label: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every feature of every view, for every role that its entity has.

    `feast` is what Feast calls it: there a view takes its role's name.
    """
    picks = [
        {
            "view": number,
            "feature": feature["name"],
            "role": role,
            "lag": 0,
            "feast": f"{role}_{view['name']}__{feature['name']}",
        }
        for number, view in enumerate(views)
        for role, named in label["roles"].items()
        if named["entity"] == view["entity"]
        for feature in view["features"]
    ]
    return [{"column": f"c{number}", **pick} for number, pick in enumerate(picks)]


def table_of(columns: Mapping[str, str], rows: list[Mapping[str, Any]], unit: str) -> pa.Table:
    """Return rows as Arrow, times in the frame's unit."""
    kinds = _ARROW | {"timestamp": _TIMES[unit]}
    return pa.table({n: pa.array([r[n] for r in rows], kinds[k]) for n, k in columns.items()})


_TIMES: Final = {
    "us": pa.timestamp("us"),
    "ns": pa.timestamp("ns"),
    "ms": pa.timestamp("ms"),
    "us UTC": pa.timestamp("us", "UTC"),
}
_ARROW: Final = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "decimal(6,2)": pa.decimal128(6, 2),
}
