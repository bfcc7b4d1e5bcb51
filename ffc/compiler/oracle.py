"""An in-memory DuckDB with empty tables: what it binds is right, what it says is mapped back.

Nothing outside is opened: file access is switched off, and every table is empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Final

import duckdb
import msgspec
from msgspec import Struct, structs
from sqlglot import exp

from ffc.compiler.scratch import close_scratch, open_scratch, prepare_scratch
from ffc.core.errors import InternalError
from ffc.core.facts import Facts, key_of
from ffc.core.types import known_type
from ffc.manifest.records import Column
from ffc.sql import build
from ffc.sql.types import sql_type, type_of_native

TOO_DEEP: Final = "Max expression depth limit"
NO_TABLE: Final = "Table with name"
# What DuckDB says where nothing is selected; it names no place.
NO_LIST: Final = "SELECT clause without selection list"
_REFERENCES: Final = re.compile(r'"__ffc"\."([^"]+)"')
# Types of which the name says all that there is to know.
_SIMPLE: Final = re.compile(r"[A-Z][A-Z0-9_ ]*(\([0-9]+(,\s?[0-9]+)?\))?(\[[0-9]*\])*")


class Refusal(Struct, frozen=True, kw_only=True):
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
    """DuckDB's parser: it knows no tables. Without a connection to ask, it borrows one."""

    def __init__(self, connect: Callable[[], duckdb.DuckDBPyConnection] | None = None) -> None:
        self.connect = connect

    def refusal(self, sql: str) -> Refusal | None:
        """Return why a text is not SQL, or nothing if it is."""
        connection = self.connect() if self.connect is not None else open_scratch()
        try:
            connection.extract_statements(sql)
        except duckdb.Error as problem:
            return _refusal(problem, sql, 0)
        finally:
            if self.connect is None:
                close_scratch(connection)
        return None


class Reader(Parser):
    """The same for a query of which all that it reads is known: what DuckDB binds it can parse."""

    def __init__(self, oracle: Oracle, sql: str) -> None:
        super().__init__(oracle.parser.connect)
        self._right = partial(oracle.reads, sql)
        self._sql = sql

    def refusal(self, sql: str) -> Refusal | None:
        """Return why a text is not SQL, or nothing if it is."""
        return None if sql == self._sql and self._right() else super().refusal(sql)


class Columns(Struct, frozen=True):
    """The columns of a query: a fact."""

    columns: tuple[Column, ...]


class _Declared(Struct, frozen=True, kw_only=True):
    """A node that queries may read: its columns, and the query whose columns they are.

    `mark` is the hash of all that what reads it can see. Where the columns' types say it all, that
    is their names and types, whatever the query; else the query is part of it, and the table must
    be made of it (`exact`).
    """

    node: str
    columns: tuple[Column, ...]
    query: str
    mark: bytes
    exact: bool


class Oracle:
    """Tell the columns of queries over nodes that were declared.

    DuckDB is asked only for what is no fact yet. A node becomes a table there when a query reads
    it; when a table is missing every node does, since DuckDB may think of any.
    """

    def __init__(self, facts: Facts | None = None) -> None:
        self._facts = facts or Facts()
        self._opened: duckdb.DuckDBPyConnection | None = None
        self._declared: dict[str, _Declared] = {}
        self._waiting: dict[str, _Declared] = {}
        self.parser = Parser(self._connection)
        # Whether a query named a table that is none of the nodes that were declared.
        self.lacked = False
        prepare_scratch()

    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._opened is None:
            self._opened = open_scratch()
        return self._opened

    def knows(self, node: str) -> bool:
        """Tell whether a node of this name, case aside, was declared."""
        return node.lower() in self._declared

    def declare_source(self, node: str, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Make a source known by its declared types; return its columns with their native types."""
        key = key_of("declared", [(c.name, c.type) for c in columns])
        natives = self._facts.find(key, Columns)
        if natives is None:
            natives = self._facts.keep(key, Columns(self._native(columns)))
        pairs = zip(columns, natives.columns, strict=True)
        found = tuple(msgspec.structs.replace(c, native=n.native) for c, n in pairs)
        # A query in another dialect is declared once for each of its renderings.
        self._note(node, found, "", exact=False)
        return found

    def declare_known(self, node: str, columns: Sequence[Column]) -> None:
        """Make a node known by its columns as they were found before; it is not exact."""
        self._note(node, tuple(columns), "", exact=False)

    def exact(self) -> set[str]:
        """Return the nodes of which more can be seen than names and types of columns."""
        return {each.node for each in self._declared.values() if each.exact}

    def _native(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return columns as DuckDB has them."""
        typed = [
            exp.cast(exp.Null(), sql_type(known_type(c.type or "string"))).as_(c.name, quoted=True)
            for c in columns
        ]
        found = self._described(exp.select(*typed).sql(dialect="duckdb"))
        if isinstance(found, Refusal):
            raise InternalError(found.message)
        return found

    def declare(self, node: str, sql: str, columns: Sequence[Column] | None = None) -> None:
        """Make a node known by its query; `columns` are the query's, where they are known."""
        found = self.describe(sql) if columns is None else tuple(columns)
        if isinstance(found, Refusal):
            raise InternalError(f"{node} can't be declared: {found.message}")
        read = self._read_by(sql)
        exact = says_more(sql, found) or any(each.exact for each in read)
        self._note(node, found, sql, exact)

    def _note(self, node: str, columns: tuple[Column, ...], sql: str, exact: bool) -> None:
        marks = [each.mark for each in self._read_by(sql)] if exact else []
        plain = [(column.name, column.native) for column in columns]
        mark = key_of(plain, sql if exact else "", marks)
        made = _Declared(node=node, columns=columns, query=sql, mark=mark, exact=exact)
        self._declared[node.lower()] = self._waiting[node.lower()] = made

    def _read_by(self, sql: str) -> list[_Declared]:
        """Return the nodes that a query names."""
        names = dict.fromkeys(name.lower() for name in _REFERENCES.findall(sql))
        return [self._declared[name] for name in names if name in self._declared]

    def marks(self, sql: str) -> list[tuple[str, bytes]]:
        """Return what a query reads, each with the hash of all that the query can see of it."""
        return [(each.node, each.mark) for each in self._read_by(sql)]

    def names(self, sql: str) -> dict[str, list[str]]:
        """Return what a query reads, each with the names of its columns."""
        return {each.node: [c.name for c in each.columns] for each in self._read_by(sql)}

    def describe(self, sql: str) -> tuple[Column, ...] | Refusal:
        """Return a query's columns, or why it has none."""
        found = self._tried(sql)
        if isinstance(found, Refusal) and found.message.startswith(NO_TABLE) and self._waiting:
            self._make(list(self._waiting.values()))
            found = self._described(sql)
        return self._with_names(found, sql) if isinstance(found, Refusal) else found

    def reads(self, sql: str) -> bool:
        """Tell whether a query is right; where it is not, nothing is said about why."""
        return not isinstance(self._tried(sql), Refusal)

    def _tried(self, sql: str) -> tuple[Column, ...] | Refusal:
        key = key_of("columns", sql, self.marks(sql))
        known = self._facts.find(key, Columns)
        if known is not None:
            return known.columns
        found = self._described(sql)
        if isinstance(found, Refusal):
            return found
        return self._facts.keep(key, Columns(found)).columns

    def _described(self, sql: str) -> tuple[Column, ...] | Refusal:
        self._make(self._read_by(sql))
        try:
            rows = self._connection().execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.Error as problem:
            refusal = _refusal(problem, sql, len("DESCRIBE "))
            self.lacked |= refusal.message.startswith(NO_TABLE)
            return refusal
        return tuple(
            Column(name=name, type=str(type_of_native(native) or ""), native=native)
            for name, native, *_ in rows
        )

    def _make(self, nodes: Sequence[_Declared]) -> None:
        """Make tables of nodes that are none yet: empty ones, so that nobody binds them again."""
        for node in nodes:
            if self._waiting.pop(node.node.lower(), None) is None:
                continue
            if node.exact:
                self._make(self._read_by(node.query))
                self._made_of(node)
            else:
                table = exp.Schema(this=build.reference(node.node), expressions=_typed(node))
                create = exp.Create(this=table, kind="TABLE", replace=True)
                self._connection().execute(create.sql(dialect="duckdb"))

    def _made_of(self, node: _Declared) -> None:
        relation = build.reference(node.node).sql(dialect="duckdb")
        connection = self._connection()
        try:
            connection.execute(f"CREATE TABLE {relation} AS {node.query}\nWITH NO DATA")
        except duckdb.Error:
            # None is known that a view can be made of and a table can't; a traceback costs more.
            connection.execute(f"CREATE VIEW {relation} AS {node.query}")

    def _with_names(self, refusal: Refusal, sql: str) -> Refusal:
        """Add what could be meant: the columns of what a query reads, and all nodes."""
        nodes = sorted(self._declared.values(), key=lambda each: each.node)
        read = (each for each in nodes if f'"{each.node}"' in sql)
        columns = tuple(dict.fromkeys(column.name for each in read for column in each.columns))
        return structs.replace(refusal, columns=columns, nodes=tuple(each.node for each in nodes))

    def close(self) -> None:
        """Let go of the database."""
        if self._opened is not None:
            close_scratch(self._opened)
            self._opened = None


def _typed(node: _Declared) -> list[exp.ColumnDef]:
    """Return the columns of a node with the types that DuckDB told."""
    return [
        exp.ColumnDef(this=build.name(c.name), kind=exp.Var(this=c.native)) for c in node.columns
    ]


def says_more(sql: str, columns: Sequence[Column]) -> bool:
    """Tell whether more follows from a query than names and types, such as how text is compared."""
    return "collate" in sql.lower() or not all(map(_is_simple, {c.native for c in columns}))


@lru_cache(1024)
def _is_simple(native: str) -> bool:
    return _SIMPLE.fullmatch(native) is not None


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
