"""Statistics of tables: right to the figure on every type, whatever lies in them."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.golden import golden
from support.measured import FLOAT, NUMBERS, ROWS, TYPES, Figures, figures_of, made, random_rows
from support.slow import all_but_first

from ffc.connect.warehouse import Warehouse
from ffc.core.types import known_type
from ffc.manifest.records import Column
from ffc.run.looking import statistics
from ffc.run.looking.statistics import edges, measure
from ffc.sql import statistics as sql

if TYPE_CHECKING:
    import pandas as pd


def _frame(warehouse: Warehouse) -> pd.DataFrame:
    import pandas as pd

    found = warehouse.rows(duckdb_query("select * exclude (odd) from dev__ffc.t"))
    return pd.DataFrame(found)


def duckdb_query(text: str) -> Any:
    import sqlglot

    return sqlglot.parse_one(text, read="duckdb")


def _on_a_line(values: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Return values as floats, times as seconds since 1970, without nulls."""

    def number(value: object) -> float:
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC).timestamp()
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
        return float(str(value))

    return np.array([number(value) for value in values if not _is_null(value)])


def _is_null(value: object) -> bool:
    """Tell whether a value of a frame is none: None, NaN or NaT, which differs from itself."""
    return value is None or (not isinstance(value, list) and value != value)


def _of(figures: Figures, metric: str) -> dict[str, float]:
    return {window: value for (name, window), value in figures.items() if name == metric}


@pytest.mark.parametrize("seed", all_but_first(range(3)))
def test_the_figures_are_those_of_pandas(warehouse: Warehouse, seed: int) -> None:
    found = figures_of(warehouse, TYPES, random_rows(seed, ROWS))
    frame = _frame(warehouse)
    assert found[""] == {("rows", ""): ROWS, ("picked", ""): ROWS}
    for name in TYPES:
        if name != "odd":
            filled = [value for value in frame[name] if not _is_null(value)]
            assert found[name]["count", ""] == len(filled), name
            assert found[name]["nulls", ""] == ROWS - len(filled), name
    for name in NUMBERS:
        figures, values = found[name], _on_a_line(frame[name])
        close = {"rel": 1e-9, "abs": 1e-6}
        assert figures["min", ""] == pytest.approx(values.min(), **close), name
        assert figures["max", ""] == pytest.approx(values.max(), **close), name
        assert figures["mean", ""] == pytest.approx(values.mean(), **close), name
        assert figures["stddev", ""] == pytest.approx(values.std(ddof=1), rel=1e-7), name
        for point, value in _of(figures, "quantile").items():
            assert value == pytest.approx(np.quantile(values, float(point)), **close), name
        assert set(_of(figures, "quantile")) == {"0.05", "0.25", "0.5", "0.75", "0.95"}
        bins = sorted(statistics._bins(figures), key=lambda each: each.low)
        bounds = [bins[0].low, *(each.high for each in bins)]
        assert [each.count for each in bins] == np.histogram(values, bounds)[0].tolist(), name
        assert sum(each.count for each in bins) == len(values)
    for name in ("few", "word", "flag"):
        counts = frame[name].dropna().map(_text).value_counts()
        assert _of(found[name], "top") == counts.to_dict(), name
        assert found[name]["distinct", ""] == len(counts)
    # Each value once: none is frequent, and how many there are is known exactly up to FEW.
    assert _of(found["id"], "top") == {}
    assert found["id"]["distinct", ""] == frame["id"].nunique()
    assert set(found["raw"]) == {("count", ""), ("nulls", ""), ("distinct", "")}
    for name in ("doc", "items", "place", "odd"):
        assert set(found[name]) == {("count", ""), ("nulls", "")}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.0f}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ("", {"count": 0, "nulls": 0, "distinct": 0}),
        ("(null), (null)", {"count": 0, "nulls": 2, "distinct": 0}),
        ("('nan'), ('inf'), ('-inf')", {"count": 3, "distinct": 3, "not_finite": 3, "min": None}),
        ("('nan'), (1), (3)", {"not_finite": 1, "mean": 2.0, "min": 1.0, "max": 3.0, "count": 3}),
        ("(7)", {"min": 7.0, "max": 7.0, "mean": 7.0, "stddev": None, "distinct": 1}),
        ("(5), (5), (5)", {"stddev": 0.0, "distinct": 1, "not_finite": None}),
        ("(-0.0), (0.0)", {"min": 0.0, "max": 0.0, "distinct": 1}),
        ("(1e308), (-1e308)", {"min": -1e308, "max": 1e308, "stddev": None}),
        ("(1e308), (1e308)", {"min": 1e308, "mean": None}),
        ("(5e-324), (0)", {"min": 0.0, "max": 5e-324}),
    ],
)
def test_values_at_the_edge(
    warehouse: Warehouse, rows: str, wanted: dict[str, float | None]
) -> None:
    found = figures_of(warehouse, FLOAT, rows)["x"]
    assert {metric: found.get((metric, "")) for metric in wanted} == wanted
    finite = found["count", ""] - found.get(("not_finite", ""), 0)
    assert sum(_of(found, "histogram").values()) == finite
    assert math.copysign(1, found.get(("min", ""), 1.0) or 0.0) == (-1 if "-1e308" in rows else 1)


def test_times_without_end_are_not_finite(warehouse: Warehouse) -> None:
    columns = {"at": ("timestamp", "TIMESTAMP"), "day": ("date", "DATE")}
    rows = "('infinity', '-infinity'), ('1900-01-01', '0001-01-01'), (null, '9999-12-31')"
    found = figures_of(warehouse, columns, rows)
    assert (found["at"]["not_finite", ""], found["day"]["not_finite", ""]) == (1, 1)
    assert found["at"]["min", ""] == datetime(1900, 1, 1, tzinfo=UTC).timestamp()
    assert found["day"]["max", ""] == datetime(9999, 12, 31, tzinfo=UTC).timestamp()


def test_bins_of_whole_numbers_hold_as_many_each() -> None:
    assert edges(0, 6, 1) == (0, 1, 2, 3, 4, 5, 6, 7)
    assert edges(0, 99, 1) == tuple(range(0, 101, 10))
    assert edges(-3, 17, 1) == (-3, 0, 3, 6, 9, 12, 15, 18)
    assert edges(5, 5, 1) == (5, 6)
    assert edges(0, 86_400, 86_400) == (0, 86_400, 172_800)
    assert edges(0.0, 1.0)[:2] == (0.0, 0.1)
    assert edges(2.5, 2.5) == (2.5, 2.5)
    assert edges(-1.7e308, 1.7e308) == (-1.7e308, 1.7e308)
    assert len(edges(-(2.0**63), 2.0**63, 1)) == 11


def test_names_are_only_names(warehouse: Warehouse) -> None:
    """A column may be called as what the statements call things."""
    names = ("rowid", "value", "column", "times", "c0", "v1", 'a"b', "distinct", "rows")
    columns = {name.replace('"', '""'): ("int64", "BIGINT") for name in names}
    relation = made(warehouse, columns, f"({', '.join('1' for _ in names)})")
    known = [Column(name=name, type="int64") for name in names]
    found = dict(measure(warehouse, relation, known))
    assert all(found[name]["top", "1"] == 1 and found[name]["min", ""] == 1 for name in names)


def test_of_many_rows_some_are_picked(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ", ".join(f"({i % 1000})" for i in range(20_000))
    whole = figures_of(warehouse, FLOAT, rows)["x"]
    monkeypatch.setattr(statistics, "SAMPLE", 4_000)
    first, second = (figures_of(warehouse, FLOAT, rows) for _ in range(2))
    assert first == second
    assert 3_500 < first[""]["picked", ""] < 4_500
    some = first["x"]
    for metric in ("count", "min", "max", "mean", "distinct"):
        assert some[metric, ""] == pytest.approx(whole[metric, ""])
    assert some["stddev", ""] == pytest.approx(whole["stddev", ""], rel=0.03)
    for window, value in _of(whole, "quantile").items():
        assert abs(some["quantile", window] - value) < 30
    assert sum(_of(some, "histogram").values()) == pytest.approx(20_000, abs=10)
    for window, value in _of(whole, "histogram").items():
        assert abs(some["histogram", window] - value) < 300


def test_many_different_values_are_estimated(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "FEW", 100)
    rows = ", ".join(f"('v{i % 5_000}')" for i in range(20_000))
    found = figures_of(warehouse, {"s": ("string", "VARCHAR")}, rows)["s"]
    assert found["distinct", "about"] == pytest.approx(5_000, rel=0.15)
    assert _of(found, "top") == {}


def test_nothing_of_a_person_is_kept(warehouse: Warehouse) -> None:
    columns = {"s": ("string", "VARCHAR"), "x": ("float64", "DOUBLE")}
    found = figures_of(warehouse, columns, "('ann', 1), ('ann', 2)", tags=("pii",))
    assert found["s"] == {("count", ""): 2, ("nulls", ""): 0, ("distinct", ""): 1}
    assert found["x"] == {("count", ""): 2, ("nulls", ""): 0, ("distinct", ""): 2}


def test_long_values_are_cut(warehouse: Warehouse) -> None:
    rows = ", ".join(f"('{'x' * 200}{i % 2}')" for i in range(6))
    found = figures_of(warehouse, {"s": ("string", "VARCHAR")}, rows)["s"]
    assert _of(found, "top") == {"x" * 100: 6}
    assert found["distinct", ""] == 2


def test_standard_sql_says_the_same(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written for engines of which nothing is known gives the same figures."""
    rows = random_rows(9, 500)
    ours = figures_of(warehouse, TYPES, rows)
    for name in ("figures", "shapes"):
        own = getattr(sql, name)
        monkeypatch.setattr(sql, name, lambda *given, own=own: own(*given[:-1], "standard"))
    assert _rounded(figures_of(warehouse, TYPES, rows)) == _rounded(ours)


def _rounded(found: dict[str, Figures]) -> dict[str, dict[tuple[str, str], str]]:
    return {
        name: {key: f"{value:.9g}" for key, value in figures.items() if name != "odd"}
        for name, figures in found.items()
    }


def test_a_table_is_read_once_a_statement(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However wide: three statements for every CHUNK of columns, not one a column or a figure."""
    columns = {f"n{i}": ("int64", "BIGINT") for i in range(120)}
    asked: list[str] = []
    rows = warehouse.rows

    def counted(query: Any, *more: Any) -> Any:
        asked.append(query.sql("duckdb"))
        return rows(query, *more)

    relation = made(warehouse, columns, f"({', '.join('1' for _ in columns)})")
    monkeypatch.setattr(warehouse, "rows", counted)
    found = dict(measure(warehouse, relation, [Column(name=n, type="int64") for n in columns]))
    assert all(found[name]["mean", ""] == 1 for name in columns)
    assert len(asked) == 3 + 3 + 5
    assert {text.count('"dev__ffc"."t"') for text in asked} == {1}


def test_the_sql_is_what_it_was() -> None:
    from ffc.sql import build

    table = build.table("t", "s")
    columns = [("amount", known_type("float64")), ("at", known_type("timestamp")), ("tag", None)]
    bounds = [("amount", known_type("float64"), (1.5,)), ("at", known_type("timestamp"), ())]
    statements = [
        sql.figures(table, columns, "duckdb"),
        sql.shapes(table, bounds, 0.25, "duckdb"),
        sql.values(table, ["tag", "amount"], 10),
    ]
    text = ";\n\n".join(build.generate(each, "duckdb") for each in statements) + ";\n"
    assert golden("statistics.duckdb.sql", text) == text
