"""Every value of a view between two times, against all rows of its source."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from support.cli import ffc
from support.projects import small_project
from support.spines import at

from ffc import Client

US = pa.timestamp("us", tz="UTC")


def found(client: Client, given: object, **words: Any) -> pa.Table:
    """Return the rows of the answer."""
    return client.historical(words.pop("features", ()), given, **words).dataframe("arrow")


TIES = """\
user_id,amount,paid,seen,loaded
u1,1,true,2024-01-01T00:00:00Z,2024-01-01T01:00:00Z
u1,2,true,2024-01-01T00:00:00Z,2024-01-01T02:00:00Z
u1,9,true,2024-01-01T00:00:00Z,2024-01-01T01:00:00Z
u1,,true,2024-01-02T00:00:00Z,2024-01-01T01:00:00Z
u2,5,true,2024-01-01T23:59:59.999999Z,
u2,6,true,2024-01-03T00:00:00Z,2024-01-09T00:00:00Z
,7,true,2024-01-02T00:00:00Z,2024-01-02T00:00:00Z
u3,8,true,,2024-01-02T00:00:00Z
"""
EDGES = [at(1) + timedelta(hours=12 * n) for n in range(-1, 6)]


@pytest.fixture(scope="module")
def ties(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """Return a client of a view with ties, nulls, and rows that were learned late."""
    sql = "{{ config(materialized='table') }}\nselect * from {{ source('raw', 'events') }}\n"
    changes = {"data/events.csv": TIES, "transformations/clean.sql": sql}
    built = small_project(tmp_path_factory.mktemp("ties") / "small", **changes)
    assert ffc(built, "run").code == 0
    return Client(built)


def _every(start: datetime, end: datetime) -> list[tuple[object, ...]]:
    """Return each value of a range, with the last learned of those of one instant."""
    best: dict[tuple[str, datetime], tuple[tuple[int, datetime, float], float | None]] = {}
    for line in TIES.splitlines()[1:]:
        user, amount, _, seen, loaded = line.split(",")
        if not user or not seen or not start <= datetime.fromisoformat(seen) < end:
            continue
        learned = datetime.fromisoformat(loaded) if loaded else at(1)
        value = float(amount) if amount else None
        rank = (int(bool(loaded)), learned, -1.0 if value is None else value)
        key = (user, datetime.fromisoformat(seen))
        if key not in best or rank > best[key][0]:
            best[key] = (rank, value)
    return sorted((seen, user, value) for (user, seen), (_, value) in best.items())


@pytest.mark.parametrize("start", EDGES)
def test_every_value_between_two_times(start: datetime, ties: Client) -> None:
    for end in (edge for edge in EDGES if edge >= start):
        table = found(ties, {"view": "spending", "from": start, "to": end}, features=())
        assert table.column_names == ["user_id", "seen", "spending__amount"]
        assert table.schema.field("seen").type == US
        rows = [(r["seen"], r["user_id"], r["spending__amount"]) for r in table.to_pylist()]
        assert rows == _every(start, end)


def test_words_for_two_times(ties: Client) -> None:
    whole = found(ties, {"view": "spending", "from": at(1), "to": at(2)}, features=())
    assert whole.num_rows == 2
    berlin = timezone(timedelta(hours=1))
    for start, end in (
        ("2024-01-01", "2024-01-02"),
        (date(2024, 1, 1), "2024-01-02T01:00:00+01:00"),
        (datetime(2024, 1, 1), datetime(2024, 1, 2, 1, tzinfo=berlin)),
        (pd.Timestamp("2024-01-01", tz="UTC"), np.datetime64("2024-01-02")),
    ):
        given = {"view": "spending@default", "from": start, "to": end}
        assert found(ties, given, features=()).equals(whole)
    others = found(
        ties,
        {"view": "spending", "from": at(1), "to": at(2)},
        features=["profile.country", {"feature": "spending.amount", "lag": "1d", "as": "before"}],
    )
    assert others.column("profile__country").to_pylist() == ["NL", "DE"]
    assert others.column("before").to_pylist() == [0.0, 0.0]
