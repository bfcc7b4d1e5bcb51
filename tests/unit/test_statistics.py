"""Statistics of builds: right to the figure on every type, kept once, shown; no build fails of them."""

from __future__ import annotations

import json
import math
import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import duckdb
import numpy as np
import pytest
from msgspec.structs import replace
from support.cli import PROFILES, ffc
from support.golden import golden
from support.projects import FILES, open_session, small_project
from support.slow import all_but_first

from ffc.adapter.offline import Relation
from ffc.auth import local_user
from ffc.cli import describing
from ffc.connect.warehouse import Warehouse
from ffc.core.errors import NotFound, StatementFailed
from ffc.core.types import known_type
from ffc.manifest.records import Column
from ffc.run import measuring
from ffc.run.looking import statistics
from ffc.run.looking.statistics import Statistics, edges, measure, read_statistics
from ffc.sql import statistics as sql

if TYPE_CHECKING:
    import pandas as pd

ROWS = 3_000
# Every type, as (name, type, SQL type); values are made by `_values`.
TYPES = {
    "i32": ("int32", "INTEGER"),
    "i64": ("int64", "BIGINT"),
    "few": ("int64", "BIGINT"),
    "f32": ("float32", "FLOAT"),
    "f64": ("float64", "DOUBLE"),
    "dec": ("decimal(12,2)", "DECIMAL(12,2)"),
    "at": ("timestamp", "TIMESTAMP"),
    "day": ("date", "DATE"),
    "word": ("string", "VARCHAR"),
    "id": ("string", "VARCHAR"),
    "flag": ("bool", "BOOLEAN"),
    "raw": ("bytes", "BLOB"),
    "doc": ("json", "JSON"),
    "items": ("list<int64>", "BIGINT[]"),
    "place": ("vector(2)", "FLOAT[2]"),
    "odd": ("", "UUID"),
}
NUMBERS = ("i32", "i64", "few", "f32", "f64", "dec", "at", "day")
Figures = dict[tuple[str, str], float]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_session(small_project(tmp_path)) as session:
        found = Warehouse(session.offline, session.schema)
        found.prepare()
        yield found


def _random_rows(seed: int, count: int) -> str:
    """Return a VALUES list of rows of every type, about one in ten values null."""
    chance = random.Random(seed)
    start = datetime(2023, 1, 1)

    def row(number: int) -> str:
        second = start + timedelta(seconds=chance.randrange(40_000_000))
        told = [
            str(chance.randrange(-50_000, 50_000)),
            str(chance.randrange(10**12)),
            str(chance.choice([0, 1, 1, 2, 2, 2, 7])),
            f"'{chance.gauss(0, 100)!r}'",
            f"'{math.exp(chance.gauss(3, 1))!r}'",
            f"'{chance.randrange(-(10**9), 10**9) / 100}'",
            f"'{second}'",
            f"'{second.date()}'",
            f"'{chance.choice(['red', 'red', 'green', 'blue', 'its'])}'",
            f"'id {number}'",
            chance.choice(["true", "false", "false"]),
            f"'{chance.randrange(100)}'::BLOB",
            "'{\"a\": 1}'",
            "[1, 2]",
            "[1, 2]",
            "uuid()",
        ]
        return f"({', '.join('null' if chance.random() < 0.1 else text for text in told)})"

    return ", ".join(row(number) for number in range(count))


def _made(warehouse: Warehouse, columns: dict[str, tuple[str, str]], rows: str) -> Relation:
    """Make a table; `rows` is a VALUES list, or empty for none."""
    relation = Relation("dev__ffc", "t")
    declared = ", ".join(f'"{name}" {native}' for name, (_, native) in columns.items())
    warehouse.do(f"create or replace table dev__ffc.t ({declared})")
    if rows:
        warehouse.do(f"insert into dev__ffc.t values {rows}")
    return relation


def _figures(
    warehouse: Warehouse,
    columns: dict[str, tuple[str, str]],
    rows: str,
    tags: tuple[str, ...] = (),
) -> dict[str, Figures]:
    relation = _made(warehouse, columns, rows)
    known = [Column(name=n, type=t, native=native, tags=tags) for n, (t, native) in columns.items()]
    return {column: dict(found) for column, found in measure(warehouse, relation, known)}


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
    found = _figures(warehouse, TYPES, _random_rows(seed, ROWS))
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


FLOAT = {"x": ("float64", "DOUBLE")}


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
    found = _figures(warehouse, FLOAT, rows)["x"]
    assert {metric: found.get((metric, "")) for metric in wanted} == wanted
    finite = found["count", ""] - found.get(("not_finite", ""), 0)
    assert sum(_of(found, "histogram").values()) == finite
    assert math.copysign(1, found.get(("min", ""), 1.0) or 0.0) == (-1 if "-1e308" in rows else 1)


def test_times_without_end_are_not_finite(warehouse: Warehouse) -> None:
    columns = {"at": ("timestamp", "TIMESTAMP"), "day": ("date", "DATE")}
    rows = "('infinity', '-infinity'), ('1900-01-01', '0001-01-01'), (null, '9999-12-31')"
    found = _figures(warehouse, columns, rows)
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
    relation = _made(warehouse, columns, f"({', '.join('1' for _ in names)})")
    known = [Column(name=name, type="int64") for name in names]
    found = dict(measure(warehouse, relation, known))
    assert all(found[name]["top", "1"] == 1 and found[name]["min", ""] == 1 for name in names)


def test_of_many_rows_some_are_picked(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ", ".join(f"({i % 1000})" for i in range(20_000))
    whole = _figures(warehouse, FLOAT, rows)["x"]
    monkeypatch.setattr(statistics, "SAMPLE", 4_000)
    first, second = (_figures(warehouse, FLOAT, rows) for _ in range(2))
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
    found = _figures(warehouse, {"s": ("string", "VARCHAR")}, rows)["s"]
    assert found["distinct", "about"] == pytest.approx(5_000, rel=0.15)
    assert _of(found, "top") == {}


def test_nothing_of_a_person_is_kept(warehouse: Warehouse) -> None:
    columns = {"s": ("string", "VARCHAR"), "x": ("float64", "DOUBLE")}
    found = _figures(warehouse, columns, "('ann', 1), ('ann', 2)", tags=("pii",))
    assert found["s"] == {("count", ""): 2, ("nulls", ""): 0, ("distinct", ""): 1}
    assert found["x"] == {("count", ""): 2, ("nulls", ""): 0, ("distinct", ""): 2}


def test_long_values_are_cut(warehouse: Warehouse) -> None:
    rows = ", ".join(f"('{'x' * 200}{i % 2}')" for i in range(6))
    found = _figures(warehouse, {"s": ("string", "VARCHAR")}, rows)["s"]
    assert _of(found, "top") == {"x" * 100: 6}
    assert found["distinct", ""] == 2


def test_standard_sql_says_the_same(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written for engines of which nothing is known gives the same figures."""
    rows = _random_rows(9, 500)
    ours = _figures(warehouse, TYPES, rows)
    for name in ("figures", "shapes"):
        own = getattr(sql, name)
        monkeypatch.setattr(sql, name, lambda *given, own=own: own(*given[:-1], "standard"))
    assert _rounded(_figures(warehouse, TYPES, rows)) == _rounded(ours)


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

    relation = _made(warehouse, columns, f"({', '.join('1' for _ in columns)})")
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


# Runs


def _observed(project: Path, node: str) -> list[tuple[Any, ...]]:
    import sqlite3

    with sqlite3.connect(project / ".ffc" / "state.db") as connection:
        return connection.execute(
            'select build, "column", metric, "window", value from observations '
            "where node = ? and metric in ('rows', 'count', 'mean')",
            (node,),
        ).fetchall()


def test_each_build_has_its_own(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"profiles.yml": PROFILES + "      statistics: all\n"})
    assert ffc(project, "run").code == 0
    first = _observed(project, "training_set.main")
    assert first
    assert _observed(project, "feature_view.spending")
    assert _observed(project, "transformation.clean") == _observed(project, "label.paid_back") == []
    # Nothing changed: nothing is computed.
    assert ffc(project, "run").code == 0
    assert _observed(project, "training_set.main") == first
    events = project / "data" / "events.csv"
    events.write_text(
        events.read_text() + "u2,100,true,2024-01-09T00:00:00Z,2024-01-09T01:00:00Z\n"
    )
    assert ffc(project, "run").code == 0
    assert len({build for build, *_ in _observed(project, "training_set.main")}) == 2
    with open_session(project) as session:
        found = read_statistics(session, "main", principal=local_user())
        assert found.rows == 5
        old = read_statistics(session, "main", first[0][0], principal=local_user())
        assert (old.rows, old.build) == (4, first[0][0])
        with pytest.raises(NotFound, match="has no build `b0`"):
            read_statistics(session, "main", "b0", principal=local_user())
        spent = read_statistics(session, "spending", principal=local_user())
        amount = next(column for column in spent.columns if column.name == "amount")
        assert (amount.count, amount.max) == (5, 100.0)


@pytest.mark.parametrize("kept", [True, False])
def test_a_history_that_goes_on_has_new_figures(tmp_path: Path, kept: bool) -> None:
    sql_text = FILES["transformations/clean.sql"].replace(
        "materialized='table'",
        "materialized='incremental', unique_key=['user_id', 'seen'], time_column='seen'",
    )
    profiles = PROFILES + f"      statistics: {'all' if kept else 'training_sets'}\n"
    project = small_project(
        tmp_path, **{"transformations/clean.sql": sql_text, "profiles.yml": profiles}
    )
    done = ffc(project, "run")
    assert done.code == 0, done.stderr
    events = project / "data" / "events.csv"
    events.write_text(
        events.read_text() + "u2,100,true,2024-01-09T00:00:00Z,2024-01-09T01:00:00Z\n"
    )
    done = ffc(project, "run")
    assert "+1 -0 rows" in done.stderr
    rows = [
        v for *_, metric, _, v in _observed(project, "feature_view.spending") if metric == "rows"
    ]
    assert sorted(rows) == ([4, 5] if kept else [])


def test_a_failure_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = small_project(tmp_path)

    def refuse(*_: object) -> None:
        raise StatementFailed("no such function: quantile", help=["update it"])

    with monkeypatch.context() as patched:
        patched.setattr(measuring, "measure", refuse)
        done = ffc(project, "run", "-s", "+main")
    assert done.code == 0
    assert "training_set.main" in done.stderr
    said = " ".join(done.stderr.split())
    assert (
        "warning[FF804]: `main` is built, but has no statistics: no such function: quantile" in said
    )
    assert "FF506" not in said
    results = json.loads((project / "target" / "run_results.json").read_text())
    fared = {r["action"]: r["status"] for r in results["results"] if r["id"] == "training_set.main"}
    assert fared == {"build": "success", "measure": "warn"}
    with duckdb.connect(project / ".ffc" / "test.duckdb", read_only=True) as connection:
        assert connection.execute("select count(*) from dev.main").fetchall() == [(4,)]
    assert not _observed(project, "training_set.main")
    # Nothing is to be built; what has no statistics is still to be measured.
    done = ffc(project, "run")
    assert done.code == 0
    assert "measure training_set.main" in done.stderr
    assert "1 measured" in done.stderr
    assert _observed(project, "training_set.main")
    assert "measure" not in ffc(project, "run").stderr


def test_the_rest_is_done_before_anything_is_measured(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"profiles.yml": PROFILES + "      statistics: all\n"})
    assert ffc(project, "run").code == 0
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    actions = [result["action"] for result in results if result["action"] != "test"]
    assert actions == sorted(actions, key=["build", "sync", "measure"].index)
    assert actions.count("sync") > 0
    assert actions.count("measure") > 1


def test_ctrl_c_ends_what_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement is cancelled at once, and the builds stay good."""
    project = small_project(tmp_path)
    endless = "SELECT sum(a.range * b.range) AS n FROM range(1000000) a, range(1000000) b"

    def slow(warehouse: Warehouse, *_: object) -> None:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        warehouse.do(f"CREATE TABLE dev.endless AS {endless}")

    started = time.monotonic()
    with monkeypatch.context() as patched:
        patched.setattr(measuring, "measure", slow)
        done = ffc(project, "run")
    assert done.code == 130
    assert time.monotonic() - started < 30
    assert ffc(project, "run").code == 0
    assert _observed(project, "training_set.main")


def test_a_bug_is_not_hushed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("finite_0")

    monkeypatch.setattr(measuring, "measure", broken)
    done = ffc(small_project(tmp_path), "run")
    assert done.code == 2
    assert "a bug in ffc: KeyError" in done.stderr


# What is shown


def test_statistics_that_are_not_kept_are_computed(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"profiles.yml": PROFILES + "      statistics: none\n"})
    assert ffc(project, "run").code == 0
    for node in ("main", "clean", "spending"):
        shown = ffc(project, "show", node, "--stats", "--output", "json").json()
        assert shown["rows"] == 4
        assert not _observed(project, shown["node"])
    with open_session(project) as session:
        first = session.state.pointers("dev")["training_set.main"].build.id
    assert ffc(project, "run", "--force").code == 0
    with (
        open_session(project) as session,
        pytest.raises(NotFound, match=f"no statistics of the build `{first}`"),
    ):
        read_statistics(session, "main", first, principal=local_user())
    assert "did you mean `main`" in ffc(project, "show", "mian", "--stats").stderr
    profiles = project / "profiles.yml"
    profiles.write_text(PROFILES + "      statistics: perhaps\n")
    assert "error[FF105]" in ffc(project, "compile").stderr


def test_the_table_is_what_it_was(warehouse: Warehouse) -> None:
    columns = {f"user_daily__{name}" if name in NUMBERS else name: TYPES[name] for name in TYPES}
    rows = _random_rows(7, ROWS)
    found = _figures(
        warehouse,
        {**columns, "x": FLOAT["x"]},
        rows.replace("uuid())", "uuid(), 'nan')").replace("null)", "null, 1e20)"),
    )
    whole = found.pop("")
    told = [
        statistics._column(Column(name=name, type=kind, native=native), found[name])
        for name, (kind, native) in {**columns, "x": FLOAT["x"]}.items()
    ]
    told[1] = replace(told[1], distinct=2_345_678, distinct_exact=False)
    told[-2] = replace(told[-2], private=True)
    shown = describing.render_statistics(
        Statistics(
            node="training_set.main",
            build="b1",
            created="",
            rows=int(whole["rows", ""]),
            picked=2_000,
            columns=told,
        ),
        "utf-8",
    )
    plain = click.unstyle(shown)
    assert max(map(len, plain.splitlines())) <= 80
    assert shown != plain
    assert golden("statistics.txt", plain) == plain


def test_the_demo_is_shown(tmp_path: Path) -> None:
    assert ffc(tmp_path, "init", "demo").code == 0
    project = tmp_path / "demo"
    assert ffc(project, "run").code == 0
    shown = ffc(project, "show", "training_set.fraud_training", "--stats").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "\x1b" not in shown
    assert re.search(r"^ is_risky_category +bool +0.2% +2  false \d\d% +█[▁▂▃▄]$", shown, re.M)
    document = ffc(project, "show", "fraud_training", "--stats", "--output", "json").json()
    assert document["schema"] == "ffc.statistics/v1"
    by_name = {column["name"]: column for column in document["columns"]}
    assert by_name["merchant_profile__category"]["top"][0]["value"] in shown
    assert by_name["customer_id"]["private"]
    assert by_name["customer_id"]["top"] == []
    with open_session_of(project) as session:
        found = read_statistics(session, "fraud_training", principal=local_user())
    plain = describing.render_statistics(found, "ascii")
    assert plain.isascii()
    assert "@" in plain


def open_session_of(project: Path) -> Any:
    from ffc.connect.profiles import choose_target, read_profile, usable
    from ffc.connect.session import Session

    return Session(choose_target(usable(*read_profile(project, None, "fraud")), None, project))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.12345, "0.123"),
        (-0.5, "-0.500"),
        (0.0000123, "1e-5"),
        (12.345, "12.35"),
        (999.96, "1,000"),
        (1234.5, "1,234"),
        (99_999.0, "99,999"),
        (123_456.0, "123.5k"),
        (-123_456.0, "-123k"),
        (-12_345.6, "-12.3k"),
        (999_600.0, "1.00M"),
        (2.5e9, "2.50G"),
        (7e15, "7e15"),
        (-1e308, "-1e308"),
    ],
)
def test_a_number_is_short(value: float, text: str) -> None:
    assert describing.number(value) == text
    assert len(text) <= 6
