"""What went wrong outside the project's files, shown in the same form as a diagnostic."""

from __future__ import annotations

import os
import textwrap
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from ffc import __version__
from ffc.cli.options import LIMIT
from ffc.cli.rendering import limited, render_diagnostics, render_rest
from ffc.cli.streams import talk
from ffc.cli.widths import talk_width
from ffc.core.characters import visible
from ffc.core.errors import FfcError, InternalError, ProjectError


def show_failure(problem: Exception) -> int:
    """Show a failure on stderr; return its exit code."""
    talk(render_failure(problem))
    return problem.exit_code if isinstance(problem, FfcError) else InternalError.exit_code


def render_failure(problem: Exception) -> str:
    """Return a failure as it is shown; one that nobody thought of is a bug in ffc."""
    if isinstance(problem, ProjectError):
        shown, rest = limited(problem.diagnostics, LIMIT)
        told = render_diagnostics(shown, getattr(problem, "texts", {}))
        return f"{told}\n\n{render_rest(rest)}" if rest else told
    if isinstance(problem, FfcError):
        return failure_text(problem.code, problem.message, problem.help)
    where = traceback.extract_tb(problem.__traceback__)[-1]
    name = Path(where.filename).name
    message = f"a bug in ffc: {type(problem).__name__}: {problem} ({name}:{where.lineno})"
    hints = [
        f"please report it, with what you did and this line; ffc {__version__}",
        "FFC_DEBUG=1 shows the whole traceback",
    ]
    if os.environ.get("FFC_DEBUG"):
        traceback.print_exception(problem)
    return failure_text(InternalError.code, message, hints)


def warning_text(code: str, message: str) -> str:
    """Return `warning[CODE]: message`, wrapped."""
    lines = _wrapped(f"warning[{code}]: {message}", talk_width())
    head, tail = lines[0].split(":", 1)
    return "\n".join([f"{click.style(head, fg='yellow', bold=True)}:{tail}", *lines[1:]])


def failure_text(
    code: str,
    message: str,
    hints: object,
    word: str = "error",
    samples: Sequence[str] = (),
    room: int | None = None,
) -> str:
    """Return `error[CODE]: message` with a line of help for each hint, and where to read more.

    `samples` are rows of data that show what is meant.
    """
    head, width = f"{word}[{code}]", room or talk_width()
    first, *more = _wrapped(f"{head}: {message}", width)
    told = click.style(first[len(head) + 2 :], bold=True)
    lines = [f"{click.style(head, fg='red' if word == 'error' else 'yellow', bold=True)}: {told}"]
    lines += [click.style(line, bold=True) for line in more]
    notes = [("row", sample) for sample in samples]
    notes += [("help", str(hint)) for hint in (hints if isinstance(hints, list | tuple) else ())]
    for label, note in notes:
        indent = len(label) + 6
        first, *more = _wrapped(note, width - indent)
        lines.append(f"  {click.style(f'= {label}:', fg='cyan')} {first}")
        lines += [f"{'':{indent}}{each}" for each in more]
    lines.append(f"  {click.style('= more:', fg='cyan')} ffc explain {code}")
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    told = visible(text)
    return textwrap.wrap(told, width, break_long_words=False, break_on_hyphens=False) or [""]
