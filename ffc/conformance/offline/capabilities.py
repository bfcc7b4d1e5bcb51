"""What a store declares that it can do, done; and what a large answer costs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlglot import exp

from ffc.adapter import Relation
from ffc.conformance.checks import Broken, Check, Group, expect, expect_equal
from ffc.conformance.comparing import expect_rows
from ffc.conformance.offline.making import (
    create,
    crossed,
    make_numbers,
    rows_query,
    select_all,
    update,
)
from ffc.conformance.places import OfflinePlace, offline_place
from ffc.sql import build
from ffc.sql.search import TIME

CAPABILITIES: Final = Group(
    role="offline",
    name="capabilities",
    place=offline_place,
    help="declare in `capabilities` only what the store can do",
)
ROWS: Final = Group(
    role="offline",
    name="rows",
    place=offline_place,
    help="see `batches`, `version` and `content_hash` in ffc/adapter/offline.py",
)
# So much more memory it may take to read half a gigabyte that goes by.
_MOST: Final = 200 * 2**20
_TEXT: Final = "x" * 64
_LONG: Final = 6_000_000


def checks() -> Iterator[Check[OfflinePlace]]:
    """Yield the checks of capabilities and of large answers."""
    yield CAPABILITIES.check(merge_matches_rows, needs="merge")
    yield CAPABILITIES.check(replace_takes_the_place_of_a_table, needs="replace")
    yield CAPABILITIES.check(asof_join_finds_the_last_before, needs="asof_join")
    yield CAPABILITIES.check(rows_keep_their_order, needs="keeps_order")
    yield from ROWS.checks(
        a_large_answer_takes_little_memory,
        an_answer_can_be_left_half_read,
        a_hash_tells_rows_apart,
        a_version_changes_with_the_rows,
    )


def merge_matches_rows(place: OfflinePlace) -> None:
    """MERGE updates the rows that match and inserts the others"""
    columns = {"k": "string", "x": "int64"}
    place.do(create(place, "t", rows_query(columns, [["a", 1], ["b", 2]])))
    place.do(create(place, "batch", rows_query(columns, [["b", 3], ["c", 4]])))
    merge = exp.merge(
        "WHEN MATCHED THEN UPDATE SET x = s.x",
        "WHEN NOT MATCHED THEN INSERT (k, x) VALUES (s.k, s.x)",
        into=build.table("t", place.schema, "t"),
        using=build.table("batch", place.schema, "s"),
        on="t.k = s.k",
    )
    place.do(merge)
    expected = [("a", 1), ("b", 3), ("c", 4)]
    expect_rows(place.rows(select_all(place, "t")), expected, "other rows")


def replace_takes_the_place_of_a_table(place: OfflinePlace) -> None:
    """CREATE OR REPLACE TABLE takes the place of a table, also one of other columns"""
    place.do(create(place, "t", rows_query({"x": "int64"}, [[1]])))
    again = exp.Create(
        this=place.table("t"),
        kind="TABLE",
        replace=True,
        expression=rows_query({"y": "string"}, [["a"]]),
    )
    place.do(again)
    expect_equal(place.rows(select_all(place, "t")), [("a",)], "other rows")


def asof_join_finds_the_last_before(place: OfflinePlace) -> None:
    """ASOF JOIN finds the last row before each, of equal keys only"""
    columns = {"k": "string", TIME: "int64"}
    place.do(create(place, "asked", rows_query(columns, [["a", 5], ["a", 1], ["b", 5]])))
    there = {**columns, "x": "int64"}
    place.do(create(place, "t", rows_query(there, [["a", 1, 1], ["a", 4, 2], ["a", 6, 3]])))
    asked, rows = (build.table(name, place.schema, name) for name in ("asked", "t"))
    same = build.column("k", "asked").eq(build.column("k", "t"))
    before = exp.GT(this=build.column(TIME, "asked"), expression=build.column(TIME, "t"))
    join = exp.Join(this=rows, method="ASOF", side="LEFT", on=exp.and_(same, before))
    query = exp.select(
        build.column("k", "asked"), build.column(TIME, "asked"), build.column("x", "t")
    ).from_(asked)
    query.append("joins", join)
    expected = [("a", 5, 2), ("a", 1, None), ("b", 5, None)]
    expect_rows(place.rows(query), expected, "other rows")


def rows_keep_their_order(place: OfflinePlace) -> None:
    """A scan gives a table's rows in the order in which they were written"""
    make_numbers(place)
    thousand = exp.Mul(this=build.column("n", "a"), expression=exp.Literal.number(1000))
    number = exp.Add(this=thousand, expression=build.column("n", "b"))
    query = crossed(place, 2).select(build.named(number, "m"))
    query = exp.select("*").from_(query.subquery("q")).order_by(build.descending(build.column("m")))
    place.do(create(place, "t", query))
    last = 1_000_000
    for batch in place.batches(exp.select(build.column("m")).from_(place.table("t"))):
        for value in batch.column("m").to_pylist():
            expect(value == last - 1, "rows are in another order", expected=last - 1, got=value)
            last = value


def a_large_answer_takes_little_memory(place: OfflinePlace) -> None:
    """Rows that go by are not kept: six million take little more memory than the first"""
    make_numbers(place)
    long = exp.Concat(
        expressions=[exp.cast(build.column("n", "a"), exp.DType.TEXT), exp.Literal.string(_TEXT)]
    )
    query = crossed(place, 3).select(
        build.named(build.column("n", "a"), "a"),
        build.named(build.column("n", "b"), "b"),
        build.named(long, "text"),
    )
    few = exp.LT(this=build.column("n", "c"), expression=exp.Literal.number(_LONG // 1_000_000))
    # What an engine needs once, whatever it is asked, is there by then.
    place.rows(query.where(few).limit(1))
    before = most = _memory()
    rows = size = 0
    for batch in place.batches(query.where(few)):
        rows += batch.num_rows
        size += batch.nbytes
        most = max(most, _memory())
    expect_equal(rows, _LONG, "rows are lost, or come twice")
    grown = most - before
    expect(
        grown < _MOST,
        f"{size / 2**20:,.0f} MiB that go by are kept",
        expected=f"less than {_MOST / 2**20:,.0f} MiB more memory",
        got=f"{grown / 2**20:,.0f} MiB more",
    )


def _memory() -> int:
    """Return the bytes of memory that this process has now, or had at most."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")


def an_answer_can_be_left_half_read(place: OfflinePlace) -> None:
    """Whoever stops reading half-way holds nothing up, and the store goes on"""
    make_numbers(place)
    query = crossed(place, 3).select(build.named(build.column("n", "c"), "n"))
    for _ in range(6):
        batches = place.batches(query, 1_000)
        next(batches)
        close = getattr(batches, "close", None)
        if close is not None:
            close()
    place.do(create(place, "t", rows_query({"n": "int64"}, [[1]])))
    expect_equal(place.rows(select_all(place, "t")), [(1,)], "other rows")


def a_hash_tells_rows_apart(place: OfflinePlace) -> None:
    """If rows have a hash, it is the same in any order, and another for any other rows"""
    columns = {"k": "string", "x": "float64"}
    rows: list[list[object]] = [["a", 1.5], ["b", None], ["b", None], ["", 0.5]]
    others: list[list[list[object]]] = [
        rows[:-1],
        [*rows, rows[0]],
        [["a", 1.5], ["b", None], [None, None], ["", 0.5]],
    ]
    others += [[["a", None], ["b", 1.5], ["b", None], ["", 0.5]], [["a", 1.25], *rows[1:]]]
    tables = [rows, rows[::-1], *others]
    hashes = []
    for number, table in enumerate(tables):
        place.do(create(place, f"t{number}", rows_query(columns, table)))
        relation = Relation(place.schema, f"t{number}")
        hashes.append(place.warehouse.content_hash(relation, list(columns)))
    if not any(hashes):
        return
    expect(hashes[0] == hashes[1], "the order of rows changes their hash", got=hashes[:2])
    for found, table in zip(hashes[2:], others, strict=True):
        if found == hashes[0]:
            raise Broken("other rows have the same hash", expected=repr(rows), got=repr(table))


def a_version_changes_with_the_rows(place: OfflinePlace) -> None:
    """If a table has a version, it changes when a row does, and only then"""
    place.do(create(place, "t", rows_query({"x": "int64"}, [[1], [2]])))
    relation = Relation(place.schema, "t")
    first = place.store.version(relation)
    if first is None:
        return
    expect_equal(place.store.version(relation), first, "it changes without a change")
    one = exp.Literal.number(1)
    changed = update(place.table("t"), "x", 3)
    place.do(changed.where(build.column("x").eq(one)))
    second = place.store.version(relation)
    expect(second != first, "another value does not change it", got=second)
