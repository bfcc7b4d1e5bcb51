"""A store's schema on a server: transactions that are done or not, and told which."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from ffc.adapter import (
    Cancelled,
    DataError,
    StateError,
    StatementFailed,
    StoreError,
    Transient,
    Unreachable,
)
from ffc_postgres.connection import Place
from ffc_postgres.errors import HELP
from ffc_postgres.stores.layouts import LOCK, Layout, NotAllowed, migrate, version_of
from ffc_postgres.stores.line import Answer, Line, Row
from ffc_postgres.stores.pool import Pool

T = TypeVar("T")

# Somebody else's lock is waited for so long, and a server that says nothing.
LOCK_SECONDS: Final = 10.0
SILENT_SECONDS: Final = 30.0
# A transaction is begun so often while others are in its way, or its connection is lost.
_TRIES: Final = 4
_PAUSE: Final = 0.05
# It is asked so long whether a transaction was done whose end nobody was told.
DOUBT_SECONDS: Final = 5.0
# Who is in the way, or that the tables are others by now: what was not done can be done again.
_AGAIN: Final = ("40", "42P01", "3F000")
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
# Nothing is said of a transaction where there can be none: on a replica, or where it may not write.
_TRANSACTION: Final = """
    SELECT CASE WHEN NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'
                THEN pg_current_xact_id()::text END, pg_postmaster_start_time()::text
"""
# How it ended, if that is known: a server that was started anew gives numbers a second time.
_ENDED: Final = """
    SELECT CASE WHEN pg_postmaster_start_time()::text = %s
                THEN pg_xact_status(%s::text::xid8) END
"""

_ALL: Final = "SELECT, INSERT, UPDATE, DELETE"
_NOW: Final = "SELECT extract(epoch FROM clock_timestamp())::double precision"
_MAY_MAKE: Final = "SELECT has_database_privilege(current_database(), 'CREATE')"
_NOT_ALLOWED: Final = """
    SELECT c.relname, string_agg(needed, ', ')
    FROM pg_class c, unnest(string_to_array(%s, ', ')) AS needed
    WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s)
      AND c.relkind = 'r' AND NOT has_table_privilege(c.oid, needed)
    GROUP BY c.relname ORDER BY c.relname LIMIT 1
"""


class Database:
    """The tables of a layout in a schema, made at the first write; few lines, any threads.

    Every failure is raised as the layout's, the state store's as StateError. `opened` is called
    with each new line that finds tables. To who only reads, what is not there is empty. `seconds`
    is how long the server may be silent, `opening` how long a line is waited for.
    """

    def __init__(
        self,
        place: Place,
        layout: Layout,
        schema: str,
        *,
        settings: Mapping[str, str],
        seconds: float,
        most: int,
        opening: float | None = None,
        unlogged: bool = False,
        opened: Callable[[Line], None] = lambda line: None,
    ) -> None:
        self.place = place
        self._layout = layout
        self.schema = schema
        self._seconds = seconds
        self._opening = seconds if opening is None else opening
        self._unlogged = unlogged
        self._opened = opened
        self._settings = {
            "search_path": '"' + schema.replace('"', '""') + '", pg_temp',
            "lock_timeout": f"{LOCK_SECONDS:g}s",
            "statement_timeout": f"{2 * SILENT_SECONDS:g}s",
            # A process that stands still holds nobody up for longer.
            "idle_in_transaction_session_timeout": f"{LOCK_SECONDS * 0.8:g}s",
            **settings,
        }
        self._pool = Pool(f"the {layout.noun} in {place.name}", most, self._connected)

    def read(self, work: Callable[[Line], T], nothing: T) -> T:
        """Return what work that changes nothing returns, or `nothing` where no table is."""
        with self._told("SELECT"):
            return self._again(lambda line: work(line) if line.version else nothing)

    def ask(self, statement: str | bytes, values: Sequence[object] = ()) -> Answer:
        """Return what one statement answers, which sees one moment; nothing where no table is."""
        return self.read(lambda line: line.ask(statement, values), Answer([], (), 0))

    def change(self, statement: str, values: Sequence[object] = ()) -> int:
        """Return how many rows one statement changed that may be done twice."""
        with self._told(_ALL):
            return self._again(
                lambda line: line.ask(statement, values).changed if line.version else 0
            )

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Return one query's rows."""
        return self.ask(statement, values).rows

    def records(self, query: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Return one query's rows by the names of their columns."""
        answer = self.ask(query, values)
        return [dict(zip(answer.names, row, strict=True)) for row in answer.rows]

    def write(self, work: Callable[[Line], T], *, alone: bool = False) -> T:
        """Return what work returns that is done whole or not at all, `alone` one after another.

        It may be begun more than once.
        """
        with self._told(_ALL):
            return self._again(lambda line: self._transaction(line, work, alone=alone))

    def moment(self) -> float:
        """Return the server's time, in seconds since 1970."""
        with self._told("SELECT"):
            return float(self._again(lambda line: line.ask(_NOW).rows[0][0]))

    def check(self) -> None:
        """Return if the tables are there, or may be made, and may be written to."""
        with self._told(_ALL):
            self._again(self._allowed)

    def close(self) -> None:
        """Let go of every line."""
        self._pool.close()

    def _again(self, work: Callable[[Line], T]) -> T:
        """Return what work returns that leaves nothing behind where it fails, tried again."""
        for tries in range(_TRIES):
            if tries:
                time.sleep(_PAUSE * tries)
            line = self._pool.take(self._opening)
            try:
                self._look(line)
                return work(line)
            except (StoreError, DataError) as problem:
                code = _code(problem)
                if code in ("42P01", "3F000"):
                    line.version = 0
                lost = line.lost and not isinstance(problem, Transient | _InDoubt)
                if tries == _TRIES - 1 or not (lost or code.startswith(_AGAIN)):
                    raise
            finally:
                self._pool.give(line)
        raise AssertionError("the last try returns or raises")

    def _look(self, line: Line) -> None:
        """See what is there; raises the layout's failure where that is not this ffc's."""
        if not line.version:
            version = version_of(line, self._layout, self.schema)
            if 0 < version < len(self._layout.scripts):
                self._migrate(line)
                version = len(self._layout.scripts)
            if version:
                self._opened(line)
            line.version = version

    def _migrate(self, line: Line) -> None:
        if self.place.read_only:
            raise StoreError(
                "it was written by an older ffc",
                help=["whatever writes to it brings it up to date, as `ffc debug` does"],
            )
        with _undone(line):
            migrate(line, self._layout, self.schema, unlogged=self._unlogged)

    def _allowed(self, line: Line) -> None:
        if not line.version and not line.ask(_MAY_MAKE).rows[0][0]:
            raise NotAllowed(f"permission denied for database {self.place.parameters['dbname']}")
        for table, lacking in line.ask(_NOT_ALLOWED, [_ALL, self.schema]).rows:
            raise NotAllowed(f"permission denied for table {table}: {lacking}")

    def _connected(self) -> Line:
        line = Line(self.place, self._seconds, self._settings)
        try:
            self._look(line)
        except BaseException:
            line.close()
            raise
        return line

    def _transaction(self, line: Line, work: Callable[[Line], T], *, alone: bool) -> T:
        if not line.version:
            self._migrate(line)
            self._look(line)
        with _undone(line):
            line.ask(_BEGIN)
            if alone:
                line.ask(LOCK, [self._layout.lock])
            ((transaction, started),) = line.ask(_TRANSACTION).rows
            if transaction is None:
                raise StoreError("it takes no writes", help=[HELP["25006"]])
            result = work(line)
        try:
            line.ask("COMMIT")
        except (StoreError, DataError) as problem:
            if not line.lost:
                raise
            # If the server heard nothing of it, this ends the transaction.
            line.close()
            if not self._committed(transaction, started, problem):
                raise
        return result

    def _committed(self, transaction: str, started: str, problem: StoreError | DataError) -> bool:
        """Tell whether a transaction was done whose end was not told; raises _InDoubt."""
        end = time.monotonic() + DOUBT_SECONDS
        while time.monotonic() < end:
            try:
                line = self._pool.take(self._opening)
                try:
                    ((status,),) = line.ask(_ENDED, [started, transaction]).rows
                finally:
                    self._pool.give(line)
            except (StoreError, StateError, DataError):
                status = "unknown"
            if status is None or status in ("committed", "aborted"):
                break
            time.sleep(_PAUSE)
        if status in ("committed", "aborted"):
            return bool(status == "committed")
        raise _InDoubt(
            "the connection was lost while a change was being kept: whether it was is not known",
            help=["do it again: what was done already is found"],
        ) from problem

    @contextmanager
    def _told(self, needed: str) -> Iterator[None]:
        try:
            yield
        except (StoreError, DataError) as problem:
            raise self._failure(problem, needed) from problem

    def _failure(self, problem: StoreError | DataError, needed: str) -> StateError | StoreError:
        """Return the layout's failure for one of the server's."""
        noun, said = self._layout.noun, problem.message
        if said.startswith(("the database", "the connection")):
            said = f"the {noun} can't be used: {said}"
        elif not said.startswith(f"the {noun}"):
            said = f"the {noun} in {self.place.name} can't be used: {said}"
        hints = list(problem.help)
        if _code(problem) == "42501" or isinstance(problem, NotAllowed):
            hints = [self._granted(problem.message, needed)]
        return self._kind(problem)(said, help=hints)

    def _kind(self, problem: StoreError | DataError) -> type[StateError] | type[StoreError]:
        if issubclass(self._layout.failure, StateError):
            return self._layout.failure
        if isinstance(problem, DataError):
            return StatementFailed
        # Nobody asked for it: it took longer than a statement may.
        return Transient if isinstance(problem, Cancelled) else type(problem)

    def _granted(self, said: str, needed: str) -> str:
        """Return what an administrator is to run."""
        schema = self._settings["search_path"].rpartition(",")[0]
        who = self.place.role or self.place.parameters.get("user", "the user of this target")
        if "permission denied for database" in said:
            return f"let an administrator run: CREATE SCHEMA {schema} AUTHORIZATION {who}"
        return (
            f"let an administrator run: GRANT USAGE ON SCHEMA {schema} TO {who};"
            f" GRANT {needed} ON ALL TABLES IN SCHEMA {schema} TO {who}"
        )


class _InDoubt(Unreachable):
    """Report a change of which nobody knows whether it was kept: it is not begun again."""


@contextmanager
def _undone(line: Line) -> Iterator[None]:
    """Leave nothing of a transaction that fails; a lost connection's is undone by the server."""
    try:
        yield
    except BaseException:
        if not line.lost:
            line.ask("ROLLBACK")
        raise


def _code(problem: StoreError | DataError) -> str:
    return getattr(problem.__cause__, "pgcode", None) or ""
