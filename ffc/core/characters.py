"""What a terminal makes of characters: how wide they are, and which are not sent to it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

REPLACEMENT: Final = "\ufffd"
# Control characters, which a terminal obeys; characters without width and those that change the
# direction of writing, with which a line can be made to look like another; halves of characters.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_BLANK: Final = re.compile(r"[\t\n\r]")


def visible(text: str) -> str:
    """Return a text of one line without what can't be seen: tabs and line ends become spaces."""
    return _UNSEEN.sub(REPLACEMENT, _BLANK.sub(" ", text))


def visible_path(path: str) -> str:
    """Return a path without what can't be seen: a line end in it is shown as one."""
    return _UNSEEN.sub(REPLACEMENT, path)


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_width_of, text))


def _width_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def leading(text: str, room: int) -> int:
    """Return how many characters of a text's beginning fit into a number of columns."""
    for index, character in enumerate(text):
        room -= _width_of(character)
        if room < 0:
            return index
    return len(text)


def encodable(text: str, encoding: str | None) -> str:
    """Return a text with `?`, as wide as it was, for what an encoding can't say."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(c if _can(c, encoding) else "?" * _width_of(c) for c in text)
    return text


def _can(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
