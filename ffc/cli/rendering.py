"""Diagnostics as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import click

from ffc.cli.frames import Sources, last_line, render_frames
from ffc.cli.widths import talk_width
from ffc.core.characters import visible
from ffc.core.diagnostics import Diagnostic

_COLOURS: Final = {"error": "red", "warning": "yellow"}


def render_diagnostics(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> str:
    """Return every diagnostic with its source lines, colours as ANSI codes."""
    sources = Sources(texts)
    return "\n\n".join(_diagnostic(d, sources) for d in diagnostics)


def render_counts(diagnostics: Sequence[Diagnostic]) -> str:
    """Return `2 errors, 1 warning`."""
    counts = {s: sum(d.severity == s for d in diagnostics) for s in ("error", "warning")}
    return ", ".join(f"{n:,} {s}{'' if n == 1 else 's'}" for s, n in counts.items() if n)


def limited(
    diagnostics: Sequence[Diagnostic], limit: int
) -> tuple[Sequence[Diagnostic], Sequence[Diagnostic]]:
    """Return what is shown, and what is not for there is too much of it; 0 shows all.

    Errors go before warnings in what is kept; the order stays that of files and places.
    """
    if not limit or len(diagnostics) <= limit:
        return diagnostics, ()
    by_weight = sorted(range(len(diagnostics)), key=lambda i: diagnostics[i].severity != "error")
    kept = set(by_weight[:limit])
    shown = [d for i, d in enumerate(diagnostics) if i in kept]
    return shown, [d for i, d in enumerate(diagnostics) if i not in kept]


def render_rest(rest: Sequence[Diagnostic]) -> str:
    """Return `and 7 errors, 2 warnings more`, with what shows them."""
    return f"and {render_counts(rest)} more (`ffc compile --limit 0` shows all)"


def _diagnostic(diagnostic: Diagnostic, sources: Sources) -> str:
    colour = _COLOURS[diagnostic.severity]
    code = f"{diagnostic.severity}[{diagnostic.code}]"
    head = click.style(code, fg=colour, bold=True)
    places = [diagnostic.span, *diagnostic.related]
    gutter = len(str(last_line(places)))
    first, *rest = _wrapped(diagnostic.message, len(code) + 2)
    lines = [f"{head}: {click.style(first, bold=True)}"]
    lines += [" " * (len(code) + 2) + click.style(line, bold=True) for line in rest]
    lines += render_frames(places, sources, gutter, colour)
    pad = " " * gutter
    for text in diagnostic.help:
        first, *rest = _wrapped(text, gutter + 9)
        lines.append(f"{pad} {click.style('= help:', fg='cyan')} {first}")
        lines += [f"{pad}         {line}" for line in rest]
    lines.append(f"{pad} {click.style('= more:', fg='cyan')} ffc explain {diagnostic.code}")
    return "\n".join(lines)


def _wrapped(text: str, indent: int) -> list[str]:
    """Break a text into lines that fit beside an indent, at least one."""
    return textwrap.wrap(visible(text), talk_width() - indent, break_on_hyphens=False) or [""]
