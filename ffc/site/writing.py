"""A site's folder, replaced whole or not at all; no other folder is ever touched."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Final

from ffc.core.errors import Misuse, StoreError

# Says that a folder is a site, and which files are its own: a path a line.
MARK: Final = ".ffc-docs"
# What file managers leave wherever somebody has looked.
_LEFT: Final = (".DS_Store", "Thumbs.db", "desktop.ini")
# In seconds: no run takes so long.
_LONG_AGO: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written."""

    files: int
    bytes: int


def write_site(
    folder: Path,
    files: Iterable[tuple[str, bytes]],
    option: str = "--to",
    now: float | None = None,
) -> Written:
    """Write a site beside the folder and put it in its place; a failure leaves the old one.

    Pages that are no more go with the old folder. Raises Misuse, naming the option that says where,
    for a folder with anything in it that no site of ours has, and StoreError where it can't be
    written. `now` is in seconds since 1970.
    """
    with _writing(folder):
        folder = folder.resolve()
        check_place(folder, option)
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_beside(folder, "new")))
        try:
            written = _fill(fresh, files)
            _put(fresh, folder, option)
            _forget(folder, time.time() if now is None else now)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    return written


def check_place(folder: Path, option: str = "--to") -> None:
    """Refuse a folder as `write_site` does, before any work is done for it."""
    with _writing(folder):
        folder = folder.resolve()
        with _alone(folder):
            _check(folder, option)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        why = os.strerror(problem.errno) if problem.errno else str(problem)
        hints = ["make room there, and see that you may write there"]
        raise StoreError(f"the docs can't be written to `{folder}`: {why}", help=hints) from problem


def _check(folder: Path, option: str) -> None:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise Misuse(f"`{nearest}` is a file; the docs are a folder", option=option)
    if nearest != folder:
        return
    there = {path.relative_to(folder).as_posix() for path in _files(folder)}
    there = {name for name in there if name.rpartition("/")[2] not in _LEFT}
    mark = folder / MARK
    if not mark.is_file():
        if there or any(path.name not in _LEFT for path in folder.iterdir()):
            raise Misuse(
                f"`{folder}` is there and is no site that ffc wrote: it would be replaced whole; "
                "name another folder, or take it away",
                option=option,
            )
        return
    foreign = sorted(there - {MARK, *mark.read_text("utf-8").splitlines()})
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise Misuse(
            f"`{folder}` has files that ffc did not write there, and would lose: "
            f"`{foreign[0]}`{more}; name another folder, or take them away",
            option=option,
        )


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        else:
            yield path


def _fill(folder: Path, files: Iterable[tuple[str, bytes]]) -> Written:
    names, size = [], 0
    folder.chmod(0o755)
    for name, data in files:
        path = folder / name
        if path.parent != folder:
            path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        names.append(name)
        size += len(data)
    (folder / MARK).write_text("".join(f"{name}\n" for name in sorted(names)), "utf-8")
    return Written(files=len(names), bytes=size)


def _put(fresh: Path, folder: Path, option: str) -> None:
    """Put the new folder in the old one's place; should that fail, the old one is put back."""
    with _alone(folder):
        _check(folder, option)
        old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_beside(folder, "old")))
        moved = _moved(folder, old / folder.name)
        try:
            fresh.rename(folder)
        except BaseException:
            if moved:
                (old / folder.name).rename(folder)
            old.rmdir()
            raise
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Have other runs wait that look at the folder or replace it, where the system can."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    if not folder.parent.is_dir():
        yield
        return
    handle = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _beside(folder: Path, word: str) -> str:
    return f".{folder.name}.ffc-{word}-"


def _forget(folder: Path, now: float) -> None:
    """Take away what runs left beside the folder that were killed long ago."""
    for word in ("new", "old"):
        for path in folder.parent.glob(f"{escape(_beside(folder, word))}*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < now - _LONG_AGO:
                    shutil.rmtree(path, ignore_errors=True)


def _moved(folder: Path, place: Path) -> bool:
    try:
        folder.rename(place)
    except FileNotFoundError:
        return False
    return True
