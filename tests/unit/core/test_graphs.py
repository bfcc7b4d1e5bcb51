"""Names in order: after what they read; cycles whole, long chains and many cycles quickly."""

from __future__ import annotations

import itertools
import time

from hypothesis import given
from hypothesis import strategies as st

from ffc.core.graphs import in_order

NAMES = st.sampled_from("abcdefg")


@given(st.dictionaries(NAMES, st.sets(NAMES)))
def test_each_comes_after_what_it_reads(graph: dict[str, set[str]]) -> None:
    order, cycles = in_order(graph)
    assert sorted(order) == sorted({*graph, *(r for reads in graph.values() for r in reads)})
    place = {name: index for index, name in enumerate(order)}
    closing = {(found[-2], found[-1]) for found in cycles}
    for name, reads in graph.items():
        for read in reads:
            assert place[read] < place[name] or (name, read) in closing
    for found in cycles:
        assert found[0] == found[-1]
        assert all(b in graph[a] for a, b in itertools.pairwise(found))
    for name, read in closing:
        assert place[read] >= place[name], "an edge that closes no cycle"


def test_the_order_does_not_hang_on_how_a_graph_is_written() -> None:
    one = {"a": ["b", "c"], "b": ["c"], "c": []}
    other = {"c": [], "b": ["c"], "a": ["c", "b"]}
    assert in_order(one) == in_order(other) == (["c", "b", "a"], [])


def test_a_long_chain_and_many_cycles() -> None:
    started = time.monotonic()
    chain = {str(i): [str(i + 1)] for i in range(50_000)}
    assert len(in_order(chain)[0]) == 50_001
    pairs = {f"{i}{side}": [f"{i}{'ba'[side == 'b']}"] for i in range(20_000) for side in "ab"}
    assert len(in_order(pairs)[1]) == 20_000
    assert time.monotonic() - started < 20
