"""What is wrong with the text of a query: not one SELECT, not SQL, or what is not ours to read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ffc.compiler.oracle import TOO_DEEP, Parser, Refusal
from ffc.compiler.queries.lexing import REFERENCE, Fault, Token, lex, without_end
from ffc.compiler.queries.mistakes import (
    NOT_SQL,
    brackets,
    certain_mistakes,
    templates,
    unclosed,
    without_unopened,
)
from ffc.compiler.queries.repairs import find_faults
from ffc.compiler.queries.statements import ONE_SELECT, STATEMENT, check_statement, without_ends
from ffc.core.diagnostics import Diagnostic, Span, error, listed, shortened
from ffc.manifest.records import Column
from ffc.project.rendered import Rendered

_SCHEMA: Final = REFERENCE.strip('".')


def check_query(rendered: Rendered, dialect: str, parser: Parser | None = None) -> list[Diagnostic]:
    """Return what is wrong with the text of a query, without binding it.

    Without a parser what sqlglot lets through is let through: the oracle refuses it later.
    """
    tokens = lex(rendered.sql)
    if not tokens or all(token.kind == "semicolon" for token in tokens):
        message = "there is no SQL in this file"
        return [error(STATEMENT, message, rendered.file.span, help=[ONE_SELECT])]
    faults = check_text(rendered.sql, tokens, dialect, parser) or _own_schema(rendered, tokens)
    return [fault.diagnostic(rendered) for fault in faults]


def _own_schema(rendered: Rendered, tokens: Sequence[Token]) -> list[Fault]:
    """Return the names that are typed as rendered references are: those would go unseen."""
    own = {rendered.node.lower(), *(node.lower() for node in rendered.refs)}
    faults = []
    for token, then in pairwise([*tokens, tokens[-1]]):
        if _SCHEMA not in token.text.lower():
            continue
        schema = token.plain.lower() == _SCHEMA and then.word == "."
        reference = token.kind == "name" and token.text.startswith(REFERENCE)
        node = token.plain.lower()
        known = node in own or node == "?" or node.startswith("watermark.")
        if schema or (reference and not known):
            help_ = "name tables with `{{ ref('...') }}` or `{{ source('...', '...') }}`"
            message = "`__ffc` is a schema of ffc's own"
            faults.append(Fault("FF304", message, token.start, token.end, (help_,)))
    return faults


def check_text(
    sql: str, tokens: Sequence[Token], dialect: str, parser: Parser | None = None
) -> list[Fault]:
    """Return the mistakes in the tokens of a text, each once."""
    open_end = unclosed(tokens)
    if open_end is not None:
        return [open_end]
    statement = check_statement(tokens)
    if statement is not None:
        return [statement]
    jinja, tokens = templates(without_ends(tokens))
    unbalanced = brackets(tokens)
    faults, left = certain_mistakes(without_unopened(tokens))
    faults = [*jinja, *faults]
    if unbalanced or not left:
        return sorted([*faults, *unbalanced], key=lambda fault: fault.start)
    if faults or parser is not None or isinstance(_read(sql, dialect), Fault):
        parser = parser or Parser()
        refusal = parser.refusal(sql) if not faults else None
        if faults or (refusal is not None and refusal.is_syntax):
            faults = [*faults, *find_faults(left, parser)]
    return sorted(faults, key=lambda fault: fault.start)


def _read(sql: str, dialect: str) -> exp.Expr | Fault:
    """Return a query as sqlglot reads it, or why it can't, or why what it reads is no query."""
    try:
        statements = [s for s in sqlglot.parse(without_end(sql), read=dialect) if s is not None]
    except RecursionError:
        return _too_deep(sql)
    except SqlglotError as problem:
        facts = getattr(problem, "errors", None) or [{}]
        before = facts[0].get("start_context") or ""
        found = facts[0].get("highlight") or ""
        start = sql.find(before + found) + len(before) if before + found else 0
        start = min(max(0, start), len(sql) - 1)
        message = "ffc can't read this SQL" + (f" at `{shortened(found)}`" if found else "")
        return Fault(NOT_SQL, message, start, min(len(sql), start + max(1, len(found))))
    if len(statements) == 1 and isinstance(statements[0], exp.Query | exp.Values):
        return statements[0]
    return Fault(NOT_SQL, "ffc can't read this SQL", 0, len(sql), (ONE_SELECT,))


def _too_deep(sql: str) -> Fault:
    """Return the innermost bracket of a text that nests too deep to be read."""
    deepest, depth, place = 0, 0, None
    for token in lex(sql):
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        if depth > deepest:
            deepest, place = depth, token
    start, end = (place.start, place.end) if place is not None else (0, 1)
    message = "this query nests too deep"
    return Fault(NOT_SQL, message, start, end, ("put inner parts into CTEs: `with x as (...)`",))


def refused(rendered: Rendered, refusal: Refusal, parser: Parser) -> Diagnostic:
    """Say in our words why DuckDB does not read or bind a query."""
    tokens = lex(rendered.sql)
    if refusal.message.startswith(TOO_DEEP):
        return _too_deep(rendered.sql).diagnostic(rendered)
    if refusal.is_syntax:
        faults = find_faults(without_ends(tokens), parser)
        if faults:
            return faults[0].diagnostic(rendered)
    from ffc.compiler.queries.refusals import refused_binding  # most queries are right

    return refused_binding(rendered.sql, tokens, refusal).diagnostic(rendered)


def read_bound(
    rendered: Rendered, columns: Sequence[Column], dialect: str
) -> exp.Expr | Diagnostic:
    """Return a query that DuckDB has bound; report the first name that two of its columns share.

    One that can't be read can't be fingerprinted.
    """
    tree = _read(rendered.sql, dialect)
    if isinstance(tree, Fault):
        return tree.diagnostic(rendered)
    seen: dict[str, str] = {}
    for column in columns:
        first = seen.setdefault(column.name.lower(), column.name)
        if first is not column.name:
            message = f"two columns of one name: {listed(dict.fromkeys((first, column.name)))}"
            help_ = "give one of them another name with `as`"
            span = _second_of(rendered, column.name.lower(), dialect)
            return error("FF405", message, span, help=[help_])
    return tree


def _second_of(rendered: Rendered, name: str, dialect: str) -> Span:
    """Return where the second column of a name is written; the file where that can't be told."""
    query = sqlglot.parse_one(rendered.sql, read=dialect)
    selects = query.selects if isinstance(query, exp.Query) else []
    same = [s for s in selects if s.alias_or_name.lower() == name]
    named = (same[1].args.get("alias") or same[1].this) if len(same) > 1 else None
    meta = named.meta if isinstance(named, exp.Expression) else {}
    if "start" not in meta:
        return rendered.file.span
    return rendered.map.span(meta["start"], meta["end"] + 1)
