"""Requests answered: what is read is what was stored, and JSON says the same as Python."""

from __future__ import annotations

import base64
import json
import math
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pytest

from ffc.adapter import WRITE_SCHEMA, Options
from ffc.auth import Principal
from ffc.core.errors import BadRequest
from ffc.manifest.served import ServedFeature, ServedKey, ServedSet, ServedView, Serving
from ffc.online import requests
from ffc.online.codec import RowCodec, version
from ffc.online.keys import KeyCodec, field_of
from ffc.online.lookup import FeatureReader
from ffc.online.requests import FeatureRequest
from ffc_sqlite import SQLiteOnlineStore

ME = Principal("tester")
NOW = datetime(2024, 6, 1, tzinfo=UTC)
RECENT = datetime(2024, 5, 31, 12, 30, 0, 5)
# Every type, with values at its edges.
VALUES: Final[dict[str, list[Any]]] = {
    "string": ["", "é\u2028\x00", "x" * 3000],
    "int32": [0, -(2**31), 2**31 - 1],
    "int64": [0, -(2**63), 2**53 + 1, 2**63 - 1],
    "float32": [0.5, math.nan, math.inf],
    "float64": [0.1, math.nan, -math.inf, 1.7976931348623157e308, 5e-324],
    "bool": [True, False],
    "timestamp": [datetime(1900, 1, 1), datetime(2024, 1, 2, 3, 4, 5, 6)],
    "date": [date(1, 1, 1), date(9999, 12, 31)],
    "decimal(12,2)": [Decimal("0.00"), Decimal("-1234567890.12")],
    "bytes": [b"", b"\x00\xff"],
    "json": ['{"a": [1, null]}'],
    "list<float64>": [[], [1.5, None, math.nan]],
    "list<timestamp>": [[datetime(2024, 1, 1), None]],
    "vector(3)": [[0.5, math.inf, 0.0]],
}
USER: Final = (ServedKey(name="user", type="string"),)
PAIR: Final = (ServedKey(name="shop", type="int64"), ServedKey(name="day", type="date"))


def _view(name: str, kinds: list[str], slot: int, **changes: Any) -> ServedView:
    variant = changes.pop("variant", "default")
    given = {"entity": "user", "keys": USER, "ttl": None} | changes
    features = [
        ServedFeature(name=f"f{n}", type=kind, default=n if kind == "int64" and n else None)
        for n, kind in enumerate(kinds)
    ]
    return ServedView(
        id=f"feature_view.{name}@{variant}",
        name=name,
        variant=variant,
        store="default",
        slot=slot,
        fingerprint=f"{name} {variant}",
        features=tuple(features),
        **given,
    )


VIEWS: Final = [
    _view("floats", ["float64"] * 4, 1, ttl=86_400),
    _view("whole", ["int64"] * 3, 2, ttl=3_600),
    _view("every", list(VALUES), 3),
    _view("day", ["float64", "string"], 4, entity="shop", keys=PAIR),
    _view("two", ["int32"], 5, variant="a"),
    _view("two", ["int32"], 6, variant="b"),
]
FLOATS, WHOLE = VIEWS[0].id, VIEWS[1].id
MIXED: Final = (("b", WHOLE, "f1"), ("a", FLOATS, "f0"), ("c", WHOLE, "f0"))
SERVING: Final = Serving(
    views=tuple(VIEWS),
    training_sets=(
        ServedSet(name="mixed", features=MIXED),
        ServedSet(name="past", features=(), refused="`x` is lagged: it needs history"),
        ServedSet(name="ahead", features=(("x", FLOATS, "f9"),)),
    ),
    models=(ServedSet(name="payer-rf", features=MIXED),),
)

# What a view holds of a key: status, event time, values.
Held = tuple[str, datetime | None, list[Any]]


def _entities() -> list[dict[str, Any]]:
    return [{"user": f"u{n}", "shop": n, "day": f"2024-01-0{n + 1}"} for n in range(8)]


def _key(view: ServedView, entity: Mapping[str, Any]) -> bytes:
    values = [entity[key.name] for key in view.keys]
    values = [
        date.fromisoformat(v) if k.type == "date" else v
        for k, v in zip(view.keys, values, strict=True)
    ]
    return KeyCodec("p", "t", view).encode(values)


def _held(view: ServedView, rng: random.Random) -> tuple[Held, bytes | None]:
    """Return what a key has, by chance, and the bytes of it; None where there are none."""
    codec = RowCodec(view.features)
    what = rng.choice(["ok", "ok", "ok", "missing", "gone", "error", "old", "timeless"])
    time = {"old": RECENT - timedelta(days=30), "timeless": None}.get(what, RECENT)
    values = [
        None if rng.random() < 0.2 else rng.choice(VALUES[feature.type])
        for feature in view.features
    ]
    if what == "missing":
        return ("missing", None, []), None
    if what == "gone":
        return ("missing", None, []), codec.tombstone(time, None)
    data = codec.encode(time, None, values)
    if what == "error":
        return ("error", None, []), rng.choice([data[:-1], b"\x09" + data[1:], b"", data + b"x"])
    limit = NOW.replace(tzinfo=None) - timedelta(seconds=view.ttl or 0)
    if view.ttl is not None and time is not None and time < limit:
        return ("expired", time, []), data
    return ("ok", time, values), data


class World:
    """A store with rows by chance, a reader of it, and what it should say."""

    def __init__(self, folder: Path, seed: int) -> None:
        rng = random.Random(seed)
        options = Options(where="here", folder=folder, values={"path": f"{seed}.db"})
        self.store = SQLiteOnlineStore(options)
        self.truth: dict[tuple[str, int], Held] = {}
        rows = []
        for view in VIEWS:
            for index, entity in enumerate(_entities()):
                self.truth[view.id, index], data = _held(view, rng)
                if data is not None:
                    rows.append(
                        [_key(view, entity), field_of(view), data, version(RECENT, None), None]
                    )
        columns = [pa.array(column, pa.binary()) for column in zip(*rows, strict=True)]
        self.store.write(pa.RecordBatch.from_arrays(columns, names=list(WRITE_SCHEMA)))
        self.reader = FeatureReader(
            SERVING, lambda _: self.store, project="p", target="t", deployment='d"1'
        )

    def expected(self, columns: list[tuple[str, str]], index: int) -> dict[str, Any]:
        """Return a row of an answer, worked out from what was stored."""
        values, statuses, times = [], [], []
        by_id = {view.id: view for view in VIEWS}
        for view_id, feature in columns:
            status, time, row = self.truth[view_id, index]
            number = int(feature[1:])
            found = row[number] if status == "ok" else by_id[view_id].features[number].default
            values.append(_as_json(found))
            statuses.append(status)
            times.append(None if time is None else f"{time.isoformat()}Z")
        return {
            "entity": _entities()[index],
            "values": values,
            "statuses": statuses,
            "event_times": times,
        }


def _as_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return str(value) if isinstance(value, date | Decimal) else value


def _whole(view: ServedView) -> list[tuple[str, str]]:
    return [(view.id, feature.name) for feature in view.features]


def _told(world: World, request: FeatureRequest) -> Any:
    return json.loads(b"".join(world.reader.respond(request, NOW, principal=ME)))


REQUESTS: Final[dict[str, tuple[dict[str, Any], list[tuple[str, str]]]]] = {
    "one view": ({"features": ["floats.*"]}, _whole(VIEWS[0])),
    "every type": ({"features": ["every.*"]}, _whole(VIEWS[2])),
    "some": ({"features": ["floats.f2", "floats.f0"]}, [(FLOATS, "f2"), (FLOATS, "f0")]),
    "again": ({"features": ["whole.f1", "whole.f1"]}, [(WHOLE, "f1"), (WHOLE, "f1")]),
    "across": (
        {"features": ["whole.f0", "floats.*", "whole.f2", "day.*"]},
        [(WHOLE, "f0"), *_whole(VIEWS[0]), (WHOLE, "f2"), *_whole(VIEWS[3])],
    ),
    "variants": (
        {"features": ["two@b.f0", "two@a.f0"]},
        [(VIEWS[5].id, "f0"), (VIEWS[4].id, "f0")],
    ),
    "set": ({"training_set": "mixed"}, [(view, feature) for _, view, feature in MIXED]),
    "model": ({"model": "payer-rf"}, [(view, feature) for _, view, feature in MIXED]),
    "model that asks": ({"model": "payer-rf", "features": ["whole.f1"]}, [(WHOLE, "f1")]),
}


@pytest.fixture(params=range(6))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, request.param)
    yield made
    made.store.close()


@pytest.mark.parametrize("case", REQUESTS)
def test_what_was_stored_is_answered(world: World, case: str) -> None:
    asked, columns = REQUESTS[case]
    # The last ones are more than are worked on at once.
    for numbers in ([0], [7, 3, 3, 0], list(range(8)), [], [n % 8 for n in range(300)]):
        entities = [_entities()[n] for n in numbers]
        request = FeatureRequest(**asked, entities=entities)
        told = _told(world, request)
        assert told["rows"] == [world.expected(columns, n) for n in numbers]
        assert (told["as_of"], told["deployment"]) == ("2024-06-01T00:00:00Z", 'd"1')
        answer = world.reader.read(request, NOW, principal=ME)
        assert msgspec.to_builtins(answer) == told
        request.metadata = False
        told = _told(world, request)
        plain = [{k: world.expected(columns, n)[k] for k in ("entity", "values")} for n in numbers]
        assert told["rows"] == plain
        assert msgspec.to_builtins(world.reader.read(request, NOW, principal=ME)) == told


def test_in_feasts_shape_are_the_same_values(world: World) -> None:
    """By column, of more entities than are looked up at a time; a time is seconds there."""
    from ffc.serve import feast

    picks = [f"every.{feature}" for _, feature in _whole(VIEWS[2])]
    entities = _entities() * 60
    asked = FeatureRequest(features=picks, entities=entities)
    rows = world.reader.read(asked, NOW, principal=ME)
    request = feast.FeastRequest(
        features=[pick.replace(".", ":") for pick in picks],
        entities={name: [entity[name] for entity in entities] for name in entities[0]},
    )
    found, parts = world.reader.found(feast.asked(request, ()), NOW, principal=ME)
    told = json.loads(b"".join(feast.answered(request, found, parts)))
    names = [pick.partition(".")[2] for pick in picks]
    assert told["metadata"]["feature_names"] == [*entities[0], *names]
    words = {"ok": "PRESENT", "missing": "NOT_FOUND", "expired": "OUTSIDE_MAX_AGE"}
    words["error"] = "INVALID"
    for index, own in enumerate(told["results"][len(entities[0]) :]):
        values = [row.values[index] for row in rows.rows]
        if "timestamp" in rows.columns[index].type:
            values = [_seconds(value) for value in values]
        assert own["values"] == values
        assert own["statuses"] == [words[row.statuses[index]] for row in rows.rows]
        times = [row.event_times[index] or "1970-01-01T00:00:00Z" for row in rows.rows]
        assert own["event_timestamps"] == times


def _seconds(value: Any) -> Any:
    if isinstance(value, list):
        return [_seconds(item) for item in value]
    return value and int(datetime.fromisoformat(value).timestamp())


def test_a_key_with_a_null_is_nobodys(tmp_path: Path) -> None:
    reader = World(tmp_path, 1).reader
    request = FeatureRequest(features=["day.f0"], entities=[{"shop": None, "day": "2024-01-01"}])
    (row,) = reader.read(request, NOW, principal=ME).rows
    assert (row.values, row.statuses) == ([None], ["missing"])
    request.entities = [{"shop": None, "day": 7}]
    with pytest.raises(BadRequest, match="`day` must be a date") as caught:
        reader.read(request, NOW, principal=ME)
    assert caught.value.field == "entities[0].day"


WRONG: Final[list[tuple[dict[str, Any], int, str, str]]] = [
    ({"features": []}, 422, "features", "no feature is asked for"),
    ({}, 422, "features", "one of them"),
    ({"features": ["floats.f0"], "training_set": "mixed"}, 422, "features", "one of them"),
    ({"training_set": "mixed", "model": "payer-rf"}, 422, "features", "one of them"),
    ({"training_set": "mixd"}, 404, "training_set", "no training set `mixd`"),
    ({"training_set": "past"}, 422, "training_set", "is lagged: it needs history"),
    ({"training_set": "ahead"}, 422, "training_set", "not among the synced features"),
    ({"model": "payer"}, 404, "model", "no model `payer`"),
    ({"model": "payer", "features": ["floats.f0"]}, 404, "model", "no model `payer`"),
    ({"features": ["floats.f0", "floats.x"]}, 404, "features[1]", "has no feature `x`"),
    ({"features": ["two.f0"]}, 404, "features[0]", "no feature view `two`"),
    ({"features": ["floats"]}, 404, "features[0]", "has no feature ``"),
]


@pytest.mark.parametrize(("asked", "status", "field", "said"), WRONG)
def test_what_can_not_be_answered(
    tmp_path: Path, asked: dict[str, Any], status: int, field: str, said: str
) -> None:
    reader = World(tmp_path, 1).reader
    request = FeatureRequest(**asked, entities=[])
    for ask in (reader.read, lambda *a, **k: list(reader.respond(*a, **k))):
        with pytest.raises(BadRequest, match=said) as caught:
            ask(request, NOW, principal=ME)
        assert (caught.value.status, caught.value.field) == (status, field)


def test_more_than_can_be_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = World(tmp_path, 1).reader
    for name, most, said in (
        ("MOST_ENTITIES", 1, "2 entities are asked about: 1 at the most"),
        ("MOST_FEATURES", 3, "4 features are asked for: 3 at the most"),
        ("MOST_VALUES", 7, "8 values are asked for: 7 at the most"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(requests, name, most)
            request = FeatureRequest(features=["floats.*"], entities=_entities()[:2])
            with pytest.raises(BadRequest, match=said):
                list(reader.respond(request, NOW, principal=ME))


def test_a_long_list_is_refused_before_it_is_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body holds hundreds of thousands of names, or of `view.*`: nothing is made of them."""
    reader = World(tmp_path, 1).reader
    width = len(_whole(VIEWS[2]))
    for names, said in (
        (["nobody.knows"] * 200_000, "200,000 features are asked for"),
        (["every.*"] * 1999, f"{(2000 // width + 1) * width:,} features are asked for"),
    ):
        with pytest.raises(BadRequest, match=said):
            reader.read(FeatureRequest(features=names, entities=[]), NOW, principal=ME)
    assert reader._picker._known == {}


def test_who_asks_is_checked_whatever_was_asked_before(tmp_path: Path) -> None:
    world = World(tmp_path, 1)
    world.reader._picker.models["payer"] = ServedSet(name="payer", features=())
    for _ in range(2):
        known = FeatureRequest(features=["floats.f0"], model="payer", entities=[])
        assert world.reader.read(known, NOW, principal=ME).rows == []
        unknown = FeatureRequest(features=["floats.f0"], model="nobody", entities=[])
        with pytest.raises(BadRequest, match="no model `nobody`"):
            world.reader.read(unknown, NOW, principal=ME)


def test_little_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked changes with every request, and so do times: no table grows for ever."""
    from ffc.online import picks, views

    monkeypatch.setattr(picks, "_REMEMBERED", 3)
    monkeypatch.setattr(views, "_REMEMBERED", 3)
    world = World(tmp_path, 2)
    whole = _whole(VIEWS[2])
    for n in range(1, len(whole) + 1):
        asked = [f"every.{feature}" for _, feature in whole[:n]]
        for index in range(8):
            request = FeatureRequest(features=asked, entities=[_entities()[index]])
            told = _told(world, request)
            assert told["rows"] == [world.expected(whole[:n], index)]
    assert len(world.reader._picker._known) <= 3
    monkeypatch.setattr(picks, "_REMEMBERED", 1000)
    monkeypatch.setattr(picks, "_COLUMNS", 2 * len(whole))
    for n in range(1, len(whole) + 1):
        asked = [f"every.{feature}" for _, feature in whole[:n]]
        world.reader.read(FeatureRequest(features=asked, entities=[]), NOW, principal=ME)
        held = [len(found.columns) for found in world.reader._picker._known.values()]
        assert sum(held) == world.reader._picker._held <= 2 * len(whole)
    world.store.close()
