"""The rows of a query: what its columns are in Arrow, and batches of them as they come.

The server writes rows at once, not when they are asked for, so that a reader who is slow holds the
snapshot of the query, and the locks on its tables. Whoever does not ask for longer than
`SLOW_SECONDS` is told so, and the query ends.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import Full, Queue
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from ffc.adapter import DataError, StatementFailed, Transient
from ffc_postgres.warehouse import binary
from ffc_postgres.warehouse.sessions import Session

if TYPE_CHECKING:
    import pyarrow as pa

SLOW_SECONDS: Final = 600.0
# Bytes that are taken together at the most, and how many such chunks wait to be read.
_CHUNK: Final = 16 << 20
_AHEAD: Final = 2
# Seconds until a writer who waits sees that the reader left.
_GLANCE: Final = 0.1
_NUMERIC: Final = 1700
_JSONB_ARRAY: Final = 3807
_NO_TYPMOD: Final = 65_535
_MAX_PRECISION: Final = 38
# What stands before a query to bind it.
PROBE: Final = "SELECT * FROM ("


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result: its type in Arrow, how it is read, and whether it is asked as text."""

    name: str
    type: pa.DataType
    decode: binary.Decode
    as_text: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """A query that was bound: its text, and its columns."""

    query: str
    columns: Sequence[Column]

    @property
    def statement(self) -> str:
        """The statement that copies the rows out."""
        return "\n".join((self.head, self.query, self._tail))

    @property
    def head(self) -> str:
        """What stands before the query."""
        if not self._as_text:
            return "COPY ("
        parts: list[exp.Expr] = [
            exp.cast(name, column.as_text) if column.as_text else name
            for name, column in zip(self._names, self.columns, strict=True)
        ]
        return f"COPY ({exp.select(*parts).sql('postgres')} FROM ("

    @property
    def _tail(self) -> str:
        listed = ", ".join(name.sql("postgres") for name in self._names)
        named = f") AS q ({listed})" if self._as_text else ""
        return f"{named}) TO STDOUT (FORMAT binary)"

    @property
    def _as_text(self) -> bool:
        return any(column.as_text for column in self.columns)

    @property
    def _names(self) -> list[exp.Column]:
        """Names of the columns that are their own, whatever the query calls them."""
        names = [exp.to_identifier(f"c{n}", quoted=True) for n in range(len(self.columns))]
        return [exp.column(name) for name in names]

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow has them."""
        import pyarrow as pa

        return pa.schema([(column.name, column.type) for column in self.columns])

    def batch(self, rows: Sequence[bytes]) -> pa.RecordBatch:
        """Decode rows; raises DataError for a value that Arrow has not, naming the column."""
        import pyarrow as pa

        arrays = []
        found = binary.fields(rows, len(self.columns))
        for column, field in zip(self.columns, found, strict=True):
            try:
                arrays.append(column.decode(field))
            except ValueError as problem:
                raise DataError(
                    f"the column `{column.name}` holds {problem}",
                    help=["leave it out, or make it another value in the query"],
                ) from problem
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def bound(session: Session, query: str) -> Rows:
    """Bind a query; raises StatementFailed for a column that Arrow can't hold exactly."""
    probe = "\n".join((PROBE, query, ") AS q LIMIT 0"))
    with session.cursor() as cursor:
        cursor.execute(probe)
        described = cursor.description
    return Rows(query, [_column(each) for each in described])


def _column(described: Any) -> Column:
    kind = _SCALARS.get(described.type_code)
    if kind is not None:
        return Column(described.name, *_of(kind))
    if described.type_code == _NUMERIC:
        return _decimal(described.name, described.precision, described.scale)
    item = _ARRAYS.get(described.type_code)
    if item == _NUMERIC:
        # libpq's modifier, which psycopg2 takes apart for plain numbers alone.
        modifier = described.internal_size
        precision = modifier >> 16 if modifier >= 0 else _NO_TYPMOD
        return _listed(_decimal(described.name, precision, modifier & 0x7FF))
    if item is not None:
        return _listed(Column(described.name, *_of(_SCALARS[item])))
    if described.type_code == _JSONB_ARRAY:
        return _listed(Column(described.name, *_of("string"), as_text="TEXT"))
    return Column(described.name, *_of("string"), as_text="TEXT")


def _listed(item: Column) -> Column:
    import pyarrow as pa

    as_text = f"{item.as_text}[]" if item.as_text else ""
    return Column(item.name, pa.list_(item.type), binary.array(item.decode), as_text)


def _decimal(name: str, precision: int | None, scale: int | None) -> Column:
    import pyarrow as pa

    if precision is None or scale is None or not 0 <= scale <= precision <= _MAX_PRECISION:
        raise StatementFailed(
            f"the column `{name}` is a numeric without a precision of at most {_MAX_PRECISION}",
            help=[
                "its values may have any number of digits: cast it, to numeric(38, 9), "
                "to bigint or to double precision"
            ],
        )
    decode = binary.decimal(precision, scale)
    return Column(name, pa.decimal128(precision, scale), decode, as_text="TEXT")


# The types of which the binary form is read, by their OIDs (pg_type.dat); all else is asked as
# text, as the server writes it.
_SCALARS: Final[dict[int, str]] = {
    16: "bool",
    17: "binary",
    19: "string",
    20: "int64",
    21: "int16",
    23: "int32",
    25: "string",
    26: "uint32",
    114: "string",
    700: "float",
    701: "double",
    705: "string",
    1042: "string",
    1043: "string",
    1082: "date32",
    1114: "timestamp",
    1184: "instant",
}
_ARRAYS: Final[dict[int, int]] = {
    1000: 16,
    1001: 17,
    1005: 21,
    1007: 23,
    1009: 25,
    1014: 1042,
    1015: 1043,
    1016: 20,
    1021: 700,
    1022: 701,
    1115: 1114,
    1182: 1082,
    1185: 1184,
    1231: _NUMERIC,
    199: 114,
}


def _of(kind: str) -> tuple[pa.DataType, binary.Decode]:
    """Return a type in Arrow, and how it is read."""
    import pyarrow as pa

    if kind in ("timestamp", "instant"):
        zone = "UTC" if kind == "instant" else None
        return pa.timestamp("us", zone), binary.instant(zone)
    found = pa.type_for_alias(kind)
    decodes: dict[str, binary.Decode] = {
        "bool": binary.boolean,
        "binary": binary.raw,
        "string": binary.text,
        "int16": binary.number(">i2"),
        "int32": binary.number(">i4"),
        "int64": binary.number(">i8"),
        "uint32": binary.number(">u4"),
        "float": binary.number(">f4"),
        "double": binary.number(">f8"),
        "date32": binary.date,
    }
    return found, decodes[kind]


class Stopped(Exception):
    """Say to the one who writes rows that nobody reads them any more."""


class Reading:
    """The rows of a query on their way: another thread takes them from the server."""

    def __init__(self, session: Session, rows: Rows, size: int) -> None:
        self._session = session
        self._rows = rows
        self._size = size
        self._chunk: list[bytes] = []
        self._bytes = 0
        self._first = True
        self._copied = False
        self._stopped = False
        self._ready: Queue[list[bytes] | BaseException | None] = Queue(_AHEAD)
        self._thread = threading.Thread(target=self._copy, daemon=True, name="copy")

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches, one at the least."""
        import pyarrow as pa

        self._thread.start()
        none = True
        try:
            while (chunk := self._ready.get()) is not None:
                if isinstance(chunk, BaseException):
                    raise chunk
                none = False
                yield self._rows.batch(chunk)
            self._copied = True
            if none:
                yield pa.RecordBatch.from_pylist([], schema=self._rows.schema)
        finally:
            self._stop()

    def _stop(self) -> None:
        self._stopped = True
        if not self._copied and self._thread.is_alive():
            self._session.end()
        self._thread.join()

    def _copy(self) -> None:
        import psycopg2

        try:
            self._session.copy(self._rows.statement, self)
        except BaseException as problem:  # noqa: BLE001 - raised where the rows are read
            if not isinstance(problem, psycopg2.Error):
                # The server goes on with the COPY, and holds what that holds.
                self._session.close()
            self._put(problem)
            return
        # From here on nothing is held: whoever reads may take his time.
        if self._chunk:
            self._put(self._chunk)
        self._put(None)

    def write(self, row: bytes) -> None:
        """Take a row from the server."""
        if row == binary.TRAILER:
            return
        if self._first:
            self._first = False
            row = binary.without_head(row)
            if row == binary.TRAILER:
                return
        self._chunk.append(row)
        self._bytes += len(row)
        if len(self._chunk) >= self._size or self._bytes >= _CHUNK:
            if self._stopped:
                raise Stopped
            if not self._put(self._chunk, SLOW_SECONDS):
                message = f"nobody read the rows for {SLOW_SECONDS:.0f} s: the query was ended"
                raise Transient(message, help=["it held locks on what it reads: read faster"])
            self._chunk, self._bytes = [], 0

    def _put(self, item: list[bytes] | BaseException | None, seconds: float = math.inf) -> bool:
        """Hand something to the reader; return whether he took it, or left, in time."""
        end = time.monotonic() + seconds
        while not self._stopped:
            try:
                self._ready.put(item, timeout=min(_GLANCE, seconds))
            except Full:
                if time.monotonic() > end:
                    return False
            else:
                return True
        return True
