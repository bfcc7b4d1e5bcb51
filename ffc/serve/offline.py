"""What `ffc serve --offline` adds: what is deployed, and training sets as Arrow streams."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ffc.adapter.state import Build
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.manifest.records import Manifest
from ffc.registry import StateRegistry
from ffc.run.training import TrainingRows, read_training_set

if TYPE_CHECKING:
    pass

REGISTRY: Final = "/v1/registry"
SETS: Final = "/v1/training-sets/"
STREAM: Final = "application/vnd.apache.arrow.stream"
# Say which build a stream is of, and how many rows it has when it is whole.
BUILD_HEADER: Final = "x-ffc-build"
ROWS_HEADER: Final = "x-ffc-rows"


class RegistryDocument(msgspec.Struct, kw_only=True):
    """The document `ffc.registry/v1`: what is deployed, and the build that each name means."""

    schema: str = "ffc.registry/v1"
    deployment: str
    manifest: Manifest
    builds: dict[str, Build]


class Offline:
    """Reads what is deployed and built; `open` opens a target's stores for one request."""

    def __init__(
        self, open: Callable[[], AbstractContextManager[Session]], principal: Principal
    ) -> None:
        self._open = open
        self._principal = principal

    def registry(self) -> bytes:
        """Return what is deployed; raises NotFound where nothing is."""
        authorize(self._principal, "read")
        with self._open() as session:
            target = session.target.name
            registry = StateRegistry(session.state, target)
            pointers = session.state.pointers(target)
            document = RegistryDocument(
                deployment=registry.deployment,
                manifest=registry.manifest(),
                builds={node: pointer.build for node, pointer in pointers.items()},
            )
        return msgspec.json.encode(document)

    def training_set(self, name: str, build: str | None) -> tuple[Build, Generator[bytes]]:
        """Return a build and its rows as the bytes of an Arrow stream; raises NotFound.

        The store is held until the last of them is taken, or the iterator is closed.
        """
        with ExitStack() as stack:
            session = stack.enter_context(self._open())
            found = read_training_set(session, name, principal=self._principal, build=build)
            return found.build, _stream(found, stack.pop_all())


def _stream(found: TrainingRows, held: ExitStack) -> Generator[bytes]:
    import pyarrow as pa

    with held:
        chunks = _Chunks()
        schema, batches = found.typed()
        with pa.ipc.new_stream(pa.PythonFile(chunks, mode="w"), schema) as stream:
            for batch in batches:
                stream.write_batch(batch)
                yield chunks.taken()
        yield chunks.taken()


class _Chunks:
    """A file that is taken away in pieces while it is written."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        """Take some bytes."""
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def flush(self) -> None:
        """Do nothing: what is written is there."""

    def close(self) -> None:
        """Do nothing: what is written stays until it is taken."""

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        found, self._parts = b"".join(self._parts), []
        return found
