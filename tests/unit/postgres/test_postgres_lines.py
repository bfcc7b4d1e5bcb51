"""Lines to a PostgreSQL server: every wait ends, and a line is never shared or left behind."""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.queues import Queue
from pathlib import Path

import pytest
from support.postgres import PostgresServer, postgres

from ffc.adapter import Options, StatementFailed, StoreError, Transient, Unreachable
from ffc_postgres.connection import Place, place_of
from ffc_postgres.stores import line as lines
from ffc_postgres.stores.line import Line
from ffc_postgres.stores.pool import Pool

BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"


def place(server: PostgresServer, **changes: object) -> Place:
    values = server.settings_of("postgres", "ffc") | changes
    return place_of(Options(where="state", folder=Path(), values=values))


def a_line(server: PostgresServer, seconds: float = 5.0, **changes: object) -> Line:
    return Line(place(server, **changes), seconds, {})


@pytest.fixture
def pool(postgres_server: PostgresServer) -> Iterator[Pool]:
    pool = Pool("the store", 2, lambda: a_line(postgres_server))
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that tests stop."""
    with postgres() as server:
        yield server


def test_what_a_statement_answers(postgres_server: PostgresServer) -> None:
    line = a_line(postgres_server)
    answer = line.ask("SELECT %s AS a, %s::bytea AS b, %s AS c", ["x\0", b"\0\xff", None])
    assert (answer.names, answer.changed) == (("a", "b", "c"), 1)
    ((text, data, none),) = answer.rows
    assert (text, bytes(data), none) == ("x\ufffd", b"\0\xff", None)
    assert line.ask("SELECT '100%'").rows == [("100%",)]
    assert line.ask("SET timezone = 'UTC'").rows == []
    line.close()
    assert not line.usable


def test_a_statement_that_fails_leaves_the_line_usable(postgres_server: PostgresServer) -> None:
    line = a_line(postgres_server)
    with pytest.raises(StatementFailed, match="syntax error"):
        line.ask("SELEC 1")
    assert line.usable
    assert line.ask("SELECT 1").rows == [(1,)]
    line.close()


def test_a_long_answer_that_keeps_coming_is_waited_for(postgres_server: PostgresServer) -> None:
    """The limit is of silence, not of the whole."""
    line = a_line(postgres_server, seconds=0.4)
    slow = "SELECT repeat('x', 100000), pg_sleep(0.1) FROM generate_series(1, 12)"
    began = time.monotonic()
    assert len(line.ask(slow).rows) == 12
    assert time.monotonic() - began > 1.0
    with pytest.raises(Transient, match=r"does not answer within 0\.4 s"):
        line.ask("SELECT pg_sleep(3)")
    assert line.lost
    line.close()


def test_a_server_that_stands_still(
    own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "CONNECT_SECONDS", 0.5)
    line = a_line(own_server, seconds=0.3)
    with own_server.hanging():
        began = time.monotonic()
        with pytest.raises(Transient, match=r"does not answer within 0\.3 s") as caught:
            line.ask("SELECT 1")
        assert caught.value.help == ("see whether the server is overloaded, or stands still",)
        assert not line.usable
        with pytest.raises(Unreachable, match=r"does not answer within 0\.5 s"):
            a_line(own_server)
        assert time.monotonic() - began < 2.0
    line.close()
    assert a_line(own_server).ask("SELECT 1").rows == [(1,)]


def test_a_big_statement_that_the_server_does_not_take(own_server: PostgresServer) -> None:
    line = a_line(own_server, seconds=0.3)
    with own_server.hanging(), pytest.raises(Transient, match="does not answer"):
        line.ask("SELECT length(%s)", ["x" * 30_000_000])
    line.close()
    line = a_line(own_server)
    assert line.ask("SELECT length(%s)", ["x" * 30_000_000]).rows == [(30_000_000,)]
    line.close()


def test_a_host_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "CONNECT_SECONDS", 0.4)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        values = {"host": "127.0.0.1", "port": silent.getsockname()[1], "dbname": "d"}
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"d on 127.0.0.1:\d+ does not answer within 0\.4 s"):
            Line(place_of(Options(where="x", folder=Path(), values=values)), 5.0, {})
        assert time.monotonic() - began < 2.0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"dbname": "nowhere"}, 'database "nowhere" does not exist'),
        ({"user": "nobody", "password": "wrong"}, "password authentication failed"),
        ({"port": 1}, "refused"),
    ],
)
def test_who_is_not_let_in(
    postgres_server: PostgresServer, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(Unreachable, match=said) as caught:
        a_line(postgres_server, **changes)
    assert "wrong" not in str(caught.value)


def test_a_server_that_goes_away(own_server: PostgresServer) -> None:
    line, other = a_line(own_server), a_line(own_server)
    own_server.kill()
    try:
        time.sleep(0.1)
        assert not line.usable
        with pytest.raises(StoreError):
            other.ask("SELECT 1")
        assert other.lost
        line.close()
        other.close()
    finally:
        own_server.start()


def test_a_server_that_is_too_old(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc_postgres.connection.OLDEST", 19)
    with pytest.raises(Unreachable, match="is of PostgreSQL 18: ffc needs 19 or newer"):
        a_line(postgres_server)


def test_a_line_is_kept_for_the_next(pool: Pool) -> None:
    first = pool.take(5.0)
    pool.give(first)
    assert pool.take(5.0) is first
    second = pool.take(5.0)
    assert second is not first
    began = time.monotonic()
    with pytest.raises(Transient, match=r"the store does not answer within 0\.2 s"):
        pool.take(0.2)
    assert time.monotonic() - began < 1.0
    waiting: list[Line] = []
    other = threading.Thread(target=lambda: waiting.append(pool.take(5.0)), daemon=True)
    other.start()
    pool.give(second)
    other.join(5)
    assert waiting == [second]


def test_a_line_that_was_lost_at_rest_is_not_handed_out(
    postgres_server: PostgresServer, pool: Pool
) -> None:
    first = pool.take(5.0)
    ((number,),) = first.ask("SELECT pg_backend_pid()").rows
    pool.give(first)
    postgres_server.sql(f"SELECT pg_terminate_backend({number})")
    time.sleep(0.1)
    second = pool.take(5.0)
    assert second is not first
    assert second.ask("SELECT 1").rows == [(1,)]


def test_a_line_that_comes_too_late_is_there_for_the_next(postgres_server: PostgresServer) -> None:
    go_on = threading.Event()

    def opened() -> Line:
        assert go_on.wait(10)
        return a_line(postgres_server)

    with closing(Pool("the store", 1, opened)) as pool:
        with pytest.raises(Transient):
            pool.take(0.05)
        go_on.set()
        assert pool.take(5.0).ask("SELECT 1").rows == [(1,)]


def test_why_no_line_can_be_opened_is_told_to_who_waits(postgres_server: PostgresServer) -> None:
    wrong = Pool("the store", 1, lambda: a_line(postgres_server, password="wrong"))
    for _ in range(3):
        with pytest.raises(Unreachable, match="password authentication failed"):
            wrong.take(5.0)


def test_what_passes_is_waited_for(postgres_server: PostgresServer) -> None:
    refusals = [Transient("too many clients already")] * 3

    def opened() -> Line:
        if refusals:
            raise refusals.pop()
        return a_line(postgres_server)

    with closing(Pool("the store", 1, opened)) as pool:
        assert pool.take(5.0).ask("SELECT 1").rows == [(1,)]
    refusals = [Transient("too many clients already")] * 99
    with closing(Pool("the store", 1, opened)) as pool:
        began = time.monotonic()
        with pytest.raises(Transient, match="too many clients already"):
            pool.take(0.35)
        assert 0.3 < time.monotonic() - began < 1.0


def test_a_closed_pool(postgres_server: PostgresServer) -> None:
    pool = Pool("the store", 2, lambda: a_line(postgres_server))
    used, idle = pool.take(5.0), pool.take(5.0)
    pool.give(idle)
    pool.close()
    assert not idle.usable
    assert used.ask("SELECT 1").rows == [(1,)]
    pool.give(used)
    assert not used.usable
    with pytest.raises(Unreachable, match="the store is closed"):
        pool.take(5.0)


def _in_fork(pool: Pool, line: Line, told: Queue[list[tuple[object, ...]]]) -> None:
    mine = pool.take(5.0)
    found = mine.ask("SELECT 'of the fork', pg_backend_pid()").rows
    pool.give(mine)
    pool.close()
    line.close()
    del line
    told.put(found)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_has_lines_of_its_own(pool: Pool) -> None:
    """And closes none of its parent's, whose server would hear that they end."""
    line, idle = pool.take(5.0), pool.take(5.0)
    ((mine,),) = line.ask("SELECT pg_backend_pid()").rows
    pool.give(idle)
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    child = context.Process(target=_in_fork, args=(pool, line, told))
    child.start()
    ((said, theirs),) = told.get(timeout=20)
    child.join(20)
    assert child.exitcode == 0
    assert (said, theirs != mine) == ("of the fork", True)
    assert line.ask("SELECT pg_backend_pid()").rows == [(mine,)]
    assert pool.take(5.0) is idle
    assert idle.ask("SELECT 'mine'").rows == [("mine",)]
