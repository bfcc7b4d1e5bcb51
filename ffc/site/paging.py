"""Long lists, cut into pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ffc.core.characters import leading, visible

T = TypeVar("T")
# So many rows make a page.
PAGE: Final = 300
# So much of a name is said of a page that begins or ends with it.
_NAME: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T]):
    """A page of a list: where it is, its rows; of each page where it is, and what is on it.

    A list of one page has no `spans`.
    """

    path: str
    rows: Sequence[T]
    spans: Sequence[tuple[str, str]]


def parts(
    rows: Sequence[T], place: Callable[[int], str], name: Callable[[T], str]
) -> Iterator[Part[T]]:
    """Yield the pages of a list, one at the least; `place` is a page's by its number from 1 on."""
    pages = list(cut(rows)) or [rows]
    spans = [(place(n), _span(found, name)) for n, found in enumerate(pages, 1) if len(pages) > 1]
    for number, found in enumerate(pages, 1):
        yield Part(path=place(number), rows=found, spans=spans)


def cut(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a list into the rows of its pages."""
    for start in range(0, len(rows), PAGE):
        yield rows[start : start + PAGE]


def _span(rows: Sequence[T], name: Callable[[T], str]) -> str:
    """Say what is on a page of a long list: its first and its last name."""
    first, last = (visible(name(row)) for row in (rows[0], rows[-1]))
    return f"{first[: leading(first, _NAME)]} to {last[: leading(last, _NAME)]}"
