"""The tables of one view's newest rows in the warehouse, each named by the build that it is.

The first one is made whole. Every later one is the one before it with what changed: the changes are
a table of their own while they are written online, and then become part of the snapshot at one
stroke, which takes the new name. So the name says whether they are in.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

import msgspec
from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.types import known_type
from ffc.manifest.names import physical_name
from ffc.manifest.records import FeatureView
from ffc.online.marks import Mark
from ffc.sql import relations
from ffc.sql.difference import advanced, difference, in_order
from ffc.sql.history import newest, waiting
from ffc.sql.types import literal

_WHOLE: Final = "online"
_CHANGES: Final = "syncing"


def is_of(table: str, builds: Collection[str]) -> bool:
    """Tell whether a table is the snapshot of one of some builds, or what changes to one."""
    kind, build = table.partition("_")[0], table.rpartition("_")[2]
    return kind in (_WHOLE, _CHANGES) and build in builds


class Snapshots:
    """The snapshots of one view; `history` is where its rows lie."""

    def __init__(self, warehouse: Warehouse, view: FeatureView, history: Relation) -> None:
        self._warehouse = warehouse
        self._view = view
        self._parents = {view.id: history}
        types = {column.name: column.type for column in view.columns}
        self._keys = {key: known_type(types[key]) for key in view.keys}
        self._values = [f"__feature_{index}" for index in range(len(view.features))]

    def relation(self, build_id: str) -> Relation:
        """Return the table of a snapshot."""
        return self._named(_WHOLE, build_id)

    def usable(self, mark: Mark, existing: Collection[str]) -> Mark | None:
        """Return what a mark still says by the tables that are there; None if it is nothing.

        Changes that are in the snapshot were all in the store before.
        """
        if self.relation(mark.snapshot).name in existing:
            return msgspec.structs.replace(mark, done=None) if mark.before else mark
        needed = (self._changes(mark.snapshot).name, self.relation(mark.before).name)
        return mark if mark.done is not None and all(n in existing for n in needed) else None

    def make(self, build_id: str, before: str, now: datetime) -> None:
        """Make a snapshot of the newest rows as of an instant, or what changed since the last."""
        query = newest(self._view, _instant(now), self._inclusive, self._view.online_as_known)
        table = self.relation(build_id)
        if before:
            old = table_of(self.relation(before))
            query = difference(query.subquery(), old, self._keys, self._values)
            table = self._changes(build_id)
        text = self._warehouse.bound(self._warehouse.text(query), self._parents)
        self._warehouse.create(table, "TABLE", text)

    def waiting(self, now: datetime) -> int:
        """Return how many rows are newer than an instant."""
        query = waiting(self._view, _instant(now), self._inclusive, self._view.online_as_known)
        if query is None:
            return 0
        (row,) = self._warehouse.rows(query, self._parents)
        return int(str(row["waiting"]))

    def rows(self, build_id: str, before: str) -> exp.Select:
        """Return what is to be written for a snapshot, the same at any time."""
        if before:
            return in_order(table_of(self._changes(build_id)), self._keys)
        return difference(table_of(self.relation(build_id)), None, self._keys, self._values)

    def advance(self, build_id: str, before: str) -> None:
        """Make a snapshot of the one before it and of what changed; nothing of a first one."""
        if not before:
            return
        old, new = table_of(self.relation(before)), table_of(self.relation(build_id))
        changes = table_of(self._changes(build_id))
        whole, delete, insert, rename = advanced(old, changes, new, self._keys, self._values)
        drop = relations.drop(changes, "TABLE")
        if self._warehouse.store.capabilities.transactional_ddl:
            self._warehouse.do(delete, insert, rename, drop)
            return
        self._warehouse.create(self.relation(build_id), "TABLE", self._warehouse.text(whole))
        self._warehouse.do(drop)
        self._warehouse.do(relations.drop(old, "TABLE"))

    def forget(self, build_id: str, before: str) -> None:
        """Drop what `make` made."""
        made = self._changes(build_id) if before else self.relation(build_id)
        self._warehouse.drop(made, "TABLE")

    def count(self, build_id: str) -> int:
        """Return how many keys a snapshot has."""
        return self._warehouse.count(self.relation(build_id))

    @property
    def _inclusive(self) -> bool:
        return self._view.online_boundary == "inclusive"

    def _changes(self, build_id: str) -> Relation:
        return self._named(_CHANGES, build_id)

    def _named(self, kind: str, build_id: str) -> Relation:
        name = physical_name(self._view, build_id).replace("feature_view", kind, 1)
        return Relation(self._warehouse.builds_schema, name)


def _instant(now: datetime) -> exp.Expr:
    text = now.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    return literal(text, known_type("timestamp"))
