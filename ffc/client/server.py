"""A server's address as what a client reads: `ffc serve`, with `--offline` for more than values."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import msgspec

from ffc.adapter.state import Build
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
from ffc.client.source import Asked
from ffc.client.stored import Fetched, Scratch, StoredRows
from ffc.core import errors
from ffc.core.errors import BadRequest, Denied, FfcError, NotFound, StoreError, Unreachable
from ffc.manifest.lineage import find_place
from ffc.manifest.records import TrainingSet
from ffc.manifest.upgrades import decode_manifest
from ffc.online.lookup import FeatureResponse
from ffc.run.builds import BuildFacts
from ffc.run.historical import HistoricalRequest
from ffc.serve.offline import REGISTRY, ROWS_HEADER, SETS

if TYPE_CHECKING:
    import pyarrow as pa

TIMEOUT: Final = 30.0


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


_Document = TypeVar("_Document", bound=msgspec.Struct)


class Server:
    """What answers at an address; `token` is sent with every request."""

    def __init__(self, address: str, token: str | None) -> None:
        self.where = address.rstrip("/")
        self._token = token
        self._scratch = Scratch()

    def features(self) -> list[FeatureInfo]:
        """Return the features that are served."""
        document = self._decoded(self._get("/v1/features"), _Listed)
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
        """Raise BadRequest: a server tells of the newest builds only."""
        self._refused("lists the builds that there were")

    def columns(self, name: str) -> list[ColumnInfo]:
        """Return the columns of a node."""
        return described.columns(self._declared().manifest, name)

    def search(self, text: str) -> list[Found]:
        """Return what a text is found in."""
        return described.search(self._declared().manifest, text)

    def lineage(self, name: str) -> list[Related]:
        """Return what is around a node or a column."""
        return described.lineage(self._declared().manifest, name)

    def newest(
        self,
        features: Sequence[str] | None,
        entities: Sequence[Mapping[str, Any]],
        training_set: str | None,
        metadata: bool,
    ) -> FeatureResponse:
        """Return the newest values of features."""
        asked: dict[str, Any] = {"entities": [dict(e) for e in entities], "metadata": metadata}
        asked |= {"features": list(features)} if features is not None else {}
        asked |= {"training_set": training_set} if training_set is not None else {}
        body = msgspec.json.encode(asked)
        return self._decoded(self._get("/v1/features", body), FeatureResponse)

    def training_set(
        self, name: str, build: str | None, model: str | None, progress: Progress
    ) -> Dataset:
        """Return a build of a training set: its rows are fetched when they are first asked for."""
        if model is not None:
            self._refused("remembers what a model is trained on")
        declared = self._declared()
        node = declared.manifest.node(find_place(declared.manifest, f"training_set.{name}").node)
        if not isinstance(node, TrainingSet):
            raise NotFound(f"`{name}` is no training set")
        if build is None and node.id not in declared.builds:
            raise NotFound(f"`{name}` was never built in this target", help=["run `ffc run`"])
        pinned = build or declared.builds[node.id].id

        @contextmanager
        def fetch() -> Iterator[Fetched]:
            import pyarrow as pa

            query = urllib.parse.urlencode({"build": pinned})
            path = f"{SETS}{urllib.parse.quote(name)}?{query}"
            with self._opened(path) as response, pa.ipc.open_stream(response) as stream:
                told = response.headers.get(ROWS_HEADER)
                batches = _whole(stream, self.where)
                rows = int(told) if told else None
                yield Fetched(schema=stream.schema, rows=rows, batches=batches)

        path = self._scratch.path / f"{node.name}.{pinned}.arrow"
        stored = StoredRows(path, fetch, progress)
        return Dataset(stored, Plan(name=node.name, columns=node.plan.output))

    def rows(self, name: str, limit: int | None) -> pa.Table:
        """Raise BadRequest: a server gives no rows of other nodes."""
        self._refused("gives rows of training sets only")

    def entities(self, view: str) -> Asked:
        """Raise BadRequest: a server answers for the keys that it is asked about."""
        self._refused("answers for the keys that it is asked about")

    def historical(self, given: object, request: HistoricalRequest) -> Asked:
        """Raise BadRequest: a server knows the newest values only."""
        self._refused("looks up the newest values only")

    def _refused(self, what: str) -> NoReturn:
        message = f"a server {what}"
        raise BadRequest(message, help=["give `ffc.Client` the project's folder for that"])

    def _declared(self) -> Declared:
        try:
            document = self._decoded(self._get(REGISTRY), _Registry)
        except NotFound as problem:
            hints = ["start it with `ffc serve --offline`", *problem.help]
            message = f"the server at {self.where} does not tell what is deployed"
            raise NotFound(message, help=hints) from problem
        manifest = decode_manifest(bytes(document.manifest))
        return Declared(manifest=manifest, builds=document.builds)

    def _decoded(self, body: bytes, kind: type[_Document]) -> _Document:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as problem:
            message = f"what {self.where} answers can't be read: {problem}"
            raise Unreachable(
                message, help=["is it a server of ffc, of this version?"]
            ) from problem

    def _get(self, path: str, body: bytes | None = None) -> bytes:
        with self._opened(path, body) as response:
            found: bytes = response.read()
            return found

    def _opened(self, path: str, body: bytes | None = None) -> Any:
        headers = {"accept": "application/json"}
        headers |= {"content-type": "application/json"} if body is not None else {}
        headers |= {"authorization": f"Bearer {self._token}"} if self._token else {}
        request = urllib.request.Request(f"{self.where}{path}", data=body, headers=headers)
        try:
            return urllib.request.urlopen(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as problem:
            raise self._problem(problem) from None
        except (urllib.error.URLError, http.client.HTTPException, OSError) as problem:
            why = getattr(problem, "reason", problem)
            hints = ["`ffc serve` starts one; is the address right?"]
            raise Unreachable(f"nobody answers at {self.where}: {why}", help=hints) from problem

    def _problem(self, answer: urllib.error.HTTPError) -> FfcError:
        """Return what a server refused, as the error that it was there."""
        try:
            told = json.loads(answer.read())["error"]
            message, code = str(told["message"]), str(told["code"])
            hints, field = tuple(told["help"]), str(told.get("field", ""))
        except (ValueError, KeyError, TypeError):
            message = f"{self.where} answers {answer.code} {answer.reason}"
            return Unreachable(message, help=["is it a server of ffc?"])
        if answer.code == 404:
            return NotFound(message, help=hints)
        if code == BadRequest.code:
            return BadRequest(message, field=field, status=answer.code, help=hints)
        return _classes().get(code, StoreError)(message, help=hints)


def _classes() -> dict[str, type[FfcError]]:
    """Return the errors that need no more than words, by code."""
    plain = (Denied, NotFound, StoreError, Unreachable, errors.StateError, errors.Transient)
    return {each.code: each for each in plain}


def _whole(stream: Any, where: str) -> Iterator[pa.RecordBatch]:
    """Yield what comes; raises Unreachable where it ends before it is whole."""
    import pyarrow as pa

    try:
        yield from stream
    except (pa.ArrowException, http.client.HTTPException, OSError) as problem:
        raise Unreachable(f"{where} stopped in the middle: {problem}") from problem
