"""DuckDB as an offline store: one file, one connection, a cursor for each submit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, ClassVar, Final

from ffc.adapter import (
    Cancelled,
    Capabilities,
    Handle,
    Load,
    OfflineStore,
    Options,
    Status,
    Unreachable,
)
from ffc_duckdb.errors import mapped
from ffc_duckdb.loading import load_statement

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

WORKERS: Final = 4


class DuckDBOfflineStore(OfflineStore):
    """A DuckDB file. Settings: `path`, and `memory_limit` such as `4GB`."""

    dialect: ClassVar[str] = "duckdb"
    capabilities: ClassVar[Capabilities] = Capabilities(
        transactional_ddl=True,
        merge=True,
        replace=True,
        arrow=True,
        asof_join=True,
        max_identifier=1024,
    )

    def __init__(self, options: Options) -> None:
        options.only("path", "memory_limit")
        self._path = options.path("path")
        self._memory_limit = options.text("memory_limit", "")
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="duckdb")

    def submit(self, *statements: str) -> Handle:
        """Run statements in one transaction on a cursor of their own."""
        handle = DuckDBHandle(self._cursor())
        handle.start(self._pool, statements)
        return handle

    def load(self, load: Load) -> Handle:
        """Make a table of CSV or Parquet files."""
        cursor = self._cursor()
        with mapped():
            statement = load_statement(cursor, load)
        return self.submit(statement)

    def close(self) -> None:
        """Let go of the file."""
        self._pool.shutdown(wait=True)
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            cursor = self._connection.cursor()
        # A config key for the time zone is refused before the ICU extension is loaded.
        cursor.execute("SET TimeZone = 'UTC'")
        return cursor

    def _open(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        config: dict[str, str | bool | int | float | list[str]] = {}
        if self._memory_limit:
            config["memory_limit"] = self._memory_limit
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return duckdb.connect(self._path, config=config)
        except duckdb.IOException as problem:
            if "lock" in str(problem).lower():
                holder = "another process holds it; a DuckDB file has one writer at a time"
                raise Unreachable(
                    f"the DuckDB file `{self._path.name}` is in use",
                    help=[holder, str(problem).splitlines()[0]],
                ) from problem
            raise Unreachable(f"DuckDB can't open `{self._path.name}`: {problem}") from problem
        except (duckdb.Error, OSError) as problem:
            raise Unreachable(f"DuckDB can't open `{self._path.name}`: {problem}") from problem


class DuckDBHandle(Handle):
    """Statements on one cursor, run by a thread of the store's pool."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._future: Future[None] = Future()
        self._query = ""
        self._cancelled = False

    def start(self, pool: ThreadPoolExecutor, statements: tuple[str, ...]) -> None:
        """Hand the statements to a thread; a query, if it is the last one, waits for `batches`."""
        *commands, last = statements
        with mapped():
            kinds = {statement.type for statement in self._cursor.extract_statements(last)}
        if kinds == {_select_type()}:
            self._query = last
        else:
            commands.append(last)
        self._future = pool.submit(self._run, commands)

    def _run(self, commands: list[str]) -> None:
        with mapped():
            if len(commands) > 1:
                self._cursor.execute("BEGIN TRANSACTION")
            try:
                for command in commands:
                    self._cursor.execute(command)
            except BaseException:
                if len(commands) > 1:
                    self._cursor.execute("ROLLBACK")
                raise
            if len(commands) > 1:
                self._cursor.execute("COMMIT")

    def poll(self) -> Status:
        """Say where the statements stand."""
        if not self._future.done():
            return Status.RUNNING
        if self._future.cancelled() or isinstance(self._future.exception(), Cancelled):
            return Status.CANCELLED
        return Status.FAILED if self._future.exception() else Status.DONE

    def cancel(self) -> None:
        """Interrupt the running statement."""
        self._cancelled = True
        if not self._future.cancel():
            self._cursor.interrupt()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the statements."""
        try:
            self._future.result(seconds)
        except FutureTimeout:
            raise TimeoutError from None

    def batches(self, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """Yield the query's rows."""
        self.wait()
        try:
            with mapped():
                reader = self._cursor.sql(self._query).to_arrow_reader(rows)
                empty = True
                for batch in reader:
                    empty = False
                    yield batch
                if empty:
                    yield _no_rows(reader.schema)
        finally:
            self._cursor.close()


def _select_type() -> duckdb.StatementType:
    import duckdb

    return duckdb.StatementType.SELECT


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([], schema=schema)
