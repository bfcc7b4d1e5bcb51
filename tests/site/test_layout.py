"""Drawings of graphs: nothing overlaps, edges go right, the same graph is drawn the same."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from support.site_pages import chain

from ffc.core.characters import cells
from ffc.site.atlas import chart
from ffc.site.drawing import NEAR, name_lines, near_picture, whole_picture
from ffc.site.layout import BETWEEN_LAYERS, BETWEEN_NODES, Box, Drawing, lay_out

Graph = tuple[dict[str, tuple[int, int]], dict[str, list[str]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Nodes of any size, each reading some of those before it."""
    count = draw(st.integers(1, 18))
    size = st.tuples(st.integers(20, 300), st.integers(20, 120))
    sizes = {f"n{i}": draw(size) for i in range(count)}
    reads = {
        f"n{i}": draw(st.lists(st.sampled_from([f"n{j}" for j in range(i)]), max_size=4))
        for i in range(1, count)
    }
    return sizes, reads


def _apart(one: Box, other: Box) -> bool:
    level = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y + one.height + BETWEEN_NODES <= other.y + 2
    below = other.y + other.height + BETWEEN_NODES <= one.y + 2
    return level or above or below


def _inside(drawing: Drawing) -> bool:
    return all(
        box.x >= 0
        and box.y >= 0
        and box.x + box.width <= drawing.width
        and box.y + box.height <= drawing.height
        for box in drawing.boxes
    )


@settings(deadline=None)
@given(graphs())
def test_boxes_are_apart_and_edges_go_right(graph: Graph) -> None:
    sizes, reads = graph
    drawing = lay_out(sizes, reads)
    boxes = {box.node: box for box in drawing.boxes}
    assert {node: (box.width, box.height) for node, box in boxes.items()} == sizes
    assert all(_apart(one, other) for one, other in combinations(boxes.values(), 2))
    assert _inside(drawing)
    edges = {(parent, child) for child, parents in reads.items() for parent in parents}
    assert {(line.parent, line.child) for line in drawing.lines} == edges
    for line in drawing.lines:
        parent, child = boxes[line.parent], boxes[line.child]
        first, last = line.points[0], line.points[-1]
        assert first == (parent.x + parent.width, parent.y + parent.height // 2)
        assert last == (child.x, child.y + child.height // 2)
        assert all(left <= right for (left, _), (right, _) in pairwise(line.points))
        assert child.x - parent.x - parent.width >= BETWEEN_LAYERS
        assert all(0 <= y <= drawing.height for _, y in line.points)


@settings(deadline=None)
@given(graphs())
def test_no_edge_goes_through_a_box(graph: Graph) -> None:
    drawing = lay_out(*graph)
    for line in drawing.lines:
        # Beside boxes an edge is level; it is a curve only between layers.
        for (left, y), (right, end) in list(pairwise(line.points))[::2]:
            assert y == end
            for box in drawing.boxes:
                beside = box.x + box.width <= left or right <= box.x
                assert beside or y < box.y or y > box.y + box.height, (line, box)


@settings(deadline=None)
@given(graphs())
def test_the_order_of_what_is_given_changes_nothing(graph: Graph) -> None:
    sizes, reads = graph
    turned = dict(reversed(sizes.items()))
    others = {node: list(reversed(parents)) for node, parents in reversed(reads.items())}
    assert lay_out(turned, others) == lay_out(sizes, reads)


def test_a_chain_is_one_straight_line() -> None:
    sizes = {f"n{i}": (100, 40) for i in range(5)}
    drawing = lay_out(sizes, {f"n{i}": [f"n{i - 1}"] for i in range(1, 5)})
    assert {box.y for box in drawing.boxes} == {0}
    assert [box.x for box in drawing.boxes] == [i * (100 + BETWEEN_LAYERS) for i in range(5)]


def test_two_that_could_cross_do_not() -> None:
    sizes = dict.fromkeys(("a", "b", "x", "y"), (100, 40))
    drawing = lay_out(sizes, {"x": ["b"], "y": ["a"]})
    heights = {box.node: box.y for box in drawing.boxes}
    assert (heights["a"] < heights["b"]) == (heights["y"] < heights["x"])


def test_a_cycle_is_drawn() -> None:
    sizes = dict.fromkeys(("a", "b", "c"), (100, 40))
    drawing = lay_out(sizes, {"a": ["c"], "b": ["a"], "c": ["b"], "self": ["self"]})
    assert {box.node for box in drawing.boxes} == {"a", "b", "c"}
    assert len(drawing.lines) == 2


def test_nothing_is_drawn_of_nothing() -> None:
    assert lay_out({}, {}) == Drawing(boxes=(), lines=(), width=0, height=0)


def test_long_names_are_broken_and_told_whole() -> None:
    name = "customer_transactions_with_all_the_late_ones_of_the_week"
    lines = name_lines(name)
    assert "".join(lines) == name
    assert max(map(len, lines)) <= 26
    assert all(line.endswith("_") for line in lines[:-1])
    assert name_lines("orders") == ("orders",)
    assert name_lines("x" * 60) == ("x" * 26, "x" * 26, "x" * 8)
    assert name_lines("注" * 20) == ("注" * 13, "注" * 7)
    cut = name_lines("long_" * 60)
    assert len(cut) == 4
    assert cut[-1].endswith("…")
    assert max(map(cells, cut)) <= 26


def test_what_is_near_is_drawn_and_the_rest_is_counted() -> None:
    atlas = chart(chain(400, 60))
    picture = near_picture(atlas, atlas.nodes["transformation.t200"])
    assert picture is not None
    assert len(picture.nodes) <= NEAR + 3
    more = [node for node in picture.nodes if not node.href]
    assert [(node.kind_name, node.name) for node in more] == [
        ("read", "47 more"),
        ("readers", "47 more"),
    ]
    (here,) = [node for node in picture.nodes if node.here]
    assert here.name == "t200"
    assert more[0].box.x < here.box.x < more[1].box.x


def test_steps_are_drawn_while_there_is_room() -> None:
    atlas = chart(chain(9))
    picture = near_picture(atlas, atlas.nodes["transformation.t4"])
    assert picture is not None
    assert [node.name for node in picture.nodes] == [f"t{i}" for i in range(1, 8)]
    assert near_picture(chart(chain(1)), chain(1).nodes[0]) is None


def test_where_more_lies_beyond_what_is_drawn_ends_are_dotted() -> None:
    atlas = chart(chain(9))

    def ends(name: str) -> list[tuple[str, bool]]:
        """Return the nodes at which the drawing around one goes on, and whether to the left."""
        picture = near_picture(atlas, atlas.nodes[f"transformation.{name}"])
        assert picture is not None
        found = []
        for path in picture.beyond:
            start, y, length = map(int, re.split("[ h]", path.removeprefix("M")))
            assert 0 <= start < start + length <= picture.width
            (at,) = [
                (node.name, start + length == node.box.x)
                for node in picture.nodes
                if node.box.y < y < node.box.y + node.box.height
                and (start + length == node.box.x or start == node.box.x + node.box.width)
            ]
            found.append(at)
        return found

    assert ends("t4") == [("t1", True), ("t7", False)]
    assert ends("t3") == [("t6", False)]
    assert ends("t8") == [("t5", True)]


def test_a_project_that_is_too_large_is_not_drawn_whole() -> None:
    assert whole_picture(chart(chain(121))) is None
    picture = whole_picture(chart(chain(120)))
    assert picture is not None
    assert len(picture.nodes) == 120
    assert len(picture.paths) == 119
