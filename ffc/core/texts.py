"""Text files read as they are: UTF-8, of a bounded size, or a diagnostic that says why not."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path
from typing import Final

from ffc.core.diagnostics import Diagnostic, Span, error
from ffc.core.lines import Lines

MAX_BYTES: Final = 4 * 1024 * 1024
_MEGABYTE: Final = 1024 * 1024
# The longer one first: it begins like the shorter one.
_ENCODINGS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_KINDS: Final = (
    (stat.S_ISDIR, "it is a folder, not a file"),
    (stat.S_ISFIFO, "it is a pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)


def read_text(path: Path, shown: str) -> tuple[str, Diagnostic | None]:
    """Return a file's text, its lines ended by `\\n`, with what is wrong with it.

    Of a file that can't be read the text is what can be guessed. A pipe or a device is never
    opened, and no more than `MAX_BYTES` are ever read.
    """
    try:
        looked = path.stat()
        kind = _kind(looked.st_mode)
        if kind is not None:
            return "", unreadable(shown, kind)
        size = looked.st_size
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags)
        try:
            data = _read(handle, size)
        finally:
            os.close(handle)
    except OSError as problem:
        return "", unreadable(shown, reason(problem))
    if len(data) > MAX_BYTES:
        return "", _too_large(shown, max(size, len(data)))
    return _decoded(data, shown)


def _read(handle: int, size: int) -> bytes:
    """Return what a file holds, up to one byte more than a text may have; most in one go."""
    wanted = min(MAX_BYTES + 1, size + 1)
    data = os.read(handle, wanted)
    if len(data) == size < wanted:
        return data
    parts, left = [data], MAX_BYTES + 1 - len(data)
    while left and (part := os.read(handle, min(left, wanted))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def is_folder(path: Path) -> bool:
    """Tell whether a path is that of a folder; not where nobody may look."""
    try:
        return path.is_dir()
    except OSError:
        return False


def reason(problem: OSError) -> str:
    """Say why a file or a folder can't be read."""
    if isinstance(problem, PermissionError):
        return "you may not read it"
    if isinstance(problem, FileNotFoundError):
        return "it is not there any more"
    return (problem.strerror or "the system does not say why").lower()


def unreadable(shown: str, why: str, *hints: str) -> Diagnostic:
    """Report a file that can't be read."""
    message = f"`{shown}` can't be read: {why}"
    return error("FF100", message, Span(file=shown), help=hints)


def _kind(mode: int) -> str | None:
    if stat.S_ISREG(mode):
        return None
    return next((words for is_kind, words in _KINDS if is_kind(mode)), None)


def _too_large(shown: str, size: int) -> Diagnostic:
    has, may = size / _MEGABYTE, MAX_BYTES // _MEGABYTE
    help_ = "data belong into files that a source names, such as `data/orders.csv`"
    return unreadable(shown, f"it has {has:.1f} MB, and a file of text may have {may}", help_)


def _decoded(data: bytes, shown: str) -> tuple[str, Diagnostic | None]:
    for mark, encoding in _ENCODINGS:
        if data.startswith(mark):
            guess = data.decode(encoding, errors="replace")
            help_ = "save it as UTF-8 in your editor"
            return guess, unreadable(shown, f"it is {encoding}, not UTF-8", help_)
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as problem:
        return problem.object.decode(errors="replace"), _not_utf8(shown, problem)
    nul = text.find("\0")
    if nul < 0:
        return text, None
    message = f"`{shown}` can't be read: it holds a zero byte, so it is no text"
    span = Lines(shown, text).span(nul, nul + 1)
    return text, error("FF100", message, span, help=["save it as UTF-8 in your editor"])


def _not_utf8(shown: str, problem: UnicodeDecodeError) -> Diagnostic:
    before = problem.object[: problem.start].decode("utf-8-sig", errors="replace")
    before = before.replace("\r\n", "\n").replace("\r", "\n")
    span = Lines(shown, f"{before} ").span(len(before), len(before) + 1)
    message = f"`{shown}` can't be read: it is not UTF-8 text"
    return error("FF100", message, span, help=["save it as UTF-8 in your editor"])
