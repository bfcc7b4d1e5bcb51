"""Edits that stay in their place: what they end in is what any compilation of the files ends in."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.cli import write_files
from support.edits import PROJECT, edited
from support.projects import FILES
from support.slow import all_but_first

from ffc.manifest.lines import encode_manifest, lines_of
from ffc.workspace.again import Again, Asked
from ffc.workspace.folder import Workspace, compile_workspace

TIMED = """\
feature_views:
  - name: recent
    entity: user
    source: ref('ranked')
    timestamp: seen
    delay: 1h
    features:
      - {name: amount, type: float64}
"""
FILES_HERE = {
    **PROJECT,
    "profiles.yml": FILES["profiles.yml"],
    "features/timed.yml": TIMED,
    "transformations/plain.sql": "select user_id, seen, amount from {{ ref('clean') }}\n",
    "transformations/ranked.sql": (
        "select user_id, seen, sum(amount) over (partition by user_id order by seen) as amount\n"
        "from {{ ref('plain') }}\n"
    ),
    "transformations/grown.sql": (
        "{{ config(materialized='incremental', time_column='seen', lookback='1h') }}\n"
        "select user_id, seen, amount from {{ ref('plain') }}\n"
        "{% if is_incremental() %}where seen > {{ watermark() }}{% endif %}\n"
    ),
    "transformations/tagged.sql": "select user_id, country as land from {{ ref('homes') }}\n",
    "transformations/homes.sql": (
        "select user_id, country, '{{ env_var('FFC_TEST_TWO', 'x') }}' as word\n"
        "from {{ source('raw', 'users') }}\n"
    ),
    # Of nothing that may be gone is there anything to warn of.
    "transformations/deeper/latest.sql": PROJECT["transformations/deeper/latest.sql"].replace(
        "now() as asked", "1 as asked"
    ),
    "tests/over.yml": (
        "unit_tests:\n  - name: over\n    of: tagged\n    overrides: {vars: {least: 1}}\n"
        "    given:\n      - {input: ref('homes'), rows: [{user_id: a}]}\n"
        "    expect: {rows: [{user_id: a}]}\n"
    ),
}
FILES_HERE["transformations/tagged.sql"] += "where {{ var('least') }} = 0\n"
CLEAN, PLAIN, RANKED, GROWN, HOMES, TAGGED, DAILY = (
    f"transformations/{name}.sql"
    for name in ("clean", "plain", "ranked", "grown", "homes", "tagged", "daily")
)

STAY = {
    "a comment": (CLEAN, "select", "-- why\nselect"),
    "a condition": (CLEAN, ">=", ">"),
    "a value of the same columns": (CLEAN, "amount, paid", "amount * 2 as amount, paid"),
    "jinja around it": (PLAIN, "amount", "{% if true %}amount{% endif %}"),
    "a macro": (PLAIN, "amount from", "{{ safe('amount') }} as amount from"),
    "a query within": (PLAIN, "{{ ref('clean') }}", "(select * from {{ ref('clean') }})"),
    "a window that looks back": (RANKED, "order by seen)", "order by seen rows 3 preceding)"),
    "an incremental's condition": (GROWN, "seen >", "seen >="),
    "an incremental's query": (GROWN, "amount from", "amount + 1 as amount from"),
    "a default of the environment": (HOMES, "'x'", "'y'"),
}
LEAVE = {
    "a column more": (CLEAN, "select", "select 1 as one,"),
    "a column renamed": (PLAIN, "amount from", "amount as sum from"),
    "columns in another order": (PLAIN, "user_id, seen", "seen, user_id"),
    "another type": (CLEAN, "amount, paid", "amount::integer as amount, paid"),
    "a value that comes from elsewhere": (
        PLAIN,
        "amount from",
        "length(user_id)::double as amount from",
    ),
    "rows that hang on more": (PLAIN, "}}\n", "}} where seen > '2024-01-01'\n"),
    "another relation": (PLAIN, "ref('clean')", "source('raw', 'events')"),
    "a name that was not read": (PLAIN, "}}\n", "}} join {{ ref('homes') }} using (user_id)\n"),
    "how it is built": (PLAIN, "select", "{{ config(materialized='table') }}select"),
    "another setting": (GROWN, "1h", "2h"),
    "a window that looks ahead": (RANKED, "order by seen)", "order by seen desc)"),
    "the clock": (RANKED, "}}\n", "}} where seen < now()\n"),
    "chance": (PLAIN, "}}\n", "}} where random() < 0.5\n"),
    "another variable of the environment": (HOMES, "FFC_TEST_TWO", "FFC_TEST_ONE"),
    "what a unit test looks into": (TAGGED, "var('least')", "0"),
    "how text is compared": (HOMES, "country,", "country collate nocase as country,"),
    "of what is not all seen": (DAILY, "'b': user_id", "'b': 'x'"),
}
MISTAKES = {
    "a column": (PLAIN, "amount", "amuont"),
    "a word": (PLAIN, "from", "form"),
    "a template": (PLAIN, "}}", "}"),
    "a function": (CLEAN, "select user_id", "select lenght(user_id) as user_id"),
    "a type": (CLEAN, "select user_id", "select user_id::strng as user_id"),
    "two queries": (PLAIN, "}}\n", "}}; select 1\n"),
    "a value cut off": (CLEAN, "select", "select 'a,"),
    "an alias": (PLAIN, "amount", "x.amount"),
    "several": (PLAIN, "user_id, seen", "user_ld, sene"),
    "a setting": (PLAIN, "select", "{{ config(materialised='table') }}select"),
    "a setting's value": (GROWN, "'1h'", "'1 hour'"),
    "a setting's column": (GROWN, "time_column='seen'", "time_column='sen'"),
    "of the builds that follow": (GROWN, "seen >", "sene >"),
    "of what a test looks at": (CLEAN, "amount, paid", "amount + '' || 1 as amount, pad"),
    "a variable": (PLAIN, "amount", "{{ var('what') }}"),
    "a column of a macro's": (PLAIN, "amount", "{{ safe('amuont') }} as amount"),
}
# Mistakes of which only the whole project tells what was meant.
ELSEWHERE = {
    "a name": (PLAIN, "ref('clean')", "ref('claen')"),
    "a source": (CLEAN, "'raw', 'events'", "'raw', 'evnets'"),
    "a table": (PLAIN, "{{ ref('clean') }}", "clean"),
    "a table of another kind": (PLAIN, "}}\n", "}} join spending using (user_id)\n"),
    "itself": (PLAIN, "ref('clean')", "ref('ranked')"),
}

KINDS = (STAY, LEAVE, MISTAKES, ELSEWHERE)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Again]:
    root = tmp_path_factory.mktemp("project")
    write_files(root, FILES_HERE)
    one = Again(root, Asked())
    yield one
    one.end()


@pytest.fixture
def again(one: Again) -> Again:
    """Return the project as it is written, whatever was edited before."""
    for path in [*one.root.rglob("*.sql"), *one.root.rglob("*.yml")]:
        if "target" not in path.parts:
            path.unlink()
    write_files(one.root, FILES_HERE)
    return one


def _compiled(again: Again) -> Workspace:
    """Compile, and tell that a compilation of the whole project ends in the same."""
    found = again.compile()
    whole = compile_workspace(again.root, None, None, cached=False)
    assert found.diagnostics == whole.diagnostics
    assert found.ok == whole.ok
    assert {node.id for node in found.nodes} == {node.id for node in whole.nodes}
    if whole.manifest is not None:
        encoded = found.ended.loads_encoded()
        assert encoded == encode_manifest(whole.manifest)
        assert found.manifest == whole.manifest
        again.write(found)
        assert (again.root / "target/manifest.json").read_bytes() == encoded
    again.rest()
    return found


def _edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))


def _texts(root: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "target/compiled").iterdir()}


@pytest.mark.parametrize("name", STAY)
def test_an_edit_that_others_do_not_see_stays_in_its_place(again: Again, name: str) -> None:
    path, old, new = STAY[name]
    before = _compiled(again)
    assert before.ok, before.diagnostics
    texts = _texts(again.root)
    _edit(again.root, path, old, new)
    assert _compiled(again).ended.edited is not None
    # Undone by way of the edit: a second one after it.
    _edit(again.root, path, new, old)
    undone = _compiled(again)
    assert undone.ended.edited is not None
    assert undone.ended.loads_encoded() == before.ended.loads_encoded()
    assert _texts(again.root) == texts


@pytest.mark.parametrize("name", LEAVE)
def test_an_edit_that_others_could_see_does_not(again: Again, name: str) -> None:
    path, old, new = LEAVE[name]
    assert _compiled(again).ok
    _edit(again.root, path, old, new)
    assert _compiled(again).ended.edited is None
    # What was broken and is mended is known from before it broke.
    _edit(again.root, path, new, old)
    _compiled(again)


@pytest.mark.parametrize("name", [*MISTAKES, *ELSEWHERE])
def test_a_mistake_in_a_query_stays_in_its_place(again: Again, name: str) -> None:
    path, old, new = (MISTAKES | ELSEWHERE)[name]
    before = _compiled(again)
    assert before.ok, before.diagnostics
    _edit(again.root, path, old, new)
    wrong = _compiled(again)
    assert not wrong.ok
    assert wrong.ended.in_place == (name in MISTAKES)
    _edit(again.root, path, new, old)
    mended = _compiled(again)
    assert mended.ended.in_place
    assert mended.ended.loads_encoded() == before.ended.loads_encoded()


def test_a_mistake_takes_warnings_with_it(again: Again) -> None:
    _edit(again.root, "transformations/deeper/latest.sql", "1 as asked", "now() as asked")
    assert [said.code for said in _compiled(again).diagnostics].count("FF509") == 1
    _edit(again.root, DAILY, "user_id,", "user_ld,")
    assert "FF509" not in [said.code for said in _compiled(again).diagnostics]


def test_a_warning_stays_with_a_node_that_stays(again: Again) -> None:
    _edit(again.root, "features/timed.yml", "    delay: 1h\n", "")
    _edit(again.root, "features/timed.yml", "ref('ranked')", "ref('clean')")
    assert [said.code for said in _compiled(again).diagnostics].count("FF503") == 1
    _edit(again.root, PLAIN, "from", "form")
    wrong = _compiled(again)
    assert wrong.ended.in_place
    assert "FF503" in [said.code for said in wrong.diagnostics]
    _edit(again.root, PLAIN, "form", "from")
    assert _compiled(again).ok
    _edit(again.root, CLEAN, "select", "selct")
    assert not _compiled(again).ended.in_place


def test_what_is_written_is_written_whole_where_something_else_lies(again: Again) -> None:
    assert _compiled(again).ok
    before = _texts(again.root)
    (again.root / "target/compiled/transformation.homes.sql").write_text("another")
    _edit(again.root, CLEAN, ">=", ">")
    assert _compiled(again).ended.edited is not None
    now = _texts(again.root)
    assert {name for name in now if now[name] != before[name]} == {"transformation.clean.sql"}


def test_after_what_is_settled_changed_the_whole_is_looked_at(
    again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _compiled(again).ok
    for path, old, new in (
        ("ffc.yml", "least: 0", "least: 3"),
        ("macros/all.sql", "0)", "1)"),
        ("transformations/notes.yml", "what is clean", "what is quite clean"),
        ("profiles.yml", "target: dev", "target:  dev"),
    ):
        _edit(again.root, path, old, new)
        _edit(again.root, CLEAN, "where", "-- said\nwhere")
        assert _compiled(again).ended.edited is None, path
        _edit(again.root, CLEAN, "where", "-- said\nwhere")
        assert _compiled(again).ended.edited is not None, path
    monkeypatch.setenv("FFC_TEST_TWO", "z")
    _edit(again.root, CLEAN, "where", "-- said\nwhere")
    assert _compiled(again).ended.edited is None
    (again.root / PLAIN).rename(again.root / "transformations/plane.sql")
    assert _compiled(again).ended.edited is None


def test_a_few_edits_at_once_stay_in_their_places(again: Again) -> None:
    assert _compiled(again).ok
    for path, old, new in (STAY["a condition"], STAY["a macro"], STAY["an incremental's query"]):
        _edit(again.root, path, old, new)
    found = _compiled(again)
    assert found.ended.edited is not None
    assert [node.name for node in found.ended.edited.nodes] == ["clean", "grown", "plain"]


def test_what_is_translated_is_translated_again(tmp_path: Path) -> None:
    settings = "{type: postgres, url: 'postgresql://h/d'}"
    profiles = FILES["profiles.yml"]
    offline = profiles[profiles.index("offline:") :].split("\n", 1)[0]
    foreign = profiles.replace(offline, f"offline: {settings}")
    write_files(tmp_path, {**FILES, "profiles.yml": foreign})
    again = Again(tmp_path, Asked())
    assert _compiled(again).ok
    _edit(tmp_path, CLEAN, ">=", ">")
    found = _compiled(again).ended.edited
    assert found is not None
    assert ">=" not in found.nodes[0].target_sql != ""
    _edit(tmp_path, CLEAN, "amount,", "list_sum([amount]) as amount,")
    assert _compiled(again).ended.edited is None
    again.end()


@pytest.mark.parametrize("seed", all_but_first(range(24), fast=2))
def test_whatever_is_edited_ends_as_any_compilation(again: Again, seed: int) -> None:
    chance = random.Random(seed)
    files = dict(FILES_HERE)
    stayed = 0
    kinds = [each for edits in KINDS for each in edits.values()]
    for _ in range(14):
        stayed += _compiled(again).ended.in_place
        before = dict(files)
        if stayed and chance.random() < 0.4:
            files = {**edited(files, chance), "profiles.yml": FILES_HERE["profiles.yml"]}
        else:
            likely = not stayed or chance.random() < 0.7
            path, old, new = chance.choice([*STAY.values()] if likely else kinds)
            text = files.get(path, FILES_HERE[path])
            files[path] = text.replace(old, new, 1) if old in text else FILES_HERE[path]
        for path in before.keys() - files.keys():
            (again.root / path).unlink()
        write_files(again.root, {p: t for p, t in files.items() if before.get(p) != t})
    assert stayed, "no edit stayed in its place: this tells nothing"


@pytest.mark.parametrize("nodes", [(), ("plain",)])
def test_a_manifest_is_its_lines(tmp_path: Path, nodes: tuple[str, ...]) -> None:
    write_files(tmp_path, {path: FILES[path] for path in ("ffc.yml", "profiles.yml")})
    for name in nodes:
        write_files(tmp_path, {f"transformations/{name}.sql": "select 1 as one\n"})
    manifest = compile_workspace(tmp_path, None, None).manifest
    assert manifest is not None
    encoded = encode_manifest(manifest)
    lines = lines_of(encoded)
    assert lines.encoded() == encoded
    assert tuple(map(lines.node, range(len(nodes)))) == manifest.nodes
