"""The folders of a project: the default ones, or those that `paths:` in ffc.yml names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from ffc.core.diagnostics import (
    Diagnostic,
    Span,
    closest,
    did_you_mean,
    error,
    listed,
    warning,
)
from ffc.core.texts import is_folder
from ffc.core.yaml import Node, read_yaml

PROJECT_FILE: Final = "ffc.yml"
SELECTORS_FILE: Final = "selectors.yml"
YAML_KINDS: Final = ("sources", "transformations", "features", "training_sets", "tests")
SQL_KIND: Final = "transformations"
MACRO_KIND: Final = "macros"
KINDS: Final = (*YAML_KINDS, MACRO_KIND)
# What ffc writes, and may delete.
WRITTEN: Final = ("target", ".ffc")
Folders = Mapping[str, tuple[str, ...]]
DEFAULT_FOLDERS: Final[Folders] = {kind: (kind,) for kind in KINDS}
# The names that other tools give to folders.
_MEANT: Final = {"models": "transformations", "feature_views": "features", "unit_tests": "tests"}
# How many entries of a folder that is not ours are looked at.
_GLANCE: Final = 1000


class Said(NamedTuple):
    """A folder of a kind, as ffc.yml says; a default one has no place."""

    kind: str
    folder: str
    span: Span | None


def read_folders(root: Path, text: str) -> tuple[Folders, list[Diagnostic]]:
    """Return the folders by kind, from the text of ffc.yml."""
    node, _ = read_yaml(PROJECT_FILE, text)
    paths = node.get("paths") if node is not None else None
    diagnostics: list[Diagnostic] = []
    said: list[Said] = []
    for key, value in paths.pairs if paths is not None else ():
        for each in _texts(value) if key.text in KINDS else ():
            folder = _folder(root, each, diagnostics)
            if folder is not None:
                said.append(Said(key.text, folder, each.span))
    told = {one.kind for one in said}
    said += [Said(kind, kind, None) for kind in KINDS if kind not in told]
    diagnostics += _overlaps(said)
    folders = {kind: tuple(s.folder for s in said if s.kind == kind) for kind in KINDS}
    return folders, diagnostics


def _texts(value: Node) -> Iterator[Node]:
    """Yield the folders that a key names; what is no text is reported by the record."""
    for each in value.items if value.kind == "sequence" else (value,):
        if each.kind == "scalar" and isinstance(each.value, str):
            yield each


def _folder(root: Path, node: Node, diagnostics: list[Diagnostic]) -> str | None:
    """Return a folder that can be read, or the one that seems to be meant."""
    path = os.path.normpath(node.text or ".").replace(os.sep, "/")
    wrong = _wrong(node.text, path)
    if wrong is not None:
        diagnostics.append(error("FF117", wrong[0], node.span, help=wrong[1:]))
        return None
    if is_folder(root / path):
        return path
    if os.path.lexists(root / path):
        message = f"`{path}` is a file, not a folder"
        hints: tuple[str, ...] = ("name the folder that it lies in",)
        diagnostics.append(error("FF117", message, node.span, help=hints))
        return None
    there = _beside(root, path)
    meant = closest(path, there)
    hints = did_you_mean(path, there) or ("make it, or leave the line out",)
    message = f"there is no folder `{path}` in the project"
    diagnostics.append(error("FF117", message, node.span, help=hints))
    return meant


def _wrong(text: str, path: str) -> tuple[str, ...] | None:
    """Say why a path can't be that of a folder, whatever lies there."""
    if "\\" in text:
        return "a path has no `\\`", "write `/` between folders"
    if "\0" in text:
        return ("a path has no zero byte",)
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:|[a-z]+:/", text):
        return "a folder must be in the project", "write its path from the project's folder"
    first = PurePosixPath(path).parts[0] if path != "." else ""
    if first == "..":
        return "a folder must be in the project, and this is outside", "move it into the project"
    if not first:
        return "this is the project's own folder", f"name a folder in it: {listed(KINDS, 'or')}"
    if first in WRITTEN:
        return f"ffc itself writes into `{first}`", "name a folder that is yours"
    if any(part.startswith(".") for part in PurePosixPath(path).parts):
        return "a folder whose name begins with a dot is not read", "name another folder"
    return None


def _beside(root: Path, path: str) -> list[str]:
    """Return the folders that lie where one was looked for."""
    parent = PurePosixPath(path).parent
    try:
        with os.scandir(root / parent) as entries:
            names = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
    except OSError:
        return []
    return [str(parent / name) for name in names if (parent / name).parts[0] not in WRITTEN]


def _overlaps(said: list[Said]) -> Iterator[Diagnostic]:
    """Report the folders of which one lies in the other."""
    for index, one in enumerate(said):
        for other in said[:index]:
            if not (_within(one, other) or _within(other, one)):
                continue
            last, first = (one, other) if one.span is not None else (other, one)
            if last.span is not None:
                yield _overlap(last, first, last.span)


def _overlap(one: Said, other: Said, place: Span) -> Diagnostic:
    inner, outer = (one, other) if _within(one, other) else (other, one)
    related = [other.span.labelled("and this")] if other.span is not None else []
    if one.folder == other.folder:
        message = f"`{one.folder}` is named twice: each folder is read once"
        help_ = "leave one of them out"
    else:
        message = f"`{inner.folder}` lies in `{outer.folder}`: each folder is read once"
        help_ = "name folders that lie beside each other"
    if other.span is None:
        help_ = f"`{other.folder}` is read unless `paths:` names another folder for it"
    return error("FF117", message, place, related=related, help=[help_])


def _within(inner: Said, outer: Said) -> bool:
    return PurePosixPath(inner.folder).is_relative_to(outer.folder)


def unread_folders(root: Path, folders: Folders) -> list[Diagnostic]:
    """Warn of folders at the root that look like one of the project's, and are not read."""
    read = {PurePosixPath(each).parts[0] for own in folders.values() for each in own}
    missing = [each for own in folders.values() for each in own if not is_folder(root / each)]
    diagnostics = []
    for name in _beside(root, "."):
        meant = _MEANT.get(name.lower())
        meant = closest(name, missing, 0.75) if meant is None or meant not in folders else meant
        if name in read or name in WRITTEN or meant is None or not _holds_ours(root / name):
            continue
        message = f"the folder `{name}` is not read"
        hints = (
            f"did you mean `{meant}`?",
            f"else name it in ffc.yml: `paths: {{{_kind(folders, meant)}: {name}}}`",
        )
        diagnostics.append(warning("FF116", message, Span(file=name), help=hints))
    return diagnostics


def _kind(folders: Folders, folder: str) -> str:
    return next((kind for kind, own in folders.items() if folder in own), folder)


def _holds_ours(folder: Path) -> bool:
    """Tell whether there is YAML or SQL in a folder, at a glance."""
    looked = 0
    for _, _, names in os.walk(folder):
        looked += 1 + len(names)
        if any(name.lower().endswith((".yml", ".yaml", ".sql")) for name in names):
            return True
        if looked > _GLANCE:
            return False
    return False
