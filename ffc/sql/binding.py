"""Put real relations where SQL says `"__ffc"."node id"`.

The text is cut into tokens, not parsed and written anew, so that a user's SQL reaches the
warehouse as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from ffc.sql import build

_NAMES: Final = (TokenType.ALIAS, TokenType.VAR, TokenType.IDENTIFIER)


def references(sql: str, dialect: str) -> list[str]:
    """Return the ids of the nodes that a statement names, each once, in order."""
    return list(dict.fromkeys(node for node, *_ in _found(sql, dialect)))


def bind(sql: str, dialect: str, relations: Mapping[str, exp.Table | str]) -> str:
    """Return the statement over real relations; raises KeyError for a node without one.

    A node may stand for a query, given as its text: it is put there in brackets.
    """
    out: list[str] = []
    position = 0
    for start, end, text in _replaced(sql, dialect, relations):
        out += [sql[position:start], text]
        position = end
    return "".join([*out, sql[position:]])


def before_binding(
    sql: str, dialect: str, relations: Mapping[str, exp.Table | str], offset: int
) -> int:
    """Return where a character of the bound statement was before; raises KeyError as `bind`."""
    shift = 0
    for start, end, text in _replaced(sql, dialect, relations):
        if offset < start + shift:
            break
        if offset < start + shift + len(text):
            return start
        shift += len(text) - (end - start)
    return offset - shift


def _replaced(
    sql: str, dialect: str, relations: Mapping[str, exp.Table | str]
) -> Iterator[tuple[int, int, str]]:
    """Yield where each reference begins and ends, and what is put there."""
    for node, start, end, named in _found(sql, dialect):
        found = relations[node]
        text = f"(\n{found}\n)" if isinstance(found, str) else found.sql(dialect=dialect)
        if isinstance(found, str) and not named:
            # Some engines want a name for each query in FROM.
            text += f" AS {build.name(node).sql(dialect=dialect)}"
        yield start, end, text


def _found(sql: str, dialect: str) -> Iterator[tuple[str, int, int, bool]]:
    """Yield each reference: the node, where it begins and ends, whether it has an alias."""
    tokens = sqlglot.tokenize(sql, read=dialect)
    following = [*tokens[3:], None]
    for first, dot, last, then in zip(tokens, tokens[1:], tokens[2:], following, strict=False):
        if _is_schema(first) and dot.token_type == TokenType.DOT:
            named = then is not None and then.token_type in _NAMES
            yield last.text, first.start, last.end + 1, named


def _is_schema(token: Token) -> bool:
    return token.token_type == TokenType.IDENTIFIER and token.text == build.REFERENCE_SCHEMA
