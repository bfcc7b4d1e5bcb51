"""What is deployed, composed from pointers: all reading goes through here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build, OnlineView, Pointer, StateStore
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import NotFound
from ffc.core.names import split_variant
from ffc.manifest.names import is_snapshot, meant
from ffc.manifest.records import AnyNode, FeatureView, Manifest, Model
from ffc.manifest.served import ServedSet, Serving
from ffc.manifest.serving import is_served_by, serving_of
from ffc.manifest.upgrades import decode_manifest, decode_node

# So many deployments are looked through for one whose views are synced.
LOOKED_BACK: Final = 10


class Registry(ABC):
    """The deployed nodes of a target."""

    deployment: str

    @abstractmethod
    def nodes(self) -> Mapping[str, AnyNode]:
        """Return the definition of each node, by id, as it was when its good build was made."""

    @abstractmethod
    def manifest(self) -> Manifest:
        """Return the manifest of the newest deployment; raises NotFound where there is none."""

    def declared(self) -> Mapping[str, AnyNode]:
        """Return the nodes of the newest deployment, by id: as they are meant, built or not.

        Entities and models are here only, since nothing is ever built of them.
        """
        try:
            return {node.id: node for node in self.manifest().nodes}
        except NotFound:
            return {}

    def models(self) -> Mapping[str, Model]:
        """Return the models of the newest deployment, by name."""
        return {n.name: n for n in self.declared().values() if isinstance(n, Model)}

    def model(self, name: str) -> Model:
        """Return a model of the newest deployment; raises NotFound, naming what is close."""
        models = self.models()
        if name in models:
            return models[name]
        hints = did_you_mean(name, models) or _known("models", models)
        raise NotFound(f"no model named `{name}` is deployed", help=hints)

    @abstractmethod
    def build(self, node: str) -> Build:
        """Return a node's good build; raises NotFound where it has none."""

    @abstractmethod
    def serving(self) -> Serving:
        """Return what can be served: the views that an online store holds."""

    def relation(self, node: str) -> Relation:
        """Return where a node's good build lies; raises NotFound."""
        return Relation(*self.build(node).relation)

    def find(self, kind: str, text: str) -> AnyNode:
        """Return a node by `name` or `name@variant`; raises NotFound, naming what is close."""
        name, variant = split_variant(text)
        known = [n for n in self.nodes().values() if n.kind == kind]
        named = [n for n in known if n.name == name]
        found = meant(named, variant)
        if len(found) == 1:
            return found[0]
        what = kind.replace("_", " ")
        hints = did_you_mean(name, {n.name for n in known})
        if named:
            variants = listed((f"{name}@{node.variant}" for node in named), "or")
            hints = (f"write {variants}",)
        raise NotFound(
            f"no {what} named `{text}` is deployed",
            help=hints or ["`ffc run` builds and deploys what the project declares"],
        )


def _known(what: str, names: Iterable[str]) -> Sequence[str]:
    there = listed(names)
    return [f"the {what} are {there}"] if there else [f"no {what} are: `ffc run` deploys them"]


class _Named(msgspec.Struct):
    id: str


class _Declared(msgspec.Struct):
    nodes: list[_Named]


def _declared(manifest: bytes) -> frozenset[str]:
    """Return the ids of a manifest's nodes, and read no more of it."""
    return frozenset(node.id for node in msgspec.json.decode(manifest, type=_Declared).nodes)


class StateRegistry(Registry):
    """The registry of a target as its state store has it now; read once, then fixed.

    A node that the newest deployment declares no more is gone, though its builds are kept.
    """

    def __init__(self, state: StateStore, target: str) -> None:
        self._state = state
        self._target = target
        deployment = state.deployment(target)
        while True:
            self._read(state, target, deployment)
            # A rollback moves all of this at one stroke: half of it must not be read before that.
            newest = state.deployment(target)
            if newest == deployment:
                return
            deployment = newest

    def _read(self, state: StateStore, target: str, deployment: tuple[str, bytes] | None) -> None:
        self.deployment = deployment[0] if deployment else "d0"
        self._document = deployment[1] if deployment else b""
        declared = _declared(deployment[1]) if deployment else frozenset()
        self._pointers: dict[str, Pointer] = {
            node: pointer
            for node, pointer in state.pointers(target).items()
            if node in declared or is_snapshot(node)
        }
        self._online: list[OnlineView] = state.online_views(target)
        deployed = [(p.node, p.definition) for p in self._pointers.values()]
        synced = [(view.view, view.fingerprint) for view in self._online]
        self._definitions = state.definitions([*deployed, *synced])

    @cached_property
    def _nodes(self) -> dict[str, AnyNode]:
        return {
            p.node: self._decoded(p.node, p.definition)
            for p in self._pointers.values()
            if not is_snapshot(p.node)
        }

    @cached_property
    def _manifest(self) -> Manifest:
        if not self._document:
            raise NotFound("nothing is deployed yet", help=["`ffc run` builds and deploys"])
        return decode_manifest(self._document)

    def manifest(self) -> Manifest:
        """Return the manifest of the newest deployment."""
        return self._manifest

    def _decoded(self, node: str, fingerprint: str) -> AnyNode:
        found = decode_node(self._definitions[node, fingerprint])
        return found

    def nodes(self) -> Mapping[str, AnyNode]:
        """Return the definitions of the nodes that have a good build."""
        return self._nodes

    def build(self, node: str) -> Build:
        """Return a node's good build."""
        if node not in self._pointers:
            raise NotFound(f"`{node}` was never built in this target", help=["run `ffc run`"])
        return self._pointers[node].build

    def serving(self) -> Serving:
        """Return what can be served: each synced view by the definition it was synced with.

        A model or training set is that of the newest deployment whose views, as far as it asks for
        them, are those that are synced: it moves on when they do.
        """
        return self._serving

    @cached_property
    def _serving(self) -> Serving:
        held = [view for view in self._online if self._is_online(view)]
        decoded = [self._decoded(view.view, view.fingerprint) for view in held]
        views = [view for view in decoded if isinstance(view, FeatureView)]
        others = [node for node in self._nodes.values() if node.kind != "feature_view"]
        serving = serving_of([*views, *others, *self.models().values()])
        serving = self._as_synced(serving, views)
        generations = {view.view: view.generation for view in held}
        return msgspec.structs.replace(
            serving,
            views=tuple(
                msgspec.structs.replace(view, generation=generations[view.id])
                for view in serving.views
            ),
        )

    def _as_synced(self, serving: Serving, views: Sequence[FeatureView]) -> Serving:
        """Return what is served while views of the newest deployment are not synced yet."""
        there = {view.id: {f.name for f in view.features} for view in views}
        synced = {view.id: _place(view) for view in views}
        declared = [n for n in self.declared().values() if isinstance(n, FeatureView) and n.online]
        if all(synced.get(view.id) == _place(view) for view in declared):
            return serving
        newest = _sets(serving)
        whole: dict[tuple[str, str], ServedSet] = {}
        # What no deployment had just so is served as far as it can be.
        partly: dict[tuple[str, str], ServedSet] = {}
        for nodes, known in self._deployed(newest, views):
            places = {n.id: _place(n) for n in nodes if isinstance(n, FeatureView)}
            for name in newest.keys() & known.keys() - whole.keys():
                each = known[name]
                if is_served_by(each, there):
                    partly.setdefault(name, each)
                    asked = {view for _, view, _ in each.features}
                    if all(places.get(view) == synced[view] for view in asked):
                        whole[name] = each
            if len(whole) == len(newest):
                break
        sets = {**newest, **partly, **whole}
        return msgspec.structs.replace(
            serving,
            training_sets=tuple(each for (kind, _), each in sets.items() if kind == "set"),
            models=tuple(each for (kind, _), each in sets.items() if kind == "model"),
        )

    def _deployed(
        self, newest: dict[tuple[str, str], ServedSet], views: Sequence[FeatureView]
    ) -> Iterator[tuple[Iterable[AnyNode], dict[tuple[str, str], ServedSet]]]:
        """Yield the nodes of deployments, the newest first, and what is asked for by name there."""
        yield self.declared().values(), newest
        for record in self._state.deployments(self._target, limit=LOOKED_BACK)[1:]:
            nodes = decode_manifest(record.manifest).nodes
            others = [node for node in nodes if not isinstance(node, FeatureView)]
            yield nodes, _sets(serving_of([*views, *others]))

    def _is_online(self, view: OnlineView) -> bool:
        """Tell whether a store's rows are still meant to be served: the view may have moved on."""
        node = self._nodes.get(view.view)
        return isinstance(node, FeatureView) and node.online == view.store


def deployed(state: StateStore, target: str) -> StateRegistry:
    """Return the registry of a target; raises NotFound where nothing was deployed to it."""
    if state.deployment(target) is None:
        raise NotFound(f"nothing is deployed in the target `{target}`", help=["run `ffc run`"])
    return StateRegistry(state, target)


def _place(view: FeatureView) -> tuple[str, str]:
    """Return where a view's rows are, and what tells its definition from others."""
    return view.online, view.data_fingerprint


def _sets(serving: Serving) -> dict[tuple[str, str], ServedSet]:
    """Return what is asked for by a name of its own."""
    sets = {("set", each.name): each for each in serving.training_sets}
    return sets | {("model", each.name): each for each in serving.models}
