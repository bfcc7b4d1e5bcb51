"""Build one node: make it under a new name, check it, publish it, point to it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ffc.adapter.offline import Load, Relation
from ffc.adapter.state import Build, Lease, NodeRun, Pointer, StateStore
from ffc.connect.warehouse import Warehouse, random_build_id
from ffc.core.clock import Clock, stamp
from ffc.core.errors import DataError, FfcError
from ffc.core.types import known_type
from ffc.manifest.names import PUBLISHED
from ffc.manifest.records import (
    AnyNode,
    Entity,
    FeatureView,
    Label,
    Plan,
    Source,
    TrainingSet,
    Transformation,
)
from ffc.sql.history import duplicates
from ffc.sql.learning import asked_too_early
from ffc.sql.point_in_time import unshared


@dataclass(slots=True, kw_only=True)
class Building:
    """What it takes to build nodes of one target."""

    warehouse: Warehouse
    state: StateStore
    lease: Lease
    target: str
    folder: Path
    clock: Clock
    existing: set[str]
    pointers: dict[str, Pointer]
    definitions: Mapping[tuple[str, str], bytes]
    build_id: Callable[[], str] = random_build_id
    broken: set[str] = field(default_factory=set)

    def build(self, node: AnyNode) -> NodeRun:
        """Build a node, or say why not; a failure is a result, never an exception of ours."""
        failed = sorted(self.broken & set(node.depends_on))
        if failed:
            self.broken.add(node.id)
            return NodeRun(
                id=node.id, action="build", status="skipped", reason=f"{failed[0]} failed"
            )
        started = time.perf_counter()
        try:
            result = self._build(node)
        except FfcError as problem:
            self.broken.add(node.id)
            result = NodeRun.failed(node.id, "build", problem)
        return msgspec.structs.replace(result, seconds=round(time.perf_counter() - started, 6))

    def _build(self, node: AnyNode) -> NodeRun:
        files = self._files(node) if isinstance(node, Source) else []
        inputs = self._inputs(node, files)
        before = self.pointers.get(node.id)
        if before is not None and self._same(before, node, inputs):
            self._redefine(node)
            return _result(node, before.build, "unchanged", attempts=0)
        build_id = self.build_id()
        relation = self.warehouse.relation(node, build_id)
        kind = _kind(node)
        try:
            self._make(node, relation, kind, files)
            rows = None if kind == "VIEW" else self.warehouse.count(relation)
            self._check(node, relation, rows)
        except BaseException:
            self._discard(relation, kind)
            raise
        build = Build(
            id=build_id,
            node=node.id,
            fingerprint=node.data_fingerprint,
            relation=(relation.schema, relation.name),
            inputs=inputs,
            rows=rows,
            created=stamp(self.clock()),
        )
        # The view first: a crash between the two leaves a build that is not pointed to, and the
        # next run makes and publishes it anew.
        if node.kind in PUBLISHED:
            self.warehouse.publish(node, relation)
        self.state.finish_build(self.lease, self.target, build, msgspec.json.encode(node))
        self.existing.add(relation.name)
        self.pointers[node.id] = Pointer(
            target=self.target, node=node.id, definition=node.data_fingerprint, build=build
        )
        warning = self._unlearned(node) if isinstance(node, TrainingSet) else ""
        return _result(node, build, "warn" if warning else "success", attempts=1, reason=warning)

    def _redefine(self, node: AnyNode) -> None:
        """Words, owners and where a view is served change without a new build."""
        definition = msgspec.json.encode(node)
        if self.definitions.get((node.id, node.data_fingerprint)) != definition:
            self.state.redefine(self.lease, node.id, node.data_fingerprint, definition)

    def _unlearned(self, node: TrainingSet) -> str:
        """Warn where most rows ask before anything of a view was learned, as after a bulk load."""
        parents = self._relations([node.label, *(view.view for view in node.plan.views)])
        for view in node.plan.views:
            if not (view.as_known and view.created and node.plan.timestamp):
                continue
            (row,) = self.warehouse.rows(asked_too_early(node.plan, view), parents)
            asked, early = int(str(row["asked"])), int(str(row["early"]))
            if 2 * early > asked:
                return (
                    f"{early:,} of {asked:,} label rows ask before the first `{view.created}` of "
                    f"`{view.view.partition('.')[2]}`: they get no value, since nothing had been "
                    "learned. If a first bulk load stamped every row with its own time, put the "
                    "true times there, or say `as_known: false`"
                )
        return ""

    def _discard(self, relation: Relation, kind: str) -> None:
        try:
            self.warehouse.drop(relation, kind)
        except FfcError:
            # The failure that led here is what the user must read; `clean` takes what is left.
            return

    def _same(self, before: Pointer, node: AnyNode, inputs: dict[str, str]) -> bool:
        return (
            before.definition == node.data_fingerprint
            and dict(before.build.inputs) == inputs
            and before.build.relation[1] in self.existing
        )

    def _files(self, node: Source) -> list[Path]:
        found = sorted(p for p in self.folder.glob(node.file) if p.is_file())
        if not found:
            message = f"no file matches `{node.file}` of the source `{node.name}`"
            raise DataError(message, help=["the path is taken from the project's folder"])
        return found

    def _inputs(self, node: AnyNode, files: Iterable[Path]) -> dict[str, str]:
        inputs = {
            parent: self.pointers[parent].build.id
            for parent in node.depends_on
            if parent in self.pointers
        }
        if isinstance(node, Transformation):
            inputs["materialized"] = node.materialized
        return inputs | {p.relative_to(self.folder).as_posix(): _digest(p) for p in files}

    def _relations(self, nodes: Iterable[str]) -> dict[str, Relation]:
        return {
            node: Relation(*self.pointers[node].build.relation)
            for node in nodes
            if node in self.pointers
        }

    def _make(self, node: AnyNode, relation: Relation, kind: str, files: list[Path]) -> None:
        if isinstance(node, Source):
            columns = [(column.name, known_type(column.type)) for column in node.columns]
            self.warehouse.load(
                Load(
                    relation=relation,
                    files=[str(path) for path in files],
                    format=node.format,
                    columns=columns,
                    timezone=node.timezone,
                )
            )
        elif not isinstance(node, Entity):
            sql = node.sql
            if isinstance(node, TrainingSet):
                sql = self._training_query(node)
            elif isinstance(node, Transformation):
                sql = node.target_sql or node.sql
            query = self.warehouse.bound(sql, self._relations(node.depends_on))
            self.warehouse.create(relation, kind, query)

    def _training_query(self, node: TrainingSet) -> str:
        builds = {node: pointer.build for node, pointer in self.pointers.items()}
        if built_alike(node.plan, builds):
            return node.sql
        return self.warehouse.training_query(unshared(node.plan))

    def _check(self, node: AnyNode, relation: Relation, rows: int | None) -> None:
        if isinstance(node, FeatureView) and not node.event_time:
            found = self.warehouse.rows(duplicates(node), {node.id: relation})
            if found:
                raise _two_rows(node, found)
        if isinstance(node, TrainingSet):
            label = self.warehouse.count(Relation(*self.pointers[node.label].build.relation))
            if label != rows:
                raise DataError(
                    f"`{node.name}` has {rows} rows, but its label has {label}: not published",
                    help=["this should never happen: please report it with the compiled SQL"],
                )


def built_alike(plan: Plan, builds: Mapping[str, Build]) -> bool:
    """Tell whether views that share their instants were made of the same rows.

    A view whose build is older than that of the view that is searched lacks its newest instants.
    """
    pairs = ((builds[view.view], builds[view.searched]) for view in plan.views)
    return all(dict(own.inputs) == dict(other.inputs) for own, other in pairs)


def _two_rows(node: FeatureView, found: list[dict[str, object]]) -> DataError:
    shown = [
        ", ".join(f"{key} = {row[key]!r}" for key in node.keys) + f" ({row['__rows']} rows)"
        for row in found
    ]
    return DataError(
        f"the static view `{node.name}` has more than one row for a key",
        help=[
            *shown,
            "a view without `timestamp` holds one row for each key: deduplicate its source, or "
            "say when each row became true",
        ],
    )


def _kind(node: AnyNode) -> str:
    view = isinstance(node, Label) or (
        isinstance(node, Transformation) and node.materialized == "view"
    )
    return "VIEW" if view else "TABLE"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _result(node: AnyNode, build: Build, status: str, attempts: int, reason: str = "") -> NodeRun:
    return NodeRun(
        id=node.id,
        action="build",
        status=status,
        reason=reason,
        attempts=attempts,
        rows={} if build.rows is None else {"out": build.rows},
        relation=".".join(build.relation),
        build=build.id,
    )
