"""Files into a table: read and checked on this side by DuckDB, copied to the server meanwhile.

DuckDB checks and floors each value as it does for a warehouse of its own, so that what is refused,
and how, is the same. A thread of its own reads, so that both sides work at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from ffc.adapter import Cancelled, DataError, FfcError, Load, StatementFailed, Type, Unreachable
from ffc.adapter.sql import sql_type
from ffc_duckdb.errors import mapped as mapped_reading
from ffc_duckdb.errors import streamed
from ffc_duckdb.loading import load_query, refusal
from ffc_duckdb.places import where_is
from ffc_postgres.warehouse.hashing import table_of
from ffc_postgres.warehouse.sessions import Session
from ffc_postgres.warehouse.statements import written

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# What the reader of files may use: a batch of rows in work for each of its threads.
_READING: Final[dict[str, str | int | float | list[str]]] = {"memory_limit": "1GB", "threads": 2}
_ROWS: Final = 16_384
_AHEAD: Final = 4
_GLANCE: Final = 0.1


@contextmanager
def opened_reader() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB that holds nothing, to read files with."""
    import duckdb

    with duckdb.connect(":memory:", config=_READING) as reader:
        reader.execute("SET TimeZone = 'UTC'")
        yield reader


class Loading:
    """Files on their way into a table."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Read no further."""
        self._stopped.set()

    def run(self, session: Session) -> None:
        """Make the table and fill it; raises DataError for a wrong value, naming it."""
        import psycopg2.errors

        _check_types(self._load)
        session.execute(table_statement(self._load))
        with opened_reader() as reader:
            try:
                with mapped_reading():
                    query = load_query(reader, self._load)
            except OSError as problem:
                raise Unreachable(f"a file of the source can't be read: {problem}") from problem
            source = _Source(reader, encoded(query, self._load.columns), self._stopped)
            try:
                source.copy(session, copy_statement(self._load))
            except (DataError, StatementFailed) as problem:
                raise self._explained(reader, problem) from problem
            except psycopg2.errors.CharacterNotInRepertoire as problem:
                raise _no_text(reader, self._load) from problem

    def _explained(
        self, reader: duckdb.DuckDBPyConnection, problem: DataError | StatementFailed
    ) -> FfcError:
        cause = problem.__cause__
        # What decodes files raises errors of no type.
        of_data = isinstance(problem, DataError) or type(cause).__name__ == "Error"
        return (refusal(reader, self._load, str(cause)) if of_data else None) or problem


def _no_text(reader: duckdb.DuckDBPyConnection, load: Load) -> DataError:
    """Return what to say of the value that the server takes for no text, which holds a NUL."""
    help_ = ["text has no NUL in PostgreSQL: declare it as bytes, or leave it out of the file"]
    for file in load.files:
        loaded = load_query(reader, replace(load, files=[file])).subquery("loaded")
        for name, kind in load.columns:
            value = exp.cast(exp.column(exp.to_identifier(name, quoted=True)), exp.DType.TEXT)
            nul = exp.Anonymous(this="contains", expressions=[value, _made("chr(0)")])
            query = exp.select(value).from_(loaded.copy()).where(nul).limit(1)
            if kind.name != "bytes" and (found := reader.execute(query.sql("duckdb")).fetchone()):
                where = where_is(load, file, name, str(found[0]))
                return DataError(
                    f"{where}: the column `{name}` holds a NUL in its text", help=help_
                )
    return DataError("a text holds a NUL", help=help_)


class _Source:
    """What psycopg2 reads from: rows as CSV, made ahead by a thread."""

    def __init__(
        self, reader: duckdb.DuckDBPyConnection, query: exp.Query, stopped: threading.Event
    ) -> None:
        self._reader = reader
        self._query = query.sql(dialect="duckdb")
        self._stopped = stopped
        self._over = threading.Event()
        self._problem: BaseException | None = None
        self._ready: Queue[bytes | None] = Queue(_AHEAD)

    def copy(self, session: Session, statement: str) -> None:
        """Copy all rows; raises what went wrong on either side, and then nothing is copied."""
        import psycopg2

        thread = threading.Thread(target=self._read, name="files")
        thread.start()
        try:
            session.copy(statement, self)
        except psycopg2.Error:
            if self._stopped.is_set():
                raise Cancelled("the statements were cancelled") from None
            if self._problem is None:
                raise
        finally:
            self._over.set()
            self._reader.interrupt()
            thread.join()
        if self._problem is not None:
            raise self._problem

    def read(self, size: int) -> bytes:
        """Return what comes next, however much; nothing at the end."""
        while not self._stopped.is_set():
            try:
                found = self._ready.get(timeout=_GLANCE)
            except Empty:
                continue
            if self._problem is not None:
                break
            return found or b""
        # Whatever is raised has the server forget what was copied.
        raise EOFError

    def _read(self) -> None:
        try:
            with mapped_reading(), streamed():
                for batch in self._reader.sql(self._query).to_arrow_reader(_ROWS):
                    self._put(csv(batch))
        except BaseException as problem:  # noqa: BLE001 - raised where the rows are copied
            if not self._over.is_set():
                self._problem = problem
        self._put(None)

    def _put(self, item: bytes | None) -> None:
        while not self._over.is_set():
            try:
                return self._ready.put(item, timeout=_GLANCE)
            except Full:
                continue


def csv(batch: pa.RecordBatch) -> bytes:
    """Return rows as CSV: null is nothing, and text is quoted."""
    from io import BytesIO

    from pyarrow.csv import WriteOptions, write_csv

    out = BytesIO()
    write_csv(batch, out, WriteOptions(include_header=False))
    return out.getvalue()


def _check_types(load: Load) -> None:
    """Raise DataError for lists of lists: the rows of an array are all of one length."""
    deep = [
        name for name, kind in load.columns if kind.item and kind.item.name in ("list", "vector")
    ]
    if deep:
        raise DataError(
            f"the column `{deep[0]}` is a list of lists, which PostgreSQL can't hold",
            help=["declare it as json, and take it apart in a transformation"],
        )


def table_statement(load: Load) -> str:
    """Return the statement that makes the table: text in it is compared by its bytes."""
    columns = [_column(name, kind) for name, kind in load.columns]
    schema = exp.Schema(this=table_of(load.relation), expressions=columns)
    return written(exp.Create(this=schema, kind="TABLE"))


def _column(name: str, kind: Type) -> exp.ColumnDef:
    collated = exp.CollateColumnConstraint(this=_BYTES.copy())
    return exp.ColumnDef(
        this=exp.to_identifier(name, quoted=True),
        kind=sql_type(kind),
        constraints=[exp.ColumnConstraint(kind=collated)] if _is_text(kind) else [],
    )


_BYTES: Final = exp.to_identifier("C", quoted=True)


def by_bytes(value: exp.Expr, kind: Type) -> exp.Expr:
    """Return a value that is compared by its bytes, if it is text."""
    return exp.Collate(this=value, expression=_BYTES.copy()) if _is_text(kind) else value


def _is_text(kind: Type) -> bool:
    return _is_text(kind.item) if kind.item else kind.name == "string"


def copy_statement(load: Load) -> str:
    """Return the statement that fills the table."""
    return " ".join(
        ("COPY", table_of(load.relation).sql("postgres"), "FROM STDIN (FORMAT csv, FREEZE)")
    )


def encoded(query: exp.Query, columns: Sequence[tuple[str, Type]]) -> exp.Select:
    """Return a query for DuckDB of which each value can be written to CSV for PostgreSQL."""
    parts = [
        exp.alias_(
            _encoded(exp.column(exp.to_identifier(name, quoted=True)), kind), name, quoted=True
        )
        for name, kind in columns
    ]
    return exp.select(*parts).from_(query.subquery("loaded"))


def _encoded(value: exp.Expr, kind: Type) -> exp.Expr:
    if kind.name == "bytes":
        return _made("'\\x' || lower(hex(:x))", x=value)
    if kind.name in ("list", "vector"):
        return encoded_list(value, kind.item or kind)
    return value


def encoded_list(values: exp.Expr, kind: Type) -> exp.Expr:
    """Return a list as PostgreSQL reads an array: every element quoted, but null."""
    item = _encoded(exp.column("element"), kind) if kind.name != "vector" else exp.column("element")
    return _made(_ARRAY, x=values, item=item)


_ARRAY: Final = r"""
'{' || array_to_string(list_transform(:x, lambda element: CASE WHEN element IS NULL THEN 'NULL'
ELSE '"' || replace(replace(CAST(:item AS VARCHAR), '\', '\\'), '"', '\"') || '"' END), ',') || '}'
"""


def _made(text: str, **values: exp.Expr) -> exp.Expr:
    return exp.replace_placeholders(exp.maybe_parse(text, dialect="duckdb"), **values)
