"""What `ffc show` says of a node, read again."""

from __future__ import annotations

import re


def facts(text: str) -> dict[str, str]:
    """Return the facts at the head of what is shown, each on one line."""
    head = text.split("\n\n")[0]
    lines = re.sub(r"\n {2,}", " ", head).splitlines()
    pairs = (re.split(r" {2,}", line, maxsplit=1) for line in lines)
    return {name: said for name, said in pairs}
