"""Stores in a database of PostgreSQL, and the least that is put into them."""

from __future__ import annotations

from typing import Any

from support.stores import Stores, a_batch


def database_of(stores: Stores) -> str:
    return str(stores.values["dbname"])


def one(value: bytes = b"1") -> Any:
    return a_batch((b"a", b"f", value, b"v", None))
