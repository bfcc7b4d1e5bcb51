"""What was found before changes nothing: the same bytes and the same words, after any edits."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from support.projects import FILES, TARGET
from support.slow import all_but_first

from ffc.compiler import Compiled, compile_project
from ffc.core.facts import Facts, key_of
from ffc.manifest.files import encode
from ffc.manifest.records import Column, Target
from ffc.project.files import ProjectFiles
from ffc.project.reader import read_resources

PROJECT = {
    **{path: text for path, text in FILES.items() if not path.startswith(("data/", "profiles"))},
    "ffc.yml": (
        "name: small\nversion: 1\nprofile: test\nvars: {least: 0, word: x}\n"
        "defaults: {features: {owner: a}, transformations: {tags: [t]}}\n"
    ),
    "macros/all.sql": "{% macro safe(c) %}coalesce({{ c }}, 0){% endmacro %}\n",
    "transformations/daily.sql": (
        "{% set word = var('word') %}\n"
        "select user_id, seen, {{ safe('amount') }} as amount, '{{ word }}' as word,\n"
        "  {'a': amount, 'b': user_id} as pair\nfrom {{ ref('clean') }}\n"
    ),
    "macros/more.sql": (
        "{% from 'all.sql' import safe %}{% set factor = 2 %}\n"
        "{% macro twice(c) %}{{ factor }} * {{ safe(c) }}{% endmacro %}\n"
    ),
    "macros/apart.sql": "{% macro half(c) %}{{ c }} / 2{% endmacro %}\n",
    "transformations/doubled.sql": (
        "select user_id, {{ twice('amount') }} as double from {{ ref('clean') }}\n"
    ),
    "transformations/halved.sql": (
        "select user_id, {{ half('amount') }} as half from {{ ref('clean') }}\n"
    ),
    "transformations/deeper/latest.sql": (
        "select user_id, max(seen) as seen, max(pair.a) as most, now() as asked\n"
        "from {{ ref('daily') }} group by user_id\n"
    ),
    "transformations/growing.sql": (
        "{{ config(materialized='incremental', time_column='seen') }}\n"
        "select user_id, seen, amount from {{ ref('daily') }}\n"
        "{% if is_incremental() %}where seen > {{ watermark() }}{% endif %}\n"
    ),
    "transformations/versions.sql": (
        "{{ config(materialized='snapshot', unique_key='user_id', strategy='check',\n"
        "   check_columns=['country']) }}\n"
        "select user_id, country from {{ source('raw', 'users') }}\n"
    ),
    "transformations/named.sql": (
        "select user_id, country collate nocase as country, {{ env_var('FFC_TEST_ONE', '1') }} as n\n"
        "from {{ ref('versions') }}\n"
    ),
    "transformations/notes.yml": (
        "transformations:\n  - name: clean\n    description: what is clean\n    columns:\n"
        "      - {name: amount, type: float64, tests: [not_null, {range: {min: 0, max: 1e9}}]}\n"
        "      - {name: user_id, tags: [who], tests: [{relationships: "
        "{to: \"source('raw', 'users')\", column: user_id}}]}\n"
        "    tests: [{row_count: {min: 1}}]\n"
    ),
    "features/more.yml": (
        "feature_views:\n  - name: newest\n    entity: user\n    source: ref('latest')\n"
        "    timestamp: seen\n    delay: 1h\n    features:\n      - {name: most, type: float64}\n"
        "on_demand:\n  - {name: twice, type: float64, request: {x: float64}, "
        'sql: "request.x * spending.amount"}\n'
    ),
    "tests/unit.yml": (
        "unit_tests:\n  - name: is_clean\n    of: clean\n    given:\n"
        "      - {input: \"source('raw', 'events')\", rows: [{user_id: a, amount: 1.5}]}\n"
        "    expect: {rows: [{user_id: a}]}\n"
    ),
}
# What an edit of a file can be: one text for another, in either direction.
EDITS = (
    ("ffc.yml", "least: 0", "least: 7"),
    ("ffc.yml", "word: x", "word: y"),
    ("ffc.yml", ", word: x", ""),
    ("ffc.yml", "owner: a", "owner: b"),
    ("ffc.yml", "tags: [t]", "materialized: table"),
    ("ffc.yml", "profile: test\n", "profile: test\nboundary: inclusive\n"),
    ("ffc.yml", "version: 1", "versoin: 1"),
    ("sources/raw.yml", "{name: amount, type: float64}", "{name: amount, type: int64}"),
    ("sources/raw.yml", "{name: amount, type: float64}", "{name: amount, type: string}"),
    ("sources/raw.yml", "{name: country, type: string}", "{name: land, type: string}"),
    ("sources/raw.yml", "name: events", "name: evnets"),
    ("sources/raw.yml", "sources:\n", "# a comment\nsources:\n"),
    ("macros/all.sql", "coalesce({{ c }}, 0)", "coalesce({{ c }}, 1)"),
    ("macros/all.sql", "safe(c)", "sage(c)"),
    ("macros/more.sql", "factor = 2", "factor = 3"),
    ("macros/more.sql", "import safe", "import sage as safe"),
    ("macros/apart.sql", "half(c)", "safe(c)"),
    ("macros/apart.sql", "{{ c }} / 2", "{{ safe(c) }} / 2"),
    ("transformations/halved.sql", "half('amount')", "twice('amount')"),
    ("macros/all.sql", "{% endmacro %}", "{% endmarco %}"),
    ("transformations/clean.sql", ">=", ">"),
    ("transformations/clean.sql", "select user_id", "-- said\nselect user_id"),
    ("transformations/clean.sql", "amount, paid", "amount * 2 as amount, paid"),
    ("transformations/clean.sql", "amount, paid", "amount::integer as amount, paid"),
    ("transformations/clean.sql", "select user_id", "select user_ld"),
    ("transformations/clean.sql", "where", "where where"),
    ("transformations/clean.sql", "'raw', 'events'", "'raw', 'users'"),
    ("transformations/daily.sql", "'b': user_id", "'b': seen"),
    ("transformations/daily.sql", "ref('clean')", "ref('latest')"),
    ("transformations/daily.sql", "ref('clean')", "ref('claen')"),
    ("transformations/daily.sql", "var('word')", "var('wrod', 'z')"),
    ("transformations/deeper/latest.sql", "now() as asked", "1 as asked"),
    ("transformations/deeper/latest.sql", "max(seen) as seen", "max(seen) as Seen, 1 as seen"),
    ("transformations/growing.sql", "time_column='seen'", "time_column='amount'"),
    ("transformations/growing.sql", "where seen >", "where amount >"),
    ("transformations/versions.sql", "['country']", "['land']"),
    ("transformations/named.sql", "collate nocase ", ""),
    ("transformations/named.sql", "as country", "|| ('a' collate nfc) as country"),
    ("transformations/notes.yml", "what is clean", "what is quite clean"),
    ("transformations/notes.yml", "min: 0,", "min: 5,"),
    ("transformations/notes.yml", "type: float64", "type: int64"),
    ("transformations/notes.yml", "[who]", "[whom]"),
    ("transformations/notes.yml", "column: user_id", "column: user_ld"),
    ("features/all.yml", "ttl: 30d", "ttl: 4w"),
    ("features/all.yml", "default: 0", "default: none"),
    ("features/all.yml", "name: spending", "name: spent"),
    ("features/more.yml", "delay: 1h", "created: asked"),
    ("features/more.yml", "* spending.amount", "* spending.amuont"),
    ("features/more.yml", "ref('latest')", "ref('growing')"),
    ("training_sets/main.yml", "profile.*", "newest.most"),
    ("tests/unit.yml", "amount: 1.5", "amuont: 1.5"),
    ("tests/unit.yml", "of: clean", "of: daily"),
)
TARGETS = (TARGET, Target(name="prod", offline="duckdb", dialect="duckdb", online=("default",)))


def _edited(files: Mapping[str, str], chance: random.Random) -> dict[str, str]:
    """Return the files after one edit: a text, a file deleted, put back, renamed or cut off."""
    files = dict(files)
    kind = chance.random()
    path = chance.choice(sorted(PROJECT))
    if kind < 0.7:
        path, old, new = chance.choice(EDITS)
        text = files.get(path, PROJECT[path])
        files[path] = text.replace(old, new) if old in text else text.replace(new, old)
    elif kind < 0.8 and path in files and path != "ffc.yml":
        del files[path]
    elif kind < 0.85 and path in files and path != "ffc.yml":
        folder, _, name = path.rpartition("/")
        files[f"{folder}/x{name}"] = files.pop(path)
    elif kind < 0.9 and path in files:
        files[path] = files[path][: chance.randrange(len(files[path]))]
    else:
        # Mended: all that was done to a file, or to all of them.
        files = dict(PROJECT) if kind > 0.95 else {**files, path: PROJECT[path]}
    return files


def _compiled(
    files: Mapping[str, str], facts: Facts, target: Target, environment: Mapping[str, str]
) -> Compiled:
    project = ProjectFiles(texts=dict(sorted(files.items())))
    return compile_project(project, target, {}, environment=environment, facts=facts)


def _same(one: Compiled, other: Compiled) -> None:
    assert one.diagnostics == other.diagnostics
    assert one.environment == other.environment
    assert encode(one.manifest) == encode(other.manifest)


@pytest.mark.parametrize("seed", all_but_first(range(24), fast=3))
def test_facts_change_nothing_whatever_is_edited(seed: int) -> None:
    chance = random.Random(seed)
    files, stored = dict(PROJECT), dict[bytes, bytes]()
    right = 0
    for _ in range(14):
        target = chance.choice(TARGETS)
        environment = {"FFC_TEST_ONE": chance.choice("12")} if chance.random() < 0.3 else {}
        facts = Facts(stored)
        found = _compiled(files, facts, target, environment)
        _same(found, _compiled(files, Facts(), target, environment))
        right += found.manifest is not None
        stored = facts.kept(chance.choice((0, 1_000_000)))
        files = _edited(files, chance)
    assert right, "nothing ever compiled: this tells nothing"


def _anew(files: Mapping[str, str], stored: Mapping[bytes, bytes]) -> set[bytes]:
    """Return the facts that a compilation had to find itself."""
    facts = Facts(stored)
    assert _compiled(files, facts, TARGET, {}).manifest is not None
    return set(facts.kept(0)) - set(stored)


def _found(files: Mapping[str, str]) -> dict[bytes, bytes]:
    facts = Facts()
    assert _compiled(files, facts, TARGET, {}).manifest is not None
    return facts.kept(0)


def test_what_did_not_change_is_all_known() -> None:
    assert _anew(PROJECT, _found(PROJECT)) == set()


def test_a_change_that_leaves_the_columns_stops_at_its_file() -> None:
    path = "transformations/clean.sql"
    stored = _found(PROJECT)
    changed = {**PROJECT, path: PROJECT[path].replace(">=", ">")}
    # Its rendering, and the columns and the reading of its query.
    assert len(_anew(changed, stored)) == 3


def test_a_change_of_columns_reaches_what_reads_them() -> None:
    path = "transformations/clean.sql"
    stored = _found(PROJECT)
    changed = {**PROJECT, path: PROJECT[path].replace("amount, paid", "amount, paid, 1 as one")}
    more = len(_anew(changed, stored))
    assert more > 3
    assert more < len(stored) / 2


def test_only_what_calls_macros_hangs_on_them() -> None:
    path = "macros/all.sql"
    changed = {**PROJECT, path: PROJECT[path] + "{# said #}"}
    # `daily` and `doubled` are rendered again; the SQL that comes out is known.
    assert len(_anew(changed, _found(PROJECT))) == 2
    assert len(_anew({**PROJECT, path: PROJECT[path] + " "}, _found(changed))) == 2
    other = "macros/apart.sql"
    # So is `halved`; and `doubled`, which uses a file that imports another.
    assert len(_anew({**PROJECT, other: PROJECT[other] + "{# said #}"}, _found(PROJECT))) == 2


def test_records_are_the_same_when_they_come_from_facts() -> None:
    files = ProjectFiles(texts=PROJECT)
    facts = Facts()
    read, _ = read_resources(files, facts)
    again, _ = read_resources(files, Facts(facts.kept(0)))
    for kind in ("sources", "transformations", "feature_views", "labels", "training_sets"):
        for one, other in zip(getattr(read, kind), getattr(again, kind), strict=True):
            assert one.at.packed() == other.at.packed()
            assert repr(one).split("Spans")[0] == repr(other).split("Spans")[0]
            assert one.at("name") == other.at("name")
            assert one.at.key("name") == other.at.key("name")


def test_old_facts_are_kept_until_they_are_too_many() -> None:
    facts = Facts({key_of(n): b"x" * 100 for n in range(10)})
    assert len(facts.kept(450)) == 4
    assert facts.kept(0) == {}
    assert facts.found_anew() == {}


def test_keys_tell_values_from_each_other() -> None:
    pairs = [("a", "bc"), ("ab", "c"), ("a", "b", "c"), (["a", "bc"],), ("abc",), (1,), ("1",)]
    assert len({key_of(*each) for each in pairs}) == len(pairs)
    assert key_of(Column(name="a", type="b")) != key_of(Column(name="b", type="a"))


def test_what_is_mended_is_known_from_before_it_broke() -> None:
    """Whoever works in one process breaks a file and mends it, again and again."""
    broken = {**PROJECT, "transformations/clean.sql": "select 1 as"}
    facts = Facts()
    assert _compiled(PROJECT, facts, TARGET, {}).manifest is not None
    whole = set(facts.kept(0))
    for _ in range(5):
        facts = facts.again()
        assert _compiled(broken, facts, TARGET, {}).manifest is None
        assert len(facts.kept(0)) < len(whole)
        facts = facts.again()
        assert all(facts.find(key, type(facts._earlier[key])) is not None for key in whole)
        assert _compiled(PROJECT, facts, TARGET, {}).manifest is not None
    # What is never asked for again goes at last.
    for number in range(40):
        facts = facts.again()
        text = PROJECT["transformations/clean.sql"].replace(">=", f">= {number} +")
        _compiled({**PROJECT, "transformations/clean.sql": text}, facts, TARGET, {})
    assert len(facts.again()._earlier) <= 2 * len(whole) + 10
