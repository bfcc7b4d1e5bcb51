"""PostgreSQL's failures as ours, by their codes: its words are in the server's language."""

from __future__ import annotations

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
    "53100": "make room on the server's disk: what was there before is as it was",
    "53300": "others hold all connections of the server: try again, or raise max_connections",
    "55P03": "another session holds it: try again",
    "57P": "the server is starting or stopping: try again",
}


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
    said = problem.diag.message_primary or str(problem).strip().splitlines()[0]
    if not code:
        # No server said it: there is none, or it is gone.
        return Unreachable(f"the database {place} can't be reached: {said}")
    kind = _longest(TABLE, code) or StatementFailed
    more = [problem.diag.message_detail, problem.diag.message_hint, _longest(HELP, code)]
    found = kind(said, help=[line for line in more if line])
    if statement and problem.diag.statement_position:
        found.position = int(problem.diag.statement_position) - 1
    return found


def _longest(table: Mapping[str, T], code: str) -> T | None:
    fitting = [start for start in table if code.startswith(start)]
    return table[max(fitting, key=len)] if fitting else None
