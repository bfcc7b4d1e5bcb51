"""PostgreSQL's failures as ours, by their codes: its words are in the server's language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from ffc.adapter import (
    Cancelled,
    DataError,
    StatementFailed,
    StoreError,
    Transient,
    Unreachable,
    interruptible,
)

if TYPE_CHECKING:
    import psycopg2

T = TypeVar("T")
Kind = type[StoreError] | type[DataError]

# https://www.postgresql.org/docs/current/errcodes-appendix.html, the longest that fits goes first.
TABLE: Final[dict[str, Kind]] = {
    "08": Unreachable,
    "22": DataError,
    "23": DataError,
    "25006": StoreError,
    "28": Unreachable,
    "3D000": Unreachable,
    "40": Transient,
    "53": StoreError,
    "53300": Transient,
    "55P03": Transient,
    "55": StatementFailed,
    "57014": Cancelled,
    "57P": Unreachable,
    "58": StoreError,
    "XX": StoreError,
}
HELP: Final[dict[str, str]] = {
    "25006": "this server takes no writes (a replica?): name the one that does in profiles.yml",
    "28": "check `user` and `password` in profiles.yml, and what the server lets in (pg_hba.conf)",
    "3D000": "create the database, or name another one in profiles.yml",
    "40": "others write there at the same time: try again",
    "42501": "let an administrator grant it, or name another `user` or `role` in profiles.yml",
    "42883": "cast its values to types that have it; of JSON only `jsonb` can be compared",
    "53100": "make room on the server's disk: what was there before is as it was",
    "53200": "the server has too little memory for it: build fewer at a time (`threads`)",
    "53300": "others hold all connections of the server: try again, or raise max_connections",
    "55P03": "another session holds it: try again",
    "57P": "what was under way there was undone: run again when the server answers",
}
# What ffc needs of whatever it may not use; the server names the thing, not the privilege.
_NEEDED: Final = {
    "database": "ffc needs CREATE on the database, or its schemas made and owned by its user",
    "schema": "ffc needs USAGE of a schema that it reads, and CREATE in those that it builds in",
    "table": "ffc needs SELECT on tables that it reads",
    "view": "ffc needs SELECT on views that it reads",
}
_DENIED: Final = re.compile(r"permission denied for (\w+)")
# What refuses a new session gives no code away: libpq's words, and the server's own where they are
# English, as the code that they stand for.
_REFUSALS: Final = {
    "too many clients already": "53300",
    "remaining connection slots": "53300",
    "too many connections for": "53300",
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    'FATAL:  role "': "28000",
    "FATAL:  permission denied for database": "42501",
    'FATAL:  database "': "3D000",
    "FATAL:  the database system is": "57P03",
}
# All that the driver says where the server is gone while it sends rows.
_NOTHING: Final = "no message from the libpq"
_LOST: Final = "what was under way there was undone: run again when the server answers"
_ABSENT: Final = "does the server run, and are `host` and `port` in profiles.yml right?"
# What libpq says of settings that no server can be reached by; nothing was begun by them.
_UNFIT: Final = (
    "for connection option",
    "invalid port number",
    "sslmode value",
    "does not support SSL",
    "certificate",
    "private key",
)
_SETTINGS: Final = "check what profiles.yml says of the server: `port`, `sslmode` and the like"
# What an operating system says where a file can't grow.
_FULL: Final = ("No space left", "File too large", "Disk quota exceeded")
# Two changed the catalog at once: words that PostgreSQL has in no other language.
_AT_ONCE: Final = ("tuple concurrently updated", "tuple concurrently deleted")


@contextmanager
def mapped(place: str = "", statement: str = "") -> Iterator[None]:
    """Raise ffc's exception for one of PostgreSQL's."""
    import psycopg2

    try:
        with interruptible():
            yield
    except psycopg2.Error as problem:
        raise translate(problem, place, statement) from problem


def translate(
    problem: psycopg2.Error, place: str = "", statement: str = ""
) -> StoreError | DataError:
    """Return ffc's exception for one of PostgreSQL's, with the place in the statement it names."""
    code = problem.pgcode or ""
    if not code:
        return _unsaid(problem, place)
    said = problem.diag.message_primary or str(problem).strip().splitlines()[0]
    more = [problem.diag.message_detail, problem.diag.message_hint, _longest(HELP, code)]
    kind = _longest(TABLE, code) or StatementFailed
    if code.startswith(("57P", "08")):
        said = f"the connection to the database {place} was lost: {said}"
    elif denied := _DENIED.match(said):
        more.append(_NEEDED.get(denied[1]))
    elif code == "53100" or any(words in said for words in _FULL):
        said, more = f"the server has no room for more: {said}", [HELP["53100"]]
    elif said in _AT_ONCE or (code == "23505" and problem.diag.schema_name == "pg_catalog"):
        kind, more = Transient, [HELP["40"]]
    found = kind(said, help=[line for line in more if line])
    if statement and problem.diag.statement_position:
        found.position = int(problem.diag.statement_position) - 1
    return found


def ended_by_server(problem: Cancelled, timeout: str) -> StatementFailed:
    """Return what to say of a statement that the server ended, and nobody here cancelled.

    `timeout` is what the profile sets.
    """
    if "timeout" not in problem.message:
        message = f"somebody ended the statement on the server: {problem.message}"
        return StatementFailed(message, help=["run again, or ask who administers the server"])
    if not timeout:
        return StatementFailed(
            "the statement took longer than the server lets it: its `statement_timeout`",
            help=["profiles.yml may say otherwise: `statement_timeout: 4h`"],
        )
    return StatementFailed(
        f"the statement took longer than `statement_timeout` in profiles.yml, {timeout}",
        help=["raise it, or leave it away"],
    )


def _unsaid(problem: psycopg2.Error, place: str) -> StoreError:
    """Return what to say where no code came: of a session that was refused, or that is gone."""
    import psycopg2

    text = str(problem).strip()
    if _NOTHING in text:
        lost = f"the connection to the database {place} was lost: it ended in the midst of rows"
        return Unreachable(lost, help=[_LOST])
    if not isinstance(problem, psycopg2.OperationalError | psycopg2.InterfaceError):
        return StatementFailed(text)
    lines = text.splitlines()
    said = next((line for line in lines if "FATAL:" in line), lines[0] if lines else "").strip()
    said = said.partition("FATAL:")[2].strip() or said
    code = next((code for words, code in _REFUSALS.items() if words in text), "")
    if code:
        kind = Transient if code == "53300" else Unreachable
        return kind(
            f"the database {place} can't be reached: {said}", help=[_longest(HELP, code) or ""]
        )
    unfit = any(words in text for words in _UNFIT)
    if (
        unfit
        or "connection to server" in text
        or "could not translate" in text
        or "timeout" in text
    ):
        said = said.rpartition("failed:")[2].strip() or said
        hint = _SETTINGS if unfit else _ABSENT
        return Unreachable(f"the database {place} can't be reached: {said}", help=[hint])
    return Unreachable(f"the connection to the database {place} was lost: {said}", help=[_LOST])


def _longest(table: Mapping[str, T], code: str) -> T | None:
    fitting = [start for start in table if code.startswith(start)]
    return table[max(fitting, key=len)] if fitting else None
