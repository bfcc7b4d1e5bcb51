"""Changes of a source's columns as edits of its file, in the way in which it is written.

Whatever else stands there stays: comments, order, quotes, blanks. A file of which a part comes from
elsewhere, through an alias or a merge, can't be edited there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ffc.core.edits import Edit, edited
from ffc.core.lines import Lines
from ffc.core.yaml import Node, read_yaml
from ffc.core.yaml_writing import rewritten, scalar
from ffc.project.source_changes import ColumnChange
from ffc.project.source_tables import WrittenTable

_DASH: Final = re.compile(r"[ ]*-[ ]+")
# What may stand behind the last value of a line.
_LAST: Final = re.compile(r"[ ]*,?[ ]*(#.*)?")


class Unwritable(Exception):
    """Tell that a declaration is written in a way that can't be edited, and in which."""


def column_edits(written: WrittenTable, changes: Sequence[ColumnChange]) -> list[Edit]:
    """Return the edits that make the changes; raises Unwritable.

    What they make is read again: it says what was meant, and nothing else, or is not written.
    """
    _check_places(written)
    by_name = {c.was if c.action == "rename" else c.column: c for c in changes}
    types = {change.column: change for change in changes if change.action == "type"}
    items = written.columns.items if written.columns is not None else ()
    edits: list[Edit] = []
    kept: list[Node] = []
    for item in items:
        name = _name(item)
        change = by_name.get(name)
        if change is not None and change.action == "remove":
            continue
        kept.append(item)
        if change is not None and change.action == "rename":
            edits.append(_renamed(written.lines, item, change.column))
            name = change.column
        if name in types:
            edits.append(_typed(written.lines, item, types[name].type))
    new = [(c.column, c.type) for c in changes if c.action == "add"]
    edits += _removed(written.lines, written.columns, kept)
    edits += _Adding(written, kept).edits(new) if new else []
    _check_result(written, edits, changes)
    return edits


def _name(item: Node) -> str:
    name = item.get("name")
    return name.text if name is not None else ""


def _check_places(written: WrittenTable) -> None:
    """Raise Unwritable where columns stand elsewhere than in their table."""
    columns = written.columns
    if columns is None:
        return
    empty = columns.kind == "scalar" and columns.value is None
    if columns.kind != "sequence" and not empty:
        raise Unwritable("`columns` is no list")
    if not _within(columns, written.node):
        raise Unwritable("its columns come through an alias or a merge")
    for item in columns.items:
        if item.kind != "mapping" or item.get("name") is None:
            raise Unwritable("a column is no mapping with a `name`")
        if not all(_within(node, columns) for node in (item, *(v for _, v in item.pairs))):
            raise Unwritable("a part of a column comes through an alias or a merge")


def _within(inner: Node, outer: Node) -> bool:
    return outer.span.start <= inner.span.start and inner.span.end <= outer.span.end


def _start(lines: Lines, node: Node) -> int:
    return lines.offset(node.span.start)


def _end(lines: Lines, node: Node) -> int:
    return lines.offset(node.span.end)


def _is_flow(lines: Lines, node: Node) -> bool:
    return lines.text[_start(lines, node)] in "[{"


def _replaced(lines: Lines, node: Node, text: str, *, flow: bool) -> Edit:
    start, end = _start(lines, node), _end(lines, node)
    return Edit(start, end, rewritten(lines.text[start:end], text, flow=flow))


def _renamed(lines: Lines, item: Node, name: str) -> Edit:
    found = item.get("name")
    if found is None:
        raise Unwritable("a column has no `name`")
    return _replaced(lines, found, name, flow=_is_flow(lines, item))


def _typed(lines: Lines, item: Node, kind: str) -> Edit:
    """Return the edit that gives a column a type, whether or not it has one."""
    found, flow = item.get("type"), _is_flow(lines, item)
    if found is not None and found.text:
        return _replaced(lines, found, kind, flow=flow)
    if found is not None:
        raise Unwritable("a column has a `type` that is empty")
    name = item.get("name")
    if name is None:
        raise Unwritable("a column has no `name`")
    end = _end(lines, name)
    if flow:
        return Edit(end, end, f", type: {scalar(kind, flow=True)}")
    indent = " " * (item.span.start.column - 1)
    end = lines.end(end)
    return Edit(end, end, f"\n{indent}type: {scalar(kind, flow=False)}")


def _removed(lines: Lines, columns: Node | None, kept: Sequence[Node]) -> Iterator[Edit]:
    """Yield the edits that take columns away: their lines, or what stands between two commas."""
    items = columns.items if columns is not None else ()
    flow = columns is not None and _is_flow(lines, columns)
    if len(kept) == len(items):
        return
    if flow and not _is_in_lines(lines, items):
        yield from _removed_from_line(lines, items, kept)
        return
    for item in items:
        if item in kept:
            continue
        begin = lines.begin(_start(lines, item))
        if not flow and not _DASH.fullmatch(lines.text[begin : _start(lines, item)]):
            raise Unwritable("a column does not begin a line")
        yield Edit(begin, min(lines.end(_end(lines, item)) + 1, len(lines.text)), "")


def _is_in_lines(lines: Lines, items: Sequence[Node]) -> bool:
    """Tell whether each of the items in brackets has its lines for itself."""
    for item in items:
        start, end = _start(lines, item), _end(lines, item)
        if lines.text[lines.begin(start) : start].strip():
            return False
        if not _LAST.fullmatch(lines.text[end : lines.end(end)]):
            return False
    return True


def _removed_from_line(lines: Lines, items: Sequence[Node], kept: Sequence[Node]) -> Iterator[Edit]:
    """Yield the edits that take items out of brackets, each with the comma beside it."""
    for index, item in enumerate(items):
        start, end = _start(lines, item), _end(lines, item)
        if item in kept:
            continue
        if not kept:
            start, end = _start(lines, items[0]), _end(lines, items[-1])
        elif any(other in kept for other in items[index + 1 :]):
            end = _start(lines, items[index + 1])
        else:
            start = _end(lines, items[index - 1])
        if "#" in lines.text[start:end]:
            raise Unwritable("a comment may stand among columns that are gone")
        yield Edit(start, end, "")
        if not kept:
            # All go: what is new is put into the empty list.
            return


class _Adding:
    """Columns added to a table, written as those are that it has."""

    def __init__(self, written: WrittenTable, kept: Sequence[Node]) -> None:
        self._written = written
        self._lines = written.lines
        self._columns = written.columns
        self._items = written.columns.items if written.columns is not None else ()
        self._kept = kept

    def edits(self, new: Sequence[tuple[str, str]]) -> list[Edit]:
        """Return the edits that add columns, given by name and type."""
        if self._items and self._columns is not None:
            flow = _is_flow(self._lines, self._columns)
            return self._to_flow(new) if flow else [self._to_block(new)]
        if _is_flow(self._lines, self._written.node):
            return [self._in_braces(new)]
        return list(self._list(new))

    def _to_block(self, new: Sequence[tuple[str, str]]) -> Edit:
        lines, model = self._lines, (self._kept or self._items)[-1]
        start = _start(lines, model)
        before = _DASH.match(lines.text[lines.begin(start) : start])
        if before is None:
            raise Unwritable("a column does not begin a line")
        texts = [before[0] + self._item(model, len(before[0]), *column) for column in new]
        if not self._kept:
            begin = lines.begin(_start(lines, self._items[0]))
            return Edit(begin, begin, "".join(f"{text}\n" for text in texts))
        end = lines.end(_end(lines, model))
        return Edit(end, end, "".join(f"\n{text}" for text in texts))

    def _item(self, model: Node, indent: int, name: str, kind: str) -> str:
        if _is_flow(self._lines, model):
            return self._braces(name, kind)
        blanks = " " * indent
        return f"name: {scalar(name, flow=False)}\n{blanks}type: {scalar(kind, flow=False)}"

    def _braces(self, name: str, kind: str) -> str:
        """Return a column in braces, its type below the others' where these are in a column."""
        head = f"{{name: {scalar(name, flow=True)},"
        aligned = self._aligned()
        return f"{head:<{max(aligned, len(head) + 1)}}type: {scalar(kind, flow=True)}}}"

    def _aligned(self) -> int:
        """Return how far behind their beginnings all types stand, if blanks were put for that."""
        keys = [
            (item, key)
            for item in self._items
            for key, _ in item.pairs
            if key.text == "type" and key.span.start.line == item.span.start.line
        ]
        places = {key.span.start.column - item.span.start.column for item, key in keys}
        starts = [_start(self._lines, key) for _, key in keys]
        padded = any(self._lines.text[start - 2 : start] == "  " for start in starts)
        return places.pop() if len(places) == 1 and padded else 0

    def _to_flow(self, new: Sequence[tuple[str, str]]) -> list[Edit]:
        lines, texts = self._lines, [self._braces(*column) for column in new]
        in_lines = _is_in_lines(lines, self._items)
        start = _start(lines, (self._kept or self._items)[-1])
        indent = lines.text[lines.begin(start) : start]
        if not self._kept:
            first = _start(lines, self._items[0])
            if not in_lines:
                return [Edit(first, first, ", ".join(texts))]
            begin = lines.begin(first)
            return [Edit(begin, begin, "".join(f"{indent}{text},\n" for text in texts))]
        end = _end(lines, self._kept[-1])
        if not in_lines:
            return [Edit(end, end, "".join(f", {text}" for text in texts))]
        # A comment stays beside what it is about.
        comma = lines.text[end:].lstrip().startswith(",")
        added = ",".join(f"\n{indent}{text}" for text in texts)
        below = Edit(lines.end(end), lines.end(end), added + ("," if comma else ""))
        return [below] if comma else [Edit(end, end, ","), below]

    def _in_braces(self, new: Sequence[tuple[str, str]]) -> Edit:
        """Return the edit of a table in braces, which has no columns yet."""
        texts = f"[{', '.join(self._braces(*column) for column in new)}]"
        if self._columns is not None:
            lines = self._lines
            empty = self._columns.kind == "scalar" and not self._columns.text
            start, end = _start(lines, self._columns), _end(lines, self._columns)
            return Edit(start, end, f" {texts}" if empty else texts)
        end = max(_end(self._lines, value) for _, value in self._written.node.pairs)
        return Edit(end, end, f", columns: {texts}")

    def _list(self, new: Sequence[tuple[str, str]]) -> Iterator[Edit]:
        """Yield the edits of a table in lines, which has no columns yet."""
        lines, node = self._lines, self._written.node
        indent = " " * (node.span.start.column - 1)
        texts = "".join(f"\n{indent}  - {self._braces(*column)}" for column in new)
        key = next((key for key, _ in node.pairs if key.text == "columns"), None)
        if key is None or self._columns is None:
            end = lines.end(max(_end(lines, value) for _, value in node.pairs))
            yield Edit(end, end, f"\n{indent}columns:{texts}")
            return
        if self._columns.text or self._columns.kind == "sequence":
            yield Edit(_end(lines, key) + 1, _end(lines, self._columns), "")
        end = lines.end(_end(lines, self._columns))
        yield Edit(end, end, texts)


def _check_result(
    written: WrittenTable, edits: Sequence[Edit], changes: Sequence[ColumnChange]
) -> None:
    """Raise Unwritable where the file would not say what is meant."""
    path, text = written.lines.file, edited(written.lines.text, edits)
    before, _ = read_yaml(path, written.lines.text)
    after, problems = read_yaml(path, text)
    wanted = before.plain() if before is not None else None
    for table in _tables(wanted, written):
        table["columns"] = _changed(table.get("columns") or [], changes)
    if problems or after is None or after.plain() != wanted:
        raise Unwritable("it is written in a way that ffc can't edit")


def _tables(document: Any, written: WrittenTable) -> Iterator[dict[str, Any]]:
    groups = document.get("sources") if isinstance(document, dict) else None
    for group in filter(_is_mapping, groups or []):
        for table in filter(_is_mapping, group.get("tables") or []):
            if (group.get("name"), table.get("name")) == (written.group, written.name):
                yield table


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict)


def _changed(columns: list[dict[str, Any]], changes: Sequence[ColumnChange]) -> list[Any]:
    """Return columns as the changes make them."""
    names = {c.was: c.column for c in changes if c.action == "rename"}
    types = {c.column: c.type for c in changes if c.action == "type"}
    gone = {c.column for c in changes if c.action == "remove"}
    kept = []
    for column in columns:
        name = names.get(str(column["name"]), column["name"])
        if name in gone:
            continue
        more = {"type": types[name]} if name in types else {}
        kept.append({**column, "name": name, **more})
    new = [{"name": c.column, "type": c.type} for c in changes if c.action == "add"]
    return [*kept, *new]
