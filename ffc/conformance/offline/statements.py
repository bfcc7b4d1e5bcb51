"""Statements and their handles: rows, failures, sessions, transactions, cancelling."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from sqlglot import exp

from ffc.adapter import Cancelled, Handle, Relation, StatementFailed, Status, StoreError
from ffc.conformance.checks import Broken, Check, Group, expect, expect_equal, expect_refusal
from ffc.conformance.offline.making import (
    create,
    crossed,
    endless,
    make_numbers,
    rows_query,
    select_all,
    update,
)
from ffc.conformance.places import OfflinePlace, offline_place
from ffc.conformance.threads import begun, read_while
from ffc.sql import build, relations

STATEMENTS: Final = Group(
    role="offline",
    name="statements",
    place=offline_place,
    help="see `submit` and `Handle` in ffc/adapter/offline.py",
)
TRANSACTIONS: Final = Group(
    role="offline",
    name="transactions",
    place=offline_place,
    help="one submit is one transaction, or `transactional_ddl` must not be declared",
)
CANCEL: Final = Group(
    role="offline",
    name="cancel",
    place=offline_place,
    help="`cancel` must reach the statement in the engine: closing the connection is not enough",
)
# A statement that is cancelled ends within so many seconds.
BOUND: Final = 10.0
_A_WHILE: Final = 0.3


def checks() -> Iterator[Check[OfflinePlace]]:
    """Yield the checks of statements."""
    yield from STATEMENTS.checks(
        rows_come_back,
        an_answer_without_rows_has_a_schema,
        batches_are_no_larger_than_asked,
        the_last_of_several_statements_gives_the_rows,
        a_failure_is_told_each_time,
        a_missing_table_is_refused,
        sessions_share_nothing,
        several_run_side_by_side,
        waiting_can_end_before_the_statement,
        columns_come_in_order,
        a_closed_store_refuses,
        what_was_done_is_there_after_opening_again,
        a_count_of_nothing_is_zero,
    )
    for work in (
        what_fails_at_the_end_leaves_nothing,
        what_fails_in_the_middle_leaves_nothing,
        a_dropped_table_comes_back,
        others_see_all_of_it_or_nothing,
    ):
        yield TRANSACTIONS.check(work, needs="transactional_ddl")
    yield from CANCEL.checks(
        a_running_statement_is_cancelled,
        a_query_that_is_read_is_cancelled,
        what_is_done_stays_done,
        what_was_read_stays_read,
        the_store_goes_on_after_it,
    )


def rows_come_back(place: OfflinePlace) -> None:
    """A query's rows come back with the names and values of its columns"""
    columns = {"id": "int64", "Name": "string"}
    place.do(create(place, "t", rows_query(columns, [[1, "a"], [2, None]])))
    (batch,) = place.batches(select_all(place, "t").order_by(build.ascending("id")))
    expect_equal(batch.schema.names, ["id", "Name"], "the columns are called otherwise")
    expect_equal(batch.to_pylist(), [{"id": 1, "Name": "a"}, {"id": 2, "Name": None}], "other rows")


def an_answer_without_rows_has_a_schema(place: OfflinePlace) -> None:
    """A query without rows gives one batch at least, for its schema"""
    place.do(create(place, "t", rows_query({"id": "int64", "x": "float64"}, [[1, 1.5]])))
    batches = list(place.batches(select_all(place, "t").where(exp.false())))
    expect(bool(batches), "no batch came", expected="one batch without rows", got="none")
    expect_equal(sum(batch.num_rows for batch in batches), 0, "rows came out of nothing")
    expect_equal(batches[0].schema.names, ["id", "x"], "the columns are called otherwise")
    place.do(create(place, "u", select_all(place, "t")))
    expected = next(iter(place.batches(select_all(place, "u")))).schema
    expect_equal(batches[0].schema, expected, "the types are others than where there are rows")


def batches_are_no_larger_than_asked(place: OfflinePlace) -> None:
    """Batches have as many rows as are asked for at most, and all rows come once"""
    make_numbers(place)
    sizes = [batch.num_rows for batch in place.batches(select_all(place, "numbers"), 64)]
    expect_equal(sum(sizes), 1000, "rows are lost, or come twice")
    expect(max(sizes) <= 64, "a batch is too large", expected="at most 64 rows", got=max(sizes))


def the_last_of_several_statements_gives_the_rows(place: OfflinePlace) -> None:
    """Several statements run in order, and the last one gives the rows"""
    made = create(place, "t", rows_query({"n": "int64"}, [[1]]))
    more = exp.Add(this=build.column("n"), expression=exp.Literal.number(1))
    handle = place.submit(made, exp.select(build.named(more, "m")).from_(place.table("t")))
    found = [row for batch in handle.batches() for row in batch.to_pylist()]
    expect_equal(found, [{"m": 2}], "other rows")


def a_failure_is_told_each_time(place: OfflinePlace) -> None:
    """A statement that fails raises StatementFailed from `wait` and from `batches`, each time"""
    missing = select_all(place, "nowhere")
    handle = place.submit(missing)
    for ask in (handle.wait, lambda: list(handle.batches()), handle.wait):
        problem = expect_refusal(ask, StatementFailed, "a query of no table does not fail")
        expect("nowhere" in str(problem), "the failure does not name the table", got=str(problem))
    expect_equal(handle.poll(), Status.FAILED, "`poll` says otherwise")
    handle.cancel()
    expect_equal(handle.poll(), Status.FAILED, "what failed can be cancelled")


def a_missing_table_is_refused(place: OfflinePlace) -> None:
    """The columns of a table that is not there are refused with a StoreError"""
    relation = Relation(place.schema, "nowhere")
    expect_refusal(lambda: place.store.columns(relation), StoreError, "columns of no table")


def sessions_share_nothing(place: OfflinePlace) -> None:
    """What a submit leaves in its session is not seen by the next"""
    one = rows_query({"n": "int64"}, [[1]])
    temporary = exp.Create(
        this=build.table("ffc_session"),
        kind="TABLE",
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
        expression=one,
    )
    for _ in range(6):
        place.do(temporary)
    query = exp.select("*").from_(build.table("ffc_session"))
    message = "a temporary table of another submit is seen"
    expect_refusal(lambda: place.rows(query), StatementFailed, message)


def several_run_side_by_side(place: OfflinePlace) -> None:
    """A statement does not wait until another one is done"""
    make_numbers(place)
    handle = place.submit(create(place, "t", endless(place)))
    try:
        reading = begun(lambda: place.rows(rows_query({"n": "int64"}, [[1]])))
        expect(reading(BOUND), "a short query waits for a long one", expected=f"{BOUND:.0f} s")
        expect_equal(handle.poll(), Status.RUNNING, "an endless query has ended")
    finally:
        _end(handle)


def waiting_can_end_before_the_statement(place: OfflinePlace) -> None:
    """`wait` raises TimeoutError when its time is over, and the statement goes on"""
    make_numbers(place)
    handle = place.submit(create(place, "t", endless(place)))
    try:
        expect_refusal(lambda: handle.wait(_A_WHILE), TimeoutError, "`wait` does not end")
        expect_equal(handle.poll(), Status.RUNNING, "the statement does not go on")
    finally:
        _end(handle)


def columns_come_in_order(place: OfflinePlace) -> None:
    """The columns of a table and of a view come in their order, spelled as they were made"""
    names = ["zebra", "Apple", "mango"]
    place.do(create(place, "t", rows_query(dict.fromkeys(names, "string"), [["x"] * 3])))
    place.do(create(place, "v", select_all(place, "t"), "VIEW"))
    for name in ("t", "v"):
        found = place.store.columns(Relation(place.schema, name))
        expect_equal([column for column, _ in found], names, f"the columns of `{name}` are others")
        expect(all(kind for _, kind in found), "a column has no type", got=found)


def a_closed_store_refuses(place: OfflinePlace) -> None:
    """A store that was closed runs nothing more, and can be closed again"""
    with place.again() as store:
        query = place.text(rows_query({"n": "int64"}, [[1]]))[0]
        store.submit(query).wait()
        store.close()
        expect_refusal(lambda: store.submit(query).wait(), StoreError, "a closed store works on")
        store.close()


def what_was_done_is_there_after_opening_again(place: OfflinePlace) -> None:
    """What one store has done another one sees"""
    place.do(create(place, "t", rows_query({"n": "int64"}, [[1], [2]])))
    with place.again() as store:
        query = place.text(select_all(place, "t"))[0]
        found = [row["n"] for batch in store.submit(query).batches() for row in batch.to_pylist()]
    expect_equal(sorted(found), [1, 2], "another store sees other rows")


def a_count_of_nothing_is_zero(place: OfflinePlace) -> None:
    """Whole numbers stay whole: a count, a sum of int64 that is larger than int32"""
    rows: list[list[object]] = [[2**31 - 1], [2**31 - 1], [None]]
    place.do(create(place, "t", rows_query({"n": "int64"}, rows)))
    counted = place.warehouse.count(Relation(place.schema, "t"))
    expect_equal(counted, 3, "another count")
    empty = exp.select(exp.Count(this=exp.Star())).from_(place.table("t")).where(exp.false())
    expect_equal(place.rows(empty), [(0,)], "the count of nothing is another")


def what_fails_at_the_end_leaves_nothing(place: OfflinePlace) -> None:
    """Statements of which the last one fails leave nothing"""
    made = create(place, "t", rows_query({"n": "int64"}, [[1]]))
    _expect_nothing_left(place, place.submit(made, select_all(place, "nowhere")))


def what_fails_in_the_middle_leaves_nothing(place: OfflinePlace) -> None:
    """Statements of which one in the middle fails leave nothing, also of those behind it"""
    one = rows_query({"n": "int64"}, [[1]])
    bad = create(place, "u", select_all(place, "nowhere"))
    made = (create(place, "t", one), bad, create(place, "v", one))
    _expect_nothing_left(place, place.submit(*made))


def _expect_nothing_left(place: OfflinePlace, handle: Handle) -> None:
    expect_refusal(handle.wait, StoreError, "a query of no table does not fail")
    found = place.warehouse.rows(relations.listing(place.schema))
    expect_equal(found, [], "what ran before the failure is there")


def a_dropped_table_comes_back(place: OfflinePlace) -> None:
    """A table that was dropped, and rows that were deleted, are there again after a failure"""
    place.do(create(place, "t", rows_query({"n": "int64"}, [[1]])))
    place.do(create(place, "u", rows_query({"n": "int64"}, [[1]])))
    gone = relations.drop(place.table("t"), "TABLE")
    handle = place.submit(gone, exp.delete(place.table("u")), select_all(place, "nowhere"))
    expect_refusal(handle.wait, StoreError, "a query of no table does not fail")
    for name in ("t", "u"):
        expect_equal(place.rows(select_all(place, name)), [(1,)], f"`{name}` is not as it was")


def others_see_all_of_it_or_nothing(place: OfflinePlace) -> None:
    """Whoever reads sees all of a submit's changes, or none"""
    for name in ("t", "u"):
        place.do(create(place, name, rows_query({"n": "int64"}, [[0]])))
    both = exp.select(_number(place, "t"), _number(place, "u"))

    def change() -> None:
        for number in range(1, 30):
            place.do(*(_set(place, name, number) for name in ("t", "u")))

    seen = read_while(lambda: place.rows(both), change)
    torn = [row for row in seen if row[0][0] != row[0][1]]
    expect(not torn, "a half-done change is seen", expected="two equal numbers", got=torn[:1])
    expect(len(seen) > 1, "nothing was read meanwhile: the reader waits for the writer")


def _number(place: OfflinePlace, name: str) -> exp.Expr:
    query = exp.select(exp.Max(this=build.column("n"))).from_(place.table(name))
    return build.named(query.subquery(), name)


def _set(place: OfflinePlace, name: str, number: int) -> exp.Expr:
    return update(place.table(name), "n", number)


def a_running_statement_is_cancelled(place: OfflinePlace) -> None:
    """A statement that is cancelled ends within seconds, with Cancelled, and leaves nothing"""
    make_numbers(place)
    handle = place.submit(create(place, "t", endless(place)))
    time.sleep(_A_WHILE)
    _expect_cancelled(handle, lambda: handle.wait(BOUND))
    names = [row["table_name"] for row in place.warehouse.rows(relations.listing(place.schema))]
    expect_equal(names, ["numbers"], "what was cancelled has made a table")


def a_query_that_is_read_is_cancelled(place: OfflinePlace) -> None:
    """A query whose rows are being read ends with Cancelled"""
    make_numbers(place)
    rows = crossed(place, 3).select(build.named(build.column("n", "c"), "n"))
    handle = place.submit(rows)
    batches = handle.batches(1000)
    next(batches)

    def read() -> None:
        for _ in batches:
            time.sleep(0)

    _expect_cancelled(handle, read)


def _expect_cancelled(handle: Handle, work: Callable[[], object]) -> None:
    handle.cancel()
    began = time.monotonic()
    try:
        expect_refusal(work, Cancelled, "the statement is not cancelled")
    except TimeoutError:
        raise Broken(
            "the statement goes on", expected=f"the end within {BOUND:.0f} s", got="none"
        ) from None
    seconds = time.monotonic() - began
    expect(seconds < BOUND, "it takes long", expected=f"{BOUND:.0f} s", got=f"{seconds:.1f} s")


def what_is_done_stays_done(place: OfflinePlace) -> None:
    """A statement that is done can't be cancelled any more"""
    handle = place.submit(
        create(place, "t", rows_query({"n": "int64"}, [[1]])), select_all(place, "t")
    )
    handle.wait()
    handle.cancel()
    expect_equal(handle.poll(), Status.DONE, "`poll` says otherwise")
    handle.wait()
    expect_equal(place.rows(select_all(place, "t")), [(1,)], "the rows are gone")


def what_was_read_stays_read(place: OfflinePlace) -> None:
    """A query that was read to its end can be cancelled, and nothing happens"""
    handle = place.submit(rows_query({"n": "int64"}, [[1]]))
    expect_equal(sum(batch.num_rows for batch in handle.batches()), 1, "other rows")
    handle.cancel()
    expect_equal(handle.poll(), Status.DONE, "`poll` says otherwise")


def the_store_goes_on_after_it(place: OfflinePlace) -> None:
    """After many statements were cancelled the store runs others as before"""
    make_numbers(place)
    for _ in range(8):
        handle = place.submit(create(place, "t", endless(place)))
        time.sleep(_A_WHILE / 10)
        _end(handle)
    found = place.rows(exp.select(exp.Count(this=exp.Star())).from_(place.table("numbers")))
    expect_equal(found, [(1000,)], "another count")


def _end(handle: Handle) -> None:
    """Cancel a statement until it ends: one that has not begun may miss it."""
    end = time.monotonic() + BOUND
    while handle.poll() is Status.RUNNING:
        handle.cancel()
        if time.monotonic() > end:
            raise Broken("a statement can't be cancelled", expected=f"{BOUND:.0f} s", got="more")
        time.sleep(0.02)
