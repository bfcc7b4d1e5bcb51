"""Every code has a page; what a page shows is what ffc says; docs/errors is made of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from support.cli import Result, ffc, write_files

from ffc.cli.explaining import GROUPS, render_page
from ffc.explain import BASE, Page, all_pages, find_page

ROOT = Path(__file__).parent.parent.parent
PAGES = ROOT / "ffc" / "explain" / "pages"
DOCS = ROOT / "docs" / "errors"
UPDATE = bool(os.environ.get("FFC_UPDATE_GOLDEN"))
CODES = [page.code for page in all_pages()]
WITH_EXAMPLE = [page.code for page in all_pages() if page.section("Fails")]
SAID = re.compile(r"(## Fails\n.*?\n```text\n)(.*?)(```\n)", re.DOTALL)


def _page(code: str) -> Page:
    page = find_page(code)
    assert page is not None
    return page


def _compiled(folder: Path, files: dict[str, str]) -> Result:
    """Compile the project of the examples with files laid over it."""
    base = _page(BASE).sections[0].files
    return ffc(write_files(folder / "shop", {**base, **files}), "compile")


def _codes(text: str, severity: str = "error|warning") -> set[str]:
    return set(re.findall(rf"^(?:{severity})\[(FF\d+)\]", text, re.MULTILINE))


@pytest.fixture(autouse=True)
def _no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_every_code_has_a_page() -> None:
    used = {
        code
        for room in ("ffc", "adapters")
        for path in (ROOT / room).rglob("*.py")
        for code in re.findall(r'"(FF[0-9]{3})"', path.read_text())
    }
    assert len(used) > 60
    assert used - set(CODES) == set(), "codes without a page in ffc/explain/pages"
    assert set(CODES) - used == set(), "pages of codes that nothing says"


def test_the_base_compiles_without_a_word(tmp_path: Path) -> None:
    done = _compiled(tmp_path, {})
    assert (done.code, done.stderr.count("\n")) == (0, 1), done.stderr


@pytest.mark.parametrize("code", WITH_EXAMPLE)
def test_the_failing_example_fails_as_shown(code: str, tmp_path: Path) -> None:
    fails = _page(code).section("Fails")
    assert fails is not None
    said = _compiled(tmp_path, fails.files).stderr
    # Beside an error may stand a warning of what it is about, such as a label without a time;
    # beside any warning, that something is not run yet.
    assert (_codes(said, "error") or _codes(said) - {"FF115"} or _codes(said)) == {code}, said
    path = PAGES / f"{code}.md"
    shown = SAID.search(path.read_text())
    assert shown is not None, "a block of text that FFC_UPDATE_GOLDEN=1 can fill"
    if UPDATE:
        text = path.read_text()
        path.write_text(text[: shown.start(2)] + _without_count(said) + text[shown.end(2) :])
    else:
        assert shown[2] == _without_count(said)


def _without_count(said: str) -> str:
    return re.split(r"\n\n(?=\d+ (?:error|warning))", said)[0] + "\n"


@pytest.mark.parametrize("code", WITH_EXAMPLE)
def test_the_working_example_compiles(code: str, tmp_path: Path) -> None:
    works = _page(code).section("Works")
    assert works is not None
    done = _compiled(tmp_path, works.files)
    assert done.code == 0, done.stderr
    assert code not in _codes(done.stderr)


@pytest.mark.parametrize("code", CODES)
def test_a_page_is_whole(code: str) -> None:
    page = _page(code)
    assert page.code == code
    assert page.title
    assert not page.title.endswith(".")
    headings = [section.heading for section in page.sections]
    example, told = ["", "Why", "Fails", "Works"], ["", "How it comes about", "What to do"]
    assert headings in (example, told), headings
    for section in page.sections:
        assert section.blocks, section.heading
    shown = click.unstyle(render_page(page))
    # Paths stay whole: people click on them.
    wide = [
        line for line in shown.splitlines() if len(line) > 80 and "transformations/" not in line
    ]
    assert wide == []
    assert "```" not in shown


def _docs() -> Iterator[tuple[str, str]]:
    for page in [*all_pages(), _page(BASE)]:
        yield f"{page.code}.md", _doc(page)
    lines = [
        "# What ffc says",
        "",
        "A page for each code, as `ffc explain CODE` shows it. The examples lie over",
        "[one small project](base.md). These pages are made from `ffc/explain/pages`.",
    ]
    for prefix, name in GROUPS.items():
        lines += ["", f"## {prefix}xx {name}", ""]
        lines += [
            f"- [{p.code}]({p.code}.md) {p.title}" for p in all_pages() if p.code[:3] == prefix
        ]
    yield "README.md", "\n".join(lines) + "\n"


def _doc(page: Page) -> str:
    """Return a page as Markdown that says of each block which file it is."""
    title = page.title if page.code == BASE else f"{page.code}: {page.title}"
    end = "[All codes](README.md)"
    if page.section("Fails"):
        end += " · The files of the example lie over those of [the base](base.md)."
    return f"# {title[:1].upper()}{title[1:]}\n\n{page.standalone}\n{end}\n"


def test_the_docs_are_made_of_the_pages() -> None:
    made = dict(_docs())
    if UPDATE:
        DOCS.mkdir(exist_ok=True)
        for path in DOCS.glob("*.md"):
            path.unlink()
        for name, text in made.items():
            (DOCS / name).write_text(text)
    assert {path.name: path.read_text() for path in DOCS.glob("*.md")} == made


@pytest.mark.parametrize("typed", ["FF201", "ff201", "201", " Ff201 "])
def test_a_code_may_be_typed_in_any_way(typed: str, tmp_path: Path) -> None:
    done = ffc(tmp_path, "explain", typed)
    assert done.code == 0
    assert done.stdout == ffc(tmp_path, "explain", "FF201").stdout
    assert done.stdout.startswith("FF201: ")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("typed", ["FF2O1", "FF210x", "x", "../base", "FF999x", ""])
def test_an_unknown_code_is_misuse(typed: str, tmp_path: Path) -> None:
    done = ffc(tmp_path, "explain", typed)
    assert (done.code, done.stdout) == (2, "")
    assert "`ffc explain` lists them all" in done.stderr
    assert ("did you mean" in done.stderr) == typed.startswith("FF2")


def test_without_a_code_all_are_listed(tmp_path: Path) -> None:
    done = ffc(tmp_path, "explain")
    assert re.findall(r"^  (FF\d{3})  ", done.stdout, re.MULTILINE) == CODES
    assert "FF2xx Names" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_documents(tmp_path: Path) -> None:
    listed = ffc(tmp_path, "explain", "--output", "json").json()
    assert listed["schema"] == "ffc.pages/v1"
    assert [page["code"] for page in listed["pages"]] == CODES
    page = ffc(tmp_path, "explain", "FF201", "--output", "json").json()
    assert page["schema"] == "ffc.page/v1"
    assert set(page["fails"]) == set(page["works"]) != set()


def test_colour_is_for_terminals(tmp_path: Path) -> None:
    shown = ffc(tmp_path, "explain", "FF201", "--color").stdout
    assert "\x1b[1mFF201" in shown
    assert "\x1b[31m\x1b[1merror[FF201]\x1b[0m" in shown
    assert ffc(tmp_path, "explain", "base").stdout.startswith("base: ")
