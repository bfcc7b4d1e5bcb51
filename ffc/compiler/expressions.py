"""SQL expressions in YAML: parsed, held to the columns of a table, and given a type."""

from __future__ import annotations

import re
from collections.abc import Mapping

import sqlglot
from msgspec import Struct
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from ffc.compiler.oracle import Oracle, Refusal
from ffc.compiler.queries.lexing import lex
from ffc.compiler.queries.refusals import refused_binding
from ffc.core.decode import part_of
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.manifest.records import Column
from ffc.sql import build


class Written(Struct, frozen=True, kw_only=True):
    """An expression as a user wrote it: under which key, where, in which dialect."""

    key: str
    text: str
    span: Span
    dialect: str
    example: str = "amount > 10"

    @property
    def how(self) -> str:
        """What to write."""
        return f"write one expression, such as `{self.example}`"

    def part(self, start: int, end: int) -> Span:
        """Return the place of some characters."""
        return part_of(self.span, self.text, start, end)

    def of(self, tree: exp.Expr) -> Span:
        """Return the place of an identifier."""
        meta = tree.meta
        return self.part(meta["start"], meta["end"] + 1) if "start" in meta else self.span


def parse_expression(written: Written) -> exp.Expr | Diagnostic:
    """Return one scalar expression, or why a text is none."""
    dialect = sqlglot.Dialect.get_or_raise(written.dialect)
    try:
        found = dialect.parse_into(exp.Condition, written.text)
    except ParseError as problem:
        return _not_sql(written, problem)
    except TokenError:
        message = f"`{written.key}` is not SQL: a quote or a comment is never closed"
        return error("FF301", message, written.span)
    except RecursionError:
        return error("FF301", f"`{written.key}` is nested too deep", written.span)
    tree = found[0] if found else None
    if tree is None:
        return error("FF301", f"`{written.key}` is empty", written.span, help=[written.how])
    inner = tree.find(exp.Query, exp.Subquery, exp.Star, exp.Placeholder, exp.Parameter)
    if inner is not None and not isinstance(inner.parent, exp.Count):
        what = "a query" if isinstance(inner, exp.Query | exp.Subquery) else f"`{inner.sql()}`"
        message = f"`{written.key}` is one expression: {what} can't stand in it"
        return error("FF302", message, written.span)
    return tree


def _not_sql(written: Written, problem: ParseError) -> Diagnostic:
    facts = problem.errors[0] if problem.errors else {}
    before, found = facts.get("start_context") or "", facts.get("highlight") or ""
    start = written.text.find(before + found) + len(before)
    span = written.part(start, start + len(found)) if found and start >= 0 else written.span
    if re.match(r"\s*(select|with|from)\b", written.text, re.IGNORECASE):
        message = f"`{written.key}` is one expression, not a query"
        return error("FF302", message, written.span, help=[written.how])
    near = f" at `{found}`" if found else ""
    return error("FF301", f"`{written.key}` is not SQL{near}", span, help=[written.how])


def check_row(written: Written, tree: exp.Expr) -> list[Diagnostic]:
    """Report functions over many rows where each row is looked at alone."""
    many = tree.find(exp.AggFunc, exp.Window)
    if many is None:
        return []
    name = many.sql(dialect=written.dialect).partition("(")[0].lower()
    message = f"`{written.key}` looks at one row: `{name}()` looks at many"
    help_ = "compute it in a transformation"
    return [error("FF305", message, written.span, help=[help_])]


def check_condition(
    oracle: Oracle, written: Written, node: str, columns: Mapping[str, Column], where: str
) -> list[Diagnostic]:
    """Report what keeps a text from being true or false for each row of a node.

    `where` is what the node is called in messages.
    """
    tree = parse_expression(written)
    if isinstance(tree, Diagnostic):
        return [tree]
    problems = check_row(written, tree)
    known = {name.lower() for name in columns}
    for column in tree.find_all(exp.Column):
        if column.name.lower() not in known:
            hints = did_you_mean(column.name, columns) or (f"it has {listed(columns)}",)
            message = f"{where} has no column `{column.name}`"
            problems.append(error("FF303", message, written.of(column.this), help=hints))
        elif column.table:
            message = f"there is no table `{column.table}` here"
            help_ = f"write `{column.name}` alone"
            problems.append(error("FF304", message, written.span, help=[help_]))
    if problems:
        return problems
    query = exp.select(build.named(tree.copy(), "value")).from_(build.reference(node))
    found = type_of(oracle, written, query)
    if isinstance(found, Diagnostic):
        return [found]
    if found.type != "bool":
        message = f"`{written.key}` must be true or false for each row; this is "
        message += found.type or found.native
        return [error("FF305", message, written.span, help=[f"compare it: `{written.text} > 0`"])]
    return []


def type_of(oracle: Oracle, written: Written, query: exp.Select) -> Column | Diagnostic:
    """Return the one column of a query around an expression, or why it has none."""
    sql = query.sql(dialect="duckdb")
    found = oracle.describe(sql)
    if not isinstance(found, Refusal):
        return found[0]
    if found.is_syntax:
        return error("FF301", f"`{written.key}` is not SQL", written.span, help=[written.how])
    fault = refused_binding(sql, lex(sql), found)
    typed = sql[fault.start : fault.end].lower()
    once = written.text.lower().count(typed) == 1
    start = written.text.lower().find(typed) if typed and once else -1
    place = written.part(start, start + len(typed)) if start >= 0 else written.span
    return error(fault.code, fault.message, place, help=fault.help)
