"""Statistics as people read them: kept or computed, in a table that fits a terminal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
from msgspec.structs import replace
from support.cli import PROFILES, ffc
from support.golden import golden
from support.measured import FLOAT, NUMBERS, ROWS, TYPES, figures_of, kept_of, random_rows
from support.projects import open_session, small_project

from ffc.auth import local_user
from ffc.cli import describing
from ffc.connect.warehouse import Warehouse
from ffc.core.errors import NotFound
from ffc.manifest.records import Column
from ffc.run.looking import statistics
from ffc.run.looking.statistics import Statistics, read_statistics


def test_statistics_that_are_not_kept_are_computed(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"profiles.yml": PROFILES + "      statistics: none\n"})
    assert ffc(project, "run").code == 0
    for node in ("main", "clean", "spending"):
        shown = ffc(project, "show", node, "--stats", "--output", "json").json()
        assert shown["rows"] == 4
        assert not kept_of(project, shown["node"])
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
    rows = random_rows(7, ROWS)
    found = figures_of(
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
