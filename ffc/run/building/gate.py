"""Tests of data at the gate: what a build must pass before anything points to it.

That a test held is remembered of what it looked at: the build, the other node's build, its own
text. It is run again when one of them is another, or when it did not hold the last time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from ffc.adapter.offline import Relation
from ffc.adapter.state import NodeRun, Observation, Pointer, StateStore
from ffc.connect.warehouse import Warehouse
from ffc.core.diagnostics import listed
from ffc.core.errors import TestFailed
from ffc.manifest.records import AnyNode, DataTest
from ffc.run.building.testing import run_test

# The figure that is kept of a test which held: how many rows break it, within its threshold.
HELD: Final = "test_held"

# What a test held of: node, name of the test, a digest of all else, build.
Held = tuple[str, str, str, str]


@dataclass(slots=True, kw_only=True)
class Gate:
    """Run the tests of nodes as they are built; several threads may pass.

    `relations` tells where nodes lie. `later` are tests that look into nodes which are built after
    their own; they block nothing.
    """

    warehouse: Warehouse
    state: StateStore
    nodes: Mapping[str, AnyNode]
    pointers: Mapping[str, Pointer]
    relations: Callable[[Iterable[str]], dict[str, Relation | str]]
    now: datetime
    build_id: Callable[[], str]
    report: Callable[[NodeRun], None]
    later: list[tuple[AnyNode, DataTest]] = field(default_factory=list)
    held: set[Held] = field(init=False)

    def __post_init__(self) -> None:
        """Read what held of the builds that there are."""
        builds = [pointer.build.id for pointer in self.pointers.values()]
        known = self.state.observations(builds, HELD)
        self.held = {(o.node, o.column, o.window, o.build) for o in known}

    def check(self, node: AnyNode, relation: Relation, build_id: str) -> None:
        """Run a node's tests on what is to be its build, or on the one that stays.

        Raises TestFailed for one that blocks.
        """
        failed = []
        for test in node.tests:
            if test.other not in ("", node.id, *self._ancestors(node)):
                self.later.append((node, test))
                continue
            known = {**self.relations([test.other] if test.other else []), node.id: relation}
            result = self._run(node, test, known, build_id)
            if result is not None and result.status == "error" and test.blocking:
                failed.append(test.name)
        if not failed:
            return
        pointer = self.pointers.get(node.id)
        if pointer is not None and pointer.build.id == build_id:
            message = f"`{node.name}` is as it was, and {listed(failed)} failed on it"
            raise TestFailed(message, help=["what reads it is not built until that holds"])
        stays = "the last good build stays where it is"
        raise TestFailed(
            f"`{node.name}` is not published: {listed(failed)} failed",
            help=[stays if pointer is not None else "it has no good build yet"],
        )

    def finish(self, broken: Set[str]) -> None:
        """Run the tests that had to wait until all was built, but those of broken nodes."""
        for node, test in self.later:
            wanted = [node.id, test.other]
            if not broken & set(wanted) and all(name in self.pointers for name in wanted):
                self._run(node, test, self.relations(wanted), self.pointers[node.id].build.id)

    def _run(
        self,
        node: AnyNode,
        test: DataTest,
        known: Mapping[str, Relation | str],
        build_id: str,
    ) -> NodeRun | None:
        """Run a test and report how it fared; None where that is known."""
        looked_at = (node.id, test.name, self._digest(test), build_id)
        if looked_at in self.held:
            return None
        result = run_test(self.warehouse, node, test, known, self.now, self.build_id())
        if result.status == "success" and test.stable:
            self.state.observe([_observed(looked_at, result.rows["failing"])])
        self.report(result)
        return result

    def _digest(self, test: DataTest) -> str:
        """Return what tells a test, and what it looks into beside its node, from any other."""
        text = msgspec.json.encode(msgspec.structs.replace(test, line=0))
        other = self.pointers.get(test.other)
        build = other.build.id if other is not None else ""
        return hashlib.sha256(text + build.encode()).hexdigest()[:16]

    def _ancestors(self, node: AnyNode) -> set[str]:
        found: set[str] = set()
        waiting = list(node.depends_on)
        while waiting:
            parent = waiting.pop()
            if parent not in found:
                found.add(parent)
                waiting += self.nodes[parent].depends_on
        return found


def _observed(held: Held, failing: int) -> Observation:
    node, test, digest, build = held
    return Observation(
        node=node, column=test, metric=HELD, window=digest, value=failing, build=build
    )
