"""`ffc search`: how what is found is shown."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from support.cli import ffc
from support.projects import FILES, small_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    said = FILES["features/all.yml"].replace(
        "timestamp: null", f"timestamp: null\n    description: {'Where they live. ' * 9}Home."
    )
    return small_project(tmp_path, **{"features/all.yml": said})


def test_what_is_found_is_shown(project: Path) -> None:
    done = ffc(project, "search", "amuont")
    assert (done.code, done.stderr) == (0, "`amuont` begins no name: taken for `amount`\n")
    assert (
        done.stdout
        == """\
feature_view.spending  features/all.yml:4
    column       amount

label.paid_back  features/all.yml:22
    column       amount

source.raw.events  sources/raw.yml:4
    column       amount

transformation.clean  transformations/clean.sql:1
    column       amount

training_set.main  training_sets/main.yml:2
    column       spending__amount
"""
    )


def test_a_long_text_is_cut_around_what_is_found(project: Path) -> None:
    shown = ffc(project, "search", "home").stdout.splitlines()
    assert shown[0] == "feature_view.profile  features/all.yml:13"
    assert re.fullmatch(r"    description  ….*Where they live\. Home\.", shown[1])
    begun = ffc(project, "search", "where").stdout.splitlines()[1]
    assert re.fullmatch(r"    description  Where they live\. .*…", begun)
    by_name = ffc(project, "search", "profile", "--kind", "feature_view").stdout.splitlines()[1]
    assert re.fullmatch(r"    Where they live\. .*…", by_name)
    assert max(map(len, [*shown, begun, by_name])) <= 80


def test_what_is_found_is_marked_in_colour(project: Path) -> None:
    shown = ffc(project, "search", "spend", "--color").stdout
    assert click.style("spend", fg="yellow", bold=True) in shown
    plain = click.unstyle(shown)
    assert plain == ffc(project, "search", "spend").stdout


def test_what_is_left_out_is_told(project: Path) -> None:
    done = ffc(project, "search", "amount", "--limit", "2")
    assert len(done.stdout.split("\n\n")) == 2
    assert done.stderr == "3 more were found: `--limit 0` shows all\n"
    everything = ffc(project, "search", "amount", "--limit", "0")
    assert (len(everything.stdout.split("\n\n")), everything.stderr) == (5, "")
    assert ffc(project, "search", "amount", "--limit", "2", "-q").stderr == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["xyzzy"], "nothing has `xyzzy`\n  = help: `ffc ls` lists what there is\n"),
        (["spndngsss"], "nothing has `spndngsss`\n  = help: did you mean `spending`?\n"),
        (
            ["country", "--kind", "label"],
            "nothing of the kind `label` has any of these words\n  = help: there are 1 of the kind"
            " `feature_view`, 1 of the kind `source`, 1 of the kind `training_set`: leave `--kind`"
            " out\n",
        ),
    ],
)
def test_nothing_is_found(project: Path, words: list[str], said: str) -> None:
    done = ffc(project, "search", *words)
    assert (done.code, done.stdout, done.stderr) == (0, "", said)


def test_some_words_are_found(project: Path) -> None:
    done = ffc(project, "search", "country", "spndngsss", "profile")
    assert done.stdout.startswith("feature_view.profile ")
    assert done.stderr == (
        "nothing has all 3 words: these have 2\n  = help: did you mean `spending`?\n"
    )


def test_json_has_every_place(project: Path) -> None:
    document = ffc(project, "search", "Amuont", "spending", "--output", "json").json()
    first = document["hits"][0]
    assert (document["schema"], document["query"]) == ("ffc.search/v1", "Amuont spending")
    assert (document["taken"], document["missing"]) == ({"amuont": ["amount"]}, [])
    assert (first["id"], first["path"], first["line"]) == (
        *("feature_view.spending", "features/all.yml"),
        4,
    )
    assert first["matches"][0] == {
        "where": "name",
        "column": "",
        "text": "spending",
        "spans": [[0, 8]],
        "score": 10.0,
    }
    assert document["kinds"] == {"feature_view": 1, "training_set": 1}


def test_a_search_for_nothing_is_misuse(project: Path) -> None:
    assert ffc(project, "search").code == 2
    empty = ffc(project, "search", " ")
    assert (empty.code, empty.stdout) == (2, "")
    assert "there is no word in it" in empty.stderr
    assert ffc(project, "search", "x", "--kind", "view").code == 2


def test_a_search_in_a_project_that_does_not_compile(project: Path) -> None:
    (project / "transformations" / "clean.sql").write_text("select")
    done = ffc(project, "search", "amount")
    assert (done.code, done.stdout) == (1, "")
    assert "error[FF301]" in done.stderr
