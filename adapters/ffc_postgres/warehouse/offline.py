"""PostgreSQL as an offline store: a session and a transaction for each submit."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from sqlglot import exp

from ffc.adapter import (
    Cancelled,
    Capabilities,
    DataError,
    Format,
    Handle,
    Load,
    OfflineStore,
    Options,
    Relation,
    StatementFailed,
    Status,
    StoreError,
    Type,
    Unreachable,
    awaited,
)
from ffc.adapter.sql import Translation
from ffc_duckdb.describing import file_columns
from ffc_postgres.connection import SETTINGS, place_of
from ffc_postgres.errors import ended_by_server, mapped
from ffc_postgres.translation.words import FROM_DUCKDB
from ffc_postgres.warehouse.hashing import hash_query, table_of, version_query
from ffc_postgres.warehouse.lending import lent
from ffc_postgres.warehouse.loading import Loading
from ffc_postgres.warehouse.results import PROBE, Reading, Rows, bound
from ffc_postgres.warehouse.sessions import Session, Sessions
from ffc_postgres.warehouse.statements import settling, written
from ffc_postgres.warehouse.transactions import Step, transact
from ffc_postgres.warehouse.types import type_of

if TYPE_CHECKING:
    import pyarrow as pa

WORKERS: Final = 8
_COLUMNS: Final = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
# What a query begins with; all else is done when it is submitted.
_QUERY: Final = re.compile(
    r"(\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|values|table)\b", re.I | re.S
)


class PostgresOfflineStore(OfflineStore):
    """A database of a PostgreSQL server, 13 or newer.

    Settings: where it is, and `statement_timeout`, after which the server ends a statement.
    """

    dialect: ClassVar[str] = "postgres"
    settings: ClassVar[Mapping[str, bool]] = {**SETTINGS, "statement_timeout": False}
    capabilities: ClassVar[Capabilities] = Capabilities(
        transactional_ddl=True, indexes=True, max_identifier=63
    )
    translations: ClassVar[Mapping[str, Translation]] = {"duckdb": FROM_DUCKDB}

    def __init__(self, options: Options) -> None:
        options.only(self.settings)
        timeout = options.seconds("statement_timeout")
        settings = {} if timeout is None else {"statement_timeout": f"{timeout}s"}
        self._sessions = Sessions(place_of(options), **settings)
        self._pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="postgres")

    def submit(self, *statements: str) -> Handle:
        """Run statements in one transaction of a session of their own."""
        *commands, last = statements or ("",)
        query = last.strip().rstrip(";") if _QUERY.match(last) else ""
        if not query:
            commands.append(last)
        place = self._sessions.place.name
        steps = [partial(_execute, place, command) for command in commands if command.strip()]
        return PostgresHandle(self._pool, self._sessions, steps, query)

    def load(self, load: Load) -> Handle:
        """Make a table of files; the handle's DataError names a wrong value."""
        loading = Loading(load)
        return PostgresHandle(self._pool, self._sessions, [loading.run], stop=loading.stop)

    @contextmanager
    def lend(self, file: Path) -> Iterator[Relation | str]:
        """Put the rows of a Parquet file into a table, or into the text of a query."""
        with lent(self, self._sessions, file) as found:
            yield found

    def file_columns(
        self, files: Sequence[str], format: Format
    ) -> list[tuple[str, str, Type | None]] | None:
        """Return names and types; DuckDB looks at them, as it reads them."""
        return file_columns(files, format)

    def columns(self, relation: Relation) -> list[tuple[str, str]]:
        """Return names and types; raises StatementFailed where there is no such table.

        Nor may it be one that can't be read: the catalog is open to all.
        """
        if not relation.schema:
            raise StatementFailed(
                f"`{relation.name}` is not the whole name of a table",
                help=["name its schema too, as in `public.orders`"],
            )
        with self._sessions.session() as session:
            rows = session.execute(_COLUMNS, [table_of(relation).sql("postgres")])
            session.execute(exp.select("*").from_(table_of(relation)).limit(0).sql("postgres"))
        return [(name, native) for name, native in rows]

    @classmethod
    def text(cls, statement: exp.Expr, *, pretty: bool = False) -> str:
        """Return one of ffc's own statements as PostgreSQL is told it."""
        return written(statement, pretty=pretty)

    def type_of(self, native: str) -> Type | None:
        """Return what a type of PostgreSQL's is to ffc."""
        return type_of(native)

    def settling(self, relation: Relation, ordered: Sequence[str]) -> Sequence[str]:
        """Return what gives a new table statistics, and an index where rows are looked up."""
        return settling(table_of(relation), ordered)

    def about(self) -> str:
        """Return the server's version."""
        with self._sessions.session() as session:
            ((version,),) = session.execute("SELECT pg_catalog.current_setting('server_version')")
        return f"PostgreSQL {version}"

    def version(self, relation: Relation) -> str | None:
        """Return how many rows there are and the sum of their hashes, whatever their order."""
        with self._sessions.session() as session:
            ((found,),) = session.execute(version_query(table_of(relation)).sql("postgres"))
        return str(found)

    def content_hash(self, relation: Relation, columns: Sequence[str]) -> exp.Select | None:
        """Return the query of `postgres_<how>:<rows>-<sum of the rows' hashes>`."""
        return hash_query(table_of(relation), columns)

    def close(self) -> None:
        """Let go of every session, after the statements that are running."""
        self._sessions.end_reading()
        self._pool.shutdown(wait=True)
        self._sessions.close()


def _execute(place: str, statement: str, session: Session) -> None:
    with mapped(place, statement):
        session.execute(statement)


class PostgresHandle(Handle):
    """Steps in one transaction, run by a thread of the store's pool.

    A query after them is bound there and runs in `batches`; with steps before it in their session.
    """

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        sessions: Sessions,
        steps: Sequence[Step],
        query: str = "",
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._sessions = sessions
        self._query = query
        self._stop = stop
        self._lock = threading.Lock()
        self._cancelled = False
        self._session: Session | None = None
        self._rows: Rows | None = None
        self._kept: Session | None = None
        try:
            self._future: Future[None] = pool.submit(self._work, steps)
        except RuntimeError:
            raise StoreError(f"the connection to {sessions.place.name} is closed") from None

    def _work(self, steps: Sequence[Step]) -> None:
        if not steps:
            if self._query:
                self._bind_alone()
            return
        wanted = [partial(self._step, step) for step in steps]
        session = transact(self._sessions, [*wanted, self._bind] if self._query else wanted)
        if self._query:
            self._kept = session
        else:
            self._sessions.give(session)

    def _bind_alone(self) -> None:
        try:
            with self._sessions.session() as session:
                self._bind(session)
        except Unreachable:
            if self._cancelled:
                raise
            with self._sessions.session() as session:
                self._bind(session)

    def _step(self, step: Step, session: Session) -> None:
        with self._running(session):
            step(session)

    def _bind(self, session: Session) -> None:
        with self._running(session), self._mended(len(PROBE) + 1):
            self._rows = bound(session, self._query)

    @contextmanager
    def _running(self, session: Session) -> Iterator[None]:
        """Say which session `cancel` ends, and tell what it met as what it is."""
        with self._lock:
            if self._cancelled:
                raise Cancelled("the statements were cancelled")
            self._session = session
        try:
            yield
        except (Cancelled, StatementFailed, Unreachable) as problem:
            if self._cancelled:
                raise Cancelled("the statements were cancelled") from problem
            if isinstance(problem, Cancelled):
                raise ended_by_server(problem, self._sessions.timeout) from problem
            raise
        finally:
            with self._lock:
                self._session = None

    @contextmanager
    def _mended(self, before: int) -> Iterator[None]:
        """Raise our exceptions, with places in the query, which begins after some characters."""
        try:
            with mapped(self._sessions.place.name, self._query):
                yield
        except (DataError, StoreError) as problem:
            if problem.position is not None:
                problem.position -= before
            raise

    def poll(self) -> Status:
        """Say where the statements stand."""
        if not self._future.done():
            return Status.RUNNING
        if self._future.cancelled() or isinstance(self._future.exception(), Cancelled):
            return Status.CANCELLED
        return Status.FAILED if self._future.exception() else Status.DONE

    def cancel(self) -> None:
        """Ask the server to end the running statement; its connection is cut if it does not."""
        with self._lock:
            if self._future.done() and self._session is None:
                return
            self._cancelled = True
            if not self._future.cancel() and self._session is not None:
                self._session.end()
        self._stop()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the statements."""
        try:
            awaited(self._future, seconds)
        except CancelledError:
            raise Cancelled("the statements were cancelled before they began") from None

    def batches(self, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """Yield the query's rows."""
        self.wait()
        if self._rows is None:
            raise StoreError("the last statement is no query, so there are no rows")
        kept, self._kept = self._kept, None
        reading = self._read(self._rows, rows, kept)
        try:
            first = next(reading)
        except Unreachable:
            # Nothing was handed out, and what only reads may be done again: but in its own session.
            if kept is not None or self._cancelled:
                raise
            reading = self._read(self._rows, rows)
            first = next(reading)
        with closing(reading):
            yield first
            yield from reading

    def _read(
        self, found: Rows, rows: int, kept: Session | None = None
    ) -> Generator[pa.RecordBatch]:
        session = kept or self._sessions.take()
        session.reading = True
        try:
            with self._running(session), self._mended(len(found.head) + 1):
                yield from Reading(session, found, rows).batches()
        finally:
            self._sessions.give(session)
