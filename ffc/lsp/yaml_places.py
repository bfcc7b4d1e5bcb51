"""Where a place in a YAML file is: under which keys, beside which values; in a broken file too.

While somebody types a file is rarely YAML. This reads lines, indents and braces as far as they make
sense, and has no opinion on the rest: what is wrong with a file, the compiler says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

_KEY: Final = re.compile(
    r"(?:'([^'\n]*)'|\"([^\"\n]*)\"|([^\s:#{}\[\],&*!|>'\"-][^:#\n{}\[\],]*?))\s*:(?=\s|$)"
)
_DASH: Final = re.compile(r"-(?=\s|$)")
_COMMENT: Final = re.compile(r"(^|\s)#")
_QUOTED: Final = re.compile(r"'(?:[^'\n]|'')*'?|\"(?:[^\"\\\n]|\\.)*\"?")
_FLOW_END: Final = re.compile(r"[,{}\[\]\n]|:(?=\s|$)|\s#")
_FLOW_KEY: Final = re.compile(
    r"(?:'([^'\n]*)'|\"([^\"\n]*)\"|([^\s:#{}\[\],'\"][^:#\n{}\[\],]*?))\s*:(?=[\s,}\]]|$)"
)
_BLOCK: Final = re.compile(r"[|>][-+0-9]*\s*$")

MarkKind = Literal["key", "value", "item"]


@dataclass(slots=True, kw_only=True, eq=False)
class Level:
    """A mapping: what it stands under, and the values that were written in it."""

    parent: Level | None = None
    under: str = ""
    indent: int = 0
    key: str = ""
    values: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead to it from the root; items of lists have none."""
        if self.parent is None:
            return ()
        return (*self.parent.path, self.under)


@dataclass(frozen=True, slots=True)
class Mark:
    """A key, a value or an item of a list: where it stands, in which mapping, under which key."""

    kind: MarkKind
    start: int
    end: int
    level: Level
    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlPlace:
    """What is at a place: `key` is that of the value, nothing where a key is written.

    `start` and `end` are those of the word there; `level` is the mapping it belongs to.
    """

    path: tuple[str, ...]
    key: str
    word: str
    start: int
    end: int
    level: Level
    item: bool = False


def yaml_place(text: str, offset: int) -> YamlPlace:
    """Return what is at a place of a file."""
    scan = _Scan(text)
    scan.read()
    inside = [mark for mark in scan.marks if mark.start <= offset <= mark.end]
    if inside:
        mark = min(inside, key=lambda each: each.end - each.start)
        return _marked(mark, text, offset)
    return _blank(scan, text, offset)


def yaml_marks(text: str) -> list[Mark]:
    """Return every key, value and item of a file, in their order."""
    scan = _Scan(text)
    scan.read()
    return scan.marks


def _marked(mark: Mark, text: str, offset: int) -> YamlPlace:
    level = mark.level
    if mark.kind == "key":
        return YamlPlace(
            path=level.path, key="", word=mark.text, start=mark.start, end=mark.end, level=level
        )
    start, end = mark.start, mark.end
    if not mark.text:
        start = end = offset
    return YamlPlace(
        path=level.path,
        key=mark.key,
        word=mark.text,
        start=start,
        end=end,
        level=level,
        item=mark.kind == "item",
    )


def _blank(scan: _Scan, text: str, offset: int) -> YamlPlace:
    """Return the mapping that a word at a place without one would belong to, by its indent."""
    flow = [each for each in scan.flows if each[0] < offset < each[1]]
    if flow:
        level, key = max(flow, key=lambda each: each[0])[2:]
        return YamlPlace(
            path=level.path, key=key, word="", start=offset, end=offset, level=level, item=bool(key)
        )
    begin = text.rfind("\n", 0, offset) + 1
    column = offset - begin
    above = [each for each in scan.levels if each[0] < begin]
    level = above[-1][1] if above else scan.root
    while level.parent is not None and level.indent > column:
        level = level.parent
    if level.key and column > level.indent and not level.values.get(level.key):
        level = Level(parent=level, under=level.key, indent=column)
    return YamlPlace(path=level.path, key="", word="", start=offset, end=offset, level=level)


class _Scan:
    """One way through a text: its marks, and the mapping that each line is in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = Level()
        self.marks: list[Mark] = []
        self.levels: list[tuple[int, Level]] = []
        self.flows: list[tuple[int, int, Level, str]] = []
        self._stack = [self.root]
        self._dash = -1

    def read(self) -> None:
        """Go through all lines."""
        position = 0
        while position < len(self.text):
            end = self.text.find("\n", position)
            end = len(self.text) if end < 0 else end
            position = max(end, self._line(position, end)) + 1

    def _line(self, begin: int, end: int) -> int:
        """Read a line; return where it ends, with what belongs to it on lines below."""
        start = begin + _indent(self.text, begin, end)
        if start == end or self.text[start] == "#" or self.text.startswith(("---", "%"), start):
            return end
        dashed = False
        while _DASH.match(self.text, start, end):
            self._pop(start - begin)
            self._dash, dashed = start - begin, True
            start = start + 1 + _indent(self.text, start + 1, end)
        found = _KEY.match(self.text, start, end)
        if found is not None:
            return self._pair(found, start, begin, end, dashed)
        if not dashed:
            return self._bare(start, begin, end)
        done = self._value(start, begin, end, self._stack[-1], "item")
        self.levels.append((begin, self._stack[-1]))
        return done

    def _bare(self, start: int, begin: int, end: int) -> int:
        """Read a line that is neither a key nor an item: half a key, or the end of a long value."""
        column, level = start - begin, self._stack[-1]
        while level.parent is not None and level.indent > column:
            level = level.parent
        word = self.text[start:end].rstrip()
        if column > level.indent and level.values.get(level.key):
            self.marks.append(Mark("value", start, start + len(word), level, level.key, word))
            return end
        if column > level.indent and level.key:
            level = Level(parent=level, under=level.key, indent=column)
        self.marks.append(Mark("key", start, start + len(word), level, word, word))
        return end

    def _pop(self, column: int) -> None:
        """Leave the mappings that a dash at a column ends."""
        while len(self._stack) > 1 and self._stack[-1].indent > column:
            self._stack.pop()

    def _pair(self, found: re.Match[str], start: int, begin: int, end: int, dashed: bool) -> int:
        column, key = start - begin, found[1] or found[2] or found[3] or ""
        while len(self._stack) > 1 and self._stack[-1].indent > column:
            self._stack.pop()
        level = self._stack[-1]
        if dashed or column > level.indent:
            if dashed and level.indent == column and len(self._stack) > 1:
                self._stack.pop()
                level = self._stack[-1]
            level = Level(parent=level, under=level.key, indent=column)
            self._stack.append(level)
        level.key = key
        level.values.setdefault(key, "")
        self.levels.append((begin, level))
        self.marks.append(Mark("key", start, found.end() - 1, level, key, key))
        return self._value(found.end(), begin, end, level, "value")

    def _value(self, start: int, begin: int, end: int, level: Level, kind: MarkKind) -> int:
        """Read what stands after a key or a dash; return where it ends."""
        at = start + _indent(self.text, start, end)
        if at < end and self.text[at] in "{[":
            return self._flow(at, self._bound(begin, end), level, level.key)
        if _BLOCK.match(self.text, at, end):
            bound = self._bound(begin, end)
            self._mark(kind, at, bound, level, self.text[end:bound])
            return bound
        quoted = _QUOTED.match(self.text, at, end)
        comment = _COMMENT.search(self.text, quoted.end() if quoted else max(at - 1, start), end)
        stop = comment.start() if comment else end
        word = self.text[at:stop].rstrip()
        if word:
            self._mark(kind, at, at + len(word), level, word)
        else:
            self.marks.append(Mark(kind, start, stop, level, level.key, ""))
        return end

    def _bound(self, begin: int, end: int) -> int:
        """Return where what begins on a line ends at the latest: lines that stand no deeper."""
        least = _indent(self.text, begin, end)
        position = end
        while position < len(self.text):
            after = self.text.find("\n", position + 1)
            after = len(self.text) if after < 0 else after
            deep = _indent(self.text, position + 1, after)
            if deep <= least and position + 1 + deep < after:
                break
            position = after
        return position

    def _mark(self, kind: MarkKind, start: int, end: int, level: Level, word: str) -> None:
        plain = word[1:-1] if word[:1] in "'\"" and word[-1:] == word[:1] else word
        if kind == "value" and level.key and not level.values.get(level.key):
            level.values[level.key] = plain
        self.marks.append(Mark(kind, start, end, level, level.key, plain))

    def _flow(self, start: int, bound: int, level: Level, key: str) -> int:
        """Read what stands in braces or brackets; return where it ends."""
        inner = self.text[start] == "{"
        own = Level(parent=level, under=key, indent=level.indent + 1) if inner else level
        if inner and level.key and not level.values.get(level.key):
            level.values[level.key] = "{}"
        position = start + 1
        while position < bound:
            letter = self.text[position]
            if letter in "}]":
                self.flows.append((start, position + 1, own, "" if inner else key))
                return position + 1
            if letter in " \t\n,:":
                position += 1
            elif letter in "{[":
                position = self._flow(position, bound, own, own.key if inner else key)
            else:
                position = self._flow_word(position, bound, own, inner, key)
        self.flows.append((start, bound + 1, own, "" if inner else key))
        return bound

    def _flow_word(self, start: int, bound: int, own: Level, inner: bool, key: str) -> int:
        named = _FLOW_KEY.match(self.text, start, bound)
        if named is None:
            return self._flow_scalar(start, bound, own, "key" if inner else "item", key)
        if not inner:
            # An item of a list may be one pair without braces.
            own = Level(parent=own, under=key, indent=own.indent + 1)
        own.key = named[1] or named[2] or named[3] or ""
        own.values.setdefault(own.key, "")
        self.marks.append(Mark("key", start, named.end() - 1, own, own.key, own.key))
        at = named.end() + _indent(self.text, named.end(), bound)
        if at >= bound or self.text[at] in ",}]\n":
            self.marks.append(Mark("value", named.end(), at, own, own.key, ""))
            return at
        if self.text[at] in "{[":
            return self._flow(at, bound, own, own.key)
        return self._flow_scalar(at, bound, own, "value", own.key)

    def _flow_scalar(self, start: int, bound: int, own: Level, kind: MarkKind, key: str) -> int:
        quoted = _QUOTED.match(self.text, start, bound)
        ended = _FLOW_END.search(self.text, start, bound)
        end = quoted.end() if quoted else ended.start() if ended else bound
        word = self.text[start:end].rstrip()
        plain = word[1:-1] if word[:1] in "'\"" and word[-1:] == word[:1] else word
        if kind == "value":
            own.values[key] = plain
        self.marks.append(Mark(kind, start, start + len(word), own, key, plain))
        return max(end, start + 1)


def _indent(text: str, start: int, end: int) -> int:
    """Return how many spaces there are from a place on."""
    found = start
    while found < end and text[found] in " \t":
        found += 1
    return found - start


def levels_above(level: Level) -> Iterator[Level]:
    """Yield a mapping and those around it, innermost first."""
    here: Level | None = level
    while here is not None:
        yield here
        here = here.parent
