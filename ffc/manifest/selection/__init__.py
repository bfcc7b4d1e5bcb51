"""Which nodes are meant: dbt's grammar for naming parts of a graph, over a manifest."""

from __future__ import annotations

from ffc.manifest.selection.finding import find_node
from ffc.manifest.selection.methods import SelectionContext
from ffc.manifest.selection.selecting import Selection, Unmatched, select

__all__ = [
    "Selection",
    "SelectionContext",
    "Unmatched",
    "find_node",
    "select",
]
