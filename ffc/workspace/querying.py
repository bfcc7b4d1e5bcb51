"""A query that somebody typed: rendered over what is deployed, refused where it is no SELECT."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

from sqlglot import exp

from ffc.auth import Principal
from ffc.compiler.queries.check import check_text
from ffc.compiler.queries.lexing import Fault, lex
from ffc.compiler.queries.statements import ONE_SELECT, STATEMENT, check_statement
from ffc.connect.session import Session
from ffc.connect.warehouse import table_of
from ffc.core.diagnostics import Diagnostic, error
from ffc.core.errors import FfcError, NotFound, ProjectError
from ffc.manifest.records import AnyNode, Transformation
from ffc.manifest.upgrades import decode_manifest
from ffc.project.reader import SqlFile
from ffc.project.rendered import Rendered, Resolver, Unresolved
from ffc.project.template import render
from ffc.registry import Registry, StateRegistry
from ffc.run.looking.reading import Rows, ask, find_node
from ffc.sql.binding import before_binding, bind

READS_ONLY = "`ffc query` reads: it runs one SELECT"


class BadQuery(ProjectError):
    """Carry what is wrong with a query that somebody typed, with the text that it stands in."""

    def __init__(self, diagnostics: Iterable[Diagnostic], file: str, text: str) -> None:
        super().__init__("the query can't be run", tuple(diagnostics))
        self.texts = {file: text}


def ask_typed(
    session: Session, text: str, file: str, limit: int | None, *, principal: Principal
) -> Rows:
    """Return the answer to a query with `ref()` and `source()`, which are the good builds.

    `ref()` of an ephemeral is its query; `var()` is what the newest deployment was compiled with.
    `file` is what its text is called in messages. Raises BadQuery, with the place of each mistake,
    and what else the store has to say.
    """
    registry = StateRegistry(session.state, session.target.name)
    deployed = session.state.deployment(session.target.name)
    manifest = decode_manifest(deployed[1]) if deployed else None
    ephemeral = {node.id: node for node in (manifest.nodes if manifest else ()) if _passes(node)}
    nodes = {**registry.nodes(), **ephemeral}
    variables = manifest.project.variables if manifest else {}
    rendered = _rendered(session, nodes, variables, text, file)
    dialect = session.offline.dialect
    tables = {node: _relation(registry, nodes, node, dialect) for node in rendered.refs}
    try:
        sql = bind(rendered.sql, dialect, tables)
        return ask(session, sql, limit, principal=principal)
    except FfcError as problem:
        if problem.position is None:
            raise
        offset = before_binding(rendered.sql, dialect, tables, problem.position)
        raise BadQuery([_refused(rendered, problem, offset)], file, text) from problem


def _passes(node: AnyNode) -> bool:
    return isinstance(node, Transformation) and node.materialized == "ephemeral"


def _relation(
    registry: Registry, nodes: Mapping[str, AnyNode], name: str, dialect: str
) -> exp.Table | str:
    """Return where a node lies; of an ephemeral the query that stands for it."""
    node = nodes[name]
    if not isinstance(node, Transformation) or node.materialized != "ephemeral":
        return table_of(registry.relation(name))
    read = {parent: _relation(registry, nodes, parent, dialect) for parent in node.depends_on}
    return bind(node.target_sql or node.sql, dialect, read)


def _rendered(
    session: Session,
    nodes: Mapping[str, AnyNode],
    variables: Mapping[str, object],
    text: str,
    file: str,
) -> Rendered:
    store, target = session.target.offline.type, session.target.name
    dialect = session.offline.dialect
    resolver = Resolver(
        ref=lambda name: _found(lambda: _readable(find_node(nodes, name))),
        source=lambda group, table: _found(lambda: find_node(nodes, f"source.{group}.{table}")),
        variables=variables,
        environment=os.environ,
        target={"name": target, "type": store, "dialect": dialect},
    )
    rendered = render(SqlFile(name="query", variant="", path=file, text=text), "query", resolver)
    problems = rendered.diagnostics
    if not problems:
        problems = [fault.diagnostic(rendered) for fault in _faults(rendered.sql, dialect)]
    if problems:
        raise BadQuery(problems, file, text)
    return rendered


def _readable(node: AnyNode) -> AnyNode:
    if node.kind == "source":
        raise NotFound(f"`{node.name}` is a source", help=["write `source('group', 'table')`"])
    return node


def _found(look_up: Callable[[], AnyNode]) -> str:
    try:
        return look_up().id
    except FfcError as problem:
        raise Unresolved("FF201", problem.message, problem.help) from None


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
    hints = [line for line in problem.help if not line.startswith(("LINE ", "at `"))]
    return error(problem.code, problem.message, rendered.map.span(start, end), help=hints)
