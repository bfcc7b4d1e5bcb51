"""What is wrong with a query."""

from __future__ import annotations

from ffc.compiler.oracle import Parser
from ffc.compiler.queries.check import check_text
from ffc.compiler.queries.lexing import Fault, lex


def faults(sql: str, parser: Parser | None) -> list[Fault]:
    return check_text(sql, lex(sql), "duckdb", parser)
