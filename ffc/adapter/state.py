"""What ffc remembers of a target: definitions, builds, pointers, runs, locks."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import Struct

from ffc.core.errors import FfcError, StateError

if TYPE_CHECKING:
    from ffc.adapter.options import Options


class Build(Struct, frozen=True, kw_only=True):
    """A finished, checked and never changed table or view of a node.

    `inputs`: what it was made of, name to build id or content hash. `created`: ISO 8601, UTC.
    `previous` is the build that a batch of rows made this one of, in the same relation.
    `principal` is who built it, `deployment` the manifest that it is of, `commit` what git had
    checked out then, `dirty` if files differed from that. `content_hash` tells its rows from
    others, whatever their order; it is empty where nobody asked. `collected` is when its rows were
    taken away: what remains is this record.
    """

    id: str
    node: str
    fingerprint: str
    relation: tuple[str, str]
    inputs: Mapping[str, str]
    rows: int | None
    created: str
    previous: str = ""
    principal: str = ""
    deployment: str = ""
    commit: str = ""
    dirty: bool = False
    content_hash: str = ""
    collected: str = ""


class ModelUse(Struct, frozen=True, kw_only=True):
    """A model was trained on a build of a node, or is served by it; `principal` is who said so."""

    model: str
    node: str
    build: str
    principal: str
    time: str
    purpose: Literal["training", "serving"]


class Pointer(Struct, frozen=True, kw_only=True):
    """What a node's name means in a target: a definition, and the build of it that is good."""

    target: str
    node: str
    definition: str
    build: Build


class DeploymentRecord(Struct, frozen=True, kw_only=True):
    """A manifest that was deployed in a target, by whom and when; the newest one is live.

    `commit` and `dirty` are those of the newest build that was made for it, if there is one;
    `same_as` is the first deployment of the target that had the same manifest, if there was one.
    """

    id: str
    target: str
    manifest: bytes
    created: str
    principal: str
    commit: str = ""
    dirty: bool = False
    same_as: str = ""


class NodeRun(Struct, frozen=True, kw_only=True):
    """How one node fared in a run; the shape of `results` in `ffc.run_results/v1`.

    `samples` are rows of data that a test fails on, as texts: they are shown, and never kept.
    """

    id: str
    action: str
    status: str
    reason: str = ""
    attempts: int = 0
    seconds: float = 0.0
    rows: Mapping[str, int] = {}
    relation: str = ""
    build: str = ""
    error: Mapping[str, object] | None = None
    samples: Sequence[str] = ()

    @staticmethod
    def failed(node: str, action: str, problem: FfcError) -> NodeRun:
        """Return how a node fared that met a failure."""
        told = {"code": problem.code, "message": problem.message, "help": problem.help}
        return NodeRun(
            id=node, action=action, status="error", reason=problem.message, attempts=1, error=told
        )


class RunRecord(Struct, frozen=True, kw_only=True):
    """A run: who started what, when, and how it ended; `StateStore.run_nodes` tells the rest."""

    id: str
    target: str
    command: str
    principal: str
    started: str
    finished: str = ""
    status: str = "running"


class OnlineView(Struct, frozen=True, kw_only=True):
    """What an online store holds of a view: which definition's rows, as of when."""

    store: str
    view: str
    fingerprint: str
    generation: int
    as_of: str
    rows: int


class Move(Struct, frozen=True, kw_only=True):
    """What a target is to mean from one instant on: nothing of it is seen before the rest.

    `definitions` are told anew, as (node, fingerprint, JSON): those of all that is pointed to.
    """

    manifest: bytes
    definitions: Sequence[tuple[str, str, bytes]]
    pointers: Sequence[Pointer]
    online: Sequence[OnlineView]


class Observation(Struct, frozen=True, kw_only=True):
    """A figure about a build of a node, or about a column of it.

    `metric` says which figure, `window` of what: the times, values or bounds that it is about.
    """

    node: str
    column: str
    metric: str
    window: str
    value: float
    build: str


class ServedMinute(Struct, frozen=True, kw_only=True):
    """What one server of a target counted in a minute, as JSON; `minute` is when that began."""

    server: str
    minute: str
    counts: bytes


class Lease(Struct, frozen=True, kw_only=True):
    """A held lock; `token` grows with each holder, so that a late one can be told apart."""

    name: str
    owner: str
    token: int


def is_held(expires: float | None, now: float, seconds: float) -> bool:
    """Tell whether a lock that ends then is its holder's.

    One that ends much later than it could is no one's: the clock was set back. A little later it
    ends where `now` was read a while before the lock was: its holder renewed it in between.
    """
    return expires is not None and now < expires <= now + 2 * seconds


class StateStore(ABC):
    """Where a target's state is kept; every method is one transaction.

    Times are ISO 8601 texts in UTC with microseconds, given by the caller. Methods raise
    StateError where the store can't be used and Locked where a lease was lost.
    """

    # The settings of the store in profiles.yml, and whether each must be there.
    settings: ClassVar[Mapping[str, bool]]

    @abstractmethod
    def __init__(self, options: Options) -> None: ...

    def clock(self) -> float:
        """Return the instant that locks go by: the store's, if several machines may use it."""
        return time.time()

    @abstractmethod
    def acquire(self, name: str, owner: str, now: float, seconds: float, dead: str = "") -> Lease:
        """Take a lock for a while; raises Locked naming its holder while that one is alive.

        A lock that `is_held` belongs to its holder. `now` is what `clock` said. `dead` is a holder
        that is known to live no more.
        """

    @abstractmethod
    def renew(self, lease: Lease, now: float, seconds: float) -> None:
        """Say that the holder is alive; raises Locked where another one took the lock."""

    @abstractmethod
    def release(self, lease: Lease) -> None:
        """Give a lock back; does nothing where another one holds it."""

    @abstractmethod
    def deploy(self, target: str, manifest: bytes, now: str, principal: str) -> str:
        """Remember a manifest as the target's newest deployment; return its id.

        The same manifest again is the same deployment.
        """

    @abstractmethod
    def deployment(self, target: str) -> tuple[str, bytes] | None:
        """Return the newest deployment's id and manifest."""

    @abstractmethod
    def deployments(
        self, target: str, *, only: str = "", limit: int | None = None
    ) -> list[DeploymentRecord]:
        """Return a target's newest deployments, the newest first; or `only` the one of an id."""

    @abstractmethod
    def move(self, lease: Lease, target: str, move: Move, now: str, principal: str) -> str:
        """Deploy a manifest with all that it means, at one stroke; return its deployment's id.

        The target's newest manifest again is the same deployment. Raises Locked.
        """

    @abstractmethod
    def finish_build(self, lease: Lease, target: str, build: Build, definition: bytes) -> None:
        """Record a build with its definition and move the node's pointer to it."""

    @abstractmethod
    def redefine(self, lease: Lease, node: str, fingerprint: str, definition: bytes) -> None:
        """Record what is said anew of a definition that computes the same as before."""

    @abstractmethod
    def pointers(self, target: str) -> dict[str, Pointer]:
        """Return every pointer of a target, by node."""

    @abstractmethod
    def definitions(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return those definitions, given by (node, fingerprint), that are known."""

    @abstractmethod
    def defined(self, prefix: str) -> list[bytes]:
        """Return every definition that was ever recorded of nodes whose names begin so."""

    @abstractmethod
    def set_inputs(self, lease: Lease, build: str, inputs: Mapping[str, str]) -> None:
        """Say that a build is what newer inputs make, too; raises Locked, StateError."""

    @abstractmethod
    def builds(self, node: str = "") -> list[Build]:
        """Return every build that is there, or those of one node, the oldest first."""

    @abstractmethod
    def past_builds(
        self,
        schema: str,
        *,
        kinds: Sequence[str] = (),
        node: str = "",
        limit: int | None = None,
    ) -> list[Build]:
        """Return the builds that ever were in a schema, collected ones too, the newest first.

        Those of nodes of some kinds where `kinds` are given, those of one node where `node` is.
        """

    @abstractmethod
    def in_use(self) -> set[str]:
        """Return the ids of the builds that a pointer of any target leads to."""

    @abstractmethod
    def forget_builds(self, lease: Lease, builds: Sequence[str], now: str) -> None:
        """Say of builds, given by id, that they are collected: only their records remain.

        Raises StateError where a pointer leads to one.
        """

    @abstractmethod
    def record_use(self, use: ModelUse) -> None:
        """Remember that a model used a build; needs no lock."""

    @abstractmethod
    def uses(self, builds: Sequence[str] | None = None, model: str = "") -> list[ModelUse]:
        """Return what models used, the oldest first: of those builds, by that model, if given."""

    @abstractmethod
    def begin_run(self, target: str, command: str, principal: str, now: str) -> str:
        """Open a run; return its id."""

    @abstractmethod
    def record_node(self, run: str, node: NodeRun) -> None:
        """Note how a node fared, without its samples."""

    @abstractmethod
    def finish_run(self, run: str, status: str, now: str) -> None:
        """Close a run."""

    @abstractmethod
    def end_dead_runs(self, lease: Lease, target: str, commands: Sequence[str]) -> None:
        """Note of runs that never ended that they were interrupted; their lock is ours now."""

    @abstractmethod
    def runs(self, target: str, limit: int) -> list[RunRecord]:
        """Return the newest runs, newest first, without their nodes."""

    @abstractmethod
    def run_nodes(self, run: str) -> list[NodeRun]:
        """Return how the nodes of a run fared, in the order in which they were noted."""

    @abstractmethod
    def forget_online_view(
        self, lease: Lease, target: str, view: OnlineView, pointer: str = ""
    ) -> None:
        """Say that an online store holds a view no more, and take away a pointer, if one is named.

        Does nothing where the store is said to hold another generation.
        """

    @abstractmethod
    def online_views(self, target: str) -> list[OnlineView]:
        """Return what the online stores of a target hold."""

    @abstractmethod
    def observe(self, observations: Sequence[Observation]) -> None:
        """Keep figures about builds, each in place of an earlier one of the same."""

    @abstractmethod
    def observations(self, builds: Sequence[str], metric: str = "") -> list[Observation]:
        """Return the figures about builds, given by id; those of one metric, if one is named."""

    @abstractmethod
    def keep_served(self, target: str, minutes: Sequence[ServedMinute], before: str) -> None:
        """Keep what a server counted, each in place of the same minute of it; needs no lock.

        What any server of the target counted in a minute that began before an instant goes.
        """

    @abstractmethod
    def served(self, target: str, since: str) -> list[ServedMinute]:
        """Return what the servers of a target counted since an instant, the oldest first."""

    @abstractmethod
    def audit(self, principal: str, action: str, target: str, now: str) -> None:
        """Note that somebody did something."""

    @abstractmethod
    def close(self) -> None:
        """Let go of every file and connection."""

    @classmethod
    def scratch(cls, options: Options, name: str) -> Options | None:
        """Return the settings of an empty store of a name beside this one's; None if there is none.

        There `ffc conformance` checks a store whose state is not touched.
        """
        return None

    def scratches(self) -> list[str]:
        """Return the names of stores that may have been made by way of `scratch`."""
        return []

    def destroy(self) -> None:
        """Take the whole store away; only one of `scratch` is ever asked for that."""
        raise StateError("this state store can't be taken away")
