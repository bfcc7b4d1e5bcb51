"""DuckDB as an offline store: one file, one connection, a cursor for each submit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

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
    interruptible,
)
from ffc_duckdb.describing import file_columns
from ffc_duckdb.errors import mapped, streamed, translate
from ffc_duckdb.files import open_file
from ffc_duckdb.hashing import hash_query
from ffc_duckdb.loading import load_query, refusal
from ffc_duckdb.waiting import waited

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

WORKERS: Final = 4
_EXPLAIN: Final = "EXPLAIN"


class DuckDBOfflineStore(OfflineStore):
    """A DuckDB file. Settings: `path`, and `memory_limit` such as `4GB`."""

    dialect: ClassVar[str] = "duckdb"
    settings: ClassVar[Mapping[str, bool]] = {"path": True, "memory_limit": False}
    capabilities: ClassVar[Capabilities] = Capabilities(
        transactional_ddl=True,
        merge=True,
        replace=True,
        arrow=True,
        asof_join=True,
        keeps_order=True,
        max_identifier=1024,
    )

    def __init__(self, options: Options) -> None:
        options.only(self.settings)
        self._path = options.path("path")
        self._memory_limit = options.text("memory_limit", "")
        self._read_only = options.read_only
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._closed = False
        self._pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="duckdb")

    def submit(self, *statements: str) -> Handle:
        """Run statements in one transaction on a cursor of their own."""
        return DuckDBHandle(self._pool, self._cursor(), statements)

    def load(self, load: Load) -> Handle:
        """Make a table of CSV or Parquet files; the handle's DataError names a wrong value."""
        cursor = self._cursor()
        try:
            with mapped():
                query = load_query(cursor, load)
        except OSError as problem:
            raise Unreachable(f"a file of the source can't be read: {problem}") from problem
        table = _table(load.relation)
        statement = exp.Create(this=table, kind="TABLE", expression=query).sql(dialect="duckdb")
        explain = partial(refusal, cursor, load)
        return DuckDBHandle(self._pool, self._cursor(), (statement,), explain)

    @contextmanager
    def lend(self, file: Path) -> Iterator[Relation | str]:
        """Give the query that reads a Parquet file where it lies."""
        path = exp.Literal.string(str(file))
        read = exp.Anonymous(this="read_parquet", expressions=[path])
        yield exp.select("*").from_(exp.Table(this=read)).sql(dialect="duckdb")

    def columns(self, relation: Relation) -> list[tuple[str, str]]:
        """Return names and types; raises StatementFailed where there is no such table."""
        described = exp.Describe(this=exp.select("*").from_(_table(relation)))
        with mapped():
            rows = self._cursor().execute(described.sql(dialect="duckdb")).fetchall()
        return [(name, native) for name, native, *_ in rows]

    def file_columns(
        self, files: Sequence[str], format: Format
    ) -> list[tuple[str, str, Type | None]] | None:
        """Return names and types; those of CSV and JSON files are guessed."""
        return file_columns(files, format)

    def about(self) -> str:
        """Return DuckDB's version."""
        import duckdb

        return f"DuckDB {duckdb.__version__}"

    def version(self, relation: Relation) -> str | None:
        """Return how many rows there are and the sum of their hashes, whatever their order."""
        row = exp.Anonymous(this="hash", expressions=[exp.column("t")])
        total = exp.Sum(this=exp.cast(row, exp.DType.INT128))
        query = exp.select(exp.Count(this=exp.Star()), total).from_(
            exp.alias_(_table(relation), "t", table=True)
        )
        with mapped():
            found = self._cursor().execute(query.sql(dialect="duckdb")).fetchone()
        return f"{found[0]}-{found[1]}" if found else None

    def content_hash(self, relation: Relation, columns: Sequence[str]) -> exp.Select | None:
        """Return the query of `duckdb_<how>:<rows>-<sum of the rows' hashes>`."""
        return hash_query(_table(relation), columns)

    def close(self) -> None:
        """Let go of the file, after the statements that are running."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(wait=True)
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock, interruptible():
            if self._closed:
                raise StoreError(f"the DuckDB file `{self._path.name}` is closed")
            if self._connection is None:
                self._connection = self._open()
            cursor = self._connection.cursor()
            # A config key for the time zone is refused before the ICU extension is loaded.
            cursor.execute("SET TimeZone = 'UTC'")
        return cursor

    def _open(self) -> duckdb.DuckDBPyConnection:
        return open_file(self._path, self._memory_limit, read_only=self._read_only)


def _table(relation: Relation) -> exp.Table:
    return exp.table_(
        relation.name, db=relation.schema or None, catalog=relation.catalog or None, quoted=True
    )


class DuckDBHandle(Handle):
    """Statements on one cursor, run by a thread of the store's pool.

    A query, if it is the last one, is bound there and runs in `batches`. `explain` says more of
    data that don't fit.
    """

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        cursor: duckdb.DuckDBPyConnection,
        statements: tuple[str, ...],
        explain: Callable[[str], DataError | None] = lambda _: None,
    ) -> None:
        self._cursor = cursor
        self._explain = explain
        self._query = statements[-1] if statements else ""
        self._rows: duckdb.DuckDBPyRelation | None = None
        self._cancelled = False
        self._future: Future[None] = pool.submit(self._work, statements)

    def _work(self, statements: tuple[str, ...]) -> None:
        try:
            with mapped(self._query):
                self._run(statements)
        except (DataError, StatementFailed) as problem:
            cause = problem.__cause__
            # What decodes files raises errors of no type.
            of_data = isinstance(problem, DataError) or type(cause).__name__ == "Error"
            found = self._explain(str(cause)) if of_data else None
            if found is None:
                raise
            raise found from problem

    def _run(self, statements: tuple[str, ...]) -> None:
        import duckdb

        whole = len(statements) > 1
        if whole:
            self._cursor.execute("BEGIN TRANSACTION")
        try:
            *commands, last = statements
            for command in commands:
                self._go_on()
                self._cursor.execute(command)
            self._go_on()
            self._rows = self._cursor.sql(last) if whole else self._bound(last)
            if whole:
                self._cursor.execute("COMMIT")
        except BaseException:
            # After a COMMIT that failed there is nothing to roll back.
            with suppress(duckdb.Error):
                self._cursor.rollback()
            raise

    def _bound(self, query: str) -> duckdb.DuckDBPyRelation | None:
        """Bind a query; why it does not bind is raised with its place, which a relation lacks."""
        import duckdb

        try:
            return self._cursor.sql(query)
        except (duckdb.BinderException, duckdb.CatalogException):
            # It binds and runs nothing; the line of its own is taken off.
            explained = "\n".join((_EXPLAIN, query))
            try:
                self._cursor.execute(explained)
            except duckdb.Error as problem:
                found = translate(problem, explained)
                if found.position is not None:
                    found.position -= len(_EXPLAIN) + 1
                raise found from problem
            raise

    def _go_on(self) -> None:
        # An interrupt between two statements meets neither.
        if self._cancelled:
            raise Cancelled("the statements were cancelled")

    def poll(self) -> Status:
        """Say where the statements stand."""
        if not self._future.done():
            return Status.RUNNING
        if self._future.cancelled() or isinstance(self._future.exception(), Cancelled):
            return Status.CANCELLED
        return Status.FAILED if self._future.exception() else Status.DONE

    def cancel(self) -> None:
        """Interrupt the running statement."""
        import duckdb

        self._cancelled = True
        if not self._future.cancel():
            # Of rows that were all read the cursor is closed.
            with suppress(duckdb.ConnectionException):
                self._cursor.interrupt()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the statements."""
        try:
            awaited(self._future, seconds)
        except CancelledError:
            raise Cancelled("the statements were cancelled before they began") from None

    def _waited(self, work: Callable[[], Any]) -> Any:
        return waited(work, self._cursor.interrupt)

    def batches(self, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """Yield the query's rows."""
        self.wait()
        if self._rows is None:
            raise StoreError("there was no statement, so there are no rows")
        try:
            with mapped(self._query), streamed():
                reader = self._waited(partial(self._rows.to_arrow_reader, rows))
                batch = self._waited(partial(next, reader, None))
                if batch is None:
                    yield _no_rows(reader.schema)
                while batch is not None:
                    yield batch
                    batch = self._waited(partial(next, reader, None))
        finally:
            self._cursor.close()


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([], schema=schema)
