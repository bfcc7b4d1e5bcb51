"""Diagnostics as people, editors, GitHub and code scanners see them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from support.cli import ffc
from support.golden import golden
from support.projects import small_project

from ffc.cli.formats import concise, github, repository_prefix, within
from ffc.cli.rendering import limited, render_counts, render_diagnostics, render_rest
from ffc.cli.sarif import sarif
from ffc.core.characters import cells, encodable, visible, visible_path
from ffc.core.diagnostics import Diagnostic, Position, Span, document, error, warning

QUERY = """\
select o.amount, o.country
from orders o
join orders p on o.id = p.id

where 日本 = amount
"""
TEXTS = {"a.sql": QUERY, "long.sql": "x, " * 200 + "here" + ", y" * 200, "other.yml": "name: a\n"}


def at(line: int, start: int, end: int, label: str = "", file: str = "a.sql") -> Span:
    return Span(file=file, start=Position(line, start), end=Position(line, end), label=label)


def plain(*diagnostics: Diagnostic) -> str:
    return click.unstyle(render_diagnostics(diagnostics, TEXTS))


def frame(*places: Span) -> list[str]:
    """Return the lines of an error about places, without its head and its last line."""
    return plain(error("FF201", "m", places[0], related=places[1:])).splitlines()[1:-1]


SHOWN = [
    error(
        "FF201",
        "nothing is named `amount` in a message that is long enough to be broken into two lines",
        at(1, 8, 16, "not found"),
        help=[
            "did you mean `amounts`?",
            "or write it in another way, which is told at length here",
        ],
    ),
    error(
        "FF405",
        "two columns of one name",
        at(1, 18, 27, "this one"),
        related=[at(1, 8, 16, "and this one"), at(1, 1, 8, "its name", "other.yml")],
    ),
    warning("FF503", "not said when", at(5, 7, 9), help=["say it"]),
]


def test_the_text_in_colour_and_without() -> None:
    coloured = render_diagnostics(SHOWN, TEXTS) + "\n"
    assert coloured == golden("diagnostics.ansi.txt", coloured)
    assert click.unstyle(coloured) == golden("diagnostics.txt", click.unstyle(coloured))


def test_places_in_one_line_stand_in_one_frame() -> None:
    assert frame(at(1, 18, 27, "one"), at(1, 8, 16, "two")) == [
        " --> a.sql:1:18",
        "  |",
        "1 | select o.amount, o.country",
        "  |        --------  ^^^^^^^^^ one",
        "  |        two",
    ]


def test_places_near_each_other_stand_in_one_frame_in_order() -> None:
    assert frame(at(3, 6, 12, "here"), at(1, 8, 16, "there")) == [
        " --> a.sql:3:6",
        "  |",
        "1 | select o.amount, o.country",
        "  |        -------- there",
        "2 | from orders o",
        "3 | join orders p on o.id = p.id",
        "  |      ^^^^^^ here",
    ]


def test_places_far_apart_or_in_another_file_have_frames_of_their_own() -> None:
    lines = frame(at(1, 1, 7), at(5, 7, 9, "b"), at(1, 1, 5, "c", "other.yml"))
    arrows = [line for line in lines if line.startswith(" --> ") or line.startswith(" ::: ")]
    assert arrows == [" --> a.sql:1:1", " ::: a.sql:5:7", " ::: other.yml:1:1"]


def test_a_place_twice_has_both_labels_below() -> None:
    assert frame(at(1, 1, 7, "one"), at(1, 1, 7, "two"))[-4:] == [
        "  | ^^^^^^",
        "  | |",
        "  | two",
        "  | one",
    ]


def test_a_label_without_room_is_broken_below() -> None:
    lines = frame(at(1, 18, 27, "word " * 20), at(1, 8, 16, "second " * 20))
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).count("word") == 20
    assert " ".join(lines).count("second") == 20


def test_a_place_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    span = Span(file="a.sql", start=Position(2, 6), end=Position(3, 3))
    assert frame(span)[-1] == "  |      ^^^^^^^^"


def test_wide_characters_line_up() -> None:
    assert frame(at(5, 7, 9, "b"))[-2:] == ["5 | where 日本 = amount", "  |       ^^^^ b"]


@pytest.mark.parametrize("column", [1, 30, 300, 601, 605, 900, 1204, 1205])
def test_a_long_line_is_cut_around_the_place(column: int) -> None:
    *_, shown, under = frame(at(1, column, column + 4, file="long.sql"))
    assert len(shown) <= 80
    assert len(under) <= 80
    start = under.index("^")
    want = TEXTS["long.sql"][column - 1 : column + 3]
    assert shown[start : start + len(want)] == want


def test_places_far_apart_in_a_long_line_show_it_twice() -> None:
    lines = frame(at(1, 601, 605, "a", "long.sql"), at(1, 1, 2, "b", "long.sql"))
    assert [line.startswith("1 | ") for line in lines].count(True) == 2
    assert max(map(len, lines)) <= 80


def test_a_place_without_a_line_is_named_with_its_label() -> None:
    assert frame(at(9, 1, 2, "gone", "none.yml")) == [" --> none.yml:9:1 (gone)"]


@pytest.mark.parametrize(
    "bad",
    ["\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\udcff", "\xad"],
)
def test_what_fools_the_eye_is_shown_as_its_replacement(bad: str) -> None:
    found = error("FF201", f"a{bad}b", at(1, 1, 4, f"l{bad}", f"f{bad}.sql"), help=[f"h{bad}"])
    shown = render_diagnostics([found], {f"f{bad}.sql": f"x{bad}y"})
    forms: Sequence[str] = (
        click.unstyle(shown),
        *concise([found]),
        *github([found], ""),
    )
    for text in forms:
        assert bad not in text
        assert "\ufffd" in text
        text.encode()
    json.dumps(sarif([found], "")).encode()
    assert document([found], "")["diagnostics"][0]["message"].encode()


def test_a_path_with_line_ends_stays_on_its_line() -> None:
    found = error("FF100", "m", Span(file="a\nb\tc.yml"))
    assert list(concise([found])) == ["a\ufffdb\ufffdc.yml:1:1: error[FF100]: m"]
    (line,) = github([found], "")
    assert line.startswith("::error file=a%0Ab\ufffdc.yml,")
    assert visible("a\nb") == "a b"
    assert visible_path("a\nb") == "a\ufffdb"


def test_what_an_encoding_lacks_is_as_wide_as_it_was() -> None:
    assert encodable("aü日…e\u0301", "ascii") == "a????e"
    assert encodable("aü日", "cp1252") == "aü??"
    assert encodable("aü日", "utf-8") == "aü日"
    assert [cells(text) for text in ("a", "日", "e\u0301", "\ufe0f")] == [1, 2, 1, 0]


MANY = [
    *(warning("FF503", "w", at(line, 1, 2)) for line in range(1, 6)),
    *(error("FF201", f"e{line}", at(line, 1, 2)) for line in range(6, 11)),
]


def test_the_cap_keeps_errors_before_warnings_and_the_order() -> None:
    shown, rest = limited(MANY, 7)
    assert [d.span.start.line for d in shown] == [1, 2, 6, 7, 8, 9, 10]
    assert render_rest(rest) == "and 3 warnings more (`ffc compile --limit 0` shows all)"
    shown, rest = limited(MANY, 3)
    assert {d.severity for d in shown} == {"error"}
    assert render_counts(rest) == "2 errors, 5 warnings"
    assert limited(MANY, 0) == (MANY, ())
    assert limited(MANY, 10) == (MANY, ())


def test_the_line_for_editors() -> None:
    assert list(concise(SHOWN[1:])) == [
        "a.sql:1:18: error[FF405]: two columns of one name",
        "a.sql:5:7: warning[FF503]: not said when",
    ]


def test_the_annotation_for_github() -> None:
    found = error("FF201", "50%: a, b", at(1, 8, 16, file="a,b:c%.sql"), help=["line"])
    assert list(github([found], "sub/")) == [
        "::error file=sub/a%2Cb%3Ac%25.sql,line=1,col=8,endLine=1,endColumn=16,title=FF201"
        "::50%25: a, b%0Ahelp: line"
    ]
    over = warning("FF503", "m", Span(file="a", start=Position(2, 3), end=Position(4, 1)))
    assert list(github([over], "")) == ["::warning file=a,line=2,endLine=4,title=FF503::m"]


def test_files_are_seen_from_the_repository(tmp_path: Path) -> None:
    project = tmp_path / "ml" / "shop"
    project.mkdir(parents=True)
    assert repository_prefix(project) == ""
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    assert repository_prefix(project) == "ml/shop/"
    assert repository_prefix(tmp_path) == ""
    assert within("a.yml", "ml/") == "ml/a.yml"
    assert within("/home/ann/.ffc/profiles.yml", "ml/") == "/home/ann/.ffc/profiles.yml"
    assert within("~/.ffc/profiles.yml", "ml/") == "~/.ffc/profiles.yml"


def test_the_sarif_log() -> None:
    log = sarif([*SHOWN, error("FF201", "see [x](y)", Span(file="ä b.yml"))], "ml/")
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    driver = run["tool"]["driver"]
    assert driver["name"] == "ffc"
    assert [rule["id"] for rule in driver["rules"]] == ["FF201", "FF405", "FF503"]
    for rule in driver["rules"]:
        assert set(rule) == {"id", "name", "shortDescription", "fullDescription", "help"}
        assert rule["name"].isalnum()
        assert "\n" not in rule["shortDescription"]["text"] + rule["fullDescription"]["text"]
        assert "## Works" in rule["help"]["markdown"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        region = result["locations"][0]["physicalLocation"]["region"]
        assert set(region) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert min(region.values()) >= 1
    assert [r["id"] for r in run["results"][1]["relatedLocations"]] == [1, 2]
    assert run["results"][1]["relatedLocations"][1]["message"] == {"text": "its name"}
    last = run["results"][3]
    assert last["message"] == {"text": "see \\[x](y)"}
    place = last["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "ml/%C3%A4%20b.yml", "uriBaseId": "%SRCROOT%"}
    json.dumps(log)


def prints(*diagnostics: Diagnostic) -> list[str]:
    results = sarif(diagnostics, "")["runs"][0]["results"]
    return [result["partialFingerprints"]["ffc/v1"] for result in results]


def test_a_fingerprint_stays_when_lines_move() -> None:
    one, moved = error("FF201", "m", at(1, 8, 16)), error("FF201", "m", at(7, 3, 11))
    assert prints(one) == prints(moved)
    assert len(set(prints(one, moved))) == 2, "two mistakes alike are two"
    others = (
        error("FF202", "m", at(1, 8, 16)),
        error("FF201", "n", at(1, 8, 16)),
        error("FF201", "m", at(1, 8, 16, file="b.sql")),
    )
    assert len({*prints(one), *(p for other in others for p in prints(other))}) == 4


def test_ten_thousand_are_counted_and_few_are_shown() -> None:
    text = "\n".join(f"select {n}, amout, 'ü' as c from orders" for n in range(10_000))
    many = [error("FF303", "no column `amout`", at(n + 1, 10, 15)) for n in range(10_000)]
    shown, rest = limited(many, 50)
    assert len(render_diagnostics(shown, {"a.sql": text}).split("\n\n")) == 50
    assert render_counts(rest) == "9,950 errors"
    assert len(set(prints(*many))) == 10_000


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a project in a subfolder of a repository, with two errors."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "ml").mkdir()
    project = small_project(tmp_path / "ml")
    (project / "transformations" / "bad.sql").write_text("select * from {{ ref('cleen') }} -- ü\n")
    (project / "features" / "bad.yml").write_text("entitys: []\n")
    return project


def test_what_is_an_answer_goes_to_stdout(broken: Path) -> None:
    done = ffc(broken, "compile", "--output", "concise")
    assert done.code == 1
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [
        "features/bad.yml:1:1",
        "transformations/bad.sql:1:22",
    ]
    assert done.stderr == "2 errors\n"
    done = ffc(broken, "compile", "--output", "github")
    assert [line.split(",")[0] for line in done.stdout.splitlines()] == [
        "::error file=ml/features/bad.yml",
        "::error file=ml/transformations/bad.sql",
    ]
    done = ffc(broken, "compile", "--output", "sarif")
    assert (done.code, done.stderr) == (1, "")
    assert len(done.json()["runs"][0]["results"]) == 2
    done = ffc(broken, "compile")
    assert done.stdout == ""


def test_a_project_without_mistakes_has_an_empty_log(tmp_path: Path) -> None:
    done = ffc(small_project(tmp_path), "compile", "--output", "sarif")
    assert (done.code, done.stderr) == (0, "")
    assert done.json()["runs"][0]["results"] == []


def test_the_limit_counts_what_is_not_shown(broken: Path) -> None:
    for output in ("text", "concise"):
        done = ffc(broken, "compile", "--limit", "1", "--output", output)
        both = done.stdout + done.stderr
        assert "bad.sql" not in both
        assert "and 1 error more (`ffc compile --limit 0` shows all)" in both
        assert both.endswith("2 errors\n")
    done = ffc(broken, "compile", "--limit", "1", "--output", "json")
    assert len(done.json()["diagnostics"]) == 2


def run_python(
    folder: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "ffc", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("output", ["text", "concise", "github", "sarif", "json"])
def test_a_terminal_that_can_show_little_is_no_reason_to_fail(broken: Path, output: str) -> None:
    (broken / "features" / "bad.yml").write_text("entitys日本: [ü…]\n")
    done = run_python(broken, "compile", "--output", output, PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"FF201" in done.stdout + done.stderr
    if output in ("text", "concise"):
        assert (done.stdout + done.stderr).isascii()
    if output in ("json", "sarif"):
        assert "entitys日本" in json.dumps(json.loads(done.stdout), ensure_ascii=False)


def test_a_reader_that_goes_away_is_not_an_error(broken: Path) -> None:
    for output, stream in (("github", "stdout"), ("text", "stderr")):
        read, write = os.pipe()
        os.close(read)
        with contextlib.closing(io.FileIO(write, "w")) as closed:
            done = subprocess.run(
                [sys.executable, "-m", "ffc", "compile", "--output", output],
                cwd=broken,
                check=False,
                **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: closed},
            )
        said = (done.stdout or b"") + (done.stderr or b"")
        assert b"Traceback" not in said
        assert b"FF900" not in said
        assert done.returncode in (0, 1)
