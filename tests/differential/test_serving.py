"""Feast's own client pointed at `ffc serve`: what it is told is what Feast's own store tells it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from differential.test_feast import FEAST
from support.cli import PROFILES, ffc, write_files
from support.server import Server, serving

KEYS: Final = {"user_id": "string", "shop_id": "int64"}
VIEWS: Final[list[dict[str, Any]]] = [
    {
        "name": "profile",
        "keys": ["user_id"],
        "features": {"country": "string", "score": "float64"},
        "rows": [
            {"user_id": "u1", "country": "NL", "score": 2.0},
            {"user_id": "u2", "country": None, "score": 0.1},
            {"user_id": "\u00fc\U0001f600", "country": "", "score": -1e300},
        ],
    },
    {
        "name": "shops",
        "keys": ["shop_id"],
        "features": {"size": "int64", "big": "bool", "opened": "timestamp"},
        "rows": [
            {"shop_id": 1, "size": 2**53 + 1, "big": True, "opened": "2001-02-03T04:05:06Z"},
            {"shop_id": -(2**62), "size": -1, "big": False, "opened": "1960-01-01T00:00:00Z"},
        ],
    },
    {
        "name": "visits",
        "keys": ["user_id", "shop_id"],
        "features": {"count": "int64", "score": "float64"},
        "rows": [
            {"user_id": "u1", "shop_id": 1, "count": 7, "score": 0.5},
            {"user_id": "u2", "shop_id": -(2**62), "count": None, "score": 1.5},
        ],
    },
]
# Whom a service of Feast's asks is a model here.
SERVICES: Final = {"payer": [["profile", ["country"]], ["visits", ["count"]]]}
PAIRS: Final = [
    {"user_id": "u1", "shop_id": 1},
    {"user_id": "u2", "shop_id": -(2**62)},
    {"user_id": "u2", "shop_id": 1},
    {"user_id": "nobody", "shop_id": 5},
    {"user_id": "\u00fc\U0001f600", "shop_id": 1},
]
ALL: Final = [f"{view['name']}:{name}" for view in VIEWS for name in view["features"]]
ONCE: Final = [name for name in ALL if name != "visits:score"]
QUESTIONS: Final[list[dict[str, Any]]] = [
    {"features": ["profile:country"], "entities": [{"user_id": "u1"}]},
    {"features": ["profile:score", "profile:country"], "entities": [{"user_id": "nobody"}]},
    {"features": ["shops:size", "shops:opened"], "entities": [{"shop_id": 1}]},
    {"features": ONCE, "entities": PAIRS},
    {"features": ALL, "entities": PAIRS, "whole": True},
    {"features": ONCE, "entities": {key: [row[key] for row in PAIRS] for key in KEYS}},
    {"features": "payer", "entities": PAIRS},
    {"features": "payer", "entities": PAIRS, "whole": True},
]
# What both refuse, each in its words.
REFUSED: Final[list[tuple[dict[str, Any], str]]] = [
    ({"features": ALL, "entities": PAIRS}, "more than one feature is called `score`"),
    ({"features": ["profile:nope"], "entities": PAIRS[:1]}, "has no feature `nope`"),
    ({"features": ["nobody:knows"], "entities": PAIRS[:1]}, "no feature view `nobody`"),
    ({"features": ["profile:country"], "entities": [{"x": "u1"}]}, "`user_id` is missing"),
]
READ: Final = {
    "view": "shops",
    "key": "shop_id",
    "values": [1, -(2**62), 3],
    "features": ["size", "big", "opened"],
}


def _project(folder: Path) -> Path:
    """Write the same views as a project of ffc, which are static: they have no times of their own."""
    pair = [{"name": key, "type": kind} for key, kind in KEYS.items()]
    entities = [{"name": key["name"], "keys": [key]} for key in pair]
    resources = {
        "entities": [*entities, {"name": "pair", "keys": pair}],
        "sources": [{"name": "raw", "tables": [_table(view) for view in VIEWS]}],
        "feature_views": [_view(view) for view in VIEWS],
        "models": [
            {
                "name": name,
                "owner": "ml@example.com",
                "features": [f"{view}.{feature}" for view, own in picks for feature in own],
            }
            for name, picks in SERVICES.items()
        ],
    }
    folders = {"entities": "features", "feature_views": "features", "models": "training_sets"}
    files = {
        f"{folders.get(kind, kind)}/{kind}.yml": json.dumps({kind: found})
        for kind, found in resources.items()
    }
    for view in VIEWS:
        lines = [json.dumps(row) for row in view["rows"]]
        files[f"data/{view['name']}.json"] = "\n".join(lines)
    words = "name: small\nversion: 1\nprofile: test\n"
    return write_files(folder, {**files, "ffc.yml": words, "profiles.yml": PROFILES})


def _table(view: Mapping[str, Any]) -> dict[str, Any]:
    types = {key: KEYS[key] for key in view["keys"]} | view["features"]
    columns = [{"name": name, "type": kind} for name, kind in types.items()]
    return {"name": view["name"], "file": f"data/{view['name']}.json", "columns": columns}


def _view(view: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": view["name"],
        "entity": view["keys"][0] if len(view["keys"]) == 1 else "pair",
        "source": f"source('raw', '{view['name']}')",
        "timestamp": None,
        "online": True,
        "features": [{"name": name, "type": kind} for name, kind in view["features"].items()],
    }


@pytest.mark.slow
def test_feasts_client_is_told_what_its_own_store_tells_it(tmp_path: Path) -> None:
    assert FEAST.is_file(), f"{FEAST} is missing: run `make feast-env`"
    project = _project(tmp_path / "small")
    built = ffc(project, "run")
    assert built.code == 0, built.stderr
    with serving(project) as server:
        told = _asked_by_feast(tmp_path, server)
        for question, answer in zip(QUESTIONS, told["remote"], strict=False):
            assert "error" not in answer, answer
            _equals_ours(server, question, answer["values"])
    for remote, local in zip(told["remote"], told["local"], strict=True):
        assert ("error" in remote) == ("error" in local), (remote, local)
        if "error" not in local:
            # Columns are known by their names: their order is nobody's promise.
            assert remote["values"] == local["values"]
            assert remote["statuses"] == local["statuses"]
    for (_, said), answer in zip(REFUSED, told["remote"][len(QUESTIONS) :], strict=True):
        assert said in answer["error"]
    opened = int(datetime.fromisoformat("2001-02-03T04:05:06Z").timestamp())
    first, second, nobody = told["read"][0]
    assert first == {
        "size": ["int64_val", 2**53 + 1],
        "big": ["bool_val", True],
        "opened": ["unix_timestamp_val", opened],
    }
    assert second["size"] == ["int64_val", -1]
    assert nobody == {name: [None, None] for name in READ["features"]}


def _asked_by_feast(folder: Path, server: Server) -> Any:
    questions = [*QUESTIONS, *(question for question, _ in REFUSED)]
    asking = {
        "port": server.port,
        "keys": KEYS,
        "views": VIEWS,
        "services": SERVICES,
        "questions": questions,
        "read": READ,
    }
    (folder / "asking.json").write_text(json.dumps(asking))
    script = Path(__file__).with_name("ask_serving.py")
    command = [FEAST, "-W", "ignore", script, folder]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads((folder / "answered.json").read_text())


def _equals_ours(
    server: Server, question: Mapping[str, Any], values: Mapping[str, list[Any]]
) -> None:
    """The same is asked by rows, and every value compared."""
    asked, entities = question["features"], question["entities"]
    if not isinstance(entities, list):
        entities = [
            dict(zip(entities, row, strict=True)) for row in zip(*entities.values(), strict=True)
        ]
    dotted = {"model": asked}
    if isinstance(asked, list):
        dotted = {"features": [name.replace(":", ".") for name in asked]}
    status, told = server.call("POST", "/v1/features", {**dotted, "entities": entities})
    assert status == 200
    for index, column in enumerate(told["columns"]):
        name = column["name"] if question.get("whole") else column["name"].partition("__")[2]
        ours = [row["values"][index] for row in told["rows"]]
        if column["type"] == "timestamp":
            ours = [v and int(datetime.fromisoformat(v).timestamp()) for v in ours]
        assert values[name] == ours, name
