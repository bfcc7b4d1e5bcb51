"""An in-memory DuckDB with empty tables: what it binds is right, what it says is mapped back.

Nothing outside is opened: file access is switched off, and every table is empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import msgspec
from sqlglot import exp

from ffc.core.errors import InternalError
from ffc.core.types import known_type
from ffc.manifest.records import Column
from ffc.sql import build, relations
from ffc.sql.types import sql_type, type_of_native


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a query doesn't bind; `start` and `end` are offsets in its text, in characters."""

    kind: str
    message: str
    start: int
    end: int
    candidates: tuple[str, ...] = ()


class Oracle:
    """Tell the columns of queries over nodes that were declared."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:")
        self._declared: set[str] = set()
        for setting in (
            "SET TimeZone = 'UTC'",
            "SET errors_as_json = true",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._connection.execute(setting)
        schema = relations.create_schema(build.REFERENCE_SCHEMA)
        self._connection.execute(schema.sql(dialect="duckdb"))

    def knows(self, node: str) -> bool:
        """Tell whether a node of this name, case aside, was declared."""
        return node.lower() in self._declared

    def declare_source(self, node: str, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Make a source known by its declared types; return its columns with their native types."""
        definitions = [
            exp.ColumnDef(this=build.name(c.name), kind=sql_type(known_type(c.type)))
            for c in columns
        ]
        table = exp.Schema(this=build.reference(node), expressions=definitions)
        self._declared.add(node.lower())
        self._connection.execute(exp.Create(this=table, kind="TABLE").sql(dialect="duckdb"))
        found = self.describe(exp.select("*").from_(build.reference(node)).sql(dialect="duckdb"))
        if isinstance(found, Refusal):
            raise InternalError(found.message)
        pairs = zip(columns, found, strict=True)
        return tuple(msgspec.structs.replace(c, native=f.native) for c, f in pairs)

    def declare(self, node: str, sql: str) -> None:
        """Make a node known by its query, which `describe` has bound."""
        self._declared.add(node.lower())
        view = build.reference(node).sql(dialect="duckdb")
        self._connection.execute(f"CREATE VIEW {view} AS {sql}")

    def describe(self, sql: str) -> tuple[Column, ...] | Refusal:
        """Return a query's columns, or why it has none."""
        try:
            rows = self._connection.execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.Error as problem:
            return _refusal(problem, sql, len("DESCRIBE "))
        return tuple(
            Column(name=name, type=str(type_of_native(native) or ""), native=native)
            for name, native, *_ in rows
        )

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


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
    candidates = candidates or tuple(re.findall(r'"([^"]+)"', more))
    kind = str(facts.get("error_subtype") or facts["exception_type"])
    return Refusal(kind=kind, message=message, start=first, end=last, candidates=candidates)
