"""A project's files, watched: what changed is compiled again."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from msgspec import Struct

from ffc.connect.finding import find_profiles
from ffc.core.diagnostics import Diagnostic
from ffc.core.texts import read_text
from ffc.project.files import PROJECT_FILE, Read
from ffc.project.folders import WRITTEN, read_folders

if TYPE_CHECKING:
    from watchfiles.main import FileChange

# Saves are waited for until so many milliseconds have passed without one, or so many in all.
_QUIET: Final = 10
_BURST: Final = 500
# A moment has so many. Some disks tell of no change: after so many moments there is a look.
_MOMENT: Final = 100
_LOOK: Final = 10
_ENDINGS: Final = (".yml", ".yaml", ".sql", ".jinja", ".jinja2", ".j2")
Mark = tuple[int, ...]


class Glance(Struct, frozen=True, kw_only=True):
    """What can be told of a project's files without reading them: their marks, their folders."""

    marks: Mapping[str, Mark]
    folders: frozenset[str]


class KeptTexts:
    """The texts of files, read again only when something about the file is another."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Mark, tuple[str, Diagnostic | None]]] = {}

    def read(self, path: Path, shown: str) -> tuple[str, Diagnostic | None]:
        """Return a file's text, with what is wrong with it."""
        mark = _mark(path.stat)
        place = str(path)
        kept = self._kept.get(place)
        if kept is None or kept[0] != mark:
            kept = self._kept[place] = (mark, read_text(path, shown))
        return kept[1]


def glance(root: Path, read: Read, profiles_dir: Path | None = None) -> Glance:
    """Look at the files that a compilation reads, and at all that could become one."""
    folders, _ = read_folders(root, read(root / PROJECT_FILE, PROJECT_FILE)[0])
    marks = {str(root): _mark(root.stat)[:1]}
    seen = {str(root)}
    _look(str(root), marks, seen, [], WRITTEN)
    pending = [str(root / each) for own in folders.values() for each in own]
    while pending:
        folder = os.path.realpath(pending.pop())
        if folder not in seen and Path(folder).is_relative_to(root) and Path(folder).is_dir():
            seen.add(folder)
            _look(folder, marks, seen, pending)
    profiles = find_profiles(root, profiles_dir)
    if profiles is not None:
        marks[str(profiles[0])] = _mark(profiles[0].stat)
        seen.add(str(profiles[0].parent))
    return Glance(marks=marks, folders=frozenset(seen))


def _look(
    folder: str,
    marks: dict[str, Mark],
    seen: set[str],
    pending: list[str],
    aside: tuple[str, ...] = (),
) -> None:
    """Add the marks of what lies in a folder; folders in it are looked at later."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name in aside:
                continue
            if entry.name.lower().endswith(_ENDINGS):
                marks[entry.path] = _mark(entry.stat)
            elif _is_folder(entry):
                marks[entry.path] = ()
                pending.append(entry.path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _mark(look: Callable[[], os.stat_result]) -> Mark:
    """Return what is another when a file is: nothing of one that is not there."""
    try:
        found = look()
    except (OSError, ValueError):
        return ()
    size = found.st_size if stat.S_ISREG(found.st_mode) else 0
    return (found.st_ino, size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode)


class Watch:
    """Wait for changes of a project; `look` tells what is there now.

    The system tells of changes in the folders that were there at the last look. Where it can't,
    and where it forgets to, there is a look every second.
    """

    def __init__(self, look: Callable[[], Glance]) -> None:
        self._look = look
        self._seen = look()
        self._watched: frozenset[str] = frozenset()
        self._told: Generator[set[FileChange], None, None] | None = None
        self._idle = 0

    def __enter__(self) -> Self:
        """Begin to watch: what changes from here on is told."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Watch no longer."""
        self._close()

    def wait(self) -> bool:
        """Wait for a change, for a moment; tell whether there was one."""
        anew = self._told is None or self._watched != self._seen.folders
        if anew:
            self._open()
        told = self._next()
        self._idle = 0 if told or anew else self._idle + 1
        # What came between the last look and the watch is told by nobody.
        if not (told or anew or self._idle % _LOOK == 0):
            return False
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def _open(self) -> None:
        from watchfiles import watch

        self._close()
        self._watched = self._seen.folders
        there = [folder for folder in sorted(self._watched) if Path(folder).is_dir()]
        if there:
            self._told = watch(
                *there,
                watch_filter=None,
                debounce=_BURST,
                step=_QUIET,
                rust_timeout=_MOMENT,
                yield_on_timeout=True,
                recursive=False,
                ignore_permission_denied=True,
            )

    def _next(self) -> bool:
        """Return whether the system told of something in the next moment."""
        if self._told is not None:
            try:
                return bool(next(self._told))
            except (OSError, RuntimeError, StopIteration):
                # A folder has gone meanwhile, or the system has no more watches to give.
                self._close()
        time.sleep(_MOMENT / 1000)
        return False

    def _close(self) -> None:
        if self._told is not None:
            self._told.close()
            self._told = None
