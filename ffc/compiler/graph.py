"""The order of transformations and feature views: each after what it reads; cycles shown whole."""

from __future__ import annotations

from ffc.compiler.catalog import resolve_relation
from ffc.compiler.compilation import Compilation
from ffc.core.diagnostics import Span, cycle
from ffc.core.graphs import in_order
from ffc.core.names import node_id
from ffc.project.template import Unresolved

Graph = dict[str, dict[str, Span]]


def order_relations(state: Compilation) -> None:
    """Order transformations and feature views so that each comes after what it reads."""
    graph: Graph = {}
    for rendered in (*state.rendered.values(), *state.following.values()):
        reads = graph.setdefault(rendered.node, {})
        for ref, span in rendered.refs.items():
            # What was built so far, `this`, is no cycle.
            this = rendered.incremental and ref == rendered.node
            if not this and not ref.startswith("source."):
                reads.setdefault(ref, span)
    for view in state.resources.feature_views:
        node = node_id("feature_view", view.name, view.variant)
        try:
            entry = resolve_relation(state.catalog, view.source)
        except Unresolved as problem:
            state.report(node, problem.at(view.at("source")))
            entry = None
        made = entry is not None and entry.kind != "source"
        graph[node] = {entry.id: view.at("source")} if entry and made else {}
    order, cycles = in_order(graph)
    state.order = tuple(order)
    for found in cycles:
        state.report(found[0], cycle("a cycle", found, graph, "reads"))
        state.failed.update(found)
