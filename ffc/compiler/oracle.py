"""An in-memory DuckDB with empty tables: what it binds is right, what it says is mapped back.

Nothing outside is opened: file access is switched off, and every table is empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb
import msgspec
from sqlglot import exp

from ffc.compiler.queries.lexing import without_end
from ffc.core.errors import InternalError
from ffc.core.types import known_type
from ffc.manifest.records import Column
from ffc.sql import build, relations
from ffc.sql.types import sql_type, type_of_native

TOO_DEEP: Final = "Max expression depth limit"
# What DuckDB says where nothing is selected; it names no place.
NO_LIST: Final = "SELECT clause without selection list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a query doesn't bind; `start` and `end` are offsets in its text, in characters.

    `candidates` are names (for a call: signatures) that DuckDB thinks of; `columns` are those of
    what the query reads, `nodes` all that it could read.
    """

    kind: str
    message: str
    start: int
    end: int
    candidates: tuple[str, ...] = ()
    call: str = ""
    columns: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()

    @property
    def is_syntax(self) -> bool:
        """Tell whether the text is no SQL; all others are SQL that means nothing."""
        return self.kind == "SYNTAX_ERROR" or self.message.startswith(NO_LIST)


class Parser:
    """DuckDB's parser: it knows no tables."""

    def __init__(self, connection: duckdb.DuckDBPyConnection | None = None) -> None:
        self._connection = connection or _connection()

    def refusal(self, sql: str) -> Refusal | None:
        """Return why a text is not SQL, or nothing if it is."""
        try:
            self._connection.extract_statements(sql)
        except duckdb.Error as problem:
            return _refusal(problem, sql, 0)
        return None


class Oracle:
    """Tell the columns of queries over nodes that were declared."""

    def __init__(self) -> None:
        self._connection = _connection()
        self._declared: dict[str, str] = {}
        self.parser = Parser(self._connection)
        schema = relations.create_schema(build.REFERENCE_SCHEMA)
        self._connection.execute(schema.sql(dialect="duckdb"))

    def knows(self, node: str) -> bool:
        """Tell whether a node of this name, case aside, was declared."""
        return node.lower() in self._declared

    def declare_source(self, node: str, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Make a source known by its declared types; return its columns with their native types."""
        definitions = [
            exp.ColumnDef(this=build.name(c.name), kind=sql_type(known_type(c.type or "string")))
            for c in columns
        ]
        table = exp.Schema(this=build.reference(node), expressions=definitions)
        self._declared[node.lower()] = node
        # A query in another dialect is declared once for each of its renderings.
        create = exp.Create(this=table, kind="TABLE", replace=True)
        self._connection.execute(create.sql(dialect="duckdb"))
        found = self.describe(exp.select("*").from_(build.reference(node)).sql(dialect="duckdb"))
        if isinstance(found, Refusal):
            raise InternalError(found.message)
        pairs = zip(columns, found, strict=True)
        return tuple(msgspec.structs.replace(c, native=f.native) for c, f in pairs)

    def declare(self, node: str, sql: str) -> None:
        """Make a node known by its query, which `describe` has bound."""
        self._declared[node.lower()] = node
        relation = build.reference(node).sql(dialect="duckdb")
        sql = without_end(sql)
        try:
            # An empty table: what reads it need not bind all that it is made of again.
            self._connection.execute(f"CREATE TABLE {relation} AS {sql}\nWITH NO DATA")
        except duckdb.Error:
            # None is known that a view can be made of and a table can't; a traceback costs more.
            self._connection.execute(f"CREATE VIEW {relation} AS {sql}")

    def describe(self, sql: str) -> tuple[Column, ...] | Refusal:
        """Return a query's columns, or why it has none."""
        try:
            rows = self._connection.execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.Error as problem:
            return self._with_names(_refusal(problem, sql, len("DESCRIBE ")), sql)
        return tuple(
            Column(name=name, type=str(type_of_native(native) or ""), native=native)
            for name, native, *_ in rows
        )

    def _with_names(self, refusal: Refusal, sql: str) -> Refusal:
        """Add what could be meant: the columns of what a query reads, and all nodes."""
        nodes = sorted(self._declared.values())
        columns: dict[str, None] = {}
        for node in nodes:
            if f'"{node}"' in sql:
                everything = exp.select("*").from_(build.reference(node))
                described = self._connection.execute(f"DESCRIBE {everything.sql('duckdb')}")
                columns.update((name, None) for name, *_ in described.fetchall())
        return replace(refusal, columns=tuple(columns), nodes=tuple(nodes))

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


def _connection() -> duckdb.DuckDBPyConnection:
    """Open a database in memory that reads nothing from outside."""
    connection = duckdb.connect(":memory:")
    for setting in (
        "SET TimeZone = 'UTC'",
        "SET errors_as_json = true",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(setting)
    return connection


def _refusal(problem: duckdb.Error, sql: str, shift: int) -> Refusal:
    text = str(problem)
    try:
        facts = json.loads(text[text.index("{") :])
    except ValueError:
        return Refusal(kind="Other", message=text, start=0, end=len(sql))
    start, length = 0, len(sql)
    if "location" in facts:
        start, length = json.loads(facts["location"])
    elif "position" in facts:
        start, length = int(facts["position"]), 1
    # DuckDB counts bytes of UTF-8.
    encoded = sql.encode()
    begin = max(0, start - shift)
    first = len(encoded[:begin].decode(errors="ignore"))
    last = len(encoded[: begin + length].decode(errors="ignore"))
    candidates = tuple(c.strip() for c in facts.get("candidates", "").split(",") if c.strip())
    message, _, more = str(facts["exception_message"]).partition("\n")
    kind = str(facts.get("error_subtype") or facts["exception_type"])
    if "Candidate functions" in more or "Candidate macros" in more:
        candidates = tuple(line.strip() for line in more.split("\n")[1:] if line.strip())
    candidates = candidates or tuple(re.findall(r'"([^"]+)"', more))
    return Refusal(
        kind=kind,
        message=message,
        start=first,
        end=last,
        candidates=candidates,
        call=str(facts.get("call", "")),
    )
