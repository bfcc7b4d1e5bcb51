"""The newest deployment of a target, as a reader; the same for the server and for `ffc get`."""

from __future__ import annotations

from ffc.adapter.online import OnlineStore
from ffc.connect.session import Session
from ffc.core.errors import NotFound
from ffc.manifest.upgrades import decode_manifest
from ffc.online.lookup import FeatureReader
from ffc.registry import StateRegistry


class Deployment:
    """Makes readers of what is deployed; each view is read from the store it was synced to."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: object = None

    def load(self) -> FeatureReader | None:
        """Return a reader, or None where nothing changed since the last call.

        Raises NotFound where nothing was deployed, StateError where the state can't be read.
        """
        state, target = self._session.state, self._session.target.name
        deployed = state.deployment(target)
        if deployed is None:
            message = f"nothing is deployed in the target `{target}`"
            raise NotFound(message, help=["run `ffc run`"])
        seen = (deployed[0], state.online_views(target))
        if seen == self._seen:
            return None
        project = decode_manifest(deployed[1]).project.name
        registry = StateRegistry(state, target)
        reader = FeatureReader(
            registry.serving(),
            self._store,
            project=project,
            target=target,
            deployment=registry.deployment,
        )
        self._seen = seen
        return reader

    def reader(self) -> FeatureReader:
        """Return a reader of the newest deployment; raises NotFound where there is none."""
        self._seen = None
        found = self.load()
        if found is None:
            raise NotFound("nothing is deployed", help=["run `ffc run`"])
        return found

    def ping(self) -> None:
        """Ask every online store of the target; raises Unreachable."""
        for name in self._session.target.online:
            self._store(name).ping()

    def _store(self, name: str) -> OnlineStore:
        return self._session.online(name)
