"""Nodes found by words, the best first. The rules, for whoever finds nodes elsewhere:

1. A query is words between blanks. Case and accents do not count: `Zurich` finds `zürich`.
2. A word is looked for in what a node is called, its kind, its columns, its tags and those of its
   columns, its owner, its description and those of its columns, features and group of sources; one
   with a dot in its id too, and in that with each column behind it: `spending.amount`.
3. A text is made of parts: letters and digits in a row. A word fits it as FITS say: it is the whole
   text, whole parts of it, the beginning of a part, or something inside one; or, a part itself, it
   begins with another of three letters or more, as `departure` with `dep`. The more of the text is
   covered the better, by a tenth at the most.
4. A word that begins no part of any text is also taken for those parts that are fewest slips away:
   a letter wrong, missing or too many, or two neighbours swapped. A word of four letters may have
   one slip, one of eight two, a shorter one none, and a part must begin with one of its first two
   letters. If it has several parts itself, it is taken for texts of one word that have several, or
   else taken apart.
5. A word is worth at a node the best of fit times weight (WEIGHTS) over its texts; the node is
   worth the sum over all words, half as much again if one text has all of several words.
6. Found are the nodes that have every word; where there is none, those that have the most. Equals
   come in the order of their ids.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import Struct

from ffc.core.diagnostics import did_you_mean
from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.records import Manifest, Target

Where = Literal["name", "kind", "column", "tag", "owner", "description"]

WEIGHTS: Final[Mapping[Where, float]] = {
    "name": 10.0,
    "tag": 5.0,
    "owner": 5.0,
    "column": 3.5,
    "kind": 2.0,
    "description": 1.5,
}
# What is said of a column, or of all of a group, is worth less than what is said of its node.
_OF_A_COLUMN: Final = 0.5
WHOLE, PARTS, BEGINNING, INSIDE, SHORT = FITS = (1.0, 0.8, 0.6, 0.3, 0.25)
# So many letters of a word stand for it.
_SHORTEST: Final = 3
# What a fit is worth that is one slip away, or two.
_SLIPS: Final = (0.6, 0.5)
_TOGETHER: Final = 1.5
_PART: Final = re.compile(r"[^\W_]+")


class SoughtColumn(Struct, frozen=True, kw_only=True):
    """What is said of a column, or of a feature."""

    name: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()


class Sought(Struct, frozen=True, kw_only=True):
    """What is said of a node: of an encoded manifest it can be read alone, and fast."""

    id: str
    kind: str
    name: str
    variant: str = DEFAULT_VARIANT
    path: str
    line: int
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    columns: tuple[SoughtColumn, ...] = ()
    features: tuple[SoughtColumn, ...] = ()
    group_description: str = ""


class SoughtManifest(Struct, frozen=True, kw_only=True):
    """As much of a manifest as a search looks at."""

    target: Target
    nodes: tuple[Sought, ...]


def sought(manifest: Manifest) -> SoughtManifest:
    """Return as much of a manifest as a search looks at."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(manifest), type=SoughtManifest)


class Match(Struct, frozen=True, kw_only=True):
    """A text in which words were found: from which character up to which other one.

    `column` is the column whose name, tag or description it is; else it is the node's.
    """

    where: Where
    column: str = ""
    text: str
    spans: tuple[tuple[int, int], ...]
    score: float


class Hit(Struct, frozen=True, kw_only=True):
    """A node that was found, and where: the best match first."""

    node: Sought
    score: float
    matches: tuple[Match, ...]


class Finding(Struct, frozen=True, kw_only=True):
    """The best of what was found, how many words of the query each has, and of how many.

    `taken` are words that begin no part of any text, with what they were taken for; `missing` those
    that were not found at all. `kinds` counts all that have so many words, by kind.
    """

    hits: tuple[Hit, ...]
    found: int
    has: int
    words: int
    taken: Mapping[str, Sequence[str]]
    missing: tuple[str, ...]
    kinds: Mapping[str, int]
    help: tuple[str, ...] = ()


class _Text(NamedTuple):
    """Something that is said of a node, and what finding a word in it is worth.

    What is an id is only for words with a dot.
    """

    where: Where
    column: str
    text: str
    weight: float
    is_id: bool = False


class _Fit(NamedTuple):
    """How well a word fits a text, and where."""

    value: float
    start: int
    end: int


class _Word(NamedTuple):
    """A word, what it is taken for, and each text that it fits."""

    word: str
    taken: tuple[str, ...]
    fits: Mapping[str, _Fit]


class _Scored(NamedTuple):
    """How many of the words a node has, what that is worth, and what is said of it."""

    has: int
    score: float
    node: Sought
    texts: Sequence[_Text]


def find_nodes(
    nodes: Iterable[Sought],
    query: str,
    kinds: Sequence[str] = (),
    limit: int | None = None,
) -> Finding:
    """Return the nodes that have the words of a query, the best first.

    Only those of some kinds, if there are any; no more than `limit`, if there is one.
    """
    said = [(node, list(_texts(node, "." in query))) for node in nodes]
    every = [each for _, texts in said for each in texts]
    plain = {text: fold(text) for text in {each.text for each in every if not each.is_id}}
    ids = {text: fold(text) for text in {each.text for each in every if each.is_id}}
    words = _words(query, plain, ids)
    worth = _worth(words)
    scored = [each for node, texts in said if (each := _scored(node, texts, worth)) is not None]
    wanted = [each for each in scored if not kinds or each.node.kind in kinds]
    most = max((each.has for each in wanted), default=0)
    best = [each for each in wanted if each.has == most]
    best.sort(key=lambda each: (-each.score, each.node.id))
    missing = tuple(word.word for word in words if not word.fits)
    return Finding(
        hits=tuple(_hit(each, words) for each in best[:limit]),
        found=len(best),
        has=most,
        words=len(words),
        taken={word.word: word.taken for word in words if word.taken},
        missing=missing,
        kinds=Counter(each.node.kind for each in scored if each.has >= most),
        help=_meant(missing, plain),
    )


def fold(text: str) -> str:
    """Return a text without case and accents, each character where it was."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFD", character)[0].lower()[0] for character in text)


def _texts(node: Sought, with_ids: bool) -> Iterator[_Text]:
    """Yield what is said of a node; no text that is empty."""
    yield _Text("name", "", node.id.partition(".")[2], WEIGHTS["name"])
    yield _Text("kind", "", node.kind, WEIGHTS["kind"])
    for tag in node.tags:
        yield _Text("tag", "", tag, WEIGHTS["tag"])
    if node.owner:
        yield _Text("owner", "", node.owner, WEIGHTS["owner"])
    if node.description:
        yield _Text("description", "", node.description, WEIGHTS["description"])
    for column in node.columns:
        yield _Text("column", column.name, column.name, WEIGHTS["column"])
        for tag in column.tags:
            yield _Text("tag", column.name, tag, WEIGHTS["tag"] * _OF_A_COLUMN)
    group = SoughtColumn(description=node.group_description)
    for told in (*node.columns, *node.features, group):
        if told.description:
            weight = WEIGHTS["description"] * _OF_A_COLUMN
            yield _Text("description", told.name, told.description, weight)
    if with_ids:
        yield _Text("name", "", node.id, WEIGHTS["name"], True)
        for column in node.columns:
            yield _Text("column", column.name, f"{node.id}.{column.name}", WEIGHTS["column"], True)


def _words(query: str, plain: Mapping[str, str], ids: Mapping[str, str]) -> list[_Word]:
    """Return the words of a query with all that they fit, of the folded texts that there are."""
    known = _parts(plain)
    found: dict[str, _Word] = {}
    for word in dict.fromkeys(fold(query).split()):
        folded = {**plain, **ids} if "." in word else plain
        parts = _PART.findall(word)
        fits = _fits(word, folded)
        if _begins(fits):
            found[word] = _Word(word, (), _with_short(word, fits, folded, known))
        elif len(parts) < 2:
            fits = _with_short(word, fits, folded, known)
            found[word] = _mended(word, fits, folded, known)
        elif (meant := _mended(word, fits, folded, _joint(plain))).taken:
            found[word] = meant
        else:
            found |= {each.word: each for each in _words(" ".join(parts), plain, ids)}
    return list(found.values())


def _with_short(
    word: str, fits: Mapping[str, _Fit], folded: Mapping[str, str], known: Sequence[str]
) -> dict[str, _Fit]:
    """Return what a word fits, and what fits parts that it begins with."""
    single = _PART.fullmatch(word) is not None
    begun = [part for part in known if single and word.startswith(part)]
    short = [part for part in begun if _SHORTEST <= len(part) < len(word)]
    found: dict[str, _Fit] = {}
    for part in short:
        for text, fit in _fits(part, folded).items():
            if fit.value > BEGINNING:
                found[text] = fit._replace(value=fit.value * SHORT)
    return {**found, **fits}


def _begins(fits: Mapping[str, _Fit]) -> bool:
    return any(fit.value > INSIDE for fit in fits.values())  # All others are worth more.


def _fits(word: str, folded: Mapping[str, str]) -> dict[str, _Fit]:
    having = ((text, spoken) for text, spoken in folded.items() if word in spoken)
    return {text: fit for text, spoken in having if (fit := _fit(word, spoken)) is not None}


def _fit(word: str, text: str) -> _Fit | None:
    """Return how well a word fits a text, at the first of the places where it does so best."""
    found: list[_Fit] = []
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        begins = start == 0 or not (text[start - 1].isalnum() and word[0].isalnum())
        ends = end == len(text) or not (text[end].isalnum() and word[-1].isalnum())
        how = (PARTS if ends else BEGINNING) if begins else INSIDE
        value = WHOLE if word == text else how * (0.9 + 0.1 * len(word) / len(text))
        found.append(_Fit(value, start, end))
        start = text.find(word, start + 1)
    return max(found, key=lambda fit: (fit.value, -fit.start), default=None)


def _mended(
    word: str, fits: dict[str, _Fit], folded: Mapping[str, str], known: Sequence[str]
) -> _Word:
    """Return a word that begins nothing with what fits the parts that it may be meant for."""
    allowed = 0 if len(word) < 4 else 1 if len(word) < 8 else 2
    away = {part: slips(word, part, allowed) for part in known if part[0] in word[:2]}
    least = min(away.values(), default=allowed + 1)
    if not 0 < least <= allowed:
        return _Word(word, (), fits)
    taken = tuple(part for part, slipped in away.items() if slipped == least)
    for part in taken:
        for text, fit in _fits(part, folded).items():
            worth = fit._replace(value=fit.value * _SLIPS[least - 1])
            fits[text] = max(worth, fits.get(text, worth))
    return _Word(word, taken, fits)


def _parts(folded: Mapping[str, str]) -> Sequence[str]:
    """Return the parts of all texts, in order."""
    return sorted({part for text in folded.values() for part in _PART.findall(text)})


def _joint(folded: Mapping[str, str]) -> Sequence[str]:
    """Return the texts of one word that has several parts, in order."""
    words = (text for text in set(folded.values()) if len(text.split()) == 1)
    return sorted(text for text in words if len(_PART.findall(text)) > 1)


def slips(word: str, other: str, most: int) -> int:
    """Return how many slips one word is from another; `most` + 1 if there are more.

    A slip is a letter wrong, missing or too many, or two neighbours swapped: the restricted
    distance of Damerau and Levenshtein. https://doi.org/10.1145/363958.363994
    """
    if abs(len(word) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            least = min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)


def _worth(words: Sequence[_Word]) -> dict[str, list[float]]:
    """Return how well each word fits, for each text that any of them fits."""
    found = dict.fromkeys(text for word in words for text in word.fits)
    return {
        text: [fit.value if (fit := word.fits.get(text)) is not None else 0.0 for word in words]
        for text in found
    }


def _scored(
    node: Sought, texts: Sequence[_Text], worth: Mapping[str, Sequence[float]]
) -> _Scored | None:
    """Return how many words a node has, and what that is worth; None if it has none."""
    best: Sequence[float] = ()
    together = False
    for _, _, text, weight, _ in texts:
        if values := worth.get(text):
            here = [weight * value for value in values]
            best = list(map(max, best, here)) if best else here
            together = together or all(values)
    has = sum(map(bool, best))
    score = sum(best) * (_TOGETHER if together and len(best) > 1 else 1.0)
    return _Scored(has, round(score, 3), node, texts) if has else None


def _hit(scored: _Scored, words: Sequence[_Word]) -> Hit:
    """Return a node that was found, with all places where words are."""
    matches = []
    for where, column, text, weight, _ in scored.texts:
        fits = [fit for word in words if (fit := word.fits.get(text)) is not None]
        if fits:
            spans = _joined((fit.start, fit.end) for fit in fits)
            score = round(weight * sum(fit.value for fit in fits), 3)
            match = Match(where=where, column=column, text=text, spans=spans, score=score)
            matches.append(match)
    matches.sort(key=lambda match: -match.score)
    return Hit(node=scored.node, score=scored.score, matches=tuple(matches))


def _joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return stretches of a text in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def _meant(missing: Sequence[str], folded: Mapping[str, str]) -> tuple[str, ...]:
    parts = _parts(folded) if missing else ()
    return tuple(hint for word in missing for hint in did_you_mean(word, parts))
