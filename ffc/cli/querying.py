"""A query that somebody typed: rendered over what is deployed, refused where it is no SELECT."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from ffc.cli.rendering import render_diagnostics
from ffc.compiler.queries.check import check_text
from ffc.compiler.queries.lexing import Fault, lex
from ffc.compiler.queries.statements import ONE_SELECT, STATEMENT, check_statement
from ffc.connect.warehouse import table_of
from ffc.core.diagnostics import Diagnostic, error
from ffc.core.errors import FfcError
from ffc.core.texts import read_text
from ffc.manifest.names import BUILT
from ffc.manifest.records import AnyNode
from ffc.manifest.selection import find_node
from ffc.manifest.selection.finding import suggestions
from ffc.project.reader import SqlFile
from ffc.project.rendered import Rendered, Resolver, Unresolved
from ffc.project.template import render
from ffc.run.looking import Deployed
from ffc.run.reading import Rows, read_rows
from ffc.sql.binding import before_binding, bind

READS_ONLY = "`ffc query` reads: it runs one SELECT"


class BadQuery(FfcError):
    """Carry what is wrong with a query that somebody typed, with the text that it stands in."""

    def __init__(self, diagnostics: Iterable[Diagnostic], file: str, text: str) -> None:
        super().__init__("the query can't be run")
        self.diagnostics = tuple(diagnostics)
        self._texts = {file: text}

    def text(self) -> str:
        """Return what is wrong, with the lines that it is about."""
        return render_diagnostics(self.diagnostics, self._texts)


def query_text(sql: str | None, file: Path | None) -> tuple[str, str]:
    """Return a query and what it is called in messages; raises a usage error without one."""
    if (sql is None) == (file is None):
        both = "the query is given twice: as an argument and as `--file`"
        raise click.UsageError(both if file else "there is no query: give it as SQL, `-` or --file")
    if file is not None:
        text, problem = read_text(file, str(file))
        if problem is not None:
            raise click.BadParameter(problem.message, param_hint="'--file'")
        return text, str(file)
    if sql == "-":
        return sys.stdin.read(), "stdin"
    return str(sql), "query"


@dataclass(frozen=True, slots=True)
class _Names:
    """What `ref()` and `source()` stand for: nodes that are deployed."""

    deployed: Deployed

    def ref(self, name: str) -> str:
        """Return the id of a node by its name."""
        known = [n for n in self.deployed.nodes.values() if n.kind in BUILT and n.kind != "source"]
        return self._found(known, name)

    def source(self, group: str, table: str) -> str:
        """Return the id of a source."""
        known = [n for n in self.deployed.nodes.values() if n.kind == "source"]
        return self._found(known, f"{group}.{table}")

    def _found(self, known: list[AnyNode], name: str) -> str:
        try:
            node = find_node(known, name)
        except FfcError as problem:
            several = "several" in problem.message
            message = problem.message if several else f"no node named `{name}` is deployed"
            hints = problem.help if several else suggestions(known, name)
            raise Unresolved("FF201", message, hints or _nothing(known)) from None
        try:
            self.deployed.relations([node.id])
        except FfcError as problem:
            raise Unresolved("FF801", problem.message, problem.help) from None
        return node.id


def _nothing(known: list[AnyNode]) -> list[str]:
    return [] if known else ["nothing was deployed yet: run `ffc run`"]


def run_typed(deployed: Deployed, text: str, file: str, limit: int | None) -> Rows:
    """Run a query with `ref()` and `source()`; `file` is what its text is called in messages.

    Raises BadQuery, with the place of each mistake, and what else the store has to say.
    """
    store = deployed.session.offline
    rendered = _rendered(deployed, text, file, store.dialect)
    relations = deployed.relations(rendered.refs)
    tables = {n: r if isinstance(r, str) else table_of(r) for n, r in relations.items()}
    bound = bind(rendered.sql, store.dialect, tables)
    try:
        return read_rows(store, bound.rstrip().rstrip(";"), limit)
    except FfcError as problem:
        if problem.position is None:
            raise
        offset = before_binding(rendered.sql, store.dialect, tables, problem.position)
        raise BadQuery([_refused(rendered, problem, offset)], file, text) from problem


def _rendered(deployed: Deployed, text: str, file: str, dialect: str) -> Rendered:
    names = _Names(deployed)
    resolver = Resolver(
        ref=names.ref,
        source=names.source,
        variables=deployed.variables,
        environment=os.environ,
        target={
            "name": deployed.session.target.name,
            "type": deployed.session.target.offline.type,
            "dialect": dialect,
        },
    )
    rendered = render(SqlFile(name="query", variant="", path=file, text=text), "query", resolver)
    problems = rendered.diagnostics
    if not problems:
        problems = [fault.diagnostic(rendered) for fault in _faults(rendered.sql, dialect)]
    if problems:
        raise BadQuery(problems, file, text)
    return rendered


def _faults(sql: str, dialect: str) -> list[Fault]:
    """Return what is wrong with a text as far as can be seen without running it."""
    tokens = lex(sql)
    if not tokens or all(token.kind == "semicolon" for token in tokens):
        return [Fault(STATEMENT, "there is no SQL in this query", 0, len(sql), (READS_ONLY,))]
    other = check_statement(tokens)
    if other is not None and other.code == STATEMENT:
        message = other.message.replace(f"{ONE_SELECT}, not", "a query is one SELECT, not")
        message = message.replace("in this file", "in this query")
        return [Fault(STATEMENT, message, other.start, other.end, (READS_ONLY,))]
    if other is not None or dialect == "duckdb":
        return check_text(sql, tokens, dialect)
    return []


def _refused(rendered: Rendered, problem: FfcError, offset: int) -> Diagnostic:
    """Return what a store said, at the word that it complains of."""
    token = next((t for t in lex(rendered.sql) if t.start <= offset < t.end), None)
    start, end = (token.start, token.end) if token else (offset, offset + 1)
    end = min(max(end, start + 1), max(len(rendered.sql), 1))
    hints = [line for line in problem.help if not line.startswith(("LINE ", "^"))]
    return error(problem.code, problem.message, rendered.map.span(start, end), help=hints)
