"""How long lineage takes beside parsing, for the queries of TPC-H: `python tests/lineage/timing.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.append(str(Path(__file__).parents[1]))

import sqlglot
from projects.tpch_data import PROJECT
from support.projects import compile_folder

from ffc.compiler.lineage.queries import query_lineage
from ffc.manifest.records import Source, Transformation


def _best(work: Callable[[], object], times: int = 30) -> float:
    found = []
    for _ in range(times):
        start = perf_counter()
        work()
        found.append((perf_counter() - start) * 1000)
    return min(found)


def main() -> None:
    """Measure both over all queries; print milliseconds and their ratio."""
    manifest = compile_folder(PROJECT)
    nodes = {n.id: [c.name for c in n.columns] for n in manifest.nodes if isinstance(n, Source)}
    queries = [n for n in manifest.nodes if isinstance(n, Transformation)]
    outputs = [[column.name for column in node.columns] for node in queries]
    trees = [sqlglot.parse_one(node.sql, read="duckdb") for node in queries]
    parsing = _best(lambda: [sqlglot.parse_one(node.sql, read="duckdb") for node in queries])
    both = list(zip(trees, outputs, strict=True))
    tracing = _best(lambda: [query_lineage(tree, nodes, output) for tree, output in both])
    sys.stdout.write(f"parsing {parsing:.1f} ms, lineage {tracing:.1f} ms, ")
    sys.stdout.write(f"ratio {tracing / parsing:.2f}\n")


if __name__ == "__main__":
    main()
