"""`ffc show`: a node of any kind, or a column, of a project that was never run."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from projects.flights_data import PROJECT
from support.cli import ffc
from support.projects import FILES, compile_folder, small_project
from support.shown import facts

from ffc.cli.facts import column_facts, node_facts
from ffc.cli.showing import render_columns, render_facts, render_sql
from ffc.manifest.lineage import find_place
from ffc.manifest.records import AnyNode

FLIGHTS = compile_folder(PROJECT)


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the flights project without its data: it can be compiled, and not be run."""
    return Path(shutil.copytree(PROJECT, tmp_path_factory.mktemp("never") / "flights"))


# Every kind


@pytest.mark.parametrize("node", FLIGHTS.nodes, ids=lambda node: node.id)
def test_every_node_fits_a_terminal(node: AnyNode) -> None:
    blocks = [
        render_facts(node_facts(node, FLIGHTS)),
        render_columns(node, FLIGHTS),
        render_sql(node),
        *(render_facts(column_facts(node, column, FLIGHTS)) for column in node.columns),
    ]
    # Only a single name that is longer sticks out.
    for line in click.unstyle("\n".join(blocks)).splitlines():
        assert len(line) <= 80 or len(re.split(r" {2,}", line.strip())[-1].split()) == 1


@pytest.mark.parametrize("kind", ["nyc.flights", "arrivals", "plane", "cancelled", "late_arrivals"])
def test_a_project_that_was_never_run(flights: Path, kind: str) -> None:
    done = ffc(flights, "show", kind)
    assert (done.code, done.stderr) == (0, "")
    coloured = ffc(flights, "show", kind, "--color").stdout
    assert click.unstyle(coloured) == done.stdout != coloured
    assert not (flights / ".ffc").exists(), "who only looks makes no file"


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (
            "nyc.flights",
            {
                "file": "sources/nyc.yml:7",
                "owner": "data@flights.example",
                "tags": "raw",
                "files": "data/flights.parquet (parquet)",
                "read by": "transformation.stg_flights",
            },
        ),
        (
            "arrivals",
            {
                "description": "Flights that reached their destination.",
                "materialized": "incremental",
                "time column": "arrived_at",
                "unique key": "carrier, flight_number, scheduled_departure_at",
                "lookback": "3d",
                "new columns": "fail",
                "reads": "transformation.flight_times",
                "tests": "late_as_the_delay_says",
            },
        ),
        (
            "carrier_weekly",
            {
                "entity": "carrier",
                "keys": "carrier",
                "timestamp": "as_of",
                "delay": "1h",
                "ttl": "3d",
                "online": "default",
                "schedule": "30 0 * * * (UTC)",
                "read by": "training_set.cancellations, training_set.late_arrivals",
            },
        ),
        ("plane_recent", {"created": "learned_at"}),
        ("plane_register", {"timestamp": "none: it is static"}),
        ("plane", {"keys": "tail_number", "tags": "delays, pii"}),
        (
            "nyc.airlines",
            {
                "group": "Every flight that left New York City in 2013, and what was around it.",
                "owner": "data@flights.example",
                "tags": "raw",
            },
        ),
        (
            "late_arrival",
            {
                "label": "is_late",
                "entities": "carrier (carrier), plane (tail_number), origin (origin), "
                "route (origin, destination)",
                "timestamp": "forecast_at",
            },
        ),
        (
            "late_arrivals",
            {"label": "label.late_arrival", "timestamp": "forecast_at", "asks for": "18 features"},
        ),
    ],
)
def test_what_a_node_of_a_kind_is(node: str, wanted: dict[str, str]) -> None:
    shown = dict(node_facts(FLIGHTS.node(find_place(FLIGHTS, node).node), FLIGHTS))
    assert {what: shown.get(what) for what in wanted} == wanted


def test_defaults_of_a_folder_describe_no_transformation(tmp_path: Path) -> None:
    project = small_project(
        tmp_path,
        **{"ffc.yml": FILES["ffc.yml"] + "defaults:\n  transformations: {owner: us}\n"},
    )
    shown = facts(ffc(project, "show", "clean").stdout)
    assert (shown["owner"], shown.get("described in")) == ("us", None)
    notes = "transformations:\n  - {name: clean, description: Without refunds.}\n"
    (project / "transformations" / "notes.yml").write_text(notes)
    assert (
        facts(ffc(project, "show", "clean").stdout)["described in"] == "transformations/notes.yml"
    )


def test_what_is_seldom_said(tmp_path: Path) -> None:
    sources = FILES["sources/raw.yml"].replace(
        "file: data/users.csv",
        "table: crm.users\n        timezone: Europe/Berlin\n"
        "        freshness: {column: seen, warn_after: 12h, error_after: 1d}",
    )
    features = FILES["features/all.yml"].replace(
        "source: ref('clean')\n    timestamp: seen\n    created: loaded",
        "source: ref('clean')\n    keys: {user_id: who}\n    timestamp: seen\n    created: loaded\n"
        "    boundary: inclusive\n    as_known: false",
    )
    features = features.replace("    timestamp: seen\n    column: paid", "    column: paid")
    project = small_project(
        tmp_path,
        **{
            "sources/raw.yml": sources.replace(
                "{name: country, type: string}",
                "{name: country, type: string}\n          - {name: seen, type: timestamp}",
            ),
            "features/all.yml": features.replace("{user: user_id}", "{user: who}"),
            "transformations/clean.sql": FILES["transformations/clean.sql"].replace(
                "select user_id", "select user_id as who"
            ),
            "transformations/kept.sql": "{{ config(materialized='snapshot', unique_key='user_id',"
            " strategy='check', check_columns=['country']) }}\n"
            "select user_id, country, 1 as one from {{ source('raw', 'users') }}\n",
            "training_sets/models.yml": "models:\n  - {name: payer, training_set: main}\n",
        },
    )
    source = facts(ffc(project, "show", "raw.users").stdout)
    assert (source["table"], source["timezone"]) == ("crm.users", "Europe/Berlin")
    assert source["freshness"] == "seen: warn after 12h, error after 1d"
    view = facts(ffc(project, "show", "spending").stdout)
    assert view["keys"] == "user_id (from who)"
    assert (view["boundary"], view["as known"]) == ("inclusive", "false")
    label = facts(ffc(project, "show", "paid_back").stdout)
    assert label["timestamp"] == "none: it has the newest rows"
    snapshot = ffc(project, "show", "kept").stdout
    assert facts(snapshot)["strategy"] == "check"
    assert facts(snapshot)["checked"] == "country"
    assert re.search(r"^one +int32$", snapshot, re.MULTILINE), "it comes from nowhere"
    model = facts(ffc(project, "show", "payer").stdout)
    assert (model["asks for"], model["entity"]) == ("2 features", "user")
    assert "build" not in model


# Columns


def test_columns_with_types_words_and_sources() -> None:
    columns = render_columns(FLIGHTS.node("feature_view.carrier_weekly"), FLIGHTS)
    assert (
        click.unstyle(columns)
        == """\
column                    type       comes from
------------------------  ---------  -------------------------------------------
carrier                   string     source.nyc.airlines (carrier)
as_of                     timestamp  source.nyc.airports (tzone),
                                     source.nyc.flights (arr_time, day,
                                     dep_delay, hour, minute, month, year)
flights_7d                int64      rows of source.nyc.airlines,
                                     source.nyc.airports, source.nyc.flights
    default 0
avg_arrival_delay_min_7d  float64    source.nyc.flights (arr_delay)
    Null: none landed.
late_share_7d             float64    source.nyc.flights (arr_delay)
    Of those that landed.
cancelled_share_7d        float64    rows of source.nyc.airlines,
                                     source.nyc.airports, source.nyc.flights
    Of those that were scheduled.
punctuality_rank          int64      rows of source.nyc.airlines,
                                     source.nyc.airports, source.nyc.flights
    1: the best of that night."""
    )


def test_sources_stand_below_where_names_are_long() -> None:
    shown = render_columns(FLIGHTS.node("training_set.late_arrivals"), FLIGHTS)
    columns = click.unstyle(shown).splitlines()
    assert columns[0].split() == ["column", "type", "tags", "role"]
    index = next(i for i, line in enumerate(columns) if line.startswith("tail_number "))
    assert columns[index].split() == ["tail_number", "string", "pii", "key"]
    assert columns[index + 1] == "    from source.nyc.flights (tailnum)"
    assert "    default true" in columns


def test_a_column(flights: Path) -> None:
    done = ffc(flights, "show", "plane_recent.distance_km_7d")
    assert (done.code, done.stderr) == (0, "")
    assert (
        done.stdout
        == """\
column      feature_view.plane_recent.distance_km_7d
file        features/plane.yml:8
type        float64
owner       forecasts@flights.example
role        feature
default     0.0
comes from  transformation.plane_legs.distance_km_7d
sources     source.nyc.flights (distance)
goes into   training_set.late_arrivals.plane_recent__distance_km_7d
"""
    )
    source = facts(ffc(flights, "show", "nyc.flights.tailnum").stdout)
    assert source["description"] == "Tells who owns a small plane."
    assert source["tags"] == "pii"
    assert source["goes into"] == "transformation.stg_flights.tail_number"
    tested = facts(ffc(flights, "show", "nyc.flights.month").stdout)
    assert tested["tests"] == "not_null_month, range_month"
    assert "sources" not in facts(ffc(flights, "show", "stg_flights.tail_number").stdout)
    document = ffc(flights, "show", "nyc.flights.month", "--output", "json").json()
    assert (document["node"]["id"], document["column"]) == ("source.nyc.flights", "month")
    refused = ffc(flights, "show", "plane_recent.distance_km")
    assert refused.code == 1
    assert "did you mean `distance_km_7d`?" in refused.stderr


def test_json_says_where_columns_come_from(flights: Path) -> None:
    document = ffc(flights, "show", "carrier_weekly", "--output", "json").json()
    found = {each["column"]: each for each in document["origins"]}
    assert found["late_share_7d"] == {
        "column": "late_share_7d",
        "kind": "value",
        "sources": [{"node": "source.nyc.flights", "column": "arr_delay"}],
    }
    assert found["flights_7d"]["kind"] == "row"
    assert document["dependents"] == ["training_set.cancellations", "training_set.late_arrivals"]
    assert (document["deployed"], document["build"], document["builds"]) == ("never", None, [])


def test_of_many_who_read_a_node_a_few_are_named(tmp_path: Path) -> None:
    many = {
        f"transformations/t{i:02}.sql": "select 1 as a from {{ ref('clean') }}" for i in range(20)
    }
    read_by = facts(ffc(small_project(tmp_path, **many), "show", "clean").stdout)["read by"]
    assert read_by.count("transformation.") == 10
    assert read_by.endswith("transformation.t09, and 10 more (`ffc lineage`)")


# SQL


def test_sql_as_written_and_as_compiled(flights: Path) -> None:
    written = (PROJECT / "transformations" / "arrivals.sql").read_text()
    whole = ffc(flights, "show", "arrivals").stdout
    assert "SQL as written; `--sql`: as compiled\n  -- Flights that reached" in whole
    rest = len(written.strip().splitlines()) - 16
    assert f"  {rest} more lines: `--raw` shows all\n" in whole
    raw = ffc(flights, "show", "arrivals", "--raw")
    assert (raw.stdout, raw.stderr) == (written.strip() + "\n", "")
    sql = ffc(flights, "show", "arrivals", "--sql").stdout
    first, later = sql.split("\n;\n-- builds after it\n")
    assert first.startswith("-- the first build\n")
    assert "watermark" not in first
    assert '"__ffc"."watermark.transformation.arrivals"' in later
    assert ffc(flights, "compile").code == 0
    for name, part in (("arrivals", first.partition("\n")[2]), ("arrivals.next", later)):
        compiled = flights / "target" / "compiled" / f"transformation.{name}.sql"
        assert part.strip() == compiled.read_text().strip()
    shutil.rmtree(flights / "target")
    view = ffc(flights, "show", "plane_recent", "--sql").stdout
    assert view.startswith("SELECT\n")
    assert "more lines: `--sql` shows all" in ffc(flights, "show", "plane_recent").stdout


def test_who_has_no_sql_says_so(flights: Path) -> None:
    for option in ("--sql", "--raw"):
        none = ffc(flights, "show", "plane", option)
        assert (none.code, none.stdout) == (1, "")
        assert "`entity.plane` has no SQL" in none.stderr
    declared = ffc(flights, "show", "plane_recent", "--raw")
    assert (declared.code, declared.stdout) == (1, "")
    assert "is not written in SQL" in declared.stderr
    assert "`--sql` is what it is compiled to" in " ".join(declared.stderr.split())


def test_what_a_terminal_would_obey_is_not_sent(tmp_path: Path) -> None:
    sql = "select 1 as a, -- \x1b[31mred\x1b[0m\n\t2 as b\n"
    project = small_project(tmp_path, **{"transformations/odd.sql": sql})
    shown = ffc(project, "show", "odd").stdout
    assert "\x1b" not in shown
    assert "\n      2 as b" in shown
    command = [sys.executable, "-m", "ffc", "show", "odd", "--raw"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout == sql, "a pipe gets it as it is"
    ours, theirs = pty.openpty()
    subprocess.run(command, cwd=project, stdout=theirs, check=True)
    assert b"\x1b[31m" not in os.read(ours, 10_000)
    os.close(ours)
    os.close(theirs)


def test_a_long_line_of_sql_is_cut(tmp_path: Path) -> None:
    sql = f"select {' + '.join('1' * 60)} as a\n"
    shown = ffc(small_project(tmp_path, **{"transformations/long.sql": sql}), "show", "long").stdout
    assert re.search(r"^  select 1 \+ .*…\n  lines are cut: `--raw` shows all$", shown, re.M)
    assert max(map(len, shown.splitlines())) == 80
