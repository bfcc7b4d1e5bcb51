"""Files that look like the project's own, and lie where ffc doesn't read them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from ffc.core.diagnostics import Diagnostic, Span, listed, warning
from ffc.core.texts import read_text
from ffc.core.yaml import read_yaml
from ffc.project.folders import (
    MACRO_KIND,
    PROJECT_FILE,
    SELECTORS_FILE,
    SQL_KIND,
    WRITTEN,
    YAML_KINDS,
    Folders,
)
from ffc.project.kinds import KINDS

# Endings that some tools give to SQL with Jinja in it.
_TEMPLATES: Final = (".jinja", ".jinja2", ".j2")
_YAML: Final = (".yml", ".yaml")
# What is read at the root, and who else reads there.
_OWN: Final = (PROJECT_FILE, "profiles.yml", "dbt_project.yml")
# The largest file at the root that is looked into.
_GLANCE: Final = 100_000


def stray_files(root: Path, folders: Folders) -> list[Diagnostic]:
    """Warn of files of which nothing is read: resources at the root, SQL among YAML, templates."""
    found = [_stray(path, help_) for path, help_ in _at_root(root, folders)]
    for kind, own in folders.items():
        for folder in own:
            for path in _files(root, folder):
                help_ = _misplaced(kind, path.lower(), folders)
                found += [_stray(path, help_)] if help_ else []
    return found


def _stray(path: str, help_: str) -> Diagnostic:
    return warning("FF123", f"the file `{path}` is not read", Span(file=path), help=[help_])


def _misplaced(kind: str, path: str, folders: Folders) -> str:
    """Say where a file in a folder of a kind should lie; nothing if it is right or foreign."""
    if path.endswith(_TEMPLATES) and kind in (SQL_KIND, MACRO_KIND):
        return "give it the ending `.sql`"
    if path.endswith(".sql") and kind not in (SQL_KIND, MACRO_KIND):
        return f"queries lie in {_listed(folders, SQL_KIND)}"
    if path.endswith(_YAML) and kind not in YAML_KINDS:
        return f"resources lie in {_listed(folders, *YAML_KINDS)}"
    return ""


def _listed(folders: Folders, *kinds: str) -> str:
    return listed((f"{each}/" for kind in kinds for each in folders[kind]), "or")


def _at_root(root: Path, folders: Folders) -> Iterator[tuple[str, str]]:
    for name in _names(root):
        path, suffix = root / name, Path(name).suffix.lower()
        if name == SELECTORS_FILE.replace(".yml", ".yaml"):
            yield name, f"rename it to `{SELECTORS_FILE}`"
        elif suffix == ".sql":
            yield name, f"queries lie in {_listed(folders, SQL_KIND)}"
        elif suffix in _YAML and name not in _OWN and KINDS.keys() & _keys(path):
            yield name, f"resources lie in {_listed(folders, *YAML_KINDS)}"


def _keys(path: Path) -> set[str]:
    """Return the keys of a small YAML file; none of what can't be read."""
    if path.is_symlink() or path.stat().st_size > _GLANCE:
        return set()
    text, problem = read_text(path, path.name)
    node, _ = read_yaml(path.name, text) if problem is None else (None, [])
    return {key.text for key, _ in node.pairs} if node is not None else set()


def _names(folder: Path) -> list[str]:
    """Return the names of the files in a folder, sorted; hidden ones are not looked at."""
    try:
        with os.scandir(folder) as entries:
            found = [e.name for e in entries if e.is_file(follow_symlinks=False)]
    except OSError:
        return []  # reported when the folder was read
    return sorted(name for name in found if not name.startswith(".") and name.isprintable())


def _files(root: Path, folder: str) -> Iterator[str]:
    for parent, below, _ in os.walk(root / folder):
        below[:] = sorted(name for name in below if not name.startswith(".") and name.isprintable())
        shown = PurePosixPath(folder) / Path(parent).relative_to(root / folder).as_posix()
        if shown.parts[0] not in WRITTEN:
            yield from (f"{shown}/{name}" for name in _names(Path(parent)))
