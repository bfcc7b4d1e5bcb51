"""What was found before changes nothing: the same bytes and the same words, after any edits."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from support.edits import PROJECT, TARGETS, edited
from support.projects import TARGET
from support.slow import all_but_first

from ffc.compiler.compile import Compiled, compile_project
from ffc.core.facts import Facts, key_of
from ffc.manifest.files import encode
from ffc.manifest.records import Column, Target
from ffc.project.files import ProjectFiles
from ffc.project.reader import read_resources


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
        files = edited(files, chance)
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
