"""The flights project built on its real data, and its training sets beside pandas, cell by cell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from projects.flights_data import flights_project
from pyarrow import compute, parquet
from support.cli import ffc


@dataclass(frozen=True, kw_only=True)
class View:
    """A feature view as the project's YAML has it, written down anew."""

    table: str
    keys: tuple[str, ...]
    at: str = ""
    delay: str = "0s"
    created: str = ""
    ttl: str = ""


CARRIER: Final = View(table="carrier_week", keys=("carrier",), at="as_of", delay="1h", ttl="3D")
PLANE: Final = View(
    table="plane_legs",
    keys=("tail_number",),
    at="departed_at",
    created="learned_at",
    ttl="14D",
)
REGISTER: Final = View(table="plane_facts", keys=("tail_number",))
WEATHER: Final = View(
    table="weather_trends", keys=("origin",), at="observed_at", delay="1h", ttl="6h"
)
ROUTE: Final = View(
    table="route_month", keys=("origin", "destination"), at="as_of", delay="1h", ttl="7D"
)

# Of each training set: its label's table, the columns passed through, and the features, each as
# (column, view, the view's column, lag, default).
Feature = tuple[str, View, str, str, object]
CANCELLATIONS: Final[Sequence[Feature]] = [
    ("carrier_weekly__flights_7d", CARRIER, "flights_7d", "0s", 0),
    ("carrier_weekly__cancelled_share_7d", CARRIER, "cancelled_share_7d", "0s", None),
    ("carrier_weekly__cancelled_share_7d__lag_1d", CARRIER, "cancelled_share_7d", "1D", None),
    *(
        (f"origin_weather__{name}", WEATHER, name, "0s", None)
        for name in (
            "temperature_c",
            "wind_gust_kmh",
            "visibility_km",
            "pressure_hpa",
            "pressure_change_hpa_3h",
            "precipitation_mm_6h",
            "is_icy",
        )
    ),
    ("origin_weather__pressure_hpa__lag_6h", WEATHER, "pressure_hpa", "6h", None),
    ("origin_weather__pressure_hpa__lag_1d", WEATHER, "pressure_hpa", "1D", None),
    ("route_monthly__flights_28d", ROUTE, "flights_28d", "0s", 0),
]
LATE: Final[Sequence[Feature]] = [
    ("carrier_weekly__late_share_7d", CARRIER, "late_share_7d", "0s", None),
    ("late_share_week_before", CARRIER, "late_share_7d", "7D", None),
    ("carrier_weekly__punctuality_rank", CARRIER, "punctuality_rank", "0s", None),
    ("plane_recent__last_destination", PLANE, "last_destination", "0s", None),
    ("plane_recent__last_arrival_delay_min", PLANE, "last_arrival_delay_min", "0s", None),
    (
        "plane_recent__avg_arrival_delay_min_last_5",
        PLANE,
        "avg_arrival_delay_min_last_5",
        "0s",
        None,
    ),
    ("plane_recent__flights_7d", PLANE, "flights_7d", "0s", 0),
    ("plane_recent__distance_km_7d", PLANE, "distance_km_7d", "0s", 0),
    ("plane_register__built_year", REGISTER, "built_year", "0s", None),
    ("plane_register__manufacturer", REGISTER, "manufacturer", "0s", "UNKNOWN"),
    ("plane_register__seats", REGISTER, "seats", "0s", None),
    ("plane_register__is_jet", REGISTER, "is_jet", "0s", True),
    ("origin_weather__temperature_c", WEATHER, "temperature_c", "0s", None),
    ("origin_weather__visibility_km", WEATHER, "visibility_km", "0s", None),
    ("visibility_km_3h_before", WEATHER, "visibility_km", "3h", None),
    ("origin_weather__precipitation_mm_6h", WEATHER, "precipitation_mm_6h", "0s", None),
    (
        "route_monthly__median_arrival_delay_min_28d",
        ROUTE,
        "median_arrival_delay_min_28d",
        "0s",
        None,
    ),
    ("route_monthly__late_share_28d", ROUTE, "late_share_28d", "0s", None),
]
CANCELLED_ROWS: Final = (
    *("carrier", "origin", "destination", "forecast_at", "flight_number"),
    "scheduled_departure_at",
)
LATE_ROWS: Final = (
    *("carrier", "tail_number", "origin", "destination", "forecast_at", "flight_number"),
    *("scheduled_departure_at", "distance_km"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = flights_project(tmp_path_factory.mktemp("nyc"))
    done = ffc(folder, "run", "--quiet")
    assert (done.code, done.stderr) == (0, "")
    return folder


def statuses(project: Path) -> dict[str, str]:
    document = json.loads((project / "target" / "run_results.json").read_text())
    return {r["id"]: r["status"] for r in document["results"] if r["action"] == "build"}


def built(project: Path) -> set[str]:
    return {node for node, status in statuses(project).items() if status != "unchanged"}


def frame(project: Path, table: str) -> Any:
    with duckdb.connect(project / ".ffc" / "flights.duckdb", read_only=True) as connection:
        return connection.sql(f'SELECT * FROM "dev"."{table}"').df()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "label", "carried", "target", "features"),
    [
        ("cancellations", "departures", CANCELLED_ROWS, "is_cancelled", CANCELLATIONS),
        ("late_arrivals", "landings", LATE_ROWS, "is_late", LATE),
    ],
)
def test_every_cell_is_what_pandas_finds(
    project: Path,
    name: str,
    label: str,
    carried: Sequence[str],
    target: str,
    features: Sequence[Feature],
) -> None:

    found = frame(project, name)
    assert list(found) == [*carried, *(column for column, *_ in features), _label_of(name)]
    rows = frame(project, label)
    expected = rows[list(carried)].copy()
    tables = {view.table: frame(project, view.table) for _, view, *_ in features}
    for column, view, value, lag, default in features:
        expected[column] = looked_up(rows, tables[view.table], view, value, lag, default)
    expected[_label_of(name)] = rows[target]
    order = ["carrier", "flight_number", "origin", "destination", "scheduled_departure_at"]
    one, other = (
        each.sort_values(order, kind="stable", ignore_index=True) for each in (found, expected)
    )
    for column in found:
        check_cells(one[column], other[column])
    for column, *_ in features:
        assert found[column].notna().mean() > 0.5, column


def check_cells(found: Any, expected: Any) -> None:
    """Hold two columns equal, whatever pandas keeps them as; a null equals a null."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(found):
        pairs = [pd.to_numeric(each).astype("Float64") for each in (found, expected)]
        pd.testing.assert_series_equal(*pairs, check_names=False, rtol=1e-12, atol=0)
        return
    one, other = (
        each.astype(object).where(each.notna(), None).tolist() for each in (found, expected)
    )
    assert one == other, found.name


def _label_of(name: str) -> str:
    return {"cancellations": "cancelled", "late_arrivals": "late_arrival"}[name]


def looked_up(rows: Any, table: Any, view: View, value: str, lag: str, default: object) -> Any:
    """Return a feature for each row, by pandas' own join."""
    import pandas as pd

    keys = list(view.keys)
    asked = rows[[*keys, "forecast_at"]].reset_index()
    asked["asked"] = asked["forecast_at"] - pd.Timedelta(lag)
    table = table.dropna(subset=keys)
    if not view.at:
        found = asked.merge(table[[*keys, value]], on=keys, how="left", indicator=True)
        known = found["_merge"] == "both"
        return _or_default(found.set_index("index")[value], known.array, default)
    known_at = table[view.created] if view.created else table[view.at] + pd.Timedelta(view.delay)
    table = table.assign(known_at=known_at).sort_values("known_at", kind="stable")
    # Of what is known the newest wins: not always what was learned last.
    table["newest"] = table.groupby(keys)[view.at].cummax()
    at = pd.merge_asof(
        asked.sort_values("asked"),
        table[[*keys, "known_at", "newest"]],
        left_on="asked",
        right_on="known_at",
        by=keys,
        allow_exact_matches=False,
    )
    found = at.merge(
        table[[*keys, view.at, value]],
        how="left",
        left_on=[*keys, "newest"],
        right_on=[*keys, view.at],
        validate="many_to_one",
    )
    found = found.set_index("index").sort_index()
    fresh = found["newest"] >= found["asked"] - pd.Timedelta(view.ttl)
    return _or_default(found[value], fresh.array, default)


def _or_default(values: Any, known: Any, default: object) -> Any:
    """Return the default where no row was known; a null that was known stays one."""
    import pandas as pd

    other = pd.Series([default] * len(values), index=values.index, dtype=object)
    found = values.astype(object).where(known, other)
    return found.where(found.notna(), None).infer_objects()


def test_the_data_are_what_the_project_says(project: Path) -> None:
    done = ffc(project, "test", "--output", "json")
    assert done.code == 0
    found = {r["id"].removeprefix("test."): r["status"] for r in done.json()["results"]}
    assert set(found.values()) == {"success"}
    assert len(found) == 19
    assert found["feature_view.carrier_weekly.range_late_share_7d"] == "success"


def test_again_unchanged_builds_nothing(project: Path) -> None:
    done = ffc(project, "run")
    assert done.code == 0
    assert built(project) == set()
    assert len(statuses(project)) == 27
    assert "done: 31 unchanged" in done.stderr


@pytest.mark.slow
def test_what_is_touched_builds_only_what_hangs_on_it(tmp_path: Path) -> None:
    project = flights_project(tmp_path)
    assert ffc(project, "run", "--quiet").code == 0
    file = project / "transformations" / "stg_weather.sql"
    # A comment is no change.
    file.write_text(f"-- looked at\n{file.read_text()}")
    assert ffc(project, "run", "--quiet").code == 0
    assert built(project) == set()
    file = project / "transformations" / "weather_trends.sql"
    changed = file.read_text().replace("<= 0 and", "<= 1 and")
    assert changed != file.read_text()
    file.write_text(changed)
    assert ffc(project, "run", "--quiet").code == 0
    assert built(project) == {
        "transformation.weather_trends",
        "feature_view.origin_weather",
        "training_set.cancellations",
        "training_set.late_arrivals",
    }


@pytest.mark.slow
def test_late_rows_are_added_and_only_they(tmp_path: Path) -> None:
    project = flights_project(tmp_path)
    file = project / "data" / "flights.parquet"
    whole = parquet.read_table(file)
    # The flights of the last day are told late.
    last = compute.and_(compute.equal(whole["month"], 12), compute.equal(whole["day"], 31))
    landed = compute.and_(last, compute.is_valid(whole["arr_delay"]))
    parquet.write_table(whole.filter(compute.invert(landed)), file)
    assert ffc(project, "run", "--quiet").code == 0
    before = frame(project, "arrivals")
    parquet.write_table(whole, file)
    assert ffc(project, "run", "--quiet").code == 0
    document = json.loads((project / "target" / "run_results.json").read_text())
    results = {r["id"]: r for r in document["results"] if r["action"] == "build"}
    arrivals = results["transformation.arrivals"]
    assert arrivals["rows"]["removed"] == 0
    assert arrivals["rows"]["added"] == arrivals["rows"]["out"] - len(before)
    assert arrivals["rows"]["added"] == compute.sum(landed).as_py() > 500
    untouched = ("origin_weather", "plane_register")
    assert {results[f"feature_view.{name}"]["status"] for name in untouched} == {"unchanged"}
    assert results["training_set.late_arrivals"]["status"] == "success"
