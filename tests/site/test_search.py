"""The search as it is shipped: its scripts run in the engine that browsers have."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from projects.flights_data import PROJECT as FLIGHTS
from py_mini_racer import MiniRacer
from support.projects import compile_folder
from support.site_pages import HOSTILE, chain, files_of, hostile_project

from ffc.core.characters import visible
from ffc.manifest.finding import find_nodes, sought
from ffc.manifest.records import Manifest
from ffc.site.names import node_page

DOM = Path(__file__).parent / "dom.js"


class Search:
    """The index and the search of a site, and how to ask them."""

    def __init__(self, manifest: Manifest) -> None:
        self.files = files_of(manifest)
        self.engine = MiniRacer()
        for name in ("index.js", "search.js"):
            self.engine.eval(self.files[f"assets/{name}"].decode())
        self.engine.eval("var prepared = ffcSearch.prepare(ffcIndex);")

    def __call__(self, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.asked(query)["rows"]
        return found

    def asked(self, query: str) -> dict[str, Any]:
        found = f"ffcSearch.find(prepared, {json.dumps(query)})"
        # What a row is made of is long, and leads in circles.
        text = f"JSON.stringify({found}, (key, value) => key === 'row' ? undefined : value)"
        answer: dict[str, Any] = json.loads(str(self.engine.eval(text)))
        return answer

    def nodes(self, query: str) -> list[tuple[str, float]]:
        """Return the ids of the nodes that are found, with what each is worth."""
        kinds = ("column", "tag", "owner")
        found = [row for row in self(query) if row["kind"] not in kinds]
        return [(f"{row['kind']}.{row['name']}", row["score"]) for row in found]

    def names(self, query: str) -> list[str]:
        return [f"{row['kind']} {row['name']}" for row in self(query)]


@cache
def flights() -> Manifest:
    return compile_folder(FLIGHTS)


def test_what_is_said_of_a_group_finds_its_tables() -> None:
    tables = {node.id for node in flights().nodes if node.kind == "source"}
    assert {name for name, _ in Search(flights()).nodes("left new york city")} == tables


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(flights())


@pytest.mark.parametrize(
    ("query", "first"),
    [
        # Names: whole, begun, in part, of one case or another.
        ("plane_legs", "transformation plane_legs"),
        ("PLANE_LEGS", "transformation plane_legs"),
        ("carrier", "entity carrier"),
        ("carrier_w", "transformation carrier_week"),
        ("weekly", "feature_view carrier_weekly"),
        ("nyc.weather", "source nyc.weather"),
        ("arrivals", "transformation arrivals"),
        # Mistyped: a letter less, more, other, two swapped.
        ("plane_lgs", "transformation plane_legs"),
        ("plane_legss", "transformation plane_legs"),
        ("kind:source wether", "source nyc.weather"),
        ("cancelaltions", "training_set cancellations"),
        ("carreir", "entity carrier"),
        ("depatrures", "transformation departures"),
        # Words of descriptions, all of them.
        ("measured airport", "source nyc.weather"),
        ("register planes", "feature_view plane_register"),
        # Columns, tags, owners.
        ("visibility_km", "column visibility_km"),
        ("delays", "tag delays"),
        ("forecasts@flights.example", "owner forecasts@flights.example"),
        # By kind, by tag, by owner.
        ("kind:training_set", "training_set cancellations"),
        ("kind:training-set late", "training_set late_arrivals"),
        ("kind:source tag:raw fligths", "source nyc.flights"),
        ("owner:forecasts kind:label", "label cancelled"),
    ],
)
def test_what_is_meant_comes_first(search: Search, query: str, first: str) -> None:
    assert search.names(query)[0] == first


def test_columns_are_found_by_their_names_and_so_are_their_nodes(search: Search) -> None:
    found = search.names("visibility_km")
    assert "feature_view origin_weather" in found
    assert "training_set late_arrivals" not in found[:1]


@pytest.mark.parametrize("query", ["", "   ", "zzzzqqqq", "kind:nothing", "🛒"])
def test_nothing_is_found_where_nothing_is_meant(search: Search, query: str) -> None:
    assert search(query) == []


def test_filters_hold(search: Search) -> None:
    assert {row["kind"] for row in search("kind:column delay")} == {"column"}
    assert len(search("tag:raw")) >= 5
    assert all("raw" not in row["name"] or row["kind"] != "tag" for row in search("tag:raw"))


def test_whatever_is_found_leads_to_a_page(search: Search) -> None:
    pages = {row["page"].partition("#")[0] for row in search("a")}
    assert len(pages) > 20
    assert pages <= set(search.files)


def test_every_name_finds_itself_first(search: Search) -> None:
    for node in flights().nodes:
        best = search(node.name)[0]["score"]
        pages = [row["page"] for row in search(node.name) if row["score"] == best]
        assert node_page(node.id) in pages, node.id


def _as_on_the_command_line(manifest: Manifest, query: str) -> list[tuple[str, float]]:
    return [(hit.node.id, hit.score) for hit in find_nodes(sought(manifest).nodes, query).hits]


# Words as people type them: whole, begun, short, misspelt, several, some of them of nothing.
WORDS = (
    *("plane_legs", "plane legs", "legs plane", "PLANE", "carrier", "carrier_w", "weekly", "week"),
    *("nyc.weather", "source.nyc.weather", "nyc.weather.visibility_km", "weather.", "visibility"),
    *("departure", "departures", "dep", "delayed", "arrivals late", "late share", "airports", "km"),
    *("wether", "plane_lgs", "cancelaltions", "carreir", "depatrures", "visiblity_kn", "wethr nyc"),
    *(
        "plane zzzzqqqq",
        "zzzzqqqq carrier delay",
        "...",
        "a",
        "e",
        "_",
        "@flights",
        "flights.example",
    ),
    *("forecasts@flights.example", "raw", "feature_view", "training set", "transformation weather"),
    *("at the airport of origin", "departure delay", "the", "züge", "Čarrier", "TAIL_NUM", "int64"),
)


@pytest.mark.parametrize("query", WORDS)
def test_the_same_is_found_as_on_the_command_line(search: Search, query: str) -> None:
    assert search.nodes(query) == _as_on_the_command_line(flights(), query)


def test_any_word_of_the_project_is_found_as_on_the_command_line(search: Search) -> None:
    texts = [text for node in flights().nodes for text in (node.name, node.description)]
    parts = sorted({part.lower() for text in texts for part in re.findall(r"\w+", text)})
    random = Random(7)
    for word in random.sample(parts, 40):
        at = random.randrange(len(word))
        other = random.choice(parts)
        for query in (
            word,
            word[: at + 1],
            f"{word[:at]}{word[at + 1 :]}",
            f"{word[:at]}x{word[at:]}",
            f"{word}ation {other}",
            f"{word} {other[::-1]}",
        ):
            assert search.nodes(query) == _as_on_the_command_line(flights(), query), query


def test_strange_texts_are_found_as_on_the_command_line() -> None:
    manifest = hostile_project()
    search = Search(manifest)
    shown = {text for text in HOSTILE if text == visible(text)}
    for query in (
        "注文",
        "🛒",
        "ordërs",
        "orders",
        "ORDE\u0308RS",
        "longendd",
        "a%20b",
        "\u0131",
        "İndex",
    ):
        found = [(name, score) for name, score in search.nodes(query) if _name(name) in shown]
        asked = _as_on_the_command_line(manifest, query)
        wanted = [(name, score) for name, score in asked if _name(name) in shown]
        assert sorted(found) == sorted(wanted), query


def _name(node_id: str) -> str:
    return node_id.partition(".")[2]


def test_what_is_taken_for_what_is_told(search: Search) -> None:
    assert search.asked("wether")["taken"] == [["wether", ["weather"]]]
    assert search.asked("weather")["taken"] == []
    some = search.asked("weather zzzzqqqq")
    assert (some["has"], some["words"]) == (1, 2)


def test_hostile_names_are_found() -> None:
    search = Search(hostile_project())
    for text in HOSTILE:
        asked = visible(text)
        if not any(character.isalnum() for character in asked) or ":" in asked:
            continue
        found = search(f"kind:source {asked}")
        assert visible(text) in [row["name"] for row in found], text


def test_a_large_index_stays_small_and_answers_at_once() -> None:
    search = Search(chain(1000, 3))
    assert len(search.files["assets/index.js"]) < 120_000
    assert search.names("t500")[0] == "transformation t500"


class Browser:
    """The scripts of a page over a document of a few elements: the keys, and what they do."""

    def __init__(self) -> None:
        files = files_of(flights())
        self.engine = MiniRacer()
        self.engine.eval(DOM.read_text())
        for name in ("theme.js", "index.js", "search.js", "site.js"):
            self.engine.eval(files[f"assets/{name}"].decode())

    def js(self, code: str) -> Any:
        return json.loads(str(self.engine.eval(f"JSON.stringify({code})")))

    def press(self, key: str, where: str = "document") -> None:
        self.engine.eval(f"press({json.dumps(key)}, {where})")

    def type(self, text: str) -> None:
        self.engine.eval(f"byId.search.value = {json.dumps(text)}; byId.search.fire('input', {{}})")

    @property
    def chosen(self) -> str:
        return str(self.js("byId.found.children.filter(chosen).map(nameOf).join()"))


@pytest.fixture
def browser() -> Browser:
    return Browser()


def test_the_search_is_worked_by_keys(browser: Browser) -> None:
    assert browser.js("byId.panel.hidden") is True
    assert browser.js("loaded") == []
    browser.press("/")
    assert browser.js("loaded") == ["../assets/index.js"]
    assert browser.js("document.activeElement.id") == "search"
    browser.type("carrier")
    assert browser.js("byId.panel.hidden") is False
    assert browser.js("byId.search.attributes['aria-expanded']") == "true"
    names = browser.js("byId.found.children.map(nameOf)")
    assert browser.chosen == names[0] == "carrier"
    browser.press("ArrowDown", "byId.search")
    assert browser.chosen == names[1]
    browser.press("ArrowDown", "byId.search")
    browser.press("ArrowUp", "byId.search")
    assert browser.chosen == names[1]
    marked = browser.js("byId.search.attributes['aria-activedescendant']")
    assert marked == browser.js("byId.found.children[1].id")
    browser.press("Enter", "byId.search")
    assert browser.js("visited") == browser.js("byId.found.children[1].href")
    assert browser.js("visited").startswith("../")
    assert browser.js("byId.panel.hidden") is True


def test_a_kind_is_chosen_and_nothing_found_is_said(browser: Browser) -> None:
    browser.type("carrier")
    chips = browser.js("byId.chips.children.map(textOf)")
    assert chips[0].startswith("All ")
    number = next(i for i, chip in enumerate(chips) if chip.startswith("column "))
    browser.engine.eval(f"byId.chips.children[{number}].click()")
    kinds = browser.js("byId.found.children.map(kindOf)")
    assert set(kinds) == {"column"}
    browser.type("zzzzqqqq")
    assert browser.js("byId.none.textContent") == "Nothing is like “zzzzqqqq”."
    browser.press("Escape", "byId.search")
    assert browser.js("byId.panel.hidden") is True


def test_a_slash_that_is_typed_elsewhere_stays_one(browser: Browser) -> None:
    browser.engine.eval("document.activeElement = null")
    browser.press("/", "byId.search")
    assert browser.js("document.activeElement") is None


def test_light_and_dark_are_switched_and_kept(browser: Browser) -> None:
    assert browser.js("byId.theme.textContent") == "Dark"
    browser.engine.eval("byId.theme.click()")
    assert browser.js("document.documentElement.dataset.theme") == "dark"
    assert browser.js("kept['ffc-theme']") == "dark"
    assert browser.js("byId.theme.textContent") == "Light"
    browser.engine.eval("byId.theme.click()")
    assert browser.js("kept['ffc-theme']") == "light"
