"""Tables and statements that checks of warehouses are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlglot import exp

from ffc.adapter import Load, Relation, Type
from ffc.conformance.places import OfflinePlace
from ffc.core.types import known_type
from ffc.sql import build, relations
from ffc.sql.types import literal, sql_type

if TYPE_CHECKING:
    import pyarrow as pa

_TEN: Final = range(10)
# Named twice or more, a table is read as often.
ALIASES: Final = ("a", "b", "c", "d", "e", "f")
_FORMATS: Final[Mapping[str, Literal["csv", "parquet", "json"]]] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".json": "json",
}


def create(place: OfflinePlace, name: str, query: exp.Query | str, kind: str = "TABLE") -> str:
    """Return the statement that makes a table or a view of the place."""
    (text,) = place.text(query)
    return relations.create(place.table(name), kind, text, place.store.dialect)


def select_all(place: OfflinePlace, name: str) -> exp.Select:
    """Return a query of all that is in a table of the place."""
    return exp.select("*").from_(place.table(name))


def rows_query(columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> exp.Query:
    """Return a query of rows; values are as a manifest has them."""
    kinds = {name: known_type(kind) for name, kind in columns.items()}
    selects = [
        exp.select(
            *(
                build.named(_literal(value, kind), name)
                for value, (name, kind) in zip(row, kinds.items(), strict=True)
            )
        )
        for row in rows
    ]
    found: exp.Query = selects[0]
    for select in selects[1:]:
        found = exp.union(found, select, distinct=False, copy=False)
    return found


def _literal(value: object, kind: Type) -> exp.Expr:
    """Return a value as SQL of a type: a mere NULL, or text, has none in every engine."""
    found = literal(value, kind)
    return found if isinstance(found, exp.Cast | exp.Boolean) else exp.cast(found, sql_type(kind))


def make_numbers(place: OfflinePlace, name: str = "numbers") -> None:
    """Make a table of the numbers from 0 to 999, as `n`."""
    digits = rows_query({"n": "int64"}, [[n] for n in _TEN]).subquery
    hundreds = exp.Mul(this=build.column("n", "a"), expression=exp.Literal.number(100))
    tens = exp.Mul(this=build.column("n", "b"), expression=exp.Literal.number(10))
    total = exp.Add(this=exp.Add(this=hundreds, expression=tens), expression=build.column("n", "c"))
    query = exp.select(build.named(total, "n")).from_(digits("a"))
    query = query.join(digits("b"), join_type="cross").join(digits("c"), join_type="cross")
    place.do(create(place, name, query))


def crossed(place: OfflinePlace, times: int, name: str = "numbers") -> exp.Select:
    """Return a query of the table of numbers joined with itself, with nothing selected yet."""
    first, *others = ALIASES[:times]
    query = exp.select().from_(build.table(name, place.schema, first))
    for alias in others:
        query = query.join(build.table(name, place.schema, alias), join_type="cross")
    return query


def endless(place: OfflinePlace) -> exp.Select:
    """Return a query that reckons for years, and needs no memory for it."""
    products = [
        exp.Mul(this=build.column("n", one), expression=build.column("n", other))
        for one, other in zip(ALIASES[::2], ALIASES[1::2], strict=True)
    ]
    first, *others = products
    total: exp.Expr = first
    for product in others:
        total = exp.Sub(this=total, expression=product)
    # What a filter lets through an engine may know without counting.
    found = build.named(exp.Max(this=total), "n")
    return crossed(place, len(ALIASES)).select(found)


def update(table: exp.Table, column: str, value: int) -> exp.Update:
    """Return `UPDATE table SET column = value`."""
    change = exp.EQ(this=build.column(column), expression=exp.Literal.number(value))
    return exp.Update(this=table, expressions=[change])


def write_parquet(path: Path, columns: Mapping[str, pa.Array]) -> Path:
    """Write a Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table(dict(columns)), path)
    return path


def loading(
    place: OfflinePlace,
    name: str,
    file: Path,
    columns: Mapping[str, str],
    timezone: str = "UTC",
    files: Sequence[Path] = (),
) -> Load:
    """Return what loads a file, or several, into a table of the place, by its ending."""
    return Load(
        relation=Relation(place.schema, name),
        files=[str(each) for each in files or (file,)],
        format=_FORMATS[file.suffix],
        columns=[(column, known_type(kind)) for column, kind in columns.items()],
        timezone=timezone,
    )
