"""A terminal that is narrower than what is written: lines are made to fit it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli import ffc
from support.terminals import on_screen

from ffc.cli.helping import example_lines

NARROW = 50


@pytest.fixture(scope="module")
def fraud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project of the template, built."""
    folder = tmp_path_factory.mktemp("narrow")
    assert ffc(folder, "init", "fraud").code == 0
    project = folder / "fraud"
    assert ffc(project, "run", "-q").code == 0
    return project


def _too_wide(lines: list[str], width: int) -> list[str]:
    """Return the lines that are too wide though they could be folded before their last word."""
    return [line for line in lines if len(line) > width and len(line.split()) > 2]


@pytest.mark.parametrize(
    "words",
    [
        "show customer_daily --rows 0",
        "show fraud_training --rows 0",
        "show fraud_training --stats",
        "show merchant_profile --rows 1",
        "search customer amount",
        "search transactoin",
        "search nothingofthiskind",
        "lineage fraud_training --up",
        "lineage fraud_training.customer_daily__avg_amount_7d",
        "lineage raw.transactions --down",
        "builds --all",
        "runs",
        "runs show r1",
        "deployments",
        "run",
        "get customer_daily.avg_amount_7d --key customer_id=C00042",
        "debug",
        "schema",
        "explain",
        "ls --select custmer_daily,tag:fraudulent,kind:feature_view",
        "ls --target nowhere --select custmer_daily",
    ],
)
def test_lines_fit(words: str, fraud: Path) -> None:
    narrow = on_screen(fraud, NARROW, *words.split())
    assert _too_wide(narrow.lines, NARROW) == []


def test_a_mistake_fits(tmp_path: Path) -> None:
    assert ffc(tmp_path, "init", "fraud").code == 0
    views = tmp_path / "fraud" / "features" / "customer.yml"
    views.write_text(views.read_text().replace("txn_count_7d", "transactions_of_seven_days_7d"))
    narrow = on_screen(tmp_path / "fraud", NARROW, "compile")
    assert narrow.code == 1
    assert _too_wide(narrow.lines, NARROW) == []
    assert any(line.strip().strip("|").strip().startswith("^^^^") for line in narrow.lines)


def test_what_is_found_has_its_place_beside_it_where_there_is_room(fraud: Path) -> None:
    wide = on_screen(fraud, 80, "search", "clean_transactions").lines
    assert wide[0] == "transformation.clean_transactions  transformations/clean_transactions.sql:1"
    narrow = on_screen(fraud, NARROW, "search", "clean_transactions").lines
    assert narrow[:2] == [
        "transformation.clean_transactions",
        "    transformations/clean_transactions.sql:1",
    ]
    wide = on_screen(fraud, 80, "search", "customer", "amount").lines
    assert any(line.startswith("    column       customer_daily__avg_amount_7d, ") for line in wide)
    narrow = on_screen(fraud, NARROW, "search", "customer", "amount").lines
    at = narrow.index("    column       customer_daily__avg_amount_7d")
    assert narrow[at + 1] == "                 and 5 more"


def test_what_an_example_does_is_folded_above_it() -> None:
    said = "what is written otherwise than there, and what reads it"
    lines = list(example_lines([f"ffc ls -s git:main+  # {said}"], 40))
    assert lines[-1] == "ffc ls -s git:main+"
    assert all(line.startswith("# ") and len(line) <= 40 for line in lines[:-1])
    assert " ".join(line.removeprefix("# ") for line in lines[:-1]) == said


def test_a_wide_terminal_changes_nothing(fraud: Path) -> None:
    shown = on_screen(fraud, 200, "show", "fraud_training", "--rows", "1")
    assert "\n".join(shown.lines) == ffc(
        fraud, "show", "fraud_training", "--rows", "1", "--no-color"
    ).stdout.rstrip("\n")


def test_each_row_of_a_table_that_is_too_wide_is_lines_of_its_own(fraud: Path) -> None:
    shown = on_screen(fraud, NARROW, "runs", "show", "r1").lines
    at = shown.index("source.raw.customers")
    assert shown[at + 1].startswith("  action build, status success, rows 600, took")
    shown = on_screen(fraud, NARROW, "show", "fraud_training", "--rows", "0").lines
    at = shown.index("customer_id")
    assert shown[at + 1 : at + 3] == [
        "  type string, tags pii, role key",
        "    from source.raw.transactions (customer_id)",
    ]


def test_how_a_node_fared_stands_below_its_name(fraud: Path) -> None:
    lines = on_screen(fraud, NARROW, "run").lines
    at = next(n for n, line in enumerate(lines) if line.endswith("/15 source.raw.customers"))
    assert lines[at + 1].split() == ["600", "rows", "unchanged", lines[at + 1].split()[-1]]
    assert len(lines[at + 1]) == NARROW


def test_a_branch_that_is_too_long_goes_on_below(fraud: Path) -> None:
    lines = on_screen(fraud, NARROW, "lineage", "customer_daily.avg_amount_7d", "--up").lines
    assert lines[:6] == [
        "feature_view.customer_daily.avg_amount_7d comes",
        "  from",
        "│  rows: transformation.customer_daily_stats",
        "│    (as_of, customer_id, loaded_at)",
        "└─ transformation.customer_daily_stats",
        "   │  .avg_amount_7d  float64",
    ]


def test_what_is_piped_is_not_folded(fraud: Path) -> None:
    found = ffc(fraud, "ls", "--target", "nowhere")
    assert found.stderr.startswith("Error: ")
    assert len(found.stderr.splitlines()) == 1
    assert all("  " in line for line in ffc(fraud, "schema").stdout.splitlines())
