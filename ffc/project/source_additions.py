"""Tables that are added to the sources of a project: to a group, to a file, to a new file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from ffc.core.edits import Edit, edited
from ffc.core.lines import Lines
from ffc.core.yaml import Node, read_yaml
from ffc.core.yaml_writing import scalar
from ffc.project.source_edits import Unwritable
from ffc.project.source_tables import SOURCES, WrittenFile

_DASH: Final = re.compile(r"([ ]*)(-[ ]+)")


class NewTable(Struct, frozen=True, kw_only=True):
    """A table of the warehouse that is to be a source, its columns by name and type."""

    group: str
    name: str
    table: str
    columns: Sequence[tuple[str, str]]


def addition(new: NewTable, files: Sequence[WrittenFile], text: str, path: str) -> tuple[str, Edit]:
    """Return the file in which a table is declared, and the edit that does; raises Unwritable.

    It is put behind the other tables of its group, where there is one; else into the file `path`,
    whose text so far is given.
    """
    for file in files:
        for group in file.groups:
            name = group.get("name")
            if name is not None and name.text == new.group:
                return _checked(file.lines, _in_group(file.lines, group, new), new)
    for file in files:
        if file.lines.file == path:
            groups = file.root.get(SOURCES)
            if groups is None or not groups.items:
                raise Unwritable("`sources:` is empty")
            prefix, indent = _dash(file.lines, groups.items[-1])
            return _checked(
                file.lines, _behind(file.lines, groups, prefix, _group(new, indent)), new
            )
    begin = "" if not text or text.endswith("\n") else "\n"
    whole = f"{begin}{SOURCES}:\n  - {_group(new, '    ')}\n"
    return _checked(Lines(path, text), Edit(len(text), len(text), whole), new)


def _in_group(lines: Lines, group: Node, new: NewTable) -> Edit:
    tables = group.get("tables")
    if tables is None or not tables.items:
        raise Unwritable(f"the source `{new.group}` has no tables yet")
    if not group.span.start <= tables.span.start < group.span.end:
        raise Unwritable(f"the tables of `{new.group}` come through an alias or a merge")
    prefix, indent = _dash(lines, tables.items[-1])
    return _behind(lines, tables, prefix, _table(new, indent))


def _dash(lines: Lines, last: Node) -> tuple[str, str]:
    """Return what stands before the items of a list, and as many blanks."""
    start = lines.offset(last.span.start)
    found = _DASH.fullmatch(lines.text[lines.begin(start) : start])
    if found is None:
        raise Unwritable("its tables are written in brackets")
    return found[0], " " * len(found[0])


def _behind(lines: Lines, items: Node, prefix: str, text: str) -> Edit:
    end = lines.end(lines.offset(items.span.end))
    return Edit(end, end, f"\n{prefix}{text}")


def _group(new: NewTable, indent: str) -> str:
    return f"name: {new.group}\n{indent}tables:\n{indent}  - {_table(new, f'{indent}    ')}"


def _table(new: NewTable, indent: str) -> str:
    columns = [
        f"{indent}  - {{name: {scalar(name, flow=True)}, type: {scalar(kind, flow=True)}}}"
        for name, kind in new.columns
    ]
    table = f"{indent}table: {scalar(new.table, flow=False)}"
    return "\n".join([f"name: {new.name}", table, f"{indent}columns:", *columns])


def _checked(lines: Lines, edit: Edit, new: NewTable) -> tuple[str, Edit]:
    """Return the edit if the file then declares the table; raises Unwritable where it doesn't."""
    root, problems = read_yaml(lines.file, edited(lines.text, [edit]))
    file = WrittenFile(lines=lines, root=root) if root is not None else None
    wanted = [{"name": name, "type": kind} for name, kind in new.columns]
    for written in file.tables() if file is not None and not problems else ():
        said = written.columns.plain() if written.columns is not None else None
        if (written.group, written.name, said) == (new.group, new.name, wanted):
            return lines.file, edit
    raise Unwritable(f"`{lines.file}` is written in a way that ffc can't edit")
