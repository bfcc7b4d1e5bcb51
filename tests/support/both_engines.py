"""One table of values that are hard on engines, in DuckDB and in PostgreSQL, and queries of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import sqlglot

from ffc.manifest.records import Column
from ffc.sql.translation import translated, untranslated
from ffc_postgres.translation.words import FROM_DUCKDB
from support.postgres import PostgresServer

# Halves, what no double holds, the greatest and the least, NaN, infinities, -0.0, letters of two
# and four bytes, what patterns and paths mean by themselves, days and hours that clocks skip.
_VALUES: Final = r"""
SELECT * FROM (VALUES
  (1, 1, 1::bigint, 0.5::double, 0.1::real, 1.005::decimal(13, 3), 'a',
   timestamp '2024-01-01 00:00:00', date '2024-01-31', true, 1),
  (2, -7, -7, -2.5, 1.5, -2.5, 'B', '2024-02-29 23:59:59.999999', '2024-02-29', false, 1),
  (3, 0, 0, 'nan', 0, 0, '', '1969-12-31 23:59:59.5', '1969-12-31', null, 1),
  (4, 2147483647, 9223372036854775807, 'inf', 'inf', 9999999.999, 'É', '0003-01-02', '0003-01-02',
   true, 2),
  (5, null, null, null, null, null, null, null, null, null, 2),
  (6, 15, 15, 2.675, 2.5, 2.675, 'aß%_\x', '9990-11-30 23:59:59.999999', '9990-11-30', false, 2),
  (7, -15, 9007199254740993, -0.0, -0.0, -0.5, 'é zebra', '2024-03-10 02:30:00', '2024-12-30',
   true, 3),
  (8, 3, 3, 0.49999999999999994, 3, 1.5, ' a,b ' || chr(12288), '2024-11-03 01:30:00', '2023-01-01',
   true, 3),
  (9, 3, 3, 1.1, 3, 1.5, '42', '2024-11-03 12:30:00.25', '2024-07-07', false, 3),
  (10, 4, 4, 123456.789, 3, 0.25, '👍🏽İı', '2024-05-05 12:30:00.25', '2024-05-05', false, 4)
) t(id, i, b, d, r, n, s, t, dt, p, g)
"""
_MADE: Final = """
CREATE TABLE "__ffc"."hard" (
  id int, i int, b bigint, d float8, r float4, n numeric(13, 3), s text COLLATE "C", t timestamp,
  dt date, p bool, g int)
"""


@dataclass(frozen=True, slots=True)
class Engines:
    """DuckDB and a database of a PostgreSQL server, with the same table in both."""

    duck: duckdb.DuckDBPyConnection
    postgres: Any
    columns: tuple[Column, ...]

    def expected(self, query: str) -> list[tuple[Any, ...]]:
        """Return a query's rows in DuckDB."""
        single = [column.native == "FLOAT" for column in self.made(query)]
        rows = self.duck.execute(query).fetchall()
        return [tuple(map(comparable, row, single)) for row in rows]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return a query's rows in PostgreSQL."""
        self.postgres.execute(query)
        return [tuple(map(comparable, row)) for row in self.postgres.fetchall()]

    def made(self, query: str) -> tuple[Column, ...]:
        """Return the columns of a query in DuckDB."""
        described = self.duck.execute(f"DESCRIBE {query}").fetchall()
        return tuple(Column(name=name, type="", native=native) for name, native, *_ in described)

    def translated(self, query: str) -> str:
        """Return a query of DuckDB's as PostgreSQL is told it; raises NoTranslation."""
        tree = sqlglot.parse_one(query, read="duckdb")
        assert [each.word for each in untranslated(tree, FROM_DUCKDB)] == []
        known = {"hard": self.columns}
        return translated(tree, known, FROM_DUCKDB, "duckdb", "postgres", self.made(query))


@contextmanager
def both_engines(server: PostgresServer) -> Iterator[Engines]:
    """Make the table in a database of a server, whose zone and collation are another's."""
    with duckdb.connect(":memory:") as duck, closing(_session(server)) as postgres:
        duck.execute("SET TimeZone = 'UTC'")
        duck.execute('CREATE SCHEMA "__ffc"')
        duck.execute(f'CREATE TABLE "__ffc"."hard" AS {_VALUES}')
        cursor = postgres.cursor()
        cursor.execute('CREATE SCHEMA "__ffc"')
        cursor.execute(_MADE)
        rows = duck.execute('SELECT * FROM "__ffc"."hard"').fetchall()
        places = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f'INSERT INTO "__ffc"."hard" VALUES ({places})', rows)
        engines = Engines(duck, cursor, ())
        yield Engines(duck, cursor, engines.made('SELECT * FROM "__ffc"."hard"'))


def _session(server: PostgresServer) -> Any:
    session = server.connect(server.database(), "ffc")
    with session.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'; SET search_path = pg_catalog")
    return session


def comparable(value: Any, single: bool = False) -> Any:
    """Return a value of a driver's so that equal ones are equal: NaN, zeros, float32.

    A `single` is a float32 that a driver gives as a double, not as the shortest text that means it.
    """
    if isinstance(value, list):
        return tuple(map(comparable, value))
    if not isinstance(value, float):
        return value
    if single:
        value = float(str(np.float32(value)))
    return "nan" if math.isnan(value) else float(f"{value:.15g}") + 0.0
