"""What a client reads where the target's own stores can be reached."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ffc.auth import local_user
from ffc.client import described
from ffc.client.dataset import Dataset, Plan
from ffc.client.folder import Declared
from ffc.client.listings import (
    ColumnInfo,
    FeatureInfo,
    Found,
    ModelInfo,
    Related,
    TrainingSetInfo,
    ViewInfo,
)
from ffc.client.progress import Progress
from ffc.client.spine import is_query, spine_of, spooled
from ffc.client.stored import Fetched, StoredRows, forget_older
from ffc.connect.session import Session
from ffc.core.arrow import typed
from ffc.core.clock import utc_now
from ffc.core.diagnostics import listed
from ffc.core.errors import BadRequest, BadSpine
from ffc.core.types import known_type
from ffc.manifest.records import OutputColumn
from ffc.online.lookup import FeatureRequest, FeatureResponse
from ffc.run.builds import BuildFacts, deployed_model, list_builds, record_use
from ffc.run.historical import (
    HistoricalRequest,
    HistoricalRows,
    asked_keys,
    every_key,
    every_value,
    historical,
)
from ffc.run.reading import deployed_node, read_rows
from ffc.run.spines import Spine
from ffc.run.training import read_training_set
from ffc.serve.deployment import Deployment
from ffc.workspace.querying import ask_typed

if TYPE_CHECKING:
    import pyarrow as pa


class Place(Protocol):
    """Where a project lies: how its stores are opened, and what it declares."""

    @property
    def cache(self) -> Path:
        """The folder for rows that were fetched."""

    def open(self, *, writes_state: bool = False) -> AbstractContextManager[Session]:
        """Open the stores for reading; with `writes_state` what is remembered may be added to."""

    def declared(self) -> Declared:
        """Return what is declared, and what of it is built."""


@dataclass(slots=True)
class Asked:
    """Features that were asked for: how their rows are fetched, and what the columns are."""

    open: Callable[[], AbstractContextManager[HistoricalRows]]
    _columns: tuple[OutputColumn, ...] = field(default=())

    @contextmanager
    def fetch(self) -> Iterator[Fetched]:
        """Open the rows."""
        with self.open() as found:
            self._columns = _of_spine(found)
            yield Fetched(schema=found.schema, rows=found.rows, batches=found.batches)

    def columns(self) -> tuple[OutputColumn, ...]:
        """Return the columns, which are known when the rows were opened."""
        return self._columns


def _of_spine(found: HistoricalRows) -> tuple[OutputColumn, ...]:
    """Return what each column is for: the spine's keys and time, what else it has, features."""
    features = {column.name: column for column in found.features}
    columns = []
    for each in found.schema:
        if each.name in features:
            columns.append(features[each.name])
            continue
        role: Any = "key" if each.name in found.keys else "include"
        role = "timestamp" if each.name == found.timestamp else role
        columns.append(OutputColumn(name=each.name, role=role, type=str(each.type), origin="spine"))
    return tuple(columns)


@contextmanager
def _folder() -> Iterator[Path]:
    """Return a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ffc-") as folder:
        yield Path(folder)


class Local:
    """A target whose stores are opened here, one operation at a time."""

    def __init__(self, place: Place, where: str) -> None:
        self._place = place
        self._principal = local_user()
        self.where = where

    def features(self) -> list[FeatureInfo]:
        """Return the features that there are."""
        return described.features(self._place.declared())

    def views(self) -> list[ViewInfo]:
        """Return the feature views that there are."""
        return described.views(self._place.declared())

    def training_sets(self) -> list[TrainingSetInfo]:
        """Return the training sets that there are."""
        return described.training_sets(self._place.declared())

    def models(self) -> list[ModelInfo]:
        """Return the models that there are."""
        return described.models(self._place.declared())

    def builds(self, name: str) -> list[BuildFacts]:
        """Return the builds of a training set, or of any node; of all training sets without one."""
        with self._place.open() as session:
            return list_builds(session, principal=self._principal, node=name)

    def columns(self, name: str) -> list[ColumnInfo]:
        """Return the columns of a node."""
        return described.columns(self._place.declared().manifest, name)

    def search(self, text: str) -> list[Found]:
        """Return what a text is found in."""
        return described.search(self._place.declared().manifest, text)

    def lineage(self, name: str) -> list[Related]:
        """Return what is around a node or a column."""
        return described.lineage(self._place.declared().manifest, name)

    def newest(
        self,
        features: Sequence[str] | None,
        entities: Sequence[Mapping[str, Any]],
        training_set: str | None,
        metadata: bool,
    ) -> FeatureResponse:
        """Return the newest values from the online store."""
        request = FeatureRequest(
            features=None if features is None else list(features),
            training_set=training_set,
            entities=[dict(entity) for entity in entities],
            metadata=metadata,
        )
        with self._place.open() as session:
            reader = Deployment(session).reader()
            return reader.read(request, utc_now(), principal=self._principal)

    def training_set(
        self, name: str, build: str | None, model: str | None, progress: Progress
    ) -> Dataset:
        """Return a build of a training set: its rows are fetched when they are first asked for."""
        with self._place.open(writes_state=model is not None) as session:
            if model is not None:
                deployed_model(session, model, principal=self._principal)
            found = read_training_set(
                session, name, principal=self._principal, limit=0, build=build
            )
            if model is not None:
                record_use(session, model, found.build, principal=self._principal)
        pinned = found.build.id

        @contextmanager
        def fetch() -> Iterator[Fetched]:
            with self._place.open() as session:
                rows = read_training_set(session, name, principal=self._principal, build=pinned)
                schema, batches = rows.typed()
                yield Fetched(schema=schema, rows=rows.build.rows, batches=batches)
            forget_older(self._place.cache, found.name, path)

        path = self._place.cache / f"{found.name}.{pinned}.arrow"
        return Dataset(
            StoredRows(path, fetch, progress), Plan(name=found.name, columns=found.columns)
        )

    def rows(self, name: str, limit: int | None) -> pa.Table:
        """Return the rows of a node's good build."""
        import pyarrow as pa

        with self._place.open() as session:
            found = deployed_node(session, name, principal=self._principal)
            rows = read_rows(session, found, limit, principal=self._principal)
            types = {c.name: known_type(c.type) if c.type else None for c in found.node.columns}
            kinds = {column: types.get(column) for column in rows.schema.names}
            schema, batches = typed(rows.batches, kinds)
            return pa.Table.from_batches(batches, schema)

    def entities(self, view: str) -> Asked:
        """Return the newest features of every key of a view, as of now."""

        @contextmanager
        def open() -> Iterator[HistoricalRows]:
            with self._place.open() as session, _folder() as folder:
                keys = every_key(session, view, utc_now(), principal=self._principal)
                spine = spooled(keys.schema, keys.batches, folder)
                request = HistoricalRequest(features=[f"{view}.*"], timestamp=keys.timestamp)
                with historical(session, spine, request, principal=self._principal) as found:
                    yield found

        return Asked(open)

    def historical(self, given: object, request: HistoricalRequest) -> Asked:
        """Return features as they were known at the instants of a spine."""

        @contextmanager
        def open() -> Iterator[HistoricalRows]:
            with self._place.open() as session, _folder() as folder:
                spine, asked = self._spine(session, given, request, folder)
                with historical(session, spine, asked, principal=self._principal) as found:
                    yield found

        return Asked(open)

    def _spine(
        self, session: Session, given: object, request: HistoricalRequest, folder: Path
    ) -> tuple[Spine, HistoricalRequest]:
        if isinstance(given, Mapping):
            return self._between(session, given, request, folder)
        if is_query(given):
            asked = ask_typed(session, str(given), "spine", None, principal=self._principal)
            return spooled(asked.schema, asked.batches, folder), request
        if given is None:
            raise BadSpine("no spine is given", help=["a spine is a table of keys and times"])
        types = partial(asked_keys, session, request, principal=self._principal)
        return spine_of(given, folder, types), request

    def _between(
        self,
        session: Session,
        given: Mapping[Any, Any],
        request: HistoricalRequest,
        folder: Path,
    ) -> tuple[Spine, HistoricalRequest]:
        words = ("view", "from", "to")
        if set(given) != set(words):
            message = f"a spine of a view has {listed(words)}"
            hints = ["what holds columns is given as a DataFrame, or an Arrow table"]
            raise BadRequest(message, field="spine", help=hints)
        found = every_value(
            session, str(given["view"]), given["from"], given["to"], principal=self._principal
        )
        spine = spooled(found.schema, found.batches, folder)
        features = request.features or [f"{given['view']}.*"]
        asked = replace(request, features=features, own=found.view, timestamp=found.timestamp)
        return spine, asked
