"""Nodes found by words: what is found, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from projects.flights_data import PROJECT
from support.projects import FILES, compile_folder, manifest

from ffc.manifest.columns import defaults, descriptions
from ffc.manifest.finding import Finding, Sought, SoughtColumn, find_nodes, fold, slips, sought


@cache
def flights() -> Sequence[Sought]:
    return sought(compile_folder(PROJECT)).nodes


def found(query: str, *kinds: str) -> list[str]:
    return [hit.node.id for hit in find_nodes(flights(), query, kinds).hits]


def entity(name: str, description: str = "", **more: Any) -> Sought:
    facts = {"path": "x.yml", "line": 1, "description": description, **more}
    return Sought(id=f"entity.{name}", kind="entity", name=name, **facts)


def order(query: str, *nodes: Sought) -> list[str]:
    return [hit.node.name for hit in find_nodes(nodes, query).hits]


# Rule 1


@pytest.mark.parametrize("query", ["ZURICH", "zürich", "  Zu\trich", "Zürich zürich"])
def test_case_and_accents_do_not_count(query: str) -> None:
    nodes = [entity("a", "In Zürich and rich"), entity("b", "Bern")]
    assert order(query, *nodes) == ["a"]


@given(st.text())
@example("Straße İ ǅ ﬁ é Å")
def test_a_folded_text_has_every_character_where_it_was(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


# Rule 2


@pytest.mark.parametrize(
    ("query", "where", "column", "text"),
    [
        ("plane_recent", "name", "", "plane_recent"),
        ("flights_7d", "column", "flights_7d", "flights_7d"),
        ("weather", "tag", "", "weather"),
        ("pii", "tag", "tail_number", "pii"),
        ("forecasts@flights.example", "owner", "", "forecasts@flights.example"),
        ("aircraft", "description", "", "An aircraft, by the number on its tail."),
        ("scheduled.", "description", "cancelled_share_7d", "Of those that were scheduled."),
        ("owns", "description", "tailnum", "Tells who owns a small plane."),
        ("training_set", "kind", "", "training_set"),
        ("plane_recent.flights_7d", "column", "flights_7d", "feature_view.plane_recent.flights_7d"),
        ("feature_view.plane_recent", "name", "", "feature_view.plane_recent"),
    ],
)
def test_where_a_word_is_looked_for(query: str, where: str, column: str, text: str) -> None:
    places = {
        (match.where, match.column, match.text)
        for hit in find_nodes(flights(), query).hits
        for match in hit.matches
    }
    assert (where, column, text) in places


def test_what_is_said_of_a_group_finds_its_tables() -> None:
    tables = [node.id for node in flights() if node.kind == "source"]
    assert len(tables) > 1
    assert sorted(found("left new york city")) == sorted(tables)
    hit = find_nodes(flights(), "york city").hits[0]
    (match,) = hit.matches
    assert (match.where, match.column) == ("description", "")
    assert match.text.startswith("Every flight that left New York City")


def test_a_table_s_own_words_go_before_those_of_its_group() -> None:
    own = entity("own", "about planes")
    of_a_group = entity("of_a_group", group_description="about planes")
    assert order("planes", of_a_group, own) == ["own", "of_a_group"]


def test_only_a_word_with_a_dot_is_looked_for_in_ids() -> None:
    assert find_nodes(flights(), "plane_recent.flights_7d").found == 1
    with_a_dot = find_nodes([entity("a", "e.g. entity")], "entity e.g.").hits[0]
    assert {match.where for match in with_a_dot.matches} == {"kind", "description"}


# Rule 3


def test_the_more_of_a_text_a_word_is_the_better() -> None:
    names = ("xlatex", "early_late_x", "late_later", "later", "late", "x_later", "late_x")
    assert order("late", *map(entity, names)) == [
        *("late", "late_x", "late_later", "early_late_x"),
        *("later", "x_later"),
        "xlatex",
    ]


def test_a_part_that_is_short_for_a_word() -> None:
    nodes = [entity("a", "dep_delay"), entity("b", "departure"), entity("c", "de")]
    assert order("departure", *nodes) == ["b", "a"]
    assert "source.nyc.flights" in found("departure delay")
    assert found("departure delay")[0] == "transformation.arrivals"


# Rule 4


@pytest.mark.parametrize(
    ("query", "taken"),
    [
        ("carier", {"carier": ("carrier",)}),
        ("carrierr", {"carrierr": ("carrier", "carriers")}),
        ("carryer", {"carryer": ("carrier",)}),
        ("carrire", {"carrire": ("carrier",)}),
        ("acrrier", {"acrrier": ("carrier",)}),
        ("carier_wekly", {"carier_wekly": ("carrier_weekly",)}),
        ("nyc.fligths", {"nyc.fligths": ("nyc.flights",)}),
        ("wekly_carier", {"wekly": ("weekly",), "carier": ("carrier",)}),
        ("carr", {}),
        ("xarrier", {}),
        ("czrriez", {}),
        ("wqekly_carqier", {"wqekly": ("weekly",), "carqier": ("carrier",)}),
        ("airlinez", {"airlinez": ("airline", "airlines")}),
        ("aerlinges", {"aerlinges": ("airlines",)}),
        ("szats", {"szats": ("seats",)}),
        ("szaks", {}),
        ("jey", {}),
    ],
)
def test_a_word_that_is_misspelt(query: str, taken: dict[str, tuple[str, ...]]) -> None:
    assert find_nodes(flights(), query).taken == taken


def test_only_the_nearest_words_are_taken() -> None:
    nodes = [
        entity("a", "stores"),
        entity("b", "story"),
        entity("c", "stone"),
        entity("d", "sting"),
    ]
    assert find_nodes(nodes, "storz").taken == {"storz": ("story",)}
    assert order("storz", *nodes) == ["b"]
    assert find_nodes(nodes, "stong").taken == {"stong": ("sting", "stone")}


def test_each_slip_takes_from_what_a_word_is_worth() -> None:
    queries = ("carriers_7d", "carreirs_7d", "carrierzz", "carrierzy")
    scores = [find_nodes([entity("carriers")], query).hits for query in queries]
    assert [[hit.score for hit in hits] for hits in scores] == [[10.0], [6.0], [5.0], [5.0]]


def test_what_is_written_right_goes_before_what_is_misspelt() -> None:
    nodes = [entity("amount"), entity("a", "famountx")]
    assert order("amount", *nodes) == ["amount", "a"]
    assert find_nodes(nodes, "amoun").taken == {}
    # It is inside a word, and begins none: that may be meant, or a slip.
    nodes = [entity("xamont"), entity("amount")]
    assert order("amont", *nodes) == ["amount", "xamont"]


def reference(word: str, other: str) -> int:
    """Return the restricted distance of Damerau and Levenshtein, as it is defined."""

    @cache
    def least(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        same = word[i - 1] == other[j - 1]
        ways = [least(i - 1, j) + 1, least(i, j - 1) + 1, least(i - 1, j - 1) + (not same)]
        if i > 1 and j > 1 and word[i - 2 : i] == other[j - 2 : j][::-1]:
            ways.append(least(i - 2, j - 2) + 1)
        return min(ways)

    return least(len(word), len(other))


@given(st.text("abc", max_size=7), st.text("abc", max_size=7), st.integers(0, 3))
def test_slips_are_counted_as_defined(word: str, other: str, most: int) -> None:
    assert slips(word, other, most) == min(reference(word, other), most + 1)


# Rule 5


def test_a_name_goes_before_a_tag_before_an_owner_before_a_description() -> None:
    nodes = [
        entity("a", "of late"),
        entity("b", owner="late@example.com"),
        entity("c", tags=("late",)),
        entity("late"),
    ]
    assert order("late", *nodes) == ["late", "c", "b", "a"]


def test_what_is_said_of_a_node_goes_before_what_is_said_of_its_columns() -> None:
    said, tagged = (
        SoughtColumn(name="x", description="late"),
        SoughtColumn(name="x", tags=("late",)),
    )
    assert order("late", entity("a", columns=(said,)), entity("b", "late")) == ["b", "a"]
    assert order("late", entity("a", columns=(tagged,)), entity("b", tags=("late",))) == ["b", "a"]


def test_words_in_one_text_go_before_words_here_and_there() -> None:
    nodes = [entity("a", "a late plane", tags=("share",)), entity("b", "late of its share")]
    assert find_nodes(nodes, "late plane").hits[0].score > find_nodes(nodes, "late").hits[0].score
    assert order("late share", entity("late_x", "share"), entity("y_late_share")) == [
        "y_late_share",
        "late_x",
    ]


# Rule 6


def test_every_word_counts_and_then_as_many_as_there_are() -> None:
    assert found("carrier weekly late share") == [
        "training_set.late_arrivals",
        "feature_view.carrier_weekly",
        "transformation.carrier_week",
    ]
    both = find_nodes(flights(), "seats xyzzy")
    assert (both.has, both.words, both.missing) == (1, 2, ("xyzzy",))
    assert {hit.node.id for hit in both.hits} >= {"feature_view.plane_register"}
    none = find_nodes(flights(), "xyzzy")
    assert (none.hits, none.found, none.help) == ((), 0, ())


def test_kinds_are_picked_and_counted() -> None:
    picked = find_nodes(flights(), "late share", ("feature_view",))
    assert [hit.node.kind for hit in picked.hits] == ["feature_view"] * 2
    assert picked.kinds == {"feature_view": 2, "training_set": 1, "transformation": 2}
    # What is a slip for everything is one for some kinds too: the word is there.
    assert find_nodes(flights(), "seats", ("label",)).taken == {}


def test_the_best_of_all_and_how_many_there_are() -> None:
    everything = find_nodes(flights(), "carrier")
    few = find_nodes(flights(), "carrier", limit=3)
    assert few.hits == everything.hits[:3]
    assert few.found == everything.found == len(everything.hits) > 3


def test_equals_come_in_the_order_of_their_ids() -> None:
    names = ("late_b", "late_c", "late_a")
    assert order("late", *map(entity, names)) == sorted(names)


@pytest.mark.parametrize("node", flights(), ids=lambda node: node.id)
def test_every_node_is_found_by_its_name_and_by_one_misspelt(node: Sought) -> None:
    name = node.id.partition(".")[2]
    assert find_nodes(flights(), name).hits[0].node.name == name
    assert find_nodes(flights(), node.id).hits[0].node.id == node.id
    swapped = f"{name[:-2]}{name[-1]}{name[-2]}"
    assert node.id in found(swapped)


@given(st.text(), st.lists(st.sampled_from(["entity", "label"])))
@example("\u0301", [])
@example(". _ -", [])
def test_whatever_is_typed_has_an_answer(query: str, kinds: list[str]) -> None:
    answer: Finding = find_nodes(flights(), query, kinds)
    for hit in answer.hits:
        for match in hit.matches:
            assert all(0 <= a < b <= len(match.text) for a, b in match.spans)


# What is said of columns


def test_words_and_defaults_of_features() -> None:
    view = manifest().node("feature_view.spending")
    assert (descriptions(view), defaults(view)) == ({}, {"amount": 0.0})
    assert defaults(manifest().node("training_set.main")) == {"spending__amount": 0.0}
    said = FILES["features/all.yml"].replace("default: 0", "default: 0, description: Euros.")
    view = manifest(**{"features/all.yml": said}).node("feature_view.spending")
    assert descriptions(view) == {"amount": "Euros."}
