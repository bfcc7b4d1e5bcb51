"""The flights project, on data that nobody here made: compiled, run, and checked with pandas."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from projects.flights_data import PROJECT, TABLES, flights_project, read_table
from pyarrow import compute
from support.cli import ffc
from support.projects import compile_folder

from ffc.core.types import known_type
from ffc.manifest.records import AnyNode, FeatureView, Manifest, TrainingSet
from ffc.sql.binding import references
from ffc.sql.build import generate
from ffc.sql.point_in_time import training_set_query
from ffc.sql.search import Shape
from ffc.sql.types import sql_type

SETS: Final = ("late_arrivals", "cancellations")
SHAPES: Final[tuple[Shape, ...]] = ("asof", "union")
ROWS: Final = {"late_arrivals": 327_346, "cancellations": 336_776}
JANUARY: Final = {"late_arrivals": 26_398, "cancellations": 27_004}
KINDS: Final = {
    "source": 5,
    "transformation": 13,
    "entity": 4,
    "feature_view": 5,
    "label": 2,
    "training_set": 2,
}

# Where three columns of training sets come from, as one who reads the SQL would write it down:
# `values` is what the value is computed from, `rows` what only filters, groups, joins or orders
# on the way, that which makes the label's rows and instants too. Nothing is told twice.
_DEPARTURE: Final = [("source.nyc.flights", c) for c in ("year", "month", "day", "hour", "minute")]
_DESTINATION: Final = [("source.nyc.flights", "dest"), ("source.nyc.airports", "faa")]
_ARRIVAL: Final = [
    *_DEPARTURE,
    *_DESTINATION,
    ("source.nyc.flights", "dep_delay"),
    ("source.nyc.flights", "arr_time"),
    ("source.nyc.airports", "tzone"),
]
LINEAGE: Final[Mapping[str, Mapping[str, list[tuple[str, str]]]]] = {
    # A share (macro) of sums over a window, in a CTE, over a calendar joined to counts of days
    # that the midnight after (macro) an arrival groups; only landed flights are asked about.
    "late_arrivals.late_share_week_before": {
        "values": [("source.nyc.flights", "arr_delay")],
        "rows": [
            *_ARRIVAL,
            ("source.nyc.flights", "carrier"),
            ("source.nyc.flights", "dep_time"),
            ("source.nyc.airlines", "carrier"),
        ],
    },
    # A window over a CTE that a window cleans (QUALIFY), over the incremental.
    "late_arrivals.plane_recent__avg_arrival_delay_min_last_5": {
        "values": [("source.nyc.flights", "arr_delay")],
        "rows": [
            *_ARRIVAL,
            ("source.nyc.flights", "tailnum"),
            ("source.nyc.flights", "carrier"),
            ("source.nyc.flights", "flight"),
            ("source.nyc.flights", "dep_time"),
        ],
    },
    # A condition over an alias of its own SELECT, a window, a macro, and the order of a QUALIFY.
    "cancellations.origin_weather__is_icy": {
        "values": [("source.nyc.weather", "temp"), ("source.nyc.weather", "precip")],
        "rows": [
            *_DEPARTURE,
            *_DESTINATION,
            ("source.nyc.flights", "origin"),
            ("source.nyc.weather", "origin"),
            ("source.nyc.weather", "time_hour"),
            ("source.nyc.weather", "pressure"),
            ("source.nyc.weather", "visib"),
            ("source.nyc.weather", "wind_speed"),
        ],
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return flights_project(tmp_path_factory.mktemp("nyc"))


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return compile_folder(PROJECT)


@pytest.fixture(scope="module")
def january(manifest: Manifest) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        build(connection, manifest, month=1)
        yield connection


@pytest.fixture(scope="module")
def year(manifest: Manifest) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        build(connection, manifest)
        yield connection


def build(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, month: int | None = None
) -> None:
    """Run a manifest's SQL over the package's tables, in a session far from UTC."""
    connection.execute("SET TimeZone = 'Asia/Kolkata'")
    connection.execute('CREATE SCHEMA "__ffc"')
    for name in TABLES:
        load(connection, manifest.node(f"source.nyc.{name}"), name, month)
    made = {
        n.id: str(n.sql)
        for n in manifest.nodes
        if n.kind in ("transformation", "feature_view", "label")
    }
    reads = {
        node: [r for r in references(sql, "duckdb") if r in made] for node, sql in made.items()
    }
    for node in TopologicalSorter(reads).static_order():
        connection.execute(f'CREATE TABLE "__ffc"."{node}" AS {made[node]}')


def load(
    connection: duckdb.DuckDBPyConnection, node: AnyNode, name: str, month: int | None
) -> None:
    given = read_table(name)
    if month is not None and "month" in given.column_names:
        given = given.filter(compute.equal(given["month"], month))
    columns = (
        f'"{c.name}"::{sql_type(known_type(c.type)).sql("duckdb")} AS "{c.name}"'
        for c in node.columns
    )
    connection.register("given", given)
    connection.execute(
        f'CREATE TABLE "__ffc"."{node.id}" AS SELECT {", ".join(columns)} FROM given'
    )
    connection.unregister("given")


def training_set(manifest: Manifest, name: str) -> TrainingSet:
    node = manifest.node(f"training_set.{name}")
    assert isinstance(node, TrainingSet)
    return node


def check_shapes(connection: duckdb.DuckDBPyConnection, node: TrainingSet, rows: int) -> None:
    """Both shapes give the same rows, as many as the label has."""
    for shape in SHAPES:
        sql = generate(training_set_query(node.plan, shape), "duckdb")
        connection.execute(f'CREATE OR REPLACE TABLE "{shape}" AS {sql}')
    assert count(connection, f'"__ffc"."{node.label}"') == rows
    assert [count(connection, f'"{shape}"') for shape in SHAPES] == [rows, rows]
    for one, other in (SHAPES, SHAPES[::-1]):
        only = f'(SELECT * FROM "{one}" EXCEPT ALL SELECT * FROM "{other}")'
        assert count(connection, only) == 0, one


def count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    found = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    assert found is not None
    return int(found[0])


def test_it_compiles_without_a_word(project: Path) -> None:
    compiled = ffc(project, "compile", "--strict")
    assert (compiled.code, compiled.stdout) == (0, "")
    assert compiled.stderr == f"compiled {sum(KINDS.values())} nodes to target/manifest.json\n"


def test_it_has_what_a_real_project_has(project: Path) -> None:
    assert ffc(project, "compile").code == 0
    manifest = json.loads((project / "target" / "manifest.json").read_text())
    assert Counter(node["kind"] for node in manifest["nodes"]) == KINDS
    nodes = [node for node in manifest["nodes"] if node["kind"] != "source"]
    assert [n["id"] for n in nodes if not (n["description"] and n["owner"] and n["tags"])] == []
    transformations = [n for n in nodes if n["kind"] == "transformation"]
    assert {n["materialized"] for n in transformations} == {"view", "table", "incremental"}


@pytest.mark.parametrize("name", SETS)
def test_both_shapes_agree_on_january(
    january: duckdb.DuckDBPyConnection, manifest: Manifest, name: str
) -> None:
    check_shapes(january, training_set(manifest, name), JANUARY[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_both_shapes_agree_on_the_year(
    year: duckdb.DuckDBPyConnection, manifest: Manifest, name: str
) -> None:
    check_shapes(year, training_set(manifest, name), ROWS[name])


def test_nothing_is_left_empty(january: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """Every feature has values in January: none is lost by a key, a unit or a time zone."""
    for view in manifest.nodes:
        for feature in view.features if isinstance(view, FeatureView) else ():
            values = f'(SELECT 1 FROM "__ffc"."{view.id}" WHERE "{feature.name}" IS NOT NULL)'
            assert count(january, values) > 0, feature.name


@pytest.fixture(scope="module")
def frames(year: duckdb.DuckDBPyConnection, manifest: Manifest) -> tuple[Any, Any]:
    """Return the training set of late arrivals and the history of planes, as frames."""
    sql = generate(training_set_query(training_set(manifest, "late_arrivals").plan), "duckdb")
    planes = 'SELECT * FROM "__ffc"."feature_view.plane_recent"'
    return year.execute(sql).df(), year.execute(planes).df()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "lag"),
    [("origin_weather__visibility_km", "0h"), ("visibility_km_3h_before", "3h")],
)
def test_weather_as_pandas_finds_it(frames: tuple[Any, Any], column: str, lag: str) -> None:
    import pandas as pd

    found, _ = frames
    weather = read_table("weather").to_pandas()
    weather["at"] = instants(weather["time_hour"])
    weather["value"] = (weather["visib"] * 1.609344).round(2)
    expected = newest(found, weather, by="origin", lag=lag, delay="1h", ttl="6h")
    pd.testing.assert_series_equal(found[column], expected, check_names=False, rtol=1e-12)
    assert found[column].notna().mean() > 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "lag"),
    [("carrier_weekly__late_share_7d", "0h"), ("late_share_week_before", "7D")],
)
def test_late_shares_as_pandas_finds_them(frames: tuple[Any, Any], column: str, lag: str) -> None:
    import pandas as pd

    found, _ = frames
    shares = late_shares()
    expected = newest(found, shares, by="carrier", lag=lag, delay="1h", ttl="3D")
    pd.testing.assert_series_equal(found[column], expected, check_names=False, rtol=1e-12)
    assert found[column].notna().mean() > 0.9


@pytest.mark.slow
def test_planes_as_pandas_finds_them(frames: tuple[Any, Any]) -> None:
    """A flight counts from when it was learned; of those that count the last to leave wins."""
    import pandas as pd

    found, history = frames
    learned = history.sort_values("learned_at", kind="stable")
    learned["last"] = learned.groupby("tail_number")["departed_at"].cummax()
    asked = found[["tail_number", "forecast_at"]].reset_index().sort_values("forecast_at")
    at = pd.merge_asof(
        asked,
        learned[["tail_number", "learned_at", "last"]],
        left_on="forecast_at",
        right_on="learned_at",
        by="tail_number",
        allow_exact_matches=False,
    )
    rows = (
        at.merge(
            history,
            how="left",
            left_on=["tail_number", "last"],
            right_on=["tail_number", "departed_at"],
            validate="many_to_one",
        )
        .set_index("index")
        .sort_index()
    )
    fresh = rows["last"] >= rows["forecast_at"] - pd.Timedelta("14D")
    for column in ("last_arrival_delay_min", "avg_arrival_delay_min_last_5"):
        answer, expected = found[f"plane_recent__{column}"], rows[column].where(fresh)
        pd.testing.assert_series_equal(answer, expected, check_names=False, check_dtype=False)
        assert answer.notna().mean() > 0.9


def newest(found: Any, rows: Any, by: str, lag: str, delay: str, ttl: str) -> Any:
    """Return, for each row of a training set, the value that was known at its instant."""
    import pandas as pd

    asked = found[[by, "forecast_at"]].reset_index()
    asked["asked"] = asked["forecast_at"] - pd.Timedelta(lag)
    rows = rows[[by, "at", "value"]].assign(known=rows["at"] + pd.Timedelta(delay))
    at = (
        pd.merge_asof(
            asked.sort_values("asked"),
            rows.sort_values("known"),
            left_on="asked",
            right_on="known",
            by=by,
            allow_exact_matches=False,
        )
        .set_index("index")
        .sort_index()
    )
    return at["value"].where(at["at"] >= at["asked"] - pd.Timedelta(ttl))


def late_shares() -> Any:
    """Return the share of late flights of each carrier at each midnight, from the raw flights."""
    import pandas as pd

    flights = read_table("flights").to_pandas()
    landed = flights[flights["arr_delay"].notna()]
    days = pd.DataFrame(
        {
            "carrier": landed["carrier"],
            "at": arrivals(landed).dt.floor("D") + pd.Timedelta("1D"),
            "late": landed["arr_delay"] >= 15,
        }
    )
    counts = days.groupby(["carrier", "at"])["late"].agg(["sum", "count"])
    midnights = pd.date_range("2013-01-02", "2014-01-02", freq="D", unit="us", name="at")
    parts = []
    for carrier, own in counts.groupby("carrier"):
        week = (
            own.droplevel("carrier")
            .reindex(midnights, fill_value=0)
            .rolling(7, min_periods=1)
            .sum()
        )
        value = week["sum"] / week["count"]
        parts.append(pd.DataFrame({"carrier": carrier, "at": midnights, "value": value.array}))
    return pd.concat(parts)


def arrivals(landed: Any) -> Any:
    """Return the instants at which flights landed, by each destination's clock."""
    import pandas as pd

    zones = read_table("airports").to_pandas().set_index("faa")["tzone"]
    hours = instants(landed["time_hour"])
    left = hours + pd.to_timedelta(landed["minute"] + landed["dep_delay"], unit="min")
    parts = []
    for zone, there in left.groupby(landed["dest"].map(zones).fillna("America/Puerto_Rico")):
        local = there.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
        clock = landed.loc[there.index, "arr_time"]
        minutes = pd.to_timedelta(clock // 100 * 60 + clock % 100, unit="min")
        landing = local.dt.normalize() + minutes
        landing += pd.to_timedelta((landing < local).astype(int), unit="D")
        exact = landing.dt.tz_localize(
            zone, ambiguous=[False] * len(landing), nonexistent="shift_forward"
        )
        parts.append(exact.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]"))
    return pd.concat(parts).reindex(landed.index)


def instants(texts: Any) -> Any:
    import pandas as pd

    return pd.to_datetime(texts, utc=True).dt.tz_localize(None).astype("datetime64[us]")
