"""A server's address as what a client reads: `ffc serve`, with `--offline` for more than values."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from ffc.adapter.state import Build
from ffc.client import described
from ffc.client.dataset import Dataset, Plan
from ffc.client.folder import Declared
from ffc.client.http import Address, encoded, rows_in, whole
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
from ffc.client.source import Asked
from ffc.client.spine import is_query, spine_of
from ffc.client.stored import Fetched, Scratch, StoredRows
from ffc.core.errors import BadRequest, NotFound
from ffc.manifest.lineage import find_place
from ffc.manifest.records import OutputColumn, TrainingSet
from ffc.manifest.upgrades import decode_manifest
from ffc.online.requests import FeatureRequest, FeatureResponse
from ffc.run.looking.builds import BuildFacts
from ffc.run.point_in_time.historical import HistoricalRequest
from ffc.run.point_in_time.lookups import write_stream
from ffc.serve import offline
from ffc.serve.offline import STREAM

if TYPE_CHECKING:
    import pyarrow as pa


class _Registry(msgspec.Struct):
    """`ffc.registry/v1`, its manifest not read yet: an older one is brought up to date first."""

    manifest: msgspec.Raw
    builds: dict[str, Build]


class _Feature(msgspec.Struct):
    feature: str
    type: str
    entity: str


class _Listed(msgspec.Struct):
    """`ffc.served/v1`."""

    features: list[_Feature]


class Server:
    """What answers at an address; `token` is sent with every request."""

    def __init__(self, address: str, token: str | None) -> None:
        self._address = Address(address, token)
        self.where = self._address.where
        self._scratch = Scratch()

    def features(self) -> list[FeatureInfo]:
        """Return the features that are served."""
        document = self._address.document("/v1/features", _Listed)
        return [
            FeatureInfo(
                name=each.feature,
                type=each.type,
                view=each.feature.rpartition(".")[0],
                entity=each.entity,
                built="yes",
            )
            for each in document.features
        ]

    def views(self) -> list[ViewInfo]:
        """Return the feature views that are deployed."""
        return described.views(self._declared())

    def training_sets(self) -> list[TrainingSetInfo]:
        """Return the training sets that are deployed."""
        return described.training_sets(self._declared())

    def models(self) -> list[ModelInfo]:
        """Return the models that are deployed."""
        return described.models(self._declared())

    def builds(self, name: str) -> list[BuildFacts]:
        """Return the builds of a node; of all training sets without a name."""
        path = f"{offline.BUILDS}?{urlencode({'node': name})}"
        return self._address.document(path, offline.BuildsDocument).builds

    def columns(self, name: str) -> list[ColumnInfo]:
        """Return the columns of a node."""
        return described.columns(self._declared().manifest, name)

    def search(self, text: str) -> list[Found]:
        """Return what a text is found in."""
        return described.search(self._declared().manifest, text)

    def lineage(self, name: str) -> list[Related]:
        """Return what is around a node or a column."""
        return described.lineage(self._declared().manifest, name)

    def newest(self, request: FeatureRequest) -> FeatureResponse:
        """Return the newest values of features."""
        return self._address.document("/v1/features", FeatureResponse, request)

    def training_set(
        self, name: str, build: str | None, model: str | None, progress: Progress
    ) -> Dataset:
        """Return a build of a training set: its rows are fetched when they are first asked for."""
        declared = self._declared()
        node = declared.manifest.node(find_place(declared.manifest, f"training_set.{name}").node)
        if not isinstance(node, TrainingSet):
            raise NotFound(f"`{name}` is no training set")
        if build is None and node.id not in declared.builds:
            raise NotFound(f"`{name}` was never built in this target", help=["run `ffc run`"])
        pinned = build or declared.builds[node.id].id
        if model is not None:
            use = offline.Use(model=model, training_set=name, build=build)
            pinned = self._address.document(offline.USES, Build, use).id
        path = f"{offline.SETS}{quote(name)}?{urlencode({'build': pinned})}"

        @contextmanager
        def fetch() -> Iterator[Fetched]:
            with self._stream(path) as (found, _):
                yield found

        kept = self._scratch.path / f"{node.name}.{pinned}.arrow"
        return Dataset(
            StoredRows(kept, fetch, progress), Plan(name=node.name, columns=node.plan.output)
        )

    def rows(self, name: str, limit: int | None) -> pa.Table:
        """Return the rows of a node's good build."""
        import pyarrow as pa

        query = f"?{urlencode({'limit': limit})}" if limit is not None else ""
        with self._stream(f"{offline.ROWS}{quote(name)}{query}") as (found, _):
            return pa.Table.from_batches(found.batches, found.schema)

    def entities(self, view: str) -> Asked:
        """Return the newest features of every key of a view, as of now."""
        return Asked(lambda: self._stream(f"{offline.ENTITIES}{quote(view)}"))

    def historical(self, given: object, request: HistoricalRequest) -> Asked:
        """Return features as they were known at the instants of a spine, which is sent."""
        if is_query(given):
            message = "a server takes no SQL of others as a spine"
            hints = ["send the rows of the query", "or give `ffc.Client` the project's folder"]
            raise BadRequest(message, field="spine", help=hints)
        lookup = offline.Lookup(
            features=request.features,
            entities=request.entities,
            timestamp=request.timestamp,
            boundary=request.boundary,
            as_known=request.as_known,
        )
        if isinstance(given, Mapping):
            lookup.spine = {key: str(value) for key, value in given.items()}
            body = encoded(lookup)
            return Asked(lambda: self._stream(offline.HISTORICAL, body))
        return Asked(lambda: self._of_spine(given, lookup))

    @contextmanager
    def _of_spine(
        self, given: object, lookup: offline.Lookup
    ) -> Iterator[tuple[Fetched, tuple[OutputColumn, ...]]]:
        # What is wrong with the request is told before all rows are sent.
        keys = self._key_types(lookup)
        with tempfile.TemporaryDirectory(prefix="ffc-") as name:
            spine = spine_of(given, Path(name), lambda: keys)
            path = Path(name) / "sent"
            metadata = {
                **(spine.schema.metadata or {}),
                offline.REQUEST_KEY: encoded(lookup),
            }
            write_stream(path, spine.schema.with_metadata(metadata), spine.read())
            with path.open("rb") as body, self._stream(offline.HISTORICAL, body, STREAM) as found:
                yield found

    def _key_types(self, lookup: offline.Lookup) -> dict[str, pa.DataType]:
        """Return the types of the keys that a spine must have, which a file of texts lacks."""
        import pyarrow as pa

        found = self._address.document(offline.KEYS, dict[str, str], lookup)
        return {key: pa.type_for_alias(kind) for key, kind in found.items()}

    @contextmanager
    def _stream(
        self, path: str, body: Any = None, kind: str = "application/json"
    ) -> Iterator[tuple[Fetched, tuple[OutputColumn, ...]]]:
        """Open rows that a server sends, with what each column is for where it says so."""
        import pyarrow as pa

        with (
            self._address.opened(path, body, kind=kind) as response,
            rows_in(response, self.where) as stream,
        ):
            count = response.headers.get(offline.ROWS_HEADER)
            metadata = dict(stream.schema.metadata or {})
            columns = msgspec.json.decode(
                metadata.pop(offline.COLUMNS_KEY, b"[]"), type=tuple[OutputColumn, ...]
            )
            schema = stream.schema.with_metadata(metadata or None)
            batches = (
                pa.RecordBatch.from_arrays(batch.columns, schema=schema)
                for batch in whole(stream, self.where)
            )
            rows = int(count) if count else None
            yield Fetched(schema=schema, rows=rows, batches=batches), columns

    def _declared(self) -> Declared:
        document = self._address.document(offline.REGISTRY, _Registry)
        manifest = decode_manifest(bytes(document.manifest))
        return Declared(manifest=manifest, builds=document.builds)
