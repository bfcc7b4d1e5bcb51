"""What a client reads where the target's own stores can be reached."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

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
from ffc.client.newest import Newest
from ffc.client.progress import Progress
from ffc.client.source import Asked
from ffc.client.spine import is_query, spine_of
from ffc.client.stored import Fetched, StoredRows, forget_older
from ffc.connect.session import Session
from ffc.core.clock import utc_now
from ffc.manifest.records import OutputColumn
from ffc.online.requests import FeatureRequest, FeatureResponse
from ffc.run.looking.builds import BuildFacts, list_builds, train_on
from ffc.run.looking.reading import typed_rows
from ffc.run.point_in_time.historical import (
    HistoricalRequest,
    HistoricalRows,
    asked_keys,
    historical,
)
from ffc.run.point_in_time.lookups import columns_of, newest_of_every_key, spooled, values_between
from ffc.run.point_in_time.spines import Spine
from ffc.run.point_in_time.training import read_training_set
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

    def settings(self) -> object:
        """Return what tells the settings that hold now from others."""

    def declared(self) -> Declared:
        """Return what is declared, and what of it is built."""


class Local:
    """A target whose stores are opened here, one operation at a time."""

    def __init__(self, place: Place, where: str) -> None:
        self._place = place
        self._principal = local_user()
        self._newest = Newest(place)
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

    def newest(self, request: FeatureRequest) -> FeatureResponse:
        """Return the newest values from the online store."""
        return self._newest.reader().read(request, utc_now(), principal=self._principal)

    def training_set(
        self, name: str, build: str | None, model: str | None, progress: Progress
    ) -> Dataset:
        """Return a build of a training set: its rows are fetched when they are first asked for."""
        if model is not None:
            with self._place.open(writes_state=True) as session:
                build = train_on(session, model, name, build, principal=self._principal).id
        with self._place.open() as session:
            found = read_training_set(
                session, name, principal=self._principal, limit=0, build=build
            )
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
            schema, batches = typed_rows(session, name, limit, principal=self._principal)
            return pa.Table.from_batches(batches, schema)

    def entities(self, view: str) -> Asked:
        """Return the newest features of every key of a view, as of now."""

        @contextmanager
        def open() -> Iterator[tuple[Fetched, tuple[OutputColumn, ...]]]:
            with (
                self._place.open() as session,
                newest_of_every_key(session, view, principal=self._principal) as found,
            ):
                yield _fetched(found)

        return Asked(open)

    def historical(self, given: object, request: HistoricalRequest) -> Asked:
        """Return features as they were known at the instants of a spine."""

        @contextmanager
        def open() -> Iterator[tuple[Fetched, tuple[OutputColumn, ...]]]:
            with self._place.open() as session, self._rows(session, given, request) as found:
                yield _fetched(found)

        return Asked(open)

    @contextmanager
    def _rows(
        self, session: Session, given: object, request: HistoricalRequest
    ) -> Iterator[HistoricalRows]:
        if isinstance(given, Mapping):
            with values_between(session, given, request, principal=self._principal) as found:
                yield found
            return
        with tempfile.TemporaryDirectory(prefix="ffc-") as folder:
            spine = self._spine(session, given, request, Path(folder))
            with historical(session, spine, request, principal=self._principal) as found:
                yield found

    def _spine(
        self, session: Session, given: object, request: HistoricalRequest, folder: Path
    ) -> Spine:
        if is_query(given):
            asked = ask_typed(session, str(given), "spine", None, principal=self._principal)
            return spooled(asked.schema, asked.batches, folder)
        types = partial(asked_keys, session, request, principal=self._principal)
        return spine_of(given, folder, types)


def _fetched(found: HistoricalRows) -> tuple[Fetched, tuple[OutputColumn, ...]]:
    rows = Fetched(schema=found.schema, rows=found.rows, batches=found.batches)
    return rows, columns_of(found)
