"""How a PostgreSQL server is reached: the settings of a profile, sessions that are all alike."""

from __future__ import annotations

import importlib
import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ffc.adapter import Options, ProfileError, Unreachable
from ffc_postgres.errors import mapped

if TYPE_CHECKING:
    from psycopg2 import extensions

# What profiles.yml may say of a server, whatever its role; a `url` says all of it but the last.
SETTINGS: Final[Mapping[str, bool]] = {
    "url": False,
    "host": False,
    "port": False,
    "dbname": False,
    "user": False,
    "password": False,
    "sslmode": False,
    "sslrootcert": False,
    "sslcert": False,
    "sslkey": False,
    "connect_timeout": False,
    "role": False,
}
_NAMED: Final = ("host", "port", "dbname", "user", "password")
OLDEST: Final = 13
CONNECT_SECONDS: Final = 10
# A peer that does not answer for so long is gone: no wait on a network is endless.
SILENT_SECONDS: Final = 30

# Every session means the same whatever the server, the database or the role say: an instant is
# UTC, a number is written so that reading it gives it back, no name is found by a search path.
_SESSION: Final = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "client_encoding": "UTF8",
    "search_path": "pg_catalog",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database of a server, as libpq is told of it; `name` is what people are told."""

    name: str
    parameters: Mapping[str, str] = field(repr=False)
    role: str = ""
    read_only: bool = False


def driver() -> None:
    """Raise ProfileError where the driver is not installed, naming the extra that brings it."""
    try:
        importlib.import_module("psycopg2")
    except ImportError as problem:
        raise ProfileError(
            f"PostgreSQL needs the package psycopg2, which can't be loaded: {problem}",
            help=["install it with: pip install 'ffc-feature-store[postgres]'"],
        ) from problem


def place_of(options: Options) -> Place:
    """Return where the settings of a store lead; raises ProfileError on what they can't mean."""
    driver()
    from psycopg2 import ProgrammingError
    from psycopg2.extensions import parse_dsn

    url = options.text("url", "")
    twice = [name for name in _NAMED if url and name in options.values]
    if twice:
        raise ProfileError(
            f"{options.where} has both `url` and `{twice[0]}`",
            help=["say it in the URL, or leave the URL away"],
        )
    try:
        parameters = parse_dsn(url) if url else {}
    except ProgrammingError as problem:
        message = f"{options.where}: `url` can't be read"
        raise ProfileError(
            message, help=["write it as postgresql://user:password@host:5432/database"]
        ) from problem
    for name in SETTINGS:
        if name not in ("url", "role") and name in options.values:
            parameters[name] = options.text(name)
    if "dbname" not in parameters:
        raise ProfileError(f"{options.where} has no `dbname`", help=["or say it in the `url`"])
    parameters.setdefault("connect_timeout", str(CONNECT_SECONDS))
    parameters.setdefault("application_name", "ffc")
    host, port = parameters.get("host", "localhost"), parameters.get("port", "5432")
    return Place(
        name=f"{parameters['dbname']} on {host}:{port}",
        parameters=parameters,
        role=options.text("role", ""),
        read_only=options.read_only,
    )


def connect(place: Place, **session: str) -> extensions.connection:
    """Return a session that commits each statement by itself; `session` are settings of its own.

    Raises Unreachable where there is no server, no such database or no leave to use it.
    """
    import psycopg2
    from psycopg2.extensions import make_dsn

    with mapped(place.name):
        found = psycopg2.connect(make_dsn(**_alive(), **place.parameters))
        try:
            check_version(place, found.server_version)
            found.autocommit = True
            late = threading.Timer(CONNECT_SECONDS, cut, [found])
            late.start()
            try:
                prepare(found, place, **session)
            finally:
                late.cancel()
        except BaseException:
            found.close()
            raise
    return found


def check_version(place: Place, version: int) -> None:
    """Raise Unreachable where a server is too old; 130004 is 13.4."""
    if version < OLDEST * 10_000:
        raise Unreachable(
            f"the database {place.name} is of PostgreSQL {version // 10_000}: "
            f"ffc needs {OLDEST} or newer",
        )


def prepare(connection: extensions.connection, place: Place, **session: str) -> None:
    """Make a session what every session is, and `session` besides; raises psycopg2's errors."""
    with connection.cursor() as cursor:
        cursor.execute(*preparation(place, session))


def preparation(place: Place, session: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the statement that makes a session what every session is, and its values."""
    read_only = {"default_transaction_read_only": "on" if place.read_only else "off"}
    settings = {**_SESSION, **read_only, **session}
    if place.role:
        settings["role"] = place.role
    return (
        "SELECT " + ", ".join(["pg_catalog.set_config(%s, %s, false)"] * len(settings)),
        [part for each in settings.items() for part in each],
    )


def begun(place: Place) -> extensions.connection:
    """Return a connection that is asked without blocking, just begun; raises psycopg2.Error."""
    import psycopg2
    from psycopg2.extensions import make_dsn

    return psycopg2.connect(make_dsn(**_alive(), **place.parameters), async_=1)


def cut(connection: extensions.connection) -> None:
    """End a connection from this side, at once, whatever waits for it."""
    import psycopg2

    # It may be closed meanwhile, by either side.
    with (
        suppress(psycopg2.Error, OSError),
        socket.socket(fileno=os.dup(connection.fileno())) as same,
    ):
        same.shutdown(socket.SHUT_RDWR)


def _alive() -> dict[str, Any]:
    """Return what makes the operating system notice a peer that is gone."""
    return {
        "keepalives": 1,
        "keepalives_idle": SILENT_SECONDS // 3,
        "keepalives_interval": SILENT_SECONDS // 6,
        "keepalives_count": 4,
        "tcp_user_timeout": SILENT_SECONDS * 1000,
    }
