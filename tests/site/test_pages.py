"""The pages of a site: every link leads somewhere, nothing comes from outside, all can read them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from projects.flights_data import PROJECT as FLIGHTS
from support.projects import compile_folder, manifest
from support.site_pages import HOSTILE, Page, chain, files_of, hostile_project, pages_of, project

from ffc.core.characters import visible
from ffc.manifest.files import write_manifest
from ffc.manifest.records import Manifest, Model, ModelFeature, Transformation
from ffc.site.atlas import title
from ffc.site.names import column_anchor, node_page
from ffc.site.paging import PAGE, parts

TEMPLATE = Path(__file__).parent.parent.parent / "project_template"
MANIFESTS: Mapping[str, Callable[[], Manifest]] = {
    "flights": lambda: compile_folder(FLIGHTS),
    "template": lambda: compile_folder(TEMPLATE),
    "small": manifest,
    "hostile": hostile_project,
    "empty": project,
    "large": lambda: chain(400, 3),
}
ELEMENTS = set(
    [
        "html",
        "head",
        "meta",
        "title",
        "link",
        "script",
        "body",
        "a",
        "header",
        "img",
        "div",
        "label",
        "input",
        "kbd",
        "p",
        "button",
        "nav",
        "details",
        "summary",
        "ul",
        "li",
        "span",
        "main",
        "h1",
        "h2",
        "h3",
        "dl",
        "dt",
        "dd",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "pre",
        "svg",
        "g",
        "path",
        "rect",
        "text",
        "wbr",
        "footer",
    ]
)


@cache
def made(name: str) -> Manifest:
    return MANIFESTS[name]()


@cache
def files(name: str) -> dict[str, bytes]:
    return files_of(made(name))


@cache
def pages(name: str) -> dict[str, Page]:
    return pages_of(files(name))


every = pytest.mark.parametrize("name", MANIFESTS)


@every
def test_every_link_leads_somewhere(name: str) -> None:
    # What is searched is loaded by the search.
    assert "assets/index.js" in files(name)
    found = 0
    for page in pages(name).values():
        for _, attributes in page.elements:
            for href in (attributes.get("href"), attributes.get("src")):
                if href is None:
                    continue
                path, anchor = page.leads_to(href)
                assert path in files(name), (page.path, href)
                assert not anchor or anchor in pages(name)[path].ids, (page.path, href)
                found += 1
    assert found >= 9


@every
def test_every_page_can_be_reached(name: str) -> None:
    pending, seen = ["index.html"], {"index.html"}
    while pending:
        page = pages(name)[pending.pop()]
        for each in page.all("a"):
            path, _ = page.leads_to(each["href"])
            if path not in seen:
                seen.add(path)
                pending.append(path)
    assert set(pages(name)) == seen


@every
def test_nothing_comes_from_outside_and_no_text_is_markup(name: str) -> None:
    for path, page in pages(name).items():
        assert page.mistakes == [], path
        assert {tag for tag, _ in page.elements} <= ELEMENTS, path
        for tag, attributes in page.elements:
            assert "style" not in attributes, path
            assert not any(key.startswith("on") for key in attributes), path
            assert tag != "script" or set(attributes) <= {"src", "defer"}, path
        (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
        assert policy.startswith("default-src 'none'; script-src 'self' file:;"), path
        assert "unsafe" not in policy


@every
def test_pages_are_accessible(name: str) -> None:
    for path, page in pages(name).items():
        assert page.all("html") == [{"lang": "en"}]
        assert len(page.ids) == len(set(page.ids)), path
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(b - a <= 1 for a, b in pairwise(levels)), path
        skip, first = page.all("a")[0], page.all("main")[0]
        assert skip["href"] == f"#{first['id']}"
        labelled = {label["for"] for label in page.all("label")}
        assert {each["id"] for each in page.all("input")} == labelled
        assert all("alt" in each for each in page.all("img"))
        assert all(each.get("aria-label") for each in page.all("svg"))
        assert all(each.get("aria-label") for each in page.all("nav"))
        assert all(each.get("scope") in ("col", "row") for each in page.all("th"))
        # What scrolls in its own place can be scrolled by keyboard.
        scrolls = [e for e in page.all("div") if e.get("class") in ("table", "drawing")]
        assert all(e.get("tabindex") == "0" and e.get("aria-label") for e in scrolls), path


@every
def test_files_are_safe_everywhere(name: str) -> None:
    assert len({path.lower() for path in files(name)}) == len(files(name))
    taken = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
    for path in files(name):
        assert re.fullmatch(r"([a-z]+/)?[a-z0-9][a-z0-9_.@-]*\.[a-z]+", path), path
        assert not taken.match(path.rpartition("/")[2]), path
        assert len(path) < 130


@pytest.mark.parametrize("name", ["flights", "template", "small"])
def test_each_node_is_told_of_whole(name: str) -> None:
    for node in made(name).nodes:
        page = pages(name)[node_page(node.id)]
        for said in (title(node), node.id, node.owner, *node.tags, f"{node.path}:{node.line}"):
            assert said in page.text
        for column in node.columns:
            assert column_anchor(column.name) in page.ids
            assert column.type in page.text
            assert column.description in page.text
        reached = {page.leads_to(each["href"]) for each in page.all("a")}
        others = [n.id for n in made(name).nodes if node.id in n.depends_on]
        for other in (*node.depends_on, *others):
            assert (node_page(other), "") in reached
        for column, lineage in node.lineage.items():
            for parent, origin in (*lineage.values, *lineage.rows):
                assert (node_page(parent), column_anchor(origin)) in reached, (node.id, column)


def test_what_is_said_of_a_group_is_told_of_its_tables() -> None:
    for node in made("flights").nodes:
        said = (
            "Every flight that left New York City in 2013"
            in pages("flights")[node_page(node.id)].text
        )
        assert said == (node.kind == "source"), node.id


def test_a_features_own_words_are_told() -> None:
    page = pages("template")["nodes/feature_view.customer_daily.html"]
    assert "Null: bought nothing." in page.text
    assert "Default 0" in page.text
    assert "30d" in page.text


def test_sql_is_told_as_written_and_as_compiled() -> None:
    page = pages("template")["nodes/transformation.clean_transactions.html"]
    assert "{{ config(materialized='table') }}" in page.text
    assert 'from "__ffc"."source.raw.transactions"' in page.text
    marks = {e.get("class") for e in page.all("span")}
    assert {"s-keyword", "s-comment", "s-jinja", "s-number"} <= marks
    assert page.text.count("As written") == page.text.count("Compiled") == 1


def test_a_training_set_tells_what_it_asks_and_as_of_when() -> None:
    page = pages("flights")["nodes/training_set.late_arrivals.html"]
    assert "the newest row before 7d before forecast_at, known by then" in page.text
    assert "not older than 14d, for tail_number" in page.text
    assert "18 features of 5 views" in page.text


def test_a_training_set_tells_what_its_features_mean() -> None:
    data = files("template")["nodes/training_set.fraud_training.html"].decode()
    features = data.partition('id="features"')[2].partition('id="columns"')[0]
    assert "<td>Null: bought nothing.</td>" in features


def test_a_model_tells_what_it_asks() -> None:
    small = manifest()
    asked = ModelFeature(view="feature_view.spending", feature="amount", column="spending__amount")
    model = Model(
        id="model.m",
        name="m",
        path="m.yml",
        line=1,
        entities=("user",),
        training_set="training_set.main",
        features=(asked,),
        depends_on=("feature_view.spending", "training_set.main"),
    )
    found = pages_of(files_of(project(*small.nodes, model)))["nodes/model.m.html"]
    reached = {found.leads_to(each["href"]) for each in found.all("a")}
    assert ("nodes/feature_view.spending.html", "c-amount") in reached
    assert ("nodes/training_set.main.html", "c-spending__amount") in reached
    assert "asks for1 feature" in found.text.replace("\n", "")


def test_descriptions_keep_their_paragraphs_code_and_addresses() -> None:
    node = chain(1).nodes[0]
    assert isinstance(node, Transformation)
    words = "See `a < b` at https://example.com/x?a=1&b=2.\n\nThen <b>this</b>."
    told = Transformation(id=node.id, name="t", path="t", line=1, raw="", sql="", description=words)
    data = files_of(project(told))[node_page(node.id)].decode()
    assert "<code>a &lt; b</code>" in data
    outside = 'href="https://example.com/x?a=1&amp;b=2" rel="noopener noreferrer"'
    assert outside in data
    assert '<p class="lead">Then &lt;b&gt;this&lt;/b&gt;.</p>' in data


def test_hostile_texts_are_shown_as_they_are() -> None:
    found = pages("hostile")
    shown = "".join(page.text for page in found.values())
    for text in HOSTILE:
        page = found[node_page(f"source.{text}")]
        assert visible(text) in page.text
        assert visible(text) in shown
    assert len({node_page(f"source.{text}") for text in HOSTILE}) == len(HOSTILE)


def test_lists_of_a_large_project_are_cut() -> None:
    home = pages("large")["index.html"]
    assert not home.all("svg")
    assert "lineage.html" not in files("large")
    assert len(files("large")["index.html"]) < 6_000
    assert (home.leads_to("kinds/transformation.html")[0]) in files("large")
    assert "400 transformations" in home.text
    assert max(map(len, files("large").values())) < 150_000


def _rows(found: dict[str, Page], *paths: str) -> list[int]:
    """Return how many rows each page has, its head aside."""
    return [len(found[path].all("tr")) - 1 for path in paths]


def test_every_list_is_cut_where_it_is_long() -> None:
    nodes = chain(2 * PAGE + 1).nodes
    tagged = [
        msgspec.structs.replace(node, tags=("t",), owner="o", depends_on=("transformation.t0",))
        for node in nodes[1:]
    ]
    site = files_of(project(nodes[0], *tagged))
    found = pages_of(site)
    lists = ("kinds/transformation", "columns/a", "tags/t", "owners/o")
    for path in lists:
        whole = [f"{path}.html", f"{path}-2.html", f"{path}-3.html"]
        there = [each for each in whole if each in found]
        last = 2 * PAGE + 1 if path in lists[:2] else 2 * PAGE
        assert _rows(found, *there) == [PAGE, PAGE, last - 2 * PAGE][: len(there)]
        assert sum(_rows(found, *there)) == last
        for each in there:
            leads = [href for a in found[each].all("a") if (href := a.get("href"))]
            assert set(there) <= {found[each].leads_to(href)[0] for href in leads}
            here = [a for a in found[each].all("a") if a.get("aria-current") == "page"]
            assert each in [found[each].leads_to(a["href"])[0] for a in here]
    assert f"{path}-3.html" not in found
    # What reads a node is listed as far as a page goes; the search has the others.
    page = found["nodes/transformation.t0.html"]
    assert f"And {PAGE} more: the search finds them." in page.text
    assert max(map(len, site.values())) < 150_000


def test_a_list_that_is_cut_loses_no_name() -> None:
    names = [f"n{number}" for number in range(2 * PAGE + 7)]
    found = list(parts(names, lambda number: f"{number}.html", str))
    assert [name for part in found for name in part.rows] == names
    assert [part.path for part in found] == ["1.html", "2.html", "3.html"]
    assert found[0].spans[1] == ("2.html", f"n{PAGE} to n{2 * PAGE - 1}")
    (only,) = parts(names[:PAGE], lambda number: f"{number}.html", str)
    assert (list(only.rows), only.spans) == (names[:PAGE], [])
    (empty,) = parts([], lambda number: f"{number}.html", str)
    assert empty.rows == []


def test_the_same_project_gives_the_same_bytes(tmp_path: Path) -> None:
    found = compile_folder(FLIGHTS)
    write_manifest(found, tmp_path / "manifest.json")
    script = (
        "import hashlib, pathlib, sys; from ffc.manifest.files import read_manifest;"
        "from ffc.site.rendering import site_files;"
        "files = site_files(read_manifest(pathlib.Path(sys.argv[1])), '0');"
        "print(hashlib.sha256(repr(list(files)).encode()).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script, tmp_path / "manifest.json"],
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(told) == 1
    turned = project(*reversed(chain(30, 2).nodes))
    assert files_of(turned)["lineage.html"] == files_of(chain(30, 2))["lineage.html"]
