"""What `ffc serve --offline` adds: what is deployed and built, and its rows as Arrow streams.

Rows are put into a file first and sent from there. So the warehouse is let go of before a slow
client has them all, what fails is told with a status, and how long an answer is is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec

from ffc.adapter.state import Build
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.core.clock import utc_now
from ffc.core.errors import BadRequest, BadSpine
from ffc.manifest.records import Manifest
from ffc.registry import StateRegistry
from ffc.run.looking.builds import BuildFacts, list_builds, train_on
from ffc.run.looking.reading import typed_rows
from ffc.run.point_in_time.historical import (
    HistoricalRequest,
    HistoricalRows,
    asked_keys,
    historical,
)
from ffc.run.point_in_time.lookups import (
    columns_of,
    newest_of_every_key,
    stream_spine,
    values_between,
    write_stream,
)
from ffc.run.point_in_time.spines import FIND, Spine
from ffc.run.point_in_time.training import read_training_set
from ffc.serve import figures

if TYPE_CHECKING:
    import pyarrow as pa

REGISTRY: Final = "/v1/registry"
BUILDS: Final = "/v1/builds"
FIGURES: Final = "/v1/figures"
USES: Final = "/v1/uses"
KEYS: Final = "/v1/keys"
HISTORICAL: Final = "/v1/historical"
SETS: Final = "/v1/training-sets/"
ROWS: Final = "/v1/rows/"
ENTITIES: Final = "/v1/entities/"
JSON: Final = "application/json"
STREAM: Final = "application/vnd.apache.arrow.stream"
# Say which build a stream is of, and how many rows it has.
BUILD_HEADER: Final = "x-ffc-build"
ROWS_HEADER: Final = "x-ffc-rows"
# In the metadata of a stream's schema: what is asked of a spine, what each column of an answer is.
REQUEST_KEY: Final = b"ffc.request"
COLUMNS_KEY: Final = b"ffc.columns"
# What is asked in JSON has lists in lists, but no deeper ones.
_DEEPEST: Final = 16
# A number of rows, of which no warehouse has more, or of minutes.
_LIMIT: Final = re.compile("[0-9]{1,18}")


_Document = TypeVar("_Document", bound=msgspec.Struct)


class RegistryDocument(msgspec.Struct, kw_only=True):
    """The document `ffc.registry/v1`: what is deployed, and the build that each name means."""

    schema: str = "ffc.registry/v1"
    deployment: str
    manifest: Manifest
    builds: dict[str, Build]


class BuildsDocument(msgspec.Struct, kw_only=True):
    """The document `ffc.builds/v1`."""

    schema: str = "ffc.builds/v1"
    target: str
    builds: list[BuildFacts]


class Use(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A model is trained on a build of a training set, the newest one without an id."""

    model: str
    training_set: str
    build: str | None = None


class Lookup(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which features are looked up, as `HistoricalRequest` has it, which is checked there.

    `spine` has `view`, `from` and `to`; where a table is sent it is none.
    """

    features: Any = ()
    entities: Any = None
    timestamp: str | None = FIND
    boundary: Any = None
    as_known: Any = None
    spine: dict[str, Any] | None = None

    def request(self) -> HistoricalRequest:
        """Return it without the spine."""
        return HistoricalRequest(
            features=self.features,
            entities=self.entities or {},
            timestamp=self.timestamp,
            boundary=self.boundary,
            as_known=self.as_known,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: what follows the route in its path, its query, a file with its body.

    `folder` is its own, and gone when it is answered.
    """

    rest: str
    query: Mapping[str, str]
    kind: str
    body: Path
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A file with an answer, and what is said of it."""

    path: Path
    kind: str
    headers: Mapping[str, str] = field(default_factory=dict)


class _Opened(Protocol):
    def __call__(self, *, writes_state: bool = False) -> AbstractContextManager[Session]:
        """Open a target's stores for reading; with `writes_state` the state store for more."""


class Offline:
    """Reads what is deployed and built; `open` opens a target's stores for one request."""

    def __init__(self, open: _Opened, principal: Principal) -> None:
        self._open = open
        self._principal = principal
        self.routes: Mapping[tuple[str, str], Callable[[Asked], Answer]] = {
            ("GET", REGISTRY): self._registry,
            ("GET", BUILDS): self._builds,
            ("GET", FIGURES): self._figures,
            ("POST", USES): self._use,
            ("POST", KEYS): self._keys,
            ("POST", HISTORICAL): self._historical,
            ("GET", SETS): self._training_set,
            ("GET", ROWS): self._rows,
            ("GET", ENTITIES): self._entities,
        }

    def find(self, method: str, path: str) -> tuple[Callable[[Asked], Answer], str] | None:
        """Return what answers a path, and the rest of the path; None where nothing does."""
        for (known, route), answer in self.routes.items():
            if known != method or not path.startswith(route):
                continue
            rest = path.removeprefix(route)
            if bool(rest) == route.endswith("/"):
                return answer, rest
        return None

    def _registry(self, asked: Asked) -> Answer:
        authorize(self._principal, "read")
        with self._open() as session:
            registry = StateRegistry(session.state, session.target.name)
            pointers = session.state.pointers(session.target.name)
            document = RegistryDocument(
                deployment=registry.deployment,
                manifest=registry.manifest(),
                builds={node: pointer.build for node, pointer in pointers.items()},
            )
        return _told(asked, document)

    def _builds(self, asked: Asked) -> Answer:
        with self._open() as session:
            node = asked.query.get("node", "")
            found = list_builds(session, principal=self._principal, node=node)
            document = BuildsDocument(target=session.target.name, builds=found)
        return _told(asked, document)

    def _figures(self, asked: Asked) -> Answer:
        authorize(self._principal, "read")
        minutes = _number(asked, "minutes", figures.USUAL, "a number of minutes")
        with self._open() as session:
            target = session.target.name
            most = min(minutes, figures.MOST)
            document = figures.recent(session.state, target, most, utc_now())
        return _told(asked, document)

    def _use(self, asked: Asked) -> Answer:
        use = _decoded(asked.body.read_bytes(), Use)
        with self._open(writes_state=True) as session:
            made = train_on(
                session, use.model, use.training_set, use.build, principal=self._principal
            )
        return _told(asked, made)

    def _keys(self, asked: Asked) -> Answer:
        lookup = _decoded(asked.body.read_bytes(), Lookup)
        with self._open() as session:
            found = asked_keys(session, lookup.request(), principal=self._principal)
        return _told(asked, {key: str(kind) for key, kind in found.items()})

    def _training_set(self, asked: Asked) -> Answer:
        with self._open() as session:
            found = read_training_set(
                session, asked.rest, principal=self._principal, build=asked.query.get("build")
            )
            schema, batches = found.typed()
            headers = {BUILD_HEADER: found.build.id, ROWS_HEADER: str(found.build.rows)}
            return _streamed(asked, schema, batches, headers)

    def _rows(self, asked: Asked) -> Answer:
        wanted = _number(asked, "limit", None, "a number of rows")
        with self._open() as session:
            schema, batches = typed_rows(session, asked.rest, wanted, principal=self._principal)
            return _streamed(asked, schema, batches)

    def _entities(self, asked: Asked) -> Answer:
        with (
            self._open() as session,
            newest_of_every_key(session, asked.rest, principal=self._principal) as found,
        ):
            return _looked_up(asked, found)

    def _historical(self, asked: Asked) -> Answer:
        if asked.kind != STREAM:
            lookup = _decoded(asked.body.read_bytes(), Lookup)
            if lookup.spine is None:
                hints = [f"send the rows as {STREAM}, or JSON with a `spine` of view, from and to"]
                raise BadRequest("no spine is given", field="spine", help=hints)
            with (
                self._open() as session,
                values_between(
                    session, lookup.spine, lookup.request(), principal=self._principal
                ) as found,
            ):
                return _looked_up(asked, found)
        spine, lookup = _sent(asked.body)
        with (
            self._open() as session,
            historical(session, spine, lookup.request(), principal=self._principal) as found,
        ):
            return _looked_up(asked, found)


_Usual = TypeVar("_Usual", int, None)


def _number(asked: Asked, name: str, usual: _Usual, what: str) -> int | _Usual:
    """Return a number of the query, or what is usual."""
    text = asked.query.get(name)
    if text is None:
        return usual
    if not _LIMIT.fullmatch(text):
        raise BadRequest(f"`{name}` is {text!r}: it is {what}", field=name)
    return int(text)


def _sent(body: Path) -> tuple[Spine, Lookup]:
    """Return a spine that was sent, and what is asked of it."""
    try:
        spine = stream_spine(body, foreign=True)
    except OSError as problem:
        raise _damaged(problem) from None
    metadata = dict(spine.schema.metadata or {})
    said = metadata.pop(REQUEST_KEY, None)
    if said is None:
        message = "the spine does not say which features are asked for"
        hints = [f"put that as JSON into the metadata of its schema: `{REQUEST_KEY.decode()}`"]
        raise BadRequest(message, field="features", help=hints)
    schema = spine.schema.with_metadata(metadata or None)
    return Spine(schema=schema, read=_checked(spine.read)), _decoded(said, Lookup)


def _checked(
    read: Callable[[], Iterator[pa.RecordBatch]],
) -> Callable[[], Iterator[pa.RecordBatch]]:
    """Return what reads the same batches and raises BadSpine where the stream is damaged."""

    def checked() -> Iterator[pa.RecordBatch]:
        try:
            yield from read()
        except OSError as problem:
            raise _damaged(problem) from None

    return checked


def _damaged(problem: OSError) -> BadSpine:
    """Put what Arrow says of a message with a sound frame and a bad inside into ours."""
    return BadSpine(
        f"the spine can't be read: {problem}", help=["send it as a stream of Arrow, whole"]
    )


def _looked_up(asked: Asked, found: HistoricalRows) -> Answer:
    metadata = {
        **(found.schema.metadata or {}),
        COLUMNS_KEY: msgspec.json.encode(columns_of(found)),
    }
    headers = {ROWS_HEADER: str(found.rows)}
    return _streamed(asked, found.schema.with_metadata(metadata), found.batches, headers)


def _told(asked: Asked, document: object) -> Answer:
    path = asked.folder / "answer"
    path.write_bytes(msgspec.json.encode(document))
    return Answer(path=path, kind=JSON)


def _streamed(
    asked: Asked,
    schema: pa.Schema,
    batches: Iterator[pa.RecordBatch],
    headers: Mapping[str, str] | None = None,
) -> Answer:
    path = asked.folder / "answer"
    write_stream(path, schema, batches)
    return Answer(path=path, kind=STREAM, headers=headers or {})


def _decoded(body: bytes, kind: type[_Document]) -> _Document:
    try:
        found = msgspec.json.decode(body)
        _check_depth(found, _DEEPEST)
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as problem:
        message, _, place = str(problem).partition(" - at ")
        raise BadRequest(message, field=place.strip("`$.")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadRequest(f"the body is not JSON: {problem}", status=400) from None


def _check_depth(value: object, left: int) -> None:
    """Return if a value is not too deep to be shown in a message; raises BadRequest."""
    if not left:
        raise BadRequest("the request is nested too deeply")
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        _check_depth(item, left - 1)
