"""The files of folders, found without following a link out of the project or round in circles."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from ffc.core.diagnostics import Diagnostic
from ffc.core.texts import is_folder, reason, unreadable

_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAME_HELP: Final = "give it a name that people can read and type"


class Place(NamedTuple):
    """A file or a folder: where it lies, what it is called in messages, which files count."""

    path: Path
    shown: str
    suffixes: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether a file of this name is one that is looked for."""
        return self.shown.lower().endswith(self.suffixes)


class Walk:
    """Find files below a project's root; `diagnostics` collects what is wrong.

    Files that can't be had are `broken`; `unseen` tells that there is such a folder. Folders come
    before links, so that what can be reached both ways has its own name.
    """

    def __init__(self, root: Path) -> None:
        self.found: list[Place] = []
        self.broken: list[str] = []
        self.unseen = False
        self.diagnostics: list[Diagnostic] = []
        self._root = root
        self._real = os.path.realpath(root)
        self._links: list[Place] = []
        self._seen: set[str] = set()

    def folders(self, folders: Mapping[str, tuple[str, ...]]) -> None:
        """Find the files in folders, by the suffixes that count in each."""
        for name, suffixes in folders.items():
            place = Place(self._root / name, name, suffixes)
            if place.path.is_symlink():
                self._links.append(place)
            elif is_folder(place.path):
                self._enter(place)
            elif os.path.lexists(place.path):
                self._report(place, "it is a file, not a folder")
        while self._links:
            self._follow(self._links.pop(0))

    def file(self, name: str) -> None:
        """Find one file at the root."""
        place = Place(self._root / name, name, (Path(name).suffix,))
        if not place.path.is_symlink() or self._target(place) is not None:
            self.found.append(place)

    def _report(self, place: Place, why: str, *hints: str) -> None:
        self.diagnostics.append(unreadable(place.shown, why, *hints))
        if place.counts:
            self.broken.append(place.shown)
        else:
            self.unseen = True

    def _enter(self, folder: Place) -> None:
        """Look at all that is in a folder, however deep."""
        pending = [folder]
        while pending:
            place = pending.pop()
            real = os.path.realpath(place.path)
            if real not in self._seen:
                self._seen.add(real)
                pending += [
                    inner for entry, inner in self._entries(place) if self._sort(entry, inner)
                ]

    def _entries(self, folder: Place) -> Iterator[tuple[os.DirEntry[str], Place]]:
        """Yield what a folder holds, in the order of names; hidden names are not looked at."""
        try:
            with os.scandir(folder.path) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as problem:
            self._report(folder, reason(problem))
            return
        for entry in entries:
            if not entry.name.startswith("."):
                shown = f"{folder.shown}/{printable(entry.name)}"
                yield entry, Place(folder.path / entry.name, shown, folder.suffixes)

    def _sort(self, entry: os.DirEntry[str], place: Place) -> bool:
        """Tell whether to enter a folder; a link is kept for later, a file is found."""
        if entry.is_symlink():
            self._links.append(place)
            return False
        is_folder = entry.is_dir(follow_symlinks=False)
        if not is_folder and not place.counts:
            return False
        if printable(entry.name) != entry.name:
            what = "it is not UTF-8" if _is_foreign(entry.name) else "there are control characters"
            self._report(place, f"{what} in its name", _NAME_HELP)
            return False
        if not is_folder:
            self.found.append(place)
        elif place.counts:
            self._report(place, "it is a folder, not a file", "give it a name without an ending")
        return is_folder

    def _follow(self, link: Place) -> None:
        real = self._target(link)
        if real is None:
            return
        if not is_folder(Path(real)):
            if link.counts:
                self.found.append(link)
            return
        if Path(os.path.realpath(link.path.parent)).is_relative_to(real):
            self._report(link, "it is a link to a folder that it lies in", "delete the link")
        elif real not in self._seen:
            if link.counts:
                self._report(link, "it is a folder, not a file", "give it a name without an ending")
            self._enter(link)

    def _target(self, link: Place) -> str | None:
        """Return where a link leads, if that is in the project."""
        matters = link.counts or not link.path.suffix
        try:
            real = os.path.realpath(link.path, strict=True)
        except OSError as problem:
            if matters:
                self._report(link, _lost(problem), "delete the link, or make it lead to a file")
            return None
        if Path(real).is_relative_to(self._real):
            return real
        if matters or is_folder(Path(real)):
            help_ = "copy what it leads to into the project"
            self._report(link, "it is a link that leads out of the project", help_)
        return None


def printable(name: str) -> str:
    """Return a file's name with what can't be shown of it as escapes."""
    if not _UNPRINTABLE.search(name):
        return name
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _is_foreign(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return True
    return False


def _lost(problem: OSError) -> str:
    if problem.errno == errno.ELOOP:
        return "it is a link that leads to itself"
    if isinstance(problem, FileNotFoundError | NotADirectoryError):
        return "it is a link that leads nowhere"
    return reason(problem)
