"""The pages as records: a Markdown file a code, with files of an example in fenced blocks.

A page begins with `# FF201: title` and a paragraph that says what the code means. Under `## Fails`
and `## Works` are the files of an example, each in a block that names it (```` ```sql
transformations/a.sql ````), to be laid over the project of `base.md`. A block of `text` under
`## Fails` is what ffc says about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Final

BASE: Final = "base"
_FENCE: Final = "```"
_NAMED: Final = re.compile(r"^```(\w+) (\S+)$", re.MULTILINE)
_CODE: Final = re.compile(r"FF\d{3}|base")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph (no language), what ffc says (`text`), or a file of an example."""

    text: str
    language: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with its blocks; the first section of a page has no heading."""

    heading: str
    blocks: tuple[Block, ...]

    @property
    def files(self) -> dict[str, str]:
        """Return the files of the example, by path."""
        return {block.file: block.text for block in self.blocks if block.file}


@dataclass(frozen=True, kw_only=True)
class Page:
    """All that there is to say about a code."""

    code: str
    title: str
    markdown: str

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The page in parts."""
        return tuple(_sections(self.markdown))

    @property
    def standalone(self) -> str:
        """The page as Markdown for other readers: the files' names before their blocks."""
        return _NAMED.sub(r"`\2`:\n\n```\1", self.markdown)

    @property
    def summary(self) -> str:
        """What it means, on one line."""
        return " ".join(self.sections[0].blocks[0].text.split())

    def section(self, heading: str) -> Section | None:
        """Return a part by its heading."""
        return next((part for part in self.sections if part.heading == heading), None)


def find_page(code: str) -> Page | None:
    """Return the page of a code."""
    path = files("ffc.explain").joinpath("pages", f"{code}.md")
    return _page(path.read_text("utf-8")) if _CODE.fullmatch(code) and path.is_file() else None


def all_pages() -> list[Page]:
    """Return every page in the order of codes, without the base of the examples."""
    names = sorted(p.name for p in files("ffc.explain").joinpath("pages").iterdir())
    found = [find_page(name.removesuffix(".md")) for name in names if name.startswith("FF")]
    return [page for page in found if page is not None]


def _page(text: str) -> Page:
    head, _, body = text.partition("\n")
    code, _, title = head.removeprefix("# ").partition(": ")
    return Page(code=code, title=title, markdown=body.strip("\n") + "\n")


def _sections(markdown: str) -> Iterator[Section]:
    heading, blocks = "", list[Block]()
    for block in _blocks(markdown):
        if block.language or not block.text.startswith("## "):
            blocks.append(block)
            continue
        yield Section(heading=heading, blocks=tuple(blocks))
        heading, blocks = block.text.removeprefix("## "), []
    yield Section(heading=heading, blocks=tuple(blocks))


def _blocks(markdown: str) -> Iterator[Block]:
    """Cut a page at blank lines and fences."""
    lines = iter(markdown.splitlines())
    paragraph: list[str] = []
    for line in lines:
        if line.strip() and not line.startswith(_FENCE):
            paragraph.append(line)
            continue
        if paragraph:
            yield Block(text="\n".join(paragraph))
        paragraph = []
        if line.startswith(_FENCE):
            language, _, file = line.removeprefix(_FENCE).partition(" ")
            inside = iter(lambda: next(lines), _FENCE)
            yield Block(text="".join(f"{each}\n" for each in inside), language=language, file=file)
    if paragraph:
        yield Block(text="\n".join(paragraph))
