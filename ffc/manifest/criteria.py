"""A selection as data, and as people type it: dbt's grammar.

`a b` is what either means, `a,b` what both mean, `+a` adds what a reads, `a+` what reads it,
`2+a+1` so many steps of each, `@a` what reads it and all that those read. A word is a method and a
value, `tag:nightly`; without a method it is a path where it has a slash or an ending, else a name.
`*`, `?` and `[...]` stand for characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ffc.core.diagnostics import Span
from ffc.manifest.methods import BadSelection, check

_WORD: Final = re.compile(
    r"(?P<at>@)?(?P<parents>(?P<up>\d*)\+)?((?P<method>[\w.]+):)?(?P<value>.*?)"
    r"(?P<children>\+(?P<down>\d*))?",
    re.DOTALL,
)
_ENDINGS: Final = (".sql", ".yml", ".yaml")
_LONGEST: Final = 10
_EXAMPLES: Final = "write a name, `tag:nightly`, `path:features`, `+name`, `name+` or `@name`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """Nodes by a method and a value, with what they read and what reads them.

    `up` and `down` are so many steps of each, None for all; `around` stands for `@`. `text` is what
    was written, `place` where, if that is in a file.
    """

    method: str
    value: str
    up: int | None = 0
    down: int | None = 0
    around: bool = False
    text: str = ""
    place: Span | None = None


@dataclass(frozen=True, slots=True)
class Union:
    """What any of the parts means: nothing, where there are none."""

    parts: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Intersection:
    """What all of the parts mean: everything, where there are none."""

    parts: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What one means and the other does not."""

    whole: Wanted
    less: Wanted


Wanted = Criterion | Union | Intersection | Difference
EVERYTHING: Final = Intersection(())


def read_words(words: Iterable[str], place: Span | None = None) -> Union:
    """Return what words mean together; raises BadSelection for one that means nothing."""
    each = [part for word in words for part in word.split()]
    return Union(tuple(_intersection(part, place) for part in each))


def read_typed(wanted: Sequence[str], unwanted: Sequence[str] = ()) -> Wanted:
    """Return what `--select` and `--exclude` mean; nothing selected is everything."""
    whole = read_words(wanted) if wanted else EVERYTHING
    return Difference(whole, read_words(unwanted)) if unwanted else whole


def _intersection(text: str, place: Span | None) -> Wanted:
    parts = tuple(_criterion(word, text, place) for word in text.split(","))
    return parts[0] if len(parts) == 1 else Intersection(parts)


def _criterion(text: str, whole: str, place: Span | None) -> Criterion:
    match = _WORD.fullmatch(text)
    if match is None or not match["value"]:
        raise BadSelection(f"`{whole}` selects nothing", help=[_EXAMPLES])
    if match["at"] and match["children"]:
        raise BadSelection(
            f"`{text}`: `@` means all that reads a node already",
            help=["leave out the `+` behind it"],
        )
    method = match["method"] or method_of(match["value"])
    check(method, match["value"])
    return Criterion(
        method=method,
        value=match["value"],
        up=_steps(match["up"]) if match["parents"] else 0,
        down=_steps(match["down"]) if match["children"] else 0,
        around=bool(match["at"]),
        text=text,
        place=place,
    )


def method_of(value: str) -> str:
    """Return the method of a word that has none."""
    if "/" in value:
        return "path"
    return "file" if value.lower().endswith(_ENDINGS) else "fqn"


def _steps(text: str) -> int | None:
    """Return a number of steps; one that no graph has is all, and none is too long to be read."""
    return int(text) if text and len(text) < _LONGEST else None
