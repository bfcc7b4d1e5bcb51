"""Look-ups in an online store, prepared, each seeing whose rows it reads.

A reader must never find itself in another store than the one that was looked into. What tells one
from another lies beside the rows, and comes with every answer; a server that was started anew may
hold an older state, or be another one that took its place, so it counts as another store, too.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from ffc.adapter import Unreachable
from ffc_postgres.stores.line import Line, Row

_IDENTITY: Final = """
    SELECT 'origin'::regclass::oid::int8, (SELECT id::text FROM origin),
           pg_postmaster_start_time()::text
"""
_ONE: Final = """
    PREPARE one (bytea) AS
    SELECT o.tableoid = %s::oid AND o.id = %s::uuid, 1, r.field, r.value
    FROM origin o LEFT JOIN rows r ON r.key = $1
"""
_MANY: Final = """
    PREPARE many (bytea[]) AS
    SELECT o.tableoid = %s::oid AND o.id = %s::uuid, k.place, r.field, r.value
    FROM origin o CROSS JOIN unnest($1) WITH ORDINALITY AS k (key, place)
    LEFT JOIN rows r ON r.key = k.key
"""


class Lookups:
    """Look-ups of one store; one that is `bound` stays with the store that it met first."""

    def __init__(self, *, bound: bool) -> None:
        self._bound = bound
        self._lock = threading.Lock()
        self._identity: Row | None = None

    def prepare(self, line: Line) -> None:
        """Make a line ready; raises Unreachable where it leads to another store than before."""
        (identity,) = line.ask(_IDENTITY).rows
        with self._lock:
            if self._bound and identity[1] is None:
                raise Unreachable("it is empty: its server lost what was not logged")
            if self._bound and identity != (self._identity or identity):
                raise Unreachable("another one is in its place, or its server was started anew")
            self._identity = identity
        line.ask("DEALLOCATE ALL")
        for statement in (_ONE, _MANY):
            line.ask(statement, identity[:2])

    def rows(self, line: Line, keys: Sequence[bytes]) -> list[Row]:
        """Return (place of the key from 1, field, value) of each field of keys, in one moment.

        Raises Unreachable where another store has taken the place of the one that was met.
        """
        found = line.ask(_asked(keys)).rows
        if not (found and found[0][0]):
            # Whoever is not bound reads what is there by now.
            self.prepare(line)
            found = line.ask(_asked(keys)).rows
        return [(place, field, value) for _, place, field, value in found if field is not None]


def _asked(keys: Sequence[bytes]) -> bytes:
    if len(keys) == 1:
        return b"EXECUTE one ('\\x%s')" % keys[0].hex().encode()
    # One key at the least, so that the answer says whose rows they are.
    texts = [b'"\\\\x%s"' % key.hex().encode() for key in keys or (b"",)]
    return b"EXECUTE many ('{%s}')" % b",".join(texts)
