"""Single values as YAML, written as a person would."""

from __future__ import annotations

import json
import re
from typing import Final

from ffc.core.yaml import resolve_plain

_PLAIN: Final = re.compile(r"[A-Za-z_](?:[\w./()<>-]|,(?! )|[ ](?=[\w(]))*", re.ASCII)
# What has a meaning in braces and brackets, or ends a value there.
_FLOW: Final = re.compile(r"[,\[\]{}]")
# Words that readers by older rules take for true and false.
_WORDS: Final = frozenset(("y", "n", "yes", "no", "on", "off"))


def scalar(text: str, *, flow: bool) -> str:
    """Return a text as a value that is read as this text again, in quotes where it must be.

    In `flow` it stands between braces or brackets.
    """
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    if plain and resolve_plain(text) == text and not (flow and _FLOW.search(text)):
        return text
    return _quoted(text)


def rewritten(old: str, text: str, *, flow: bool) -> str:
    """Return a text to be put where another value stands, in quotes where that one is."""
    if old[:1] == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return _quoted(text) if old[:1] == '"' else scalar(text, flow=flow)


def _quoted(text: str) -> str:
    # What can't be seen, as the end of a line can't, is written by its number.
    return json.dumps(text, ensure_ascii=not text.isprintable())
