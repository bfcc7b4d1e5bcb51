"""Put real relations where SQL says `"__ffc"."node id"`.

The text is cut into tokens, not parsed and written anew, so that a user's SQL reaches the
warehouse as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from ffc.sql import build


def references(sql: str, dialect: str) -> list[str]:
    """Return the ids of the nodes that a statement names, each once, in order."""
    return list(dict.fromkeys(node for node, _, _ in _found(sql, dialect)))


def bind(sql: str, dialect: str, relations: Mapping[str, exp.Table]) -> str:
    """Return the statement over real relations; raises KeyError for a node without one."""
    out: list[str] = []
    position = 0
    for node, start, end in _found(sql, dialect):
        out += [sql[position:start], relations[node].sql(dialect=dialect)]
        position = end
    return "".join([*out, sql[position:]])


def _found(sql: str, dialect: str) -> Iterator[tuple[str, int, int]]:
    tokens = sqlglot.tokenize(sql, read=dialect)
    for first, dot, last in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if _is_schema(first) and dot.token_type == TokenType.DOT:
            yield last.text, first.start, last.end + 1


def _is_schema(token: Token) -> bool:
    return token.token_type == TokenType.IDENTIFIER and token.text == build.REFERENCE_SCHEMA
