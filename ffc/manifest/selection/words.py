"""The words of a selection: a method and a value, with the way through the graph around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from ffc.core.errors import BadSelection

# The pattern of dbt: https://docs.getdbt.com/reference/node-selection/syntax
_PATTERN: Final = re.compile(
    r"(?P<at>@)?(?P<up>(?P<up_depth>\d*)\+)?"
    r"((?P<method>[\w.]+):)?(?P<value>.*?)"
    r"(?P<down>\+(?P<down_depth>\d*))?",
    re.DOTALL,
)
# What ends a name that is a file's.
FILE_ENDINGS: Final = (".sql", ".yml", ".yaml", ".csv", ".parquet")
HOW: Final = "`ffc ls --help` and docs/selection.md have the grammar"


class Criterion(Struct, frozen=True, kw_only=True):
    """One `method:value`, and how far to go from what it matches.

    `up` and `down` are numbers of steps, None for all the way, 0 for none; `around` is `@`.
    """

    text: str
    method: str
    value: str
    up: int | None = 0
    down: int | None = 0
    around: bool = False


def read_words(texts: Iterable[str]) -> Iterator[tuple[Criterion, ...]]:
    """Yield what a selection is the union of: intersections of criteria.

    Raises BadSelection.
    """
    for text in texts:
        for word in text.split():
            yield tuple(_criterion(part, word) for part in word.split(","))


def _criterion(text: str, word: str) -> Criterion:
    if not text:
        message = f"`{word}`: there is nothing on one side of a comma"
        raise BadSelection(message, help=["a comma stands between two words, with no space: `a,b`"])
    found = _PATTERN.fullmatch(text)
    if found is None or not found["value"]:
        what = f"`{found['method']}:` needs a value" if found and found["method"] else "is no name"
        joint = ": " if found and found["method"] else " "
        raise BadSelection(f"`{text}`{joint}{what}", help=[HOW])
    if found["at"] and found["down"]:
        message = f"`{text}`: `@` goes down already, all the way"
        raise BadSelection(message, help=[f"write `{text[: found.start('down')]}`"])
    return Criterion(
        text=text,
        method=found["method"] or _implied(found["value"]),
        value=found["value"],
        up=_steps(found["up"], found["up_depth"]),
        down=_steps(found["down"], found["down_depth"]),
        around=bool(found["at"]),
    )


def _implied(value: str) -> str:
    """Return the method of a value that names none: a path, a file or a name."""
    if "/" in value:
        return "path"
    return "file" if value.endswith(FILE_ENDINGS) else "name"


def _steps(sign: str | None, depth: str | None) -> int | None:
    if not sign:
        return 0
    return int(depth) if depth else None
