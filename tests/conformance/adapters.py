"""The adapters that are held to the suite, and the place where the checks of each are.

Another one is a line: its class, what its tests are called, and what makes settings of a place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from support.postgres import shared

from ffc.adapter import Options
from ffc.adapter.sql import CORE, Translation
from ffc.conformance.checks import Check, Store
from ffc.conformance.samples import by_word, samples
from ffc.conformance.suite import checks_of, declares, named
from ffc_duckdb import DuckDBOfflineStore
from ffc_postgres import PostgresOfflineStore, PostgresOnlineStore, PostgresStateStore
from ffc_sqlite import SQLiteOnlineStore, SQLiteStateStore


@dataclass(frozen=True)
class Tried:
    """An adapter, the settings of a place that is only for checks, and which checks; all if none.

    One that is `slow` is tried with the slow tests, and so are the checks that are `later`.
    """

    name: str
    adapter: type[Store]
    options: Callable[[Path], Options]
    only: Sequence[str] = ()
    slow: bool = False
    later: Sequence[str] = ()

    def is_slow(self, check: Check[Any]) -> bool:
        """Tell whether a check is one of the slow tests."""
        return self.slow or check.thorough or bool(named([check], self.later) if self.later else ())

    def checks(self) -> list[Check[Any]]:
        """Return the checks of what it declares."""
        found = named(checks_of(self.adapter), self.only)
        return [check for check in found if declares(self.adapter, check)]


def in_a_file(name: str) -> Callable[[Path], Options]:
    """Return what gives the settings of a file in a folder."""
    return lambda folder: Options(where="a test", folder=folder, values={"path": name})


@cache
def database(version: int) -> str:
    """Return a database of a server: each check makes a place of its own there."""
    return shared(version).database()


def in_a_database(version: int = 18) -> Callable[[Path], Options]:
    """Return what gives the settings of a database that checks of this process share."""

    def options(folder: Path) -> Options:
        settings = shared(version).settings_of(database(version))
        return Options(where="a test", folder=folder, values=settings)

    return options


class WithoutAsof(DuckDBOfflineStore):
    """DuckDB as if it had no ASOF JOIN, and kept no order."""

    capabilities = replace(DuckDBOfflineStore.capabilities, asof_join=False, keeps_order=False)


class Translating(DuckDBOfflineStore):
    """DuckDB as if people wrote another dialect, of which it has what each has."""

    translations = {"duckdb": Translation(words=CORE)}


class TranslatingAll(DuckDBOfflineStore):
    """The same, with every word that there is a sample of."""

    translations = {"duckdb": Translation(words=frozenset(by_word(samples())))}


SEARCHES = ("offline.point_in_time", "offline.random")
TRANSLATIONS = ("offline.translations",)
ADAPTERS = (
    Tried("duckdb", DuckDBOfflineStore, in_a_file("w.duckdb")),
    Tried("duckdb_without_asof", WithoutAsof, in_a_file("w.duckdb"), SEARCHES, slow=True),
    Tried("duckdb_translating", Translating, in_a_file("w.duckdb"), TRANSLATIONS, slow=True),
    Tried("duckdb_translating_all", TranslatingAll, in_a_file("w.duckdb"), TRANSLATIONS, slow=True),
    Tried("sqlite", SQLiteOnlineStore, in_a_file("o.db")),
    Tried("sqlite", SQLiteStateStore, in_a_file("s.db")),
    Tried("postgres", PostgresOfflineStore, in_a_database(), later=TRANSLATIONS),
    Tried("postgres16", PostgresOfflineStore, in_a_database(16), slow=True),
    Tried("postgres", PostgresOnlineStore, in_a_database(), later=("online.together",)),
    Tried("postgres", PostgresStateStore, in_a_database()),
)
