"""Every mistake a project can hold, and the whole text that ffc answers with."""

from __future__ import annotations

import json
import os
import random
import re
import unicodedata
from pathlib import Path

import pytest
from diagnostics.cases import CASES
from diagnostics.project import BASE, PROFILES, Case, write_case
from support.cli import Result, ffc

from ffc.compiler.compile import compile_project
from ffc.core.decode import Record
from ffc.manifest.records import Target
from ffc.project import resources
from ffc.project.files import ProjectFiles

GOLDEN = Path(__file__).parent / "golden"
FFC = Path(__file__).parent.parent.parent / "ffc"
EMITTERS = (
    *(FFC / "core").rglob("*.py"),
    *(FFC / "project").rglob("*.py"),
    *(FFC / "compiler").rglob("*.py"),
    FFC / "connect" / "profiles.py",
    FFC / "connect" / "templates.py",
)
# What does not come from a project: the exceptions of a run, a bug of ours; and what needs a target
# of another dialect (tests/unit/test_dialects.py).
ELSEWHERE = {"FF900", "FF409", "FF602"}
NOT_COMPILED = FFC / "core" / "errors.py"
WIDTH = 80
TARGET = Target(name="dev", offline="duckdb", dialect="duckdb", online=("default",))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, on a machine without profiles in its home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


def compile_case(case: Case, folder: Path) -> Result:
    return ffc(write_case(case, folder), "compile", *case.arguments)


def codes(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"^(?:error|warning)\[(FF\d+)\]", text, re.MULTILINE))


@pytest.mark.parametrize("name", CASES)
def test_the_whole_text(name: str, project: Path) -> None:
    case = CASES[name]
    done = compile_case(case, project)
    said = done.stderr.replace(f"{project}/", "").replace(str(project.parent / "home"), "~")
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("FFC_UPDATE_GOLDEN"):
        golden.write_text(said)
    assert codes(said) == case.says
    assert done.stdout == ""
    assert done.code == (1 if "error[" in said else 0)
    assert said == golden.read_text()


def test_the_base_compiles_without_a_word(project: Path) -> None:
    done = compile_case(Case({}, ()), project)
    assert done.code == 0
    assert done.stderr == "compiled 7 nodes to target/manifest.json\n"


def test_every_code_has_a_case() -> None:
    emitted = {
        code
        for path in EMITTERS
        if path != NOT_COMPILED
        for code in re.findall(r'"(FF[0-9]{3})"', path.read_text())
    }
    assert len(emitted) > 30
    shown = {code for case in CASES.values() for code in case.says}
    assert emitted - shown - ELSEWHERE == set()


def test_every_key_of_a_later_version_has_a_case() -> None:
    records = [r for r in vars(resources).values() if isinstance(r, type) and issubclass(r, Record)]
    later = {key for record in records for key in record.LATER}
    assert later
    said = "".join(path.read_text() for path in GOLDEN.glob("later_*.txt"))
    assert {
        key for key in later if f"`{key}:` is not in this version of ffc yet" not in said
    } == set()


def test_there_is_a_golden_text_for_each_case_and_no_other() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_a_text_is_for_people(path: Path) -> None:
    text = path.read_text()
    assert "Traceback" not in text
    assert not [code for code in codes(text) if code.startswith("FF9")]
    assert "None" not in text
    assert not re.search(r"_[A-Z]\w+\.|<class|object at 0x", text), "a name from inside ffc"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text), "a character that a terminal obeys"
    for line in text.splitlines():
        if line.lstrip().startswith(("--> ", "::: ")):
            continue  # a path stays whole: people click on it
        assert columns(line) <= WIDTH, line
    blocks = text.split("\n\n")
    assert len(blocks) == len(set(blocks)), "said twice"


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_the_marker_stands_under_what_it_names() -> None:
    """Check it on texts that say where: `^^^` must be under the word that the message quotes."""
    for name in ("ref_misspelt", "ref_in_a_loop", "key_misspelt", "trap_long_line"):
        lines = (GOLDEN / f"{name}.txt").read_text().splitlines()
        index = next(i for i, line in enumerate(lines) if "^" in line)
        start, end = lines[index].index("^"), lines[index].rindex("^") + 1
        marked = lines[index - 1][start:end]
        assert marked.strip("'") in lines[0], name


def test_the_document(project: Path) -> None:
    case = CASES["key_twice"]
    done = ffc(write_case(case, project), "compile", "--output", "json")
    assert done.code == 1
    assert done.stderr == ""
    first = {
        "file": "features/customer.yml",
        "start": {"line": 8, "column": 5},
        "end": {"line": 8, "column": 11},
        "label": "first here",
    }
    assert done.json() == {
        "schema": "ffc.diagnostics/v1",
        "target": "dev",
        "ok": False,
        "counts": {"error": 1, "warning": 0},
        "diagnostics": [
            {
                "code": "FF103",
                "severity": "error",
                "message": "the key `entity` is written twice",
                "node": "",
                "span": {
                    "file": "features/customer.yml",
                    "start": {"line": 9, "column": 5},
                    "end": {"line": 9, "column": 11},
                    "label": "",
                },
                "related": [{"span": first, "label": "first here"}],
                "help": [],
            }
        ],
    }


def test_the_document_names_the_node(project: Path) -> None:
    done = ffc(write_case(CASES["ref_misspelt"], project), "compile", "--output", "json")
    (said,) = done.json()["diagnostics"]
    assert said["node"] == "transformation.stg_orders"
    assert said["help"] == ["did you mean `stg_orders` (transformations/stg_orders.sql)?"]


def test_the_document_of_a_clean_project(project: Path) -> None:
    done = ffc(write_case(Case({}, ()), project), "compile", "--output", "json")
    assert done.code == 0
    assert json.loads(done.stdout)["counts"] == {"error": 0, "warning": 0}
    assert done.json()["ok"] is True


@pytest.mark.parametrize("seed", range(100))
def test_any_file_can_be_broken_anywhere(seed: int) -> None:
    """A project with random damage is refused or compiles; it never makes ffc fail."""
    chance = random.Random(seed)
    texts = {name: text for name, text in BASE.items() if name != PROFILES}
    for _ in range(chance.randint(1, 3)):
        name = chance.choice(sorted(texts))
        texts[name] = damaged(texts[name], chance)
    compiled = compile_project(ProjectFiles(texts=texts), TARGET, {})
    assert compiled.manifest is not None or compiled.diagnostics
    assert "FF900" not in {d.code for d in compiled.diagnostics}
    for found in compiled.diagnostics:
        lines = texts[found.span.file].split("\n")
        assert 1 <= found.span.start.line <= len(lines)
        assert found.span.start.column <= len(lines[found.span.start.line - 1]) + 1
        assert found.span.start <= found.span.end


def damaged(text: str, chance: random.Random) -> str:
    start = chance.randrange(len(text)) if text else 0
    end = min(len(text), start + chance.choice((0, 1, 1, 4, 20)))
    put = chance.choice(
        (
            "",
            "",
            "\t",
            "{",
            "}",
            "{{",
            "[",
            ":",
            ": ",
            '"',
            "'",
            "- ",
            "&a ",
            "*a",
            "@",
            "\x07",
            "ü日",
            "\n",
            " ",
            "0",
            "null",
            "%}",
            "{% if x %}",
            "--",
            "/*",
            ";",
            "..",
            "\ue000",
        )
    )
    return text[:start] + put + text[end:]
