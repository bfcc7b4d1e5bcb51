"""Pages about codes as text for people and as documents."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from ffc.cli.widths import answer_width
from ffc.core.diagnostics import closest
from ffc.explain import BASE, Block, Page, all_pages, find_page

GROUPS: Final[Mapping[str, str]] = {
    "FF1": "Files, YAML and settings",
    "FF2": "Names and how they hang together",
    "FF3": "SQL",
    "FF4": "Types and contracts",
    "FF5": "Time and leakage",
    "FF6": "What a store can do",
    "FF7": "State and plans",
    "FF8": "Runs, syncs and serving",
    "FF9": "A bug in ffc",
}
_HEAD: Final = re.compile(r"^(error|warning)(\[FF\d{3}\])", re.MULTILINE)


def chosen_page(code: str) -> Page:
    """Return the page of a code as it was typed: `FF201`, `ff201` or `201`; raises misuse."""
    wanted = code.strip()
    wanted = f"FF{wanted}" if wanted.isdecimal() else wanted.upper()
    page = find_page(BASE if wanted == BASE.upper() else wanted)
    if page is not None:
        return page
    codes = [page.code for page in all_pages()]
    close = closest(wanted, codes, cutoff=0.7) if len(wanted) > 2 else None
    hint = f"did you mean {close}? " if close else ""
    raise click.UsageError(f"there is no code `{code}`: {hint}`ffc explain` lists them all")


def render_list() -> str:
    """Return every code with its title, in groups."""
    lines: list[str] = []
    pages = all_pages()
    for prefix, name in GROUPS.items():
        group = [page for page in pages if page.code.startswith(prefix)]
        if group:
            lines += ["", click.style(f"{prefix}xx {name}", bold=True), ""]
        for page in group:
            first, *rest = textwrap.wrap(page.title, answer_width() - 9, break_on_hyphens=False)
            lines += [f"  {click.style(page.code, fg='cyan')}  {first}"]
            lines += [f"         {line}" for line in rest]
    return "\n".join([*lines[1:], "", "`ffc explain CODE` tells more about one."])


def render_page(page: Page) -> str:
    """Return a page wrapped for a terminal, colours as ANSI codes."""
    title = f"{page.code}: {page.title}"
    heading = textwrap.wrap(title, answer_width(), break_on_hyphens=False)
    lines = [click.style(line, bold=True) for line in heading]
    for section in page.sections:
        if section.heading:
            lines += ["", click.style(section.heading, bold=True, underline=True)]
        for block in section.blocks:
            lines += ["", *_block(block)]
    if any(section.files for section in page.sections) and page.code != BASE:
        lines += ["", *_prose("The files of the example lie over those of `ffc explain base`.")]
    return "\n".join(lines)


def _block(block: Block) -> Iterator[str]:
    if block.file:
        yield click.style(f"  {block.file}", fg="blue")
        yield ""
        yield from (f"    {line}".rstrip() for line in block.text.splitlines())
    elif block.language:
        yield from _HEAD.sub(_coloured, block.text).splitlines()
    else:
        yield from _prose(block.text)


def _prose(text: str) -> Iterator[str]:
    """Wrap a paragraph, or each item of a list."""
    for part in re.split(r"\n(?=- )", text):
        indent = "  " if part.startswith("- ") else ""
        yield from textwrap.wrap(
            " ".join(part.split()),
            answer_width(),
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _coloured(found: re.Match[str]) -> str:
    colour = "red" if found[1] == "error" else "yellow"
    return click.style(found[0], fg=colour, bold=True)


def page_document(page: Page) -> dict[str, Any]:
    """Return the `ffc.page/v1` document."""
    fails, works = page.section("Fails"), page.section("Works")
    return {
        "schema": "ffc.page/v1",
        "code": page.code,
        "title": page.title,
        "summary": page.summary,
        "markdown": page.markdown,
        "fails": fails.files if fails else {},
        "works": works.files if works else {},
    }


def list_document() -> dict[str, Any]:
    """Return the `ffc.pages/v1` document."""
    pages = [{"code": p.code, "title": p.title, "summary": p.summary} for p in all_pages()]
    return {"schema": "ffc.pages/v1", "pages": pages}
