"""The methods of a selection: which nodes a `method:value` matches."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final

from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadSelection
from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.records import AnyNode, FeatureView, Label, Manifest, Source, TrainingSet
from ffc.manifest.selection.words import Criterion

KINDS: Final = (
    "source",
    "transformation",
    "entity",
    "feature_view",
    "label",
    "training_set",
)
STATUSES: Final = (
    *("success", "unchanged", "warn", "error", "fail", "pass", "skipped", "cancelled"),
)
_ANY: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionContext:
    """What a selection may ask for beside the manifest; None for what is not at hand.

    `state` is the manifest to compare with. `results` has the statuses of each node in an earlier
    run, by id. `changed` returns the paths, from the project's folder, that differ from a git
    revision; it raises BadSelection where there is no such revision.
    """

    state: Manifest | None = None
    results: Mapping[str, Collection[str]] | None = None
    changed: Callable[[str], Collection[str]] | None = None


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of a manifest by id, and those of the manifest that it is compared with."""

    context: SelectionContext
    now: Mapping[str, AnyNode]
    before: Mapping[str, AnyNode] = field(default_factory=dict)

    @staticmethod
    def of(manifest: Manifest, context: SelectionContext) -> Nodes:
        """Return the nodes of a manifest."""
        before = context.state.nodes if context.state is not None else ()
        return Nodes(context, {n.id: n for n in manifest.nodes}, {n.id: n for n in before})

    def matching(self, criterion: Criterion) -> set[str]:
        """Return the ids that a criterion matches, the graph aside; raises BadSelection."""
        method, _, part = criterion.method.partition(".")
        if bool(part) != (method == "config"):
            raise _unknown(criterion)
        if method == "state":
            return self._state(criterion)
        if method in KINDS and method not in _METHODS:
            return {n.id for n in self.now.values() if n.kind == method and _is(n, criterion.value)}
        if method in _WITH_CONTEXT:
            wanted = _WITH_CONTEXT[method](self, criterion)
        elif method in _METHODS:
            test = _METHODS[method]
            return {n.id for n in self.now.values() if test(n, criterion)}
        else:
            raise _unknown(criterion)
        return {n.id for n in self.now.values() if wanted(n)}

    def _state(self, criterion: Criterion) -> set[str]:
        wanted = criterion.value
        if wanted not in _STATES:
            hints = did_you_mean(wanted, _STATES) or (f"there are {listed(_STATES)}",)
            raise BadSelection(f"`{criterion.text}`: there is no state `{wanted}`", help=hints)
        if self.context.state is None:
            raise BadSelection(
                f"`{criterion.text}` compares with another manifest, and there is none",
                help=["`--state DIR` names a folder with the manifest.json to compare with"],
            )
        if wanted == "removed":
            return self.before.keys() - self.now.keys()
        return {n.id for n in self.now.values() if _STATES[wanted](self, n)}

    def old(self, node: AnyNode) -> bool:
        """Tell whether a node was there before."""
        return node.id in self.before

    def changed_data(self, node: AnyNode) -> bool:
        """Tell whether a node's values may be others than before: its own doing or its parents'."""
        was = self.before.get(node.id)
        return was is None or was.data_fingerprint != node.data_fingerprint

    def changed_words(self, node: AnyNode) -> bool:
        """Tell whether a node's words are others than before."""
        was = self.before.get(node.id)
        return was is None or was.metadata_fingerprint != node.metadata_fingerprint

    def changed_body(self, node: AnyNode) -> bool:
        """Tell whether what computes a node's values was changed in its own definition."""
        was = self.before.get(node.id)
        if was is None or not self.changed_data(node):
            return was is None
        parents = {*node.depends_on, *was.depends_on}
        steady = all(p in self.now and not self.changed_data(self.now[p]) for p in parents)
        return steady or _body(was) != _body(node)

    def changed(self, node: AnyNode) -> bool:
        """Tell whether anything of a node is other than before."""
        return self.changed_data(node) or self.changed_words(node)


_STATES: Final[Mapping[str, Callable[[Nodes, AnyNode], bool]]] = {
    "new": lambda nodes, node: not nodes.old(node),
    "old": Nodes.old,
    "modified": Nodes.changed,
    "modified.data": Nodes.changed_data,
    "modified.body": Nodes.changed_body,
    "modified.metadata": Nodes.changed_words,
    "unmodified": lambda nodes, node: not nodes.changed(node),
    "removed": lambda nodes, node: False,
}
# What a definition says beside what computes its values, or what follows from its parents.
_BESIDE: Final = (
    *("path", "line", "description", "owner", "tags", "columns", "lineage", "raw", "schedule"),
    *("data_fingerprint", "metadata_fingerprint", "materialized", "online"),
)


def _body(node: AnyNode) -> dict[str, object]:
    """Return what computes a node's values, texts without their layout."""
    said = {name: getattr(node, name) for name in node.__struct_fields__ if name not in _BESIDE}
    return {k: " ".join(v.split()) if isinstance(v, str) else v for k, v in said.items()}


def own_names(node: AnyNode) -> tuple[str, ...]:
    """Return what a node can be called: its name, with its variant, with its kind."""
    variant = f"{node.name}@{node.variant}"
    return node.name, variant, node.id, f"{node.kind}.{variant}"


def _is(node: AnyNode, pattern: str) -> bool:
    """Tell whether a name, a group of sources or a folder with dots is a node's."""
    if any(fnmatchcase(name, pattern) for name in own_names(node)):
        return True
    return any(_begins(name, pattern) for name in _qualified(node))


def _qualified(node: AnyNode) -> Iterator[tuple[str, ...]]:
    """Yield a node's name after its folders, with the one that holds its kind and without."""
    folders = PurePosixPath(node.path).parts[:-1]
    name = node.name if node.variant == DEFAULT_VARIANT else f"{node.name}@{node.variant}"
    yield (*folders, *name.split("."))
    yield (*folders[1:], *name.split("."))
    if node.kind == "source":
        yield tuple(node.name.split("."))


def _begins(parts: tuple[str, ...], pattern: str) -> bool:
    """Tell whether a dotted name begins with another one, up to a dot; wildcards as in dbt."""
    wild = _ANY.search(pattern)
    if wild is not None:
        return fnmatchcase(".".join(parts), pattern)
    wanted = tuple(pattern.split("."))
    return parts[: len(wanted)] == wanted


def _in_path(node: AnyNode, criterion: Criterion) -> bool:
    """Tell whether a node's file is the one that is named, or lies in the folder."""
    wanted = PurePosixPath(criterion.value.removeprefix("./")).parts
    path = PurePosixPath(node.path).parts
    return _globs(path, wanted)


def _globs(path: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Tell whether a path begins with a pattern, part by part; `**` stands for any parts."""
    if not wanted:
        return True
    if wanted[0] == "**":
        return any(_globs(path[start:], wanted[1:]) for start in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], wanted[0]) and _globs(path[1:], wanted[1:])


def _in_file(node: AnyNode, criterion: Criterion) -> bool:
    path = PurePosixPath(node.path)
    return fnmatchcase(path.name, criterion.value) or fnmatchcase(path.stem, criterion.value)


def _of_entity(node: AnyNode, criterion: Criterion) -> bool:
    """Tell whether a view, a label or a training set is about an entity."""
    names: tuple[str, ...] = ()
    if isinstance(node, FeatureView):
        names = (node.entity,)
    elif isinstance(node, Label):
        names = tuple(role.entity for role in node.roles)
    elif isinstance(node, TrainingSet):
        names = tuple(view.entity for view in node.plan.views)
    return any(fnmatchcase(name.removeprefix("entity."), criterion.value) for name in names)


def _kind(node: AnyNode, criterion: Criterion) -> bool:
    pattern = criterion.value
    if not _ANY.search(pattern) and pattern not in KINDS:
        hints = did_you_mean(pattern, KINDS) or (f"there are {listed(KINDS)}",)
        raise BadSelection(f"`{criterion.text}`: there is no kind `{pattern}`", help=hints)
    return fnmatchcase(node.kind, pattern)


def _config(node: AnyNode, criterion: Criterion) -> bool:
    """Tell whether a setting of a node has a value, or a list of them holds it."""
    found: object = node
    for name in criterion.method.split(".")[1:]:
        found = getattr(found, name, None)
    if isinstance(found, bool):
        return str(found).lower() == criterion.value.lower()
    values = found if isinstance(found, tuple | list) else (found,)
    return any(v is not None and fnmatchcase(str(v), criterion.value) for v in values)


_METHODS: Final[Mapping[str, Callable[[AnyNode, Criterion], bool]]] = {
    "name": lambda node, criterion: _is(node, criterion.value),
    "fqn": lambda node, criterion: _is(node, criterion.value),
    "tag": lambda node, criterion: any(fnmatchcase(t, criterion.value) for t in node.tags),
    "owner": lambda node, criterion: bool(node.owner) and fnmatchcase(node.owner, criterion.value),
    "path": _in_path,
    "file": _in_file,
    "kind": _kind,
    "resource_type": _kind,
    "entity": _of_entity,
    "config": _config,
}
Wanted = Callable[[AnyNode], bool]


def _by_result(nodes: Nodes, criterion: Criterion) -> Wanted:
    status, results = criterion.value, nodes.context.results
    if status not in STATUSES:
        hints = did_you_mean(status, STATUSES) or (f"there are {listed(STATUSES)}",)
        raise BadSelection(f"`{criterion.text}`: there is no status `{status}`", help=hints)
    if results is None:
        raise BadSelection(
            f"`{criterion.text}` asks for an earlier run, and its results are not there",
            help=["`ffc run` writes target/run_results.json; `--state DIR` reads another folder's"],
        )
    return lambda node: status in results.get(node.id, ())


def _by_git(nodes: Nodes, criterion: Criterion) -> Wanted:
    changed = nodes.context.changed
    if changed is None:
        raise BadSelection(f"`{criterion.text}` needs git, which is not at hand")
    paths = set(changed(criterion.value))

    def touched(node: AnyNode) -> bool:
        data = isinstance(node, Source) and any(
            _globs(PurePosixPath(path).parts, PurePosixPath(node.file).parts) for path in paths
        )
        return data or node.path in paths

    return touched


_WITH_CONTEXT: Final[Mapping[str, Callable[[Nodes, Criterion], Wanted]]] = {
    "result": _by_result,
    "git": _by_git,
}
METHODS: Final = tuple(sorted({*_METHODS, *_WITH_CONTEXT, *KINDS, "state"}))


def _unknown(criterion: Criterion) -> BadSelection:
    method = criterion.method
    if method == "config":
        help_ = "name a setting: `config.materialized:table`"
        return BadSelection(f"`{criterion.text}` says not which setting", help=[help_])
    hints = did_you_mean(method, METHODS) or (f"there are {listed(f'{m}:' for m in METHODS)}",)
    return BadSelection(f"`{criterion.text}`: there is no method `{method}:`", help=hints)
