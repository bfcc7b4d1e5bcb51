"""What is deployed, looked at: a node with its good build, and its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.errors import NotFound
from ffc.manifest.records import AnyNode
from ffc.manifest.selection import find_node
from ffc.registry import StateRegistry
from ffc.run.advancing import relations_of
from ffc.run.reading import Rows, read_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The nodes of a target: those that are built as they were then, others as last deployed."""

    session: Session
    registry: StateRegistry
    nodes: dict[str, AnyNode]
    dialect: str
    variables: dict[str, object]

    def find(self, name: str) -> AnyNode:
        """Return a node by its name or id; raises NotFound."""
        return find_node(self.nodes.values(), name)

    def build(self, node: str) -> Build | None:
        """Return a node's good build, if it has one."""
        pointer = self.registry.pointers().get(node)
        return pointer.build if pointer is not None else None

    def relations(self, nodes: Iterable[str]) -> dict[str, Relation | str]:
        """Return where nodes lie, of an ephemeral the query; raises NotFound for one never built.

        What an ephemeral reads is looked up with it.
        """
        wanted = list(nodes)
        warehouse = Warehouse(self.session.offline, self.session.schema)
        try:
            found = relations_of(warehouse, self.nodes, self.registry.pointers(), wanted)
        except KeyError as problem:
            raise _never_built(str(problem.args[0])) from None
        for node in wanted:
            if node not in found:
                raise _never_built(node)
        return found


def _never_built(node: str) -> NotFound:
    return NotFound(f"`{node}` was never built in this target", help=["run `ffc run`"])


def look_at(session: Session, *, principal: Principal) -> Deployed:
    """Return what is deployed in a session's target; nothing before the first run."""
    authorize(principal, "read")
    registry = StateRegistry(session.state, session.target.name)
    manifest = registry.manifest()
    nodes = {node.id: node for node in (manifest.nodes if manifest else ())}
    return Deployed(
        session=session,
        registry=registry,
        nodes={**nodes, **registry.nodes()},
        dialect=manifest.target.dialect if manifest else "",
        variables=dict(manifest.project.variables) if manifest else {},
    )


def first_rows(deployed: Deployed, node: AnyNode, limit: int) -> Rows:
    """Return the first rows of a node's good build, in no order that means anything."""
    (relation,) = deployed.relations([node.id]).values()
    store = deployed.session.offline
    if isinstance(relation, str):
        return read_rows(store, relation, limit)
    query = exp.select("*").from_(table_of(relation)).limit(limit)
    return read_rows(store, query.sql(dialect=store.dialect), limit)
