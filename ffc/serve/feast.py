"""`POST /get-online-features`, by column, as Feast's server answers it.

A client of Feast's can be pointed here unchanged: `features` are `view:feature`, a
`feature_service` is a model or a training set. What Feast's code does is followed where its
documentation says something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from ffc.core.errors import BadRequest
from ffc.online.requests import FeatureRequest, FeatureResponse, Features, check_size

# What each status is called there; a null that is a fact is present, as Feast's own server says.
_STATUSES: Final = {
    "ok": "PRESENT",
    "missing": "NOT_FOUND",
    "expired": "OUTSIDE_MAX_AGE",
    "error": "INVALID",
}
_NO_TIME: Final = "1970-01-01T00:00:00Z"


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


def answered(request: FeastRequest, answer: FeatureResponse, plain: Sequence[str]) -> FeastAnswer:
    """Return an answer by columns: the entities' own first, then the features'.

    `plain` is what each feature is called without its view; raises BadRequest where names collide.
    """
    names = [*request.entities, *_names(request, answer, plain)]
    count = len(answer.rows)
    results = [
        FeastColumn(values, [_STATUSES["ok"]] * count, [_NO_TIME] * count)
        for values in request.entities.values()
    ]
    for index, column in enumerate(answer.columns):
        write = _WRITERS.get(column.type)
        found = [row.values[index] for row in answer.rows]
        values = found if write is None else [None if v is None else write(v) for v in found]
        statuses = [_STATUSES[(row.statuses or [])[index]] for row in answer.rows]
        times = [(row.event_times or [])[index] or _NO_TIME for row in answer.rows]
        results.append(FeastColumn(values, statuses, times))
    return FeastAnswer(metadata=FeastMetadata(names), results=results)


def _names(request: FeastRequest, answer: FeatureResponse, plain: Sequence[str]) -> list[str]:
    """Return what columns are called: as in the request without the view, unless that is asked."""
    whole = request.full_feature_names
    if request.features is None or any(text.endswith("*") for text in request.features):
        names = [column.name for column in answer.columns] if whole else list(plain)
    else:
        pairs = [text.partition(":") for text in request.features]
        names = [f"{view}__{name}" if whole else name or view for view, _, name in pairs]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        # Of two columns of one name a client of Feast's sees the last, whichever that is.
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
