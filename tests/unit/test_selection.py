"""Selections: dbt's grammar, held against its words and against a brute-force oracle."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.projects import FILES, manifest

from ffc.core.errors import BadSelection, NotFound
from ffc.manifest.records import Manifest, Project, Target, Transformation
from ffc.manifest.selection import (
    Selection,
    SelectionContext,
    find_node,
    select,
)

NOTES = """\
transformations:
  - {name: clean, owner: Data Team, tags: [nightly, money]}
"""
VARIANTS = FILES["features/all.yml"].replace(
    "  - name: profile\n",
    """\
  - name: spending
    variant: v1
    entity: user
    source: ref('clean')
    timestamp: seen
    created: loaded
    tags: [money]
    owner: risk
    features:
      - {name: amount, type: float64}
  - name: profile
""",
)


@cache
def project() -> Manifest:
    return manifest(**{"transformations/notes.yml": NOTES, "features/all.yml": VARIANTS})


def names(*texts: str, exclude: tuple[str, ...] = (), **context: Any) -> set[str]:
    found = select(project(), texts, exclude, context=SelectionContext(**context))
    return {node.partition(".")[2] for node in found.nodes}


EVENTS, USERS = "raw.events", "raw.users"
BUILT_OF_CLEAN = {"clean", "spending", "spending@v1", "paid_back", "main"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("clean", {"clean"}),
        ("spending", {"spending", "spending@v1"}),
        ("spending@v1", {"spending@v1"}),
        ("spending@default", {"spending"}),
        ("feature_view.spending", {"spending"}),
        ("feature_view.spending@v1", {"spending@v1"}),
        ("raw", {EVENTS, USERS}),
        ("raw.events", {EVENTS}),
        ("source.raw.*", {EVENTS, USERS}),
        ("s*g", {"spending", "spending@v1"}),
        ("p[ar]*", {"paid_back", "profile"}),
        ("transformations.clean", {"clean"}),
        ("transformations", {"clean"}),
        ("transformations/clean.sql", {"clean"}),
        ("clean.sql", {"clean"}),
        ("all.yml", {"user", "spending", "spending@v1", "profile", "paid_back"}),
        ("sources/", {EVENTS, USERS}),
        ("./sources/raw.yml", {EVENTS, USERS}),
        ("path:sources", {EVENTS, USERS}),
        ("path:*/all.yml", {"user", "spending", "spending@v1", "profile", "paid_back"}),
        ("path:**/main.yml", {"main"}),
        ("path:source", set()),
        ("tag:money", {"clean", "spending@v1"}),
        ("tag:n*y", {"clean"}),
        ("owner:risk", {"spending@v1"}),
        ("owner:Data?Team", {"clean"}),
        ("kind:label", {"paid_back"}),
        ("resource_type:feature_view", {"spending", "spending@v1", "profile"}),
        ("feature_view:spending", {"spending", "spending@v1"}),
        ("source:raw", {EVENTS, USERS}),
        ("entity:user", {"spending", "spending@v1", "profile", "paid_back", "main"}),
        ("config.materialized:table", {"clean"}),
        ("config.online:default", {"spending", "profile"}),
        ("config.keys:user_id", {"spending", "spending@v1", "profile"}),
        ("config.online_as_known:TRUE", {"spending", "spending@v1", "profile"}),
        ("+clean", {"clean", EVENTS}),
        ("clean+", BUILT_OF_CLEAN),
        ("clean+1", BUILT_OF_CLEAN - {"main"}),
        ("1+main,kind:feature_view", {"spending", "profile"}),
        ("2+main", {"main", "spending", "profile", "paid_back", "clean", "user", USERS}),
        ("0+clean+0", {"clean"}),
        ("1+clean+1", {EVENTS, *BUILT_OF_CLEAN} - {"main"}),
        ("@profile", {"profile", "main", *BUILT_OF_CLEAN, "user", EVENTS, USERS} - {"spending@v1"}),
        ("@spending@v1", {"spending@v1", "clean", EVENTS, "user"}),
        ("tag:money,kind:transformation", {"clean"}),
        ("clean profile", {"clean", "profile"}),
        ("profile tag:money,clean", {"clean", "profile"}),
    ],
)
def test_a_word_selects(text: str, wanted: set[str]) -> None:
    assert names(text) == wanted


def test_nothing_selected_is_everything() -> None:
    assert len(names()) == len(project().nodes) == 9
    assert names(exclude=("kind:source", "main")) == names() - {EVENTS, USERS, "main"}
    assert names("clean+", exclude=("spending+",)) == {"clean", "paid_back"}


def test_texts_are_united() -> None:
    assert names("clean", "profile") == names("clean profile") == {"clean", "profile"}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("tags:x", "there is no method `tags:`", "did you mean `tag`?"),
        ("wild:x", "there is no method `wild:`", "there are `config:`"),
        ("state:modifid", "there is no state `modifid`", "did you mean `modified`?"),
        ("kind:feature_vew", "there is no kind `feature_vew`", "did you mean `feature_view`?"),
        ("result:eror", "there is no status `eror`", "did you mean `error`?"),
        ("state:new", "compares with another manifest", "`--state DIR`"),
        ("result:error", "asks for an earlier run", "run_results.json"),
        ("git:main", "needs git", ""),
        ("a,", "nothing on one side of a comma", "with no space"),
        (",a", "nothing on one side of a comma", "with no space"),
        ("tag:", "`tag:` needs a value", "docs/selection.md"),
        ("+", "is no name", "docs/selection.md"),
        ("@clean+", "goes down already", "write `@clean`"),
        ("config:x", "says not which setting", "config.materialized:table"),
        ("tag.x:y", "there is no method `tag.x:`", ""),
    ],
)
def test_what_is_no_selection(text: str, message: str, hint: str) -> None:
    with pytest.raises(BadSelection) as caught:
        select(project(), [text])
    assert message in caught.value.message
    assert hint in "\n".join(caught.value.help)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ("clen", "clen", "did you mean `clean`?"),
        ("+spendig+", "+spendig+", "did you mean `spending`?"),
        ("tag:mony", "tag:mony", "did you mean `money`?"),
        ("entity:usr", "entity:usr", "did you mean `user`?"),
        ("transformations/clan.sql", "transformations/clan.sql", "clean.sql`?"),
    ],
)
def test_what_matches_nothing_is_told(text: str, told: str, hint: str) -> None:
    found = select(project(), [f"profile {text}"])
    assert found.nodes == {"feature_view.profile"}
    assert [each.text for each in found.unmatched] == [told]
    assert hint in "".join(found.unmatched[0].help)


def test_an_exclusion_that_matches_nothing_is_told() -> None:
    assert [u.text for u in select(project(), [], ["nobody"]).unmatched] == ["nobody"]


def changed(**files: str) -> Manifest:
    own = {"transformations/notes.yml": NOTES, "features/all.yml": VARIANTS}
    return manifest(**{**own, **files})


def compared(now: Manifest, *texts: str) -> set[str]:
    context = SelectionContext(state=project())
    found = select(now, texts, context=context)
    assert found.unmatched == ()
    return {node.partition(".")[2] for node in found.nodes}


def test_the_states_of_an_edit() -> None:
    clean = FILES["transformations/clean.sql"].replace("paid, seen", "not paid as paid, seen")
    now = changed(**{"transformations/clean.sql": clean})
    assert compared(now, "state:modified") == BUILT_OF_CLEAN
    assert compared(now, "state:modified.data") == BUILT_OF_CLEAN
    assert compared(now, "state:modified.body") == {"clean"}
    assert compared(now, "state:modified.body+") == BUILT_OF_CLEAN
    assert compared(now, "state:modified.metadata") == set()
    assert compared(now, "state:unmodified") == {"user", "profile", EVENTS, USERS}
    assert compared(now, "state:old") == names()
    assert compared(now, "state:new", "state:removed") == set()


def test_two_edits_are_told_from_what_follows_from_one() -> None:
    clean = FILES["transformations/clean.sql"].replace("paid, seen", "not paid as paid, seen")
    views = VARIANTS.replace("ttl: 30d", "ttl: 31d")
    now = changed(**{"transformations/clean.sql": clean, "features/all.yml": views})
    # The plan of the training set holds the ttl.
    assert compared(now, "state:modified.body") == {"clean", "spending", "main"}


def test_layout_is_no_edit_and_words_are_one() -> None:
    clean = FILES["transformations/clean.sql"].replace("where", "-- a comment\n  where")
    assert compared(changed(**{"transformations/clean.sql": clean}), "state:modified") == set()
    notes = NOTES.replace("Data Team", "Risk")
    now = changed(**{"transformations/notes.yml": notes})
    assert compared(now, "state:modified") == {"clean"}
    assert compared(now, "state:modified.metadata") == {"clean"}
    assert compared(now, "state:modified.data") == set()


def test_what_is_new_and_what_is_gone() -> None:
    now = changed(
        **{
            "transformations/more.sql": "select * from {{ ref('clean') }}\n",
            "training_sets/main.yml": "",
        }
    )
    assert compared(now, "state:new") == compared(now, "state:modified") == {"more"}
    assert compared(now, "state:new,clean+") == {"more"}
    assert compared(now, "state:removed") == {"main"}
    assert compared(now, "1+state:removed") == {"main", "paid_back", "spending", "profile"}
    assert "main" not in compared(now, "clean+")


def test_results_and_git() -> None:
    results = {"feature_view.spending": {"error"}, "feature_view.profile": {"success", "error"}}
    assert names("result:error", results=results) == {"spending", "profile"}
    assert names("result:success+", results=results) == {"profile", "main"}
    assert names("result:cancelled", results=results) == set()

    def paths(revision: str) -> set[str]:
        return {"main": {"transformations/clean.sql", "data/users.csv"}}.get(revision, set())

    assert names("git:main", changed=paths) == {"clean", USERS}
    assert names("git:main,kind:source", changed=paths) == {USERS}
    assert names("git:other", changed=paths) == set()


def test_one_node() -> None:
    nodes = project().nodes
    assert find_node(nodes, "spending").id == "feature_view.spending"
    assert find_node(nodes, "spending@v1").id == "feature_view.spending@v1"
    assert find_node(nodes, "raw.users").id == "source.raw.users"
    with pytest.raises(NotFound, match="no node `spendin`") as caught:
        find_node(nodes, "spendin")
    assert caught.value.help == ("did you mean `spending`?",)
    twins = [
        *nodes,
        msgspec.structs.replace(nodes[0], id="label.clean", name="clean", variant="default"),
    ]
    with pytest.raises(NotFound, match="`clean` is several nodes") as caught:
        find_node(twins, "clean")
    assert caught.value.help == ("write `label.clean` or `transformation.clean`",)
    assert find_node(twins, "label.clean").id == "label.clean"


# The algebra, over random graphs

TAGS = ("a", "b")


def _node(index: int, parents: tuple[int, ...], tags: tuple[str, ...]) -> Transformation:
    return Transformation(
        id=f"transformation.n{index}",
        name=f"n{index}",
        path=f"transformations/n{index}.sql",
        line=1,
        tags=tags,
        depends_on=tuple(f"transformation.n{p}" for p in parents),
        raw="",
        sql="",
    )


@st.composite
def graphs(draw: st.DrawFn) -> Manifest:
    count = draw(st.integers(1, 8))
    nodes = []
    for index in range(count):
        parents = draw(st.sets(st.integers(0, index - 1))) if index else set()
        tags = draw(st.sets(st.sampled_from(TAGS)))
        nodes.append(_node(index, tuple(sorted(parents)), tuple(sorted(tags))))
    return Manifest(
        project=Project(name="p", dialect="duckdb", boundary="exclusive", as_known=True),
        target=Target(name="t", offline="duckdb", dialect="duckdb", online=()),
        nodes=tuple(nodes),
    )


VALUES = st.sampled_from(["n0", "n1", "n2", "n5", "n*", "tag:a", "tag:b"])
DEPTHS = st.sampled_from(["", "0", "1", "2"])


@st.composite
def words(draw: st.DrawFn) -> str:
    value = draw(VALUES)
    if draw(st.booleans()):
        return f"@{value}" if draw(st.booleans()) else value
    up = f"{draw(DEPTHS)}+" if draw(st.booleans()) else ""
    down = f"+{draw(DEPTHS)}" if draw(st.booleans()) else ""
    return f"{up}{value}{down}"


WORDS = st.lists(st.lists(words(), min_size=1, max_size=3), min_size=1, max_size=3)


def chosen(manifest: Manifest, *texts: str, exclude: tuple[str, ...] = ()) -> frozenset[str]:
    found: Selection = select(manifest, texts, exclude)
    return found.nodes


@given(graphs(), words(), words(), words())
def test_union_intersection_and_exclusion(graph: Manifest, a: str, b: str, c: str) -> None:
    one, two, three = (chosen(graph, each) for each in (a, b, c))
    assert chosen(graph, f"{a} {b}") == chosen(graph, a, b) == one | two
    assert chosen(graph, f"{a},{b}") == one & two
    assert chosen(graph, f"{a} {b},{c}") == one | (two & three)
    assert chosen(graph, a, exclude=(b,)) == one - two
    assert chosen(graph, a, exclude=(f"{b},{c}",)) == one - (two & three)
    assert chosen(graph, exclude=(a, b)) == {n.id for n in graph.nodes} - one - two


def steps(graph: Manifest, start: frozenset[str], down: bool, most: int) -> set[str]:
    """Follow edges one by one: what every path of at most so many steps leads to."""
    edges = [(n.id, p) for n in graph.nodes for p in n.depends_on]
    found = set(start)
    for _ in range(most):
        found |= {child if down else p for child, p in edges if (p if down else child) in found}
    return found


@given(graphs(), VALUES, st.sampled_from([("", 99), ("0", 0), ("1", 1), ("2", 2)]))
def test_the_graph_is_walked_as_by_hand(graph: Manifest, value: str, way: tuple[str, int]) -> None:
    depth, most = way
    start = chosen(graph, value)
    assert chosen(graph, f"{depth}+{value}") == steps(graph, start, False, most)
    assert chosen(graph, f"{value}+{depth}") == steps(graph, start, True, most)
    both = steps(graph, start, False, most) | steps(graph, start, True, most)
    assert chosen(graph, f"{depth}+{value}+{depth}") == both
    everything = frozenset(steps(graph, start, True, 99))
    assert chosen(graph, f"@{value}") == steps(graph, everything, False, 99)
