"""What selections mean over random graphs, held to distances that are counted another way.

Words, selectors.yml and trees of criteria are three ways to say one thing.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import product
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from support.projects import manifest
from support.slow import examples

from ffc.manifest.criteria import (
    EVERYTHING,
    Criterion,
    Difference,
    Intersection,
    Union,
    Wanted,
    read_typed,
)
from ffc.manifest.records import AnyNode, Entity, Manifest, Source, Transformation
from ffc.manifest.selection import SelectionContext, choose, select
from ffc.project.files import ProjectFiles
from ffc.project.selectors import read_selectors

SMALL = manifest()
NAMES = [f"n{number}" for number in range(8)]
TAGS = ("nightly", "pii", "slow")
FAR = 99


def _node(draw: Any, number: int) -> AnyNode:
    reads = draw(st.sets(st.sampled_from(NAMES[:number]), max_size=3)) if number else set()
    said = {
        "id": NAMES[number],
        "name": NAMES[number],
        "path": f"{draw(st.sampled_from(('a', 'a/b', 'c')))}/{NAMES[number]}.yml",
        "line": 1,
        "owner": draw(st.sampled_from(("", "me@example.com", "you@example.com"))),
        "tags": tuple(sorted(draw(st.sets(st.sampled_from(TAGS))))),
        "depends_on": tuple(sorted(reads)),
    }
    kind = draw(st.sampled_from((Entity, Source, Transformation)))
    sql = {"raw": "", "sql": ""} if kind is Transformation else {}
    node: AnyNode = kind(**said, **sql)
    return node


@st.composite
def graphs(draw: Any) -> Manifest:
    count = draw(st.integers(1, len(NAMES)))
    nodes = tuple(_node(draw, number) for number in range(count))
    return msgspec.structs.replace(SMALL, nodes=nodes)


STEPS = st.one_of(st.none(), st.integers(0, 3))
SAID = st.sampled_from(
    [
        *(("fqn", name) for name in (*NAMES, "n[1-4]", "nowhere")),
        *(("tag", tag) for tag in (*TAGS, "ni*", "none")),
        *(("kind", kind) for kind in ("entity", "source", "transformation", "*o*")),
        *(("owner", "me@example.com"), ("path", "a"), ("path", "a/*"), ("path", "**/n2.yml")),
    ]
)


@st.composite
def criteria(draw: Any) -> Criterion:
    method, value = draw(SAID)
    around = draw(st.booleans())
    up, down = draw(STEPS), 0 if around else draw(STEPS)
    return Criterion(method=method, value=value, up=up, down=down, around=around)


def _several(inner: Any) -> Any:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(parts.map(Union), parts.map(Intersection), st.builds(Difference, inner, inner))


TREES = st.recursive(criteria(), _several, max_leaves=6)


# What a selection means, by definition


def _distances(graph: Manifest) -> dict[tuple[str, str], int]:
    """Return how many steps there are from a node to what it reads, however far."""
    return _steps_between(tuple((node.id, node.depends_on) for node in graph.nodes))


@cache
def _steps_between(graph: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[tuple[str, str], int]:
    names = [name for name, _ in graph]
    far = {(a, b): 0 if a == b else FAR for a, b in product(names, names)}
    far.update({(name, parent): 1 for name, parents in graph for parent in parents})
    for middle, a, b in product(names, names, names):
        far[a, b] = min(far[a, b], far[a, middle] + far[middle, b])
    return far


def _has(node: AnyNode, method: str, value: str) -> bool:
    if method == "fqn":
        return node.name in (["n1", "n2", "n3", "n4"] if value == "n[1-4]" else [value])
    if method == "tag":
        return ("nightly" if value == "ni*" else value) in node.tags
    if method == "kind":
        kinds = ["source", "transformation"] if value == "*o*" else [value]
        return node.kind in kinds
    if method == "owner":
        return node.owner == value
    folder = node.path.rsplit("/", 1)[0]
    return {
        "a": folder in ("a", "a/b"),
        "a/*": folder in ("a", "a/b"),
        "**/n2.yml": node.name == "n2",
    }[value]


def meant(graph: Manifest, wanted: Wanted) -> set[str]:
    names = {node.id for node in graph.nodes}
    if isinstance(wanted, Union):
        return {name for part in wanted.parts for name in meant(graph, part)}
    if isinstance(wanted, Intersection):
        parts = [meant(graph, part) for part in wanted.parts]
        return {name for name in names if all(name in part for part in parts)}
    if isinstance(wanted, Difference):
        return meant(graph, wanted.whole) - meant(graph, wanted.less)
    far = _distances(graph)
    start = {node.id for node in graph.nodes if _has(node, wanted.method, wanted.value)}
    if wanted.around:
        reading = {n for n in names if any(far[n, s] < FAR for s in start)}
        return {n for n in names if any(far[r, n] < FAR for r in reading)}
    up, down = (FAR - 1 if steps is None else steps for steps in (wanted.up, wanted.down))
    return {n for n in names if any(far[s, n] <= up or far[n, s] <= down for s in start)}


# The same as words, and as YAML


def typed(wanted: Criterion) -> str:
    def steps(count: int | None, sign: str) -> str:
        return "" if count == 0 else sign if count is None else f"{count}{sign}"

    up = "@" if wanted.around else steps(wanted.up, "+")
    count = "" if wanted.down is None else str(wanted.down)
    down = f"+{count}" if wanted.down != 0 else ""
    return f"{up}{wanted.method}:{wanted.value}{down}"


def as_yaml(wanted: Wanted) -> dict[str, Any]:
    if isinstance(wanted, Union | Intersection):
        name = "union" if isinstance(wanted, Union) else "intersection"
        return {name: [as_yaml(part) for part in wanted.parts]}
    if isinstance(wanted, Difference):
        whole, less = as_yaml(wanted.whole), [as_yaml(wanted.less)]
        if "method" in whole and "exclude" not in whole:
            return {**whole, "exclude": less}
        return {"union": [whole, {"exclude": less}]}
    said: dict[str, Any] = {"method": wanted.method, "value": wanted.value}
    for way, count in (("parents", wanted.up), ("children", wanted.down)):
        if count != 0:
            said[way] = True
        if count:
            said[f"{way}_depth"] = count
    return {**said, "childrens_parents": True} if wanted.around else said


def from_yaml(*definitions: dict[str, Any]) -> dict[str, Wanted]:
    listed = [{"name": f"s{i}", "definition": each} for i, each in enumerate(definitions)]
    text = json.dumps({"selectors": listed})
    found, problems = read_selectors(ProjectFiles(texts={"selectors.yml": text}))
    assert problems == []
    return dict(found.named)


def nodes(graph: Manifest, wanted: Wanted, **selectors: Wanted) -> frozenset[str]:
    return choose(graph, wanted, SelectionContext(selectors=selectors)).nodes


@settings(max_examples=examples(150), deadline=None)
@given(graphs(), TREES)
def test_a_selection_means_what_it_says(graph: Manifest, tree: Wanted) -> None:
    assert nodes(graph, tree) == meant(graph, tree)


@settings(max_examples=examples(100), deadline=None)
@given(graphs(), TREES)
def test_selectors_mean_the_same(graph: Manifest, tree: Wanted) -> None:
    assert nodes(graph, from_yaml(as_yaml(tree))["s0"]) == meant(graph, tree)


PHRASES = st.lists(st.lists(criteria(), min_size=1, max_size=3), max_size=3)


def _words(phrases: list[list[Criterion]]) -> list[str]:
    return [",".join(map(typed, phrase)) for phrase in phrases]


def _tree(phrases: list[list[Criterion]]) -> Union:
    return Union(tuple(Intersection(tuple(phrase)) for phrase in phrases))


@settings(max_examples=examples(150), deadline=None)
@given(graphs(), PHRASES, PHRASES)
def test_words_mean_the_same(
    graph: Manifest, wanted: list[list[Criterion]], unwanted: list[list[Criterion]]
) -> None:
    found = select(graph, _words(wanted), _words(unwanted)).nodes
    whole = _tree(wanted) if wanted else EVERYTHING
    assert found == meant(graph, Difference(whole, _tree(unwanted)))
    # A space in a word is as good as another word, and the order of words says nothing.
    joined = select(graph, [" ".join(_words(wanted))] if wanted else [], _words(unwanted[::-1]))
    assert joined.nodes == select(graph, _words(wanted)[::-1], _words(unwanted)).nodes == found


@settings(max_examples=examples(100), deadline=None)
@given(graphs(), criteria(), criteria())
def test_laws(graph: Manifest, one: Criterion, other: Criterion) -> None:
    a, b = typed(one), typed(other)

    def of(*words: str, less: tuple[str, ...] = ()) -> frozenset[str]:
        return select(graph, words, less).nodes

    assert of(a, a) == of(f"{a},{a}") == of(a)
    assert of(f"{a},{b}") == of(f"{b},{a}") == of(a) & of(b)
    assert of(a, b) == of(b, a) == of(a) | of(b)
    assert of(a, less=(b, b)) == of(a) - of(b)
    assert of(a, less=(a,)) == frozenset()
    assert of(less=(a,)) | of(a) == of()


@settings(max_examples=examples(100), deadline=None)
@given(graphs(), st.sampled_from(NAMES), st.integers(0, 4), st.integers(0, 4))
def test_steps_add_up(graph: Manifest, name: str, one: int, other: int) -> None:
    def of(*words: str) -> frozenset[str]:
        return select(graph, words).nodes

    near = of(f"{one}+{name}")
    assert (
        of(*(f"{other}+{each}" for each in near)) == of(f"{one + other}+{name}") if near else True
    )
    assert of(f"+{name}") == of(f"{len(NAMES)}+{name}")
    assert of(f"{one}+{name}") | of(f"{name}+{other}") == of(f"{one}+{name}+{other}")
    assert of(f"+{name}") | of(f"{name}+") <= of(f"@{name}")


@settings(max_examples=examples(100), deadline=None)
@given(graphs(), TREES, TREES, STEPS)
def test_a_selector_stands_for_what_it_means(
    graph: Manifest, one: Wanted, other: Wanted, steps: int | None
) -> None:
    named = from_yaml(as_yaml(one), {"intersection": [{"selector": "s0"}, as_yaml(other)]})
    assert nodes(graph, named["s1"], **named) == meant(graph, Intersection((one, other)))
    context = SelectionContext(selectors=named)
    typed_ = select(graph, ["selector:s0"], ["selector:s1"], context).nodes
    assert typed_ == meant(graph, Difference(one, other))
    # What it means is grown as a name is.
    far = _distances(graph)
    most = FAR - 1 if steps is None else steps
    count = "" if steps is None else str(steps)
    grown = select(graph, [f"{count}+selector:s0"], (), context).nodes
    start = meant(graph, one)
    assert grown == {n.id for n in graph.nodes if any(far[s, n.id] <= most for s in start)}


def test_nothing_typed_is_everything() -> None:
    assert nodes(SMALL, read_typed([])) == {node.id for node in SMALL.nodes}
    assert nodes(SMALL, read_typed([""])) == frozenset()
