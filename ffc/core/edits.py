"""Texts changed at places, all else kept byte for byte."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Iterable

from msgspec import Struct


class Edit(Struct, frozen=True, order=True):
    """What is put where `text[start:end]` stands; of an empty place it is inserted."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits made; raises ValueError where one reaches into another."""
    out: list[str] = []
    position = 0
    for edit in sorted(edits):
        if edit.start < position:
            raise ValueError(edit)
        out += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*out, text[position:]])


def edited_bytes(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return a file with edits made to its text, whose places are counted as `read_text` reads it.

    Its mark and the ends of its lines stay as they are; new lines end as its others do.
    """
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    text = data.removeprefix(mark).decode()
    # What is one character as it is read, and two as it is written.
    ends = [found.start() - i for i, found in enumerate(re.finditer("\r\n", text))]
    newline = "\r\n" if ends else "\n"
    moved = [
        Edit(
            edit.start + bisect_left(ends, edit.start),
            edit.end + bisect_left(ends, edit.end),
            edit.text.replace("\n", newline),
        )
        for edit in edits
    ]
    return mark + edited(text, moved).encode()
