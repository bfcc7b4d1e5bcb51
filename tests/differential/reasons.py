"""Why Feast's answers differ from ffc's, and exactly which may: each reason with its predicate.

What ffc answers is in each case what the definition says; the test holds that first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa

Values = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a view says to a row that asks: `told` by Feast, `won` by ffc, a value a feature.

    `tied` is what the rows say that no rule of Feast's puts one before the other.
    """

    frame: int
    row: int
    form: str
    told: Values
    won: Values
    tied: Sequence[Values] = ()

    def differences(
        self, table: pa.Table, columns: Sequence[str], kinds: Sequence[str]
    ) -> Iterator[Difference]:
        """Yield the cells in which Feast's table has another value than ffc says."""
        for index, (name, kind) in enumerate(zip(columns, kinds, strict=True)):
            if not same(self.told[index], self.won[index]):
                yield Difference(
                    asked=self,
                    column=name,
                    kind=kind,
                    feast=self.told[index],
                    ffc=self.won[index],
                    gaps=bool(table[name].null_count),
                )

    def is_shown_as(self, values: Values) -> bool:
        """Tell whether what Feast told is how its form shows these values."""
        return all(
            same(told, value) or (self.form == "pandas" and same(told, _in_pandas(value)))
            for told, value in zip(self.told, values, strict=True)
        )


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A cell that is not the same; `gaps`: whether its column has nulls in Feast's table."""

    asked: Told
    column: str
    kind: str
    feast: Any
    ffc: Any
    gaps: bool

    def is_how_pandas_shows_it(self) -> bool:
        """Tell whether all that ffc says of the view is what Feast says, but for pandas."""
        return self.asked.form == "pandas" and self.asked.is_shown_as(self.asked.won)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why cells differ, and exactly which may."""

    why: str
    explains: Callable[[Difference], bool]


def _is_tie(found: Difference) -> bool:
    """Feast's answer is one of the rows that tie, and ffc's is another one."""
    asked = found.asked
    return any(map(asked.is_shown_as, asked.tied)) and not asked.is_shown_as(asked.won)


def _is_nan(found: Difference) -> bool:
    nan = isinstance(found.ffc, float) and math.isnan(found.ffc)
    return nan and found.feast is None and found.is_how_pandas_shows_it()


def _is_rounded(found: Difference) -> bool:
    wide = found.kind == "int64" and found.gaps and isinstance(found.ffc, int)
    return wide and found.is_how_pandas_shows_it()


REASONS: Final = {
    "tied rows": Reason(
        why="Rows of one key, one event time and, where the view has it, one created: Feast's "
        "row_number() takes the one that the engine happens to put first. ffc tells them apart by the "
        "view's features in the order declared, greatest first, nulls last, so that the answer never "
        "depends on how rows lie on a disk.",
        explains=_is_tie,
    ),
    "NaN in pandas": Reason(
        why="to_df() has one mark for a missing number and for NaN. To ffc, and to Feast's own "
        "to_arrow(), a NaN is a value that was computed and a null one that is not there.",
        explains=_is_nan,
    ),
    "long integers in pandas": Reason(
        why="to_df() makes an int64 column with a null in it floats, and what is beyond 2**53 loses its "
        "last digits. ffc gives the integer, in pandas as Int64.",
        explains=_is_rounded,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why Feast answers nothing at all to a frame, by what it raises."""

    why: str
    says: str
    expects: Callable[[Mapping[str, Any]], bool]


def _asks_null_decimals(frame: Mapping[str, Any]) -> bool:
    label = frame["label"]
    return any(
        row[key] is None and label["columns"][key].startswith("decimal")
        for role in label["roles"].values()
        for key in role["keys"]
        for row in label["rows"]
    )


def _ends_in_y(frame: Mapping[str, Any]) -> bool:
    return any(f["name"].endswith("_y") for view in frame["views"] for f in view["features"])


def _has_mixed_ttl(frame: Mapping[str, Any]) -> bool:
    ttls = [timedelta(seconds=view["ttl"] or 0) for view in frame["views"]]
    return any(ttl.days and ttl.seconds for ttl in ttls)


REFUSALS: Final = {
    "ttl of days and hours": Refusal(
        why="A ttl that is not a whole number of days, but longer than one (30 hours), is no interval "
        "that ibis can make. In ffc every duration is a number of seconds.",
        says="ValueError: Unable to infer interval type from mixed units",
        expects=_has_mixed_ttl,
    ),
    "null decimal keys": Refusal(
        why="A null among the decimals of an entity row's key can't be put into Feast's table of rows. "
        "ffc answers: a null key has no candidates.",
        says="TypeError: conversion from NoneType to Decimal",
        expects=_asks_null_decimals,
    ),
    "names that end in _y": Refusal(
        why="Feast joins with the suffix `_y` and then drops every column that ends in it, a feature "
        "of that name too. To ffc it is a name like any other.",
        says="IbisTypeError: Column",
        expects=_ends_in_y,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Retyping:
    """Why a column's type is another one, and which may be: form, Feast's type, ffc's, gaps."""

    why: str
    explains: Callable[[str, pa.DataType, pa.DataType, bool], bool]


RETYPINGS: Final = {
    "times": Retyping(
        why="Feast hands a feature's times on as the file has them, with or without a zone, in its "
        "unit. In ffc a time is an instant: UTC, to the microsecond.",
        explains=lambda form, feast, own, gaps: (
            form == "arrow" and pa.types.is_timestamp(feast) and own == pa.timestamp("us", "UTC")
        ),
    ),
    "integers in pandas": Retyping(
        why="to_df() makes an integer column with a null in it floats. ffc's stay integers (Int64).",
        explains=lambda form, feast, own, gaps: (
            form == "pandas" and pa.types.is_integer(own) and pa.types.is_floating(feast) and gaps
        ),
    ),
}


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are exactly the same: a float is an integer only if none is lost."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right)


def _in_pandas(value: Any) -> Any:
    """Return what pandas makes of a value in a column with gaps."""
    if isinstance(value, float) and math.isnan(value):
        return None
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if is_integer else value
