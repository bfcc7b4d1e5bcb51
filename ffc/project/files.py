"""The files of a project as text, and nothing of the machine they lie on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct, field

from ffc.core.diagnostics import Diagnostic
from ffc.core.texts import read_text
from ffc.project.folders import (
    DEFAULT_FOLDERS,
    MACRO_KIND,
    PROJECT_FILE,
    SELECTORS_FILE,
    SQL_KIND,
    YAML_KINDS,
    Folders,
    read_folders,
    unread_folders,
)
from ffc.project.strays import stray_files
from ffc.project.walk import Walk

__all__ = ["PROJECT_FILE", "ProjectFiles", "Read", "find_project", "read_files"]

YAML: Final = (".yml", ".yaml")
SQL: Final = (".sql",)
Read = Callable[[Path, str], tuple[str, Diagnostic | None]]


class ProjectFiles(Struct, frozen=True, kw_only=True):
    """A project's own files: path from its root (with `/`) to text, sorted by path.

    Of a file that can't be read, `broken` has what can be guessed; it was reported. `folders`
    are those that hold the project's files, by kind; `unseen` tells that one of them could not be
    looked into, which was reported too.
    """

    texts: Mapping[str, str]
    broken: Mapping[str, str] = field(default_factory=dict)
    folders: Folders = field(default_factory=lambda: DEFAULT_FOLDERS)
    unseen: bool = False

    def plain(self) -> list[object]:
        """Return all that there is to know of them as plain values."""
        return [dict(self.texts), dict(self.broken), dict(self.folders), self.unseen]

    def but_sql(self) -> list[object]:
        """Return the same without the texts of transformations, of which the paths are there."""
        sql = dict(self.sql())
        others = {path: text for path, text in self.texts.items() if path not in sql}
        return [list(sql), others, *self.plain()[1:]]

    def yaml(self) -> list[tuple[str, str]]:
        """Return the resource files."""
        return self._of(YAML_KINDS, YAML)

    def sql(self) -> list[tuple[str, str]]:
        """Return the transformation files."""
        return self._of((SQL_KIND,), SQL)

    def macros(self) -> list[tuple[str, str]]:
        """Return the files of macros."""
        return self._of((MACRO_KIND,), SQL)

    def _of(self, kinds: tuple[str, ...], suffixes: tuple[str, ...]) -> list[tuple[str, str]]:
        kind = cache(self._kind)
        return [
            (path, text)
            for path, text in self.texts.items()
            if path.lower().endswith(suffixes) and kind(path.rpartition("/")[0]) in kinds
        ]

    def _kind(self, folder: str) -> str | None:
        """Return the kind of the innermost folder of the project's that a folder lies in."""
        kinds = {known: kind for kind, own in self.folders.items() for known in own}
        above = map(str, (PurePosixPath(folder), *PurePosixPath(folder).parents))
        return next((kinds[each] for each in above if each in kinds), None)


def find_project(start: Path) -> Path | None:
    """Return the nearest folder at or above `start` that holds an ffc.yml."""
    real = Path(os.path.realpath(start))
    return next((p for p in (real, *real.parents) if os.path.lexists(p / PROJECT_FILE)), None)


def read_files(root: Path, read: Read = read_text) -> tuple[ProjectFiles, list[Diagnostic]]:
    """Read a project's files; one that can't be read is a diagnostic.

    `read` is how a file becomes a text: it may be known already, or not be saved yet.
    """
    texts: dict[str, str] = {}
    broken: dict[str, str] = {}
    walk = Walk(root)
    walk.file(PROJECT_FILE)
    diagnostics = _read(walk, read, texts, broken)
    if os.path.lexists(root / SELECTORS_FILE):
        walk.file(SELECTORS_FILE)
    folders, problems = read_folders(root, texts.get(PROJECT_FILE, ""))
    walk.folders(_suffixes(folders))
    diagnostics += [*problems, *_read(walk, read, texts, broken), *walk.diagnostics]
    diagnostics += unread_folders(root, folders)
    # Which folders are meant must be known to say what lies in the wrong one.
    diagnostics += stray_files(root, folders) if not problems else []
    broken |= dict.fromkeys(walk.broken, "")
    texts, broken = dict(sorted(texts.items())), dict(sorted(broken.items()))
    unseen = bool(problems) or walk.unseen
    return ProjectFiles(texts=texts, broken=broken, folders=folders, unseen=unseen), diagnostics


def _suffixes(folders: Folders) -> dict[str, tuple[str, ...]]:
    """Return the files that count in each folder, by their endings."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, own in folders.items():
        yaml, sql = kind in YAML_KINDS, kind in (SQL_KIND, MACRO_KIND)
        for folder in own:
            found[folder] = (*found.get(folder, ()), *(YAML if yaml else ()), *(SQL if sql else ()))
    return found


def _read(
    walk: Walk, read: Read, texts: dict[str, str], broken: dict[str, str]
) -> list[Diagnostic]:
    """Read the files that were found, each once."""
    diagnostics = []
    for place in walk.found:
        text, problem = read(place.path, place.shown)
        if problem is None:
            texts[place.shown] = text
        else:
            broken[place.shown] = text
            diagnostics.append(problem)
    walk.found.clear()
    return diagnostics
