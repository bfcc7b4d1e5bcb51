"""`ffc lineage`: up and down, as a tree, JSON and a flowchart."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli import ffc
from support.projects import small_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    small_project(tmp_path)
    return tmp_path


def test_a_column_up(project: Path) -> None:
    done = ffc(project, "lineage", "main.spending__amount", "--up")
    assert (done.code, done.stderr) == (0, "")
    assert (
        done.stdout
        == """\
training_set.main.spending__amount comes from
│  rows: feature_view.spending (loaded, seen, user_id)
│  rows: label.paid_back (seen, user_id)
└─ feature_view.spending.amount  float64
   │  rows: transformation.clean (loaded, seen, user_id)
   └─ transformation.clean.amount  float64
      └─ source.raw.events.amount  float64
"""
    )


def test_a_column_down(project: Path) -> None:
    done = ffc(project, "lineage", "raw.events.amount", "--down")
    assert done.code == 0
    assert (
        done.stdout
        == """\
source.raw.events.amount goes into
│  rows of: transformation.clean (loaded, paid, seen, user_id)
└─ transformation.clean.amount  float64
   ├─ feature_view.spending.amount  float64
   │  └─ training_set.main.spending__amount  float64
   └─ label.paid_back.amount  float64
"""
    )


def test_a_node_both_ways(project: Path) -> None:
    done = ffc(project, "lineage", "spending")
    assert (
        done.stdout
        == """\
feature_view.spending comes from
├─ entity.user
└─ transformation.clean
   └─ source.raw.events

feature_view.spending goes into
└─ training_set.main
"""
    )


def test_json_has_every_link(project: Path) -> None:
    found = ffc(project, "lineage", "spending.amount", "--output", "json").json()
    assert (found["schema"], found["node"], found["column"]) == (
        "ffc.lineage/v1",
        "feature_view.spending",
        "amount",
    )
    up = {(p["node"], p["column"]): p["kind"] for p in found["up"]}
    assert up["source.raw.events", "amount"] == "value"
    assert up["source.raw.events", "seen"] == "row"
    assert [(p["node"], p["column"]) for p in found["down"]] == [
        ("training_set.main", "spending__amount")
    ]
    assert {
        "from": {"node": "source.raw.events", "column": "amount"},
        "to": {"node": "transformation.clean", "column": "amount"},
        "kind": "value",
    } in found["edges"]


def test_a_flowchart(project: Path) -> None:
    done = ffc(project, "lineage", "clean.paid", "--up", "--output", "mermaid")
    assert (
        done.stdout
        == """\
flowchart LR
  n0["source.raw.events<br/>amount"]
  n1["source.raw.events<br/>paid"]
  n2["transformation.clean<br/>paid"]
  n0 -.-> n2
  n1 --> n2
  style n2 stroke-width:3px
"""
    )


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("spendin", "there is no node `spendin`"),
        ("spending.amont", "`feature_view.spending` has no column `amont`"),
        ("spending.amont", "did you mean `amount`?"),
        ("raw.event.amount", "did you mean `raw.events`?"),
    ],
)
def test_what_is_not_there_is_said(project: Path, place: str, words: str) -> None:
    done = ffc(project, "lineage", place)
    assert done.code == 1
    assert words in " ".join(done.stderr.split())


def test_a_broken_project_has_no_lineage(project: Path) -> None:
    (project / "transformations" / "clean.sql").write_text("select nope,, from x")
    done = ffc(project, "lineage", "clean")
    assert done.code == 1
    assert "error[FF301]" in done.stderr
