"""Builds: replaced at one stroke, advanced by batches, versions of what overwrites itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

from sqlglot import exp

from ffc.conformance.checks import Check, Group, expect, expect_equal
from ffc.conformance.comparing import expect_rows
from ffc.conformance.offline.making import select_all
from ffc.conformance.places import OfflinePlace, offline_place
from ffc.conformance.projects import (
    ScratchSession,
    as_yaml,
    build_project,
    compiled,
    csv_text,
    manifest_of,
    project_file,
    run_manifest,
    session_of,
    source_table,
    write_data,
)
from ffc.conformance.threads import read_while
from ffc.connect.warehouse import table_of
from ffc.registry import StateRegistry
from ffc.sql import build

BUILDS: Final = Group(
    role="offline",
    name="builds",
    place=offline_place,
    help="ffc/run/building/nodes.py and increments.py make these statements",
)
_COLUMNS: Final = {"k": "string", "x": "int64", "seen": "timestamp"}
_NODE: Final = "transformation.clean"
_SELECT: Final = "select k, x, seen from {{ source('raw', 'events') }}\n"
_TABLE: Final = "{{ config(materialized='table') }}\n" + _SELECT
_MERGED: Final = (
    "{{ config(materialized='incremental', time_column='seen', unique_key='k') }}\n"
    + _SELECT
    + "{% if is_incremental() %}where seen >= {{ watermark() }}{% endif %}\n"
)
_REPLACED: Final = _MERGED.replace(", unique_key='k'", "")
_SNAPSHOT: Final = (
    "{{ config(materialized='snapshot', unique_key='k', strategy='check', check_columns=['x']) }}\n"
    + _SELECT
)
_MANY: Final = 2_000

# A key, a value, and a day of January 2024.
Event = tuple[str, int, int]


def checks() -> Iterator[Check[OfflinePlace]]:
    """Yield the checks of builds."""
    yield from BUILDS.checks(
        readers_see_one_build_or_the_next,
        what_did_not_change_is_not_built_again,
        a_build_that_fails_leaves_the_last_one,
        a_batch_is_merged_by_its_key,
        a_batch_replaces_what_follows_the_watermark,
        a_snapshot_keeps_versions,
        views_read_what_is_there_now,
    )


def _files(sql: str, events: Sequence[Event]) -> dict[str, str]:
    rows = [{"k": k, "x": x, "seen": f"2024-01-{day:02}T00:00:00Z"} for k, x, day in events]
    tables = [source_table("events", _COLUMNS)]
    return {
        **project_file(),
        "sources/raw.yml": as_yaml({"sources": [{"name": "raw", "tables": tables}]}),
        "transformations/clean.sql": sql,
        "data/events.csv": csv_text(list(_COLUMNS), rows),
    }


def _built(place: OfflinePlace, session: ScratchSession, columns: Sequence[str]) -> list[Any]:
    """Return the rows of the build that is deployed."""
    relation = StateRegistry(session.state, session.target.name).relation(_NODE)
    query = exp.select(*map(build.column, columns)).from_(table_of(relation))
    return place.rows(query)


def readers_see_one_build_or_the_next(place: OfflinePlace) -> None:
    """Whoever reads while a build is replaced sees the one before or the new one, whole"""
    with session_of(place) as session, ExitStack() as stack:
        build_project(session, place.store, _files(_TABLE, _all_of(0)))
        reader = stack.enter_context(place.again())
        counted = exp.select(
            exp.Count(this=exp.Star()),
            exp.Min(this=build.column("x")),
            exp.Max(this=build.column("x")),
        ).from_(place.table("clean"))
        (text,) = place.text(counted)

        def read() -> list[tuple[object, ...]]:
            batches = reader.submit(text).batches()
            return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]

        def replace() -> None:
            for number in range(1, 5):
                build_project(session, place.store, _files(_TABLE, _all_of(number)))

        seen = [rows[0] for rows in read_while(read, replace)]
        (last,) = read()
    expect_equal(last, (_MANY, 4, 4), "the last build is not what is read")
    torn = [row for row in seen if row[0] != _MANY or row[1] != row[2]]
    expect(not torn, "half a build is seen", expected=f"{_MANY} rows alike", got=torn[:1])
    values = [row[1] for row in seen]
    expect_equal(values, sorted(values, key=repr), "an older build is seen after a newer one")
    expect(len(seen) > 1, "nothing was read meanwhile: readers wait for the whole run")


def _all_of(value: int) -> list[Event]:
    return [(f"k{n}", value, 1) for n in range(_MANY)]


def what_did_not_change_is_not_built_again(place: OfflinePlace) -> None:
    """A second run of the same builds nothing"""
    with session_of(place) as session:
        manifest = build_project(session, place.store, _files(_TABLE, [("a", 1, 1)]))
        again = run_manifest(session, manifest)
    told = {node.id: node.status for node in again.results if node.action == "build"}
    expect_equal(set(told.values()), {"unchanged"}, "something is built again")


def a_build_that_fails_leaves_the_last_one(place: OfflinePlace) -> None:
    """A build that fails leaves the last good one where it was"""
    with session_of(place) as session:
        build_project(session, place.store, _files(_TABLE, [("a", 1, 1)]))
        broken = _files(_TABLE.replace("x,", "x / (x - 2) as x,"), [("a", 2, 1)])
        broken["data/events.csv"] = '"k","x","seen"\n"a","no number","2024-01-01T00:00:00Z"\n'
        write_data(place.folder, broken)
        found = run_manifest(session, manifest_of(compiled(place.store, broken)))
        expect_equal(found.status, "error", "`no number` is taken for a number")
        expect_rows(_built(place, session, ["k", "x"]), [("a", 1)], "the last build is not there")
    query = exp.select(build.column("x")).from_(place.table("clean"))
    expect_equal(place.rows(query), [(1,)], "the view that people query leads elsewhere")


def _expect_after(
    place: OfflinePlace,
    sql: str,
    batches: Sequence[Sequence[Event]],
    expected: Sequence[Sequence[tuple[object, ...]]],
    columns: Sequence[str] = ("k", "x"),
) -> None:
    """Run a project once for each of some states of its source; hold what is there after each."""
    with session_of(place) as session:
        for number, (events, rows) in enumerate(zip(batches, expected, strict=True)):
            build_project(session, place.store, _files(sql, events))
            message = f"other rows after run {number + 1}"
            expect_rows(_built(place, session, columns), rows, message)


def a_batch_is_merged_by_its_key(place: OfflinePlace) -> None:
    """An incremental with a key: rows of a batch take the place of those with their keys"""
    first: list[Event] = [("a", 1, 1), ("b", 2, 2)]
    later: list[Event] = [("a", 9, 1), ("b", 3, 2), ("c", 4, 3)]
    _expect_after(
        place,
        _MERGED,
        [first, later, later],
        [[("a", 1), ("b", 2)], [("a", 1), ("b", 3), ("c", 4)], [("a", 1), ("b", 3), ("c", 4)]],
    )


def a_batch_replaces_what_follows_the_watermark(place: OfflinePlace) -> None:
    """An incremental without a key: rows from the watermark on are replaced by the batch"""
    first: list[Event] = [("a", 1, 1), ("b", 2, 2), ("b", 2, 2)]
    later: list[Event] = [("a", 9, 1), ("b", 3, 2), ("c", 4, 3), ("c", 4, 3)]
    after = [("a", 1), ("b", 3), ("c", 4), ("c", 4)]
    before = [("a", 1), ("b", 2), ("b", 2)]
    _expect_after(place, _REPLACED, [first, later, later], [before, after, after])


def a_snapshot_keeps_versions(place: OfflinePlace) -> None:
    """A snapshot keeps each version of a row, and says which one still holds"""
    states: Mapping[int, list[Event]] = {
        1: [("a", 1, 1), ("b", 2, 1)],
        2: [("a", 1, 1), ("b", 3, 1), ("c", 4, 1)],
    }
    with session_of(place) as session:
        for events in states.values():
            build_project(session, place.store, _files(_SNAPSHOT, events))
        found = _built(place, session, ["k", "x", "valid_from", "valid_to"])
    told = [(k, x, valid_to is None) for k, x, _, valid_to in found]
    expected = [("a", 1, True), ("b", 2, False), ("b", 3, True), ("c", 4, True)]
    expect_rows(told, expected, "other versions")
    ended = next(row for row in found if row[:2] == ("b", 2))
    begun = next(row for row in found if row[:2] == ("b", 3))
    expect_equal(ended[3], begun[2], "a version does not begin when the one before ends")


def views_read_what_is_there_now(place: OfflinePlace) -> None:
    """A transformation that is a view reads the newest build of its source"""
    with session_of(place) as session:
        for value in (1, 2):
            build_project(session, place.store, _files(_SELECT, [("a", value, 1)]))
    found = [row[:2] for row in place.rows(select_all(place, "clean"))]
    expect_rows(found, [("a", 2)], "the view reads an older build")
