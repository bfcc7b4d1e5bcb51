"""Rows into PostgreSQL and out of it, beside what its own programs do: medians, ratios.

    python tests/benchmarks/loading.py [--rows 1000000] [--rounds 5]

In: a CSV file of ten columns, every value checked, beside `psql \\copy` of the same file into the
same table; and the same rows from Parquet. Out: the rows as batches of Arrow, beside `psql \\copy`
to a file that keeps nothing, and beside psycopg2 handing out Python's objects from a cursor of the
server's. Where the package adbc_driver_postgresql is there, it stands beside both.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parents[1]))

import duckdb
import pyarrow as pa
from pyarrow import parquet
from support.offline import open_postgres
from support.postgres import PASSWORD, PostgresServer, postgres

from ffc.adapter import Load, Relation, known_type
from ffc_postgres import PostgresOfflineStore

COLUMNS: Final = {
    "id": ("int64", "bigint"),
    "k": ("int32", "int"),
    "name": ("string", 'text COLLATE "C"'),
    "x": ("float64", "double precision"),
    "y": ("float32", "real"),
    "flag": ("bool", "boolean"),
    "t": ("timestamp", "timestamp"),
    "day": ("date", "date"),
    "amount": ("decimal(12,2)", "numeric(12,2)"),
    "h": ("string", 'text COLLATE "C"'),
}
ROWS: Final = """
SELECT g::BIGINT AS id, (g % 1000)::INT AS k, 'customer_' || (g % 50000) AS name,
    g * 0.37::DOUBLE AS x, (g * 0.11)::FLOAT AS y, g % 7 = 0 AS flag,
    TIMESTAMP '2024-01-01' + to_seconds(g) AS t, DATE '2024-01-01' + (g % 300)::INT AS day,
    (g * 0.01)::DECIMAL(12, 2) AS amount, CASE WHEN g % 10 > 0 THEN md5(g::VARCHAR) END AS h
FROM range({rows}) AS r(g)
"""


class Bench:
    """A server with one table, and the same rows in files."""

    def __init__(self, server: PostgresServer, folder: Path, rows: int) -> None:
        self.server, self.folder, self.rows = server, folder, rows
        self.database = server.database()
        self.store: PostgresOfflineStore = open_postgres(server, self.database)
        for name in ("t.csv", "t.parquet"):
            duckdb.execute(f"COPY ({ROWS.format(rows=rows)}) TO '{folder / name}'")

    def psql(self, *commands: str) -> None:
        """Run commands of psql's."""
        program = self.server.program("psql")
        words = [word for command in commands for word in ("-c", command)]
        where = ("-h", "127.0.0.1", "-p", str(self.server.port), "-U", "ffc", "-d", self.database)
        environment = {"PGPASSWORD": PASSWORD, "PATH": ""}
        subprocess.run([program, "-q", *where, *words], check=True, env=environment)

    def psql_in(self) -> None:
        """Copy the CSV file into a new table."""
        listed = ", ".join(f'"{name}" {native}' for name, (_, native) in COLUMNS.items())
        file = self.folder / "t.csv"
        copied = f"\\copy public.t from '{file}' (format csv, header)"
        self.psql(f"CREATE TABLE public.t ({listed})", copied)

    def ours_in(self, kind: str) -> None:
        """Load a file into a new table."""
        load = Load(
            relation=Relation("public", "t"),
            files=[str(self.folder / f"t.{kind}")],
            format="csv" if kind == "csv" else "parquet",
            columns=[(name, known_type(kind)) for name, (kind, _) in COLUMNS.items()],
            timezone="UTC",
        )
        self.store.load(load).wait()

    def adbc_in(self) -> None:
        """Ingest the Parquet file, unchecked."""
        from adbc_driver_postgresql import dbapi

        with closing(dbapi.connect(self.url)) as connection, connection.cursor() as cursor:
            file = parquet.ParquetFile(self.folder / "t.parquet")
            reader = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches())
            cursor.adbc_ingest("t", reader, db_schema_name="public")
            connection.commit()

    @property
    def url(self) -> str:
        """Where the database is."""
        where = f"127.0.0.1:{self.server.port}/{self.database}"
        return f"postgresql://ffc:{quote(PASSWORD)}@{where}"

    def drop(self) -> None:
        """Drop the table; it had all rows."""
        ((count,),) = self.server.sql("SELECT count(*) FROM public.t", self.database)
        assert count == self.rows
        self.server.sql("DROP TABLE public.t", self.database)

    def psql_out(self) -> None:
        """Copy the table to nowhere."""
        self.psql("\\copy public.t to '/dev/null' (format csv)")

    def ours_out(self) -> None:
        """Read the table as Arrow."""
        batches = self.store.submit("SELECT * FROM public.t").batches()
        assert sum(batch.num_rows for batch in batches) == self.rows

    def objects_out(self) -> None:
        """Read the table as Python's objects."""
        with closing(self.server.connect(self.database)) as connection:
            connection.autocommit = False
            with connection.cursor("rows") as cursor:
                cursor.execute("SELECT * FROM public.t")
                count = 0
                while rows := cursor.fetchmany(65_536):
                    count += len(rows)
        assert count == self.rows

    def adbc_out(self) -> None:
        """Read the table as Arrow; its decimals are none."""
        from adbc_driver_postgresql import dbapi

        with closing(dbapi.connect(self.url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT * FROM public.t")
            assert sum(batch.num_rows for batch in cursor.fetch_record_batch()) == self.rows


def measured(
    works: dict[str, Callable[[], None]], rounds: int, after: Callable[[], None]
) -> dict[str, float]:
    """Return the median seconds of each, done in turn, the first round left out."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - began)
            after()
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def show(title: str, found: dict[str, float]) -> None:
    """Print seconds, and each beside the first."""
    first = next(iter(found.values()))
    print(title)
    for name, seconds in found.items():
        print(f"  {name:<28}{seconds:8.2f} s  {seconds / first:6.2f}")


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with postgres(18) as server, tempfile.TemporaryDirectory() as folder:
        bench = Bench(server, Path(folder), asked.rows)
        ways_in = {"psql \\copy (CSV)": bench.psql_in, "ffc (CSV)": partial(bench.ours_in, "csv")}
        ways_in["ffc (Parquet)"] = partial(bench.ours_in, "parquet")
        ways_out = {"psql \\copy (CSV)": bench.psql_out, "ffc (Arrow)": bench.ours_out}
        if find_spec("adbc_driver_postgresql"):
            ways_in["adbc (Parquet, unchecked)"] = bench.adbc_in
            ways_out["adbc (Arrow, no decimals)"] = bench.adbc_out
        ways_out["psycopg2 (objects)"] = bench.objects_out
        show(f"{asked.rows:,} rows in", measured(ways_in, asked.rounds, bench.drop))
        bench.psql_in()
        show("out", measured(ways_out, asked.rounds, lambda: None))
        bench.store.close()


if __name__ == "__main__":
    main()
