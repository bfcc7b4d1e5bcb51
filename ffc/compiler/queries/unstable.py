"""What gives another answer in each run: the clock, chance, whoever is connected."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, NamedTuple

from ffc.compiler.queries.lexing import lex, partners

CLOCK: Final = "the time of the run"
CHANCE: Final = "chance"
SESSION: Final = "who runs it"

# A test holds these to what DuckDB says of its functions (duckdb_functions(), `stability`).
CALLS: Final = {
    **dict.fromkeys(
        (
            *("ago", "current_date", "current_localtime", "current_localtimestamp"),
            *("get_current_time", "get_current_timestamp", "now", "pg_conf_load_time"),
            *("pg_postmaster_start_time", "today", "transaction_timestamp"),
        ),
        CLOCK,
    ),
    **dict.fromkeys(("gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7"), CHANCE),
    **dict.fromkeys(
        (
            *("current_catalog", "current_connection_id", "current_database", "current_query"),
            *("current_query_id", "current_role", "current_schema", "current_schemas"),
            *("current_setting", "current_transaction_id", "current_user", "currval"),
            *("getvariable", "in_search_path", "nextval", "session_user", "setval"),
            *("txid_current", "user"),
        ),
        SESSION,
    ),
}
# Words that are calls without brackets, where no column has their name.
WORDS: Final = {
    **dict.fromkeys(
        ("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"), CLOCK
    ),
    **dict.fromkeys(("current_catalog", "current_role", "current_schema"), SESSION),
    **dict.fromkeys(("current_user", "session_user"), SESSION),
}
# Without one of these there is nothing to find, and no text need be cut into tokens.
_SUSPECT: Final = re.compile(
    rf"\b(?:{'|'.join([*CALLS, *WORDS, 'age', 'tablesample', 'sample'])})\b", re.IGNORECASE
)
# A sample is the same each time where it has a seed.
_SEED: Final = re.compile(r"\brepeatable\b|\(\s*\w+\s*,\s*[0-9]+\s*\)", re.IGNORECASE)


class Unstable(NamedTuple):
    """A call whose answer hangs on something else than its arguments: on what, and where."""

    shown: str
    cause: str
    start: int
    end: int


def unstable_calls(sql: str, columns: Callable[[], Collection[str]]) -> Iterator[Unstable]:
    """Yield what answers differently in each run; `columns` gives those of what is read."""
    if not _SUSPECT.search(sql):
        return
    tokens = lex(sql)
    pairs = partners(tokens)
    words = [*(token.word for token in tokens), "", ""]
    named = {name.lower() for name in columns()}
    named |= {words[i + 1] for i, word in enumerate(words) if word == "as"}
    for i, token in enumerate(tokens):
        name = token.plain.lower() if token.kind in ("word", "name") else ""
        if words[i - 1] == "as" and i:
            continue
        if words[i + 1] == "(" and (name in CALLS or (name == "age" and _alone(words, i, pairs))):
            yield Unstable(f"{name}()", CALLS.get(name, CLOCK), token.start, token.end)
        elif words[i] in WORDS and words[i + 1] != "(" and name not in named:
            if words[i - 1] != "." and words[i + 1] != ".":
                yield Unstable(name, WORDS[name], token.start, token.end)
        elif words[i] == "tablesample" or words[i : i + 2] == ["using", "sample"]:
            end = tokens[i + (words[i] == "using")].end
            if not _SEED.search(sql, end, end + 60):
                yield Unstable(sql[token.start : end].lower(), CHANCE, token.start, end)


def _alone(words: Sequence[str], call: int, pairs: dict[int, int]) -> bool:
    """Tell whether a call has one argument: `age(x)` is the time since then."""
    i, end = call + 2, pairs.get(call + 1, call)
    while i < end:
        if words[i] == ",":
            return False
        i = pairs.get(i, i) + 1
    return i > call + 2
