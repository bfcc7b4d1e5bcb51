"""Order and equality of values, as training sets see them: whose row wins, whose key it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any, Final

from ffc.conformance.checks import Broken, Check, Group
from ffc.conformance.offline.making import write_parquet
from ffc.conformance.places import OfflinePlace, offline_place
from ffc.conformance.projects import (
    as_yaml,
    build_project,
    project_file,
    session_of,
    source_table,
    training_rows,
)
from ffc.conformance.values import ORDERED, TEXTS, arrow_values, comparable

ORDER: Final = Group(
    role="offline",
    name="order",
    place=offline_place,
    help="of rows that tie in time the one with the greatest value wins: text by its UTF-8 bytes, "
    "NaN above every number, nulls last, a null element of a list least",
)
KEYS: Final = Group(
    role="offline",
    name="keys",
    place=offline_place,
    help="keys are equal where their values are, whatever a collation or padding says",
)
_BEFORE: Final = datetime(2024, 1, 1, tzinfo=UTC)
_AFTER: Final = datetime(2024, 1, 2, tzinfo=UTC)
_KEY_VALUES: Final[dict[str, Sequence[object]]] = {
    "string": TEXTS,
    **{
        kind: ORDERED[kind]
        for kind in ("int32", "int64", "bool", "date", "timestamp", "decimal(12,2)")
    },
}

Columns = Mapping[str, tuple[str, Sequence[object]]]


def checks() -> Iterator[Check[OfflinePlace]]:
    """Yield the checks of order and of keys."""
    for kind, values in ORDERED.items():
        work = partial(hold_order, kind, values)
        yield ORDER.check(work, name=kind, claim=f"{kind} has the order that is written down")
    yield from ORDER.checks(zero_has_no_sign)
    for kind, values in _KEY_VALUES.items():
        work = partial(_holds_keys, kind, values)
        claim = f"each key of the type {kind} gets its own rows, look-alikes too"
        yield KEYS.check(work, name=kind, claim=claim)


def hold_order(kind: str, values: Sequence[object], place: OfflinePlace) -> None:
    """Let each value tie with the next one, written before it and after it; raises Broken."""
    pairs = [*pairwise([None, *values])]
    keys = range(2 * len(pairs))
    tied = [*pairs, *((greater, less) for less, greater in pairs)]
    view: Columns = {
        "k": ("int64", [key for key in keys for _ in range(2)]),
        "x": (kind, [value for pair in tied for value in pair]),
    }
    found = _answers(place, view, "int64", keys)
    for key, got in zip(keys, found, strict=True):
        less, greater = pairs[key % len(pairs)]
        if comparable(kind, [got]) != comparable(kind, _as_read(kind, greater)):
            raise Broken(
                f"of two rows that tie the one with {greater!r} must win over {less!r}",
                expected=repr(greater),
                got=repr(got),
            )


def _as_read(kind: str, value: object) -> list[object]:
    return list(arrow_values(kind, [value]).to_pylist())


def zero_has_no_sign(place: OfflinePlace) -> None:
    """-0.0 is stored as 0.0, and ties with it"""
    view: Columns = {
        "k": ("int64", [0, 1, 1]),
        "x": ("float64", [-0.0, 0.0, -0.0]),
    }
    found = _answers(place, view, "int64", range(2))
    if [math.copysign(1.0, float(str(value))) for value in found] != [1.0, 1.0]:
        raise Broken("a zero has a sign", expected="[0.0, 0.0]", got=repr(found))


def _holds_keys(kind: str, values: Sequence[object], place: OfflinePlace) -> None:
    view: Columns = {"k": (kind, values), "x": ("int64", range(len(values)))}
    found = _answers(place, view, kind, values)
    for number, (value, got) in enumerate(zip(values, found, strict=True)):
        if got != number:
            other = values[int(str(got))] if got is not None else "no row"
            raise Broken(
                f"the key {value!r} gets the row of another one",
                expected=f"its own, {number}",
                got=f"that of {other!r}",
            )


def _answers(place: OfflinePlace, view: Columns, key: str, asked: Sequence[object]) -> list[object]:
    """Return the feature `x` for each of some keys, in their order, by way of a training set."""
    rows = len(view["k"][1])
    columns: dict[str, tuple[str, Sequence[object]]] = {
        **view,
        "at": ("timestamp", [_BEFORE] * rows),
    }
    label: dict[str, tuple[str, Sequence[object]]] = {
        "k": (key, asked),
        "asked": ("timestamp", [_AFTER] * len(asked)),
        "number": ("int64", range(len(asked))),
    }
    for name, table in (("rows", columns), ("asking", label)):
        path = place.folder / "data" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        write_parquet(path, {n: arrow_values(kind, given) for n, (kind, given) in table.items()})
    with session_of(place) as session:
        build_project(session, place.store, _files(columns, label))
        names, found = training_rows(session)
    at = (names.index("number"), names.index("v__x"))
    by_number: dict[object, object] = {row[at[0]]: row[at[1]] for row in found}
    return [by_number[number] for number in range(len(asked))]


def _files(view: Columns, label: Columns) -> dict[str, str]:
    kinds = {name: kind for name, (kind, _) in view.items()}
    asked = {name: kind for name, (kind, _) in label.items()}
    resources: dict[str, Any] = {
        "sources": [
            {
                "name": "raw",
                "tables": [
                    source_table("rows", kinds, "parquet"),
                    source_table("asking", asked, "parquet"),
                ],
            }
        ],
        "entities": [{"name": "thing", "keys": [{"name": "k", "type": asked["k"]}]}],
        "feature_views": [
            {
                "name": "v",
                "entity": "thing",
                "source": "source('raw', 'rows')",
                "timestamp": "at",
                "as_known": False,
                "features": [{"name": "x", "type": kinds["x"]}],
            }
        ],
        "labels": [
            {
                "name": "number",
                "entities": {"thing": "k"},
                "source": "source('raw', 'asking')",
                "timestamp": "asked",
                "column": "number",
            }
        ],
        "training_sets": [{"name": "ts", "label": "number", "features": ["v.x"]}],
    }
    return {**project_file(), "features/all.yml": as_yaml(resources)}
