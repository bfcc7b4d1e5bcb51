"""Descriptions as people write them: paragraphs, `code`, and addresses that lead somewhere."""

from __future__ import annotations

import re
from typing import Final

from ffc.core.characters import visible
from ffc.site.atlas import Piece

_PARTS: Final = re.compile(r"`([^`\n]+)`|(https?://[^\s<>\"'`]*[^\s<>\"'`.,;:!?)\]])")
_BLANK: Final = re.compile(r"\n\s*\n")


def paragraphs(text: str) -> tuple[tuple[Piece, ...], ...]:
    """Return the paragraphs of a description as pieces; an address is marked `outside`."""
    return tuple(_pieces(part.strip()) for part in _BLANK.split(text) if part.strip())


def one_line(text: str) -> str:
    """Return a description as a list shows it: its first paragraph, plain."""
    first = next((part for part in _BLANK.split(text) if part.strip()), "")
    return visible(" ".join(first.replace("`", "").split()))


def _pieces(text: str) -> tuple[Piece, ...]:
    found: list[Piece] = []
    done = 0
    for part in _PARTS.finditer(text):
        found.append(Piece(text=visible(text[done : part.start()])))
        code, address = part.groups()
        if code:
            found.append(Piece(text=visible(code), mark="code"))
        else:
            found.append(Piece(text=visible(address), href=address, mark="outside"))
        done = part.end()
    return tuple(piece for piece in (*found, Piece(text=visible(text[done:]))) if piece.text)
