"""Which nodes are meant: dbt's grammar over a manifest.

`a b` is what either means, `a,b` what both mean, `+a` adds what a reads, `a+` what reads it,
`2+a+1` so many steps of each, `@a` what reads it and all that those read. A word is a method and a
value, `tag:nightly`; without a method it is a path where it has a slash or an ending, else a name.
`*`, `?` and `[...]` stand for characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import FfcError
from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.names import published_name
from ffc.manifest.records import (
    AnyNode,
    FeatureView,
    Label,
    Manifest,
    Model,
    Source,
    TrainingSet,
    Transformation,
)

_WORD: Final = re.compile(
    r"(?P<at>@)?(?P<parents>(?P<up>\d*)\+)?((?P<method>[\w.]+):)?(?P<value>.*?)"
    r"(?P<children>\+(?P<down>\d*))?",
    re.DOTALL,
)
_ENDINGS: Final = (".sql", ".yml", ".yaml")
_STATES: Final = (
    *("new", "old", "modified", "modified.body", "modified.words", "unmodified", "removed"),
)
_STATUSES: Final = ("success", "warn", "error", "skipped", "cancelled", "unchanged")


class BadSelection(FfcError):
    """Report a selection that means nothing."""

    code = "FF811"
    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionContext:
    """What a selection may ask beside the manifest; None where it was not given.

    `before` is another manifest, `results` how nodes fared in the last run, `changed` tells the
    files that differ from a git reference.
    """

    before: Manifest | None = None
    results: Mapping[str, str] | None = None
    changed: Callable[[str], Iterable[str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The ids of the nodes that are meant, and the words that match none.

    `state:removed` means nodes that the manifest has no more.
    """

    nodes: frozenset[str]
    unmatched: tuple[str, ...] = ()


def select(
    manifest: Manifest,
    wanted: Sequence[str],
    unwanted: Sequence[str] = (),
    context: SelectionContext | None = None,
) -> Selection:
    """Return the nodes that `wanted` means, all of none, less those of `unwanted`.

    Raises BadSelection for a word that means nothing.
    """
    selecting = _Selecting(manifest, context or SelectionContext())
    everything = frozenset(selecting.nodes)
    found = selecting.union(wanted) if wanted else everything
    less = selecting.union(unwanted)
    return Selection(nodes=found - less, unmatched=tuple(dict.fromkeys(selecting.unmatched)))


def suggestions(manifest: Manifest, word: str) -> tuple[str, ...]:
    """Return what a word that matches nothing may be meant to be."""
    match = _WORD.fullmatch(word)
    value = match["value"] if match else word
    return did_you_mean(value, {name for node in manifest.nodes for name in _names(node)})


@dataclass(slots=True)
class _Selecting:
    """One selection over one manifest."""

    manifest: Manifest
    context: SelectionContext
    nodes: dict[str, AnyNode] = field(init=False)
    reads: dict[str, set[str]] = field(init=False)
    read_by: dict[str, set[str]] = field(init=False)
    unmatched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.nodes = {node.id: node for node in self.manifest.nodes}
        self.reads = {
            node.id: {parent for parent in node.depends_on if parent in self.nodes}
            for node in self.manifest.nodes
        }
        self.read_by = {name: set() for name in self.nodes}
        for name, parents in self.reads.items():
            for parent in parents:
                self.read_by[parent].add(name)

    def union(self, words: Iterable[str]) -> frozenset[str]:
        each = [part for word in words for part in word.split()]
        return frozenset().union(*(self._intersection(part) for part in each))

    def _intersection(self, text: str) -> frozenset[str]:
        parts = [self._word(word) for word in text.split(",")]
        return parts[0].intersection(*parts[1:])

    def _word(self, text: str) -> frozenset[str]:
        match = _WORD.fullmatch(text)
        if match is None or not match["value"]:
            raise BadSelection(f"`{text}` selects nothing", help=[_EXAMPLES])
        if match["at"] and match["children"]:
            raise BadSelection(
                f"`{text}`: `@` means all that reads a node already",
                help=["leave out the `+` behind it"],
            )
        found = self._matching(match["method"] or _method(match["value"]), match["value"])
        if not found:
            self.unmatched.append(text)
        if match["at"]:
            reading = self._reach(found, self.read_by, None)
            return reading | self._reach(reading, self.reads, None)
        whole = found
        if match["parents"]:
            whole |= self._reach(found, self.reads, _steps(match["up"]))
        if match["children"]:
            whole |= self._reach(found, self.read_by, _steps(match["down"]))
        return whole

    def _reach(
        self, start: frozenset[str], steps: Mapping[str, set[str]], depth: int | None
    ) -> frozenset[str]:
        """Return what can be reached in so many steps, the start too."""
        found, edge = set(start), set(start)
        while edge and (depth is None or depth > 0):
            edge = {name for each in edge for name in steps.get(each, ())} - found
            found |= edge
            depth = None if depth is None else depth - 1
        return frozenset(found)

    def _matching(self, method: str, value: str) -> frozenset[str]:
        if method in ("state", "result", "git"):
            return self._compared(method, value)
        known = _METHODS.get(method)
        if known is None:
            names = (*_METHODS, "state", "result", "git")
            hints = did_you_mean(method, names) or (f"there are {listed(names)}",)
            raise BadSelection(f"there is no way to select by `{method}:`", help=hints)
        return frozenset(name for name, node in self.nodes.items() if known(node, value))

    def _compared(self, method: str, value: str) -> frozenset[str]:
        if method == "state":
            return self._by_state(value)
        if method == "result":
            if value not in _STATUSES:
                raise _no_value("result", value, _STATUSES)
            if self.context.results is None:
                raise BadSelection("`result:` needs a run to look at", help=["run `ffc run` first"])
            ids = {name for name, status in self.context.results.items() if status == value}
            return frozenset(ids & set(self.nodes))
        if self.context.changed is None:
            raise BadSelection("`git:` needs a project that git knows")
        paths = set(self.context.changed(value))
        return frozenset(name for name, node in self.nodes.items() if node.path in paths)

    def _by_state(self, value: str) -> frozenset[str]:
        if value not in _STATES:
            raise _no_value("state", value, _STATES)
        if self.context.before is None:
            raise BadSelection(
                "`state:` needs another manifest to compare with",
                help=["`--state DIR` names the folder that it is in"],
            )
        old = {node.id: node for node in self.context.before.nodes}
        if value == "removed":
            self._know(old)
            return frozenset(old.keys() - self.nodes.keys())
        return frozenset(
            name for name, node in self.nodes.items() if _is_in_state(node, old.get(name), value)
        )

    def _know(self, old: Mapping[str, AnyNode]) -> None:
        """Give what is gone its place in the graph, as it was."""
        gone = old.keys() - self.nodes.keys()
        for node in old.values():
            for parent in node.depends_on:
                if parent in gone or node.id in gone:
                    self.reads.setdefault(node.id, set()).add(parent)
                    self.read_by.setdefault(parent, set()).add(node.id)


_EXAMPLES: Final = "write a name, `tag:nightly`, `path:features`, `+name`, `name+` or `@name`"


def _steps(text: str) -> int | None:
    return int(text) if text else None


def _method(value: str) -> str:
    """Return the method of a word that has none."""
    if "/" in value or value.endswith(_ENDINGS):
        return "path" if "/" in value else "file"
    return "name"


def _no_value(method: str, value: str, known: Sequence[str]) -> BadSelection:
    hints = did_you_mean(value, known) or (f"there are {listed(known)}",)
    return BadSelection(f"there is no `{method}:{value}`", help=hints)


def _is_in_state(node: AnyNode, old: AnyNode | None, value: str) -> bool:
    if value == "new" or old is None:
        return old is None and value in ("new", "modified")
    body = node.data_fingerprint != old.data_fingerprint
    words = node.metadata_fingerprint != old.metadata_fingerprint
    return {
        "old": True,
        "modified": body or words,
        "modified.body": body,
        "modified.words": words,
        "unmodified": not (body or words),
    }[value]


def _names(node: AnyNode) -> tuple[str, ...]:
    """Return all that a node can be called."""
    own = (node.id, node.name, f"{node.name}@{node.variant}")
    return (*own, published_name(node.name, node.variant))


def _named(node: AnyNode, value: str) -> bool:
    default = value.removesuffix(f"@{DEFAULT_VARIANT}")
    return any(fnmatchcase(name, each) for name in _names(node) for each in (value, default))


def _in_path(node: AnyNode, value: str) -> bool:
    path = value.removeprefix("./").rstrip("/")
    return fnmatchcase(node.path, path) or fnmatchcase(node.path, f"{path}/*")


def _of_file(node: AnyNode, value: str) -> bool:
    return fnmatchcase(node.path.rpartition("/")[2], value)


def _of_entity(node: AnyNode, value: str) -> bool:
    entities: list[str] = [node.name] if node.kind == "entity" else []
    if isinstance(node, FeatureView):
        entities = [node.entity]
    elif isinstance(node, Label):
        entities = [role.entity for role in node.roles]
    elif isinstance(node, TrainingSet):
        entities = [view.entity for view in node.plan.views]
    elif isinstance(node, Model):
        entities = list(node.entities)
    return any(fnmatchcase(entity, value) for entity in entities)


def _of_source(node: AnyNode, value: str) -> bool:
    group = node.name.partition(".")[0]
    return isinstance(node, Source) and (fnmatchcase(node.name, value) or group == value)


def _materialized(node: AnyNode, value: str) -> bool:
    return isinstance(node, Transformation) and fnmatchcase(node.materialized, value)


_METHODS: Final[Mapping[str, Callable[[AnyNode, str], bool]]] = {
    "name": _named,
    "tag": lambda node, value: any(fnmatchcase(tag, value) for tag in node.tags),
    "path": _in_path,
    "file": _of_file,
    "kind": lambda node, value: fnmatchcase(node.kind, value),
    "resource_type": lambda node, value: fnmatchcase(node.kind, value),
    "owner": lambda node, value: fnmatchcase(node.owner, value),
    "entity": _of_entity,
    "source": _of_source,
    "config.materialized": _materialized,
}
