"""Training sets: every point-in-time case, and random projects against the definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any, Final

from ffc.conformance import brute_force
from ffc.conformance.cases import (
    NOT_YET,
    REFUSALS,
    Case,
    case_files,
    read_cases,
    time_zone,
    times_of,
)
from ffc.conformance.checks import Broken, Check, Group, expect_equal
from ffc.conformance.comparing import expect_rows
from ffc.conformance.places import OfflinePlace, offline_place
from ffc.conformance.projects import (
    ScratchSession,
    build_project,
    compiled,
    manifest_of,
    run_manifest,
    session_of,
    training_rows,
    write_data,
)
from ffc.conformance.random_projects import project_files, random_project, tables_of, write_rows
from ffc.manifest.records import TrainingSet
from ffc.registry import StateRegistry
from ffc.sql.point_in_time import training_set_query, unshared
from ffc.sql.search import Shape

CASES: Final = Group(
    role="offline",
    name="point_in_time",
    place=offline_place,
    help="the SQL that was run shows which row was taken; SPEC says which must be: see the case's "
    "name in ffc/conformance/point_in_time.yaml",
)
RANDOM: Final = Group(
    role="offline",
    name="random",
    place=offline_place,
    help="ffc/conformance/brute_force.py finds the same rows one by one, in Python",
)
# The shapes that ffc may choose for a store, beside the one that it chooses when it runs.
_EVERYWHERE: Final[tuple[Shape, ...]] = ("union",)
_WITH_INDEXES: Final[tuple[Shape, ...]] = (*_EVERYWHERE, "lateral", "walk")
_WITH_ASOF: Final[tuple[Shape, ...]] = ("asof", *_EVERYWHERE, "ranges", "pairs")
FEW: Final = 6
MANY: Final = 120


def checks() -> Iterator[Check[OfflinePlace]]:
    """Yield a check of each case that this version takes, and of random projects."""
    for case in read_cases():
        if case["name"] not in NOT_YET:
            work = partial(hold_case, case)
            yield CASES.check(work, name=case["name"], claim=case["why"])
    for seed in range(MANY):
        yield RANDOM.check(
            partial(hold_random, seed),
            name=f"seed_{seed}",
            claim=f"the random project {seed} is answered as the definition says",
            thorough=seed >= FEW,
        )


def hold_case(case: Case, place: OfflinePlace) -> None:
    """Hold what a case says of a warehouse; raises Broken."""
    files = case_files(case)
    with time_zone(case.get("session_time_zone")), session_of(place) as session:
        if "error" in case["expect"]:
            _expect_refusal(case, place, session, files)
            return
        build_project(session, place.store, files)
        expected = case["expect"]
        columns, rows = training_rows(session)
        expect_equal(columns, expected["columns"], "the training set has other columns")
        times = times_of(case)
        expect_rows(rows, expected["rows"], f"not so: {case['why']}", times)
        for shape, found in _every_shape(place, session):
            message = f"not so where histories are searched by {shape}: {case['why']}"
            expect_rows(found, expected["rows"], message, times)


def _expect_refusal(
    case: Case, place: OfflinePlace, session: ScratchSession, files: Mapping[str, str]
) -> None:
    code, words = REFUSALS[case["name"]]
    write_data(place.folder, files)
    found = compiled(place.store, files)
    told = [(d.code, d.message) for d in found.diagnostics if d.severity == "error"]
    if not told:
        results = run_manifest(session, manifest_of(found)).results
        told = [(str(r.error["code"]), r.reason) for r in results if r.error is not None]
    if not any(own == code and words in message for own, message in told):
        raise Broken(f"not refused: {case['why']}", expected=f"{code}: … {words} …", got=repr(told))


def _every_shape(
    place: OfflinePlace, session: ScratchSession
) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Yield the rows as each shape of the search finds them that ffc may choose for the store."""
    registry = StateRegistry(session.state, session.target.name)
    node = registry.find("training_set", "ts")
    if not isinstance(node, TrainingSet):
        raise TypeError(node.id)
    parents = {each: registry.relation(each) for each in {node.label, *node.depends_on}}
    able = place.store.capabilities
    shapes = _WITH_ASOF if able.asof_join else _WITH_INDEXES if able.indexes else _EVERYWHERE
    alone = unshared(node.plan)
    plans = {"": node.plan} if alone == node.plan else {"": node.plan, ", each by itself": alone}
    for shape in shapes:
        for words, plan in plans.items():
            found = place.warehouse.rows(training_set_query(plan, shape), parents)
            yield f"{shape}{words}", [tuple(row.values()) for row in found]


def hold_random(seed: int, place: OfflinePlace) -> None:
    """Hold that a random project's training set has the rows that the definition says."""
    project = random_project(seed)
    expected = brute_force.training_rows(project)
    times = [
        any(isinstance(value, date) for value in column) for column in zip(*expected, strict=True)
    ]
    for source in tables_of(project):
        write_rows(place.folder / "data" / f"{source['name']}.parquet", source)
    with session_of(place) as session:
        build_project(session, place.store, project_files(project))
        _, rows = training_rows(session)
        expect_rows(rows, expected, f"the project {seed} is answered otherwise", times)
        for shape, found in _every_shape(place, session):
            message = f"the project {seed} is answered otherwise, searched by {shape}"
            expect_rows(found, expected, message, times)
