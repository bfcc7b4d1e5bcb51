"""The rows of a file on this side, for queries on the other: in their text, or in a table.

A table is seen by every session, and written where ffc may write alone. Whoever lends holds a lock
of its name for as long, which the server lets go of when he dies: the next who lends drops it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from ffc.adapter import DataError, Load, OfflineStore, Relation, Type
from ffc.adapter.sql import sql_type, type_of_native
from ffc_duckdb.errors import mapped as mapped_reading
from ffc_postgres.warehouse.hashing import table_of
from ffc_postgres.warehouse.loading import by_bytes, encoded_list, opened_reader
from ffc_postgres.warehouse.sessions import Session, Sessions
from ffc_postgres.warehouse.statements import written

if TYPE_CHECKING:
    import duckdb

SCHEMA: Final = "ffc__lent"
# So many rows are put into the text of a query at the most, where they may be put into a table.
FEW: Final = 10_000
_LOCK: Final = "SELECT pg_advisory_lock(hashtextextended('ffc lends ' || %s, 0))"
_TRY: Final = "SELECT pg_try_advisory_lock(hashtextextended('ffc lends ' || %s, 0))"
_THERE: Final = (
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r'"
)
_MAY: Final = "SELECT has_database_privilege(current_database(), 'create')"


@contextmanager
def lent(store: OfflineStore, sessions: Sessions, file: Path) -> Iterator[Relation | str]:
    """Make a Parquet file's rows readable for as long as the block lasts."""
    import psycopg2

    with opened_reader() as reader:
        columns, count = _described(reader, file)
        if count <= FEW or not _may_write(sessions):
            yield _text(reader, file, columns)
            return
    with sessions.session() as session:
        table = Relation(SCHEMA, f"rows_{secrets.token_hex(8)}")
        session.execute(_LOCK, [table.name])
        _prepare(session)
        try:
            store.load(_load(file, table, columns)).wait()
            session.execute(" ".join(("ANALYZE", table_of(table).sql("postgres"))))
            yield table
        finally:
            # Of a session that is lost the next one who lends drops the table.
            with suppress(psycopg2.Error):
                session.execute(_dropped(table.name))


def _may_write(sessions: Sessions) -> bool:
    if sessions.place.read_only:
        return False
    with sessions.session() as session:
        ((may,),) = session.execute(_MAY)
    return bool(may)


def _prepare(session: Session) -> None:
    """Make the schema, and drop what was lent by those who died."""
    schema = exp.Table(db=exp.to_identifier(SCHEMA, quoted=True))
    session.execute(exp.Create(this=schema, kind="SCHEMA", exists=True).sql("postgres"))
    for (name,) in session.execute(_THERE, [SCHEMA]):
        ((free,),) = session.execute(_TRY, [name])
        if free:
            session.execute(_dropped(name))


def _dropped(name: str) -> str:
    table = table_of(Relation(SCHEMA, name))
    return exp.Drop(tables=[table], kind="TABLE", exists=True).sql("postgres")


def _load(file: Path, table: Relation, columns: Sequence[tuple[str, Type]]) -> Load:
    return Load(
        relation=table, files=[str(file)], format="parquet", columns=columns, timezone="UTC"
    )


def _described(reader: duckdb.DuckDBPyConnection, file: Path) -> tuple[list[tuple[str, Type]], int]:
    """Return a file's columns, and how many rows it has."""
    scan = _scan(file)
    rows = exp.select(exp.Count(this=exp.Star())).from_(scan).sql("duckdb")
    with mapped_reading():
        described = reader.execute(exp.Describe(this=exp.select("*").from_(scan)).sql("duckdb"))
        natives = [(name, native) for name, native, *_ in described.fetchall()]
        ((count,),) = reader.execute(rows).fetchall()
    columns = []
    for name, native in natives:
        kind = type_of_native(native)
        if kind is None:
            raise DataError(f"the column `{name}` is {native}, which PostgreSQL has not")
        columns.append((name, kind))
    return columns, count


def _scan(file: Path) -> exp.Table:
    path = exp.Literal.string(escape(str(file)))
    return exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[path]))


def _text(
    reader: duckdb.DuckDBPyConnection, file: Path, columns: Sequence[tuple[str, Type]]
) -> str:
    """Return a query that has the rows in its text, an array a column."""
    lists = [
        exp.alias_(encoded_list(exp.func("list", _column(name)), kind), name, quoted=True)
        for name, kind in columns
    ]
    with mapped_reading():
        ((*texts,),) = reader.execute(
            exp.select(*lists).from_(_scan(file)).sql("duckdb")
        ).fetchall()
    # Of lists within lists the server makes one: each is a text until the rows are apart.
    arrays = [
        exp.cast(exp.Literal.string(text or "{}"), sql_type(Type(name="list", item=_scalar(kind))))
        for text, (_, kind) in zip(texts, columns, strict=True)
    ]
    names = exp.TableAlias(
        this=exp.to_identifier("lent"),
        columns=[exp.to_identifier(name, quoted=True) for name, _ in columns],
    )
    rows = exp.Table(this=exp.Anonymous(this="unnest", expressions=arrays), alias=names)
    # An array's elements have forgotten how many digits they may have.
    parts = [
        exp.alias_(by_bytes(exp.cast(_column(name), sql_type(kind)), kind), name, quoted=True)
        for name, kind in columns
    ]
    return written(exp.select(*parts).from_(rows))


def _scalar(kind: Type) -> Type:
    return Type(name="string") if kind.name in ("list", "vector") else kind


def _column(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))
