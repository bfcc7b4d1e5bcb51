"""The client: what there is, training sets, features of any keys and times, the newest values."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ffc.auth import local_user
from ffc.client.dataset import Dataset, Plan
from ffc.client.folder import BareManifest, ProjectFolder
from ffc.client.frames import as_frame, check_backend
from ffc.client.listings import (
    ColumnInfo,
    FeatureInfo,
    Found,
    Listing,
    ModelInfo,
    Related,
    TrainingSetInfo,
    ViewInfo,
)
from ffc.client.local import Local
from ffc.client.progress import progress_of
from ffc.client.source import Asked, Source
from ffc.client.stored import Scratch, StoredRows
from ffc.online.requests import FeatureRequest, FeatureResponse
from ffc.run.looking.builds import BuildFacts
from ffc.run.point_in_time.historical import HistoricalRequest
from ffc.run.point_in_time.spines import FIND


class FeatureListing(Listing[FeatureInfo]):
    """The features that there are; called, it answers with their newest values."""

    def __init__(
        self,
        items: Callable[[], Sequence[FeatureInfo]],
        ask: Callable[[FeatureRequest], FeatureResponse],
    ) -> None:
        super().__init__("features", items, ("name", "type", "entity", "built", "description"))
        self._ask = ask

    def __call__(
        self,
        features: Sequence[str] | None = None,
        entities: Sequence[Mapping[str, Any]] = (),
        *,
        training_set: str | None = None,
        model: str | None = None,
        metadata: bool = True,
    ) -> FeatureResponse:
        """Return the newest values of features, of a training set's or of a model's, of entities.

        The answer is that of `POST /v1/features`. Raises BadRequest for what can't be asked.
        """
        request = FeatureRequest(
            features=None if features is None else list(features),
            training_set=training_set,
            model=model,
            entities=[dict(entity) for entity in entities],
            metadata=metadata,
        )
        return self._ask(request)

    async def ask(
        self,
        features: Sequence[str] | None = None,
        entities: Sequence[Mapping[str, Any]] = (),
        *,
        training_set: str | None = None,
        model: str | None = None,
        metadata: bool = True,
    ) -> FeatureResponse:
        """Return the same for `await`, while others have their turn."""
        import asyncio

        ask = partial(self, training_set=training_set, model=model, metadata=metadata)
        return await asyncio.to_thread(ask, features, entities)


class Client:
    """Reads what a project built: from its folder, from a bare manifest, or from a server.

    `project_or_url` is a folder in a project, a `manifest.json`, or the address of `ffc serve`;
    `target` is one of profiles.yml; `token` is for servers that ask for one. `progress` shows how
    far long reads have come; None: where somebody looks on. Every method raises errors of
    `ffc.errors`, with the codes of the command line.
    """

    def __init__(
        self,
        project_or_url: str | Path = ".",
        *,
        target: str | None = None,
        token: str | None = None,
        profiles_dir: str | Path | None = None,
        progress: bool | None = None,
    ) -> None:
        self._source = _source(str(project_or_url), target, token, profiles_dir)
        self._principal = local_user()
        self._progress = progress
        self._scratch = Scratch()
        self._numbers = itertools.count(1)

    # What there is

    @property
    def features(self) -> FeatureListing:
        """The features of all views; `client.features([...], entities=[...])` asks for values."""
        return FeatureListing(self._source.features, self._source.newest)

    @property
    def views(self) -> Listing[ViewInfo]:
        """The feature views."""
        shown = ("name", "entity", "timestamp", "rows", "built", "description")
        return Listing("feature views", self._source.views(), shown)

    @property
    def training_sets(self) -> Listing[TrainingSetInfo]:
        """The training sets, each with its newest build."""
        shown = ("name", "label", "rows", "build", "built", "description")
        return Listing("training sets", self._source.training_sets(), shown)

    @property
    def models(self) -> Listing[ModelInfo]:
        """The models, and what each asks for."""
        shown = ("name", "training_set", "features", "owner", "description")
        return Listing("models", self._source.models(), shown)

    def builds(self, name: str = "") -> Listing[BuildFacts]:
        """Return the builds of a training set, or of anything else; without a name of all sets.

        The newest comes first: who made it, when, of which manifest and commit, how many rows, a
        hash of what is in them, which models used it.
        """
        shown = ("id", "node", "created", "principal", "commit", "rows", "current", "models")
        return Listing("builds", self._source.builds(name), shown)

    def columns(self, name: str) -> Listing[ColumnInfo]:
        """Return the columns of anything that has a name; raises NotFound."""
        shown = ("name", "type", "role", "tags", "comes_from")
        return Listing(f"columns of {name}", self._source.columns(name), shown)

    def search(self, text: str) -> Listing[Found]:
        """Return what has all words of a text in its name, description, owner or tags."""
        return Listing("things found", self._source.search(text), ("name", "kind", "where", "text"))

    def lineage(self, name: str) -> Listing[Related]:
        """Return what a node, or `node.column`, comes from and what comes from it."""
        shown = ("parent", "child", "kind")
        return Listing(f"links around {name}", self._source.lineage(name), shown)

    # Rows

    def training_set(
        self, name: str, build: str | None = None, *, model: str | None = None
    ) -> Dataset:
        """Return a training set's newest build, or the one of that id, which never changes.

        With `model` it is remembered that the model is trained on that build. Raises NotFound for a
        name, a build or a model that is not there.
        """
        progress = progress_of(name, self._progress)
        return self._source.training_set(name, build, model, progress)

    def dataframe(self, name: str, limit: int | None = None, backend: str = "pandas") -> Any:
        """Return the rows of anything that is built, at most `limit`, as a DataFrame."""
        check_backend(backend, ("pandas", "polars", "arrow"))
        return as_frame(self._source.rows(name, limit), backend)

    def entities(self, view: str) -> Dataset:
        """Return the newest features of every key of a view, as serving would answer now."""
        return self._stored(view, self._source.entities(view))

    def historical(
        self,
        features: Sequence[object] = (),
        spine: object = None,
        *,
        timestamp: str | None = FIND,
        entities: Mapping[str, object] | None = None,
        boundary: Literal["exclusive", "inclusive"] | None = None,
        as_known: bool | None = None,
    ) -> Dataset:
        """Return a table's rows in their order, each with features as they were known then.

        `features` are as in a training set: `view.feature`, `view.*`, `view@variant.feature`, or
        mappings with `feature`, `as`, `lag`, `for`. `spine` is a DataFrame, an Arrow table or
        reader, a list of mappings, a `.parquet`, `.arrow` or `.csv` file, or SQL; or `{"view": ...,
        "from": ..., "to": ...}`: every value that became true between two times. `timestamp` names
        its times; None: the newest values. `entities` are roles as in a label, where keys have
        other names.
        """
        request = HistoricalRequest(
            features=features,
            entities=entities or {},
            timestamp=timestamp,
            boundary=boundary,
            as_known=as_known,
        )
        return self._stored("historical", self._source.historical(spine, request))

    def _stored(self, name: str, asked: Asked) -> Dataset:
        """Return rows that are read once, and then as often as one likes."""
        path = self._scratch.path / f"{next(self._numbers)}.arrow"
        rows = StoredRows(path, asked.fetch, progress_of(name, self._progress), self._scratch)
        rows.fetch()
        return Dataset(rows, Plan(name=name, columns=asked.columns))

    def __repr__(self) -> str:
        """Say what it reads."""
        return f"<ffc.Client of {self._source.where}>"

    def _repr_html_(self) -> str:
        parts = (self.views, self.training_sets)
        return "".join(part._repr_html_() for part in parts)


def _source(
    where: str, target: str | None, token: str | None, profiles_dir: str | Path | None
) -> Source:
    profiles = Path(profiles_dir) if profiles_dir is not None else None
    if where.startswith(("http://", "https://")):
        from ffc.client.server import Server

        return Server(where, token)
    path = Path(where)
    if path.suffix == ".json":
        return Local(BareManifest(path, profiles, target), str(path))
    folder = ProjectFolder(path, profiles, target)
    return Local(folder, str(folder.root))
