"""The same random frames answered by ffc and by Feast, cell by cell; every difference has a reason.

ffc is asked as Feast answers: `boundary: inclusive`, and `as_known: false`, for Feast's `created` only
breaks ties unless it is told to filter by it. What is left are REASONS, REFUSALS and RETYPINGS;
docs/feast.md tells them to people who move over.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pytest
from differential.frames import TIME, random_frame, table_of
from differential.questions import SITUATIONS, questions, roles_of
from differential.reasons import REASONS, REFUSALS, RETYPINGS, Difference, Told, Values, same
from pyarrow import parquet
from support.cli import PROFILES, ffc, write_files

from ffc import Client
from ffc.conformance.brute_force import training_rows
from ffc.conformance.random_projects import project_files

ROOT: Final = Path(__file__).parent.parent.parent
FEAST: Final = ROOT / ".venv-feast" / "bin" / "python"
FRAMES: Final = 96
FORMS: Final = ("arrow", "pandas")


@dataclass(kw_only=True)
class Tally:
    """What was compared, and what was found."""

    answered: Counter[str] = field(default_factory=Counter)
    cells: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    retypings: Counter[str] = field(default_factory=Counter)
    situations: Counter[str] = field(default_factory=Counter)
    unexplained: list[object] = field(default_factory=list)


@pytest.mark.slow
def test_feast_answers_the_same_but_for_reasons_that_are_known(tmp_path: Path) -> None:
    assert FEAST.is_file(), f"{FEAST} is missing: run `make feast-env`"
    frames = [random_frame(seed) for seed in range(FRAMES)]
    for frame in frames:
        _write(frame, _folder(tmp_path, frame))
    script = Path(__file__).with_name("ask_feast.py")
    with subprocess.Popen(
        [FEAST, "-W", "ignore", script, tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as feast:
        answers = [_ask_ffc(frame, _folder(tmp_path, frame)) for frame in frames]
        told, _ = feast.communicate()
    assert feast.returncode == 0, told
    assert f'"feast": "{feast_version()}"' in told
    tally = Tally()
    for frame, answer in zip(frames, answers, strict=True):
        _compare(frame, answer, _folder(tmp_path, frame), tally)
    sys.stdout.write(f"\n{told}\n{tally}\n")
    assert tally.unexplained == []
    # What no longer happens is no reason any more, and a frame that asks nothing shows nothing.
    assert set(tally.reasons) == set(REASONS)
    assert set(tally.refusals) == set(REFUSALS)
    assert set(tally.retypings) == set(RETYPINGS)
    assert tally.answered["as_known: false"] >= 50, tally
    assert tally.answered["as_known: true"] >= 10, tally
    assert min(tally.situations[name] for name in SITUATIONS) >= 10, tally


def test_every_reason_is_told_to_people_who_move_over() -> None:
    page = (ROOT / "docs" / "feast.md").read_text()
    told = re.findall(r"^\| \*\*(.+?)\*\* \|", page, re.MULTILINE)
    assert sorted(told) == sorted([*REASONS, *REFUSALS, *RETYPINGS])
    assert f"Feast {feast_version()}" in page


def feast_version() -> str:
    pinned = re.search(r"^feast==(.+)$", (ROOT / "constraints-feast.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    return pinned[1]


def _folder(folder: Path, frame: Mapping[str, Any]) -> Path:
    return folder / f"{frame['seed']:03}"


def _write(frame: Mapping[str, Any], folder: Path) -> None:
    """Write a frame as a project of ffc and as what ask_feast.py reads, over the same files."""
    files = project_files(frame)
    files["ffc.yml"] = files["ffc.yml"].replace('"profile": "checked"', '"profile": "test"')
    label = frame["label"]
    views = [
        {k: v for k, v in view.items() if k != "rows"} | {"roles": roles_of(label, view)}
        for view in frame["views"]
    ]
    integers = [n for n, kind in label["columns"].items() if kind in ("int32", "int64")]
    words = {"entities": frame["entities"], "views": views, "integers": integers}
    words["as_known"] = frame["as_known"]
    write_files(folder, {**files, "profiles.yml": PROFILES, "frame.json": json.dumps(words)})
    (folder / "data").mkdir()
    tables = {source["name"]: source for source in frame["sources"]} | {"asking": label}
    for name, table in tables.items():
        arrow = table_of(table["columns"], table["rows"], frame["unit"])
        parquet.write_table(arrow, folder / "data" / f"{name}.parquet")


def _ask_ffc(frame: Mapping[str, Any], folder: Path) -> pa.Table:
    """Return what ffc says of every row, in order, once it is what the definition says."""
    built = ffc(folder, "run")
    assert built.code == 0, (frame["seed"], built.stderr)
    label = frame["label"]
    asking = table_of(label["columns"], label["rows"], frame["unit"])
    picks = json.loads((folder / "features/all.yml").read_text())["training_sets"][0]["features"]
    found = (
        Client(folder)
        .historical(
            picks,
            asking,
            timestamp=TIME,
            entities=label["roles"],
            boundary=frame["boundary"],
            as_known=frame["as_known"],
        )
        .dataframe("arrow")
    )
    assert found.select(asking.column_names).equals(asking), frame["seed"]
    names = [pick["column"] for pick in frame["picks"]]
    answered = found.select(names)
    answers = _rows(answered)
    expected = [row[-1 - len(names) : -1] for row in training_rows(frame)]
    for number, (answer, wanted) in enumerate(zip(answers, expected, strict=True)):
        assert _all_same(answer, wanted), (frame["seed"], number, answer, wanted)
    return answered


def _compare(frame: Mapping[str, Any], answered: pa.Table, folder: Path, tally: Tally) -> None:
    for question in questions(frame):
        tally.situations.update(question.situations())
    refused = folder / "error.txt"
    if refused.exists():
        said = refused.read_text()
        why = [n for n, r in REFUSALS.items() if said.startswith(r.says) and r.expects(frame)]
        tally.refusals.update(why[:1])
        tally.unexplained += [] if why else [(frame["seed"], said)]
        return
    assert not any(r.expects(frame) for r in REFUSALS.values()), frame["seed"]
    tally.answered[f"as_known: {str(frame['as_known']).lower()}"] += 1
    for form in FORMS:
        table = parquet.read_table(folder / f"{form}.parquet").sort_by("row")
        # Each row once: none lost, none made.
        assert table["row"].to_pylist() == list(range(answered.num_rows)), (frame["seed"], form)
        tally.cells += table.num_rows * table.num_columns
        for found in _differences(frame, _rows(answered), table, form):
            why = [name for name, reason in REASONS.items() if reason.explains(found)]
            tally.reasons.update(why[:1])
            tally.unexplained += [] if why else [found]
        _compare_types(frame, answered, table, form, tally)


def _compare_types(
    frame: Mapping[str, Any], answered: pa.Table, table: pa.Table, form: str, tally: Tally
) -> None:
    for pick in frame["picks"]:
        column, own = table[pick["feast"]], answered.schema.field(pick["column"]).type
        # pandas knows few types: what is looked at there is whether integers stay what they are.
        seen = form == "arrow" or (pa.types.is_integer(own) and not pa.types.is_null(column.type))
        if seen and column.type != own:
            gaps = bool(column.null_count)
            why = [n for n, r in RETYPINGS.items() if r.explains(form, column.type, own, gaps)]
            tally.retypings.update(why[:1])
            tally.unexplained += [] if why else [(frame["seed"], form, pick, column.type, own)]


def _differences(
    frame: Mapping[str, Any], answers: Sequence[Values], table: pa.Table, form: str
) -> Iterator[Difference]:
    label = frame["label"]
    # The rows that asked come back beside their answers, in each column as they were given.
    for name, kind in label["columns"].items():
        for number, (told,) in enumerate(_rows(table.select([name]))):
            given = (label["rows"][number][name],)
            asked = Told(frame=frame["seed"], row=number, form=form, told=(told,), won=given)
            yield from asked.differences(table, [name], [kind])
    places = {pick["feast"]: index for index, pick in enumerate(frame["picks"])}
    rows = _rows(table.select(list(places)))
    for question in questions(frame):
        at = [places[name] for name in question.columns]
        asked = Told(
            frame=frame["seed"],
            row=question.row,
            form=form,
            told=tuple(rows[question.row][index] for index in at),
            won=tuple(answers[question.row][index] for index in at),
            tied=[question.values(row) for row in question.tied()],
        )
        kinds = [feature["type"] for feature in question.view["features"]]
        yield from asked.differences(table, question.columns, kinds)


def _rows(table: pa.Table) -> list[Values]:
    """Return rows with every time as a datetime without a zone."""
    columns = [
        column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()).cast(pa.timestamp("us"))
        if pa.types.is_timestamp(column.type)
        else column
        for column in table.columns
    ]
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


def _all_same(left: Values, right: Values) -> bool:
    return len(left) == len(right) and all(map(same, left, right))
