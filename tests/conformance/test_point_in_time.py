"""Every point-in-time case, from YAML to an Arrow file, through the command line."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance.project import differences, read_answer, read_cases, write_project
from support.cli import ffc

from ffc.run import searching
from ffc_duckdb.offline import DuckDBOfflineStore

# What the language has and this version refuses, saying so. Each name here is a case that must
# still fail: one that passes makes the test red until it is taken from the list.
NOT_YET = {
    "a_day_is_24_hours",
    "as_known_window",
    "no_time_or_key_defaults",
    "window_after_the_huge",
    "window_all_null",
    "window_as_known",
    "window_avg_of_ints",
    "window_beside_latest",
    "window_beside_ties",
    "window_composite",
    "window_composite_key",
    "window_default",
    "window_delay",
    "window_few",
    "window_first_last",
    "window_functions",
    "window_ignores_ttl",
    "window_inclusive",
    "window_inclusive_lag_edges",
    "window_lag",
    "window_lengths",
    "window_nan",
    "window_null_label_time",
    "window_rows_of_the_label",
    "window_text",
    "window_ties",
    "window_variance_far_from_zero",
    "window_where",
    "window_where_each",
}
# The codes that refuse a case that must be refused, and a word of what they must say.
REFUSALS = {
    "static_duplicate_fails": ("FF807", "more than one row for a key"),
    "same_name_twice": ("FF405", "two columns of one name"),
    "no_time_no_window": ("FF508", "needs the label's time"),
    "no_time_no_lag": ("FF508", "needs the label's time"),
    "static_no_lag": ("FF501", "static"),
}
CASES = read_cases()


def _parameters() -> list[Any]:
    late = pytest.mark.xfail(reason="not in this version yet", strict=True)
    return [
        pytest.param(case, id=case["name"], marks=[late] if case["name"] in NOT_YET else [])
        for case in CASES
    ]


@pytest.fixture(params=["asof", "union", "ranges", "pairs"])
def shape(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Compile for an engine without ASOF JOIN, and for one with it, whatever it would choose."""
    asof = request.param != "union"
    declared = replace(DuckDBOfflineStore.capabilities, asof_join=asof)
    monkeypatch.setattr(DuckDBOfflineStore, "capabilities", declared)
    monkeypatch.setattr(searching, "shape_for", lambda *_: request.param)
    return str(request.param)


@pytest.mark.parametrize("case", _parameters())
def test_case(case: dict[str, Any], shape: str, tmp_path: Path) -> None:
    write_project(case, tmp_path)
    with time_zone(case.get("session_time_zone")):
        built = ffc(tmp_path, "run")
        if "error" in case["expect"]:
            code, words = REFUSALS[case["name"]]
            assert built.code == 1
            assert f"error[{code}]" in built.stderr
            assert words in built.stderr
            return
        assert built.code == 0, built.stderr
        written = ffc(tmp_path, "training-set", "ts", "--to", "answer.arrow")
        assert written.code == 0, written.stderr
    compiled = (tmp_path / "target/compiled/training_set.ts.sql").read_text()
    assert ("ASOF" in compiled) <= (shape != "union")
    columns, rows = read_answer(tmp_path / "answer.arrow")
    expected = case["expect"]
    assert columns == expected["columns"]
    times = [_is_time(case, column, columns) for column in columns]
    assert differences(expected["rows"], rows, times) == []


def test_every_case_that_waits_says_what_is_missing(tmp_path: Path) -> None:
    for case in CASES:
        if case["name"] not in NOT_YET:
            continue
        folder = tmp_path / case["name"]
        write_project(case, folder)
        compiled = ffc(folder, "compile")
        assert compiled.code == 1, case["name"]
        assert "not in this version of ffc yet" in compiled.stderr, case["name"]
        assert "error[FF9" not in compiled.stderr, case["name"]


def _is_time(case: dict[str, Any], column: str, columns: list[str]) -> bool:
    kinds = dict(case["label"]["columns"])
    for view in case["views"]:
        variant = "" if view.get("variant", "default") == "default" else f"__{view['variant']}"
        for feature in view["features"]:
            kind = view["columns"].get(feature.get("column", feature["name"]))
            kinds[f"{view['name']}{variant}__{feature['name']}"] = kind
    return kinds.get(column) in ("timestamp", "date")


@contextmanager
def time_zone(name: str | None) -> Iterator[None]:
    """Put this process in a time zone for a while."""
    before = os.environ.get("TZ")
    if name:
        os.environ["TZ"] = name
        time.tzset()
    try:
        yield
    finally:
        if name:
            os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
            time.tzset()
