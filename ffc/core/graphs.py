"""Names put in order, each after what it reads; what leads back to itself is told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

Edges = Mapping[str, Collection[str]]


def in_order(graph: Edges) -> tuple[list[str], list[list[str]]]:
    """Return every name after what it reads, and the cycles: each begins and ends with one name.

    A depth-first walk without recursion, so that chains may be long and cycles many: an edge that
    leads back to where the walk stands closes a cycle, and is then taken as if it were not there.
    """
    order: list[str] = []
    cycles: list[list[str]] = []
    done: set[str] = set()
    for root in sorted(graph):
        path: dict[str, Iterator[str]] = {}
        _enter(graph, root, path, done)
        while path:
            name = next(reversed(path))
            read = next(path[name], None)
            if read is None:
                del path[name]
                done.add(name)
                order.append(name)
            elif read in path:
                walked = list(path)
                cycles.append([*walked[walked.index(read) :], read])
            else:
                _enter(graph, read, path, done)
    return order, cycles


def _enter(graph: Edges, name: str, path: dict[str, Iterator[str]], done: set[str]) -> None:
    if name not in done and name not in path:
        path[name] = iter(sorted(graph.get(name, ())))
