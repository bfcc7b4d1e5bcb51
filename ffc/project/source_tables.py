"""Source tables as they are written: where in their file each part of one stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from msgspec import Struct

from ffc.core.diagnostics import Diagnostic
from ffc.core.lines import Lines
from ffc.core.yaml import Node, read_yaml
from ffc.project.files import ProjectFiles

SOURCES = "sources"


class WrittenTable(Struct, frozen=True, kw_only=True):
    """A table of a source as YAML has it; what is not said of it is empty."""

    group: str
    name: str
    node: Node
    lines: Lines

    @property
    def source(self) -> str:
        """What people call it: `raw.events`."""
        return f"{self.group}.{self.name}"

    @property
    def table(self) -> str:
        """The table of the warehouse that it is."""
        return _text(self.node.get("table"))

    @property
    def files(self) -> str:
        """The files that it is made of."""
        return _text(self.node.get("file"))

    @property
    def columns(self) -> Node | None:
        """Its columns."""
        return self.node.get("columns")


class WrittenFile(Struct, frozen=True, kw_only=True):
    """A YAML file that declares sources: its root, and the groups with their tables."""

    lines: Lines
    root: Node

    @property
    def groups(self) -> tuple[Node, ...]:
        """The mappings of the groups."""
        found = self.root.get(SOURCES)
        return tuple(item for item in found.items if item.kind == "mapping") if found else ()

    def tables(self) -> Iterator[WrittenTable]:
        """Yield the tables of all groups."""
        for group in self.groups:
            tables = group.get("tables")
            for node in tables.items if tables is not None else ():
                if node.kind == "mapping":
                    names = _text(group.get("name")), _text(node.get("name"))
                    yield WrittenTable(group=names[0], name=names[1], node=node, lines=self.lines)


def written_files(files: ProjectFiles) -> tuple[list[WrittenFile], list[Diagnostic]]:
    """Return the files that declare sources, and what is wrong with the YAML of any."""
    found, diagnostics = [], list[Diagnostic]()
    for path, text in files.yaml():
        root, problems = read_yaml(path, text)
        diagnostics += problems
        if root is not None and root.get(SOURCES) is not None:
            found.append(WrittenFile(lines=Lines(path, text), root=root))
    return found, diagnostics


def new_file(files: ProjectFiles, group: str) -> str:
    """Return the path of the file in which a new group is declared."""
    return (PurePosixPath(files.folders[SOURCES][0]) / f"{group}.yml").as_posix()


def _text(node: Node | None) -> str:
    return node.text if node is not None and node.kind == "scalar" else ""
