"""Which nodes are meant: a selection over a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ffc.core.diagnostics import closest, did_you_mean, listed
from ffc.manifest.criteria import (
    Criterion,
    Difference,
    Union,
    Wanted,
    read_typed,
)
from ffc.manifest.index import typed
from ffc.manifest.methods import BadSelection, files_of, matches, values_of
from ffc.manifest.records import AnyNode, Manifest

# Where a word that is no name may have a meaning.
_OTHERWISE: Final = ("tag", "kind", "source", "entity", "owner")
Edges = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionContext:
    """What a selection may ask beside the manifest; None where it was not given.

    `before` is another manifest, `results` tells how nodes fared in the last run, if there was one,
    `changed` the files that differ from a git reference; `selectors` are selections by name.
    """

    before: Manifest | None = None
    results: Callable[[], Mapping[str, str] | None] | None = None
    changed: Callable[[str], Iterable[str]] | None = None
    selectors: Mapping[str, Wanted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The ids of the nodes that are meant, and the criteria that match none.

    `state:removed` means nodes that the manifest has no more.
    """

    nodes: frozenset[str]
    unmatched: tuple[Criterion, ...] = ()


def select(
    manifest: Manifest,
    wanted: Sequence[str],
    unwanted: Sequence[str] = (),
    context: SelectionContext | None = None,
) -> Selection:
    """Return the nodes that `wanted` means, all of none, less those of `unwanted`.

    Raises BadSelection for a word that means nothing.
    """
    return choose(manifest, read_typed(wanted, unwanted), context)


def choose(
    manifest: Manifest, wanted: Wanted, context: SelectionContext | None = None
) -> Selection:
    """Return the nodes that a selection means; raises BadSelection for what can't be asked."""
    choosing = _Choosing(manifest, context or SelectionContext())
    nodes = choosing.of(wanted)
    return Selection(nodes=nodes, unmatched=tuple(dict.fromkeys(choosing.unmatched)))


def suggestions(manifest: Manifest, wanted: Criterion) -> tuple[str, ...]:
    """Return what a criterion that matches nothing may be meant to be."""
    nodes, value = manifest.nodes, wanted.value
    if wanted.method in ("fqn", "name"):
        for method in _OTHERWISE:
            if value in values_of(nodes, method):
                return (f"did you mean `{_with(wanted, f'{method}:{value}')}`?",)
    close = closest(value, values_of(nodes, wanted.method))
    return (f"did you mean `{_with(wanted, typed(close))}`?",) if close else ()


def _with(wanted: Criterion, value: str) -> str:
    """Return a criterion as it is written, with another value."""
    before, _, behind = wanted.text.rpartition(wanted.value)
    return f"{before}{value}{behind}"


class _Choosing:
    """One selection over one manifest; `unmatched` collects what matches nothing."""

    def __init__(self, manifest: Manifest, context: SelectionContext) -> None:
        self.unmatched: list[Criterion] = []
        self._project = manifest.project.name
        self._context = context
        self._nodes = {node.id: node for node in manifest.nodes}

    @cached_property
    def _edges(self) -> tuple[Edges, Edges]:
        """What each node reads, and what reads each."""
        reads = {name: node.depends_on for name, node in self._nodes.items()}
        return _both_ways(reads, self._nodes)

    @cached_property
    def _edges_before(self) -> tuple[Edges, Edges]:
        """The same with the nodes that are gone, in the place that they had."""
        old = {node.id: node for node in self._context.before.nodes} if self._context.before else {}
        gone = old.keys() - self._nodes.keys()
        reads = {name: set(node.depends_on) for name, node in self._nodes.items()}
        for node in old.values():
            read = {name for name in node.depends_on if name in gone or node.id in gone}
            reads.setdefault(node.id, set()).update(read)
        return _both_ways(reads, reads)

    def of(self, wanted: Wanted) -> frozenset[str]:
        """Return the ids of what is meant."""
        if isinstance(wanted, Criterion):
            return self._around(wanted, self._criterion(wanted))
        if isinstance(wanted, Union):
            return frozenset().union(*map(self.of, wanted.parts))
        if isinstance(wanted, Difference):
            return self.of(wanted.whole) - self.of(wanted.less)
        found = [self.of(part) for part in wanted.parts] or [frozenset(self._nodes)]
        return found[0].intersection(*found[1:])

    def _around(self, wanted: Criterion, start: frozenset[str]) -> frozenset[str]:
        """Return nodes with those around them that are wanted too."""
        gone = start - self._nodes.keys()
        found = _grown(wanted, start - gone, *self._edges)
        return found | _grown(wanted, gone, *self._edges_before) if gone else found

    def _criterion(self, wanted: Criterion) -> frozenset[str]:
        aside = {
            "state": self._by_state,
            "result": self._by_result,
            "git": self._by_git,
            "selector": self._by_selector,
        }
        asked = aside.get(wanted.method)
        found = asked(wanted.value) if asked else self._matching(wanted.method, wanted.value)
        if not found and wanted.method != "selector":
            self.unmatched.append(wanted)
        return found

    def _matching(self, method: str, value: str) -> frozenset[str]:
        if method in ("fqn", "name"):
            if value == self._project and all(n.name != value for n in self._nodes.values()):
                return frozenset(self._nodes)
            value = value.removeprefix(f"{self._project}.")
        return frozenset(name for name, node in self._nodes.items() if matches(node, method, value))

    def _by_selector(self, value: str) -> frozenset[str]:
        return self.of(selector_named(self._context.selectors, value))

    def _by_result(self, value: str) -> frozenset[str]:
        results = self._context.results() if self._context.results is not None else None
        if results is None:
            raise BadSelection("`result:` needs a run to look at", help=["run `ffc run` first"])
        ids = {name for name, status in results.items() if status == value}
        return frozenset(name for name in self._nodes if name in ids or _is_tested(name, ids))

    def _by_git(self, value: str) -> frozenset[str]:
        if self._context.changed is None:
            raise BadSelection("`git:` needs a project that git knows")
        paths = set(self._context.changed(value))
        return frozenset(name for name, node in self._nodes.items() if paths & {*files_of(node)})

    def _by_state(self, value: str) -> frozenset[str]:
        if self._context.before is None:
            raise BadSelection(
                "`state:` needs another manifest to compare with",
                help=["`--state DIR` names the folder that it is in"],
            )
        old = {node.id: node for node in self._context.before.nodes}
        if value == "removed":
            return frozenset(old.keys() - self._nodes.keys())
        return frozenset(
            name for name, node in self._nodes.items() if _is_in_state(node, old.get(name), value)
        )


def selector_named(selectors: Mapping[str, Wanted], name: str) -> Wanted:
    """Return a selection by its name; raises BadSelection where there is none."""
    if name in selectors:
        return selectors[name]
    hints = did_you_mean(name, selectors) or (
        (f"there are {listed(selectors)}",) if selectors else ("selectors.yml declares selectors",)
    )
    raise BadSelection(f"there is no selector `{name}`", help=hints)


def _both_ways(reads: Mapping[str, Iterable[str]], known: Iterable[str]) -> tuple[Edges, Edges]:
    read_by: dict[str, set[str]] = {name: set() for name in known}
    for name, parents in reads.items():
        for parent in parents:
            if parent in read_by:
                read_by[parent].add(name)
    found = {name: frozenset(p for p in parents if p in read_by) for name, parents in reads.items()}
    return found, {name: frozenset(children) for name, children in read_by.items()}


def _grown(
    wanted: Criterion, start: frozenset[str], reads: Edges, read_by: Edges
) -> frozenset[str]:
    if wanted.around:
        return _reach(_reach(start, read_by, None), reads, None)
    return _reach(start, reads, wanted.up) | _reach(start, read_by, wanted.down)


def _reach(start: frozenset[str], edges: Edges, steps: int | None) -> frozenset[str]:
    """Return what can be reached in so many steps, the start too."""
    found, edge = set(start), set(start)
    while edge and (steps is None or steps > 0):
        edge = {name for each in edge for name in edges.get(each, ())} - found
        found |= edge
        steps = None if steps is None else steps - 1
    return frozenset(found)


def _is_tested(name: str, results: Iterable[str]) -> bool:
    """Tell whether one of some results is that of a test of a node."""
    return any(result.startswith(f"test.{name}.") for result in results)


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
