"""Sources brought to what is there, as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from ffc.cli.failures import failure_text
from ffc.cli.streams import answer, answer_exactly, talk
from ffc.cli.widths import answer_width
from ffc.core.characters import visible
from ffc.manifest.files import encode
from ffc.project.source_changes import ColumnChange
from ffc.workspace.source_sync import Synced

_SIGNS: Final = {
    "add": ("+", "green"),
    "type": ("~", "yellow"),
    "rename": ("~", "yellow"),
    "remove": ("-", "red"),
    "gone": ("!", "yellow"),
    "untyped": ("?", "yellow"),
}


def synced_document(target: str, found: Sequence[Synced], *, written: bool) -> dict[str, Any]:
    """Return the `ffc.source_sync/v1` document."""
    return {
        "schema": "ffc.source_sync/v1",
        "target": target,
        "written": written,
        "sources": list(found),
    }


def show_synced(
    target: str, found: Sequence[Synced], output: str, *, check: bool, quiet: bool
) -> int:
    """Write what was brought to what is there, or would be; return the exit code."""
    changed = [each for each in found if each.status in ("changed", "added")]
    if output == "json":
        written = bool(changed) and not check
        answer_exactly(encode(synced_document(target, found, written=written)).decode())
    else:
        _show(found, quiet)
        if not quiet:
            talk(_summary(found, changed, check))
    failed = any(each.status == "error" for each in found)
    return 1 if failed or (check and any(each.differs for each in found)) else 0


def _show(found: Sequence[Synced], quiet: bool) -> None:
    for each in found:
        lines = list(map(_line, each.changes))
        if lines and not quiet:
            answer("\n".join([_head(each), *lines]))
        if each.status == "error":
            shown = failure_text(each.code, f"{each.source}: {each.reason}", each.help)
            talk(f"{shown}\n")
        elif each.status == "skipped" and not quiet:
            talk(f"{each.source} is not looked at: {each.reason}")


def _head(each: Synced) -> str:
    place = f"{each.file}:{each.line}" if each.line else each.file
    return f"{click.style(each.source, bold=True)}  {place}"


def _line(change: ColumnChange) -> str:
    sign, colour = _SIGNS[change.action]
    return f"  {click.style(sign, fg=colour)} {visible(''.join(_words(change)))}"


def _words(change: ColumnChange) -> Iterator[str]:
    if change.action == "rename":
        yield f"{change.was} -> {change.column}"
        return
    yield change.column
    if change.action == "add":
        yield f" {change.type}"
    elif change.action == "type":
        yield f" {change.was or 'no type'} -> {change.type}"
    elif change.action == "remove":
        yield f" {change.was}"
    elif change.action == "gone":
        yield f" {change.was}: it is not there any more; `--prune` takes it out"
    else:
        yield f": no source can have a column of the type {_shortened(change.native)}"


def _shortened(text: str) -> str:
    room = answer_width() // 2
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _summary(found: Sequence[Synced], changed: Sequence[Synced], check: bool) -> str:
    files = list(dict.fromkeys(each.file for each in changed))
    if not found:
        return "there is no source to look at, and none to add"
    if not changed:
        return f"{_count(len(found), 'source')} looked at: nothing to write"
    verb = "would write" if check else "wrote"
    return f"{_count(len(changed), 'source')} changed: {verb} {', '.join(files)}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
