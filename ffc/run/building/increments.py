"""A batch of rows into a table: staged beside it, compared, checked, then put in at one stroke.

The table and a line in the journal change in one transaction, so that whoever comes after a crash
can tell whether the batch is in: `recovered` tells the builds that the state store doesn't know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import Struct
from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build, Lease, Pointer, StateStore
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.errors import FfcError
from ffc.manifest.names import PUBLISHED
from ffc.manifest.upgrades import decode_node
from ffc.sql import increments, journal

# What stands beside a table: the batch, what it changes, a look ahead; and on the way to the batch
# what a snapshot's query gives, and the instants of a history that are made anew.
BATCH: Final = "batch"
CHANGES: Final = "changes"
AHEAD: Final = "ahead"
ROWS: Final = "rows"
INSTANTS: Final = "instants"
_PASSING: Final = ((AHEAD, "VIEW"), (BATCH, "TABLE"), (ROWS, "TABLE"), (INSTANTS, "TABLE"))


class Journalled(Struct, frozen=True, kw_only=True):
    """A build whose rows are in, and the definition that it was made by."""

    build: Build
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Increment:
    """A batch that stands beside a table, compared with the rows that it replaces.

    `columns` are (name, native type) as they will be, `known` the names that the table has now.
    """

    warehouse: Warehouse
    before: Build
    build_id: str
    columns: Sequence[tuple[str, str]]
    known: Sequence[str]
    added: int
    removed: int

    @property
    def is_empty(self) -> bool:
        """Tell whether the batch changes nothing."""
        return not self.added and not self.removed and len(self.columns) == len(self.known)

    @property
    def ahead(self) -> Relation:
        """The view of the table as it will be."""
        return self.warehouse.aside(AHEAD, self.build_id)

    def apply(self, build: Build, definition: bytes) -> None:
        """Put the batch in, and note it in the journal; both or neither."""
        table = table_of(Relation(*self.before.relation))
        batch, changed = (
            table_of(self.warehouse.aside(name, self.build_id)) for name in (BATCH, CHANGES)
        )
        names = [name for name, _ in self.columns]
        added = [
            increments.add_column(table, name, exp.DataType.build(kind, dialect="duckdb"))
            for name, kind in self.columns
            if name not in self.known
        ]
        line = Journalled(build=build, definition=definition.decode())
        text = msgspec.json.encode(line).decode()
        lines = table_of(self.warehouse.journal)
        self.warehouse.do(
            *added,
            *increments.replace(table, batch, changed, names),
            *journal.write(lines, self.before.relation[1], self.before.id, build.id, text),
        )


def tidy(warehouse: Warehouse, build_id: str, *, changes: bool = True) -> None:
    """Drop what stands beside a build; what it changed is kept where histories go on from it."""
    passing = (*_PASSING, (CHANGES, "TABLE")) if changes else _PASSING
    for name, kind in passing:
        try:
            warehouse.drop(warehouse.aside(name, build_id), kind)
        except FfcError:
            # What happened before this is what counts; `clean` takes what is left.
            return


def staged(
    warehouse: Warehouse,
    before: Build,
    build_id: str,
    columns: Sequence[tuple[str, str]],
    known: Sequence[str],
    scope: Callable[[exp.Select, exp.Table], exp.Select],
) -> Increment:
    """Compare a batch, which stands as `batch_<build id>`, with the rows that it replaces.

    `scope` is given the table's rows, with all columns, and the batch.
    """
    names = [name for name, _ in columns]
    batch, changed = (warehouse.aside(name, build_id) for name in (BATCH, CHANGES))
    rows = increments.aligned(table_of(Relation(*before.relation)), columns, known)
    replaced = scope(rows.copy(), table_of(batch))
    query = increments.changes(table_of(batch), replaced, names)
    warehouse.create(changed, "TABLE", warehouse.text(query))
    (found,) = warehouse.rows(increments.counts(table_of(changed)))
    future = increments.ahead(rows, table_of(batch), table_of(changed), names)
    warehouse.create(warehouse.aside(AHEAD, build_id), "VIEW", warehouse.text(future))
    return Increment(
        warehouse=warehouse,
        before=before,
        build_id=build_id,
        columns=columns,
        known=known,
        added=int(str(found["added"])),
        removed=int(str(found["removed"])),
    )


def recovered(warehouse: Warehouse, pointers: Mapping[str, Pointer]) -> list[Journalled]:
    """Return the builds whose rows are in and that no pointer knows of: a process died between."""
    text = exp.select("document").from_(table_of(warehouse.journal))
    found = [
        msgspec.json.decode(str(row["document"]), type=Journalled) for row in warehouse.rows(text)
    ]
    behind = {p.build.id: p for p in pointers.values()}
    return [
        line
        for line in found
        if line.build.previous in behind
        and behind[line.build.previous].build.relation == line.build.relation
    ]


def adopt(warehouse: Warehouse, state: StateStore, lease: Lease, target: str) -> dict[str, Pointer]:
    """Record the builds whose rows are in, as whoever died would have; return the pointers."""
    pointers = state.pointers(target)
    for line in recovered(warehouse, pointers):
        definition = line.definition.encode()
        node = decode_node(definition)
        if node.kind in PUBLISHED:
            warehouse.publish((node, Relation(*line.build.relation)))
        state.finish_build(lease, target, line.build, definition)
        pointers = state.pointers(target)
    return pointers
