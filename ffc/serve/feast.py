"""`POST /get-online-features`, by column, as Feast's server answers it.

A client of Feast's can be pointed here unchanged: `features` are `view:feature`, a
`feature_service` is a model or a training set. What Feast's code does is followed where its
documentation says something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Raw

from ffc.core.errors import BadRequest
from ffc.online.lookup import SLICE, Found
from ffc.online.picks import Picks
from ffc.online.requests import FeatureRequest, Features, check_size

# What each status is called there; a null that is a fact is present, as Feast's own server says.
_STATUSES: Final = {
    "ok": "PRESENT",
    "missing": "NOT_FOUND",
    "expired": "OUTSIDE_MAX_AGE",
    "error": "INVALID",
}
_NO_TIME: Final = "1970-01-01T00:00:00Z"
# Columns of so many values are put into JSON at a time.
_TOGETHER: Final = 8192


class FeastRequest(msgspec.Struct, kw_only=True):
    """What a client of Feast's asks; what else it says is not looked at, as there."""

    entities: Annotated[dict[str, list[Any]], Meta(extra_json_schema={"minProperties": 1})]
    features: Features | None = None
    feature_service: str | None = None
    full_feature_names: bool = False


class FeastMetadata(msgspec.Struct):
    """What the columns of an answer are called."""

    feature_names: list[str]


class FeastColumn(msgspec.Struct):
    """One column over all entities."""

    values: list[Any]
    statuses: list[str]
    event_timestamps: list[str]


class _Column(msgspec.Struct):
    """The same on its way into JSON, some of which is there already."""

    values: list[Any]
    statuses: Raw
    event_timestamps: Raw


class FeastAnswer(msgspec.Struct):
    """What a client of Feast's is told."""

    metadata: FeastMetadata
    results: list[FeastColumn]


def asked(request: FeastRequest, models: Collection[str]) -> FeatureRequest:
    """Return the same request by rows; raises BadRequest."""
    lengths = {len(values) for values in request.entities.values()}
    if len(lengths) != 1:
        message = "each entity needs a list of values, all of one length"
        raise BadRequest(message, field="entities", help=['write `{"customer_id": ["C1", "C2"]}`'])
    # Before a row is made: a list may be as long as a body.
    check_size(lengths.pop(), features=0)
    names = list(request.entities)
    rows = [
        dict(zip(names, values, strict=True))
        for values in zip(*request.entities.values(), strict=True)
    ]
    service = request.feature_service
    features = None if request.features is None else [_feature(f) for f in request.features]
    return FeatureRequest(
        features=features,
        model=service if service in models else None,
        training_set=None if service in models else service,
        entities=rows,
    )


def _feature(text: str) -> str:
    view, colon, feature = text.partition(":")
    return f"{view}.{feature}" if colon else text


def answered(
    request: FeastRequest, picks: Picks, parts: Iterable[Sequence[Found]]
) -> Iterator[bytes]:
    """Yield an answer by columns as JSON: the entities' own first, then the features'.

    It comes in pieces, none of which takes long to make; raises BadRequest where names collide.
    """
    names = [*request.entities, *_names(request, picks)]
    values: list[list[Any]] = [[] for _ in picks.columns]
    stood: list[list[str]] = [[] for _ in picks.views]
    times: list[list[str]] = [[] for _ in picks.views]
    for part in parts:
        for known, more in zip(values, zip(*(row for row, _, _ in part), strict=True), strict=True):
            known += more
        for place, view in enumerate(picks.views):
            stood[place] += [_STATUSES[statuses[place]] for _, statuses, _ in part]
            times[place] += [view.time(stored[place]) or _NO_TIME for _, _, stored in part]
        if len(part) == SLICE:
            yield b""
    encode = msgspec.json.Encoder().encode
    # Columns of one view stand alike.
    said = [(Raw(encode(s)), Raw(encode(t))) for s, t in zip(stood, times, strict=True)]
    columns: list[FeastColumn | _Column] = [
        FeastColumn(own, [_STATUSES["ok"]] * len(own), [_NO_TIME] * len(own))
        for own in request.entities.values()
    ]
    columns += [
        _Column(own if write is None else [None if v is None else write(v) for v in own], *said[at])
        for own, write, at in zip(values, _writers(picks), picks.view_of, strict=True)
    ]
    comma = b'{"metadata":%b,"results":[' % encode(FeastMetadata(names))
    together = _TOGETHER // (len(columns[0].values) + 1) + 1
    for start in range(0, len(columns), together):
        yield comma + encode(columns[start : start + together])[1:-1]
        comma = b","
    yield b"]}"


def _writers(picks: Picks) -> list[Callable[[Any], object] | None]:
    return [_WRITERS.get(column.type) for column in picks.columns]


def _names(request: FeastRequest, picks: Picks) -> list[str]:
    """Return what columns are called: as in the request without the view, unless that is asked."""
    whole = request.full_feature_names
    if request.features is None or any(text.endswith("*") for text in request.features):
        names = [column.name for column in picks.columns] if whole else picks.plain
    else:
        pairs = [text.partition(":") for text in request.features]
        names = [f"{view}__{name}" if whole else name or view for view, _, name in pairs]
    if len(set(names)) < len(names):
        # Of two columns of one name a client of Feast's sees the last, whichever that is.
        twice = [name for name, times in Counter(names).items() if times > 1]
        message = f"more than one feature is called `{twice[0]}`"
        hints = [] if whole else ["say `full_feature_names: true`"]
        raise BadRequest(message, field="features", help=hints)
    return names


def _seconds(value: str) -> int:
    return int(datetime.fromisoformat(value).timestamp())


# How Feast writes values of some types.
_WRITERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "timestamp": _seconds,
    "list<timestamp>": lambda items: [None if item is None else _seconds(item) for item in items],
}
