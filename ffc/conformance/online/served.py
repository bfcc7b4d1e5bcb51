"""Features on their whole way: synced from a warehouse, stored, asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ffc.adapter.state import NodeRun
from ffc.conformance.checks import Broken, Check, Group, expect_equal
from ffc.conformance.ledger import one_batch
from ffc.conformance.offline.making import write_parquet
from ffc.conformance.places import OnlinePlace, online_place
from ffc.conformance.projects import (
    PRINCIPAL,
    TARGET,
    ScratchSession,
    as_yaml,
    compiled,
    manifest_of,
    project_file,
    run_whole,
    session_with,
    source_table,
)
from ffc.conformance.values import EXTREMES, TEXTS, arrow_values
from ffc.core.types import known_type
from ffc.manifest.served import ServedView
from ffc.online.codec import CODEC, RowCodec, version_of
from ffc.online.keys import KeyCodec, field_of
from ffc.online.lookup import FeatureReader
from ffc.online.requests import AnswerRow, FeatureRequest
from ffc.online.sync import sync
from ffc.online.values import writer
from ffc.registry import StateRegistry

SERVED: Final = Group(
    role="online",
    name="served",
    place=online_place,
    help="values must come back byte by byte, and versions must be compared as bytes",
)
NOW: Final = datetime(2024, 6, 1, 12, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_TTL: Final = "1d"

# A key, its event time, its value.
Event = tuple[object, datetime, object]


def checks() -> Iterator[Check[OnlinePlace]]:
    """Yield the checks of features."""
    yield from SERVED.checks(
        every_type_comes_back,
        each_status_is_told,
        a_second_sync_writes_nothing,
        changes_are_synced_and_nothing_else,
        what_is_retracted_is_missing,
        what_somebody_else_wrote_newer_stays,
        a_corrupt_row_is_an_error_of_its_own,
        a_row_of_another_codec_is_an_error_of_its_own,
        look_alike_keys_have_their_own_rows,
        two_projects_share_a_store,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A project whose one view is synced to the store; `kind` is that of its key."""

    place: OnlinePlace
    session: ScratchSession
    kind: str

    def put(self, events: Sequence[Event], now: datetime = NOW) -> NodeRun:
        """Make these the rows of the view's source, and run; return how the sync fared."""
        keys, times, values = zip(*events, strict=True) if events else ((), (), ())
        folder = self.place.folder / "data"
        folder.mkdir(exist_ok=True)
        columns = {
            "k": arrow_values(self.kind, keys),
            "seen": arrow_values("timestamp", times),
            "x": arrow_values("int64", values),
        }
        write_parquet(folder / "rows.parquet", columns)
        files = _files(self.place.name, {"k": self.kind, "seen": "timestamp", "x": "int64"})
        manifest = manifest_of(compiled(self.session.offline, files, online=True))
        run_whole(self.session, manifest, clock=lambda: now)
        run = self.session.state.runs(TARGET, 1)[0].id
        return next(n for n in self.session.state.run_nodes(run) if n.action == "sync")

    @property
    def view(self) -> ServedView:
        """The view as it is served."""
        (found,) = StateRegistry(self.session.state, TARGET).serving().views
        return found

    def place_of(self, key: object) -> tuple[bytes, bytes]:
        """Return where a key's row lies in the store."""
        return KeyCodec(self.place.name, TARGET, self.view).encode([key]), field_of(self.view)

    def ask(self, *keys: object, now: datetime = NOW) -> list[tuple[object, str]]:
        """Return the value of each key, and how it stands."""
        rows = self.answer([{"k": key} for key in keys], now)
        return [(row.values[0], (row.statuses or [""])[0]) for row in rows]

    def answer(self, entities: list[dict[str, Any]], now: datetime = NOW) -> list[AnswerRow]:
        """Return the answers for entities, as a model gets them."""
        registry = StateRegistry(self.session.state, TARGET)
        reader = FeatureReader(
            registry.serving(),
            self.session.online,
            project=self.place.name,
            target=TARGET,
            deployment=registry.deployment,
        )
        request = FeatureRequest(features=["v.*"], entities=entities)
        return reader.read(request, now, principal=PRINCIPAL).rows


@contextmanager
def _served(place: OnlinePlace, kind: str = "string") -> Iterator[Served]:
    with session_with(place.store, place.folder) as session:
        yield Served(place=place, session=session, kind=kind)


def _files(name: str, columns: Mapping[str, str], ttl: str | None = _TTL) -> dict[str, str]:
    features: list[dict[str, object]] = [
        {"name": column, "type": kind}
        for column, kind in columns.items()
        if column not in ("k", "seen")
    ]
    if ttl is not None:
        features[0]["default"] = -1
    view = {
        "name": "v",
        "entity": "thing",
        "source": "source('raw', 'rows')",
        "timestamp": "seen",
        "as_known": False,
        "online": True,
        "features": features,
        **({"ttl": ttl} if ttl is not None else {}),
    }
    resources = {
        "sources": [{"name": "raw", "tables": [source_table("rows", columns, "parquet")]}],
        "entities": [{"name": "thing", "keys": [{"name": "k", "type": columns["k"]}]}],
        "feature_views": [view],
    }
    return {**project_file(name), "features/all.yml": as_yaml(resources)}


def every_type_comes_back(place: OnlinePlace) -> None:
    """Every type comes back at its extremes, as JSON has it, and null as null"""
    kinds = [kind for kind in EXTREMES if kind != "json"]
    count = max(len(EXTREMES[kind]) for kind in kinds) + 1
    columns = {f"f{n}": kind for n, kind in enumerate(kinds)}
    arrays = {
        "k": arrow_values("int64", range(count)),
        "seen": arrow_values("timestamp", [NOW - _HOUR] * count),
    }
    for name, kind in columns.items():
        values = [*EXTREMES[kind], *[None] * (count - len(EXTREMES[kind]))]
        arrays[name] = arrow_values(kind, values)
    (place.folder / "data").mkdir()
    write_parquet(place.folder / "data" / "rows.parquet", arrays)
    with _served(place, "int64") as served:
        files = _files(place.name, {"k": "int64", "seen": "timestamp", **columns}, None)
        manifest = manifest_of(compiled(served.session.offline, files, online=True))
        run_whole(served.session, manifest, clock=lambda: NOW)
        answers = served.answer([{"k": n} for n in range(count)])
    for column, kind in enumerate(kinds):
        expected = [*_as_json(kind), *[None] * (count - len(EXTREMES[kind]))]
        found = [answer.values[column] for answer in answers]
        for value, got in zip(expected, found, strict=True):
            expect_equal(repr(got), repr(value), f"another value of the type {kind}")


def _as_json(kind: str) -> list[object]:
    write = writer(known_type(kind))
    plain = [_without_zone(value) for value in arrow_values(kind, EXTREMES[kind]).to_pylist()]
    return plain if write is None else [write(value) for value in plain]


def _without_zone(value: object) -> object:
    if isinstance(value, list):
        return [_without_zone(item) for item in value]
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def each_status_is_told(place: OnlinePlace) -> None:
    """A row is ok, expired or missing by its age; a null is a fact, no row the default"""
    with _served(place) as served:
        old, edge = NOW - 3 * _DAY, NOW - _DAY
        served.put([("a", NOW - _HOUR, 1), ("b", old, 2), ("c", NOW - _HOUR, None), ("d", edge, 3)])
        found = served.ask("a", "b", "c", "d", "e")
        expected = [(1, "ok"), (-1, "expired"), (None, "ok"), (3, "ok"), (-1, "missing")]
        expect_equal(found, expected, "another value, or another status")
        later = NOW + timedelta(microseconds=1)
        expect_equal(served.ask("d", now=later), [(-1, "expired")], "it does not expire")


def _first(count: int = 6) -> list[Event]:
    return [(f"k{n}", NOW - _HOUR, n) for n in range(count)]


def a_second_sync_writes_nothing(place: OnlinePlace) -> None:
    """A sync without a change writes nothing"""
    with _served(place) as served:
        first = served.put(_first())
        expect_equal(first.rows.get("written"), 6, "the first sync writes another count")
        again = served.put(_first())
        expect_equal(again.rows.get("written"), 0, "the second sync writes again")


def changes_are_synced_and_nothing_else(place: OnlinePlace) -> None:
    """New rows, newer ones and corrected ones are written, and no other"""
    with _served(place) as served:
        served.put(_first())
        changed = [*_first()[1:], ("k0", NOW - _HOUR / 2, 10), ("new", NOW - _HOUR, 11)]
        changed[0] = ("k1", NOW - _HOUR, 12)
        found = served.put(changed)
        expect_equal(found.rows.get("written"), 3, "another count was written")
        expected = [(10, "ok"), (12, "ok"), (2, "ok"), (11, "ok")]
        expect_equal(served.ask("k0", "k1", "k2", "new"), expected, "other values")


def what_is_retracted_is_missing(place: OnlinePlace) -> None:
    """A row that is no more is missing, and one that comes back with an earlier time is served"""
    with _served(place) as served:
        served.put(_first())
        served.put(_first()[1:])
        expect_equal(served.ask("k0", "k1"), [(-1, "missing"), (1, "ok")], "it is served on")
        served.put([*_first()[1:], ("k0", NOW - 3 * _HOUR, 7)])
        expect_equal(served.ask("k0"), [(7, "ok")], "what came back is not served")


def what_somebody_else_wrote_newer_stays(place: OnlinePlace) -> None:
    """A newer row that a stream wrote is not overwritten by a sync"""
    with _served(place) as served:
        served.put(_first())
        key, field = served.place_of("k0")
        at = (NOW - _HOUR / 2).replace(tzinfo=None)
        value = RowCodec(served.view.features).encode(at, None, [99])
        place.store.write(one_batch([(key, field, value, version_of(value), None)]))
        served.put([("k0", NOW - 0.9 * _HOUR, 5), *_first()[1:]])
        expect_equal(served.ask("k0"), [(99, "ok")], "an older row has taken its place")


def _damaged(place: OnlinePlace, damage: bytes | None) -> None:
    with _served(place) as served:
        served.put(_first())
        key, field = served.place_of("k0")
        (row,) = place.store.read([key])
        value = row[field]
        broken = value[:-1] if damage is None else damage + value[1:]
        place.store.write(one_batch([(key, field, broken, version_of(value), None)]))
        (found, other) = served.ask("k0", "k1")
        expect_equal(found[1], "error", "a damaged row is not told")
        expect_equal(other, (1, "ok"), "another row suffers from it")


def a_corrupt_row_is_an_error_of_its_own(place: OnlinePlace) -> None:
    """A row that is cut off has the status error, and others are answered"""
    _damaged(place, None)


def a_row_of_another_codec_is_an_error_of_its_own(place: OnlinePlace) -> None:
    """A row that a later ffc wrote has the status error, and others are answered"""
    _damaged(place, bytes([CODEC + 1]))


def look_alike_keys_have_their_own_rows(place: OnlinePlace) -> None:
    """Each of the keys that look alike has its own row"""
    with _served(place) as served:
        served.put([(text, NOW - _HOUR, n) for n, text in enumerate(TEXTS)])
        found = served.ask(*TEXTS)
        for number, (text, got) in enumerate(zip(TEXTS, found, strict=True)):
            if got != (number, "ok"):
                raise Broken(f"the key {text!r} has another row", expected=number, got=got)
        expect_equal(served.ask("a\x00", "A "), [(-1, "missing")] * 2, "rows of no key")


def two_projects_share_a_store(place: OnlinePlace) -> None:
    """Two targets of one store have rows of their own"""
    with _served(place) as served:
        served.put(_first())
        other = KeyCodec(place.name, f"{TARGET}x", served.view).encode(["k0"])
        expect_equal(place.store.read([other]), [{}], "another target has these rows")
        again = sync(served.session, place.name, principal=PRINCIPAL, clock=lambda: NOW)
        expect_equal([n.status for n in again], ["unchanged"], "a sync alone writes again")
