"""What was built in a target: by whom, of what, and which models used it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from ffc.adapter.state import Build, ModelUse
from ffc.auth import EVERYTHING, Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import builds_schema
from ffc.core.clock import Clock, stamp, utc_now
from ffc.core.errors import NotFound
from ffc.manifest.names import BUILT
from ffc.manifest.records import Model
from ffc.registry import StateRegistry
from ffc.run.looking.reading import find_node
from ffc.run.point_in_time.training import read_training_set


class BuildFacts(Struct, frozen=True, kw_only=True):
    """A build as `ffc.builds/v1` has it: an older ffc left blanks.

    `current`: the node's name means it. `collected`: its rows are gone, as of `collected_at`.
    `models` are those that used it, each once, the first one first.
    """

    id: str
    node: str
    created: str
    principal: str
    deployment: str
    commit: str
    dirty: bool
    rows: int | None
    content_hash: str
    relation: str
    current: bool
    collected: bool
    collected_at: str
    models: tuple[str, ...]


def list_builds(
    session: Session,
    *,
    principal: Principal,
    node: str = "",
    selected: frozenset[str] | None = None,
    every_kind: bool = False,
    limit: int | None = None,
) -> list[BuildFacts]:
    """Return builds of training sets, of all nodes, of one, or of some, the newest first.

    `node` is a name or an id; raises NotFound where there is none, and none was ever built.
    `selected` are ids.
    """
    schema, state = builds_schema(session.schema), session.state
    wanted = _id_of(session, node) if node else ""
    authorize(principal, "read", wanted or EVERYTHING)
    # What a sync keeps to compare with is of no kind, and nobody's to read.
    every_kind = every_kind or bool(wanted) or selected is not None
    kinds = BUILT if every_kind else ("training_set",)
    # Which are selected is known to nobody but the caller, so that they can't be counted there.
    asked = limit if selected is None else None
    found = state.past_builds(schema, kinds=kinds, node=wanted, limit=asked)
    if selected is not None:
        found = [build for build in found if build.node in selected][:limit]
    current = {pointer.build.id for pointer in state.pointers(session.target.name).values()}
    uses = state.uses([build.id for build in found])
    return [_facts(build, build.id in current, uses) for build in found]


def _id_of(session: Session, text: str) -> str:
    """Return what a name means; what is declared no more is known by the id of its builds."""
    try:
        return find_node(StateRegistry(session.state, session.target.name).nodes(), text).id
    except NotFound:
        past = {b.node for b in session.state.past_builds(builds_schema(session.schema))}
        named = sorted(name for name in past if text in (name, name.partition(".")[2]))
        if not named:
            raise
        return named[0]


def _facts(build: Build, current: bool, uses: Iterable[ModelUse]) -> BuildFacts:
    return BuildFacts(
        id=build.id,
        node=build.node,
        created=build.created,
        principal=build.principal,
        deployment=build.deployment,
        commit=build.commit,
        dirty=build.dirty,
        rows=build.rows,
        content_hash=build.content_hash,
        relation=".".join(build.relation),
        current=current,
        collected=bool(build.collected),
        collected_at=build.collected,
        models=tuple(dict.fromkeys(use.model for use in uses if use.build == build.id)),
    )


def deployed_model(session: Session, name: str, *, principal: Principal) -> Model:
    """Return a model of the newest deployment; raises NotFound, naming what is close."""
    found = StateRegistry(session.state, session.target.name).model(name)
    authorize(principal, "read", found.id)
    return found


def train_on(
    session: Session, model: str, name: str, build: str | None, *, principal: Principal
) -> Build:
    """Remember that a model is trained on a training set's build, by id or the newest good one.

    Returns the build; raises NotFound where there is no such model, set or build.
    """
    deployed_model(session, model, principal=principal)
    found = read_training_set(session, name, principal=principal, limit=0, build=build)
    record_use(session, model, found.build, principal=principal)
    return found.build


def record_use(
    session: Session,
    model: str,
    build: Build,
    *,
    principal: Principal,
    clock: Clock = utc_now,
) -> ModelUse:
    """Remember that a model is trained on a build; raises NotFound where none has that name.

    It writes to the state store alone, beside whatever runs.
    """
    found = StateRegistry(session.state, session.target.name).model(model)
    authorize(principal, "record", found.id)
    use = ModelUse(
        model=found.name,
        node=build.node,
        build=build.id,
        principal=principal.name,
        time=stamp(clock()),
        purpose="training",
    )
    session.state.record_use(use)
    return use
