"""DuckDB's SQL in PostgreSQL: each query is run on both, over values that are hard on them.

`tests/golden/translation.duckdb.sql` has the queries, an expression or a SELECT a line; what becomes
of them is golden, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import duckdb
import psycopg2
import pytest
from support.both_engines import Engines, both_engines
from support.golden import FOLDER, golden
from support.postgres import postgres

from ffc.adapter.sql import NoTranslation

QUERIES: Final = (FOLDER / "translation.duckdb.sql").read_text().splitlines()
GOLDEN: Final = "translation.postgres.sql"
# What PostgreSQL calls each type that a query may give.
NAMES: Final = {
    "VARCHAR": "text",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "INTEGER[]": "integer[]",
    "VARCHAR[]": "text[]",
    '"NULL"': "integer",
}
REFUSED: Final = [
    "round(r, 1)",
    "cast(d as text)",
    "(i, b) = (1, 2)",
    "(i, b) in ((1, 2))",
    "s || d",
    "substring(s, -2)",
    "regexp_replace(s, 'a|b', 'x')",
    "array_agg(i order by id) over (partition by g)",
    "trim(both 'a' from s)",
    "d % 2",
    "try_cast(s as double)",
    "try_cast(s as date)",
    "date_diff('week', dt, date '2024-03-01')",
    "date_trunc('decade', t)",
    "extract(decade from t)",
    "strftime(t, '%x')",
    "regexp_matches(s, '(?i)a')",
    "any_value(i) over ()",
    "median(i) over (partition by g)",
    "lag(i ignore nulls) over (order by id)",
    "arg_max(i, d) over ()",
    "s ilike 'a!%' escape '!'",
    "split_part(s, ',', -1)",
]


@pytest.fixture(scope="module", params=[pytest.param(16, marks=pytest.mark.slow), 18])
def engines(request: pytest.FixtureRequest) -> Iterator[Engines]:
    with postgres(request.param) as server, both_engines(server) as found:
        yield found


def query_of(line: str) -> str:
    whole = line.startswith(("select", "with"))
    return line if whole else f'select id, {line} as x from "__ffc"."hard" order by id'


def test_every_query_means_the_same(engines: Engines) -> None:
    wrong = []
    for line in QUERIES:
        query = query_of(line)
        text = engines.translated(query)
        try:
            expected = engines.expected(query)
        except duckdb.Error:
            with pytest.raises(psycopg2.Error):
                engines.rows(text)
            continue
        if expected != engines.rows(text):
            wrong.append(line)
    assert wrong == []


def test_every_column_is_of_the_same_type(engines: Engines) -> None:
    wrong = []
    for line in QUERIES:
        query = query_of(line)
        made = engines.made(query)
        engines.postgres.execute(f"CREATE TEMP VIEW made AS {engines.translated(query)}")
        found = engines.rows(
            "SELECT format_type(atttypid, atttypmod), attcollation::regcollation::text "
            "FROM pg_attribute WHERE attrelid = 'pg_temp.made'::regclass ORDER BY attnum"
        )
        engines.postgres.execute("DROP VIEW pg_temp.made")
        for column, (native, collation) in zip(made, found, strict=True):
            name = column.native.lower().replace("decimal", "numeric")
            wanted = NAMES.get(column.native, name)
            if column.native != "HUGEINT" and native != wanted:
                wrong.append((line, column.native, native))
            if native == "text" and collation != '"C"':
                wrong.append((line, column.name, collation))
    assert wrong == []


def test_what_postgres_is_told(engines: Engines) -> None:
    told = [f"-- {line}\n{engines.translated(query_of(line))};\n" for line in QUERIES]
    assert "\n".join(told) == golden(GOLDEN, "\n".join(told))


@pytest.mark.parametrize("line", REFUSED)
def test_what_would_mean_something_else_is_refused(engines: Engines, line: str) -> None:
    with pytest.raises(NoTranslation):
        engines.translated(query_of(line))
