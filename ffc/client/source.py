"""What a client asks of where it reads from: a project's folder, a manifest, a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ffc.client.dataset import Dataset
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
from ffc.client.stored import Fetched
from ffc.manifest.records import OutputColumn
from ffc.online.requests import FeatureRequest, FeatureResponse
from ffc.run.looking.builds import BuildFacts
from ffc.run.point_in_time.historical import HistoricalRequest

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(slots=True)
class Asked:
    """Features that were asked for: how their rows are fetched, and what the columns are."""

    open: Callable[[], AbstractContextManager[tuple[Fetched, tuple[OutputColumn, ...]]]]
    columns: tuple[OutputColumn, ...] = ()

    @contextmanager
    def fetch(self) -> Iterator[Fetched]:
        """Open the rows; `columns` are known then."""
        with self.open() as (found, self.columns):
            yield found


class Source(Protocol):
    """Somewhere to read from; `where` says it to people."""

    where: str

    def features(self) -> list[FeatureInfo]:
        """Return the features that there are."""

    def views(self) -> list[ViewInfo]:
        """Return the feature views that there are."""

    def training_sets(self) -> list[TrainingSetInfo]:
        """Return the training sets that there are."""

    def models(self) -> list[ModelInfo]:
        """Return the models that there are."""

    def builds(self, name: str) -> list[BuildFacts]:
        """Return the builds of a node; of all training sets without a name."""

    def columns(self, name: str) -> list[ColumnInfo]:
        """Return the columns of a node; raises NotFound."""

    def search(self, text: str) -> list[Found]:
        """Return what a text is found in."""

    def lineage(self, name: str) -> list[Related]:
        """Return what is around a node or a column; raises NotFound."""

    def newest(self, request: FeatureRequest) -> FeatureResponse:
        """Return the newest values of features."""

    def training_set(
        self, name: str, build: str | None, model: str | None, progress: Progress
    ) -> Dataset:
        """Return a build of a training set; raises NotFound."""

    def rows(self, name: str, limit: int | None) -> pa.Table:
        """Return the rows of a node's good build; raises NotFound."""

    def entities(self, view: str) -> Asked:
        """Return the newest features of every key of a view."""

    def historical(self, given: object, request: HistoricalRequest) -> Asked:
        """Return features as they were known at the instants of a spine."""
