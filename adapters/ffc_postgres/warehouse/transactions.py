"""Statements that happen whole or not at all, and what became of them where nobody was told.

A connection that is lost before COMMIT takes its transaction with it. One that is lost while the
server was asked to COMMIT leaves in doubt whether it did: then another session asks the server what
became of the transaction.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from ffc.adapter import StoreError, Transient, Unreachable
from ffc_postgres.errors import mapped
from ffc_postgres.warehouse.sessions import Session, Sessions

Step = Callable[[Session], None]
# How often a transaction is begun that others ran into, and how long it waits before.
ATTEMPTS: Final = 4
_BACK_OFF: Final = 0.05
# Seconds in which a server that was lost at COMMIT may come back and tell what became of it.
DOUBT_SECONDS: Final = 30.0
_ASK_AGAIN: Final = 0.25


class _InDoubt(Exception):
    """Name the transaction of which it is not known whether it was committed."""

    def __init__(self, transaction: str) -> None:
        super().__init__(transaction)
        self.transaction = transaction


def transact(sessions: Sessions, steps: Sequence[Step]) -> Session:
    """Run steps in one transaction; return its session, which whoever called gives back.

    What ran into others is begun again. Raises StoreError or DataError; then nothing happened,
    unless it says that this is not known.
    """
    attempt = 1
    while True:
        try:
            return _attempted(sessions, steps)
        except Transient:
            if attempt >= ATTEMPTS:
                raise
        time.sleep(_BACK_OFF * 2**attempt * random.uniform(0.5, 1.5))
        attempt += 1


def _attempted(sessions: Sessions, steps: Sequence[Step]) -> Session:
    session = sessions.take()
    try:
        with mapped(sessions.place.name):
            _run(session, steps)
    except _InDoubt as doubt:
        sessions.give(session)
        _settle(sessions, doubt.transaction)
        return sessions.take()
    except BaseException:
        sessions.give(session)
        raise
    return session


def _run(session: Session, steps: Sequence[Step]) -> None:
    import psycopg2

    session.execute("BEGIN")
    try:
        for step in steps:
            step(session)
        ((transaction,),) = session.execute("SELECT pg_current_xact_id_if_assigned()::text")
    except BaseException:
        with suppress(psycopg2.Error):
            session.execute("ROLLBACK")
        raise
    try:
        session.execute("COMMIT")
    except psycopg2.Error:
        # One that wrote nothing is as good as committed.
        if session.lost and transaction is not None:
            raise _InDoubt(transaction) from None
        if not session.lost:
            raise


def _settle(sessions: Sessions, transaction: str) -> None:
    """Find out what became of a transaction; raises what tells that it did not happen, or may have.

    https://www.postgresql.org/docs/current/functions-info.html, pg_xact_status
    """
    end = time.monotonic() + DOUBT_SECONDS
    status = None
    while time.monotonic() < end:
        try:
            with sessions.session() as session:
                ((status,),) = session.execute("SELECT pg_xact_status(%s::xid8)", [transaction])
        except (Unreachable, Transient):
            status = None
        if status in ("committed", "aborted"):
            break
        time.sleep(_ASK_AGAIN)
    if status == "aborted":
        message = f"the connection to {sessions.place.name} was lost at COMMIT: nothing was done"
        raise Transient(message, help=["try again"])
    if status != "committed":
        raise StoreError(
            f"the connection to {sessions.place.name} was lost at COMMIT, and since then nobody "
            "tells whether it was done",
            help=["run again when the server answers: what is there already is gone on from"],
        )
