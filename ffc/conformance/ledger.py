"""Which scratch prefixes an online store has, said in the store: its keys can't be listed."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

import msgspec

from ffc.adapter import WRITE_SCHEMA, OnlineStore
from ffc.conformance.scratch import PREFIX
from ffc.online.keys import prefix_of

if TYPE_CHECKING:
    import pyarrow as pa

# No key of a project begins so: it has a target and an entity behind its name.
KEY: Final = prefix_of(PREFIX)


class Ledger:
    """The prefixes by name, each with the fields that something was written under.

    A field is noted before anything is written under it, so that a run that is killed at any
    instant leaves nothing that nobody can find.
    """

    def __init__(self, store: OnlineStore) -> None:
        self._store = store
        self._known: set[bytes] = set()
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Return the names of the prefixes that are there."""
        (fields,) = self._store.read([KEY])
        return [field.decode() for field in fields]

    def note(self, name: str, fields: Collection[bytes]) -> None:
        """Say that something is written under fields of a prefix."""
        with self._lock:
            if self._known.issuperset(fields):
                return
            self._known.update(fields)
            told = msgspec.json.encode(sorted(field.hex() for field in self._known))
            self._store.write(one_batch([(KEY, name.encode(), told, b"", b"")]))

    def clear(self, name: str) -> None:
        """Take away what was written under a prefix, then what is said of it."""
        (fields,) = self._store.read([KEY])
        told = fields.get(name.encode())
        if told is None:
            return
        for field in msgspec.json.decode(told, type=list[str]):
            for _ in self._store.remove(prefix_of(name), bytes.fromhex(field)):
                pass
        for _ in self._store.remove(KEY, name.encode()):
            pass


Row = tuple[bytes | None, bytes | None, bytes | None, bytes | None, bytes | None]


def one_batch(rows: Iterable[Row], names: Iterable[str] = WRITE_SCHEMA) -> pa.RecordBatch:
    """Return rows of key, field, value, version and expected version as a batch of writes."""
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [()] * len(WRITE_SCHEMA)
    by_name = dict(zip(WRITE_SCHEMA, columns, strict=True))
    arrays = [pa.array(by_name[name], pa.binary()) for name in names]
    return pa.RecordBatch.from_arrays(arrays, names=list(names))
