"""What a sync says in the store itself of what the store holds.

Under each generation of a view lies a mark: the snapshot that the store holds in full, or the one
that is being written, over which one, and how far that has come. A mark goes into the store with
the rows that it speaks of, in one batch, so that it is true at every instant.

A generation that no name leads to any more says since when: what goes by it, and when, is for
`ffc.online.generations` to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from msgspec import Struct

from ffc.adapter.online import WRITE_SCHEMA, Given, OnlineStore
from ffc.manifest.served import ServedView
from ffc.online.keys import field_of, marker_key

if TYPE_CHECKING:
    import pyarrow as pa

# A field's last bytes say the generation, its first ones the view.
GENERATION: Final = 8
_SLOT: Final = 4
# The codec of a generation that is being taken away: no ffc reads its rows, or goes on with them.
_GOING: Final = 0


class Reads(Protocol):
    """What is asked of an online store by those who only read."""

    def read(self, keys: Sequence[bytes]) -> list[dict[bytes, bytes]]:
        """Return the fields of each key, in order; raises StoreError."""


class Mark(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A snapshot, by the id of its build, in a generation of a view; `at` is its instant.

    `done` is how many rows of the difference to the snapshot `before` are in; None if all are.
    `query` tells that difference from another one, `codec` the version of the rows' bytes. `left`
    is when it was seen that no name leads to the generation.
    """

    snapshot: str
    at: str = ""
    before: str = ""
    query: str = ""
    done: int | None = None
    codec: int = 1
    left: str = ""

    @property
    def going(self) -> bool:
        """Tell whether the generation is being taken away."""
        return self.codec == _GOING

    def taken(self) -> Mark:
        """Return the mark of the generation while it is being taken away."""
        return Mark(snapshot="", codec=_GOING, left=self.left)


# What is known of rows whose mark can't be read: nothing that could be gone on with.
UNKNOWN: Final = Mark(snapshot="", done=0)


class Marks:
    """The marks of one view in a store."""

    def __init__(self, store: Reads, project: str, target: str, view: ServedView) -> None:
        self._store = store
        self._view = view
        self._names = (project, target, view.entity)

    def read(self) -> dict[int, Mark | None]:
        """Return the mark of each generation of the view's definition; None where it says none."""
        own = field_of(self._view)[:-GENERATION]
        return {
            number_of(field): mark
            for field, mark in marks_of(self._store, *self._names).items()
            if field[:-GENERATION] == own
        }

    def row(self, generation: int, mark: Mark) -> pa.RecordBatch:
        """Return the batch of one row that writes a mark."""
        view = msgspec.structs.replace(self._view, generation=generation)
        return rows_of(*self._names, {field_of(view): mark})


class Ledger(Marks):
    """The marks of one view as the sync has them that writes them.

    Each is written only over the one that it saw or wrote before: a sync that was stopped for
    longer than its lock lasts, and can't know that another one came, writes nothing old after all.
    """

    def __init__(self, store: OnlineStore, project: str, target: str, view: ServedView) -> None:
        super().__init__(store, project, target, view)
        self._writes = store
        self._seen: Mapping[bytes, bytes] = {}

    def read(self) -> dict[int, Mark | None]:
        """Return the marks, and go by them from now on."""
        (self._seen,) = self._writes.read([marker_key(*self._names)])
        return super().read()

    def write(self, generation: int, mark: Mark, rows: pa.RecordBatch | None = None) -> int:
        """Write a mark with the rows that it speaks of; return how many of these were written.

        Raises Locked where another mark is there by now, StoreError.
        """
        import pyarrow as pa

        field = field_of(msgspec.structs.replace(self._view, generation=generation))
        row = self.row(generation, mark)
        both = row if rows is None else pa.concat_batches([rows, row])
        given = Given(marker_key(*self._names), field, self._seen.get(field))
        written = self._writes.write(both, given)
        self._seen = {**self._seen, field: row.column("value")[0].as_py()}
        # The mark is one more value.
        return written - 1

    def leave(self, generation: int, at: str) -> None:
        """Note of all other generations of the view that no name leads to them; `at` is now."""
        own = field_of(msgspec.structs.replace(self._view, generation=generation))
        others = {
            field: mark or UNKNOWN
            for field, mark in marks_of(self._store, *self._names).items()
            if field[:_SLOT] == own[:_SLOT] and field != own
        }
        noted = {f: msgspec.structs.replace(m, left=at) for f, m in others.items() if not m.left}
        if noted:
            self._writes.write(rows_of(*self._names, noted))


def marks_of(store: Reads, project: str, target: str, entity: str) -> dict[bytes, Mark | None]:
    """Return the mark of each generation of any view of an entity, by field; None as above."""
    (fields,) = store.read([marker_key(project, target, entity)])
    return {field: _decoded(data) for field, data in fields.items()}


def rows_of(project: str, target: str, entity: str, marks: Mapping[bytes, Mark]) -> pa.RecordBatch:
    """Return the batch that writes marks, given by field."""
    import pyarrow as pa

    key = marker_key(project, target, entity)
    # They have no version: whoever holds the target's lock says what is true now.
    cells = [(key, field, msgspec.json.encode(mark), b"", b"") for field, mark in marks.items()]
    columns = [pa.array(column, pa.binary()) for column in zip(*cells, strict=True)]
    return pa.RecordBatch.from_arrays(columns, names=list(WRITE_SCHEMA))


def number_of(field: bytes) -> int:
    """Return the generation that a field says."""
    return int.from_bytes(field[-GENERATION:], "big")


def _decoded(data: bytes) -> Mark | None:
    """Return a mark; an ffc before this wrote the snapshot alone, and nothing while it wrote."""
    try:
        if data.startswith(b"{"):
            return msgspec.json.decode(data, type=Mark)
        return Mark(snapshot=data.decode()) if data else None
    except ValueError:
        return None
