"""What is deployed as a reader, from wherever it can be told; the same for `serve` and `get`."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Protocol

import msgspec

from ffc.adapter.state import OnlineView
from ffc.connect.session import Session
from ffc.core.errors import NotFound, StateError, StoreError
from ffc.core.files import write_atomically
from ffc.manifest.files import read_manifest
from ffc.manifest.served import ServedView, Serving
from ffc.manifest.upgrades import decode_manifest
from ffc.online.codec import CODEC
from ffc.online.lookup import FeatureReader
from ffc.online.marks import Mark, Marks, Reads
from ffc.registry import StateRegistry
from ffc.serve.logs import Log, silent
from ffc.serve.metrics import Gauge
from ffc.serve.standing import Behind, Standing, gauges, standings
from ffc.serve.stores import Gone, lost, opened, without

# So often it is asked whether the warehouse has what is not served.
_LAG_SECONDS: Final = 10.0


class Kept(msgspec.Struct, kw_only=True):
    """What a server knows of a deployment, and can serve from alone: `ffc.serving/v1`."""

    schema: Literal["ffc.serving/v1"] = "ffc.serving/v1"
    project: str
    target: str
    deployment: str
    serving: Serving
    synced: list[OnlineView]


class Loaded(Protocol):
    """Somewhere to learn from what is deployed."""

    def load(self) -> FeatureReader | None:
        """Return a reader, or None where nothing changed since the last call.

        Raises NotFound where nothing was deployed, StateError where it can't be told.
        """

    def ping(self) -> None:
        """Ask every online store of the target; raises Unreachable."""

    def gauges(self, now: datetime) -> list[Gauge]:
        """Return how what is served stands."""


class _Read:
    """Makes readers of what is known, each view read from the store that it was synced to."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: Kept | None = None
        self._stores: dict[str, Reads] = {}
        # The views that their stores do not hold, by id, and why.
        self._lost: dict[str, Gone] = {}

    def ping(self) -> None:
        """Ask every online store of the target; raises Unreachable."""
        for name in self._session.target.online:
            self._session.online(name).ping()

    def gauges(self, now: datetime) -> list[Gauge]:
        """Return how what is served stands."""
        known = self._known
        if known is None:
            return []
        labels = {"deployment": known.deployment, "target": known.target}
        info = Gauge(name="deployment_info", help="What is served.", value=1, labels=labels)
        return [info, *gauges(self._standings(known), now)]

    def _standings(self, known: Kept) -> list[Standing]:
        return standings(known.serving.views, known.synced, {})

    def _reader(
        self, known: Kept, stores: dict[str, Reads], lost: dict[str, Gone]
    ) -> FeatureReader | None:
        """Return a reader of these very stores; None where the last one is such a one."""
        if (known, stores, lost) == (self._known, self._stores, self._lost):
            return None
        self._known, self._stores, self._lost = known, stores, lost
        reads: dict[str, Reads] = {**stores}
        views = []
        for view in known.serving.views:
            if view.id in lost:
                name = f"{view.store} without {view.id}"
                reads[name] = lost[view.id]
                view = msgspec.structs.replace(view, store=name)
            views.append(view)
        return FeatureReader(
            msgspec.structs.replace(known.serving, views=tuple(views)),
            reads.__getitem__,
            project=known.project,
            target=known.target,
            deployment=known.deployment,
        )


class Deployment(_Read):
    """The newest deployment of a target, as its state store has it.

    `keep` is a file in which what is known is kept, for times when the state store is not there.
    Where it can't be kept, `log` is told so, and what is known is served all the same. With `lag`
    it is also looked how far views are behind the warehouse.
    """

    def __init__(
        self,
        session: Session,
        keep: Path | None = None,
        *,
        lag: bool = False,
        log: Log = silent,
    ) -> None:
        super().__init__(session)
        self._keep = keep
        self._log = log
        self._written: Kept | None = None
        self._unwritten = ""
        self._seen: object = None
        self._deployed: Kept | None = None
        self._lag = lag
        self._behind: Behind | None = None
        self._late: dict[str, str] = {}
        self._looked = 0.0

    def load(self) -> FeatureReader | None:
        """Return a reader, or None where nothing changed since the last call.

        Raises NotFound where nothing was deployed, StateError where the state can't be read and
        nothing was ever kept of it.
        """
        before = self._known
        known: Kept | None
        try:
            known = self._newest()
        except StateError:
            # What it said last may be true no more.
            self._late, self._looked = {}, 0.0
            kept = self._kept() if self._seen is None else None
            # Not seen: once the state store is there again, it is what counts.
            known = kept or before
            # Nor is it told that what it led to was taken away: the stores themselves are asked.
            found = self._checked(known, anew=True) if known is not None else None
            if kept is None and found is None:
                raise
            return found
        if self._lag:
            self._look(known, moved=known is not before)
        return self._checked(known)

    def reader(self) -> FeatureReader:
        """Return a reader of the newest deployment; raises NotFound where there is none."""
        self._seen = self._known = None
        found = self.load()
        if found is None:
            raise NotFound("nothing is deployed", help=["run `ffc run`"])
        return found

    def _checked(self, known: Kept, *, anew: bool = False) -> FeatureReader | None:
        """Return a reader of what is known as far as the stores hold it, if it is another one.

        What they were once seen to hold is only looked for `anew` if asked.
        """
        views = known.serving.views
        stores = opened(self._session, (view.store for view in views))
        gone = self._lost
        if anew or gone or known is not self._known or stores != self._stores:
            gone = lost(views, stores, known.project, known.target)
        return self._reader(known, stores, gone)

    def _newest(self) -> Kept:
        """Return what is deployed; the same where that did not change."""
        state, target = self._session.state, self._session.target.name
        deployed = state.deployment(target)
        if deployed is None:
            message = f"nothing is deployed in the target `{target}`"
            raise NotFound(message, help=["run `ffc run`"])
        synced = state.online_views(target)
        seen = (deployed[0], synced)
        if seen == self._seen and self._deployed is not None:
            self._write(self._deployed)
            return self._deployed
        registry = StateRegistry(state, target)
        known = Kept(
            project=decode_manifest(deployed[1]).project.name,
            target=target,
            deployment=registry.deployment,
            serving=registry.serving(),
            synced=list(synced),
        )
        self._write(known)
        self._seen, self._deployed = seen, known
        return known

    def _write(self, known: Kept) -> None:
        """Keep what is known; as long as that can't be done it is tried again, and told once."""
        if self._keep is None or known is self._written:
            return
        try:
            write_atomically(self._keep, msgspec.json.encode(known))
        except StoreError as problem:
            if problem.message != self._unwritten:
                self._unwritten = problem.message
                self._log("keep_failed", code=problem.code, message=problem.message)
        else:
            self._written, self._unwritten = known, ""

    def _look(self, known: Kept, *, moved: bool) -> None:
        """Note how far views are behind, now and then; nobody knows while the state is away."""
        now = time.monotonic()
        if moved or now - self._looked >= _LAG_SECONDS:
            self._looked = now
            self._behind = self._behind or Behind(self._session.state, known.target)
            try:
                self._late = self._behind.look(known.serving.views)
            except StateError:
                self._late = {}

    def _standings(self, known: Kept) -> list[Standing]:
        return standings(known.serving.views, known.synced, self._late)

    def _kept(self) -> Kept | None:
        try:
            data = self._keep.read_bytes() if self._keep is not None else b""
            return msgspec.json.decode(data, type=Kept) if data else None
        except (OSError, msgspec.MsgspecError):
            # The state store's own failure is what must be told.
            return None


class BareManifest(_Read):
    """A manifest, and the online stores that it was synced to: no project, no state store.

    Which rows of a view are whole is told by the stores themselves, in what a sync left there.
    """

    def __init__(self, session: Session, path: Path) -> None:
        super().__init__(session)
        self._path = path
        self._marks: dict[str, Mark] = {}

    def load(self) -> FeatureReader | None:
        """Return a reader, or None where nothing changed since the last call.

        Raises ProjectError where there is no manifest, NotFound where none of its views is synced,
        StoreError where that can't be told.
        """
        manifest = read_manifest(self._path)
        target, views = manifest.target.name, manifest.serving.views
        stores = opened(self._session, (view.store for view in views))
        served = {view.id: view for view in self._known.serving.views} if self._known else {}
        found, gone = [], {}
        for view in views:
            held = self._held(stores[view.store], manifest.project.name, target, view)
            if held is None and view.id in served:
                gone[view.id] = without(view)
                held = served[view.id]
            if held is not None:
                found.append(held)
        if not found:
            message = f"no view of `{self._path}` is in the online store"
            raise NotFound(message, help=["`ffc run` syncs them"])
        known = Kept(
            project=manifest.project.name,
            target=target,
            deployment=f"manifest {self._path.name}",
            serving=msgspec.structs.replace(manifest.serving, views=tuple(found)),
            synced=[],
        )
        return self._reader(known, stores, gone)

    def _standings(self, known: Kept) -> list[Standing]:
        """Return how old views are by their marks, while none is being brought to another instant.

        What lies in the warehouse is told by nobody.
        """
        marks = dict(self._marks)
        done = {view: mark.at for view, mark in marks.items() if mark.done is None and mark.at}
        return [Standing(view=view, as_of=at) for view, at in done.items()]

    def _held(self, store: Reads, project: str, target: str, view: ServedView) -> ServedView | None:
        """Return a view with the newest generation that its store holds in full."""
        marks = Marks(store, project, target, view).read()
        # One that is being brought from one snapshot to the next holds every key meanwhile; one
        # that is being filled from nothing does not.
        whole = {
            generation: mark
            for generation, mark in marks.items()
            if mark is not None and mark.codec == CODEC and (mark.done is None or mark.before)
        }
        if not whole:
            self._marks.pop(view.id, None)
            return None
        newest = max(whole)
        self._marks[view.id] = whole[newest]
        return msgspec.structs.replace(view, generation=newest)
