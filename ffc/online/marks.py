"""What a sync says in the store itself of what the store holds.

Under each generation of a view lies a mark: the snapshot that the store holds in full, or the one
that is being written, over which one, and how far that has come. A mark goes into the store with
the rows that it speaks of, in one batch, so that it is true at every instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

from ffc.adapter.online import WRITE_SCHEMA
from ffc.manifest.records import ServedView
from ffc.online.keys import field_of, marker_key

if TYPE_CHECKING:
    import pyarrow as pa

# A field's last bytes, which say the generation.
_GENERATION = 8


class Reads(Protocol):
    """What is asked of an online store by those who only read."""

    def read(self, keys: Sequence[bytes]) -> list[dict[bytes, bytes]]:
        """Return the fields of each key, in order; raises StoreError."""


class Mark(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A snapshot, by the id of its build, in a generation of a view; `at` is its instant.

    `done` is how many rows of the difference to the snapshot `before` are in; None if all are.
    `query` tells that difference from another one, `codec` the version of the rows' bytes.
    """

    snapshot: str
    at: str = ""
    before: str = ""
    query: str = ""
    done: int | None = None
    codec: int = 1


class Marks:
    """The marks of one view in a store."""

    def __init__(self, store: Reads, project: str, target: str, view: ServedView) -> None:
        self._store = store
        self._view = view
        self._key = marker_key(project, target, view.entity)

    def read(self) -> dict[int, Mark | None]:
        """Return the mark of each generation of the view's definition; None where it says none."""
        (fields,) = self._store.read([self._key])
        own = field_of(self._view)[:-_GENERATION]
        return {
            int.from_bytes(field[-_GENERATION:], "big"): _decoded(data)
            for field, data in fields.items()
            if field[:-_GENERATION] == own
        }

    def row(self, generation: int, mark: Mark) -> pa.RecordBatch:
        """Return the batch of one row that writes a mark."""
        import pyarrow as pa

        view = msgspec.structs.replace(self._view, generation=generation)
        # It has no version: whoever holds the target's lock says what is true now.
        cells = (self._key, field_of(view), msgspec.json.encode(mark), b"", b"")
        columns = [pa.array([cell], pa.binary()) for cell in cells]
        return pa.RecordBatch.from_arrays(columns, names=list(WRITE_SCHEMA))


def _decoded(data: bytes) -> Mark | None:
    """Return a mark; an ffc before this wrote the snapshot alone, and nothing while it wrote."""
    try:
        if data.startswith(b"{"):
            return msgspec.json.decode(data, type=Mark)
        return Mark(snapshot=data.decode()) if data else None
    except ValueError:
        return None
