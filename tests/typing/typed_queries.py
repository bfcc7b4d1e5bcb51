"""The same queries compiled by ffc, over empty tables, and described by a DuckDB that has data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import duckdb
from support.projects import TARGET

from ffc.compiler.compile import compile_project
from ffc.core.types import known_type
from ffc.manifest.records import Manifest, Transformation
from ffc.project.files import ProjectFiles
from ffc.sql import build, relations
from ffc.sql.types import sql_type

SOURCE: Final = "source.raw.every"
TABLE: Final = build.reference(SOURCE).sql(dialect="duckdb")
# How an expression `{e}` may stand in a query; the last reads the first as another transformation.
PLACES: Final = {
    "plain": "select {e} as c from {table} as q",
    "cte": "with w as (select {e} as c from {table} as q) select c from w",
    "subquery": "select z.c from (select {e} as c from {table} as q) as z",
    "union": "(select {e} as c from {table} as q) union all (select {e} as c from {table} as q)",
    "ref": "select c from {plain}",
}


def queries(expressions: Mapping[str, str], table: str, plain: str) -> dict[str, str]:
    """Return a query for each named expression in each place: `name_place`."""
    found = {}
    for name, expression in expressions.items():
        words = {"e": expression.replace("{table}", table), "table": table}
        for place, text in PLACES.items():
            found[f"{name}_{place}"] = text.format(plain=plain.format(name=name), **words)
    return found


def compiled(expressions: Mapping[str, str], columns: Mapping[str, tuple[str, str]]) -> Manifest:
    """Compile a project with a transformation for each query."""
    listed = [f'          - {{name: {n}, type: "{kind}"}}\n' for n, (kind, _) in columns.items()]
    texts = {
        "ffc.yml": "name: typing\nversion: 1\nprofile: test\n",
        "sources/raw.yml": "sources:\n  - name: raw\n    tables:\n      - name: every\n"
        f"        file: data/every.parquet\n        columns:\n{''.join(listed)}",
    }
    table, plain = "{{ source('raw', 'every') }}", "{{{{ ref('{name}_plain') }}}}"
    for name, sql in queries(expressions, table, plain).items():
        texts[f"transformations/{name}.sql"] = sql
    found = compile_project(ProjectFiles(texts=texts), TARGET, {})
    errors = [d for d in found.diagnostics if d.severity == "error"]
    assert found.manifest is not None, errors[:9]
    return found.manifest


def told(manifest: Manifest) -> dict[str, str]:
    """Return the type that a manifest gives to each transformation's column."""
    nodes = [node for node in manifest.nodes if isinstance(node, Transformation)]
    return {node.name: node.columns[0].native for node in nodes}


def real(columns: Mapping[str, tuple[str, str]]) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB with the table and rows in it."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    schema = relations.create_schema(build.REFERENCE_SCHEMA)
    connection.execute(schema.sql(dialect="duckdb"))
    kinds = {n: sql_type(known_type(kind)).sql("duckdb") for n, (kind, _) in columns.items()}
    values = [f"({value})::{kinds[name]} as {name}" for name, (_, value) in columns.items()]
    nulls = [f"null::{kind} as {name}" for name, kind in kinds.items()]
    rows = f"select {', '.join(values)} union all select {', '.join(nulls)}"
    connection.execute(f"create table {TABLE} as {rows}")
    return connection


def described(
    connection: duckdb.DuckDBPyConnection, expressions: Mapping[str, str]
) -> dict[str, str]:
    """Return the type that the real table gives to each query's column."""
    found = {}
    for name, sql in queries(expressions, TABLE, "v_{name}").items():
        if name.endswith("_plain"):
            connection.execute(f"create or replace view v_{name.removesuffix('_plain')} as {sql}")
        found[name] = str(connection.execute(f"DESCRIBE {sql}").fetchall()[0][1])
    return found
